package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestAllMeasurementsRunToTheEndAndTellTheSameInTableFileAndCharts(t *testing.T) {
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("needs node and npm")
	}
	dir := t.TempDir()
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-quick", "-results", filepath.Join(dir, "r.json"), "-charts", dir}, &out, t.Output()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "r.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Groups) != 8 {
		t.Errorf("%d things measured, want 8", len(r.Groups))
	}
	var drawn strings.Builder
	for _, c := range chartFiles {
		b, err := os.ReadFile(filepath.Join(dir, c.file))
		if err != nil {
			t.Fatal(err)
		}
		drawn.Write(b)
	}
	for _, g := range r.Groups {
		for _, f := range g.Bars {
			told := figure(f.Value, g.Unit)
			if f.Value < 0 || (g.Unit == "events/s" && f.Value == 0) {
				t.Errorf("%s: %s has %v", g.What, f.Name, f.Value)
			}
			if !strings.Contains(out.String(), told) || !strings.Contains(drawn.String(), ">"+told+"<") {
				t.Errorf("%s: %s %s is not in the table or not in the chart", g.What, f.Name, told)
			}
		}
	}
}

func TestAnAppendGoalIsHeldAgainstTheFastestEventStoreAndNoBaseline(t *testing.T) {
	var r report
	field := []contender{{name: "dossier", kind: eventStore}, {name: "slow", kind: eventStore}, {name: "fast", kind: eventStore},
		{name: "plain", kind: baseline}, {name: "unchecked", kind: unchecked}}
	r.compare("append", field, []float64{300, 10, 101, 500, 1000}, 3)
	if fast := r.Groups[0].Bars[2]; fast.Met == nil || *fast.Met || r.missed() != 1 {
		t.Errorf("300 against 101 with a goal of 3 must be missed once: %+v", r.Groups[0].Bars)
	}
	var out strings.Builder
	r.print(&out)
	for _, told := range []string{"plain (baseline) ", "unchecked (no version check)", "Baselines are"} {
		if !strings.Contains(out.String(), told) {
			t.Errorf("%q is not told:\n%s", told, &out)
		}
	}
}

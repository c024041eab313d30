package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dossier/domain/procedure"
)

func TestTheCatalogueIsListedWithItsMarksThoughNoSystemRuns(t *testing.T) {
	code, out, stderr := here(nil, "procedures", "list", "--data", t.TempDir())
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != 0 || len(lines) != 1+54 || !strings.Contains(stderr, "what ships") {
		t.Fatalf("exit %d, %d lines, %q", code, len(lines), stderr)
	}
	for _, line := range lines[1:] {
		if !strings.Contains(line, "time_limit=") || !strings.Contains(line, "components=") || !strings.Contains(line, "code=") || !strings.Contains(line, "fee=") {
			t.Errorf("without its marks: %s", line)
		}
	}
	_, out, _ = here(nil, "procedures", "list", "--data", t.TempDir(), "-o", "jsonl")
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		var v struct {
			ID      string
			Assumed bool
			LimitEN string `json:"limit_en"`
		}
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatal(err)
		}
		if v.ID == "seafood-export-health-cert" && (!v.Assumed || v.LimitEN != "5\u00a0working days") {
			t.Errorf("%+v", v)
		}
	}
}

func TestTheFiveBrokenProceduresAreRefusedWithFileLinePathAndCounterExample(t *testing.T) {
	files, err := filepath.Glob("../../docs/examples/broken-procedures/*.json")
	if err != nil || len(files) != 5 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	code, out, stderr := here(nil, append([]string{"procedures", "check"}, files...)...)
	if code != 3 || out != "" {
		t.Errorf("exit %d, %q", code, out)
	}
	for _, want := range []string{
		"bad-condition.json:34: facts[2].when: ", "filled in with form.application.hives=0",
		"circle.json:49: flow.steps[1]: ", "the circle inspect → opinion → inspect",
		"dead-end.json:49: flow.steps[1]: ", "step inspect waits for ever",
		"missing-limit.json:1: limits: ", "accepted: no limit counts",
		"unreachable-step.json:57: flow.steps[2]: ", "không hồ sơ nào tới được bước “joint”",
	} {
		if !strings.Contains(stderr, want) {
			t.Errorf("nothing of %q in\n%s", want, stderr)
		}
	}
	if code, out, _ := here(nil, "procedures", "check", "vet-practice-cert-renew"); code != 0 || !strings.Contains(out, "no mistake") {
		t.Errorf("a shipped one: exit %d, %q", code, out)
	}
}

func TestDiagramSchemaAndFactsNeedNoSystem(t *testing.T) {
	nowhere := t.TempDir()
	if code, out, _ := here(nil, "procedures", "draw", "--lang", "en", "--data", nowhere, "mother-tree-recognition"); code != 0 || !strings.HasPrefix(out, "stateDiagram-v2") || !strings.Contains(out, "Expert council") {
		t.Errorf("exit %d, %s", code, out)
	}
	for _, args := range [][]string{{}, {"mother-tree-recognition"}} {
		var schema map[string]any
		code, out, _ := here(nil, append([]string{"procedures", "schema", "--data", nowhere}, args...)...)
		if err := json.Unmarshal([]byte(out), &schema); code != 0 || err != nil || schema["type"] != "object" {
			t.Errorf("%v: exit %d, %v", args, code, err)
		}
	}
	forms := filepath.Join(nowhere, "forms.json")
	if err := os.WriteFile(forms, []byte(`{"application": {"owner_name": "x", "owner_id": "0123456789", "source_kind": "seed_orchard"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, stderr := here(nil, "procedures", "facts", "--data", nowhere, "forest-seed-source-recognition", forms); code != 0 || !strings.Contains(out, `"total": 2400000`) {
		t.Errorf("exit %d, %s %s", code, out, stderr)
	}
	if code, _, _ := here(nil, "procedures", "draw", "--data", nowhere, "nothing"); code != 1 {
		t.Errorf("a procedure there is not: exit %d", code)
	}
}

func TestProceduresArePublishedSwitchedAndMovedOnTheCommandLine(t *testing.T) {
	t.Parallel()
	d := startDev(t, "--empty")
	on := func(args ...string) string {
		t.Helper()
		return must(t, append(args, "--data", d.folder)...)
	}
	if out := on("procedures", "list", "-o", "jsonl"); strings.Count(out, "\n") != 54 {
		t.Errorf("%d procedures are listed", strings.Count(out, "\n"))
	}
	submit := []string{"submit", "--set", "procedure=vet-practice-cert-renew", "--set", "channel=online", "--set", "applicant=applicant-1"}
	on(submit...)

	file := filepath.Join(t.TempDir(), "renewal.json")
	text := strings.NewReplacer(`"decision": "MAU/2026-11-22"`, `"decision": "2/QĐ"`, `"limits": [{"value": 3, `, `"limits": [{"value": 7, `).Replace(string(procedure.Shipped()["vet-practice-cert-renew"]))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := on("procedures", "publish", file); !strings.Contains(out, "2/QĐ") {
		t.Errorf("published: %s", out)
	}
	if out := on("procedures", "show", "vet-practice-cert-renew"); !strings.Contains(out, "2 of 2") || !strings.Contains(out, "7\u00a0working days") {
		t.Errorf("shown: %s", out)
	}
	d.eventually("the dossier is listed as one that a move would touch", func() error {
		out, stderr, code := program(t, "procedures", "move", "vet-practice-cert-renew", "--from", "1", "--to", "2", "--data", d.folder)
		if code != 0 || !strings.Contains(out, "1 dossier(s) affected; nothing was changed") {
			return fmt.Errorf("exit %d, %s %s", code, out, stderr)
		}
		return nil
	})
	if out := on("procedures", "move", "vet-practice-cert-renew", "--from", "1", "--to", "2", "--ground", "transition_rule", "--basis", "nd-309-2026.5", "--yes"); !strings.Contains(out, "1 dossier(s) moved to version 2") {
		t.Errorf("moved: %s", out)
	}
	on("procedures", "close", "vet-practice-cert-renew", "--reason", "unit_not_ready", "--basis", "12/QĐ")
	if _, stderr, code := program(t, append(submit, "--data", d.folder)...); code != 1 || !strings.Contains(stderr, "switched_off") && !strings.Contains(stderr, "does not take dossiers") {
		t.Errorf("filed where the switch is off: exit %d, %s", code, stderr)
	}
	on("procedures", "open", "vet-practice-cert-renew", "--reason", "resumed", "--basis", "13/QĐ")
	on(submit...)
}

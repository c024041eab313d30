package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestSettingTheClockOfADevelopmentStackMakesTimersTell(t *testing.T) {
	long(t)
	t.Parallel()
	d := startDev(t, "--empty")
	on := func(args ...string) string {
		t.Helper()
		return must(t, append(args, "--data", d.folder)...)
	}
	var made []struct{ ID string }
	if err := json.Unmarshal([]byte(on("submit", "-o", "json", "--set", "procedure=vet-practice-cert-renew", "--set", "channel=online", "--set", "applicant=applicant-1")), &made); err != nil || len(made) != 1 {
		t.Fatal(err)
	}
	id := made[0].ID
	told := func(want int) func() error {
		return func() error {
			if n := strings.Count(on("history", id, "-o", "json"), `"dossier.timer-fired"`); n != want {
				return errorf("told %d times", n)
			}
			return nil
		}
	}
	on("clock", "set", "+10d")
	d.eventually("all of the check at reception is told", told(4))
	on("do", id, "accept", "--as", "reception")
	var state struct{ Accepted struct{ At time.Time } }
	var states []json.RawMessage
	if err := json.Unmarshal([]byte(on("show", id, "-o", "json")), &states); err != nil || len(states) != 1 || json.Unmarshal(states[0], &state) != nil {
		t.Fatal(err)
	}
	if ahead := time.Until(state.Accepted.At); ahead < 9*24*time.Hour || ahead > 10*24*time.Hour {
		t.Errorf("accepted at %v under a clock ten days ahead", state.Accepted.At)
	}
	on("clock", "set", time.Now().AddDate(0, 2, 0).Format("2006-01-02 15:04"))
	d.eventually("all of the processing limit is told", told(8))
	for _, bad := range []string{"2020-01-01", "+0d", "+x", "later", "@7"} {
		if _, stderr, code := program(t, "clock", "set", bad, "--data", d.folder); code != 2 {
			t.Errorf("clock set %s: exit %d, %s", bad, code, stderr)
		}
	}
	d.kill()
	d.start() // the clock stands where it was set
	if out := on("clock", "set", "+1m"); !strings.Contains(out, "the clock stands at") {
		t.Error(out)
	}
	if out := on("verify"); !strings.Contains(out, "holds") {
		t.Error(out)
	}
}

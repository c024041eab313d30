package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dossier/handlers"
)

func TestTimersAreListedAndTheirRulesShownAndChecked(t *testing.T) {
	long(t)
	t.Parallel()
	d := startDev(t, "--empty")
	on := func(args ...string) string {
		t.Helper()
		return must(t, append(args, "--data", d.folder)...)
	}
	on("submit", "--set", "procedure=vet-practice-cert-renew", "--set", "channel=online", "--set", "applicant=applicant-1")
	var lines []handlers.TimerLine
	d.eventually("the timer is listed", func() error {
		if err := json.Unmarshal([]byte(on("timers", "list", "-o", "json")), &lines); err != nil || len(lines) != 1 {
			return errorf("%d timers, %v", len(lines), err)
		}
		return nil
	})
	l := lines[0]
	if l.Timer != "reception" || l.Due == nil || l.Next == nil || !l.Next.Before(*l.Due) || l.Share != 25 || l.Notice != "alert" || l.Basis != "nd-118-2025.17.2" || l.Rule != "reception" {
		t.Errorf("listed %+v", l)
	}
	if out := on("timers", "list"); !strings.Contains(out, "Nhắc có việc chờ / Something waits") || !strings.Contains(out, "NĐ 118/2025, Điều 17.2") {
		t.Errorf("listed:\n%s", out)
	}
	for _, none := range [][]string{{"--kind", "opinion"}, {"--unit", "elsewhere"}, {"--within", "1s"}} {
		if out := on(append([]string{"timers", "list", "-o", "json"}, none...)...); strings.TrimSpace(out) != "[]" {
			t.Errorf("%v: %s", none, out)
		}
	}
	if out := on("show", l.ID.String()); !strings.Contains(out, "next") || !strings.Contains(out, "reception_officer") {
		t.Errorf("shown:\n%s", out)
	}
	if _, stderr, code := program(t, "timers", "list", "--kind", "lunch", "--data", d.folder); code != 2 || !strings.Contains(stderr, "say one of reception") {
		t.Errorf("--kind lunch: exit %d, %s", code, stderr)
	}
	if _, stderr, code := program(t, "timers", "list", "--as", "applicant-1", "--data", d.folder); code != 1 || !strings.Contains(stderr, "vi: ") {
		t.Errorf("an applicant: exit %d, %s", code, stderr)
	}

	good, bad := filepath.Join(t.TempDir(), "rules.json"), filepath.Join(t.TempDir(), "broken.json")
	text := `{"code": "ours", "rules": [
 {"code": "quick", "timer": "reception", "from": "2025-07-01", "basis": "qd-7", "steps": [{"share": 90, "notice": "due_soon", "tells": ["one_stop_lead"]}]}]}`
	for file, text := range map[string]string{good: text, bad: strings.Replace(text, "one_stop_lead", "boss", 1)} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out := must(t, "timers", "check", good); !strings.Contains(out, "no mistake") {
		t.Error(out)
	}
	if _, stderr, code := program(t, "timers", "check", bad); code != 3 || !strings.Contains(stderr, bad+":2: rules[0].steps[0].tells[0]: ") || !strings.Contains(stderr, "không có trong danh sách") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	if code, out, stderr := here(map[string]string{"DOSSIER_TIMERS": good, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}, "timers", "rules"); code != 0 || !strings.Contains(out, "90 %") || !strings.Contains(out+stderr, good) {
		t.Errorf("exit %d: %s%s", code, out, stderr)
	}
	if code, _, stderr := here(map[string]string{"DOSSIER_TIMERS": bad, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}, "timers", "rules"); code != 2 || !strings.Contains(stderr, "rules[0].steps[0].tells[0]") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	if out := on("timers", "rules"); !strings.Contains(out, "120 %") || !strings.Contains(out, "assumed") {
		t.Errorf("the shipped rules:\n%s", out)
	}
}

// The whole stack is killed -9 while timers run out: after it has started again each was told once, those of the downtime too.
func TestKill9OfTheTimekeeperLosesAndDoublesNoNotice(t *testing.T) {
	long(t)
	t.Parallel()
	d := startDev(t, "--empty")
	on := func(args ...string) string {
		t.Helper()
		return must(t, append(args, "--data", d.folder)...)
	}
	const dossiers = 6
	var ids []string
	var ends []time.Time
	for i := range dossiers {
		var made []struct{ ID string }
		if err := json.Unmarshal([]byte(on("submit", "-o", "json", "--set", "procedure=vet-practice-cert-renew", "--set", "channel=online", "--set", "applicant=applicant-1")), &made); err != nil || len(made) != 1 {
			t.Fatal(err)
		}
		ids = append(ids, made[0].ID)
		ends = append(ends, time.Now().Add(time.Duration(3+i)*time.Second).UTC())
		on("do", made[0].ID, "send-message", "--as", "reception", "--set", "topic=question", "--set", "answer_by="+ends[i].Format(time.RFC3339))
	}
	told := func() (n int) {
		for _, id := range ids {
			n += strings.Count(on("history", id, "-o", "json"), `"dossier.timer-fired"`)
		}
		return n
	}
	d.eventually("the first is told", func() error {
		if told() == 0 {
			return errorf("nobody was told")
		}
		return nil
	})
	d.kill()
	<-time.After(time.Until(ends[dossiers/2])) // of half of them at least nobody can be told by then
	d.start()
	d.eventually("all are told", func() error {
		if n := told(); n < dossiers {
			return errorf("told of %d", n)
		}
		return nil
	})
	if n := told(); n != dossiers {
		t.Errorf("told %d times of %d dossiers", n, dossiers)
	}
	if out := on("verify"); !strings.Contains(out, "holds") {
		t.Error(out)
	}
	if _, body := d.get("auditor", "/metrics", nil); !strings.Contains(body, "dossier_timers_fired_total") || !strings.Contains(body, "dossier_timers_stuck 0") {
		t.Error("the figures say nothing of timers")
	}
}

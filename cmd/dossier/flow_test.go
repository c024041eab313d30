package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The first five minutes: demo dossiers are there, a new one flows through journal, Kafka and views, and everything can be checked.
func TestANewcomerSeesDossiersFlow(t *testing.T) {
	t.Parallel()
	d := startDev(t)
	data := []string{"--data", d.folder}
	in := func(args ...string) string { t.Helper(); return must(t, append(args, data...)...) }

	var page struct {
		Total int `json:"total"`
	}
	d.eventually("the 300 demo dossiers are listed", func() error {
		if status, body := d.get("auditor", "/v1/dossiers?limit=1", &page); page.Total != demoDossiers {
			return errorf("%d %s", status, body)
		}
		return nil
	})
	if !strings.Contains(d.out.String(), "NOT FOR PRODUCTION") || !strings.Contains(d.out.String(), d.cfg.HTTP.Addr) {
		t.Errorf("the banner lacks the address or the warning:\n%s", d.out)
	}

	var receipts []struct {
		ID      string
		Version int64
	}
	out := in("submit", "-o", "json", "--set", "procedure=vet-practice-cert-renew", "--set", "channel=online", "--set", "applicant=applicant-1")
	if err := json.Unmarshal([]byte(out), &receipts); err != nil || len(receipts) != 1 {
		t.Fatalf("%v: %s", err, out)
	}
	id := receipts[0].ID
	in("do", id, "accept", "--as", "reception")
	d.eventually("the view shows it accepted", func() error {
		if out := in("history", id, "-o", "json"); strings.Count(out, `"position"`) != 2 {
			return errorf("history %s", out)
		}
		return nil
	})
	if out := in("show", id, "--version", "1", "-o", "json"); !strings.Contains(out, `"status": "submitted"`) {
		t.Errorf("version 1 is not the submitted dossier: %s", out)
	}
	if out := in("show", id, "-o", "json"); !strings.Contains(out, `"status": "accepted"`) {
		t.Errorf("now it is not accepted: %s", out)
	}
	if out := in("events", "read", "--after", "0", "--limit", "5"); strings.Count(out, `"specversion":"1.0"`) != 5 {
		t.Errorf("the feed did not give 5 CloudEvents: %s", out)
	}
	if out, talk, code := program(t, append([]string{"do", id, "approve", "--as", "approver", "--if-version", "2", "--set", "outcome=grant"}, data...)...); code != 1 || !strings.Contains(talk, "vi: ") || !strings.Contains(talk, "en: ") {
		t.Errorf("approving an accepted dossier: exit %d %s%s", code, out, talk)
	}
	type access struct {
		By                     struct{ Account string }
		Command, Rule, Dossier string
		Type                   string
	}
	var refused []access
	out = in("access", "list", "-o", "json")
	err := json.Unmarshal([]byte(out), &refused)
	entries := len(refused)
	refused = slices.DeleteFunc(refused, func(e access) bool { return e.Type == "access.dossiers-listed" }) // the page of the list
	opened := len(refused)
	refused = slices.DeleteFunc(refused, func(e access) bool { return e.Command == "" && e.Dossier == id && e.By.Account == "auditor" }) // each look at it
	if opened -= len(refused); opened < 3 {
		t.Errorf("%d openings are recorded: %s", opened, out)
	}
	if err != nil || len(refused) != 1 || refused[0].Command != "approve" || refused[0].Rule != "wrong_state" || refused[0].Dossier != id || refused[0].By.Account != "approver" {
		t.Errorf("%v: the refusal alone should be recorded, and nothing of the demo: %s", err, out)
	}
	if out := in("access", "of", id, "--as", "applicant-1"); strings.Count(out, "Auditor") != opened || strings.Contains(out, "approver") {
		t.Errorf("the applicant is shown %s", out)
	}
	if out := in("access", "list", "--account", "head"); strings.Contains(out, "approve") {
		t.Errorf("of another account: %s", out)
	}
	if out, talk, code := program(t, append([]string{"access", "list", "--as", "head"}, data...)...); code != 1 || !strings.Contains(talk, "vi: ") {
		t.Errorf("to one who is no auditor: exit %d %s%s", code, out, talk)
	}
	if out := in("verify"); !strings.Contains(out, "holds") || !strings.Contains(out, fmt.Sprintf("access       %d entries", entries)) {
		t.Errorf("verify: %s", out)
	}
}

func TestASecondStackOnTheSameFolderIsRefusedAndAFreshStartKeepsTheData(t *testing.T) {
	t.Parallel()
	d := startDev(t, "--empty")
	if _, talk, code := program(t, "dev", "--data", d.folder, "--http", "127.0.0.1:0", "--kafka", "127.0.0.1:0"); code != 1 || !strings.Contains(talk, "already runs") {
		t.Errorf("a second stack: exit %d %s", code, talk)
	}
	must(t, "submit", "--data", d.folder, "--set", "procedure=vet-practice-cert-renew", "--set", "channel=online", "--set", "applicant=applicant-1")
	d.stop()
	if out := must(t, "events", "read", "--data", d.folder); strings.Count(out, "dossier.submitted") != 2 {
		t.Errorf("after a stop a command alone does not find the event: %s", out)
	}
	d.start()
	if out := must(t, "events", "read", "--data", d.folder); strings.Count(out, "dossier.submitted") != 2 || strings.Count(out, "calendar.opened") != 4 {
		t.Errorf("after a restart: %s", out)
	}
}

func TestProductionRefusesADevelopmentDatabase(t *testing.T) {
	t.Parallel()
	d := startDev(t, "--empty")
	env := map[string]string{"DATABASE_URL": d.cfg.Database.URL, "KAFKA_BROKERS": "127.0.0.1:1", "COMMAND_KEY": strings.Repeat("k", 32), "VAULT_KEY": d.cfg.VaultKey}
	if code, _, stderr := here(env, "serve", "--http", "127.0.0.1:0"); code != 1 || !strings.Contains(stderr, "clock can be set") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	env["DATABASE_URL"] = d.cfg.Database.AdminURL
	if code, _, stderr := here(env, "serve", "--http", "127.0.0.1:0"); code != 1 {
		t.Errorf("the owner's role was accepted: exit %d: %s", code, stderr)
	}
}

// A stack that was killed while it wrote the demo starts anew; one that has only been used is never taken for half written.
func TestADemoThatWasCutShortIsToldAgain(t *testing.T) {
	t.Parallel()
	d := startDev(t, "--empty")
	if halfSeeded(d.folder) {
		t.Fatal("an empty stack is taken for a half-told demo")
	}
	must(t, "submit", "--data", d.folder, "--set", "procedure=vet-practice-cert-renew", "--set", "channel=online", "--set", "applicant=applicant-1")
	d.stop()
	if err := os.WriteFile(filepath.Join(d.folder, seedingFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d.start()
	if n := d.ofDossiers(); n != 0 || halfSeeded(d.folder) {
		t.Errorf("%d events of the cut-short demo are still there", n)
	}
}

func TestResetOnlyEmptiesADevelopmentFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "thesis.txt")
	if err := os.WriteFile(file, []byte("years of work"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := reset(folder); err == nil {
		t.Error("a folder of something else was taken for ours")
	}
	if _, err := os.Stat(file); err != nil {
		t.Error("reset removed a stranger's file")
	}
}

// Somebody with the superuser's rights changes a row behind the journal's back: verify names it and exits with 3.
func TestVerifyNamesTheFirstDifferenceAndExitsWith3(t *testing.T) {
	t.Parallel()
	d := startDev(t, "--empty")
	data := []string{"--data", d.folder}
	must(t, append([]string{"submit", "--set", "procedure=vet-practice-cert-renew", "--set", "channel=online", "--set", "applicant=applicant-1"}, data...)...)
	d.eventually("verify holds and the views are there", func() error {
		if out, talk, code := program(t, append([]string{"verify"}, data...)...); code != 0 || !strings.Contains(out, fmt.Sprintf("position %d of %[1]d", d.recorded())) {
			return errorf("exit %d %s%s", code, out, talk)
		}
		return nil
	})
	d.sql("update views.dossiers_v1 set status = 'returned'")
	if out, talk, code := program(t, append([]string{"verify"}, data...)...); code != 3 || !strings.Contains(talk, "status") {
		t.Errorf("a drifted view: exit %d %s%s", code, out, talk)
	}
	last := d.recorded()
	d.sql(fmt.Sprintf("set session_replication_role = replica; update journal.events set version = 7 where position = %d", last))
	if out, talk, code := program(t, append([]string{"verify"}, data...)...); code != 3 || !strings.Contains(talk, fmt.Sprintf("position %d", last)) {
		t.Errorf("a tampered journal: exit %d %s%s", code, out, talk)
	}
}

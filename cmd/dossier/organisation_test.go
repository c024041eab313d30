package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dossier/domain/organisation"
)

// organisationFileWith writes the shipped organisation with other words in it.
func organisationFileWith(t *testing.T, oldnew ...string) string {
	t.Helper()
	text := string(organisation.Shipped())
	for i := 0; i < len(oldnew); i += 2 {
		if !strings.Contains(text, oldnew[i]) {
			t.Fatalf("the shipped organisation has no %q", oldnew[i])
		}
	}
	file := filepath.Join(t.TempDir(), "organisation.yaml")
	if err := os.WriteFile(file, []byte(strings.NewReplacer(oldnew...).Replace(text)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestABrokenOrganisationFileNamesFileLinePathAndLaw(t *testing.T) {
	file := organisationFileWith(t, "{role: clerk, unit: registry}", "{role: king, unit: registry}", "to: deputy,", "to: approver,", "{role: one_stop_lead, unit: one-stop, rank: head}", "{role: one_stop_lead, unit: leadership, rank: head}",
		"{code: leadership, agency: mae,", "{code: leadership, agency: mae, parent: one-stop,")
	code, out, stderr := here(nil, "organisation", "check", file)
	if code != 3 || out != "" {
		t.Errorf("exit %d, %q", code, out)
	}
	lines := strings.Split(string(organisation.Shipped()), "\n")
	at := func(what string) string {
		for i, line := range lines {
			if strings.Contains(line, what) {
				return file + ":" + itoa(i+1) + ": "
			}
		}
		t.Fatalf("no line has %q", what)
		return ""
	}
	for _, want := range []string{
		at("{code: leadership,") + "units[0].parent: Vòng lặp", "A circle on 2025-03-01: leadership → one-stop → leadership",
		at("{role: clerk,") + "accounts[6].posts[0].role: Không có vai trò “king”", "There is no role “king”",
		at("{role: one_stop_lead,") + "accounts[9].posts[0].rank: Đơn vị “leadership” có hai người đứng đầu",
		at("kt-2026,") + "delegations[0].to: “approver” không thể giao cho chính mình. (NĐ 30/2020, Điều 13)",
	} {
		if !strings.Contains(stderr, want) {
			t.Errorf("nothing of %q in\n%s", want, stderr)
		}
	}
	if code, out, _ := here(nil, "organisation", "check", "shipped"); code != 0 || !strings.Contains(out, "no mistake") {
		t.Errorf("the shipped one: exit %d, %q", code, out)
	}
	if code, _, stderr := here(nil, "organisation", "check"); code != 2 || !strings.Contains(stderr, "say which file") {
		t.Errorf("without a file: exit %d, %s", code, stderr)
	}
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }

func TestTheSchemaOfOrganisationFilesIsTheOneThatShips(t *testing.T) {
	code, out, _ := here(nil, "organisation", "schema")
	ships, err := os.ReadFile("../../docs/examples/organisation.schema.json")
	if code != 0 || err != nil || out != string(ships) {
		t.Errorf("exit %d, %v: write it anew: go run ./cmd/dossier organisation schema > docs/examples/organisation.schema.json", code, err)
	}
	if !strings.Contains(out, `"title": "Vai trò"`) || !strings.Contains(out, `"x-title-en": "Role"`) {
		t.Error("members have no titles in both languages")
	}
}

func TestAnOrganisationIsAppliedShownAndObeyedOnTheCommandLine(t *testing.T) {
	t.Parallel()
	d := startDev(t, "--empty")
	on := func(args ...string) string {
		t.Helper()
		return must(t, append(args, "--data", d.folder)...)
	}
	if out := on("organisation", "show"); !strings.Contains(out, "lam-dong-forest") || !strings.Contains(out, "TUQ. (thừa ủy quyền)") || !strings.Contains(out, "account     reception") {
		t.Errorf("shown: %s", out)
	}
	if out := on("codes"); !strings.Contains(out, "000.00.12.H36") || !strings.Contains(out, "organisation") {
		t.Errorf("codes: %s", out)
	}
	whole := filepath.Join(t.TempDir(), "whole.json")
	if err := os.WriteFile(whole, []byte(on("organisation", "show", "--all", "-o", "json")), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := on("organisation", "apply", whole, "-o", "json"); !strings.Contains(out, `"changes": []`) {
		t.Errorf("what was shown changes something: %s", out)
	}
	id := strings.Fields(strings.Split(on("submit", "--set", "procedure=vet-practice-cert-renew", "--set", "channel=online", "--set", "applicant=applicant-1"), "\n")[1])[0]

	yesterday := time.Now().In(time.FixedZone("+07", 7*3600)).AddDate(0, 0, -1).Format(time.DateOnly)
	gone := organisationFileWith(t, "{account: reception, from: 2025-03-01,", "{account: reception, from: 2025-03-01, to: "+yesterday+",")
	out, stderr, code := program(t, "organisation", "apply", gone, "--dry-run", "--data", d.folder)
	if code != 0 || !strings.Contains(stderr, "account-set reception 2025-03-01\n    to: - → "+yesterday) || !strings.Contains(out, "nothing was changed") {
		t.Errorf("dry run: exit %d, %s %s", code, out, stderr)
	}
	if out := on("organisation", "show", "-o", "json"); !strings.Contains(out, `"account": "reception"`) {
		t.Error("a dry run changed something")
	}
	on("organisation", "apply", gone)
	on("organisation", "apply", gone) // once more is none
	if _, stderr, code := program(t, "do", id, "accept", "--as", "reception", "--data", d.folder); code != 1 || !strings.Contains(stderr, "is valid from 2025-03-01 to "+yesterday) {
		t.Errorf("an account that has ended: exit %d, %s", code, stderr)
	}
	if _, stderr, code := program(t, "history", id, "--as", "reception", "--data", d.folder); code != 1 || !strings.Contains(stderr, "is valid from") {
		t.Errorf("an account that has ended reads: exit %d, %s", code, stderr)
	}
	if out := on("access", "list", "--as", "auditor"); !strings.Contains(out, "account_not_valid") {
		t.Errorf("not recorded: %s", out)
	}
	if out := on("organisation", "show", "--at", yesterday, "-o", "json"); !strings.Contains(out, `"account": "reception"`) {
		t.Error("it was valid yesterday")
	}
	on("do", id, "accept", "--as", "lam-dong-reception")
	if _, stderr, code := program(t, "organisation", "apply", "shipped", "--as", "clerk", "--data", d.folder); code != 1 || !strings.Contains(stderr, "may not") {
		t.Errorf("by a clerk: exit %d, %s", code, stderr)
	}
	if _, stderr, code := program(t, "do", id, "accept", "--as", "nobody", "--data", d.folder); code != 2 || !strings.Contains(stderr, "say one of") {
		t.Errorf("nobody: exit %d, %s", code, stderr)
	}
}

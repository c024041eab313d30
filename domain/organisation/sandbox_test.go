package organisation_test

import (
	"strings"
	"testing"

	"dossier/domain"
	"dossier/domain/organisation"
)

// withSandbox is the house with a sandbox beside it.
func withSandbox(code string) organisation.Plan {
	p := house()
	p.Agencies = append(p.Agencies, organisation.Agency{Code: code, Period: from("2026-01-01"), NameVI: "Thử nghiệm", NameEN: "Sandbox", Zone: "Asia/Ho_Chi_Minh", Calendar: "vn", Sandbox: true,
		Codes: &organisation.CodeRule{Identifier: "000.00.99.X99", Pattern: "circular-01-2018"}})
	p.Units = append(p.Units, unit(code+"-desk", code, ""))
	p.Accounts = append(p.Accounts, account(code+"-officer", post(domain.CaseOfficer, code+"-desk", "")))
	return p
}

func TestAResetOpensTheNextRoundAndNothingElseChanges(t *testing.T) {
	o, _ := applied(t, withSandbox("box"))
	at := func(o organisation.Organisation, unit string) string {
		s, in := o.SandboxOf(unit, day(today))
		if !in {
			return ""
		}
		return s.Name()
	}
	if at(o, "box-desk") != "box.1" || at(o, "plants") != "" || at(o, "nowhere") != "" {
		t.Errorf("at first: %q, %q, %q", at(o, "box-desk"), at(o, "plants"), at(o, "nowhere"))
	}
	before := o
	for range 2 {
		events, err := organisation.Decide(o, organisation.ResetSandbox{Agency: "box"})
		if err != nil || len(events) != 1 {
			t.Fatalf("%v, %v", events, err)
		}
		o = organisation.Evolve(o, organisation.Fact{Version: o.Version + 1, Event: events[0]})
	}
	if at(o, "box-desk") != "box.3" || at(before, "box-desk") != "box.1" {
		t.Errorf("after two resets %q; what was known before says %q", at(o, "box-desk"), at(before, "box-desk"))
	}
	if again, err := organisation.Decide(o, organisation.Apply{Plan: withSandbox("box"), Today: day(today)}); err != nil || len(again) != 0 {
		t.Errorf("the plan after the resets: %v, %v", again, err)
	}
	for account, want := range map[string]string{"box-somebody": "box.3", "boxer": "", "somebody": ""} {
		s, in := o.SandboxFor(domain.Actor{Account: account, Role: domain.Applicant}, day(today))
		if in != (want != "") || in && s.Name() != want {
			t.Errorf("%s files in %v, want %q", account, s, want)
		}
	}
	if _, err := organisation.Decide(o, organisation.ResetSandbox{Agency: "ministry"}); err == nil || !strings.Contains(err.Error(), "no_sandbox") {
		t.Errorf("a real agency is reset: %v", err)
	}
}

func TestAPlanKeepsASandboxApart(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*organisation.Plan)
		path   string
	}{
		"with an agency above": {func(p *organisation.Plan) { p.Agencies[2].Parent = "ministry" }, "agencies[2].parent"},
		"with one below":       {func(p *organisation.Plan) { p.Agencies[1].Parent = "box" }, "agencies[1].parent"},
		"without numbers":      {func(p *organisation.Plan) { p.Agencies[2].Codes = nil }, "agencies[2].codes"},
		"with others' numbers": {func(p *organisation.Plan) { p.Agencies[2].Codes = p.Agencies[0].Codes }, "agencies[2].codes.identifier"},
		"below a real unit":    {func(p *organisation.Plan) { p.Units[3].Parent = "top" }, "units[3].parent"},
		"with an administrator": {func(p *organisation.Plan) {
			p.Accounts[7].Posts = append(p.Accounts[7].Posts, post(domain.SystemAdmin, "box-desk", ""))
		}, "accounts[7].posts[1].role"},
		"with somebody from elsewhere": {func(p *organisation.Plan) {
			p.Accounts[4].Posts = append(p.Accounts[4].Posts, post(domain.CaseOfficer, "box-desk", ""))
		}, "accounts[4].posts"},
	} {
		p := withSandbox("box")
		c.change(&p)
		found := organisation.Check(p, day(today))
		told := false
		for _, f := range found {
			told = told || f.Path == c.path
		}
		if !told {
			t.Errorf("%s: want a finding at %s, got %v", name, c.path, found)
		}
	}
	o, _ := applied(t, withSandbox("box"))
	p := withSandbox("box")
	p.Agencies[2].Sandbox = false
	if _, err := organisation.Decide(o, organisation.Apply{Plan: p, Today: day(today)}); err == nil || !strings.Contains(err.Error(), "between real and sandbox") {
		t.Errorf("a sandbox becomes real: %v", err)
	}
}

package escalation_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/escalation"
)

func TestTheShippedRulesCoverEveryTimer(t *testing.T) {
	has := map[string]bool{}
	for _, r := range escalation.Default().Rules {
		has[r.Timer] = true
		if !r.Assumed {
			t.Errorf("%s does not say that it is assumed", r.Code)
		}
	}
	for _, kind := range dossier.Values("timer") {
		if !has[kind] {
			t.Errorf("nobody is told of %s", kind)
		}
	}
}

const good = `{
 "code": "ours",
 "rules": [
  {"code": "general", "timer": "processing", "from": "2025-07-01", "assumed": true, "steps": [
    {"share": 50, "notice": "due_soon", "tells": ["case_officer"]},
    {"share": 100, "notice": "due", "tells": ["division_head"]}]},
  {"code": "later", "timer": "processing", "from": "2026-07-01", "basis": "qd-1", "steps": [{"share": 100, "notice": "due", "tells": ["division_head"]}]},
  {"code": "unit", "timer": "processing", "from": "2025-07-01", "units": ["phong-thu-y"], "assumed": true, "steps": [{"share": 100, "notice": "due", "tells": ["division_head"]}]},
  {"code": "vets", "timer": "processing", "from": "2025-07-01", "procedures": ["vet-practice-cert-renew"], "assumed": true, "steps": [{"share": 120, "notice": "overdue", "tells": ["approver"]}]}
 ]}`

func TestTheNearestRuleOfTheDayOnWhichATimerBeginsIsTaken(t *testing.T) {
	r, mistakes := escalation.Read([]byte(good))
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	at := func(day string) time.Time {
		d, err := time.Parse(time.RFC3339, day+"T10:00:00+07:00")
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct{ procedure, unit, from, want string }{
		{"other", "mot-cua", "2025-06-30", ""},
		{"other", "mot-cua", "2025-07-01", "general"},
		{"other", "mot-cua", "2026-06-30", "general"},
		{"other", "mot-cua", "2026-07-01", "later"},
		{"other", "phong-thu-y", "2026-08-01", "unit"},
		{"vet-practice-cert-renew", "phong-thu-y", "2026-08-01", "vets"},
	} {
		rule, found := r.Of(dossier.State{Procedure: c.procedure}, dossier.Timer{Kind: dossier.ProcessingTimer, From: at(c.from), Unit: c.unit})
		if rule.Code != c.want || found != (c.want != "") {
			t.Errorf("%+v goes by %q", c, rule.Code)
		}
	}
}

// Days of rules begin in Vietnam, wherever the machine stands.
func TestARuleBeginsWithItsDayInVietnam(t *testing.T) {
	r, mistakes := escalation.Read([]byte(good))
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	for at, want := range map[string]bool{"2025-06-30T23:59:59+07:00": false, "2025-07-01T00:00:00+07:00": true} {
		from, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if _, found := r.Of(dossier.State{}, dossier.Timer{Kind: dossier.ProcessingTimer, From: from}); found != want {
			t.Errorf("a rule for %s: %t", at, found)
		}
	}
}

func TestOfTwoRulesThatAreEquallyNearTheLaterCountsWhereverItStands(t *testing.T) {
	rule := func(code, from, procedures string) string {
		return `{"code": "` + code + `", "timer": "processing", "from": "` + from + `", "procedures": [` + procedures + `], "assumed": true, "steps": [{"share": 100, "notice": "due", "tells": ["division_head"]}]}`
	}
	old, new, beside := rule("old", "2025-07-01", `"a"`), rule("new", "2026-07-01", `"a"`), rule("beside", "2026-07-01", `"a", "b"`)
	for _, c := range []struct{ name, rules, want string }{
		{"the later stands last", old + "," + new, "new"}, {"the later stands first", new + "," + old, "new"}, {"both begin that day: the one that stands later", new + "," + beside, "beside"},
	} {
		r, mistakes := escalation.Read([]byte(`{"code": "ours", "rules": [` + c.rules + `]}`))
		if len(mistakes) > 0 {
			t.Fatal(mistakes)
		}
		if got, _ := r.Of(dossier.State{Procedure: "a"}, dossier.Timer{Kind: dossier.ProcessingTimer, From: time.Date(2026, 8, 1, 3, 0, 0, 0, time.UTC)}); got.Code != c.want {
			t.Errorf("%s: %s, want %s", c.name, got.Code, c.want)
		}
	}
}

func TestABrokenFileOfRulesNamesLineAndPathInBothLanguages(t *testing.T) {
	for _, c := range []struct{ old, new, path, en string }{
		{`"timer": "processing", "from": "2025-07-01", "assumed": true, "steps": [
    {"share": 50`, `"timer": "lunch", "from": "2025-07-01", "assumed": true, "steps": [
    {"share": 50`, "rules[0].timer", "is not one of: reception"},
		{`"share": 50`, `"share": 100`, "rules[0].steps[0].share", "1 to 99 percent"},
		{`"share": 50, "notice": "due_soon"`, `"share": 150, "notice": "overdue"`, "rules[0].steps[1].share", "must ascend"},
		{`"share": 50, "notice": "due_soon"`, `"share": 100, "notice": "due"`, "rules[0].steps[1].share", "must ascend"},
		{`["case_officer"]`, `["boss"]`, "rules[0].steps[0].tells[0]", "is not one of: applicant"},
		{`["case_officer"]`, `[]`, "rules[0].steps[0].tells", "at least one role"},
		{`["case_officer"]`, `["clerk", "clerk"]`, "rules[0].steps[0].tells[1]", "stands there already"},
		{`"code": "later"`, `"code": "general"`, "rules[1]", "the same as rules[0]"},
		{`"from": "2026-07-01", "basis": "qd-1"`, `"from": "2025-07-01", "basis": "qd-1"`, "rules[1]", "the same as rules[0]"},
		{`"basis": "qd-1", `, ``, "rules[1]", "its basis is missing"},
		{`"from": "2026-07-01"`, `"from": "1 July"`, "rules[1].from", ""},
		{`"code": "ours"`, `"code": "Our Rules"`, "code", "must be a code"},
		{`"code": "ours"`, `"code": "ours", "colour": 1`, "colour", ""},
	} {
		text := strings.Replace(good, c.old, c.new, 1)
		if text == good {
			t.Fatalf("%s is not in the file", c.old)
		}
		r, mistakes := escalation.Read([]byte(text))
		found := false
		for _, m := range mistakes {
			found = found || m.Path == c.path && strings.Contains(m.EN, c.en) && m.VI != "" && m.Line > 0
		}
		if !found || len(r.Rules) > 0 {
			t.Errorf("%s: %v", c.new, mistakes)
		}
	}
}

func vietnam(t *testing.T) *calendar.Calendar {
	t.Helper()
	var c calendar.Calendar
	commands, mistakes := calendar.Read(c, calendar.Shipped()["vn"])
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	for _, wish := range commands {
		events, err := calendar.Decide(c, wish)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			c = calendar.Evolve(c, calendar.Fact{Version: c.Version + 1, Event: e})
		}
	}
	return &c
}

func TestWhatIsAheadStandsInTheOrderInWhichItIsTold(t *testing.T) {
	monday := time.Date(2026, 11, 23, 7, 32, 0, 0, time.UTC)
	s := dossier.State{Status: dossier.Accepted, Submitted: dossier.Act{By: "a", At: monday}, Due: monday.Add(96 * time.Hour), Clock: dossier.Clock{StartedAt: monday},
		Payments: []dossier.Payment{{Number: 1, RequestedAt: monday, Until: monday.Add(60 * time.Hour)}}}
	var got []string
	for _, a := range escalation.Default().Ahead(s, vietnam(t), "") {
		got = append(got, fmt.Sprintf("%s %d", a.Timer.Kind, a.Step.Share))
	}
	if text := strings.Join(got, ", "); text != "payment 80, payment 100, processing 50, processing 80, processing 100, processing 120" {
		t.Errorf("ahead: %s", text)
	}
}

func TestImportedDossiersAreToldOfOnlyWhereTheRulesSaySo(t *testing.T) {
	monday := time.Date(2026, 11, 23, 7, 32, 0, 0, time.UTC)
	s := dossier.State{Origin: domain.Imported, Status: dossier.Accepted, Submitted: dossier.Act{By: "a", At: monday}, Due: monday.Add(96 * time.Hour), Clock: dossier.Clock{StartedAt: monday}}
	c, r := vietnam(t), escalation.Default()
	if ahead := r.Ahead(s, c, ""); len(ahead) > 0 {
		t.Errorf("told of an imported dossier: %v", ahead)
	}
	r.Imported = true
	if ahead := r.Ahead(s, c, ""); len(ahead) != 4 {
		t.Errorf("told to tell: %v", ahead)
	}
}

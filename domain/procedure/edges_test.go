package procedure_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/procedure"
)

func conditions(n int) (facts []procedure.Condition) {
	for i := range n {
		facts = append(facts, procedure.Condition{Name: fmt.Sprintf("f%d", i), NameVI: "x", NameEN: "x", When: "true"})
	}
	return facts
}

func deskSteps(n int) (steps []procedure.WorkStep) {
	for i := range n {
		steps = append(steps, procedure.WorkStep{Code: fmt.Sprintf("s%d", i), Kind: procedure.DeskCheck, NameVI: "x", NameEN: "x"})
	}
	return steps
}

func TestWhatAVersionMaySayHasEdges(t *testing.T) {
	base, _ := procedure.Lookup("vet-practice-cert-renew")
	base.Facts, base.Fees, base.Components, base.LimitCases = nil, nil, nil, nil
	base.Flow.Steps, base.Flow.Approvals = deskSteps(1), nil
	three := []calendar.Limit{{Value: 3, Unit: calendar.WorkingDays}}
	copies := func(n int) func(*procedure.Version) {
		return func(v *procedure.Version) {
			v.Components = []procedure.Component{{Code: "tp-1", NameVI: "x", Copies: []procedure.Copies{{Kind: procedure.PlainCopy, Count: n}}}}
		}
	}
	fee := func(amount int) func(*procedure.Version) {
		return func(v *procedure.Version) {
			v.Fees = []procedure.Fee{{Code: "f", NameVI: "x", NameEN: "x", Kind: procedure.Charge, Due: procedure.DueAtReception, Amount: amount}}
		}
	}
	supplement := func(days, most int) func(*procedure.Version) {
		return func(v *procedure.Version) { v.Supplement = procedure.Supplement{Days: days, MostPerStage: most} }
	}
	retention := func(r procedure.Retention) func(*procedure.Version) {
		return func(v *procedure.Version) { v.Retention = r }
	}
	approvals := func(levels ...procedure.Approval) func(*procedure.Version) {
		return func(v *procedure.Version) { v.Flow.Approvals = levels }
	}
	result := func(months, renew int) func(*procedure.Version) {
		return func(v *procedure.Version) {
			v.Flow.Results = []procedure.Result{{Code: "r", NameVI: "x", NameEN: "x", ValidMonths: months, RenewDays: renew}}
		}
	}
	for _, c := range []struct {
		name   string
		change func(*procedure.Version)
		want   string // codes and paths of the findings
	}{
		{"nothing is changed", func(*procedure.Version) {}, ""},
		{"a short name of 45 characters", func(v *procedure.Version) { v.ShortVI = strings.Repeat("ệ", 45) }, ""},
		{"a short name of 46", func(v *procedure.Version) { v.ShortVI = strings.Repeat("ệ", 46) }, "short_name short_vi"},
		{"two short names that are wrong are told in order", func(v *procedure.Version) { v.ShortVI, v.ShortEN = "", "" }, "short_name short_en, short_name short_vi"},
		{"ten facts", func(v *procedure.Version) { v.Facts = conditions(10) }, ""},
		{"eleven", func(v *procedure.Version) { v.Facts = conditions(11) }, "too_many_facts facts"},
		{"forty steps", func(v *procedure.Version) { v.Flow.Steps = deskSteps(40) }, ""},
		{"forty-one", func(v *procedure.Version) { v.Flow.Steps = deskSteps(41) }, "too_many_steps flow.steps"},
		{"no policy", func(v *procedure.Version) { v.Policy = "" }, ""},
		{"a known policy", func(v *procedure.Version) { v.Policy = calendar.FromInstant }, ""},
		{"an unknown policy", func(v *procedure.Version) { v.Policy = "guess" }, "not_in_list policy"},
		{"information only, with limits of both kinds", func(v *procedure.Version) {
			v.InformationOnly, v.Limits, v.Facts = true, three, conditions(1)
			v.LimitCases = []procedure.LimitCase{{When: "f0", Limits: three}}
		}, "information_only information_only"},
		{"information only, without a limit", func(v *procedure.Version) { v.InformationOnly, v.Limits = true, nil }, ""},
		{"a supplement as the law has it", supplement(0, 0), ""},
		{"the longest and most", supplement(365, 9), ""},
		{"a supplement in minus one day", supplement(-1, 0), "out_of_range supplement"},
		{"in 366 days", supplement(366, 0), "out_of_range supplement"},
		{"minus one round", supplement(0, -1), "out_of_range supplement"},
		{"ten rounds", supplement(0, 10), "out_of_range supplement"},
		{"one copy", copies(1), ""},
		{"99 copies", copies(99), ""},
		{"no copy", copies(0), "out_of_range components[0].copies[0].count"},
		{"100 copies", copies(100), "out_of_range components[0].copies[0].count"},
		{"a fee of nothing", fee(0), ""},
		{"a fee below nothing", fee(-1), "out_of_range fees[0].amount"},
		{"two levels, the last the approver", approvals(
			procedure.Approval{Level: 1, NameVI: "x", NameEN: "x", Role: domain.DivisionHead}, procedure.Approval{Level: 2, NameVI: "x", NameEN: "x", Role: domain.Approver}), ""},
		{"a last level that is no approver", approvals(procedure.Approval{Level: 1, NameVI: "x", NameEN: "x", Role: domain.DivisionHead}), "no_approver flow.approvals[0].role"},
		{"a level left out", approvals(procedure.Approval{Level: 2, NameVI: "x", NameEN: "x", Role: domain.Approver}), "approval_gap flow.approvals[0].level"},
		{"a result without an end, with a reminder", result(0, 40), ""},
		{"a reminder as long before as it is valid", result(1, 31), ""},
		{"a reminder before it was issued", result(1, 32), "out_of_range flow.results[0]"},
		{"a validity below nothing", result(-1, 0), "out_of_range flow.results[0]"},
		{"a reminder below nothing", result(1, -1), "out_of_range flow.results[0]"},
		{"kept for one year", retention(procedure.Retention{Years: 1}), ""},
		{"kept for 70", retention(procedure.Retention{Years: 70, Mark: procedure.LawText}), ""},
		{"kept for 71", retention(procedure.Retention{Years: 71}), "out_of_range retention"},
		{"kept for minus one", retention(procedure.Retention{Years: -1}), "out_of_range retention"},
		{"kept for ever", retention(procedure.Retention{Permanent: true}), ""},
		{"kept for ever and ten years", retention(procedure.Retention{Permanent: true, Years: 10}), "out_of_range retention"},
		{"not kept", retention(procedure.Retention{}), "missing retention"},
		{"kept, nobody knows why", retention(procedure.Retention{Years: 10, Mark: "guess"}), "not_in_list retention.certainty"},
	} {
		v := base
		c.change(&v)
		var told []string
		for _, f := range procedure.Check(v, nil) {
			told = append(told, f.Code+" "+f.Path)
			if f.VI == "" || f.EN == "" || f.VI == f.EN {
				t.Errorf("%s: %+v lacks a language", c.name, f)
			}
		}
		if got := strings.Join(told, ", "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	gap := base
	gap.Flow.Approvals = []procedure.Approval{{Level: 3, NameVI: "x", NameEN: "x", Role: domain.Approver}}
	if f := procedure.Check(gap, nil); len(f) != 1 || f[0].VI != "cấp duyệt thứ 1 phải là 1" || f[0].EN != "approval number 1 has level 1" {
		t.Errorf("the first approval at level 3: %+v", f)
	}
}

// What is told of a kind of dossier is told of the plainest one first: no fact holds.
func TestTheCasesOfAVersionGoFromNoFactToAll(t *testing.T) {
	got := fmt.Sprint(procedure.AllCases(procedure.Version{Facts: conditions(2)}))
	if got != "[[] [f0] [f1] [f0 f1]]" {
		t.Errorf("the cases are %s", got)
	}
}

func TestAStepThatNoDossierReachesIsToldWithItsReason(t *testing.T) {
	v, _ := procedure.Lookup("vet-practice-cert-renew")
	v.Facts, v.Fees, v.Components = conditions(1), nil, nil
	v.Flow.Steps = append(deskSteps(1),
		procedure.WorkStep{Code: "never", Kind: procedure.DeskCheck, NameVI: "x", NameEN: "x", When: "f0"},
		procedure.WorkStep{Code: "later", Kind: procedure.DeskCheck, NameVI: "x", NameEN: "x", When: "f0", After: []string{"never"}},
		procedure.WorkStep{Code: "egg", Kind: procedure.DeskCheck, NameVI: "x", NameEN: "x", After: []string{"hen"}},
		procedure.WorkStep{Code: "hen", Kind: procedure.DeskCheck, NameVI: "x", NameEN: "x", After: []string{"egg"}})
	var told []string
	for _, f := range procedure.Check(v, []procedure.Case{{}}) {
		told = append(told, f.Path+": "+f.EN)
		if f.VI == "" || !slices.Equal(f.History, []string{"tried all 1 kinds of dossiers that its conditions tell apart"}) {
			t.Errorf("%+v", f)
		}
	}
	want := []string{
		"flow.steps[1]: no dossier ever reaches the step “never”: its condition “f0” never holds",
		"flow.steps[2]: no dossier ever reaches the step “later”: the steps later → never are never due in one dossier",
		"flow.steps[3]: no dossier ever reaches the step “egg”: the circle egg → hen → egg",
		"flow.steps[4]: no dossier ever reaches the step “hen”: the circle hen → egg → hen",
	}
	if !slices.Equal(told, want) {
		t.Errorf("%q, want %q", told, want)
	}
}

func TestACounterExampleStandsBehindItsLine(t *testing.T) {
	read, mistakes := procedure.Read([]byte(shippedFile(t, "vet-practice-cert-renew")))
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	finding := procedure.Finding{Path: "short_vi", VI: "a", EN: "b"}
	if m := read.Place(finding); m.EN != "b" || m.VI != "a" || m.Path != "short_vi" || m.Line < 2 {
		t.Errorf("without a history: %+v", m)
	}
	finding.History = []string{"submitted", "accepted"}
	if m := read.Place(finding); m.EN != "b\n    submitted\n    accepted" {
		t.Errorf("with a history: %q", m.EN)
	}
}

func TestLimitsOfOneUnitAddUpAndOthersAreListed(t *testing.T) {
	limit := func(v int, u calendar.Unit) calendar.Limit { return calendar.Limit{Value: v, Unit: u} }
	for _, c := range []struct {
		limits []calendar.Limit
		total  procedure.Limit
		en     string
	}{
		{nil, procedure.Limit{}, ""},
		{[]calendar.Limit{limit(3, calendar.WorkingDays)}, procedure.Limit{Value: 3, Unit: "working_day"}, "3 working days"},
		{[]calendar.Limit{limit(3, calendar.WorkingDays), limit(4, calendar.WorkingDays)}, procedure.Limit{Value: 7, Unit: "working_day"}, "7 working days"},
		{[]calendar.Limit{limit(15, calendar.CalendarDays), limit(5, calendar.WorkingDays)}, procedure.Limit{Value: 20, Unit: "mixed"}, "15 days + 5 working days"},
	} {
		wish := renewed("1/QĐ", "2026-01-01", 1)
		wish.Version.Limits = c.limits
		p := procedure.Evolve(procedure.Procedure{}, procedure.Fact{Version: 1, Event: procedure.Published{Number: 1, Decision: wish.Decision, Version: wish.Version}})
		v, _ := p.Newest()
		if got := strings.ReplaceAll(v.LimitEN, "\u00a0", " "); v.Limit != c.total || got != c.en {
			t.Errorf("%v: %+v %q, want %+v %q", c.limits, v.Limit, got, c.total, c.en)
		}
	}
}

func TestWhatAVersionDoesNotSayFollowsFromTheLaw(t *testing.T) {
	published := func(change func(*procedure.Version)) procedure.Version {
		wish := renewed("1/QĐ", "2026-01-01", 3)
		change(&wish.Version)
		v, _ := procedure.Evolve(procedure.Procedure{}, procedure.Fact{Version: 1, Event: procedure.Published{Number: 1, Decision: wish.Decision, Version: wish.Version}}).Newest()
		return v
	}
	if v := published(func(v *procedure.Version) { v.Policy, v.Supplement = "", procedure.Supplement{} }); v.Policy != calendar.WholeDays || v.SupplementDays != 15 {
		t.Errorf("nothing said: policy %s, %d days", v.Policy, v.SupplementDays)
	}
	if v := published(func(v *procedure.Version) { v.Policy, v.Supplement.Days = calendar.FromInstant, 1 }); v.Policy != calendar.FromInstant || v.SupplementDays != 1 {
		t.Errorf("said: policy %s, %d days", v.Policy, v.SupplementDays)
	}
}

func TestProgramsAreToldDecisionAndResult(t *testing.T) {
	v, _ := told(t, procedure.Procedure{}, renewed("1/QĐ", "2026-07-01", 3)).Newest()
	d := v.Describe()
	if d.Decided != "1/QĐ" || d.On != "2026-01-01" || d.From != "2026-07-01" || d.ResultVI != v.Flow.Results[0].NameVI || d.ResultEN != v.Flow.Results[0].NameEN || d.ResultVI == "" {
		t.Errorf("%+v", d)
	}
	if d := procedure.ExternalVersion("ext:nl.x").Describe(); d.Decided+d.On+d.From+d.ResultVI != "" || !d.External {
		t.Errorf("without decision and result: %+v", d)
	}
}

func TestVersionsAreNumberedFromOneAndTheirChangesAreListed(t *testing.T) {
	p := told(t, procedure.Procedure{}, renewed("1/QĐ", "2026-01-01", 3), renewed("2/QĐ", "2026-07-01", 5))
	for number, want := range map[int]bool{-1: false, 0: false, 1: true, 2: true, 3: false} {
		if v, ok := p.Version(number); ok != want || ok && v.Number != number {
			t.Errorf("version %d: %v, number %d", number, ok, v.Number)
		}
	}
	one, _ := p.Version(1)
	two, _ := p.Version(2)
	if list := procedure.Changes(one, two); len(list) != 1 || list[0].Member != "limits" || !strings.Contains(string(list[0].Before), "3") || !strings.Contains(string(list[0].After), "5") {
		t.Errorf("from 3 to 5 days: %s", list)
	}
	if list := procedure.Changes(one, one); len(list) > 0 {
		t.Errorf("one version against itself: %s", list)
	}
	one.Note, two.Note = "", "x"
	if list := procedure.Changes(two, one); len(list) != 2 || list[1].Member != "note" || string(list[1].Before) != `"x"` || list[1].After != nil {
		t.Errorf("a note that goes: %s", list)
	}
}

func TestAWithdrawalIsSaidOnceAndMayBeMoved(t *testing.T) {
	gone := procedure.Withdraw{Decision: "4/QĐ", DecidedOn: day("2026-11-01"), From: day("2026-12-01")}
	if _, err := procedure.Decide(procedure.Procedure{}, gone); err == nil || !strings.HasPrefix(err.Error(), "never_published") {
		t.Errorf("nothing was published: %v", err)
	}
	if _, is := (procedure.Procedure{}).Withdrawn(); is {
		t.Error("what was never published is withdrawn")
	}
	p := told(t, procedure.Procedure{}, renewed("1/QĐ", "2026-01-01", 3))
	if _, is := p.Withdrawn(); is {
		t.Error("it is withdrawn from the beginning")
	}
	p = told(t, p, gone)
	if from, is := p.Withdrawn(); !is || from != day("2026-12-01") {
		t.Errorf("withdrawn %v from %s", is, from)
	}
	if r := p.NotValid("2026-12-24"); r.Code != "procedure_withdrawn" || r.Basis != "4/QĐ" || !strings.Contains(r.VI, "2026-12-01") {
		t.Errorf("%+v", r)
	}
	if events, err := procedure.Decide(p, gone); err != nil || len(events) > 0 {
		t.Errorf("withdrawn again: %v, %v", events, err)
	}
	later, other := gone, gone
	later.From, other.Decision = day("2027-01-01"), "5/QĐ"
	p = told(t, told(t, p, later), other)
	if from, _ := p.Withdrawn(); from != day("2026-12-01") || p.WithdrawnFor.Decision != "5/QĐ" {
		t.Errorf("the last word is %s by %s", from, p.WithdrawnFor.Decision)
	}
	p = told(t, p, renewed("6/QĐ", "2027-03-01", 4))
	if _, is := p.Withdrawn(); is {
		t.Error("a newer version is withdrawn with the one before it")
	}
	if r := told(t, procedure.Procedure{}, renewed("1/QĐ", "2026-07-01", 3)).NotValid("2026-01-01"); r.Code != "procedure_not_valid_yet" || !strings.Contains(r.EN, "2026-07-01") {
		t.Errorf("%+v", r)
	}
}

func TestTheCatalogueIsListedBySectorAndID(t *testing.T) {
	all := procedure.Catalogue()
	for i := range len(all) - 1 {
		if a, b := all[i], all[i+1]; a.Sector > b.Sector || a.Sector == b.Sector && a.ID >= b.ID {
			t.Errorf("%s %s stands before %s %s", a.Sector, a.ID, b.Sector, b.ID)
		}
	}
}

func TestTheChannelsThatAreTakenAreNamed(t *testing.T) {
	v, _ := procedure.Lookup("vet-practice-cert-renew")
	v.Channels = []procedure.Channel{procedure.Counter, procedure.Post}
	if r := v.Admits(procedure.Online, procedure.Switch{}); r == nil || !strings.HasSuffix(r.EN, "It is taken: at the counter, by post.") || !strings.HasSuffix(r.VI, "Kênh nhận: tại quầy, bưu chính.") {
		t.Errorf("%+v", r)
	}
}

func TestTheResultsOfADiagramAreNumberedFromOne(t *testing.T) {
	v, _ := procedure.Lookup("vet-practice-cert-renew")
	if d := v.Diagram("en"); !strings.Contains(d, "    result_1: "+v.Flow.Results[0].NameEN+"\n") || !strings.Contains(d, "    result_1 --> [*]\n") {
		t.Error(d)
	}
}

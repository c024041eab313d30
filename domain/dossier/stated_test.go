package dossier_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/procedure"
)

// filedUnder begins the life of a dossier of a shipped procedure.
func filedUnder(t testing.TB, id dossier.Code, facts []dossier.Code, values ...dossier.Given) *life {
	t.Helper()
	l := &life{now: monday, rules: string(id)}
	return l.then(t, by(citizen, dossier.SubmitDossier{Procedure: id, Channel: dossier.Online, Applicant: "ref-7f3a", Unit: "mot-cua", Facts: facts, Values: values}))
}

func on26(month time.Month, d, hour, minute int) time.Time {
	return time.Date(2026, month, d, hour-7, minute, 0, 0, time.UTC)
}

// endOf26 is the last moment of a day of 2026 in Hanoi.
func endOf26(month time.Month, d int) time.Time {
	return time.Date(2026, month, d+1, -7, 0, 0, 0, time.UTC).Add(-time.Microsecond)
}

func TestTheLimitOfADossierFollowsFromItsFacts(t *testing.T) {
	free, none := []dossier.Code{"disease_free_facility"}, []dossier.Code(nil)
	const quarantine = "animal-quarantine-out-of-province"
	// Received Monday 23 November: five working days leave out Tuesday 24 (Culture Day) and the week-end, so Tuesday 1 December; one is
	// Wednesday 25.
	for name, c := range map[string]struct {
		filed  []dossier.Code
		accept dossier.AcceptDossier
		want   string
		due    time.Time
	}{
		"as filed":                   {free, dossier.AcceptDossier{}, "1.working_day", endOf26(11, 25)},
		"nothing filed":              {none, dossier.AcceptDossier{}, "5.working_day", endOf26(12, 1)},
		"found at reception":         {none, dossier.AcceptDossier{Facts: free}, "1.working_day", endOf26(11, 25)},
		"found wrong at reception":   {free, dossier.AcceptDossier{Denied: free}, "5.working_day", endOf26(12, 1)},
		"denied though never stated": {none, dossier.AcceptDossier{Denied: free}, "5.working_day", endOf26(12, 1)},
	} {
		l := filedUnder(t, quarantine, c.filed).then(t, by(reception, c.accept))
		if got := l.state.Clock.Term.Limits; len(got) != 1 || string(got[0]) != c.want || !l.state.Due.Equal(c.due) {
			t.Errorf("%s: %v due %v, want %s due %v", name, got, l.state.Due, c.want, c.due)
		}
		if n := l.state.Deadline(vietnam); !n.Due.Truncate(time.Microsecond).Equal(l.state.Due) {
			t.Errorf("%s: counted again it is %v", name, n.Due)
		}
	}
}

func TestARestartedLimitGoesByTheFactsThatHoldThen(t *testing.T) {
	l := filedUnder(t, "animal-quarantine-out-of-province", []dossier.Code{"disease_free_facility"})
	l.then(t, accept, forward, assign, start, by(officer, dossier.RequestSupplement{Items: []dossier.Code{"tp-1"}, Reason: "inconsistent"}),
		by(citizen, dossier.SubmitSupplement{Denied: []dossier.Code{"disease_free_facility"}, Values: []dossier.Given{{Field: "application.head_count", Value: "35"}}}), takeIn)
	if got := l.state.Clock.Term.Limits; len(got) != 1 || got[0] != "5.working_day" || l.state.Holds("disease_free_facility") {
		t.Errorf("limits %v, facts %v", got, l.state.Facts)
	}
	if want := []dossier.Given{{Field: "application.head_count", Value: "35"}}; !cmp.Equal(l.state.Values, want) {
		t.Errorf("values %v", l.state.Values)
	}
}

func TestAnAdjustmentChangesWhatIsKnownAndNotTheLimitThatRuns(t *testing.T) {
	l := filedUnder(t, "animal-quarantine-out-of-province", nil, dossier.Given{Field: "application.head_count", Value: "20"}).then(t, accept)
	due := l.state.Due
	l.then(t, by(citizen, dossier.AdjustSubmission{Parts: []dossier.Code{"tp-1"}, Facts: []dossier.Code{"disease_free_facility"}, Values: []dossier.Given{{Field: "application.head_count", Value: "8"}}}))
	if !l.state.Due.Equal(due) || !l.state.Holds("disease_free_facility") || l.state.Values[0].Value != "8" || len(l.state.Values) != 1 {
		t.Errorf("due %v (was %v), %v, %v", l.state.Due, due, l.state.Facts, l.state.Values)
	}
}

func TestWhatAProcedureDoesNotKnowIsNotTakenAndTheRefusalNamesTheField(t *testing.T) {
	filing := func(facts []dossier.Code, values ...dossier.Given) dossier.SubmitDossier {
		return dossier.SubmitDossier{Procedure: "seafood-export-health-cert", Channel: dossier.Online, Applicant: "ref-7f3a", Facts: facts, Values: values}
	}
	one := func(field dossier.Code, value dossier.Value) dossier.SubmitDossier {
		return filing(nil, dossier.Given{Field: field, Value: value})
	}
	for name, c := range map[string]struct {
		wish        dossier.Command
		code, field string
		accepted    string
	}{
		"a condition of another procedure": {filing([]dossier.Code{"disease_free_facility"}), "unknown_fact", "facts", "high_risk"},
		"a field nobody asks for":          {one("application.colour", "red"), "unknown_field", "values.application.colour", "application.raw"},
		"a form there is not":              {one("annex.raw", "true"), "unknown_field", "values.annex.raw", "application.raw"},
		"a personal field":                 {one("application.owner_name", "x"), "not_stateable", "values.application.owner_name", "application.raw"},
		"a word for a truth value":         {one("application.raw", "yes"), "wrong_type", "values.application.raw", "true or false"},
		"a word for a number":              {one("application.lot_weight_kg", "heavy"), "wrong_type", "values.application.lot_weight_kg", "whole number"},
		"a fraction for a whole number":    {one("application.lot_weight_kg", "1.5"), "wrong_type", "values.application.lot_weight_kg", "whole number"},
		"a number out of range":            {one("application.lot_weight_kg", "0"), "out_of_range", "values.application.lot_weight_kg", "from 1"},
		"a country that is none":           {one("application.market", "Japan"), "out_of_range", "values.application.market", "[A-Z]{2}"},
		"a field twice":                    {filing(nil, dossier.Given{Field: "application.raw", Value: "true"}, dossier.Given{Field: "application.raw", Value: "false"}), "duplicate_item", "values", "application.raw"},
		"a value with a name in it":        {one("application.market", "Nguyễn"), "bad_value", "value", "never a name"},
		"an identity number as a value":    {one("application.lot_weight_kg", "001099012345"), "bad_value", "value", "identity number"},
	} {
		l := &life{now: monday}
		_, err := l.ask(by(citizen, c.wish))
		var bad *domain.Invalid
		if !errors.As(err, &bad) || bad.Code != c.code || bad.Field != c.field || !strings.Contains(bad.EN, c.accepted) || bad.VI == "" || bad.VI == bad.EN {
			t.Errorf("%s: %v, want %s %s with %q", name, err, c.code, c.field, c.accepted)
		}
	}
	l := filedUnder(t, "seafood-export-health-cert", nil)
	_, err := l.ask(by(reception, dossier.AcceptDossier{Facts: []dossier.Code{"high_risk"}, Denied: []dossier.Code{"high_risk"}}))
	if refusal(err) != "invalid: fact_contradicts" {
		t.Errorf("said to hold and not to hold: %v", err)
	}
}

func TestAPaperIsAskedForOnlyWhereItsConditionHolds(t *testing.T) {
	p, _ := procedure.Lookup("animal-quarantine-out-of-province")
	at := slices.IndexFunc(p.Components, func(c procedure.Component) bool { return c.When == "disease_free_facility" })
	if at < 0 {
		t.Fatal("the procedure has no paper under that condition")
	}
	ask := by(reception, dossier.RequestSupplement{Items: []dossier.Code{"tp-1", dossier.Code(p.Components[at].Code)}, Reason: "missing"})
	if _, err := filedUnder(t, dossier.Code(p.ID), nil).ask(ask); refusal(err) != "component_not_due" || !strings.Contains(err.Error(), p.Components[at].Code) {
		t.Errorf("asked for though not due: %v", err)
	}
	if _, err := filedUnder(t, dossier.Code(p.ID), []dossier.Code{"disease_free_facility"}).ask(ask); err != nil {
		t.Errorf("not asked for though due: %v", err)
	}
}

func TestAFeeIsTheOneOfTheTableUnderTheDossiersFacts(t *testing.T) {
	fee := func(amount int) act {
		return by(feeDesk, dossier.RequestPayment{Amount: amount, Fees: []dossier.Code{"appraisal-fee"}})
	}
	for kind, c := range map[dossier.Code]map[int]string{
		"seed_orchard":   {2_400_000: "", 600_000: "fee_not_of_table"},
		"selected_stand": {600_000: "", 2_400_000: "fee_not_of_table"},
		"":               {600_000: "fee_not_due"},
	} {
		for amount, want := range c {
			facts := []dossier.Code{kind}
			if kind == "" {
				facts = nil
			}
			if _, err := filedUnder(t, "forest-seed-source-recognition", facts).ask(fee(amount)); refusal(err) != want {
				t.Errorf("%s, %d đồng: %v, want %q", kind, amount, err, want)
			}
		}
	}
}

func TestAnAmountThatNamesNoFeesIsHeldAgainstAllThatTheTableAsksWhereThereIsATable(t *testing.T) {
	ask := by(feeDesk, dossier.RequestPayment{Amount: 5})
	l := filedUnder(t, "forest-seed-source-recognition", []dossier.Code{"seed_orchard"})
	if _, err := l.ask(ask); refusal(err) != "fee_reason_missing" || !strings.Contains(err.Error(), "2,400,000 dong") {
		t.Errorf("beside the table: %v", err)
	}
	ask = by(feeDesk, dossier.RequestPayment{Amount: 5}, func(x *dossier.Context) { x.Procedure.Fees = nil })
	events, err := l.do(ask)
	if err != nil || events[0].(dossier.PaymentRequested).OutOfFlow {
		t.Errorf("without a table: %+v, %v", events, err)
	}
}

func TestAStepWhoseConditionDoesNotHoldIsOutOfFlowAndAnOpinionThatIsDueIsOwed(t *testing.T) {
	toAppraisal := []act{accept, forward, assign, start}
	l := filedUnder(t, "seafood-export-health-cert", nil).then(t, toAppraisal...)
	events, err := l.do(by(officer, dossier.BeginWork{Step: "sample"}))
	if err != nil || !events[0].(dossier.WorkBegun).OutOfFlow {
		t.Errorf("a sample of what is not risky: %+v, %v", events, err)
	}
	l = filedUnder(t, "seafood-export-health-cert", []dossier.Code{"high_risk"}).then(t, toAppraisal...)
	if _, err := l.ask(propose); refusal(err) != "steps_owed" {
		t.Errorf("a risky lot is granted without a sample: %v", err)
	}
	events, err = l.do(by(officer, dossier.BeginWork{Step: "sample"}))
	if err != nil || events[0].(dossier.WorkBegun).OutOfFlow {
		t.Errorf("a sample of what is risky: %+v, %v", events, err)
	}

	l = filedUnder(t, "cites-breeding-code-app23", []dossier.Code{"animal", "aquatic"}).then(t, toAppraisal...)
	if _, err := l.ask(propose); refusal(err) != "steps_owed" || !strings.Contains(err.Error(), "fishery-opinion") || strings.Contains(err.Error(), "forest-opinion") {
		t.Errorf("granted without the fisheries authority: %v", err)
	}
	l.then(t, by(officer, dossier.RequestOpinion{Unit: "fisheries", Due: l.now.Add(5 * day)}), by(laboratory, dossier.RecordOpinion{Number: 1, Verdict: "agreed"}), propose)
}

func TestAProcedureMayAllowMoreRoundsOfSupplementsAndEachIsKept(t *testing.T) {
	twice := func(x *dossier.Context) { x.Procedure.Supplement.MostPerStage = 2 }
	ask := func(item dossier.Code, who domain.Actor) act {
		return by(who, dossier.RequestSupplement{Items: []dossier.Code{item}, Reason: "missing"}, twice)
	}
	l := given(t, submit, ask("tp-1", reception), supply, ask("tp-2", reception), supply)
	if _, err := l.ask(ask("tp-3", reception)); refusal(err) != "second_supplement" || !strings.Contains(err.Error(), "2 times") {
		t.Errorf("a third request: %v", err)
	}
	l.then(t, accept, forward, assign, start, ask("tp-1", officer), supply, takeIn, ask("tp-2", officer))
	var rounds []int
	for _, s := range l.state.Supplements {
		rounds = append(rounds, s.Number)
	}
	if !slices.Equal(rounds, []int{1, 2, 3, 4}) || l.state.Clock.Restarts != 1 {
		t.Errorf("rounds %v, clock %+v", rounds, l.state.Clock)
	}
	if newest, _ := l.state.SupplementAt(dossier.AtAppraisal); newest.Items[0] != "tp-2" || newest.Closed {
		t.Errorf("newest %+v", newest)
	}
	l.then(t, supply, takeIn)
	if l.state.Clock.Restarts != 2 || l.state.Status != dossier.Appraising {
		t.Errorf("%q, clock %+v", l.state.Status, l.state.Clock)
	}
}

func TestAppraisalAsksWithinTheTimeOfItsProcedureOrLate(t *testing.T) {
	// Accepted Monday 23 November 15:32. Three working days end on Friday 27 (Tuesday 24 is off), five on Tuesday 1 December.
	five := func(x *dossier.Context) {
		x.Procedure.Supplement.AskWithin = &calendar.Limit{Value: 5, Unit: calendar.WorkingDays}
	}
	for _, c := range []struct {
		name string
		at   time.Time
		how  func(*dossier.Context)
		late bool
	}{
		{"on the third day", on26(11, 27, 16, 0), nil, false},
		{"on the fourth day", on26(11, 30, 8, 0), nil, true},
		{"on the fourth day of five", on26(11, 30, 8, 0), five, false},
		{"on the fifth day of five", on26(12, 1, 16, 59), five, false},
		{"on the sixth day of five", on26(12, 2, 8, 0), five, true},
	} {
		l := in(t, dossier.Appraising)
		events, err := l.ask(by(officer, askInCase.what, func(x *dossier.Context) {
			x.Now = c.at
			if c.how != nil {
				c.how(x)
			}
		}))
		if err != nil || events[0].(dossier.SupplementRequested).Late != c.late {
			t.Errorf("%s: %+v, %v", c.name, events, err)
		}
	}
}

func TestWhereTheProcedureSaysSoOnlyTheHeadAsksForASupplement(t *testing.T) {
	byHead := func(x *dossier.Context) { x.Procedure.Supplement.ByHead = true }
	l := in(t, dossier.Appraising)
	if _, err := l.ask(by(officer, askInCase.what, byHead)); refusal(err) != "head_asks" {
		t.Errorf("by the case officer: %v", err)
	}
	l.then(t, by(head, askInCase.what, byHead))
	if l.state.Status != dossier.SupplementRequestedStatus {
		t.Errorf("%q", l.state.Status)
	}
}

// Whatever is said in whatever order, a condition holds exactly when the last that was said of it is that it holds.
func TestLawAConditionHoldsAsItWasLastSaid(t *testing.T) {
	names := []dossier.Code{"animal", "plant", "aquatic", "on_land"}
	rapid.Check(t, func(t *rapid.T) {
		var facts []dossier.Fact
		held := map[dossier.Code]bool{}
		for i := range rapid.IntRange(1, 8).Draw(t, "acts") {
			yes, no := rapid.SliceOfDistinct(rapid.SampledFrom(names), rapid.ID).Draw(t, "holds"), []dossier.Code(nil)
			for _, n := range names {
				if !slices.Contains(yes, n) && rapid.Bool().Draw(t, "denied") {
					no = append(no, n)
				}
			}
			for _, n := range yes {
				held[n] = true
			}
			for _, n := range no {
				held[n] = false
			}
			facts = append(facts, dossier.Fact{Version: int64(i + 1), Event: dossier.SubmissionAdjusted{Parts: []dossier.Code{"tp-1"}, Facts: yes, Denied: no}})
		}
		s := dossier.Fold(facts)
		for _, n := range names {
			if s.Holds(string(n)) != held[n] {
				t.Errorf("%s holds: %v, want %v", n, s.Holds(string(n)), held[n])
			}
		}
	})
}

package dossier_test

import (
	"testing"
	"time"

	"dossier/domain/dossier"
	"dossier/domain/procedure"
)

func TestEachKindOfWorkLeadsOutAndBack(t *testing.T) {
	for _, kind := range []dossier.WorkKind{dossier.DeskCheck, dossier.Inspection, dossier.Laboratory, dossier.Council, dossier.Publication} {
		l := in(t, dossier.Appraising).then(t, by(officer, dossier.BeginWork{Kind: kind, Unit: "phong-xet-nghiem", At: monday.Add(99 * time.Hour), Due: monday.Add(240 * time.Hour)}))
		if l.state.Status != dossier.Verifying || len(l.state.OpenWorks()) != 1 {
			t.Fatalf("%s: %q, %+v", kind, l.state.Status, l.state.Works)
		}
		l.then(t, by(laboratory, dossier.FinishWork{Number: 1, Finding: "passed_with_conditions"}))
		if w := l.state.Works[0]; l.state.Status != dossier.Appraising || w.Open() || w.Finding != "passed_with_conditions" || w.Late {
			t.Errorf("%s: %q, %+v", kind, l.state.Status, w)
		}
	}
}

func TestWorkAndOpinionsLeadBackTogether(t *testing.T) {
	l := in(t, dossier.Appraising).then(t, test, askOpinion, finish)
	if l.state.Status != dossier.Verifying {
		t.Fatalf("%q with an opinion out", l.state.Status)
	}
	if l.then(t, opinion); l.state.Status != dossier.Appraising || l.state.BackTo != "" {
		t.Errorf("%q, back to %q", l.state.Status, l.state.BackTo)
	}
}

// The loop of a failed inspection: mend, report, look again.
func TestWhatAnInspectionFindsIsMendedReportedAndLookedAtAgain(t *testing.T) {
	l := in(t, dossier.Appraising)
	l.flow = procedure.Flow{RemediationDays: 30, RemediationStop: true}
	due := l.state.Due
	l.then(t, inspect, mend)
	w := l.state.Works[1]
	if w.Kind != dossier.Remediation || w.Inspected != 1 || !w.Open() || l.state.Clock.StoppedAt.IsZero() {
		t.Fatalf("%+v, clock %+v", w, l.state.Clock)
	}
	if got := w.Due.Sub(l.state.LastChange); got < 29*day || got > 33*day {
		t.Errorf("the applicant has %v to mend, the procedure says 30 days", got)
	}
	l.now = l.now.Add(20 * day)
	l.then(t, mended)
	if l.state.Status != dossier.Appraising || !l.state.Clock.StoppedAt.IsZero() || len(l.state.Clock.Pauses) != 1 || !l.state.Due.After(due.Add(15*day)) {
		t.Fatalf("%q, due %v after %v, clock %+v", l.state.Status, l.state.Due, due, l.state.Clock)
	}
	l.then(t, by(officer, dossier.BeginWork{Kind: dossier.Inspection, At: l.now.Add(day)}), by(officer, dossier.FinishWork{Number: 3, Finding: dossier.Passed}), propose)
	if l.state.Status != dossier.PendingApproval {
		t.Errorf("status %q", l.state.Status)
	}
}

func TestAnApplicantWhoDoesNotMendIsRefused(t *testing.T) {
	l := in(t, dossier.Appraising).then(t, inspect, mend, by(officer, dossier.FinishWork{Number: 2, Finding: dossier.Failed}, after(40*day)), by(officer, dossier.SubmitForApproval{Proposal: dossier.Refuse}))
	if w := l.state.Works[1]; w.Finding != dossier.Failed || !w.Late {
		t.Errorf("%+v", w)
	}
}

func TestAStepOfTheProcedureBringsItsKindItsUnitItsTimeAndItsEffect(t *testing.T) {
	l := in(t, dossier.Appraising)
	steps := procedure.Flow{Steps: []procedure.WorkStep{
		{Code: "xet-nghiem", Kind: procedure.Laboratory, Unit: "phong-xet-nghiem", Clock: procedure.Stops, Required: true, Limits: vietnamDays(5)},
		{Code: "hoi-dong", Kind: procedure.Council, After: []string{"xet-nghiem"}},
		{Code: "kiem-dich", Kind: procedure.Inspection, When: "from_outbreak_area", Required: true},
	}}
	l.flow = steps
	l.then(t, by(officer, dossier.BeginWork{Step: "xet-nghiem"}))
	w := l.state.Works[0]
	if w.Kind != dossier.Laboratory || w.Unit != "phong-xet-nghiem" || w.Due.IsZero() || !w.Stops || w.OutOfFlow || l.state.Clock.StoppedAt.IsZero() {
		t.Fatalf("%+v", w)
	}
	events, err := l.do(by(officer, dossier.BeginWork{Step: "hoi-dong", At: l.now.Add(day)}))
	if err != nil || !events[0].(dossier.WorkBegun).OutOfFlow {
		t.Errorf("a council before the laboratory: %+v, %v", events, err)
	}
	events, err = l.do(by(officer, dossier.BeginWork{Step: "tham-quan", Kind: dossier.DeskCheck}))
	if err != nil || !events[0].(dossier.WorkBegun).OutOfFlow {
		t.Errorf("a step that is not prescribed: %+v, %v", events, err)
	}
	l.then(t, finish, by(officer, dossier.FinishWork{Number: 2, Finding: dossier.Passed}), by(officer, dossier.FinishWork{Number: 3, Finding: dossier.Passed}), propose)
	if l.state.Status != dossier.PendingApproval {
		t.Errorf("a step under a condition that is not true was asked for: %q", l.state.Status)
	}
}

func TestAFactThatWasFoundTrueMakesAStepDue(t *testing.T) {
	known := func(x *dossier.Context) { x.Procedure.Facts = []procedure.Condition{{Name: "from_outbreak_area"}} }
	l := given(t, submit, by(reception, dossier.AcceptDossier{Facts: []dossier.Code{"from_outbreak_area"}}, known), forward, assign, start)
	l.flow = procedure.Flow{Steps: []procedure.WorkStep{{Code: "kiem-dich", Kind: procedure.Inspection, When: "from_outbreak_area", Required: true}}}
	if _, err := l.ask(propose); refusal(err) != "steps_owed" {
		t.Errorf("%v", err)
	}
}

func TestSilenceOfAConsultedUnitCountsAsTheProcedureSays(t *testing.T) {
	for _, c := range []struct {
		silence procedure.Silence
		want    dossier.Verdict
	}{{procedure.Agreed, dossier.Agreed}, {procedure.Late, ""}} {
		l := in(t, dossier.Verifying)
		l.flow = procedure.Flow{Steps: []procedure.WorkStep{{Code: "y-kien", Kind: procedure.Opinion, Unit: "phong-xet-nghiem", Silence: c.silence}}}
		l.then(t, by(officer, dossier.RecordOpinion{Number: 1, Verdict: dossier.NoAnswer}, after(20*day)))
		if o := l.state.Opinions[0]; o.Counts != c.want || !o.Late || l.state.Status != dossier.Appraising {
			t.Errorf("%s: %+v", c.silence, o)
		}
	}
}

func TestAWithdrawalDuringWorkThatStopsTheClockLosesNoTime(t *testing.T) {
	l := in(t, dossier.Appraising)
	l.flow = inspecting
	l.then(t, by(officer, dossier.BeginWork{Step: "kiem-tra", At: l.now.Add(day)}))
	stopped := l.state.Clock.StoppedAt
	l.then(t, withdraw, keep)
	if l.state.Status != dossier.Verifying || !l.state.Clock.StoppedAt.Equal(stopped) {
		t.Fatalf("%q, clock %+v, stopped at %v", l.state.Status, l.state.Clock, stopped)
	}
	l.then(t, finish)
	if p := l.state.Clock.Pauses; len(p) != 1 || !p[0].From.Equal(stopped) {
		t.Errorf("pauses %+v", p)
	}
}

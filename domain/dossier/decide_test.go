package dossier_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/domain/procedure"
)

func TestASubmissionNamesTheVersionOfItsProcedure(t *testing.T) {
	l := given(t, submit)
	s := l.state
	if s.Procedure != "vet-practice-cert-renew" || s.ProcedureVersion != 1 || s.Channel != dossier.Online || s.Applicant != "ref-7f3a" {
		t.Errorf("state %+v", s)
	}
	if s.Submitted != (dossier.Act{By: "citizen", At: monday}) || s.Unit != "mot-cua" {
		t.Errorf("submitted %+v at %s", s.Submitted, s.Unit)
	}
}

func TestAnOfficerFilesWhatComesToTheCounterAndByPost(t *testing.T) {
	for _, channel := range []dossier.Channel{dossier.Counter, dossier.Post} {
		l := given(t, by(reception, dossier.SubmitDossier{Procedure: "vet-practice-cert-renew", Channel: channel, Applicant: "ref-1"}))
		if l.state.Channel != channel {
			t.Errorf("channel %q", l.state.Channel)
		}
	}
}

func TestTheWindowOfASupplementIsTheProceduresOwn(t *testing.T) {
	p, _ := procedure.Lookup("plant-variety-import-permit")
	l := in(t, dossier.Submitted)
	events, err := l.do(by(reception, dossier.RequestSupplement{Items: []dossier.Code{"tp-1"}, Reason: "missing"}, func(x *dossier.Context) { x.Procedure = &p }))
	if err != nil || events[0].(dossier.SupplementRequested).WindowDays != 90 {
		t.Errorf("events %+v, err %v, want a window of 90 days", events, err)
	}
}

func TestTheWindowEndsWithItsLastDayInHanoi(t *testing.T) {
	l := in(t, dossier.Submitted)
	l.now = time.Date(2026, 11, 18, 3, 0, 0, 0, time.UTC)
	l.state.LastChange = l.now
	l.then(t, askAtDesk)
	if got, want := l.state.Supplements[0].Until, time.Date(2026, 12, 3, 16, 59, 59, 999999000, time.UTC); !got.Equal(want) {
		t.Errorf("asked on 18/11/2026, open until %v, want the end of 03/12/2026", got)
	}
}

func TestHalfASupplementAtReceptionLeavesTheApplicantsTurn(t *testing.T) {
	l := in(t, dossier.SupplementAtReception).then(t, supplyHalf)
	if l.state.Status != dossier.SupplementAtReception {
		t.Fatalf("status %q", l.state.Status)
	}
	if l.then(t, supply); l.state.Status != dossier.Submitted {
		t.Errorf("status %q after the other half", l.state.Status)
	}
	if got := l.facts[3].Event.(dossier.SupplementSubmitted).Items; !slices.Equal(got, []dossier.Code{"tp-2"}) {
		t.Errorf("the second answer brings %v, want only what was missing", got)
	}
}

func TestTheClockStopsWithARequestAndCountsAgainFromTheArrivalOfTheWholeAnswer(t *testing.T) {
	l := in(t, dossier.Appraising).then(t, askInCase)
	stopped := l.state.Clock.StoppedAt
	if stopped.IsZero() || !stopped.Equal(l.state.LastChange) {
		t.Fatalf("clock %+v", l.state.Clock)
	}
	l.then(t, supplyHalf)
	arrival := l.now
	l.then(t, by(citizen, dossier.SubmitSupplement{Items: []dossier.Code{"tp-3"}}), takeIn)
	c := l.state.Clock
	if !c.StoppedAt.IsZero() || !c.RestartedFrom.Equal(arrival) || c.Restarts != 1 {
		t.Errorf("clock %+v, want it to count from %v, not from the acceptance %v", c, arrival, l.state.LastChange)
	}
}

func TestASupplementAtReceptionStopsNoClock(t *testing.T) {
	if c := in(t, dossier.SupplementAtReception).state.Clock; !c.From().IsZero() {
		t.Errorf("clock %+v, but it has not started", c)
	}
}

func TestEachStageHasASupplementOfItsOwn(t *testing.T) {
	l := given(t, submit, askAtDesk, supply, accept, forward, assign, start, askInCase)
	if len(l.state.Supplements) != 2 || l.state.Status != dossier.SupplementRequestedStatus {
		t.Errorf("state %+v", l.state)
	}
}

func TestOpinionsLeadBackToWhereTheDossierWas(t *testing.T) {
	for _, from := range []dossier.Status{dossier.Accepted, dossier.Forwarded, dossier.Assigned, dossier.Appraising} {
		l := in(t, from).then(t, askOpinion, usual("RequestOpinion", dossier.Verifying), by(laboratory, dossier.RecordOpinion{Number: 2, Verdict: "objected"}))
		if l.state.Status != dossier.Verifying {
			t.Errorf("from %s: %q with one answer missing", from, l.state.Status)
		}
		if l.then(t, opinion); l.state.Status != from || l.state.BackTo != "" {
			t.Errorf("from %s: back to %q", from, l.state.Status)
		}
	}
}

func TestAssigningWhileAnOpinionIsOutIsNotLostOnTheWayBack(t *testing.T) {
	l := in(t, dossier.Forwarded).then(t, by(head, askOpinion.what), assign)
	if l.state.Status != dossier.Verifying || l.state.Officer != "officer" {
		t.Fatalf("state %q, officer %q", l.state.Status, l.state.Officer)
	}
	if l.then(t, opinion); l.state.Status != dossier.Assigned {
		t.Errorf("back to %q, want assigned", l.state.Status)
	}
}

func TestReassigningKeepsTheStateAndTheClock(t *testing.T) {
	for _, from := range []dossier.Status{dossier.Assigned, dossier.Appraising, dossier.Verifying} {
		l := in(t, from)
		before := l.state
		l.then(t, by(head, dossier.AssignOfficer{Officer: "colleague"}))
		if l.state.Status != from || l.state.Officer != "colleague" || !cmp.Equal(l.state.Clock, before.Clock) {
			t.Errorf("from %s: %q, %q, %+v", from, l.state.Status, l.state.Officer, l.state.Clock)
		}
	}
}

func TestTheApproverMayDecideOtherwiseThanProposed(t *testing.T) {
	l := in(t, dossier.PendingApproval).then(t, by(leader, dossier.Approve{Outcome: dossier.Refuse}))
	if l.state.Outcome != "" {
		t.Fatalf("outcome %q before the result is issued", l.state.Outcome)
	}
	l.then(t, by(deputy, dossier.SignResult{}), number, issue)
	if s := l.state; s.Proposal != dossier.Grant || s.Decision != dossier.Refuse || s.Outcome != dossier.Refused || s.Signed.By != "deputy" {
		t.Errorf("state %+v", s)
	}
}

func TestTheResultGoesToTheOwnerUnlessAnotherIsNamed(t *testing.T) {
	if l := in(t, dossier.Resolved).then(t, handOver); l.state.To != dossier.Owner || l.state.Way != dossier.Counter {
		t.Errorf("to %q by %q", l.state.To, l.state.Way)
	}
	if l := in(t, dossier.Resolved).then(t, by(returnDesk, dossier.ReturnResult{Way: dossier.Post, To: "representative"})); l.state.To != "representative" {
		t.Errorf("to %q", l.state.To)
	}
}

func TestAnImportIsNotBoundByWhoDidWhat(t *testing.T) {
	l := in(t, dossier.Assigned)
	l.then(t, by(importer, dossier.StartAppraisal{}), by(importer, propose.what), by(importer, approve.what), by(importer, dossier.SignResult{}), by(importer, dossier.IssueResult{}))
	if l.state.Status != dossier.Resolved {
		t.Errorf("status %q", l.state.Status)
	}
}

func TestAnImportedStepIsAlwaysAccepted(t *testing.T) {
	for _, from := range dossier.Statuses() {
		l := in(t, from)
		before := l.state
		step := by(importer, dossier.RecordStep{Code: "ext:t02", Activity: "ext:t02-check-confirmation-of-receipt", Resource: "ext:resource01", Group: "ext:group-1", Case: "case-10011", Irregular: "after_end"},
			func(x *dossier.Context) { x.OccurredAt = monday.AddDate(-10, 0, 0) })
		events, err := l.do(step)
		if err != nil || len(events) != 1 {
			t.Fatalf("in %s: %v, %v", from, events, err)
		}
		if got := events[0].Source(); got != (dossier.Source{Activity: "ext:t02-check-confirmation-of-receipt", Resource: "ext:resource01", Group: "ext:group-1", Case: "case-10011"}) {
			t.Errorf("source %+v", got)
		}
		if l.state.Status != before.Status || l.state.LastChange != before.LastChange || l.state.Steps != 1 || l.state.IrregularSteps != 1 {
			t.Errorf("in %s a step moved the dossier: %+v", from, l.state)
		}
	}
}

func TestAnImportedOutcomeEndsTheDossierFromAnyStateButItsEnd(t *testing.T) {
	for _, from := range dossier.Statuses() {
		l := in(t, from)
		_, err := l.do(takeEnd)
		ended := from == dossier.Resolved || from == dossier.Returned || from == dossier.Disposed
		if ended && refusal(err) != "after_end" {
			t.Errorf("in %s: %v, want after_end", from, err)
		}
		if !ended && (err != nil || l.state.Status != dossier.Resolved || l.state.Outcome != dossier.Unknown) {
			t.Errorf("in %s: %v, %q, %q", from, err, l.state.Status, l.state.Outcome)
		}
	}
}

func TestAnImportedDueDateIsKeptAsTheSourceSaysIt(t *testing.T) {
	l := in(t, dossier.Submitted)
	before := l.state.LastChange
	l.then(t, takeDue)
	if l.state.DueSource != dossier.ImportedDeadline || !l.state.Due.Equal(monday.Add(500*time.Hour)) || l.state.LastChange != before {
		t.Errorf("state %+v", l.state)
	}
}

func TestEveryImportedFactSaysWhereItStoodInItsSource(t *testing.T) {
	source := dossier.Source{Activity: "ext:confirmation-of-receipt", Case: "case-10011"}
	events, err := in(t, dossier.Submitted).ask(by(importer, dossier.AcceptDossier{}, func(x *dossier.Context) { x.Source = source }))
	if err != nil || events[0].Source() != source {
		t.Errorf("events %+v, err %v", events, err)
	}
}

func TestAClockALittleBehindNeverRefusesAnActOfNow(t *testing.T) {
	l := in(t, dossier.Submitted)
	x := l.context(accept)
	x.Now = l.state.LastChange.Add(-50 * time.Millisecond)
	if _, err := dossier.Decide(l.state, accept.what, x); err != nil {
		t.Error(err)
	}
	if got := x.When(l.state); !got.Equal(l.state.LastChange) {
		t.Errorf("it is true at %v, want %v", got, l.state.LastChange)
	}
}

func TestARepeatedWishYieldsNothing(t *testing.T) {
	for _, c := range []struct {
		name  string
		given []act
		again act
	}{
		{"the same submission", paths[dossier.Accepted], submit},
		{"the same acceptance, long after", paths[dossier.PendingApproval], accept},
		{"the same refusal of reception", paths[dossier.ReceptionRefusedStatus], refuse},
		{"the same request for a supplement while it is open", paths[dossier.SupplementAtReception], askAtDesk},
		{"the same answer", []act{submit, askAtDesk, supply}, supply},
		{"a part of the same answer", []act{submit, askAtDesk, supply}, supplyHalf},
		{"the same acceptance of the answer", append(slices.Clone(paths[dossier.SupplementRequestedStatus]), supply, takeIn), takeIn},
		{"the same hand-over to the unit", paths[dossier.Appraising], forward},
		{"the officer who has it already, whoever assigns", paths[dossier.Appraising], by(stranger(head), assign.what)},
		{"the same start", paths[dossier.PendingApproval], start},
		{"the same question", paths[dossier.Verifying], askOpinion},
		{"the same answer from a unit", append(slices.Clone(paths[dossier.Verifying]), opinion), opinion},
		{"the same proposal", paths[dossier.Approved], propose},
		{"the same decision, even when the result is out", paths[dossier.Returned], approve},
		{"the same signature", paths[dossier.Resolved], sign},
		{"the same issue", paths[dossier.Returned], issue},
		{"the same hand-over to the applicant", paths[dossier.Returned], handOver},
		{"the same due date", []act{submit, takeDue}, takeDue},
		{"the same outcome", []act{submit, takeEnd}, takeEnd},
		{"an outcome nobody names, after an unknown one", []act{submit, takeEnd}, by(importer, dossier.RecordOutcome{})},
	} {
		events, err := given(t, c.given...).ask(c.again)
		if err != nil || len(events) > 0 {
			t.Errorf("%s: %v, %v, want nothing", c.name, types(events), err)
		}
	}
}

func TestTwoStepsAreTwoSteps(t *testing.T) {
	if l := in(t, dossier.Accepted).then(t, note, note); l.state.Steps != 2 {
		t.Errorf("%d steps", l.state.Steps)
	}
}

func TestSomebodyElsesActIsNotMine(t *testing.T) {
	_, err := in(t, dossier.Approved).ask(by(deputy, approve.what))
	if got := refusal(err); got != "wrong_state" {
		t.Errorf("a second approver is told %q, want that it is decided", got)
	}
}

func TestACommandMadeInGoIsHeldToTheListsToo(t *testing.T) {
	_, err := in(t, dossier.Submitted).ask(by(reception, dossier.RefuseReception{Reason: "because", Basis: "nd-118-2025"}))
	if got := refusal(err); got != "invalid: not_in_list" {
		t.Errorf("got %q", got)
	}
	_, err = given(t).ask(by(domain.Actor{Account: "c", Role: domain.Applicant}, dossier.SubmitDossier{Procedure: "vet-practice-cert-renew", Channel: dossier.Online, Applicant: "0912345678"}))
	if got := refusal(err); got != "invalid: bad_code" {
		t.Errorf("a telephone number as applicant: %q", got)
	}
}

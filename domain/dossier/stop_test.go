package dossier_test

import (
	"testing"
	"time"

	"dossier/domain/calendar"
	"dossier/domain/dossier"
)

func TestARejectedWithdrawalGoesOnWhereItWasAndItsDaysDoNotCount(t *testing.T) {
	for _, from := range []dossier.Status{dossier.Accepted, dossier.Appraising, dossier.Verifying, dossier.PendingApproval, dossier.Approved} {
		l := in(t, from)
		before := l.state
		l.then(t, withdraw)
		if l.state.Status != dossier.WithdrawalRequestedStatus || l.state.Clock.StoppedAt.IsZero() {
			t.Fatalf("from %s: %s, %+v", from, l.state.Status, l.state.Clock)
		}
		l.now = l.now.Add(7 * 24 * time.Hour) // four working days, the 24th is a holiday
		l.then(t, keep)
		if l.state.Status != from || l.state.BackTo != before.BackTo || !l.state.Clock.StoppedAt.IsZero() || len(l.state.Clock.Pauses) != 1 {
			t.Errorf("from %s: back to %s, %+v", from, l.state.Status, l.state.Clock)
		}
		if got := calendar.DateOf(l.state.Due, vietnam.Location()); got.String() != "2026-12-03" || !l.state.Deadline(vietnam).Due.Equal(l.state.Due) {
			t.Errorf("from %s: due %s, counted %s; it was 2026-11-27 and four working days passed", from, got, l.state.Deadline(vietnam).Due)
		}
	}
}

func TestAnAcceptedWithdrawalEndsTheDossier(t *testing.T) {
	l := in(t, dossier.Submitted).then(t, withdraw, letGo)
	if s := l.state; s.Status != dossier.Stopped || s.StoppedReason != dossier.ApplicantWithdrew || !s.Status.Terminal() || s.Status.National() != 8 {
		t.Errorf("%s, %s", s.Status, s.StoppedReason)
	}
}

func TestAWindowThatPassedEndsADossierAsItsStageSays(t *testing.T) {
	l := in(t, dossier.SupplementAtReception).then(t, expire)
	if l.state.Status != dossier.ReceptionRefusedStatus || l.state.RefusalReason != dossier.SupplementExpired {
		t.Errorf("at reception: %s, %s", l.state.Status, l.state.RefusalReason)
	}
	l = in(t, dossier.SupplementRequestedStatus).then(t, expire)
	if l.state.Status != dossier.Stopped || l.state.StoppedReason != dossier.WindowExpired || !l.state.Supplements[0].Expired {
		t.Errorf("in appraisal: %s, %s", l.state.Status, l.state.StoppedReason)
	}
}

func TestAnExtensionMovesTheDateOnceAndKeepsTheOriginal(t *testing.T) {
	l := in(t, dossier.Appraising)
	original := l.state.Due
	l.then(t, askLonger)
	if !l.state.Due.Equal(original) {
		t.Fatal("a proposal moved the date")
	}
	l.then(t, grantMore)
	if s := l.state; !s.Due.Equal(monday.Add(30*24*time.Hour)) || s.DueSource != dossier.ExtendedDeadline || !s.Extension.Original.Equal(original) || s.Recounts(flooded) {
		t.Errorf("due %s (%s), was %s", s.Due, s.DueSource, s.Extension.Original)
	}
	l.then(t, withdraw, keep)
	if !l.state.Due.Equal(monday.Add(30 * 24 * time.Hour)) {
		t.Errorf("a date that was decided moved to %s", l.state.Due)
	}
}

func TestAnExtensionProposedOnTheLastDayIsMarkedLate(t *testing.T) {
	l := in(t, dossier.Appraising)
	l.now = l.state.Due.Add(-time.Hour)
	events, err := l.do(by(officer, dossier.ProposeExtension{Due: monday.Add(30 * 24 * time.Hour), Reason: "complex_case"}))
	if err != nil || !events[0].(dossier.ExtensionProposed).Late {
		t.Errorf("%+v, %v", events, err)
	}
}

func TestReworkGoesBackToTheOfficerAndTheClockGoesOn(t *testing.T) {
	l := in(t, dossier.PendingApproval)
	due := l.state.Due
	l.then(t, rework)
	if s := l.state; s.Status != dossier.Appraising || s.Proposed.Done() || !s.Due.Equal(due) || s.Reworks != 1 {
		t.Errorf("%s, %+v, due %s", s.Status, s.Proposed, s.Due)
	}
	l.then(t, propose, approve)
	if l.state.Status != dossier.Approved {
		t.Errorf("after rework %s", l.state.Status)
	}
}

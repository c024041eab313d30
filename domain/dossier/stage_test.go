package dossier_test

import (
	"testing"
	"time"

	"dossier/domain/dossier"
)

func stageTimers(s dossier.State) (stages []dossier.Timer) {
	for _, t := range s.Timers() {
		if t.Kind == dossier.StageTimer {
			stages = append(stages, t)
		}
	}
	return stages
}

// Given a limit of five working days and then three more, when the dossier is received, then each stage has a date of its own in the event,
// they follow each other, and each is waited for until the dossier lies before who decides.
func TestEachStageOfALimitHasADateAndATimerOfItsOwn(t *testing.T) {
	l := filedUnder(t, "vet-drug-trade-cert", nil).then(t, accept)
	stages := l.state.Clock.Term.Stages
	if len(stages) != 2 || stages[0].Stage != "gd-1" || stages[0].Limit != "5.working_day" || stages[1].Counts != "previous_stage" {
		t.Fatalf("%+v", stages)
	}
	// Received Monday 23 November, Tuesday 24 is a holiday: five working days end on Tuesday 1 December, three more on Friday 4.
	if !stages[0].Due.Equal(endOf26(12, 1)) || !stages[1].Due.Equal(endOf26(12, 4)) {
		t.Errorf("due %v and %v", stages[0].Due, stages[1].Due)
	}
	running := stageTimers(l.state)
	if len(running) != 2 || running[0].Number != 1 || !running[0].Due.Equal(stages[0].Due) || !running[1].From.Equal(stages[0].Due) || running[1].Number != 2 {
		t.Errorf("%+v", running)
	}
	l.then(t, forward, assign, start, by(officer, dossier.SubmitForApproval{Proposal: dossier.Refuse}))
	if last := stageTimers(l.state); len(last) != 1 || last[0].Number != 2 {
		t.Errorf("before the approver: %+v", last)
	}
}

// Given a stage that counts from a remediation, when none was reported, then nothing is waited for; once it was, its limit is to be counted
// from there.
func TestAStageThatCountsFromAnEventIsWaitedForOnceItHasCome(t *testing.T) {
	l := filedUnder(t, "fertilizer-trade-cert", nil).then(t, accept)
	if s := l.state.Clock.Term.Stages; len(s) != 2 || !s[1].Due.IsZero() {
		t.Fatalf("%+v", s)
	}
	if running := stageTimers(l.state); len(running) != 1 {
		t.Errorf("before the remediation: %+v", running)
	}
	s := l.state
	s.Works = append(s.Works, dossier.Work{Number: 1, Kind: dossier.Remediation, FinishedAt: monday.Add(72 * time.Hour)})
	running := stageTimers(s)
	if len(running) != 2 || !running[1].Due.IsZero() || running[1].Limit.String() != "3.working_day" || !running[1].From.Equal(monday.Add(72*time.Hour)) {
		t.Fatalf("%+v", running)
	}
	dated := dossier.Timers(s, &vietnam, "")
	for _, timer := range dated {
		if timer.Kind == dossier.StageTimer && timer.Due.IsZero() {
			t.Errorf("not counted: %+v", timer)
		}
	}
}

// A limit of one stage is the limit itself: nothing more is kept or told.
func TestASingleStageIsTheLimitItself(t *testing.T) {
	l := filedUnder(t, "vet-practice-cert-renew", nil).then(t, accept)
	if len(l.state.Clock.Term.Stages) != 0 || len(stageTimers(l.state)) != 0 {
		t.Errorf("%+v", l.state.Clock.Term)
	}
}

package dossier_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
)

func withTells(c dossier.Command, roles ...dossier.Code) dossier.Command {
	f := c.(dossier.FireTimer)
	f.Tells = roles
	return f
}

// hanoi is where the dates of these tests are read.
var hanoi = time.FixedZone("", 7*60*60)

func when(t dossier.Timer, share int) string {
	at, known := t.At(share, &vietnam)
	if !known {
		return "not known"
	}
	return at.In(hanoi).Format("02/01 15:04:05")
}

func TestTimersFollowFromWhatADossierWaitsFor(t *testing.T) {
	for _, c := range []struct {
		name  string
		given []act
		want  string
	}{
		{"a dossier that has arrived waits eight working hours for an answer", paths[dossier.Submitted], "reception 0: 25/11 14:32:00"},
		{"a request at reception waits for the applicant fifteen days", paths[dossier.SupplementAtReception], "supplement 1: 08/12 23:59:59"},
		{"an answer at reception sets the officer's hours again", append(slices.Clone(paths[dossier.SupplementAtReception]), supply), "reception 0: 25/11 16:32:00"},
		{"half an answer leaves the window open", append(slices.Clone(paths[dossier.SupplementAtReception]), supplyHalf), "supplement 1: 08/12 23:59:59"},
		{"an accepted dossier waits for its result", paths[dossier.Accepted], "processing 0: 27/11 23:59:59"},
		{"so it does while it is forwarded, assigned and appraised", paths[dossier.Appraising], "processing 0: 27/11 23:59:59"},
		{"a question to another unit has a time of its own beside", paths[dossier.Verifying], "processing 0: 27/11 23:59:59, opinion 1: 03/12 14:32:00"},
		{"a supplement in appraisal stops the clock and opens its window", paths[dossier.SupplementRequestedStatus], "supplement 1: 08/12 23:59:59"},
		{"a fee during processing stops the clock and opens its window", paths[dossier.AwaitingPayment], "payment 1: 08/12 23:59:59"},
		{"a withdrawal that is thought over stops everything", paths[dossier.WithdrawalRequestedStatus], ""},
		{"a laboratory has its time", on(dossier.Appraising, test), "processing 0: 27/11 23:59:59, work 1: 03/12 14:32:00"},
		{"what an inspection found is mended in time", on(dossier.Appraising, inspect, mend), "processing 0: 27/11 23:59:59, remediation 2: 08/12 23:59:59"},
		{"a dossier on its way to another agency is taken in within a working day", on(dossier.Submitted, passOn), "reception 0: 25/11 14:32:00, transfer 1: 25/11 23:59:59"},
		{"an error of a paper is put right in three working days", on(dossier.Resolved, findError), "correction 1: 27/11 23:59:59"},
		{"a message that awaits an answer says until when", on(dossier.Resolved, askByNote), "answer 1: 14/02 22:32:00"},
		{"a resolved dossier waits for nothing", paths[dossier.Resolved], ""},
		{"a stopped dossier waits for nothing", paths[dossier.Stopped], ""},
		{"a refused dossier waits for nothing", paths[dossier.ReceptionRefusedStatus], ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, timer := range dossier.Timers(given(t, c.given...).state, &vietnam, "") {
				got = append(got, fmt.Sprintf("%s %d: %s", timer.Kind, timer.Number, when(timer, 100)))
			}
			if text := strings.Join(got, ", "); text != c.want {
				t.Errorf("%s, want %s", text, c.want)
			}
		})
	}
}

func TestSharesOfALimitAreCountedInWorkingTimeForAnAuthorityAndByDayForAnApplicant(t *testing.T) {
	reception := dossier.Timers(in(t, dossier.Submitted).state, &vietnam, "")[0]
	processing := dossier.Timers(in(t, dossier.Accepted).state, &vietnam, "")[0]
	window := dossier.Timers(in(t, dossier.SupplementAtReception).state, &vietnam, "")[0]
	for _, c := range []struct {
		timer dossier.Timer
		share int
		want  string
	}{
		{reception, 25, "23/11 16:32:00"},   // two working hours after 14:32
		{reception, 50, "25/11 08:32:00"},   // four, the last of them on Wednesday from half past seven: Tuesday is Culture Day
		{reception, 100, "25/11 14:32:00"},  // eight
		{reception, 150, "26/11 08:32:00"},  // twelve
		{processing, 100, "27/11 23:59:59"}, // the whole of the third working day
		{window, 100, "08/12 23:59:59"},
	} {
		if got := when(c.timer, c.share); got != c.want {
			t.Errorf("%d %% of %s: %s, want %s", c.share, c.timer.Kind, got, c.want)
		}
	}
	if at, known := window.At(50, &vietnam); !known || !at.Equal(window.From.Add(window.Due.Sub(window.From)/100*50).Truncate(time.Microsecond)) {
		t.Errorf("half of an applicant's window is at %v", at)
	}
}

func TestWithoutACalendarOnlyWhatStandsInTheFactsIsDated(t *testing.T) {
	s := in(t, dossier.Submitted).state
	if timers := dossier.Timers(s, nil, ""); len(timers) != 1 || !timers[0].Due.IsZero() {
		t.Errorf("a reception check without a calendar: %+v", timers)
	}
	l := in(t, dossier.Verifying)
	for _, timer := range dossier.Timers(l.state, &calendar.Calendar{}, "") {
		if _, known := timer.At(50, nil); known || timer.Due.IsZero() {
			t.Errorf("%s without a calendar: due %v, half of it known: %v", timer.Kind, timer.Due, known)
		}
		if at, known := timer.At(100, nil); !known || !at.Equal(timer.Due) {
			t.Errorf("%s without a calendar is due %v", timer.Kind, at)
		}
	}
}

// firing is what a timekeeper would send for a share.
func firing(timer dossier.Timer, share int) act {
	return by(timers, dossier.FireTimer{
		Timer: timer.Kind, Number: timer.Number, Notice: dossier.NoticeDueSoon, Share: share, Due: timer.Due, Tells: []dossier.Code{"division_head"}, Rule: "default",
	}, under(&vietnam))
}

func TestAShareIsToldOnceAndInOrder(t *testing.T) {
	l := in(t, dossier.Accepted)
	timer := dossier.Timers(l.state, &vietnam, "")[0]
	l.now = timer.Due.Add(-time.Hour)
	for _, c := range []struct {
		share, facts int
	}{{50, 1}, {50, 0}, {80, 1}, {50, 0}, {80, 0}} {
		events, err := l.do(firing(timer, c.share))
		if err != nil || len(events) != c.facts {
			t.Fatalf("%d %%: %v, %v", c.share, types(events), err)
		}
	}
	e := l.facts[len(l.facts)-1].Event.(dossier.TimerFired)
	if at, _ := timer.At(80, &vietnam); !e.At.Equal(at) || e.Basis != "nd-118-2025.19.6" || e.Unit != "mot-cua" {
		t.Errorf("told %+v", e)
	}
	if l.state.Status != dossier.Accepted || !l.state.LastChange.Before(timer.Due.Add(-time.Hour)) {
		t.Errorf("telling moved the dossier: %s, %v", l.state.Status, l.state.LastChange)
	}
	l.now = timer.Due.Add(48 * time.Hour)
	if events, err := l.do(firing(timer, 100)); err != nil || len(events) != 1 {
		t.Errorf("overdue: %v, %v", types(events), err)
	}
}

func TestATimerThatTheDossierHasLeftBehindIsNothing(t *testing.T) {
	l := in(t, dossier.Accepted)
	timer := dossier.Timers(l.state, &vietnam, "")[0]
	for _, a := range []act{forward, assign, start, propose, approve, sign, number, issue} {
		l.then(t, a)
	}
	l.now = timer.Due.Add(time.Hour)
	if events, err := l.do(firing(timer, 100)); err != nil || len(events) > 0 {
		t.Errorf("a resolved dossier: %v, %v", types(events), err)
	}
	m := in(t, dossier.Accepted)
	moved := timer
	moved.Due = timer.Due.Add(time.Hour)
	m.now = timer.Due.Add(2 * time.Hour)
	if events, err := m.do(firing(moved, 100)); err != nil || len(events) > 0 {
		t.Errorf("another date: %v, %v", types(events), err)
	}
}

func TestAfterAnExtensionOnlyWhatLiesAheadIsToldAgain(t *testing.T) {
	l := in(t, dossier.Appraising)
	old := dossier.Timers(l.state, &vietnam, "")[0]
	l.now = old.Due.Add(-34 * time.Hour)
	l.then(t, firing(old, 50), askLonger, grantMore)
	timer := dossier.Timers(l.state, &vietnam, "")[0]
	for share := 1; share <= 150; share++ {
		at, known := timer.At(share, &vietnam)
		told, _ := old.At(50, &vietnam)
		if !known || l.state.Owes(timer, share, at) != at.After(told) {
			t.Fatalf("%d %% of the new limit at %v, told of the old one at %v", share, at, told)
		}
	}
}

func TestOnlyTheMachineTells(t *testing.T) {
	l := in(t, dossier.Accepted)
	timer := dossier.Timers(l.state, &vietnam, "")[0]
	l.now = timer.Due.Add(time.Hour)
	a := firing(timer, 100)
	a.who = lead
	if _, err := l.ask(a); refusal(err) != "not_allowed" {
		t.Errorf("%v", err)
	}
}

// TestLawSharesAscend holds for every timer of every life: a larger share is never used up earlier, none before its start, and the whole
// exactly when it is due.
func TestLawSharesAscend(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := anyLife(t, nil)
		for _, timer := range dossier.Timers(l.state, &vietnam, "") {
			last := timer.From
			for _, share := range []int{1, 25, 50, 80, 99, 100, 101, 120, 200} {
				at, known := timer.At(share, &vietnam)
				if !known {
					continue // beyond the published years
				}
				if at.Before(last) || share == 100 && !at.Equal(timer.Due) {
					t.Fatalf("%s from %v due %v: %d %% at %v, less than that at %v", timer.Kind, timer.From, timer.Due, share, at, last)
				}
				last = at
			}
		}
	})
}

func TestAnImportedHistoryHasTimersOfItsOwnDates(t *testing.T) {
	l := given(t, by(importer, submit.what), by(importer, accept.what), takeDue)
	timers := dossier.Timers(l.state, &vietnam, "")
	if len(timers) != 1 || !timers[0].Due.Equal(monday.Add(500*time.Hour)) || l.state.Origin != domain.Imported {
		t.Errorf("%+v", timers)
	}
}

package dossier_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"dossier/domain/calendar"
	"dossier/domain/dossier"
)

// dueDay is the due date as a receipt shows it.
func dueDay(l *life) string {
	if l.state.Due.IsZero() {
		return "unknown"
	}
	return calendar.DateOf(l.state.Due, vietnam.Location()).String()
}

func TestAcceptanceSetsTheDueDateByTheLimitOfTheProcedure(t *testing.T) {
	l := in(t, dossier.Accepted) // Monday 23 November, three working days, the 24th is a holiday
	if got := dueDay(l); got != "2026-11-27" || l.state.DueSource != dossier.ComputedDeadline {
		t.Errorf("due %s (%s)", got, l.state.DueSource)
	}
	if c := l.state.Clock.Term; c.Calendar != "vn" || int64(c.CalendarVersion) != vietnam.Version || c.Limits[0] != "3.working_day" {
		t.Errorf("term %+v", c)
	}
}

func TestACompleteSupplementCountsTheWholeLimitAgainFromItsArrival(t *testing.T) {
	l := given(t, paths[dossier.SupplementRequestedStatus]...)
	if dueDay(l) != "2026-11-27" {
		t.Fatalf("while it waits the old date stands: %s", dueDay(l))
	}
	l.now = l.now.Add(72 * time.Hour) // Thursday
	l.then(t, supply)
	l.now = l.now.Add(24 * time.Hour)
	events, err := l.do(takeIn)
	if err != nil {
		t.Fatal(err)
	}
	restarted := events[1].(dossier.ClockRestarted)
	if dueDay(l) != "2026-12-01" || calendar.DateOf(restarted.OldDue, vietnam.Location()).String() != "2026-11-27" {
		t.Errorf("due %s, was %s", dueDay(l), restarted.OldDue)
	}
}

func TestWithoutACalendarOrItsYearADossierIsAcceptedAndItsDueDateUnknown(t *testing.T) {
	noCalendar := func(x *dossier.Context) { x.Calendar = nil }
	l := given(t, submit, by(reception, dossier.AcceptDossier{}, noCalendar))
	if dueDay(l) != "unknown" || l.state.Status != dossier.Accepted || l.state.Clock.Term.MissingYear != 2026 {
		t.Fatalf("due %s, %+v", dueDay(l), l.state.Clock.Term)
	}
	// The calendar comes, and the date with it.
	events, err := l.do(by(timers, dossier.RecomputeDeadline{}, under(&vietnam)))
	if err != nil || dueDay(l) != "2026-11-27" || events[0].(dossier.DeadlineRecomputed).Reason != dossier.CalendarPublished {
		t.Fatalf("due %s, %v, %v", dueDay(l), events, err)
	}
	// Counted once, there is nothing more to do.
	if events, err := l.do(by(timers, dossier.RecomputeDeadline{}, under(&vietnam))); err != nil || len(events) > 0 {
		t.Errorf("again: %v, %v", events, err)
	}
}

func TestAChangedCalendarMovesTheDateOnlyByAFactOfItsOwn(t *testing.T) {
	l := in(t, dossier.Appraising)
	if !l.state.Recounts(flooded) {
		t.Fatal("three days of November went, and the date would stay")
	}
	events, err := l.do(recount)
	if err != nil || dueDay(l) != "2026-12-02" || l.state.Status != dossier.Appraising {
		t.Fatalf("due %s, %v", dueDay(l), err)
	}
	e := events[0].(dossier.DeadlineRecomputed)
	if e.Reason != dossier.CalendarChanged || calendar.DateOf(e.OldDue, vietnam.Location()).String() != "2026-11-27" || l.state.Recounts(flooded) {
		t.Errorf("%+v", e)
	}
	imported := in(t, dossier.Appraising).then(t, takeDue)
	if imported.state.Recounts(flooded) {
		t.Error("a date that was taken over would be counted")
	}
}

// Whatever a dossier lives through, counting again over the version of the calendar that its last clock event names gives the
// date it bears.
func TestLawTheDueDateIsAFunctionOfTheFactsAndOfTheCalendarTheyName(t *testing.T) {
	byVersion := map[int]calendar.Calendar{int(vietnam.Version): vietnam, int(flooded.Version): flooded}
	dated := 0
	rapid.Check(t, func(t *rapid.T) {
		l := anyLife(t, nil)
		s := l.state
		if s.DueSource != dossier.ComputedDeadline {
			return
		}
		dated++
		c, known := byVersion[s.Clock.Term.CalendarVersion]
		if got := s.Deadline(c); !known || !got.Due.Equal(s.Due) {
			t.Fatalf("version %d: counted %s, the dossier bears %s", s.Clock.Term.CalendarVersion, got.Due, s.Due)
		}
	})
	if dated == 0 {
		t.Error("no life had a due date")
	}
}

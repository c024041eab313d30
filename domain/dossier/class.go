package dossier

import "time"

// Class is how a dossier stands to its limit. It is read from the facts and the clock, never stored.
type Class string

// The classes of the statutory report: finished early, on time or overdue by the time at which the result was ready, not by its return;
// in progress within the limit or past it. A dossier without a due date, or that ended without a result, has none.
const (
	NoClass Class = ""
	Early   Class = "early"
	OnTime  Class = "on_time"
	Overdue Class = "overdue"
	Within  Class = "within"
	Soon    Class = "due_soon"
	Past    Class = "past_due"
)

// Classes lists them.
func Classes() []Class { return []Class{Early, OnTime, Overdue, Within, Soon, Past} }

// Class compares with the date that counts: the extended one where there is one. No apology ever changes it.
func (s State) Class(now time.Time) Class { return s.against(s.Due, now) }

// OriginalClass compares with the first date, which reports keep beside the extended one.
func (s State) OriginalClass(now time.Time) Class {
	if s.Extension.Original.IsZero() {
		return s.Class(now)
	}
	return s.against(s.Extension.Original, now)
}

func (s State) against(due, now time.Time) Class {
	switch {
	case due.IsZero():
		return NoClass
	case s.Resolved.Done():
		return finished(s.Resolved.At, due)
	case s.Status.Ended() || !s.Exists():
		return NoClass
	case !s.Clock.StoppedAt.IsZero():
		return Within // nothing is due while the clock stands still
	case now.After(due):
		return Past
	case now.After(due.Add(-soon)):
		return Soon
	}
	return Within
}

// finished is early on an earlier day than the due one (policy); the due day counts to its end.
func finished(ready, due time.Time) Class {
	switch {
	case ready.After(due):
		return Overdue
	case dayOf(ready) < dayOf(due):
		return Early
	}
	return OnTime
}

func dayOf(t time.Time) string { return t.In(hanoi).Format(time.DateOnly) }

package dossier

import (
	"slices"
	"time"

	"dossier/domain/calendar"
)

// Term is the limit that a clock event sets running and when it ends. The date stands in the event, so nobody has to count to
// know it; whoever does count, over the calendar version named here, finds the same (State.Deadline).
type Term struct {
	Limits          []Code      `json:"limits,omitempty"` // one after the other: "15.working_day"
	Policy          CountPolicy `json:"policy,omitempty"`
	Calendar        Code        `json:"calendar,omitempty"`
	CalendarVersion int         `json:"calendar_version,omitempty"`
	Agency          Code        `json:"agency,omitempty"` // whose hours are counted
	Due             time.Time   `json:"due,omitzero"`     // the last moment in time; missing: not known
	MissingYear     int         `json:"missing_year,omitempty" range:"1900-2200"`
	Provisional     bool        `json:"provisional,omitempty"`
	Assumed         bool        `json:"assumed,omitempty"`
	Stages          []StageTerm `json:"stages,omitempty"` // the named parts of the limit, where there are several
}

// CountPolicy is how working days are counted.
type CountPolicy string

func (CountPolicy) values() []string {
	return []string{string(calendar.WholeDays), string(calendar.FromInstant)}
}

// term counts the limit that the dossier's procedure gives under its facts from a moment. Without a limit, a calendar or one of its years the due date
// stays unknown, and no act waits for it.
func (q question) term(from time.Time) Term {
	v, c := q.x.Procedure, q.x.Calendar
	if v == nil {
		return Term{}
	}
	held := q.holding()
	limits := v.LimitsUnder(func(fact string) bool { return has(held, fact) })
	if len(limits) == 0 {
		return Term{}
	}
	t := Term{Policy: CountPolicy(v.Policy), Agency: Code(q.s.FiledAt)}
	if q.x.HoursOf != "" {
		t.Agency = q.x.HoursOf
	}
	for _, l := range limits {
		t.Limits = append(t.Limits, Code(l.String()))
	}
	t.Stages = stagesOf(v, held)
	if c == nil || !c.Exists() {
		t.MissingYear = from.In(hanoi).Year()
		return t
	}
	return t.over(*c, from, nil)
}

// resumed is the limit after a withdrawal that is rejected; one that does not run then has no term.
func (q question) resumed() Term {
	if !q.s.goesOn() {
		return Term{}
	}
	return q.onward()
}

// onward counts the limit on after it stood still.
func (q question) onward() Term {
	t := q.s.Clock.Term
	if len(t.Limits) == 0 {
		return Term{}
	}
	if q.x.Calendar == nil || !q.x.Calendar.Exists() {
		t.Due, t.MissingYear = time.Time{}, q.at.In(hanoi).Year()
		t.Stages = undated(t.Stages)
		return t
	}
	pauses := append(slices.Clone(q.s.Clock.Pauses), calendar.Pause{From: q.s.Clock.StoppedAt, To: q.at})
	return t.over(*q.x.Calendar, q.s.Clock.From(), pauses)
}

// over dates the term by a calendar.
func (t Term) over(c calendar.Calendar, from time.Time, pauses []calendar.Pause) Term {
	n := t.count(c, from, pauses)
	t.Calendar, t.CalendarVersion = Code(c.Code), int(c.Version)
	t.Due, t.MissingYear, t.Provisional, t.Assumed = instant(n.Due), n.Missing, n.Provisional, n.Assumed
	t.Stages = t.dated(c, from, pauses)
	return t
}

func (t Term) count(c calendar.Calendar, from time.Time, pauses []calendar.Pause) calendar.Count {
	var limits []calendar.Limit
	for _, code := range t.Limits {
		if l, ok := calendar.ParseLimit(string(code)); ok {
			limits = append(limits, l)
		}
	}
	return c.CountAll(string(t.Agency), from, limits, calendar.Policy(t.Policy), pauses...)
}

// Deadline counts the running limit over a calendar, with the way that leads to the date. Over the version that the last clock event
// names it is the date that the dossier bears.
func (s State) Deadline(c calendar.Calendar) calendar.Count {
	return s.Clock.Term.count(c, s.Clock.From(), s.Clock.Pauses)
}

// recounted is the running term over the calendar as it is now.
func (q question) recounted() Term {
	return q.s.Clock.Term.over(*q.x.Calendar, q.s.Clock.From(), q.s.Clock.Pauses)
}

// recounts says whether the calendar as it is now gives another date than the one that stands.
func (q question) recounts() bool { return q.x.Calendar != nil && q.s.Recounts(*q.x.Calendar) }

// Recounts says whether a calendar, as it is now, gives another due date than the one the dossier bears. A date that was taken over
// stands, and so does one whose clock does not run.
func (s State) Recounts(c calendar.Calendar) bool {
	t := s.Clock.Term
	if len(t.Limits) == 0 || s.DueSource == ImportedDeadline || s.DueSource == ExtendedDeadline || !slices.Contains(running, s.Status) || !s.Clock.StoppedAt.IsZero() || int64(t.CalendarVersion) >= c.Version {
		return false
	}
	now := t.over(c, s.Clock.From(), s.Clock.Pauses)
	return !now.Due.Equal(s.Due) || now.Provisional != t.Provisional || now.Assumed != t.Assumed
}

func (q question) recomputeReason() RecomputeReason {
	if q.s.Clock.Term.MissingYear > 0 {
		return CalendarPublished
	}
	return CalendarChanged
}

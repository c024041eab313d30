package calendar

import (
	"slices"
	"time"
)

// workingDay is the length of a day when a limit in days is counted from an instant.
const workingDay = 8 // hours

// Count finds when a limit ends that begins at a moment, for an agency. It never guesses over a year that is not published.
func (c Calendar) Count(agency string, from time.Time, l Limit, p Policy, pauses ...Pause) Count {
	w := &walk{c: c, agency: agency, loc: c.Location(), from: from, pauses: pauses}
	w.Stopped = slices.ContainsFunc(pauses, func(p Pause) bool { return p.To.IsZero() })
	switch {
	case l.Unit == Hours24:
		w.hours(time.Duration(l.Value) * time.Hour)
	case l.Unit == WorkingHours:
		w.workingHours(time.Duration(l.Value) * time.Hour)
	case l.Unit == WorkingDays && p == FromInstant:
		w.workingHours(time.Duration(l.Value*workingDay) * time.Hour)
	case l.Unit == WorkingDays:
		w.workingDays(l.Value)
	case l.Unit == CalendarDays:
		w.calendarDays(l.Value)
	case l.Unit == Months:
		w.months(l.Value)
	case l.Unit == SameDay:
		w.start(lawLastDay)
		w.land(DateOf(from, w.loc), 0, "")
	}
	if w.Stopped {
		w.Due, w.Closes = time.Time{}, time.Time{}
	}
	return w.Count
}

// CountAll counts limits one after the other, each from the end of the one before, as a law does that gives 15 days to one office
// and then 5 working days to another.
func (c Calendar) CountAll(agency string, from time.Time, limits []Limit, p Policy, pauses ...Pause) Count {
	var all Count
	for _, l := range limits {
		n := c.Count(agency, from, l, p, pauses...)
		n.Provisional, n.Assumed = n.Provisional || all.Provisional, n.Assumed || all.Assumed
		n.Steps = append(all.Steps, n.Steps...)
		if all = n; !n.Known() {
			break
		}
		from = n.Due
	}
	return all
}

// walk goes from day to day and notes what each one does.
type walk struct {
	Count
	c      Calendar
	agency string
	loc    *time.Location
	from   time.Time
	pauses []Pause
}

func (w *walk) start(law string) {
	w.note(w.c.Judge(w.agency, DateOf(w.from, w.loc)), Starts, 0, 0, law)
}

func (w *walk) note(v Verdict, effect Effect, n int, worked time.Duration, law string) {
	w.Steps = append(w.Steps, Step{v, effect, n, worked, law})
}

// look judges a day that matters to the count; false when its year is not published.
func (w *walk) look(d Date) (Verdict, bool) {
	v := w.c.Judge(w.agency, d)
	if v.Reason == NotKnown {
		w.Missing = d.Year()
		w.note(v, Skipped, 0, 0, "")
		return v, false
	}
	w.Provisional = w.Provisional || v.Provisional
	w.Assumed = w.Assumed || v.Certainty == FromMemory
	return v, true
}

// workingDays counts whole working days from the next one on.
func (w *walk) workingDays(n int) {
	w.start(lawNextDay)
	for d, counted := DateOf(w.from, w.loc)+1, 0; ; d++ {
		v, known := w.look(d)
		switch {
		case !known:
			return
		case !v.Works():
			w.note(v, Skipped, counted, 0, "")
			continue
		case w.rests(d):
			w.note(v, Paused, counted, 0, "")
			continue
		}
		if counted++; counted < n {
			w.note(v, Counts, counted, 0, "")
			continue
		}
		w.end(v, counted, lawLastDay)
		return
	}
}

// calendarDays counts every day from the next one on; a last day of rest moves.
func (w *walk) calendarDays(n int) {
	w.start(lawNextDay)
	d := DateOf(w.from, w.loc)
	for counted := 0; counted < n; {
		if d++; w.rests(d) {
			w.note(w.c.Judge(w.agency, d), Paused, counted, 0, "")
			continue
		}
		if counted++; counted < n {
			w.note(w.c.Judge(w.agency, d), Counts, counted, 0, "")
		}
	}
	w.land(d, n, lawLastDay)
}

// months ends on the matching day of the month, or on its last day; the days of pauses come on top.
func (w *walk) months(n int) {
	w.start(lawMonths)
	first := DateOf(w.from, w.loc)
	y, m, day := first.utc().Date()
	end := On(y, m+time.Month(n), 1)
	lastOfMonth := On(y, m+time.Month(n)+1, 1) - 1
	end = min(end+Date(day)-1, lastOfMonth)
	for d := first + 1; d <= end; d++ {
		if w.rests(d) {
			w.note(w.c.Judge(w.agency, d), Paused, 0, 0, "")
			end++
		}
	}
	w.land(end, n, lawMonths)
}

// land ends on a day if it is a working day, else on the next one.
func (w *walk) land(d Date, n int, law string) {
	for first := true; ; d, first = d+1, false {
		v, known := w.look(d)
		switch {
		case !known:
			return
		case v.Works() && first:
			w.end(v, n, law)
			return
		case v.Works():
			w.end(v, n, lawMoved)
			return
		case first:
			w.note(v, Lands, n, 0, law)
		default:
			w.note(v, Moved, n, 0, lawMoved)
		}
	}
}

// end is the due day: the whole of it is in time, and its working hours are what people are told.
func (w *walk) end(v Verdict, n int, law string) {
	w.note(v, Ends, n, 0, law)
	w.Due = v.Date.End(w.loc)
	w.Closes = v.Date.At(v.Hours[len(v.Hours)-1].To, w.loc)
}

// rests says whether a whole day stands in a pause: the days after the one on which it began, up to the one on which it ended.
func (w *walk) rests(d Date) bool {
	return slices.ContainsFunc(w.pauses, func(p Pause) bool {
		return !p.To.IsZero() && d > DateOf(p.From, w.loc) && d <= DateOf(p.To, w.loc)
	})
}

// hours lets time pass by day and night.
func (w *walk) hours(left time.Duration) {
	w.start(lawHours)
	w.Due = w.from.Add(left)
	for _, p := range w.pauses {
		if !p.To.IsZero() && p.From.Before(w.Due) {
			w.Due = w.Due.Add(later(p.To, w.from).Sub(later(p.From, w.from))) // nothing for one that was over before
		}
	}
	w.Closes = w.Due
	w.note(w.c.Judge(w.agency, DateOf(w.Due, w.loc)), Ends, 0, 0, lawHours)
}

// workingHours counts the time in which the authority works, from the moment on.
func (w *walk) workingHours(left time.Duration) {
	w.start(lawHours)
	for d := DateOf(w.from, w.loc); ; d++ {
		v, known := w.look(d)
		if !known {
			return
		}
		if !v.Works() {
			w.note(v, Skipped, 0, 0, "")
			continue
		}
		worked, at := w.work(v, left)
		if left -= worked; left > 0 {
			w.note(v, effectOf(worked), 0, worked, "")
			continue
		}
		w.note(v, Ends, 0, worked, lawHours)
		w.Due, w.Closes = at, at
		return
	}
}

func effectOf(worked time.Duration) Effect {
	if worked == 0 {
		return Paused // before the start, after hours, or in a pause
	}
	return Counts
}

// work counts the working time of a day that is after the start and in no pause, at most what is left, and says when that was used up.
func (w *walk) work(v Verdict, left time.Duration) (worked time.Duration, at time.Time) {
	for _, s := range v.Hours {
		from, to := later(v.Date.At(s.From, w.loc), w.from), v.Date.At(s.To, w.loc)
		for from.Before(to) {
			until := to
			if p, in := w.pausedAt(from); in {
				from = p.To
				continue
			}
			for _, p := range w.pauses { // the next pause cuts the span
				if !p.To.IsZero() && p.From.After(from) && p.From.Before(until) {
					until = p.From
				}
			}
			if span := until.Sub(from); span >= left-worked {
				return left, from.Add(left - worked)
			}
			worked += until.Sub(from)
			from = until
		}
	}
	return worked, time.Time{}
}

func (w *walk) pausedAt(t time.Time) (Pause, bool) {
	for _, p := range w.pauses {
		if !p.To.IsZero() && !t.Before(p.From) && t.Before(p.To) {
			return p, true
		}
	}
	return Pause{}, false
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

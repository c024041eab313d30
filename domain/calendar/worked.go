package calendar

import (
	"time"
)

// Worked is how much working time an agency has between two moments, without what lies in pauses; false where a year is not published.
func (c Calendar) Worked(agency string, from, to time.Time, pauses ...Pause) (worked time.Duration, known bool) {
	w := &walk{c: c, agency: agency, loc: c.Location(), from: from, pauses: append(closed(pauses), Pause{From: to, To: to.AddDate(1, 0, 0)})}
	for d, last := DateOf(from, w.loc), DateOf(to, w.loc); d <= last; d++ {
		v := c.Judge(agency, d)
		if v.Reason == NotKnown {
			return 0, false
		}
		if v.Works() {
			spent, _ := w.work(v, 24*time.Hour)
			worked += spent
		}
	}
	return worked, true
}

// After is the moment at which an agency has worked so long since another one, without pauses; false where a year is not published.
func (c Calendar) After(agency string, from time.Time, worked time.Duration, pauses ...Pause) (at time.Time, known bool) {
	if worked <= 0 {
		return from, true
	}
	w := &walk{c: c, agency: agency, loc: c.Location(), from: from, pauses: closed(pauses)}
	for d := DateOf(from, w.loc); ; d++ {
		v := c.Judge(agency, d)
		switch {
		case v.Reason == NotKnown:
			return time.Time{}, false
		case !v.Works():
			continue
		}
		spent, at := w.work(v, worked)
		if worked -= spent; worked <= 0 {
			return at, true
		}
	}
}

// closed leaves out a pause that has no end yet: nothing is known of what follows it.
func closed(pauses []Pause) []Pause {
	all := make([]Pause, 0, len(pauses)+1)
	for _, p := range pauses {
		if !p.To.IsZero() {
			all = append(all, p)
		}
	}
	return all
}

// Package calendar says which days and hours an authority works, from dated data with sources, and counts limits over them so
// that every date can be explained day by day.
//
// A calendar is a stream: its version names what was known of all years and hours at that moment. A year that is not published
// is never guessed: what would be counted over it is unknown.
package calendar

import (
	"cmp"
	"maps"
	"slices"
	"time"
	_ "time/tzdata" // zones are data of the program, not of the machine
)

// Calendar is what the facts of one calendar amount to. It is never changed: Evolve returns another.
type Calendar struct {
	Code    string
	Version int64
	Zone    string
	Hours   []Hours // in the order of their From, the later of equal ones last
	Years   map[int]Year
	loc     *time.Location
}

// Hours are the working hours of an agency from a day on; of all agencies that have none of their own when Agency is empty.
type Hours struct {
	Agency string
	From   Date
	Week   Week
}

// Year is one published year: the days on which it differs from the week.
type Year struct {
	Provisional bool
	Basis       string // the notice or law, as a code
	Days        map[Date]Day
}

// Fold is the calendar after these facts, in the order of their versions.
func Fold(facts []Fact) Calendar {
	var c Calendar
	for _, f := range facts {
		c = Evolve(c, f)
	}
	return c
}

// Fact is an event in its place.
type Fact struct {
	Version int64
	Event   Event
}

// Evolve is the calendar after one more fact.
func Evolve(c Calendar, f Fact) Calendar {
	c.Version = f.Version
	switch e := f.Event.(type) {
	case Opened:
		c.Code, c.Zone = e.Code, e.Zone
		c.loc, _ = location(e.Zone) // Decide has looked; without one, times are read as UTC
	case HoursSet:
		c.Hours = append(slices.Clone(c.Hours), Hours{e.Agency, e.From, e.Week})
		slices.SortStableFunc(c.Hours, func(a, b Hours) int { return cmp.Compare(a.From, b.From) })
	case YearPublished:
		days := make(map[Date]Day, len(e.Days))
		for _, d := range e.Days {
			days[d.Date] = d
		}
		c.Years = maps.Clone(c.Years)
		if c.Years == nil {
			c.Years = map[int]Year{}
		}
		c.Years[e.Year] = Year{e.Status == Provisional, e.Basis, days}
	}
	return c
}

// YearsKnown lists the published years in order.
func (c Calendar) YearsKnown() []int { return slices.Sorted(maps.Keys(c.Years)) }

// Listed is the days on which the year differs from the week, in order.
func (y Year) Listed() []Day {
	var days []Day
	for _, date := range slices.Sorted(maps.Keys(y.Days)) {
		days = append(days, y.Days[date])
	}
	return days
}

// Text writes the week as files have it: {"mon": ["07:00-11:30", "13:30-17:00"]}.
func (w Week) Text() map[string][]string {
	text := map[string][]string{}
	for day, spans := range w {
		for _, s := range spans {
			text[weekdays[day]] = append(text[weekdays[day]], s.From.String()+"-"+s.To.String())
		}
	}
	return text
}

// Exists says whether the calendar has been opened.
func (c Calendar) Exists() bool { return c.Version > 0 }

// Location is the zone in which the calendar's days begin and end.
func (c Calendar) Location() *time.Location {
	if c.loc == nil {
		return time.UTC
	}
	return c.loc
}

func location(zone string) (*time.Location, error) { return time.LoadLocation(zone) }

// week is the working week of an agency on a day.
func (c Calendar) week(agency string, d Date) Week {
	var own, all Week
	found := false
	for _, h := range c.Hours {
		switch {
		case h.From > d:
			continue
		case h.Agency == agency && agency != "":
			own, found = h.Week, true
		case h.Agency == "":
			all = h.Week
		}
	}
	if found {
		return own
	}
	return all
}

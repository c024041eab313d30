package calendar

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limit is a length of time that the law gives.
type Limit struct {
	Value int  `json:"value"`
	Unit  Unit `json:"unit"`
}

// Unit is what a limit is counted in.
type Unit string

// The units. Hours pass by day and night (Civil Code, Article 147.1); working hours only while the authority works.
const (
	WorkingDays  Unit = "working_day"
	CalendarDays Unit = "calendar_day"
	Hours24      Unit = "hour"
	WorkingHours Unit = "working_hour"
	Months       Unit = "month"
	SameDay      Unit = "same_day"
)

// Valid says whether the limit can be counted: a known unit, and more than nothing of it.
func (l Limit) Valid() bool {
	return l.Value > 0 && l.Value <= 10_000 && slices.Contains([]Unit{WorkingDays, CalendarDays, Hours24, WorkingHours, Months, SameDay}, l.Unit)
}

// String writes "3.working_day"; ParseLimit is its inverse.
func (l Limit) String() string { return fmt.Sprintf("%d.%s", l.Value, l.Unit) }

// ParseLimit reads "3.working_day".
func ParseLimit(s string) (Limit, bool) {
	value, unit, _ := strings.Cut(s, ".")
	n, err := strconv.Atoi(value)
	l := Limit{n, Unit(unit)}
	return l, err == nil && l.Valid()
}

// Policy is how working days are counted; a procedure's version says which.
type Policy string

// WholeDays counts from the next working day, and the last day counts to its end (Civil Code, Articles 147.2 and 148.6). FromInstant
// counts eight working hours for a day from the very moment.
const (
	WholeDays   Policy = "whole_days"
	FromInstant Policy = "from_instant"
)

// Pause is a time in which the clock stands still. With an open end (zero) nothing is due.
type Pause struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to,omitzero"`
}

// Count is a due date with the way that leads to it.
type Count struct {
	Due         time.Time // the last moment that is on time; zero while the clock stands still or a year is missing
	Closes      time.Time // what a receipt shows: the end of working hours on the due day, or the very moment
	Missing     int       // the first year without a calendar that would have to be counted over, 0 for none
	Stopped     bool      // the clock stands still now
	Provisional bool      // it was counted over a year that is only expected
	Assumed     bool      // it was counted over a day that no source confirms
	Steps       []Step
}

// Known says whether there is a due date.
func (c Count) Known() bool { return !c.Due.IsZero() }

// Effect is what a day does for a count.
type Effect string

// The effects, in the order in which they appear.
const (
	Starts  Effect = "starts"  // the limit begins here; the day itself does not count, unless hours are counted
	Counts  Effect = "counts"  // the day, or part of it, counts
	Skipped Effect = "skipped" // a day on which nobody works
	Paused  Effect = "paused"  // the clock stands still
	Lands   Effect = "lands"   // the last day by the calendar, months or days
	Moved   Effect = "moved"   // not a working day: the end moves on
	Ends    Effect = "ends"    // the due date
)

// Step is one day of a derivation.
type Step struct {
	Verdict
	Effect Effect
	N      int           // days counted up to and including this one
	Worked time.Duration // working time counted on this day, when hours are counted
	Law    string        // the article, as a code
}

// The articles a count rests on.
const (
	lawHours   = "blds-91-2015.147.1" // a term in hours begins at the moment
	lawNextDay = "blds-91-2015.147.2" // a term in days begins on the next day
	lawMonths  = "blds-91-2015.148.3" // a term in months ends on the matching day, or the month's last
	lawMoved   = "blds-91-2015.148.5" // a last day of rest moves to the end of the next working day
	lawLastDay = "blds-91-2015.148.6" // the last day ends at 24:00
)

package calendar_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"dossier/domain/calendar"
)

// The reference counts minute by minute and day by day, slowly and obviously, and knows nothing of spans or derivations.
type reference struct {
	c calendar.Calendar
}

func (r reference) worksAt(t time.Time) bool {
	d := calendar.DateOf(t, r.c.Location())
	for _, s := range r.c.Judge("", d).Hours {
		if !t.Before(d.At(s.From, r.c.Location())) && t.Before(d.At(s.To, r.c.Location())) {
			return true
		}
	}
	return false
}

func (r reference) workingMinutes(from time.Time, minutes int, pauses []calendar.Pause) time.Time {
	t := from
	for left := minutes; ; t = t.Add(time.Minute) {
		if left == 0 {
			return t
		}
		if r.worksAt(t) && !in(pauses, t) {
			left--
		}
	}
}

func in(pauses []calendar.Pause, t time.Time) bool {
	for _, p := range pauses {
		if !t.Before(p.From) && t.Before(p.To) {
			return true
		}
	}
	return false
}

func (r reference) workingDays(from time.Time, days int, pauses []calendar.Pause) calendar.Date {
	loc := r.c.Location()
	d := calendar.DateOf(from, loc)
	for days > 0 {
		d++
		rests := false
		for _, p := range pauses {
			rests = rests || d > calendar.DateOf(p.From, loc) && d <= calendar.DateOf(p.To, loc)
		}
		if r.c.Judge("", d).Works() && !rests {
			days--
		}
	}
	return d
}

func (r reference) landing(d calendar.Date) calendar.Date {
	for !r.c.Judge("", d).Works() {
		d++
	}
	return d
}

var anyMoment = rapid.Custom(func(t *rapid.T) time.Time {
	minute := rapid.IntRange(0, 365*24*60).Draw(t, "minute of the two years")
	return time.Date(2025, 3, 1, 0, minute, 0, 0, time.FixedZone("", 7*60*60))
})

// anyPauses begins after from, in order and apart from each other.
func anyPauses(t *rapid.T, from time.Time) (pauses []calendar.Pause) {
	for range rapid.IntRange(0, 3).Draw(t, "pauses") {
		from = from.Add(time.Duration(rapid.IntRange(1, 3*24*60).Draw(t, "until the pause")) * time.Minute)
		to := from.Add(time.Duration(rapid.IntRange(1, 12*24*60).Draw(t, "pause")) * time.Minute)
		pauses = append(pauses, calendar.Pause{From: from, To: to})
		from = to
	}
	return pauses
}

func TestLawACountIsWhatTheSlowReferenceFinds(t *testing.T) {
	c := shippedCalendar(t, "vn")
	r := reference{c}
	rapid.Check(t, func(t *rapid.T) {
		from := anyMoment.Draw(t, "from")
		pauses := anyPauses(t, from)
		days := rapid.IntRange(1, 30).Draw(t, "days")

		whole := c.Count("", from, calendar.Limit{Value: days, Unit: calendar.WorkingDays}, calendar.WholeDays, pauses...)
		if want := r.workingDays(from, days, pauses); whole.Due != want.End(c.Location()) {
			t.Fatalf("%d whole working days from %s end at %s, want %s", days, from, whole.Due, want)
		}
		instant := c.Count("", from, calendar.Limit{Value: days, Unit: calendar.WorkingDays}, calendar.FromInstant, pauses...)
		if want := r.workingMinutes(from, days*8*60, pauses); !instant.Due.Equal(want) {
			t.Fatalf("%d working days from the instant %s end at %s, want %s", days, from, instant.Due, want)
		}
		calendarDays := c.Count("", from, calendar.Limit{Value: days, Unit: calendar.CalendarDays}, calendar.WholeDays)
		if want := r.landing(calendar.DateOf(from, c.Location()) + calendar.Date(days)); calendarDays.Due != want.End(c.Location()) {
			t.Fatalf("%d calendar days from %s end at %s, want %s", days, from, calendarDays.Due, want)
		}
	})
}

// What a derivation lists is what it counted: the days that count are as many as the limit, and the last row is the date.
func TestLawADerivationAddsUpToItsDate(t *testing.T) {
	c := shippedCalendar(t, "vn")
	rapid.Check(t, func(t *rapid.T) {
		from := anyMoment.Draw(t, "from")
		days := rapid.IntRange(1, 30).Draw(t, "days")
		pauses := anyPauses(t, from)
		whole := c.Count("", from, calendar.Limit{Value: days, Unit: calendar.WorkingDays}, calendar.WholeDays, pauses...)
		counted := 0
		for i, s := range whole.Steps {
			if s.Effect == calendar.Counts || s.Effect == calendar.Ends {
				counted++
			}
			if i > 0 && s.Date != whole.Steps[i-1].Date+1 {
				t.Fatalf("%s follows %s", s.Date, whole.Steps[i-1].Date)
			}
		}
		last := whole.Steps[len(whole.Steps)-1]
		if counted != days || last.N != days || last.Date.End(c.Location()) != whole.Due {
			t.Fatalf("%d days counted of %d, last row %+v, due %s", counted, days, last, whole.Due)
		}
		worked := time.Duration(0)
		for _, s := range c.Count("", from, calendar.Limit{Value: 8 * days, Unit: calendar.WorkingHours}, calendar.WholeDays, pauses...).Steps {
			worked += s.Worked
		}
		if worked != time.Duration(8*days)*time.Hour {
			t.Fatalf("the rows add up to %s of %d hours", worked, 8*days)
		}
	})
}

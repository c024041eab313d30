package calendar_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"dossier/domain/calendar"
)

func TestLawWorkedAndAfterAreInverses(t *testing.T) {
	c := shippedCalendar(t, "vn")
	first := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		from := first.Add(time.Duration(rapid.IntRange(0, 200*24*60).Draw(t, "from")) * time.Minute)
		worked := time.Duration(rapid.IntRange(1, 100*60).Draw(t, "worked")) * time.Minute
		var pauses []calendar.Pause
		for range rapid.IntRange(0, 2).Draw(t, "pauses") {
			p := from.Add(time.Duration(rapid.IntRange(0, 5*24*60).Draw(t, "pause")) * time.Minute)
			pauses = append(pauses, calendar.Pause{From: p, To: p.Add(time.Duration(rapid.IntRange(1, 3*24*60).Draw(t, "length")) * time.Minute)})
		}
		at, known := c.After("", from, worked, pauses...)
		if !known {
			t.Fatalf("after %v: not known", from)
		}
		if got, known := c.Worked("", from, at, pauses...); !known || got != worked {
			t.Fatalf("%v after %v is %v, between them lie %v", worked, from, at, got)
		}
		if hours := worked / time.Hour; worked%time.Hour == 0 && len(pauses) == 0 {
			if n := c.Count("", from, calendar.Limit{Value: int(hours), Unit: calendar.WorkingHours}, calendar.WholeDays); !n.Due.Equal(at) {
				t.Fatalf("%d working hours after %v: counted %v, worked %v", hours, from, n.Due, at)
			}
		}
	})
}

func TestWorkingTimeOverAYearThatIsNotPublishedIsNotKnown(t *testing.T) {
	c := shippedCalendar(t, "vn")
	from := time.Date(2031, 5, 5, 3, 0, 0, 0, time.UTC)
	if _, known := c.Worked("", from, from.Add(time.Hour)); known {
		t.Error("working time of 2031 is known")
	}
	if _, known := c.After("", from, time.Hour); known {
		t.Error("the end of an hour in 2031 is known")
	}
}

func TestNoTimeOfWorkIsOverAtOnceWheneverItBegins(t *testing.T) {
	c := shippedCalendar(t, "vn")
	for _, from := range []time.Time{time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC), time.Date(2031, 5, 5, 3, 0, 0, 0, time.UTC)} { // a Sunday, and a year that is not published
		if at, known := c.After("", from, 0); !known || !at.Equal(from) {
			t.Errorf("nothing after %v is %v, %t", from, at, known)
		}
	}
}

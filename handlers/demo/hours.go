package demo

import (
	"math/rand/v2"
	"time"

	"dossier/domain/calendar"
)

// zone is where the demo authority stands. It has had no summer time since 1975.
var zone = time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60)

const workday = 8 * time.Hour

func midnight(t time.Time) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone)
}

// vietnam is the calendar that the demo authority publishes before its first dossier.
var vietnam = func() (c calendar.Calendar) {
	wishes, _ := calendar.Read(c, calendar.Shipped()["vn"]) // a test reads the shipped files
	for _, wish := range wishes {
		events, _ := calendar.Decide(c, wish)
		for _, e := range events {
			c = calendar.Evolve(c, calendar.Fact{Version: c.Version + 1, Event: e})
		}
	}
	return c
}()

// hours are the hours in which the office works on a day; of a year nobody has published, Monday to Friday.
func hours(t time.Time) calendar.Spans {
	day := calendar.DateOf(t, zone)
	if v := vietnam.Judge("", day); v.Reason != calendar.NotKnown {
		return v.Hours
	}
	return vietnam.Hours[0].Week[day.Weekday()]
}

// closed says whether nobody works that day.
func closed(t time.Time) bool { return len(hours(t)) == 0 }

// open is the first moment from t on at which the office is open.
func open(t time.Time) time.Time {
	for day := midnight(t); ; day = day.AddDate(0, 0, 1) {
		for _, half := range hours(day) {
			if t.Before(minute(day, half.To)) {
				return latest(t, minute(day, half.From))
			}
		}
	}
}

// after adds hours of work to t.
func after(t time.Time, work time.Duration) time.Time {
	t = open(t)
	for {
		day := midnight(t)
		for _, half := range hours(day) {
			end := minute(day, half.To)
			if !t.Before(end) {
				continue
			}
			t = latest(t, minute(day, half.From))
			if left := end.Sub(t); work >= left {
				work -= left
				t = end
				continue
			}
			return t.Add(work)
		}
		t = open(t)
	}
}

func minute(day time.Time, c calendar.Clock) time.Time {
	return day.Add(time.Duration(c) * time.Minute)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// evening is a moment of that day at which people are at home: online dossiers come then too.
func evening(day time.Time, r *rand.Rand) time.Time {
	return midnight(day).Add(18*time.Hour + time.Duration(r.Int64N(int64(5*time.Hour)))).Truncate(time.Second)
}

// officeTime is a moment of that day, or of the next working one, at which the office is open.
func officeTime(day time.Time, r *rand.Rand) time.Time {
	return after(open(midnight(day)), time.Duration(r.Int64N(int64(workday)))).Truncate(time.Second)
}

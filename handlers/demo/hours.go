package demo

import (
	"math/rand/v2"
	"time"
)

// zone is where the demo authority stands. It has had no summer time since 1975.
var zone = time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60)

// The office is open Monday to Friday in two halves.
var halves = [2][2]time.Duration{
	{7*time.Hour + 30*time.Minute, 11*time.Hour + 30*time.Minute},
	{13 * time.Hour, 17 * time.Hour},
}

const workday = 8 * time.Hour

func midnight(t time.Time) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone)
}

// closed says whether nobody works that day: week-ends and the holidays that never move.
func closed(t time.Time) bool {
	t = t.In(zone)
	switch t.Weekday() {
	case time.Saturday, time.Sunday:
		return true
	}
	switch t.Format("01-02") {
	case "01-01", "04-30", "05-01", "09-02":
		return true
	}
	return false
}

// open is the first moment from t on at which the office is open.
func open(t time.Time) time.Time {
	for day := midnight(t); ; day = day.AddDate(0, 0, 1) {
		if closed(day) {
			continue
		}
		for _, half := range halves {
			if t.Before(day.Add(half[1])) {
				return latest(t, day.Add(half[0]))
			}
		}
	}
}

// after adds hours of work to t.
func after(t time.Time, work time.Duration) time.Time {
	t = open(t)
	for {
		day := midnight(t)
		for _, half := range halves {
			end := day.Add(half[1])
			if !t.Before(end) {
				continue
			}
			t = latest(t, day.Add(half[0]))
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

package calendar_test

import (
	"testing"
	"time"

	"dossier/domain/calendar"
)

// shippedCalendar folds a calendar that comes with the program.
func shippedCalendar(t testing.TB, code string) calendar.Calendar {
	t.Helper()
	return read(t, calendar.Calendar{}, string(calendar.Shipped()[code]))
}

func read(t testing.TB, c calendar.Calendar, text string) calendar.Calendar {
	t.Helper()
	commands, mistakes := calendar.Read(c, []byte(text))
	for _, m := range mistakes {
		t.Fatal(m)
	}
	for _, wish := range commands {
		events, err := calendar.Decide(c, wish)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			c = calendar.Evolve(c, calendar.Fact{Version: c.Version + 1, Event: e})
		}
	}
	return c
}

func at(t testing.TB, c calendar.Calendar, s string) time.Time {
	t.Helper()
	m, err := time.ParseInLocation("2006-01-02 15:04", s, c.Location())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The golden vectors: domain-vn §6.4.
func TestTheGoldenVectors(t *testing.T) {
	c := shippedCalendar(t, "vn")
	for _, v := range []struct {
		from    string
		days    int
		day     string
		instant string
	}{
		{"2026-04-24 10:00", 15, "2026-05-20", "2026-05-20 10:00"},
		{"2026-04-24 15:30", 5, "2026-05-06", "2026-05-06 15:30"},
		{"2026-02-12 09:00", 3, "2026-02-24", "2026-02-24 09:00"},
		{"2026-02-13 16:00", 5, "2026-02-27", "2026-02-27 16:00"},
		{"2026-08-28 14:00", 3, "2026-09-07", "2026-09-07 14:00"},
		{"2026-08-20 08:00", 5, "2026-08-26", "2026-08-26 08:00"},
		{"2026-11-20 10:00", 3, "2026-11-26", "2026-11-26 10:00"},
		{"2026-11-21 09:00", 5, "2026-11-30", "2026-11-30 17:00"},
	} {
		limit := calendar.Limit{Value: v.days, Unit: calendar.WorkingDays}
		a := c.Count("", at(t, c, v.from), limit, calendar.WholeDays)
		if day := calendar.DateOf(a.Due, c.Location()).String(); day != v.day || a.Closes != at(t, c, v.day+" 17:00") {
			t.Errorf("%d working days from %s end on %s (%s), want %s", v.days, v.from, day, a.Closes, v.day)
		}
		b := c.Count("", at(t, c, v.from), limit, calendar.FromInstant)
		if !b.Due.Equal(at(t, c, v.instant)) {
			t.Errorf("%d working days from the instant %s end at %s, want %s", v.days, v.from, b.Due, v.instant)
		}
	}
	for from, want := range map[string]string{
		"2026-11-20 16:30": "2026-11-23 16:30",
		"2026-11-23 16:00": "2026-11-25 16:00",
		"2026-02-13 20:00": "2026-02-23 17:00",
	} {
		got := c.Count("", at(t, c, from), calendar.Limit{Value: 8, Unit: calendar.WorkingHours}, calendar.WholeDays)
		if !got.Due.Equal(at(t, c, want)) {
			t.Errorf("8 working hours from %s end at %s, want %s", from, got.Due, want)
		}
	}
}

package calendar_test

import (
	"testing"

	"dossier/domain/calendar"
)

func TestEachUnitEndsWhereTheLawSays(t *testing.T) {
	c := shippedCalendar(t, "vn")
	for name, v := range map[string]struct {
		from  string
		limit calendar.Limit
		due   string // the minute that is still in time
	}{
		"15 days, the last on a Tuesday":                   {"2026-11-09 10:00", calendar.Limit{Value: 14, Unit: calendar.CalendarDays}, "2026-11-23 23:59"},
		"15 days that would end on a holiday":              {"2026-11-09 10:00", calendar.Limit{Value: 15, Unit: calendar.CalendarDays}, "2026-11-25 23:59"},
		"30 days that would end on a Saturday before Tết":  {"2026-01-15 10:00", calendar.Limit{Value: 30, Unit: calendar.CalendarDays}, "2026-02-23 23:59"},
		"six months from the last of August":               {"2025-08-31 10:00", calendar.Limit{Value: 6, Unit: calendar.Months}, "2026-03-02 23:59"},
		"one month to a Sunday":                            {"2026-09-25 10:00", calendar.Limit{Value: 1, Unit: calendar.Months}, "2026-10-26 23:59"},
		"24 hours over a weekend pass by day and night":    {"2026-11-20 16:00", calendar.Limit{Value: 24, Unit: calendar.Hours24}, "2026-11-21 16:00"},
		"two working hours before the office opens":        {"2026-11-23 05:00", calendar.Limit{Value: 2, Unit: calendar.WorkingHours}, "2026-11-23 09:00"},
		"the same day, received on a working day":          {"2026-11-23 16:45", calendar.Limit{Value: 1, Unit: calendar.SameDay}, "2026-11-23 23:59"},
		"the same day, received on a Sunday":               {"2026-11-22 09:00", calendar.Limit{Value: 1, Unit: calendar.SameDay}, "2026-11-23 23:59"},
		"a working day that is a Saturday made up":         {"2026-08-21 09:00", calendar.Limit{Value: 1, Unit: calendar.WorkingDays}, "2026-08-22 23:59"},
		"a dossier accepted at midnight of a day of rest":  {"2026-11-22 00:00", calendar.Limit{Value: 1, Unit: calendar.WorkingDays}, "2026-11-23 23:59"},
		"a dossier accepted in the last minute of the day": {"2026-11-20 23:59", calendar.Limit{Value: 1, Unit: calendar.WorkingDays}, "2026-11-23 23:59"},
	} {
		got := c.Count("", at(t, c, v.from), v.limit, calendar.WholeDays)
		if due := got.Due.In(c.Location()).Format("2006-01-02 15:04"); due != v.due {
			t.Errorf("%s: from %s due %s, want %s", name, v.from, due, v.due)
		}
	}
}

func TestAYearThatIsMissingIsNeverGuessed(t *testing.T) {
	c := shippedCalendar(t, "vn")
	for _, l := range []calendar.Limit{
		{Value: 300, Unit: calendar.WorkingDays}, {Value: 500, Unit: calendar.CalendarDays}, {Value: 20, Unit: calendar.Months}, {Value: 3000, Unit: calendar.WorkingHours},
	} {
		got := c.Count("", at(t, c, "2026-11-20 10:00"), l, calendar.WholeDays)
		if got.Known() || got.Missing != 2028 {
			t.Errorf("%+v: due %s, missing %d; the calendar ends with 2027", l, got.Due, got.Missing)
		}
	}
	if got := c.Count("", at(t, c, "2026-11-20 10:00"), calendar.Limit{Value: 24 * 500, Unit: calendar.Hours24}, calendar.WholeDays); !got.Known() {
		t.Error("hours pass whether or not a calendar is published")
	}
}

func TestWhatIsCountedOverExpectedOrUnconfirmedDaysSaysSo(t *testing.T) {
	c := shippedCalendar(t, "vn")
	five := calendar.Limit{Value: 5, Unit: calendar.WorkingDays}
	for from, want := range map[string]struct{ provisional, assumed bool }{
		"2026-11-20 10:00": {false, false},
		"2026-12-29 10:00": {true, false},  // into 2027
		"2026-08-20 10:00": {false, true},  // the swap of 22 August rests on memory
		"2027-02-01 10:00": {true, true},   // expected, and from memory
		"2025-04-24 10:00": {false, false}, // a swap that a source confirms
	} {
		got := c.Count("", at(t, c, from), five, calendar.WholeDays)
		if got.Provisional != want.provisional || got.Assumed != want.assumed {
			t.Errorf("from %s: provisional %v assumed %v, want %+v", from, got.Provisional, got.Assumed, want)
		}
	}
}

func TestWhileTheClockStandsStillNothingIsDue(t *testing.T) {
	c := shippedCalendar(t, "vn")
	from := at(t, c, "2026-11-02 10:00")
	five := calendar.Limit{Value: 5, Unit: calendar.WorkingDays}
	if got := c.Count("", from, five, calendar.WholeDays, calendar.Pause{From: at(t, c, "2026-11-04 09:00")}); got.Known() || !got.Stopped {
		t.Errorf("due %s while the clock stands still", got.Due)
	}
	// Monday accepted, Wednesday stopped, Thursday a week later goes on: Tuesday and Wednesday counted, three days are left.
	got := c.Count("", from, five, calendar.WholeDays, calendar.Pause{From: at(t, c, "2026-11-04 09:00"), To: at(t, c, "2026-11-12 09:00")})
	if day := calendar.DateOf(got.Due, c.Location()).String(); day != "2026-11-17" {
		t.Errorf("due %s, want 2026-11-17", day)
	}
	month := c.Count("", from, calendar.Limit{Value: 1, Unit: calendar.Months}, calendar.WholeDays, calendar.Pause{From: from, To: at(t, c, "2026-11-12 09:00")})
	if day := calendar.DateOf(month.Due, c.Location()).String(); day != "2026-12-14" { // 2 December and ten days is a Saturday
		t.Errorf("due %s, want 2026-12-14", day)
	}
}

func TestAnAgencyMayHaveHoursOfItsOwnFromADayOn(t *testing.T) {
	c := read(t, shippedCalendar(t, "vn"), `{"code": "vn", "zone": "Asia/Ho_Chi_Minh", "years": [], "hours": [
		{"agency": "nafiqad", "from": "2026-11-01", "basis": "qd-1-2026", "week": {"mon": ["08:00-12:00"], "sat": ["08:00-12:00"]}}]}`)
	three := calendar.Limit{Value: 3, Unit: calendar.WorkingDays}
	for agency, want := range map[string]string{"": "2026-11-26", "nafiqad": "2026-11-28"} {
		if got := c.Count(agency, at(t, c, "2026-11-20 10:00"), three, calendar.WholeDays); calendar.DateOf(got.Due, c.Location()).String() != want {
			t.Errorf("%q: due %s, want %s", agency, got.Due, want)
		}
	}
	before := c.Count("nafiqad", at(t, c, "2026-10-20 10:00"), three, calendar.WholeDays)
	if calendar.DateOf(before.Due, c.Location()).String() != "2026-10-23" {
		t.Errorf("before its own hours: %s", before.Due)
	}
}

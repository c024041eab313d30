package calendar_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
)

// effects writes what each day of a derivation does: "2026-11-20 starts, 2026-11-21 skipped".
func effects(c calendar.Count) string {
	var days []string
	for _, s := range c.Steps {
		days = append(days, s.Date.String()[5:]+" "+string(s.Effect))
	}
	return strings.Join(days, ", ")
}

func TestADerivationNamesEachDayOnceWithItsEffect(t *testing.T) {
	c := shippedCalendar(t, "vn")
	pause := calendar.Pause{From: at(t, c, "2026-11-16 09:00"), To: at(t, c, "2026-11-18 09:00")}
	for _, v := range []struct {
		from  string
		limit calendar.Limit
		want  string
	}{
		{"2026-11-10 10:00", calendar.Limit{Value: 3, Unit: calendar.CalendarDays}, "11-10 starts, 11-11 counts, 11-12 counts, 11-13 ends"},
		{"2026-11-12 10:00", calendar.Limit{Value: 2, Unit: calendar.CalendarDays}, "11-12 starts, 11-13 counts, 11-14 lands, 11-15 moved, 11-16 ends"},
		{"2026-11-15 10:00", calendar.Limit{Value: 2, Unit: calendar.CalendarDays}, "11-15 starts, 11-16 counts, 11-17 paused, 11-18 paused, 11-19 ends"},
		{"2026-11-13 10:00", calendar.Limit{Value: 2, Unit: calendar.WorkingDays}, "11-13 starts, 11-14 skipped, 11-15 skipped, 11-16 counts, 11-17 paused, 11-18 paused, 11-19 ends"},
		{"2026-11-20 16:30", calendar.Limit{Value: 2, Unit: calendar.WorkingHours}, "11-20 starts, 11-20 counts, 11-21 skipped, 11-22 skipped, 11-23 ends"},
		{"2026-11-20 20:00", calendar.Limit{Value: 2, Unit: calendar.WorkingHours}, "11-20 starts, 11-20 paused, 11-21 skipped, 11-22 skipped, 11-23 ends"},
		{"2026-11-20 20:00", calendar.Limit{Value: 24, Unit: calendar.Hours24}, "11-20 starts, 11-21 ends"},
		{"2026-11-22 09:00", calendar.Limit{Value: 1, Unit: calendar.SameDay}, "11-22 starts, 11-22 lands, 11-23 ends"},
	} {
		if got := effects(c.Count("", at(t, c, v.from), v.limit, calendar.WholeDays, pause)); got != v.want {
			t.Errorf("%s from %s: %s, want %s", v.limit, v.from, got, v.want)
		}
	}
}

// Civil Code, Article 148.3: the matching day, or the last of the month where there is none; paused days come on top.
func TestMonthsEndOnTheMatchingDayAndPausesComeOnTop(t *testing.T) {
	c := shippedCalendar(t, "vn")
	for name, v := range map[string]struct {
		from   string
		months int
		pauses []calendar.Pause
		due    string
	}{
		"31 May has no match in June":           {"2026-05-31 10:00", 1, nil, "2026-06-30"},
		"the matching day":                      {"2026-06-15 10:00", 1, nil, "2026-07-15"},
		"the first of a month":                  {"2026-06-01 10:00", 1, nil, "2026-07-01"},
		"over the end of the year":              {"2025-12-10 10:00", 2, nil, "2026-02-10"},
		"a pause that held the last day":        {"2026-06-15 10:00", 1, []calendar.Pause{{From: at(t, c, "2026-07-14 09:00"), To: at(t, c, "2026-07-15 09:00")}}, "2026-07-16"},
		"a pause that was over when it began":   {"2026-06-15 10:00", 1, []calendar.Pause{{From: at(t, c, "2026-06-11 09:00"), To: at(t, c, "2026-06-15 09:00")}}, "2026-07-15"},
		"a pause from the first day on":         {"2026-06-15 10:00", 1, []calendar.Pause{{From: at(t, c, "2026-06-15 10:00"), To: at(t, c, "2026-06-16 09:00")}}, "2026-07-16"},
		"a pause that began when it had passed": {"2026-06-15 10:00", 1, []calendar.Pause{{From: at(t, c, "2026-07-15 09:00"), To: at(t, c, "2026-07-20 09:00")}}, "2026-07-15"},
	} {
		got := c.Count("", at(t, c, v.from), calendar.Limit{Value: v.months, Unit: calendar.Months}, calendar.WholeDays, v.pauses...)
		if due := calendar.DateOf(got.Due, c.Location()).String(); due != v.due {
			t.Errorf("%s: due %s, want %s", name, due, v.due)
		}
	}
}

// Limits may follow each other, and a pause in the first is over when the second begins.
func TestHoursGoByThePausesThatAreStillToCome(t *testing.T) {
	c := shippedCalendar(t, "vn")
	pause := func(from, to string) calendar.Pause { return calendar.Pause{From: at(t, c, from), To: at(t, c, to)} }
	for name, v := range map[string]struct {
		pauses []calendar.Pause
		due    string
	}{
		"none":                            {nil, "2026-11-21 10:00"},
		"one that was over":               {[]calendar.Pause{pause("2026-11-16 09:00", "2026-11-18 09:00")}, "2026-11-21 10:00"},
		"one that ended at that moment":   {[]calendar.Pause{pause("2026-11-19 10:00", "2026-11-20 10:00")}, "2026-11-21 10:00"},
		"one that had begun":              {[]calendar.Pause{pause("2026-11-19 10:00", "2026-11-20 12:00")}, "2026-11-21 12:00"},
		"one in between":                  {[]calendar.Pause{pause("2026-11-20 12:00", "2026-11-20 13:00")}, "2026-11-21 11:00"},
		"a second one after the first":    {[]calendar.Pause{pause("2026-11-20 12:00", "2026-11-20 13:00"), pause("2026-11-21 10:30", "2026-11-21 12:30")}, "2026-11-21 13:00"},
		"one that began when it was over": {[]calendar.Pause{pause("2026-11-21 10:00", "2026-11-21 12:00")}, "2026-11-21 10:00"},
	} {
		got := c.Count("", at(t, c, "2026-11-20 10:00"), calendar.Limit{Value: 24, Unit: calendar.Hours24}, calendar.WholeDays, v.pauses...)
		if got.Due != at(t, c, v.due) || got.Closes != got.Due {
			t.Errorf("%s: due %s, want %s", name, got.Due.In(c.Location()), v.due)
		}
	}
	limits := []calendar.Limit{{Value: 1, Unit: calendar.WorkingDays}, {Value: 24, Unit: calendar.Hours24}}
	got := c.CountAll("", at(t, c, "2026-11-16 09:00"), limits, calendar.WholeDays, pause("2026-11-16 10:00", "2026-11-17 09:00"))
	if due := got.Due.In(c.Location()).Format("2006-01-02 15:04"); due != "2026-11-19 23:59" {
		t.Errorf("a day and 24 hours, paused for a day: due %s, want the end of 19 November", due)
	}
}

func TestACalendarHasTheZoneItWasOpenedWith(t *testing.T) {
	if zone := shippedCalendar(t, "vn").Location().String(); zone != "Asia/Ho_Chi_Minh" {
		t.Errorf("its days begin in %s", zone)
	}
	if zone := (calendar.Calendar{}).Location(); zone != time.UTC {
		t.Errorf("a calendar that was never opened is in %s", zone)
	}
}

var sameHours = calendar.Spans{{From: 8 * 60, To: 12 * 60}}

func hours(agency, from string, week calendar.Week) calendar.SetHours {
	d, err := calendar.ParseDate(from)
	if err != nil {
		panic(err)
	}
	return calendar.SetHours{Agency: agency, From: d, Week: week, Basis: "qd-1-2026"}
}

// told carries out wishes and says how many facts came of each.
func told(t *testing.T, c calendar.Calendar, wishes ...calendar.Command) (calendar.Calendar, string) {
	t.Helper()
	var facts []string
	for _, w := range wishes {
		events, err := calendar.Decide(c, w)
		if err != nil {
			t.Fatalf("%+v: %v", w, err)
		}
		facts = append(facts, fmt.Sprint(len(events)))
		for _, e := range events {
			c = calendar.Evolve(c, calendar.Fact{Version: c.Version + 1, Event: e})
		}
	}
	return c, strings.Join(facts, " ")
}

func TestHoursCountFromTheirDayOnWhicheverWasSaidFirst(t *testing.T) {
	c, _ := told(t, shippedCalendar(t, "vn"),
		hours("nafiqad", "2026-11-25", calendar.Week{3: {{From: 9 * 60, To: 10 * 60}}}),
		hours("nafiqad", "2026-11-11", calendar.Week{3: {{From: 8 * 60, To: 9 * 60}}}))
	for day, want := range map[string]string{"2026-11-04": "07:00", "2026-11-11": "08:00", "2026-11-18": "08:00", "2026-11-25": "09:00", "2026-12-02": "09:00"} {
		d, _ := calendar.ParseDate(day)
		if got := c.Judge("nafiqad", d).Hours[0].From.String(); got != want {
			t.Errorf("on %s they begin at %s, want %s", day, got, want)
		}
	}
}

func TestHoursThatStandAlreadyAreNotSetAgain(t *testing.T) {
	one, two := calendar.Week{1: sameHours}, calendar.Week{2: sameHours}
	_, facts := told(t, shippedCalendar(t, "vn"),
		hours("nafiqad", "2026-11-01", one), hours("nafiqad", "2026-11-01", one), // as before
		hours("nafiqad", "2026-11-01", two), hours("nafiqad", "2026-11-01", one), // and back
		hours("nafiqad", "2026-11-02", one), hours("other", "2026-11-01", one), // another day, another agency
		hours("nafiqad", "2026-11-01", one), hours("nafiqad", "2026-11-02", one), hours("other", "2026-11-01", one))
	if facts != "1 0 1 1 1 1 0 0 0" {
		t.Errorf("facts came of the wishes: %s", facts)
	}
}

func TestWorkingHoursStandInOrderWithinTheDay(t *testing.T) {
	c := shippedCalendar(t, "vn")
	for name, v := range map[string]struct {
		spans calendar.Spans
		ok    bool
	}{
		"the whole day":                 {calendar.Spans{{From: 0, To: 24 * 60}}, true},
		"past midnight":                 {calendar.Spans{{From: 0, To: 24*60 + 1}}, false},
		"an end before the beginning":   {calendar.Spans{{From: 9 * 60, To: 8 * 60}}, false},
		"no minute":                     {calendar.Spans{{From: 9 * 60, To: 9 * 60}}, false},
		"one minute":                    {calendar.Spans{{From: 9 * 60, To: 9*60 + 1}}, true},
		"two spans with a break":        {calendar.Spans{{From: 8 * 60, To: 9 * 60}, {From: 9*60 + 1, To: 10 * 60}}, true},
		"two that touch are one":        {calendar.Spans{{From: 8 * 60, To: 9 * 60}, {From: 9 * 60, To: 10 * 60}}, false},
		"two in the wrong order":        {calendar.Spans{{From: 13 * 60, To: 17 * 60}, {From: 8 * 60, To: 12 * 60}}, false},
		"a second that ends before one": {calendar.Spans{{From: 8 * 60, To: 12 * 60}, {From: 9 * 60, To: 10 * 60}}, false},
	} {
		_, err := calendar.Decide(c, hours("nafiqad", "2026-11-01", calendar.Week{1: v.spans}))
		var bad *domain.Invalid
		if (err == nil) != v.ok || err != nil && (!errors.As(err, &bad) || bad.Code != "bad_hours" || !strings.HasPrefix(bad.Field, "week.mon[")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAYearIsPublishedFrom1990To2200(t *testing.T) {
	c := shippedCalendar(t, "vn")
	for year, ok := range map[int]bool{1989: false, 1990: true, 2200: true, 2201: false} {
		if _, err := calendar.Decide(c, calendar.PublishYear{Year: year, Status: calendar.Official, Basis: "x"}); (err == nil) != ok {
			t.Errorf("%d: %v", year, err)
		}
	}
}

func TestTheDaysOfAYearAreKeptInTheirOrder(t *testing.T) {
	day := func(d calendar.Date) calendar.Day {
		return calendar.Day{Date: d, Kind: calendar.Holiday, Name: "x", Certainty: calendar.FromText}
	}
	events, err := calendar.Decide(shippedCalendar(t, "vn"), calendar.PublishYear{Year: 2028, Status: calendar.Official, Basis: "x",
		Days: []calendar.Day{day(calendar.On(2028, 9, 2)), day(calendar.On(2028, 1, 1)), day(calendar.On(2028, 4, 30))}})
	if err != nil || len(events) != 1 {
		t.Fatal(events, err)
	}
	if days := events[0].(calendar.YearPublished).Days; days[0].Date != calendar.On(2028, 1, 1) || days[1].Date != calendar.On(2028, 4, 30) || days[2].Date != calendar.On(2028, 9, 2) {
		t.Errorf("%+v", days)
	}
}

func TestADayIsJudgedByItsWeekAndByWhatDiffers(t *testing.T) {
	vn := shippedCalendar(t, "vn")
	onlyWednesday, _ := told(t, vn, hours("nafiqad", "2026-01-01", calendar.Week{3: sameHours}))
	onlySunday, _ := told(t, vn, hours("nafiqad", "2026-01-01", calendar.Week{0: sameHours}))
	for _, v := range []struct {
		c      calendar.Calendar
		agency string
		day    calendar.Date
		reason calendar.Reason
		hours  string
	}{
		{vn, "", calendar.On(2026, 11, 20), calendar.Working, "[{07:00 11:30} {13:30 17:00}]"},
		{vn, "", calendar.On(2026, 11, 22), calendar.Rest, "[]"},
		{vn, "", calendar.On(2026, 11, 24), calendar.Feast, "[]"},
		{vn, "", calendar.On(2026, 8, 22), calendar.MadeUp, "[{07:00 11:30} {13:30 17:00}]"},
		{vn, "", calendar.On(2031, 1, 6), calendar.NotKnown, "[]"},
		{onlyWednesday, "nafiqad", calendar.On(2026, 8, 22), calendar.MadeUp, "[{08:00 12:00}]"},
		{onlySunday, "nafiqad", calendar.On(2026, 8, 22), calendar.MadeUp, "[{08:00 12:00}]"},
	} {
		got := v.c.Judge(v.agency, v.day)
		if got.Reason != v.reason || fmt.Sprint(got.Hours) != v.hours || got.Works() != (v.hours != "[]") {
			t.Errorf("%s: %s %v, want %s %s", v.day, got.Reason, got.Hours, v.reason, v.hours)
		}
	}
}

func TestAFileMayGiveHoursToAnyWeekday(t *testing.T) {
	for i, name := range []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} {
		c := read(t, calendar.Calendar{}, `{"code": "x", "zone": "Asia/Ho_Chi_Minh", "years": [], "hours": [{"from": "2026-01-01", "basis": "x", "week": {"`+name+`": ["07:00-24:00"]}}]}`)
		if got := fmt.Sprint(c.Hours[0].Week[i]); got != "[{07:00 24:00}]" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestALimitIsReadAsItIsWritten(t *testing.T) {
	for _, l := range []calendar.Limit{
		{Value: 1, Unit: calendar.WorkingDays}, {Value: 10_000, Unit: calendar.Hours24}, {Value: 3, Unit: calendar.Months}, {Value: 1, Unit: calendar.SameDay},
	} {
		if back, ok := calendar.ParseLimit(l.String()); !ok || back != l {
			t.Errorf("%s reads %+v, %v", l, back, ok)
		}
	}
	for _, s := range []string{"", "3", "3.", ".working_day", "x.working_day", "0.working_day", "-1.working_day", "10001.working_day", "3.workday", "3.5.working_day"} {
		if l, ok := calendar.ParseLimit(s); ok {
			t.Errorf("%q reads %+v", s, l)
		}
	}
}

func TestALimitIsSaidInBothLanguages(t *testing.T) {
	for _, v := range []struct {
		limit  calendar.Limit
		vi, en string
	}{
		{calendar.Limit{Value: 1, Unit: calendar.WorkingDays}, "1 ngày làm việc", "1 working day"},
		{calendar.Limit{Value: 15, Unit: calendar.CalendarDays}, "15 ngày", "15 days"},
		{calendar.Limit{Value: 24, Unit: calendar.Hours24}, "24 giờ", "24 hours"},
		{calendar.Limit{Value: 8, Unit: calendar.WorkingHours}, "8 giờ làm việc", "8 working hours"},
		{calendar.Limit{Value: 1, Unit: calendar.Months}, "1 tháng", "1 month"},
		{calendar.Limit{Value: 1, Unit: calendar.SameDay}, "trong ngày", "the same day"},
	} {
		vi, en := strings.ReplaceAll(v.limit.Text("vi"), "\u00a0", " "), strings.ReplaceAll(v.limit.Text("en"), "\u00a0", " ")
		if vi != v.vi || en != v.en {
			t.Errorf("%s: %q %q, want %q %q", v.limit, vi, en, v.vi, v.en)
		}
	}
}

func TestEachRowOfADerivationIsSaidInBothLanguages(t *testing.T) {
	for _, v := range []struct {
		step   calendar.Step
		vi, en string
	}{
		{calendar.Step{Effect: calendar.Starts}, "bắt đầu", "begins"},
		{calendar.Step{Effect: calendar.Counts, N: 2}, "ngày thứ 2", "day 2"},
		{calendar.Step{Effect: calendar.Counts, Worked: 3 * time.Hour}, "tính 3 giờ", "3 h counted"},
		{calendar.Step{Effect: calendar.Counts, Worked: 3*time.Hour + 30*time.Minute}, "tính 3 giờ 30 phút", "3 h 30 min counted"},
		{calendar.Step{Effect: calendar.Counts, Worked: 30 * time.Minute}, "tính 30 phút", "30 min counted"},
		{calendar.Step{Effect: calendar.Skipped, N: 2}, "không tính", "does not count"},
		{calendar.Step{Effect: calendar.Paused}, "tạm dừng, không tính", "paused, does not count"},
		{calendar.Step{Effect: calendar.Lands, N: 2}, "ngày cuối rơi vào ngày nghỉ", "the last day is a day of rest"},
		{calendar.Step{Effect: calendar.Moved, N: 2}, "lùi tiếp", "moves on"},
		{calendar.Step{Effect: calendar.Ends}, "hết hạn", "ends"},
		{calendar.Step{Effect: calendar.Ends, N: 5}, "ngày thứ 5, hết hạn", "day 5, ends"},
		{calendar.Step{Effect: calendar.Ends, Worked: 90 * time.Minute}, "tính 1 giờ 30 phút, hết hạn", "1 h 30 min counted, ends"},
	} {
		if vi, en := v.step.Says("vi"), v.step.Says("en"); vi != v.vi || en != v.en {
			t.Errorf("%+v: %q %q, want %q %q", v.step, vi, en, v.vi, v.en)
		}
	}
}

func TestWhyADayCountsIsSaidInBothLanguages(t *testing.T) {
	c := shippedCalendar(t, "vn")
	for _, v := range []struct {
		day    calendar.Date
		vi, en string
	}{
		{calendar.On(2026, 11, 20), "ngày làm việc", "a working day"},
		{calendar.On(2026, 11, 22), "ngày nghỉ hằng tuần", "a weekly day of rest"},
		{calendar.On(2026, 11, 24), "nghỉ lễ: ngày Văn hóa Việt Nam", "a holiday: Vietnam Culture Day"},
		{calendar.On(2026, 8, 22), "làm bù: hoán đổi dịp Quốc khánh (chưa có nguồn xác nhận)", "a make-up working day: swapped for National Day (not confirmed by a source)"},
		{calendar.On(2027, 1, 4), "ngày làm việc (lịch tạm tính)", "a working day (provisional calendar)"},
		{calendar.On(2031, 1, 6), "chưa có lịch của năm này", "the calendar of this year is not published"},
	} {
		if vi, en := c.Judge("", v.day).Why("vi"), c.Judge("", v.day).Why("en"); vi != v.vi || en != v.en {
			t.Errorf("%s: %q %q, want %q %q", v.day, vi, en, v.vi, v.en)
		}
	}
	if vi, en := calendar.On(2026, 11, 20).WeekdayIn("vi"), calendar.On(2026, 11, 20).WeekdayIn("en"); vi != "thứ Sáu" || en != "Friday" {
		t.Errorf("20 November 2026 is %s, %s", vi, en)
	}
	if got := calendar.Occasion("xyz", "vi"); got != "xyz" {
		t.Errorf("an occasion without words is %q", got)
	}
}

package calendar_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"dossier/domain"
	"dossier/domain/calendar"
)

func TestTheShippedCalendarsAreReadAndReadingThemAgainAsksNothing(t *testing.T) {
	for code, years := range map[string][]int{"vn": {2025, 2026, 2027}, "nl": {2010, 2011, 2012}} {
		c := shippedCalendar(t, code)
		for _, y := range years {
			if _, known := c.Years[y]; !known {
				t.Errorf("%s lacks %d", code, y)
			}
		}
		if again, mistakes := calendar.Read(c, calendar.Shipped()[code]); len(again) > 0 || len(mistakes) > 0 {
			t.Errorf("%s read again: %v %v", code, again, mistakes)
		}
	}
	if !shippedCalendar(t, "vn").Years[2027].Provisional {
		t.Error("2027 is not marked provisional")
	}
}

func TestABrokenFileSaysWhereAndWhatAndChangesNothing(t *testing.T) {
	good := string(calendar.Shipped()["vn"])
	for _, b := range []struct{ old, new, want string }{
		{`"holiday", "name": "new-year"`, `"holliday", "name": "new-year"`, "line 16, years[0].days[0].kind: "},
		{`"date": "2025-01-27"`, `"date": "2025-02-30"`, "line 17, years[0].days[1].date: "},
		{`"date": "2025-01-27"`, `"date": "2026-01-27"`, "line 17, years[0].days[1].date: "},
		{`"mon": ["07:00-11:30", "13:30-17:00"]`, `"mon": ["07:00-11:30", "11:00-17:00"]`, "line 7, hours[0].week.mon[1]: "},
		{`"mon":`, `"monday":`, `line 7, hours[0].week.monday: `},
		{`"zone": "Asia/Ho_Chi_Minh"`, `"zone": "Hanoi"`, "line 3, zone: "},
		{`"status": "provisional"`, `"state": "provisional"`, `years[2].state: there is no such member; known are: basis, days, status, year`},
		{`"years": [`, `"years": {`, "line 14, years: the wrong type; give a list"},
		{`"year": 2026, "status"`, `"year": "2026", "status"`, "years[1].year: the wrong type; give a whole number"},
	} {
		text := strings.Replace(good, b.old, b.new, 1)
		if text == good {
			t.Fatalf("the file has no %s", b.old)
		}
		commands, mistakes := calendar.Read(calendar.Calendar{}, []byte(text))
		if len(mistakes) == 0 || len(commands) > 0 {
			t.Errorf("%s → %s: %d commands, %d mistakes", b.old, b.new, len(commands), len(mistakes))
			continue
		}
		if !strings.Contains(mistakes[0].Error(), b.want) {
			t.Errorf("%s → %s: %q, want %q", b.old, b.new, mistakes[0], b.want)
		}
		if mistakes[0].VI == "" {
			t.Errorf("%s has no Vietnamese text", mistakes[0])
		}
	}
}

func TestAllMistakesOfAFileAreToldAtOnce(t *testing.T) {
	_, mistakes := calendar.Read(calendar.Calendar{}, []byte(`{"code": "vn", "zone": "Asia/Ho_Chi_Minh", "hours": [], "years": [
		{"year": 2026, "status": "official", "basis": "x", "days": [
			{"date": "2026-13-01", "kind": "holiday", "name": "a", "certainty": "text"},
			{"date": "2026-01-01", "kind": "holiday", "name": "a", "certainty": "text", "extra": {"deep": [1, 2]}},
			{"date": "2026-01-02", "kind": 7, "name": "a"}]}]}`))
	var lines []string
	for _, m := range mistakes {
		lines = append(lines, fmt.Sprintf("%d %s", m.Line, m.Path))
	}
	want := []string{"3 years[0].days[0].date", "4 years[0].days[1].extra", "5 years[0].days[2].kind", "5 years[0].days[2]"}
	if !reflect.DeepEqual(lines, want) {
		t.Errorf("%q, want %q", lines, want)
	}
}

func TestACalendarRefusesWhatCannotBe(t *testing.T) {
	c := shippedCalendar(t, "vn")
	day := func(date string, kind calendar.Kind) calendar.PublishYear {
		d, _ := calendar.ParseDate(date)
		return calendar.PublishYear{Year: 2028, Status: calendar.Official, Basis: "x", Days: []calendar.Day{{Date: d, Kind: kind, Name: "x", Certainty: calendar.FromText}}}
	}
	for _, r := range []struct {
		c     calendar.Calendar
		wish  calendar.Command
		code  string
		field string
	}{
		{calendar.Calendar{}, day("2028-01-01", calendar.Holiday), "calendar_not_open", ""},
		{c, calendar.Open{Code: "vn", Zone: "Europe/Amsterdam"}, "calendar_is_open", "zone"},
		{c, day("2028-01-03", calendar.MakeUpWorking), "already_working", "days[0].kind"},
		{c, day("2028-01-01", calendar.SwappedOff), "already_off", "days[0].kind"},
		{c, day("2027-01-01", calendar.Holiday), "wrong_year", "days[0].date"},
		{c, calendar.PublishYear{Year: 1900, Status: calendar.Official, Basis: "x"}, "out_of_range", "year"},
		{c, calendar.SetHours{Basis: "x"}, "no_working_day", "week"},
		{c, calendar.SetHours{}, "bad_code", "basis"},
	} {
		events, err := calendar.Decide(r.c, r.wish)
		var refusal *domain.Refusal
		var invalid *domain.Invalid
		switch {
		case errors.As(err, &refusal) && refusal.Code == r.code && refusal.Field == r.field:
		case errors.As(err, &invalid) && invalid.Code == r.code && invalid.Field == r.field:
		default:
			t.Errorf("%+v: %v, %v, want %s %s", r.wish, events, err, r.code, r.field)
		}
	}
}

func TestEveryFactSurvivesTheJournal(t *testing.T) {
	c := calendar.Calendar{}
	commands, _ := calendar.Read(c, calendar.Shipped()["vn"])
	for _, wish := range commands {
		events, _ := calendar.Decide(c, wish)
		for _, e := range events {
			typ, version, data, err := calendar.Encode(e)
			if err != nil {
				t.Fatal(err)
			}
			back, err := calendar.Decode(typ, version, data)
			if err != nil || !reflect.DeepEqual(back, e) {
				t.Errorf("%s: %+v, %v, want %+v", data, back, err, e)
			}
			if _, err := calendar.Decode(typ, version+1, data); err == nil {
				t.Errorf("%s version %d was read", typ, version+1)
			}
			if _, err := calendar.Decode(typ, version, append(json.RawMessage(`{"unknown": 1, `), data[1:]...)); err == nil {
				t.Errorf("%s with an unknown member was read", typ)
			}
			c = calendar.Evolve(c, calendar.Fact{Version: c.Version + 1, Event: e})
		}
	}
}

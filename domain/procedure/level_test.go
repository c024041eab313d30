package procedure_test

import (
	"testing"

	"dossier/domain/calendar"
	"dossier/domain/procedure"
)

func TestTheLevelOfADayIsThatOfTheSchemeInForceThen(t *testing.T) {
	date := func(text string) calendar.Date {
		d, err := calendar.ParseDate(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	v := procedure.Version{Levels: []procedure.ServiceLevel{
		{Scheme: "224/2026", Value: "toan-trinh", From: date("2026-09-01")}, {Scheme: "43/2011", Value: "2"}, {Scheme: "42/2022", Value: "mot-phan"},
	}}
	for on, want := range map[string]string{"2012-11-23": "2", "2022-08-14": "2", "2022-08-15": "mot-phan", "2026-07-01": "mot-phan", "2026-09-01": "toan-trinh"} {
		if l, says := v.LevelOn(date(on)); !says || l.Value != want {
			t.Errorf("on %s: %+v", on, l)
		}
	}
	if _, says := (procedure.Version{}).LevelOn(date("2026-01-01")); says {
		t.Error("a version that says nothing has a level")
	}
}

package procedure_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"dossier/domain/calendar"
	"dossier/domain/procedure"
)

func TestTheCatalogueShipsEveryProcedureOnceWithItsMarks(t *testing.T) {
	all, seen := procedure.Catalogue(), map[string]bool{}
	if len(all) != 54 {
		t.Errorf("%d procedures, 54 ship", len(all))
	}
	id := regexp.MustCompile(`^[a-z0-9][a-z0-9._:-]{0,63}$`)
	for _, v := range all {
		if seen[v.ID] || !id.MatchString(v.ID) || v.NameVI == "" || v.NameEN == "" || v.UnitVI == "" || v.Number != 1 || v.External {
			t.Errorf("%+v", v)
		}
		if v.Certainty["time_limit"] == "" || v.Certainty["components"] == "" || v.Certainty["code"] == "" || v.Certainty["fee"] == "" {
			t.Errorf("%s does not say how sure it is: %v", v.ID, v.Certainty)
		}
		seen[v.ID] = true
		if found, ok := procedure.Lookup(v.ID); !ok || found.NameVI != v.NameVI {
			t.Errorf("%s is not found by its id", v.ID)
		}
	}
}

func TestTwentyProceduresOrMoreAreExecutableAndEveryArchetypeIsAmongThem(t *testing.T) {
	of, executable := map[procedure.Archetype]int{}, 0
	for _, v := range procedure.Catalogue() {
		if findings := procedure.Check(v, nil); len(findings) > 0 {
			t.Errorf("%s: %+v", v.ID, findings)
		}
		if v.InformationOnly {
			continue
		}
		executable++
		of[v.Archetype]++
		if len(v.Forms) == 0 || len(v.Flow.Steps) == 0 || len(v.Channels) == 0 || len(v.Flow.Results) == 0 {
			t.Errorf("%s cannot be carried out: %+v", v.ID, v)
		}
	}
	if executable < 20 {
		t.Errorf("%d executable procedures", executable)
	}
	for _, a := range procedure.Archetypes() {
		if of[a] == 0 {
			t.Errorf("no executable procedure of the archetype %s", a)
		}
	}
}

func TestAProcedureWithoutALimitIsInformationOnly(t *testing.T) {
	closed := 0
	for _, v := range procedure.Catalogue() {
		if v.OpenForFiling != (v.Limit.Value > 0) || v.OpenForFiling != (v.LimitVI != "") {
			t.Errorf("%s: open %v, limit %q", v.ID, v.OpenForFiling, v.LimitVI)
		}
		if !v.OpenForFiling {
			closed++
		}
	}
	if closed != 10 {
		t.Errorf("%d procedures without a limit: domain-vn counts 11, one of which we assume", closed)
	}
	if v, _ := procedure.Lookup("seafood-export-health-cert"); v.LimitEN != "5\u00a0working days" || !v.Assumed || v.Certainty["time_limit"] != procedure.Assumption {
		t.Errorf("the assumed limit is %q, marked %q", v.LimitEN, v.Certainty["time_limit"])
	}
}

func TestAValueThatRestsOnNoSourceIsMarkedAssumed(t *testing.T) {
	for id, want := range map[string]string{
		"vet-practice-cert-renew":     "fee",
		"pesticide-manufacture-cert":  "components steps time_limit",
		"cites-export-permit":         "components steps time_limit", // the total was read, its stages were not
		"plant-variety-import-permit": "components",
	} {
		v, _ := procedure.Lookup(id)
		if got := strings.Join(v.AssumedValues, " "); got != want {
			t.Errorf("%s assumes %q, want %q", id, got, want)
		}
		if v.Assumed != strings.Contains(want, "time_limit") {
			t.Errorf("%s: assumed %v", id, v.Assumed)
		}
	}
}

func TestTheSectorsOwnSupplementWindowGoesBeforeTheGeneralOne(t *testing.T) {
	for id, days := range map[string]int{"vet-practice-cert-renew": 15, "food-safety-facility-cert": 30, "plant-variety-import-permit": 90} {
		if v, _ := procedure.Lookup(id); v.SupplementDays != days {
			t.Errorf("%s: %d days, want %d", id, v.SupplementDays, days)
		}
	}
}

func TestAnExternalProcedureIsNeverOpen(t *testing.T) {
	v := procedure.ExternalVersion("ext:nl.building-permit.receiving-phase")
	if !v.External || v.OpenForFiling || v.Number != 1 {
		t.Errorf("%+v", v)
	}
	if _, found := procedure.Lookup(v.ID); found {
		t.Error("it is in the catalogue")
	}
}

func day(s string) calendar.Date {
	d, err := calendar.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// told carries out wishes on a procedure, each of which must be granted.
func told(t *testing.T, p procedure.Procedure, wishes ...procedure.Command) procedure.Procedure {
	t.Helper()
	for _, w := range wishes {
		events, err := procedure.Decide(p, w)
		if err != nil || len(events) != 1 {
			t.Fatalf("%+v: %d events, %v", w, len(events), err)
		}
		p = procedure.Evolve(p, procedure.Fact{Version: p.Position + 1, Event: events[0]})
	}
	return p
}

// renewed is the publication of another wording of a shipped procedure.
func renewed(no, from string, days int) procedure.Publish {
	v, _ := procedure.Lookup("vet-practice-cert-renew")
	v.Limits = []calendar.Limit{{Value: days, Unit: calendar.WorkingDays}}
	return procedure.Publish{Decision: procedure.Decision{No: no, DecidedOn: day("2026-01-01"), ValidFrom: day(from)}, Version: v}
}

func TestTheVersionOfADayIsTheOneValidThen(t *testing.T) {
	p := told(t, procedure.Procedure{}, renewed("1/QĐ", "2026-01-01", 3), renewed("2/QĐ", "2026-07-01", 5), renewed("3/QĐ", "2026-07-01", 4),
		procedure.Withdraw{Decision: "4/QĐ", DecidedOn: day("2026-11-01"), From: day("2026-12-01")})
	for on, want := range map[string]int{"2025-12-31": 0, "2026-01-01": 1, "2026-06-30": 1, "2026-07-01": 3, "2026-11-30": 3, "2026-12-01": 0, "2027-06-01": 0} {
		v, ok := p.On(day(on))
		if ok != (want > 0) || ok && v.Number != want {
			t.Errorf("on %s version %d (%v), want %d", on, v.Number, ok, want)
		}
	}
	if v, _ := p.Version(1); v.Limit.Value != 3 || v.Decision.No != "1/QĐ" {
		t.Errorf("version 1 is %d by %s now", v.Limit.Value, v.Decision.No)
	}
	p = told(t, p, renewed("5/QĐ", "2027-01-01", 6))
	if v, ok := p.On(day("2027-06-01")); !ok || v.Number != 4 {
		t.Error("a new version after a withdrawal does not count")
	}
	if _, ok := p.On(day("2026-12-15")); ok {
		t.Error("between withdrawal and the new version something is valid")
	}
}

func TestWhatIsPublishedIsNeverChanged(t *testing.T) {
	p := told(t, procedure.Procedure{}, renewed("1/QĐ", "2026-07-01", 3))
	if events, err := procedure.Decide(p, renewed("1/QĐ", "2026-07-01", 3)); err != nil || len(events) > 0 {
		t.Errorf("published again: %v, %v", events, err)
	}
	for want, wish := range map[string]procedure.Publish{
		"decision_used":       renewed("1/QĐ", "2026-07-01", 4),
		"valid_before_former": renewed("2/QĐ", "2026-06-30", 4),
		"decision_missing":    renewed("", "2026-08-01", 4),
	} {
		if _, err := procedure.Decide(p, wish); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestASwitchLetsUnitsInStepByStep(t *testing.T) {
	turn := func(s procedure.Switch, w procedure.Turn) procedure.Switch {
		t.Helper()
		events, err := procedure.DecideSwitch(s, w)
		if err != nil || len(events) != 1 {
			t.Fatalf("%v, %v", events, err)
		}
		if again, err := procedure.DecideSwitch(procedure.EvolveSwitch(s, procedure.Fact{Version: s.Position + 1, Event: events[0]}), w); err != nil || len(again) > 0 {
			t.Errorf("turned twice: %v, %v", again, err)
		}
		return procedure.EvolveSwitch(s, procedure.Fact{Version: s.Position + 1, Event: events[0]})
	}
	v, _ := procedure.Lookup("vet-practice-cert-renew")
	var never procedure.Switch
	general := turn(never, procedure.Turn{Procedure: v.ID, Reason: procedure.UnitNotReady, Basis: "12/QĐ-SNN"})
	pilot := turn(never, procedure.Turn{Procedure: v.ID, Unit: "one-stop", Open: true, Reason: procedure.Pilot, Basis: "13/QĐ-SNN"})
	if r := v.Admits(procedure.Online, never.Over(never)); r != nil {
		t.Errorf("a switch that was never turned: %v", r)
	}
	if r := v.Admits(procedure.Online, never.Over(general)); r == nil || r.Code != "switched_off" || r.Basis != "12/QĐ-SNN" || !strings.Contains(r.VI, "đơn vị chưa sẵn sàng") {
		t.Errorf("a unit without its own switch, the general one off: %v", r)
	}
	if r := v.Admits(procedure.Online, pilot.Over(general)); r != nil {
		t.Errorf("the pilot unit: %v", r)
	}
	v.Channels = []procedure.Channel{procedure.Counter}
	if r := v.Admits(procedure.Online, pilot); r == nil || r.Code != "channel_not_offered" || !strings.Contains(r.EN, "at the counter") {
		t.Errorf("a channel that is not offered: %v", r)
	}
	if _, err := procedure.DecideSwitch(pilot, procedure.Turn{Procedure: v.ID, Unit: "one-stop", Reason: procedure.Pilot, Basis: "x"}); err == nil {
		t.Error("closed for a reason to open")
	}
}

func ExampleLookup() {
	v, _ := procedure.Lookup("vet-drug-manufacture-cert")
	fmt.Println(v.NameVI)
	fmt.Println(strings.ReplaceAll(v.LimitVI, "\u00a0", " "))
	fmt.Println(v.OpenForFiling, v.Assumed)
	// Output:
	// Cấp Giấy chứng nhận đủ điều kiện sản xuất thuốc thú y
	// 15 ngày + 5 ngày làm việc
	// true false
}

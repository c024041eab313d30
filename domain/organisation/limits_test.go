package organisation_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/organisation"
)

// mistakes are the findings of a plan that was changed: "code at path".
func mistakes(change func(p *organisation.Plan)) (list []string) {
	p := house()
	change(&p)
	for _, f := range organisation.Check(p, day(today)) {
		list = append(list, f.Code+" at "+f.Path)
	}
	return list
}

func TestAPlanAtItsLimitsIsTakenAndOneBeyondThemIsNot(t *testing.T) {
	giving := func(change func(d *organisation.Delegation)) func(p *organisation.Plan) {
		return func(p *organisation.Plan) {
			d := delegation(organisation.KT, "boss", "vice")
			change(&d)
			p.Delegations = []organisation.Delegation{d}
		}
	}
	for _, c := range []struct {
		name   string
		change func(p *organisation.Plan)
		want   []string
	}{
		{"a name of 200 bytes", func(p *organisation.Plan) { p.Units[0].NameEN = strings.Repeat("a", 200) }, nil},
		{"a name of 201 bytes", func(p *organisation.Plan) { p.Units[0].NameEN = strings.Repeat("a", 201) }, []string{"bad_text at units[0].name_en"}},
		{"no agency at all", func(p *organisation.Plan) { p.Agencies, p.Units, p.Accounts = nil, nil, nil }, []string{"missing at agencies", "no_administrator at accounts"}},
		{"a unit of one day", func(p *organisation.Plan) {
			u := unit("crops", "ministry", "")
			u.To = u.From
			p.Units = append(p.Units, u)
		}, nil},
		{"a zone without a name", func(p *organisation.Plan) { p.Agencies[0].Zone = "" }, []string{"unknown_zone at agencies[0].zone"}},
		{"the zone of the machine", func(p *organisation.Plan) { p.Agencies[0].Zone = "Local" }, []string{"unknown_zone at agencies[0].zone"}},
		{"an account with two posts at the head of its unit", func(p *organisation.Plan) {
			p.Accounts[0].Posts = append(p.Accounts[0].Posts, post(domain.DivisionHead, "top", organisation.Head))
		}, nil},
		{"a head from the day after the last", func(p *organisation.Plan) {
			p.Accounts[0].To = day("2026-06-30")
			p.Accounts[1].Posts[0].Rank, p.Accounts[1].Posts[0].From = organisation.Head, day("2026-07-01")
		}, nil},
		{"an administrator until today", func(p *organisation.Plan) { p.Accounts[6].To = day(today) }, nil},
		{"an administrator until yesterday", func(p *organisation.Plan) { p.Accounts[6].To = day(today) - 1 }, []string{"no_administrator at accounts"}},
		{"an administrator whose post ends before its account", func(p *organisation.Plan) { p.Accounts[6].Posts[0].To = day(today) - 1 }, []string{"no_administrator at accounts"}},
		{"a post as long as its account", func(p *organisation.Plan) {
			p.Accounts[4].To = day("2026-12-31")
			p.Accounts[4].Posts[0].To = day("2026-12-31")
		}, nil},
		{"a post that begins before its account", func(p *organisation.Plan) {
			p.Accounts[4].From = day("2026-01-02")
			p.Accounts[4].Posts[0].From = day("2026-01-01")
		}, []string{"outside_validity at accounts[4].posts[0]"}},
		{"three terms one after the other", func(p *organisation.Plan) {
			second, third := unit("forest", "province", ""), unit("forest", "province", "")
			p.Units[2].To = day("2026-06-30")
			second.Period, third.Period = between("2026-07-01", "2026-09-30"), from("2026-10-01")
			p.Units = append(p.Units, third, second)
		}, nil},
		{"three terms in another order", func(p *organisation.Plan) {
			second, third := unit("forest", "province", ""), unit("forest", "province", "")
			p.Units[2].To = day("2026-06-30")
			second.Period, third.Period = between("2026-07-01", "2026-09-30"), from("2026-10-01")
			p.Units = append(append([]organisation.Unit{second}, p.Units...), third)
		}, nil},
		{"a term behind two that begin on one day follows the one that stands last", func(p *organisation.Plan) {
			second, third := unit("forest", "province", ""), unit("forest", "province", "")
			p.Units[2].To = day("2026-06-30")
			second.Period, third.Period = between("2026-01-01", "2026-09-30"), from("2026-10-01")
			p.Units = append(p.Units, second, third)
		}, []string{"overlapping_terms at units[3].from"}},
		{"a head until the day on which another begins", func(p *organisation.Plan) {
			p.Accounts[0].Posts[0].From = day("2026-06-30")
			p.Accounts[1].Posts[0].Rank, p.Accounts[1].Posts[0].To = organisation.Head, day("2026-06-30")
		}, []string{"two_heads at accounts[1].posts[0].rank"}},
		{"a delegation at a unit whose agencies make a circle", func(p *organisation.Plan) {
			giving(func(d *organisation.Delegation) { d.Units = []string{"forest"} })(p)
			other := p.Agencies[1]
			other.Code, other.Parent = "other", "province"
			p.Agencies[1].Parent = "other"
			p.Agencies = append(p.Agencies, other)
		}, []string{"circle at agencies[1].parent", "circle at agencies[2].parent", "beyond_its_giver at delegations[0].units[0]"}},
		{"a delegation on the only day on which its receiver is a deputy", func(p *organisation.Plan) {
			giving(func(d *organisation.Delegation) { d.From, d.Until = day("2026-06-30"), day("2026-06-30") })(p)
			p.Accounts[1].Posts[0].From, p.Accounts[1].Posts[0].To = day("2026-06-30"), day("2026-06-30")
		}, nil},
		{"a second term within the first of the file", func(p *organisation.Plan) {
			next := unit("top", "ministry", "")
			next.Period = from("2026-07-01")
			p.Units = append(p.Units, next)
		}, []string{"overlapping_terms at units[3].from"}},
		{"two terms from one day", func(p *organisation.Plan) {
			p.Units[2].To = p.Units[2].From
			p.Units = append(p.Units, unit("forest", "province", ""))
		}, []string{"overlapping_terms at units[3].from"}},
		{"a document of 64 bytes", giving(func(d *organisation.Delegation) { d.Basis = strings.Repeat("1", 64) }), nil},
		{"a document of 65 bytes", giving(func(d *organisation.Delegation) { d.Basis = strings.Repeat("1", 65) }), []string{"missing at delegations[0].basis"}},
		{"a delegation of one day", giving(func(d *organisation.Delegation) { d.Until = d.From }), nil},
		{"a delegation that ends before it begins", giving(func(d *organisation.Delegation) { d.Until = d.From - 1 }), []string{"ends_before_it_begins at delegations[0].until"}},
		{"a delegation at a unit there is not", giving(func(d *organisation.Delegation) { d.Units = []string{"nothing"} }), []string{"unknown_unit at delegations[0].units[0]"}},
		{"a delegation at a unit of an agency below", giving(func(d *organisation.Delegation) { d.Units = []string{"forest"} }), nil},
		{"a delegation on the last day on which its receiver is a deputy", func(p *organisation.Plan) {
			giving(func(d *organisation.Delegation) { d.From, d.Until = day("2026-06-30"), day("2026-06-30") })(p)
			p.Accounts[1].Posts[0].To = day("2026-06-30")
		}, []string(nil)},
		{"a delegation beyond the last day on which its receiver is a deputy", func(p *organisation.Plan) {
			giving(func(d *organisation.Delegation) { d.Until = day("2026-07-01") })(p)
			p.Accounts[1].Posts[0].To = day("2026-06-30")
		}, []string{"may_not_receive at delegations[0].to"}},
		{"a deputy's delegation in another role", func(p *organisation.Plan) {
			giving(func(*organisation.Delegation) {})(p)
			p.Accounts[1].Posts[0].Role = domain.Clerk
		}, []string{"may_not_receive at delegations[0].to"}},
		{"by authorisation to the head of an agency two below", func(p *organisation.Plan) {
			commune := p.Agencies[1]
			commune.Code, commune.Parent = "commune", "province"
			p.Agencies, p.Units[2].Agency = append(p.Agencies, commune), "commune"
			p.Delegations = []organisation.Delegation{delegation(organisation.TUQ, "boss", "forest-head")}
		}, []string{"may_not_receive at delegations[0].to"}},
		{"by order to a head who decides", func(p *organisation.Plan) {
			p.Accounts[2].Posts[0].Role = domain.Approver
			p.Delegations = []organisation.Delegation{delegation(organisation.TL, "boss", "plants-head")}
		}, []string{"may_not_receive at delegations[0].to"}},
		{"by authorisation to a head who decides", func(p *organisation.Plan) {
			p.Accounts[2].Posts[0].Role = domain.Approver
			p.Delegations = []organisation.Delegation{delegation(organisation.TUQ, "boss", "plants-head")}
		}, nil},
		{"by authorisation to a head who neither decides nor heads a division", func(p *organisation.Plan) {
			p.Accounts[2].Posts[0].Role = domain.Clerk
			p.Delegations = []organisation.Delegation{delegation(organisation.TUQ, "boss", "plants-head")}
		}, []string{"may_not_receive at delegations[0].to"}},
		{"by order to the head of the giver's own unit", func(p *organisation.Plan) {
			p.Accounts[2].Posts[0] = organisation.Post{Role: domain.DivisionHead, Unit: "top", Rank: organisation.Head, From: day("2027-01-01")}
			p.Accounts[0].Posts[0].To = day("2026-12-31")
			p.Delegations = []organisation.Delegation{delegation(organisation.TL, "boss", "plants-head")}
		}, []string{"may_not_receive at delegations[0].to"}},
	} {
		if got := mistakes(c.change); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestAGapNamesItsFirstAndItsLastDay(t *testing.T) {
	p := house()
	p.Units[2].To = day("2026-06-30")
	next := unit("forest", "province", "")
	next.Period = from("2026-07-05")
	p.Units = append(p.Units, next)
	found := organisation.Check(p, day(today))
	i := slices.IndexFunc(found, func(f organisation.Finding) bool { return f.Path == "units[3].from" })
	if i < 0 || !strings.Contains(found[i].EN, "from 2026-07-01 to 2026-07-04") || !strings.Contains(found[i].VI, "từ 2026-07-01 đến 2026-07-04") {
		t.Errorf("%+v", found)
	}
	i = slices.IndexFunc(found, func(f organisation.Finding) bool { return f.Path == "accounts[5].posts[0].unit" })
	if i < 0 || !strings.Contains(found[i].EN, "On 2026-07-01 the unit “forest” does not hold") {
		t.Errorf("%+v", found)
	}
}

func TestTwoHeadsAreToldByTheFirstDayOnWhichBothAre(t *testing.T) {
	p := house()
	p.Accounts[1].Posts[0].Rank, p.Accounts[1].Posts[0].From = organisation.Head, day("2026-06-30")
	found := organisation.Check(p, day(today))
	if len(found) != 1 || !strings.Contains(found[0].EN, "on 2026-06-30: “boss” and “vice”") {
		t.Errorf("%+v", found)
	}
}

func TestWhatTheLawOnSigningForbidsNamesTheArticle(t *testing.T) {
	p := house()
	p.Units[0].NameEN = ""
	p.Delegations = []organisation.Delegation{delegation(organisation.KT, "boss", "boss")}
	for _, f := range organisation.Check(p, day(today)) {
		if law := f.Code == "delegates_to_self"; (f.Basis == "NĐ 30/2020, Điều 13") != law {
			t.Errorf("%s rests on %q", f.Code, f.Basis)
		}
	}
}

func TestARefusedActorIsToldWhatTheAccountHoldsAndUntilWhen(t *testing.T) {
	p := house()
	p.Accounts[3].To = day("2026-12-31")
	o, _ := applied(t, p)
	at := func(s string) time.Time { return day(s).Start(time.FixedZone("+07", 7*3600)).Add(time.Hour) }
	for _, c := range []struct {
		actor      domain.Actor
		at, vi, en string
	}{
		{domain.Actor{Account: "boss", Role: domain.Clerk, Unit: "top"}, "2026-03-01", "Vai trò đang giữ: approver @ top.", "It holds: approver @ top."},
		{domain.Actor{Account: "boss", Role: domain.Approver, Unit: "top"}, "2025-12-31", "đến không thời hạn", "to no end"},
		{domain.Actor{Account: "plants-vice", Role: domain.DivisionHead, Unit: "plants"}, "2027-01-01", "đến 2026-12-31", "to 2026-12-31"},
	} {
		var refusal *domain.Refusal
		if err := o.Admits(c.actor, at(c.at)); !errors.As(err, &refusal) || !strings.Contains(refusal.VI, c.vi) || !strings.Contains(refusal.EN, c.en) {
			t.Errorf("%+v: %v", c.actor, err)
		}
	}
	p.Accounts[0].Posts[0].To = day("2026-06-30")
	p.Accounts = append(p.Accounts, account("later", post(domain.Approver, "top", "")))
	o, _ = applied(t, p)
	var refusal *domain.Refusal
	if err := o.Admits(domain.Actor{Account: "boss", Role: domain.Approver, Unit: "top"}, at("2026-07-01")); !errors.As(err, &refusal) || !strings.Contains(refusal.EN, "It holds: none.") {
		t.Errorf("%v", err)
	}
}

func TestAnAccountActsInEachRoleThatItHoldsThatDay(t *testing.T) {
	p := house()
	p.Accounts[4].Posts = []organisation.Post{{Role: domain.CaseOfficer, Unit: "plants", To: day("2026-06-30")}, {Role: domain.Clerk, Unit: "top", From: day("2026-06-01")}}
	o, _ := applied(t, p)
	hanoi := time.FixedZone("+07", 7*3600)
	for when, want := range map[string][]domain.Actor{
		"2026-03-01": {{Account: "plants-officer", Role: domain.CaseOfficer, Unit: "plants"}},
		"2026-06-15": {{Account: "plants-officer", Role: domain.CaseOfficer, Unit: "plants"}, {Account: "plants-officer", Role: domain.Clerk, Unit: "top"}},
		"2026-07-01": {{Account: "plants-officer", Role: domain.Clerk, Unit: "top"}},
	} {
		if got := o.Actors("plants-officer", day(when).Start(hanoi)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", when, got, want)
		}
	}
	if got := o.Actors("nobody", day(today).Start(hanoi)); got != nil {
		t.Errorf("nobody acts as %v", got)
	}
}

// A day begins where the unit's agency is.
func TestADayBeginsWhereTheAgencyOfTheUnitIs(t *testing.T) {
	p := house()
	p.Agencies[1].Zone = "Asia/Tokyo"
	p.Delegations = []organisation.Delegation{delegation(organisation.KT, "boss", "vice")}
	o, _ := applied(t, p)
	midnight := time.Date(2025, 12, 31, 16, 0, 0, 0, time.UTC) // of Tokyo: one hour later it is 23:00 in Hà Nội
	forest, top := domain.Actor{Account: "forest-head", Role: domain.DivisionHead, Unit: "forest"}, domain.Actor{Account: "boss", Role: domain.Approver, Unit: "top"}
	if err := o.Admits(forest, midnight); err != nil {
		t.Errorf("the year has begun at the province: %v", err)
	}
	if err := o.Admits(top, midnight); err == nil {
		t.Error("it has not begun at the ministry")
	}
	if got := o.Zone(p.Delegations[0]).String(); got != "Asia/Ho_Chi_Minh" {
		t.Errorf("a delegation begins in %s", got)
	}
	if got := o.Zone(organisation.Delegation{By: "forest-head"}).String(); got != "Asia/Tokyo" {
		t.Errorf("a delegation begins in %s", got)
	}
}

func TestFactsAreKeptInTheOrderOfTheirCodesAndDays(t *testing.T) {
	p := house()
	p.Units[2].To = day("2026-06-30")
	next := unit("forest", "province", "")
	next.Period = from("2026-07-01")
	p.Units = append([]organisation.Unit{next}, p.Units...)
	o, _ := applied(t, p)
	if o.Units[0].From != day("2026-01-01") || o.Units[1].From != day("2026-07-01") || o.Units[0].Code != "forest" {
		t.Errorf("%+v", o.Units)
	}
	if u, is := o.UnitOn("forest", day("2026-07-01")); !is || u.From != next.From {
		t.Errorf("%+v", u)
	}
	if u, is := o.UnitOn("forest", day("2026-06-30")); !is || u.To != day("2026-06-30") {
		t.Errorf("%+v", u)
	}
	if _, is := o.AgencyOf("nothing", day(today)); is {
		t.Error("a unit there is not has an agency")
	}
	if !o.Exists() || (organisation.Organisation{}).Exists() {
		t.Error("an organisation exists from its first fact on")
	}
}

func TestADelegationBeyondAnAccountSaysBothTerms(t *testing.T) {
	p := house()
	d := delegation(organisation.KT, "boss", "vice")
	d.From = day("2025-12-31")
	p.Delegations = []organisation.Delegation{d}
	found := organisation.Check(p, day(today))
	if len(found) == 0 || !strings.Contains(found[0].EN, "“boss” is valid from 2026-01-01 to …, but delegation “d-1” is from 2025-12-31 to 2026-06-30") {
		t.Errorf("%+v", found)
	}
}

func TestMistakesStandInTheOrderOfTheirLinesWithTheirArticle(t *testing.T) {
	read, _ := organisation.Read([]byte("{\"code\": \"house\",\n\"name_vi\": \"a\",\n\"name_en\": \"b\"}"))
	placed := read.Place(organisation.Findings{{Path: "name_en", VI: "c", EN: "c", Basis: "X"}, {Path: "code", VI: "a", EN: "a"}, {Path: "name_vi", VI: "b", EN: "b"}})
	var got []string
	for _, m := range placed {
		got = append(got, m.Path+" "+m.VI+" "+m.EN)
	}
	if want := []string{"code a a", "name_vi b b", "name_en c (X) c (X)"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAnExampleComesWithTheProgram(t *testing.T) {
	if text := string(organisation.Shipped()); !strings.Contains(text, "agencies:") || !strings.Contains(text, "accounts:") {
		t.Errorf("%.200s", text)
	}
}

func TestEntriesKindsAndRanksHaveNamesInBothLanguages(t *testing.T) {
	for code, want := range map[string][2]string{"kt": {"KT. (ký thay)", "KT. (deputy for the head)"}, "unit": {"đơn vị", "unit"}, "nothing": {"nothing", "nothing"}} {
		if vi, en := organisation.Word(code, "vi"), organisation.Word(code, "en"); vi != want[0] || en != want[1] {
			t.Errorf("%s: %q, %q", code, vi, en)
		}
	}
}

// Whoever is at no unit of any agency has the days of Hà Nội.
func TestDaysBeginInHanoiWhereNoAgencySaysOtherwise(t *testing.T) {
	at := day("2026-03-01").Start((organisation.Organisation{}).Zone(organisation.Delegation{By: "nobody"}))
	if want := time.Date(2026, 2, 28, 17, 0, 0, 0, time.UTC); !at.Equal(want) {
		t.Errorf("1 March begins at %v", at.UTC())
	}
}

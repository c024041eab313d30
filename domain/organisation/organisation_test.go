package organisation_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/organisation"

	"github.com/google/go-cmp/cmp"
)

func day(s string) calendar.Date {
	d, err := calendar.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

func from(s string) organisation.Period { return organisation.Period{From: day(s)} }

func between(a, b string) organisation.Period { return organisation.Period{From: day(a), To: day(b)} }

const today = "2026-11-25"

func unit(code, agency, parent string) organisation.Unit {
	return organisation.Unit{Code: code, Period: from("2026-01-01"), NameVI: "Đơn vị " + code, NameEN: "Unit " + code, Agency: agency, Parent: parent}
}

func account(name string, posts ...organisation.Post) organisation.Account {
	return organisation.Account{ID: name, Period: from("2026-01-01"), TitleVI: "Chức danh", TitleEN: "Post", Posts: posts}
}

func post(role domain.Role, unit string, rank organisation.Rank) organisation.Post {
	return organisation.Post{Role: role, Unit: unit, Rank: rank}
}

// house is an authority with a department below it, in which nothing is wrong.
func house() organisation.Plan {
	agency := func(code, parent string) organisation.Agency {
		return organisation.Agency{Code: code, Period: from("2026-01-01"), NameVI: "Cơ quan", NameEN: "Agency", Parent: parent, Zone: "Asia/Ho_Chi_Minh", Calendar: "vn"}
	}
	p := organisation.Plan{Code: "house", NameVI: "Cơ quan", NameEN: "House",
		Agencies: []organisation.Agency{agency("ministry", ""), agency("province", "ministry")},
		Units:    []organisation.Unit{unit("top", "ministry", ""), unit("plants", "ministry", "top"), unit("forest", "province", "")},
		Accounts: []organisation.Account{
			account("boss", post(domain.Approver, "top", organisation.Head)),
			account("vice", post(domain.Approver, "top", organisation.Deputy)),
			account("plants-head", post(domain.DivisionHead, "plants", organisation.Head)),
			account("plants-vice", post(domain.DivisionHead, "plants", organisation.Deputy)),
			account("plants-officer", post(domain.CaseOfficer, "plants", "")),
			account("forest-head", post(domain.DivisionHead, "forest", organisation.Head)),
			account("admin", post(domain.SystemAdmin, "top", "")),
		},
	}
	p.Agencies[0].Codes = &organisation.CodeRule{Identifier: "000.00.01.G10", Pattern: "circular-01-2018"}
	return p
}

func delegation(kind organisation.Kind, by, to string) organisation.Delegation {
	return organisation.Delegation{Code: "d-1", Kind: kind, By: by, To: to, From: day("2026-02-01"), Until: day("2026-06-30"), Procedures: []string{"p-1"}, Basis: "1/QĐ"}
}

// applied is the organisation after plans, each of which must be taken.
func applied(t *testing.T, plans ...organisation.Plan) (o organisation.Organisation, events []organisation.Event) {
	t.Helper()
	for _, p := range plans {
		news, err := organisation.Decide(o, organisation.Apply{Plan: p, Today: day(today)})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range news {
			o = organisation.Evolve(o, organisation.Fact{Version: o.Version + 1, Event: e})
		}
		events = append(events, news...)
	}
	return o, events
}

func TestAPlanBecomesFactsAndTheFactsAreThePlan(t *testing.T) {
	o, events := applied(t, house())
	if len(events) != 1+2+3+7 {
		t.Errorf("%d events", len(events))
	}
	again, err := organisation.Decide(o, organisation.Apply{Plan: o.Plan, Today: day(today)})
	if err != nil || len(again) != 0 {
		t.Errorf("the same plan again: %v, %v", again, err)
	}
	other := house()
	slices.Reverse(other.Units)
	slices.Reverse(other.Accounts)
	if again, err := organisation.Decide(o, organisation.Apply{Plan: other, Today: day(today)}); err != nil || len(again) != 0 {
		t.Errorf("in another order: %v, %v", again, err)
	}
}

func TestOnlyWhatChangedBecomesAFactAndTheDifferenceSaysWhat(t *testing.T) {
	before, _ := applied(t, house())
	p := house()
	p.Accounts[4].To = day("2026-12-31")
	p.Units = append(p.Units, unit("crops", "ministry", "top"))
	events, err := organisation.Decide(before, organisation.Apply{Plan: p, Today: day(today)})
	if err != nil || len(events) != 2 {
		t.Fatalf("%v, %v", events, err)
	}
	changes := organisation.EntryChanges(before, events)
	if c := changes[1]; c.Code != "plants-officer" || !cmp.Equal(c.Members, []organisation.MemberChange{{Path: "to", After: "2026-12-31"}}) {
		t.Errorf("%+v", c)
	}
	if c := changes[0]; c.Entry != organisation.UnitEntry || c.Code != "crops" || len(c.Members) != 6 {
		t.Errorf("%+v", c)
	}
}

func TestWhatHasBegunIsEndedAndNeverLeftOut(t *testing.T) {
	p := house()
	late := account("late", post(domain.Clerk, "top", ""))
	late.Period = from("2027-01-01")
	p.Accounts = append(p.Accounts, late)
	o, _ := applied(t, p)
	events, err := organisation.Decide(o, organisation.Apply{Plan: house(), Today: day(today)})
	if err != nil || !cmp.Equal(events, []organisation.Event{organisation.EntryWithdrawn{Entry: organisation.AccountEntry, Code: "late", From: day("2027-01-01")}}) {
		t.Errorf("what never began: %v, %v", events, err)
	}
	if _, err := organisation.Decide(o, organisation.Apply{Plan: house(), Today: day("2027-01-01")}); !has(err, "vanished", "") {
		t.Errorf("what has begun: %v", err)
	}
	o, _ = applied(t, p, house())
	if _, known := o.AccountOf("late"); known {
		t.Error("it is still there")
	}
}

func has(err error, code, path string) bool {
	var found organisation.Findings
	return errors.As(err, &found) && slices.ContainsFunc(found, func(f organisation.Finding) bool {
		return f.Code == code && f.Path == path && f.VI != "" && f.EN != "" && !strings.Contains(f.VI+f.EN, "%!")
	})
}

func TestNobodyGivesHimselfAPostOrAPower(t *testing.T) {
	start := house()
	start.Accounts[4].Posts = append(start.Accounts[4].Posts, post(domain.SystemAdmin, "top", ""))
	start.Accounts[4].To = day("2027-12-31")
	o, _ := applied(t, start)
	const me = "plants-officer" // appraises, and looks after the machine
	power := func(to string) organisation.Delegation {
		return organisation.Delegation{Code: "d-1", Kind: organisation.KT, By: "boss", To: to, From: day("2026-11-01"), Basis: "1/QĐ"}
	}
	for _, c := range []struct {
		name, code, path string
		change           func(p *organisation.Plan)
	}{
		{"a post that decides", "own_post", "accounts[4].posts[2]", func(p *organisation.Plan) {
			p.Accounts[4].Posts = append(p.Accounts[4].Posts, post(domain.Approver, "top", ""))
		}},
		{"its post at another unit", "own_post", "accounts[4].posts[0]", func(p *organisation.Plan) { p.Accounts[4].Posts[0].Unit = "top" }},
		{"its post as the deputy", "own_post", "accounts[4].posts[0]", func(p *organisation.Plan) { p.Accounts[4].Posts[0].Rank = organisation.Deputy }},
		{"its post for longer", "own_post", "accounts[4].posts[0]", func(p *organisation.Plan) { p.Accounts[4].To = 0 }},
		{"the power to sign for its head", "own_delegation", "delegations[0].to", func(p *organisation.Plan) { p.Delegations = append(p.Delegations, power(me)) }},
		{"nothing that it has already", "", "", func(p *organisation.Plan) { p.Accounts[4].TitleEN = "Officer" }},
		{"its post for a shorter time", "", "", func(p *organisation.Plan) { p.Accounts[4].To = day("2026-12-31") }},
		{"to look after the machine elsewhere", "", "", func(p *organisation.Plan) {
			p.Accounts[4].Posts = append(p.Accounts[4].Posts, post(domain.SystemAdmin, "forest", ""))
		}},
		{"a post of somebody else", "", "", func(p *organisation.Plan) {
			p.Accounts[5].Posts = append(p.Accounts[5].Posts, post(domain.CaseOfficer, "forest", ""))
		}},
	} {
		p := house()
		p.Accounts[4].Posts, p.Accounts[4].To = slices.Clone(start.Accounts[4].Posts), start.Accounts[4].To
		c.change(&p)
		_, err := organisation.Decide(o, organisation.Apply{Plan: p, Today: day(today), By: me})
		if c.code == "" && err != nil || c.code != "" && !has(err, c.code, c.path) {
			t.Errorf("%s: %v", c.name, err)
		}
		if _, err := organisation.Decide(o, organisation.Apply{Plan: p, Today: day(today), By: "admin"}); has(err, c.code, c.path) {
			t.Errorf("%s, by another: %v", c.name, err)
		}
	}
	with := house()
	with.Accounts, with.Delegations = start.Accounts, []organisation.Delegation{power("vice")}
	o, _ = applied(t, with)
	if _, err := organisation.Decide(o, organisation.Apply{Plan: with, Today: day(today), By: "vice"}); err != nil {
		t.Errorf("a power that it has: %v", err)
	}
	with.Delegations = []organisation.Delegation{power("vice")}
	with.Delegations[0].Kind = organisation.TL
	if _, err := organisation.Decide(o, organisation.Apply{Plan: with, Today: day(today), By: "vice"}); !has(err, "own_delegation", "delegations[0].to") {
		t.Errorf("another power: %v", err)
	}
}

func TestAPlanThatCannotBeIsRefusedAndSaysWhere(t *testing.T) {
	o, _ := applied(t, house())
	end := func(p *organisation.Plan, i int, d string) { p.Accounts[i].To = day(d) }
	tests := []struct {
		name, code, path string
		change           func(p *organisation.Plan)
	}{
		{"a role that nobody in an authority holds", "unknown_role", "accounts[4].posts[0].role", func(p *organisation.Plan) { p.Accounts[4].Posts[0].Role = domain.Applicant }},
		{"the role of the machine", "unknown_role", "accounts[4].posts[0].role", func(p *organisation.Plan) { p.Accounts[4].Posts[0].Role = domain.System }},
		{"a rank there is not", "not_in_list", "accounts[4].posts[0].rank", func(p *organisation.Plan) { p.Accounts[4].Posts[0].Rank = "boss" }},
		{"two heads at one time", "two_heads", "accounts[1].posts[0].rank", func(p *organisation.Plan) { p.Accounts[1].Posts[0].Rank = organisation.Head }},
		{"two heads for one day", "two_heads", "accounts[1].posts[0].rank", func(p *organisation.Plan) {
			end(p, 0, "2026-06-30")
			p.Accounts[1].Posts[0].Rank, p.Accounts[1].Posts[0].From = organisation.Head, day("2026-06-30")
		}},
		{"a circle of units", "circle", "units[0].parent", func(p *organisation.Plan) { p.Units[0].Parent = "plants" }},
		{"a unit above itself", "circle", "units[0].parent", func(p *organisation.Plan) { p.Units[0].Parent = "top" }},
		{"a circle that begins later", "circle", "units[3].parent", func(p *organisation.Plan) {
			p.Units[0].To = day("2026-12-31")
			next := unit("top", "ministry", "plants")
			next.Period = from("2027-01-01")
			p.Units = append(p.Units, next)
		}},
		{"a circle of agencies", "circle", "agencies[0].parent", func(p *organisation.Plan) { p.Agencies[0].Parent = "province" }},
		{"an agency there is not", "unknown_agency", "units[0].agency", func(p *organisation.Plan) { p.Units[0].Agency = "nothing" }},
		{"a unit there is not", "unknown_unit", "accounts[2].posts[0].unit", func(p *organisation.Plan) { p.Accounts[2].Posts[0].Unit = "nothing" }},
		{"a gap between two terms", "gap_of_validity", "units[3].from", func(p *organisation.Plan) {
			p.Units[2].To = day("2026-06-30")
			next := unit("forest", "province", "")
			next.Period = from("2026-07-02")
			p.Units = append(p.Units, next)
		}},
		{"two terms at one time", "overlapping_terms", "units[3].from", func(p *organisation.Plan) { p.Units = append(p.Units, unit("forest", "ministry", "")) }},
		{"a post at a unit that is no more", "gap_of_validity", "accounts[5].posts[0].unit", func(p *organisation.Plan) { p.Units[2].To = day("2026-06-30") }},
		{"a unit of an agency that is no more", "gap_of_validity", "units[2].agency", func(p *organisation.Plan) { p.Agencies[1].To = day("2026-06-30") }},
		{"a post longer than its account", "outside_validity", "accounts[4].posts[0]", func(p *organisation.Plan) {
			end(p, 4, "2026-06-30")
			p.Accounts[4].Posts[0].To = day("2026-07-31")
		}},
		{"an end before its beginning", "ends_before_it_begins", "accounts[4].to", func(p *organisation.Plan) { end(p, 4, "2025-06-30") }},
		{"an account twice", "twice", "accounts[7].account", func(p *organisation.Plan) { p.Accounts = append(p.Accounts, p.Accounts[4]) }},
		{"an account without a role", "missing", "accounts[4].posts", func(p *organisation.Plan) { p.Accounts[4].Posts = nil }},
		{"a number of a person for an account", "bad_code", "accounts[4].account", func(p *organisation.Plan) { p.Accounts[4].ID = "079123456789" }},
		{"a telephone number in a title", "personal", "accounts[4].title_vi", func(p *organisation.Plan) { p.Accounts[4].TitleVI = "Chuyên viên 0912345678" }},
		{"a unit without a name", "bad_text", "units[0].name_en", func(p *organisation.Plan) { p.Units[0].NameEN = " " }},
		{"a zone there is not", "unknown_zone", "agencies[0].zone", func(p *organisation.Plan) { p.Agencies[0].Zone = "Hanoi" }},
		{"a pattern that numbers nothing", "bad_pattern", "agencies[0].codes", func(p *organisation.Plan) { p.Agencies[0].Codes.Pattern = "{agency}" }},
		{"nobody who could mend it", "no_administrator", "accounts", func(p *organisation.Plan) { end(p, 6, "2026-06-30") }},
	}
	for _, test := range tests {
		p := house()
		test.change(&p)
		events, err := organisation.Decide(o, organisation.Apply{Plan: p, Today: day(today)})
		if !has(err, test.code, test.path) || events != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestAllMistakesOfAPlanAreToldAtOnce(t *testing.T) {
	p := house()
	p.Units[0].Agency, p.Accounts[4].Posts[0].Role, p.Accounts[1].Posts[0].Rank = "nothing", "king", organisation.Head
	_, err := organisation.Decide(organisation.Organisation{}, organisation.Apply{Plan: p, Today: day(today)})
	for code, path := range map[string]string{"unknown_agency": "units[0].agency", "unknown_role": "accounts[4].posts[0].role", "two_heads": "accounts[1].posts[0].rank"} {
		if !has(err, code, path) {
			t.Errorf("nothing of %s at %s in %v", code, path, err)
		}
	}
}

func TestADelegationGivesWhatTheLawLetsItsGiverGive(t *testing.T) {
	const kt, tl, tuq = organisation.KT, organisation.TL, organisation.TUQ
	with := func(list ...organisation.Delegation) organisation.Plan {
		p := house()
		for i := range list {
			if i > 0 {
				list[i].Code = "d-2"
			}
		}
		p.Delegations = list
		return p
	}
	changed := func(d organisation.Delegation, change func(d *organisation.Delegation)) organisation.Delegation {
		change(&d)
		return d
	}
	ordered := delegation(tl, "boss", "plants-head")
	tests := []struct {
		name, code, path string // no code: it is taken
		plan             organisation.Plan
	}{
		{"a deputy signs for the head", "", "", with(delegation(kt, "boss", "vice"))},
		{"a head of a unit signs by order", "", "", with(ordered)},
		{"a head of an agency directly below signs by authorisation", "", "", with(delegation(tuq, "boss", "forest-head"))},
		{"a deputy signs for a head who signs by order", "", "", with(ordered, delegation(kt, "plants-head", "plants-vice"))},
		{"a deputy without an end", "", "", with(changed(delegation(kt, "boss", "vice"), func(d *organisation.Delegation) { d.Until = 0 }))},

		{"to oneself", "delegates_to_self", "delegations[0].to", with(delegation(kt, "boss", "boss"))},
		{"from nobody", "unknown_account", "delegations[0].by", with(delegation(kt, "nobody", "vice"))},
		{"in a way there is not", "not_in_list", "delegations[0].kind", with(delegation("tm", "boss", "vice"))},
		{"from one who has no such power", "no_power", "delegations[0].by", with(delegation(tl, "plants-officer", "plants-head"))},
		{"from a deputy", "no_power", "delegations[0].by", with(delegation(tl, "vice", "plants-head"))},
		{"from a head who does not sign by order", "no_power", "delegations[0].by", with(delegation(kt, "plants-head", "plants-vice"))},
		{"for other matters than were given", "no_power", "delegations[1].by", with(ordered, changed(delegation(kt, "plants-head", "plants-vice"), func(d *organisation.Delegation) { d.Procedures = []string{"p-2"} }))},
		{"for all matters when some were given", "no_power", "delegations[1].by", with(ordered, changed(delegation(kt, "plants-head", "plants-vice"), func(d *organisation.Delegation) { d.Procedures = nil }))},
		{"for longer than was given", "no_power", "delegations[1].by", with(ordered, changed(delegation(kt, "plants-head", "plants-vice"), func(d *organisation.Delegation) { d.Until = day("2026-07-01") }))},
		{"what was authorised is never handed on", "not_handed_on", "delegations[1].by", with(delegation(tuq, "boss", "plants-head"), delegation(kt, "plants-head", "plants-vice"))},
		{"for the head, but not as a deputy of the unit", "may_not_receive", "delegations[0].to", with(delegation(kt, "boss", "plants-vice"))},
		{"by order, to one who heads nothing", "may_not_receive", "delegations[0].to", with(delegation(tl, "boss", "plants-officer"))},
		{"by order, to another agency", "may_not_receive", "delegations[0].to", with(delegation(tl, "boss", "forest-head"))},
		{"by authorisation, without an end", "needs_an_end", "delegations[0].until", with(changed(delegation(tuq, "boss", "forest-head"), func(d *organisation.Delegation) { d.Until = 0 }))},
		{"by authorisation, without its matters", "needs_matters", "delegations[0].procedures", with(changed(delegation(tuq, "boss", "forest-head"), func(d *organisation.Delegation) { d.Procedures = nil }))},
		{"without a document", "missing", "delegations[0].basis", with(changed(delegation(kt, "boss", "vice"), func(d *organisation.Delegation) { d.Basis = "" }))},
		{"before the giver was there", "outlives_account", "delegations[0].by", with(changed(delegation(kt, "boss", "vice"), func(d *organisation.Delegation) { d.From = day("2025-12-31") }))},
		{"by a code twice", "twice", "delegations[1].code", func() organisation.Plan {
			p := with(delegation(kt, "boss", "vice"), ordered)
			p.Delegations[1].Code = "d-1"
			return p
		}()},
		{"at a unit that is not the giver's", "beyond_its_giver", "delegations[0].units[0]", func() organisation.Plan {
			p := with(delegation(kt, "boss", "vice"))
			p.Agencies[1].Parent, p.Delegations[0].Units = "", []string{"forest"}
			return p
		}()},
		{"an account that is closed while it has given", "outlives_account", "delegations[0].by", func() organisation.Plan {
			p := with(delegation(kt, "boss", "vice"))
			p.Accounts[0].To = day("2026-06-29")
			return p
		}()},
		{"an account that is closed while it has received", "outlives_account", "delegations[0].to", func() organisation.Plan {
			p := with(delegation(kt, "boss", "vice"))
			p.Accounts[1].To = day("2026-06-29")
			return p
		}()},
	}
	for _, test := range tests {
		_, err := organisation.Decide(organisation.Organisation{}, organisation.Apply{Plan: test.plan, Today: day(today)})
		if test.code == "" && err != nil || test.code != "" && !has(err, test.code, test.path) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestAnActorIsAdmittedInTheRolesHeldOnThatDay(t *testing.T) {
	p := house()
	p.Accounts[4].Posts = []organisation.Post{
		{Role: domain.CaseOfficer, Unit: "plants", To: day("2026-06-30")},
		{Role: domain.Clerk, Unit: "top", From: day("2026-06-01")},
	}
	p.Accounts[4].To = day("2026-12-31")
	o, _ := applied(t, p)
	at := func(s string) time.Time {
		moment, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	officer, clerk := domain.Actor{Account: "plants-officer", Role: domain.CaseOfficer, Unit: "plants"}, domain.Actor{Account: "plants-officer", Role: domain.Clerk, Unit: "top"}
	tests := []struct {
		name  string
		actor domain.Actor
		at    string
		code  string
	}{
		{"in its role", officer, "2026-03-01T10:00:00+07:00", ""},
		{"on the last day of its role", officer, "2026-06-30T23:59:59+07:00", ""},
		{"in the first moment of the day after", officer, "2026-07-01T00:00:00+07:00", organisation.RoleNotHeld},
		{"in its second role, while it holds two", clerk, "2026-06-15T10:00:00+07:00", ""},
		{"in a role that has not begun", clerk, "2026-05-31T23:59:59+07:00", organisation.RoleNotHeld},
		{"in its role at another unit", domain.Actor{Account: "plants-officer", Role: domain.Clerk, Unit: "plants"}, "2026-06-15T10:00:00+07:00", organisation.RoleNotHeld},
		{"in a role it never held", domain.Actor{Account: "plants-officer", Role: domain.Approver, Unit: "top"}, "2026-06-15T10:00:00+07:00", organisation.RoleNotHeld},
		{"on the last day of the account", clerk, "2026-12-31T23:59:59+07:00", ""},
		{"after its account has ended", clerk, "2027-01-01T00:00:00+07:00", organisation.AccountNotValid},
		{"before its account began", clerk, "2025-12-31T23:59:59+07:00", organisation.AccountNotValid},
		{"unknown", domain.Actor{Account: "nobody", Role: domain.Clerk, Unit: "top"}, "2026-06-15T10:00:00+07:00", organisation.AccountUnknown},
		{"an applicant", domain.Actor{Account: "applicant-1", Role: domain.Applicant}, "2026-06-15T10:00:00+07:00", ""},
		{"the machine", domain.Actor{Account: "clockwork", Role: domain.System}, "2026-06-15T10:00:00+07:00", ""},
	}
	for _, test := range tests {
		err := o.Admits(test.actor, at(test.at))
		var refusal *domain.Refusal
		if errors.As(err, &refusal); (test.code == "") != (err == nil) || refusal != nil && (refusal.Code != test.code || refusal.VI == "" || refusal.EN == "") {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if err := (organisation.Organisation{}).Admits(officer, at("2026-03-01T10:00:00+07:00")); err != nil {
		t.Errorf("an organisation that was never said refuses: %v", err)
	}
}

func TestADelegationCoversItsDaysItsMattersAndTheUnitsOfItsGiver(t *testing.T) {
	p := house()
	d := delegation(organisation.TL, "boss", "plants-head")
	d.Units = []string{"top"}
	p.Delegations = []organisation.Delegation{d}
	o, _ := applied(t, p)
	noon := func(s string) time.Time { return day(s).Start(time.FixedZone("+07", 7*3600)).Add(12 * time.Hour) }
	tests := []struct {
		account, procedure, unit string
		at                       time.Time
		want                     int
	}{
		{"plants-head", "p-1", "top", noon("2026-02-01"), 1},
		{"plants-head", "p-1", "top", noon("2026-06-30"), 1},
		{"plants-head", "p-1", "top", noon("2026-01-31"), 0},
		{"plants-head", "p-1", "top", noon("2026-07-01"), 0},
		{"plants-head", "p-2", "top", noon("2026-03-01"), 0},
		{"plants-head", "p-1", "plants", noon("2026-03-01"), 0},
		{"vice", "p-1", "top", noon("2026-03-01"), 0},
	}
	for _, test := range tests {
		if got := o.Delegated(test.account, test.procedure, test.unit, test.at); len(got) != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
	p.Delegations[0].Units, p.Agencies[1].Parent = nil, ""
	o, _ = applied(t, p)
	if got := o.Delegated("plants-head", "p-1", "forest", noon("2026-03-01")); len(got) != 0 {
		t.Errorf("at an agency that is not the giver's: %v", got)
	}
}

func TestADossierIsNumberedAsTheAgencyOfItsUnitSays(t *testing.T) {
	o, _ := applied(t, house())
	for unit, want := range map[string]string{"plants": "000.00.01.G10", "forest": "000.00.01.G10", "nothing": ""} {
		if r, says := o.CodeRuleOf(unit, day(today)); says != (want != "") || r.Agency != want {
			t.Errorf("%s: %+v", unit, r)
		}
	}
}

func TestEveryFactSurvivesTheJournal(t *testing.T) {
	p := house()
	p.Delegations = []organisation.Delegation{delegation(organisation.KT, "boss", "vice")}
	o, events := applied(t, p)
	var back organisation.Organisation
	for i, e := range events {
		typ, version, data, err := organisation.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := organisation.Decode(typ, version, data)
		if err != nil || !cmp.Equal(e, decoded) {
			t.Errorf("%s: %v\n%s", typ, err, cmp.Diff(e, decoded))
		}
		back = organisation.Evolve(back, organisation.Fact{Version: int64(i + 1), Event: decoded})
	}
	if d := cmp.Diff(o, back); d != "" {
		t.Error(d)
	}
	if _, err := organisation.Decode("organisation.named", 1, []byte(`{"code": "a", "boss": "Nguyễn"}`)); err == nil {
		t.Error("a member nobody knows is read")
	}
}

func TestAFileIsReadStrictlyAndItsMistakesStandInTheirLines(t *testing.T) {
	plan, err := json.MarshalIndent(house(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	read, mistakes := organisation.Read(plan)
	if len(mistakes) > 0 || !cmp.Equal(read.Plan, house()) {
		t.Fatalf("%v\n%s", mistakes, cmp.Diff(read.Plan, house()))
	}
	broken := strings.Replace(string(plan), `"role": "case_officer"`, `"role": "king"`, 1)
	read, _ = organisation.Read([]byte(broken))
	line := 1 + strings.Count(broken[:strings.Index(broken, `"king"`)], "\n")
	if found := read.Place(organisation.Check(read.Plan, day(today))); len(found) != 1 || found[0].Line != line || found[0].Path != "accounts[4].posts[0].role" {
		t.Errorf("%v, not in line %d", found, line)
	}
	if _, mistakes := organisation.Read([]byte(`{"code": "a", "boss": 1}`)); len(mistakes) != 6 {
		t.Errorf("%v", mistakes)
	}
}

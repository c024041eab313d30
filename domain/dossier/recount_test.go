package dossier_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
)

// The calendar of all examples, one version later: something of another year, the year of an appeal's end made official, a year that was missing.
var (
	elsewhere = calendarOf(vietnam, `{"code": "vn", "zone": "Asia/Ho_Chi_Minh", "hours": [], "years": [{"year": 2029, "status": "provisional", "basis": "notice", "days": [
		{"date": "2029-01-01", "kind": "holiday", "name": "new-year", "certainty": "text"}]}]}`)
	official27 = calendarOf(vietnam, `{"code": "vn", "zone": "Asia/Ho_Chi_Minh", "hours": [], "years": [{"year": 2027, "status": "official", "basis": "notice", "days": [
		{"date": "2027-01-01", "kind": "holiday", "name": "new-year", "certainty": "text"}]}]}`)
	known28 = calendarOf(vietnam, `{"code": "vn", "zone": "Asia/Ho_Chi_Minh", "hours": [], "years": [{"year": 2028, "status": "official", "basis": "notice", "days": [
		{"date": "2028-01-01", "kind": "holiday", "name": "new-year", "certainty": "text"}]}]}`)
)

func at(now time.Time) func(*dossier.Context) { return func(x *dossier.Context) { x.Now = now } }

// Opened on 24 November 2026, a complaint is due on 24 December and an appeal on 8 January 2027, a year that is provisional.
func TestAComplaintIsCountedAgainWhereTheCalendarGivesItAnotherDateOrMakesItsYearOfficial(t *testing.T) {
	two := on(dossier.Returned, by(reception, dossier.OpenComplaint{Other: "d-3", Kind: "complaint"}, at(on26(11, 24, 9, 0))), by(reception, dossier.OpenComplaint{Other: "d-4", Kind: "appeal"}, at(on26(11, 24, 10, 0))))
	l := given(t, two...)
	if got := l.state.RecountsComplaints(vietnam); got != nil {
		t.Errorf("over the same calendar: %v", got)
	}
	if got := l.state.RecountsComplaints(elsewhere); got != nil {
		t.Errorf("something of another year: %v", got)
	}
	if got := l.state.RecountsComplaints(restful); !slices.Equal(got, []int{1}) {
		t.Errorf("the day of the complaint's end is off: %v", got)
	}
	if got := l.state.RecountsComplaints(official27); !slices.Equal(got, []int{2}) {
		t.Errorf("the year of the appeal's end is official: %v", got)
	}
	if events, err := l.ask(by(timers, dossier.RecountComplaint{Number: 3}, under(&restful))); err != nil || len(events) > 0 {
		t.Errorf("a complaint there is not: %v, %v", types(events), err)
	}
	appeal := l.state.Complaints[1]
	l.then(t, by(timers, dossier.RecountComplaint{Number: 1}, under(&restful)))
	e := l.facts[len(l.facts)-1].Event.(dossier.ComplaintRecounted)
	if e.Reason != dossier.CalendarChanged || !e.OldDue.Equal(endOf26(12, 24)) || !l.state.Complaints[0].Due.Equal(e.Due) || e.Due.Equal(e.OldDue) {
		t.Errorf("counted again: %+v", e)
	}
	if l.state.Complaints[1] != appeal {
		t.Errorf("the appeal has become %+v", l.state.Complaints[1])
	}
	if events, err := l.ask(by(timers, dossier.RecountComplaint{Number: 1}, under(&restful))); err != nil || len(events) > 0 {
		t.Errorf("counted twice: %v, %v", types(events), err)
	}
}

func TestAComplaintThatEndsInAYearNobodyKnowsIsCountedOnceTheYearIsPublished(t *testing.T) {
	l := in(t, dossier.Returned).then(t, by(reception, dossier.OpenComplaint{Other: "d-3", Kind: "complaint"}, at(time.Date(2027, 12, 20, 2, 0, 0, 0, time.UTC))))
	if c := l.state.Complaints[0]; !c.Due.IsZero() || c.MissingYear != 2028 {
		t.Fatalf("%+v", c)
	}
	l.then(t, by(timers, dossier.RecountComplaint{Number: 1}, under(&known28)))
	if e := l.facts[len(l.facts)-1].Event.(dossier.ComplaintRecounted); e.Reason != dossier.CalendarPublished || e.Due.IsZero() {
		t.Errorf("%+v", e)
	}
}

func TestWordsBelongIntoTheVault(t *testing.T) {
	e := dossier.SupplementSubmitted{Items: []dossier.Code{"tp-1"}, Entries: []dossier.Entry{{Field: "application.phone", Text: dossier.Typed("0912345678")}}}
	if _, _, data, err := dossier.Encode(e); err == nil || !strings.Contains(err.Error(), "entries.application.phone holds words") {
		t.Errorf("stored: %s, %v", data, err)
	}
	e.Entries[0].Text = said
	if _, _, _, err := dossier.Encode(e); err != nil {
		t.Errorf("a pointer to words: %v", err)
	}
}

func TestAnAcceptanceThatSaysNothingOfFactsLeavesThemAsFiled(t *testing.T) {
	const permit = "plant-quarantine-cert"
	for _, c := range []struct {
		name   string
		accept dossier.AcceptDossier
		want   []dossier.Code
	}{
		{"nothing is said", dossier.AcceptDossier{}, nil},
		{"one is found, one denied", dossier.AcceptDossier{Facts: []dossier.Code{"permit_required"}, Denied: []dossier.Code{"imported"}}, []dossier.Code{"permit_required"}},
	} {
		l := filedUnder(t, permit, []dossier.Code{"imported"}).then(t, by(reception, c.accept))
		var got []dossier.Code
		for _, f := range l.facts {
			if e, is := f.Event.(dossier.DossierAccepted); is {
				got = e.Facts
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// Nobody hands on a decision that he could not take: one level cannot be two hands, not even by delegation.
func TestWhoEndorsedHandsOnNoDecision(t *testing.T) {
	from := func(giver string) func(*dossier.Context) {
		return both(prescribing(twoLevels), func(x *dossier.Context) {
			x.Delegations = []dossier.Delegation{{To: "deputy-head", Block: "kt", By: giver, Since: monday, Until: monday.Add(1000 * time.Hour)}}
		})
	}
	deputyHead := domain.Actor{Account: "deputy-head", Role: domain.DivisionHead, Unit: "phong-thu-y"}
	l := given(t, on(dossier.PendingApproval, endorse)...)
	if _, err := l.ask(by(deputyHead, approve.what, from("head"))); err == nil {
		t.Error("who endorsed lets another decide")
	}
	if _, err := l.ask(by(deputyHead, approve.what, from("leader"))); err != nil {
		t.Errorf("who did not endorse: %v", err)
	}
}

func TestARoundOfSupplementsTakesThePlaceOfItsOwnNumberOnly(t *testing.T) {
	asked := func(number int, item dossier.Code) dossier.Fact {
		return dossier.Fact{Version: int64(number + 1), OccurredAt: monday, Event: dossier.SupplementRequested{Stage: dossier.AtAppraisal, Items: []dossier.Code{item}, Reason: "missing", WindowDays: 5, Number: number}}
	}
	items := func(facts ...dossier.Fact) (all []string) {
		for _, q := range dossier.Fold(facts).Supplements {
			all = append(all, q.Items...)
		}
		return all
	}
	if got := items(asked(1, "tp-1"), asked(2, "tp-2")); !slices.Equal(got, []string{"tp-1", "tp-2"}) {
		t.Errorf("two rounds: %v", got)
	}
	if got := items(asked(0, "tp-1"), asked(0, "tp-2")); !slices.Equal(got, []string{"tp-2"}) {
		t.Errorf("two that were written before rounds had numbers: %v", got)
	}
}

func TestAnActOfTooLongAgoSaysSinceWhenOneMayEnterIt(t *testing.T) {
	_, err := in(t, dossier.Submitted).ask(by(reception, dossier.AcceptDossier{}, both(after(40*day), earlier(31*day, "system_outage"))))
	if refusal(err) != "too_old" || !strings.Contains(err.Error(), "back to 3 Dec 2026 15:32") {
		t.Errorf("%v", err)
	}
}

// A reminder is withdrawn when its own timer runs no more, not because another of its kind does.
func TestATimerThatRunsOnIsNotWithdrawn(t *testing.T) {
	l := given(t, on(dossier.Submitted, charge, askAtDesk)...)
	l.then(t, by(timers, dossier.FireTimer{Timer: dossier.PaymentTimer, Number: 1, Notice: dossier.NoticeDueSoon, Share: 1, Due: l.state.Payments[0].Until, Tells: []dossier.Code{"applicant"}, Rule: "payment"}, both(under(&vietnam), after(5*day))))
	told := l.state.Corrections()
	if len(told) == 0 {
		t.Error("nobody is told that the request is taken back")
	}
	for _, c := range told {
		if slices.Contains(c.Withdraws, "timer:payment:1") {
			t.Errorf("the payment is still owed: %+v", c)
		}
	}
}

func TestWhatIsWithdrawnIsSaidInWords(t *testing.T) {
	for what, want := range map[string][2]string{
		"message:2":          {"Tin nhắn 2", "Message 2"},
		"timer:payment:3":    {"Lời nhắc: " + dossier.Label("timer", "payment", "vi") + " 3", "Reminder: " + dossier.Label("timer", "payment", "en") + " 3"},
		"timer:processing:0": {"Lời nhắc: " + dossier.Label("timer", "processing", "vi"), "Reminder: " + dossier.Label("timer", "processing", "en")},
	} {
		if vi, en := dossier.Label("withdrawn", what, "vi"), dossier.Label("withdrawn", what, "en"); vi != want[0] || en != want[1] {
			t.Errorf("%s: %q, %q", what, vi, en)
		}
	}
}

func TestAPaperKnowsWhichOneStandsInItsPlace(t *testing.T) {
	s := dossier.State{Papers: []dossier.Paper{{Number: 1, Status: dossier.Replaced}, {Number: 2, Replaces: 1, Status: dossier.Replaced}, {Number: 3, Replaces: 2}}}
	for number, want := range map[int]int{1: 2, 2: 3, 3: 0} {
		if got := s.ReplacedBy(number); got != want {
			t.Errorf("in the place of %d stands %d, want %d", number, got, want)
		}
	}
}

func TestTheAuditTrailCountsTheFilesThatWentWithMessages(t *testing.T) {
	after := dossier.State{Files: []dossier.File{{Message: 1}, {}, {Message: 2}}}
	if got := news(dossier.State{}, after); !slices.Contains(got, "message_files=2") || !slices.Contains(got, "files=3") {
		t.Errorf("%v", got)
	}
}

func TestADossierThatGoesOnHasNoEndWhateverItWentThrough(t *testing.T) {
	s := dossier.State{Status: dossier.Appraising, Refused: dossier.Act{By: "reception", At: monday}}
	if got := s.EndedAt(); !got.IsZero() {
		t.Errorf("ended at %v", got)
	}
	for _, status := range []dossier.Status{dossier.ReceptionRefusedStatus, dossier.Disposed} {
		if s.Status = status; !s.EndedAt().Equal(monday) {
			t.Errorf("%s: ended at %v", status, s.EndedAt())
		}
	}
}

func TestAValueIsOfLettersDigitsAndSomeSignsAndNoNumberOfAPerson(t *testing.T) {
	for value, want := range map[dossier.Value]bool{
		"0": true, "9": true, "a": true, "z": true, "A": true, "Z": true, "-7.25": true, "a.b_c:d+e": true, "2026-11-26": true,
		dossier.Value(strings.Repeat("a", 64)): true, dossier.Value(strings.Repeat("a", 65)): false, "": false, "/": false, ":": false, "`": false, "{": false, "@": false, "[": false,
		".a": false, "_a": false, "+a": false, "a b": false, "ă": false, "079123456789": false,
	} {
		if value.Valid() != want {
			t.Errorf("%q as a value: %t", value, !want)
		}
	}
}

func TestAFilingIsHeldToItsFormsInValuesAndEntriesAlike(t *testing.T) {
	value := func(field dossier.Code) dossier.Given { return dossier.Given{Field: field, Value: "5"} }
	typed := func(field dossier.Code, text string) dossier.Entry {
		return dossier.Entry{Field: field, Text: dossier.Typed(text)}
	}
	in := dossier.Entry{Field: "application.owner_id", Text: said}
	for _, c := range []struct {
		name    string
		values  []dossier.Given
		entries []dossier.Entry
		want    string
	}{
		{"an entry", nil, []dossier.Entry{typed("application.owner_id", "0107001234")}, ""},
		{"two entries", nil, []dossier.Entry{typed("application.owner_id", "0107001234"), typed("application.owner_name", "A")}, ""},
		{"an entry twice", nil, []dossier.Entry{typed("application.owner_name", "A"), typed("application.owner_name", "B")}, "invalid: duplicate_item"},
		{"an entry that does not fit", nil, []dossier.Entry{typed("application.owner_id", "none")}, "invalid: out_of_range"},
		{"an entry that lies in the vault already", nil, []dossier.Entry{in}, ""},
		{"a field nobody asks for, as an entry", nil, []dossier.Entry{typed("application.colour", "red")}, "invalid: unknown_field"},
		{"a field nobody asks for, as a value beside an entry", []dossier.Given{value("application.colour")}, []dossier.Entry{in}, "invalid: unknown_field"},
	} {
		_, err := (&life{now: monday}).ask(by(citizen, dossier.SubmitDossier{Procedure: "animal-quarantine-out-of-province", Channel: dossier.Online, Applicant: "ref-7f3a", Values: c.values, Entries: c.entries}))
		if refusal(err) != c.want {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	l := filedUnder(t, "animal-quarantine-out-of-province", []dossier.Code{"disease_free_facility"})
	if _, err := l.ask(by(reception, dossier.AcceptDossier{Denied: []dossier.Code{"sunny"}, Facts: []dossier.Code{"disease_free_facility"}})); refusal(err) != "invalid: unknown_fact" {
		t.Errorf("a condition nobody knows is denied: %v", err)
	}
	l.then(t, askAtDesk)
	if _, err := l.ask(by(citizen, dossier.SubmitSupplement{Denied: []dossier.Code{"disease_free_facility"}, Values: []dossier.Given{value("application.colour")}})); refusal(err) != "invalid: unknown_field" {
		t.Errorf("a field nobody asks for, beside a denial: %v", err)
	}
}

func TestTheHoursAreThoseOfTheAgencyThatIsNamed(t *testing.T) {
	l := in(t, dossier.Submitted).then(t, by(reception, dossier.AcceptDossier{}, func(x *dossier.Context) { x.HoursOf = "so-khac" }))
	if got := l.state.Clock.Term.Agency; got != "so-khac" {
		t.Errorf("counted by the hours of %q", got)
	}
}

func TestACalendarThatChangesNothingOfADossierCountsNothingAgain(t *testing.T) {
	s := in(t, dossier.Accepted).state
	if s.Recounts(elsewhere) || !s.Recounts(flooded) || s.Recounts(vietnam) {
		t.Errorf("elsewhere %t, flooded %t, the same %t", s.Recounts(elsewhere), s.Recounts(flooded), s.Recounts(vietnam))
	}
}

func TestWordsAreTakenAsOneTypesThemUpToTheirLength(t *testing.T) {
	for _, c := range []struct{ name, words, want string }{
		{"as long as words may be", strings.Repeat("ệ", 4000), ""}, {"longer", strings.Repeat("ệ", 4001), "invalid: text_too_long"},
		{"lines and tabs", "a\tb\r\nc", ""}, {"a bell", "a\ab", "invalid: text_unreadable"}, {"nothing that can be read", "a\x00b", "invalid: text_unreadable"}, {"no UTF-8", "a\xffb", "invalid: text_unreadable"},
	} {
		if _, err := in(t, dossier.Appraising).ask(by(officer, dossier.AddNote{Topic: "called", Text: dossier.Typed(c.words)})); refusal(err) != c.want {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

func TestWhatIsTypedIntoAFormGoesToTheVaultOrNothingDoes(t *testing.T) {
	c := dossier.SubmitSupplement{Entries: []dossier.Entry{{Field: "application.phone", Text: dossier.Typed("0912345678")}, {Field: "application.subject", Text: said}}}
	kept, err := dossier.Deposit(c, func(place, words string) (dossier.Text, error) {
		if place != "entries.application.phone" || words != "0912345678" {
			t.Errorf("kept at %s: %q", place, words)
		}
		return dossier.Text{Ref: "text-1", Commitment: said.Commitment}, nil
	})
	if err != nil || kept.(dossier.SubmitSupplement).Entries[0].Text.Ref != "text-1" || kept.(dossier.SubmitSupplement).Entries[1].Text != said || !dossier.HasWords(c) || dossier.HasWords(kept) {
		t.Errorf("%+v, %v", kept, err)
	}
	full := errors.New("the vault is full")
	if kept, err := dossier.Deposit(c, func(string, string) (dossier.Text, error) { return dossier.Text{}, full }); !errors.Is(err, full) || kept != nil {
		t.Errorf("%+v, %v", kept, err)
	}
	got := dossier.TextsOf(dossier.SupplementSubmitted{Items: []dossier.Code{"tp-1"}, Entries: []dossier.Entry{{Field: "application.phone", Text: said}}})
	if len(got) != 1 || got["entries.application.phone"] != said {
		t.Errorf("texts %v", got)
	}
}

func TestATimerProposesWhatAnOfficerMayConfirmAndGoesByTheHoursNamed(t *testing.T) {
	for kind, want := range map[dossier.TimerKind]string{dossier.PaymentTimer: "expire-payment", dossier.RenewalTimer: ""} {
		if got := (dossier.Timer{Kind: kind}).Proposes(); got != want {
			t.Errorf("%s proposes %q, want %q", kind, got, want)
		}
	}
	s := in(t, dossier.Accepted).state
	for hours, want := range map[dossier.Code]string{"": s.FiledAt, "so-khac": "so-khac"} {
		if all := dossier.Timers(s, &vietnam, hours); len(all) == 0 || all[0].Agency != want {
			t.Errorf("by the hours of %q: %+v", hours, all)
		}
	}
}

func TestATransferThatIsUnderWayIsNotMadeTwice(t *testing.T) {
	l := in(t, dossier.Accepted).then(t, passBeside)
	for _, c := range []struct {
		name string
		wish dossier.TransferDossier
		same bool
	}{
		{"the same", dossier.TransferDossier{To: "so-khac", Mode: dossier.Parallel, Slip: "pc-12"}, true},
		{"to another agency", dossier.TransferDossier{To: "so-ba", Mode: dossier.Parallel, Slip: "pc-12"}, false},
		{"in another way", dossier.TransferDossier{To: "so-khac", Mode: dossier.Serial, Slip: "pc-12"}, false},
		{"by another slip", dossier.TransferDossier{To: "so-khac", Mode: dossier.Parallel, Slip: "pc-13"}, false},
	} {
		events, err := l.ask(by(reception, c.wish))
		if nothing := err == nil && len(events) == 0; nothing != c.same {
			t.Errorf("%s: %v, %v", c.name, types(events), err)
		}
	}
}

func TestAnActThatDidNothingOutsideIsNeverTakenBack(t *testing.T) {
	for act, want := range map[string][]dossier.Consequence{
		"accept": {dossier.ApplicantTold, dossier.ReceiptIssued, dossier.ClockChanges, dossier.FeesTouched}, "request-supplement": {dossier.ApplicantTold, dossier.SupplementIssued, dossier.ClockChanges}, "issue": nil,
	} {
		if got, can := dossier.ConsequencesOf(act); !slices.Equal(got, want) || can != (want != nil) {
			t.Errorf("%s: %v, %t", act, got, can)
		}
	}
}

func TestTheVerdictOfAnActIsWhatItsFactsBear(t *testing.T) {
	for _, c := range []struct {
		events []dossier.Event
		want   string
	}{
		{nil, ""}, {[]dossier.Event{dossier.SupplementSubmitted{}}, ""}, {[]dossier.Event{dossier.SupplementSubmitted{Late: true}}, "late"},
		{[]dossier.Event{dossier.ResultNumbered{}, dossier.DossierAccepted{Late: true}}, "late"},
	} {
		if got := dossier.VerdictOf(c.events...); got != c.want {
			t.Errorf("%+v: %q, want %q", c.events, got, c.want)
		}
	}
}

func TestReceptionHasTheTimeThatTheProcedureSays(t *testing.T) {
	four := calendar.Limit{Value: 4, Unit: calendar.WorkingHours}
	for name, c := range map[string]struct {
		within *calendar.Limit
		want   calendar.Limit
	}{"as it says": {&four, four}, "else eight working hours": {nil, calendar.Limit{Value: 8, Unit: calendar.WorkingHours}}} {
		l := given(t, by(citizen, submit.what, func(x *dossier.Context) { x.Procedure.CheckWithin = c.within }))
		if timers := l.state.Timers(); len(timers) == 0 || timers[0].Kind != dossier.ReceptionTimer || timers[0].Limit != c.want {
			t.Errorf("%s: %+v", name, timers)
		}
	}
}

func TestAnOpinionThatIsOwedComesFromItsUnitOrOnItsSubject(t *testing.T) {
	for _, c := range []struct {
		name    string
		opinion dossier.RequestOpinion
		want    string
	}{
		{"from its unit", dossier.RequestOpinion{Unit: "fisheries"}, ""},
		{"from another unit, on its subject", dossier.RequestOpinion{Unit: "institute", Subject: "fishery-opinion"}, ""},
		{"from another unit, on something else", dossier.RequestOpinion{Unit: "institute", Subject: "ponds"}, "steps_owed"},
	} {
		l := filedUnder(t, "cites-breeding-code-app23", []dossier.Code{"animal", "aquatic"}).then(t, accept, forward, assign, start)
		c.opinion.Due = l.now.Add(5 * day)
		l.then(t, by(officer, c.opinion), by(laboratory, dossier.RecordOpinion{Number: 1, Verdict: "agreed"}))
		if _, err := l.ask(propose); refusal(err) != c.want {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

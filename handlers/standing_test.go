package handlers_test

import (
	"errors"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/person"

	"github.com/google/uuid"
)

// What is typed into fields that are personal lies in the vault, found by the event's commitment, and stands nowhere else.
func TestAFormsPersonalFieldsLieInTheVaultAndDecideWithoutBeingKeptInTheEvent(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	filing := func(entries ...dossier.Entry) dossier.SubmitDossier {
		return dossier.SubmitDossier{Procedure: "seafood-export-health-cert", Channel: dossier.Online, Applicant: "applicant-1", Entries: entries,
			Values: []dossier.Given{{Field: "application.lot_weight_kg", Value: "100"}}}
	}
	typed := func(field, words string) dossier.Entry {
		return dossier.Entry{Field: dossier.Code("application." + field), Text: dossier.Typed(words)}
	}
	for name, c := range map[string]struct {
		c    dossier.SubmitDossier
		code string
	}{
		"pattern":      {filing(typed("phone", "khong co")), "out_of_range"},
		"unknown":      {filing(typed("colour", "đỏ")), "unknown_field"},
		"not personal": {filing(typed("lot_weight_kg", "100")), "not_personal"},
		"twice":        {filing(typed("phone", "0912 345 678"), typed("phone", "0912 345 679")), "duplicate_item"},
	} {
		var bad *domain.Invalid
		if _, err := r.Submit(t.Context(), r.as("applicant-1"), r.envelope(name), c.c); !errors.As(err, &bad) || bad.Code != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	c := filing(typed("phone", "0912 345 678"), typed("subject", "Xin cấp cho lô "+canary))
	e := r.envelope("filing")
	first := must(r.Submit(t.Context(), r.as("applicant-1"), e, c))
	if again := must(r.Submit(t.Context(), r.as("applicant-1"), e, c)); !again.Repeated || again.ID != first.ID {
		t.Errorf("sent again: %+v", again)
	}
	s := must(r.state(first.ID))
	if len(s.Entered) != 2 || s.Entered[0] != "application.phone" {
		t.Errorf("%+v", s.Entered)
	}
	words := must(r.Words(t.Context(), r.by("applicant-1"), first.ID, "own"))
	read := map[string]string{}
	for _, one := range words {
		read[one.Place] = one.Words + one.Why
	}
	if len(read) != 2 || read["entries.application.phone"] != "0912 345 678" || read["entries.application.subject"] != "Xin cấp cho lô "+canary {
		t.Errorf("%v", read)
	}
	for _, personal := range []string{canary, "0912 345 678"} {
		if found := r.everywhere(personal); len(found) > 0 {
			t.Errorf("%q stands in clear: %v", personal, found)
		}
	}
	r.must("applicant-1", first.ID, "adjust-submission", `{"parts": ["tp-1"], "entries": [{"field": "application.phone", "text": "0988 111 222"}]}`)
	r.checks(3, 0, 0, 0)
	if _, err := dossier.DecodeCommand("adjust-submission", []byte(`{"parts": ["tp-1"], "entries": [{"field": "application.phone", "text": {"ref": "text-1", "commitment": "ab"}}]}`)); err == nil {
		t.Error("a caller points to another's text")
	}
}

// Who has a mandate files, answers and reads in the owner's place, as long as it holds; nobody else does.
func TestWhoHasAMandateActsInTheOwnersPlaceWhileItHolds(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	file := func(account string, applicant, submitter dossier.Ref, key string) (uuid.UUID, error) {
		channel, unit := dossier.Online, dossier.Code("")
		if account == "reception" {
			channel, unit = dossier.Counter, "one-stop"
		}
		receipt, err := r.Submit(t.Context(), r.as(account), r.envelope(key), dossier.SubmitDossier{Procedure: openProcedure, Channel: channel, Unit: unit, Applicant: applicant, Submitter: submitter})
		return receipt.ID, err
	}
	refused := func(what string, err error, code string) {
		t.Helper()
		var refusal *domain.Refusal
		if !errors.As(err, &refusal) || refusal.Code != code {
			t.Errorf("%s: %v, want %s", what, err, code)
		}
	}
	_, err := file("applicant-2", "applicant-1", "", "none")
	refused("no mandate", err, "not_allowed")
	_, err = file("reception", "applicant-1", "ref-9", "none")
	refused("at the counter without a mandate", err, person.MandateMissing)
	today := calendar.DateOf(r.clock(), time.FixedZone("", 7*3600))
	until := today + 10
	grant := person.MandateGranted{To: "applicant-2", Until: &until, Procedures: []dossier.Code{openProcedure}, Evidence: person.Notarised}
	_, err = r.Grant(t.Context(), r.by("reception"), "applicant-1", grant, r.envelope("early"))
	refused("of nobody", err, "person_unknown")
	if _, err := r.Register(t.Context(), r.by("reception"), "applicant-1", person.Citizen, herself, r.envelope("")); err != nil {
		t.Fatal(err)
	}
	_, err = r.Grant(t.Context(), r.by("applicant-2"), "applicant-1", grant, r.envelope("self"))
	refused("to oneself", err, "not_allowed")
	s, err := r.Grant(t.Context(), r.by("applicant-1"), "applicant-1", grant, r.envelope("grant"))
	if err != nil || len(s.Mandates) != 1 || s.Mandates[0].Evidence != person.Own || s.Mandates[0].From != today {
		t.Fatalf("%+v, %v", s, err)
	}
	id, err := file("applicant-2", "applicant-1", "", "filed")
	if err != nil {
		t.Fatal(err)
	}
	if st := must(r.state(id)); st.Applicant != "applicant-1" || st.Submitter != "applicant-2" || st.Mandate != 1 {
		t.Errorf("%+v", st)
	}
	counter, err := file("reception", "applicant-1", "applicant-2", "counter")
	if st := must(r.state(counter)); err != nil || st.Submitter != "applicant-2" || st.Mandate != 1 {
		t.Errorf("%+v, %v", st, err)
	}
	r.must("reception", id, "send-message", `{"topic": "question", "answer_by": "2030-12-20T17:00:00+07:00", "text": "Số lô?"}`)
	if _, err := r.Words(t.Context(), r.by("applicant-2"), id, "own"); err != nil {
		t.Errorf("the representative reads: %v", err)
	}
	r.must("applicant-2", id, "answer-message", `{"number": 1, "text": "Lô 12"}`)
	r.pass(11 * 24 * time.Hour)
	refused("answering when it is over", r.send("applicant-2", id, "request-withdrawal", `{}`), "mandate_expired")
	_, err = r.Words(t.Context(), r.by("applicant-2"), id, "own")
	refused("reading when it is over", err, "mandate_expired")
	_, err = file("applicant-2", "applicant-1", "", "late")
	refused("filing when it is over", err, "mandate_expired")
	r.must("applicant-1", id, "request-withdrawal", `{}`)
}

func TestARequestAboutOnesDataHasAClockOfItsOwn(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	if _, err := r.publish("catalogue", "vn", string(calendar.Shipped()["vn"])); err != nil {
		t.Fatal(err)
	}
	s, err := r.Ask(t.Context(), r.by("applicant-1"), "applicant-1", person.Copy, r.envelope("ask"))
	if err != nil || len(s.Requests) != 1 {
		t.Fatalf("%+v, %v", s, err)
	}
	asked := s.Requests[0]
	if wait := asked.AnswerBy.Sub(r.clock()); wait < 2*24*time.Hour || wait > 8*24*time.Hour || !asked.Assumed || !asked.DoneBy.After(asked.AnswerBy) {
		t.Errorf("%+v, now %v", asked, r.clock())
	}
	var refusal *domain.Refusal
	if _, err := r.Ask(t.Context(), r.by("applicant-1"), "applicant-1", person.Copy, r.envelope("again")); !errors.As(err, &refusal) || refusal.Code != "request_open" {
		t.Errorf("asked twice: %v", err)
	}
	if _, err := r.Finish(t.Context(), r.by("head"), "applicant-1", 1, r.envelope("done")); !errors.As(err, &refusal) || refusal.Code != "request_not_granted" {
		t.Errorf("done before it was answered: %v", err)
	}
	if _, err := r.Answer(t.Context(), r.by("reception"), "applicant-1", person.RequestAnswered{Number: 1, Answer: person.GrantedAnswer}, r.envelope("a")); !errors.As(err, &refusal) || refusal.Code != "not_allowed" {
		t.Errorf("answered at the counter: %v", err)
	}
	r.pass(9 * 24 * time.Hour)
	s, err = r.Answer(t.Context(), r.by("head"), "applicant-1", person.RequestAnswered{Number: 1, Answer: person.GrantedAnswer}, r.envelope("answer"))
	if err != nil || !s.Requests[0].Late {
		t.Errorf("answered late: %+v, %v", s, err)
	}
	s, err = r.Extend(t.Context(), r.by("head"), "applicant-1", person.RequestExtended{Number: 1, Reason: "third-party"}, r.envelope("extend"))
	if err != nil || s.Requests[0].DoneBy.Sub(asked.DoneBy) < 14*24*time.Hour {
		t.Errorf("extended: %+v, %v", s, err)
	}
	s, err = r.Finish(t.Context(), r.by("head"), "applicant-1", 1, r.envelope("finish"))
	if err != nil || !s.Requests[0].Done {
		t.Errorf("%+v, %v", s, err)
	}
	if other, err := r.Standing(t.Context(), r.by("applicant-2"), "applicant-1"); !errors.As(err, &refusal) || len(other.Requests) > 0 {
		t.Errorf("another reads it: %+v, %v", other, err)
	}
}

package person

import (
	"errors"
	"testing"

	"dossier/domain"
	"dossier/domain/dossier"
)

func code(err error) string {
	var r *domain.Refusal
	var i *domain.Invalid
	switch {
	case errors.As(err, &r) && r.VI != "" && r.EN != "":
		return r.Code
	case errors.As(err, &i) && i.VI != "" && i.EN != "":
		return i.Code
	case err != nil:
		return err.Error()
	}
	return ""
}

func TestEachFactThatMayNotFollowSaysWhy(t *testing.T) {
	granted := func(change func(*MandateGranted)) MandateGranted {
		e := MandateGranted{Number: 1, To: "ref-8a1b", From: day("2026-11-26"), Until: ptr(day("2026-12-31")), Evidence: Own}
		change(&e)
		return e
	}
	asked := RequestReceived{1, Copy, monday, monday.AddDate(0, 0, 15), false}
	known := Evolve(Person{}, stored["person.registered.v1"])
	mandated := Evolve(known, stored["person.mandate-granted.v1"])
	ended := Evolve(mandated, stored["person.mandate-ended.v1"])
	open := Evolve(known, asked)
	accepted := Evolve(open, RequestAnswered{Number: 1, Answer: GrantedAnswer})
	refused := Evolve(open, RequestAnswered{Number: 1, Answer: RefusedAnswer, Basis: "luat-91-2025.14"})
	extended := Evolve(accepted, RequestExtended{1, monday.AddDate(0, 0, 30), "third-party"})
	done := Evolve(accepted, RequestDone{Number: 1})
	erased := Evolve(Evolve(open, stored["person.mandate-granted.v1"]), stored["person.personal-data-erased.v1"])
	with := func(mandates, requests int) Person {
		p := known
		for range mandates {
			p.Mandates = append(p.Mandates, Mandate{})
		}
		for range requests {
			p.Requests = append(p.Requests, Request{RequestReceived: RequestReceived{Wish: Copy}, Done: true})
		}
		return p
	}
	for _, c := range []struct {
		name string
		p    Person
		e    Event
		code string
	}{
		{"a mandate of somebody unknown", Person{}, granted(func(*MandateGranted) {}), "person_unknown"},
		{"a mandate to nobody", known, granted(func(e *MandateGranted) { e.To = "" }), "bad_code"},
		{"a mandate to no reference", known, granted(func(e *MandateGranted) { e.To = "Nguyễn Văn A" }), "bad_code"},
		{"a mandate by word of mouth", known, granted(func(e *MandateGranted) { e.Evidence = "word" }), "not_in_list"},
		{"a mandate for one day", known, granted(func(e *MandateGranted) { e.Until = &e.From }), ""},
		{"a mandate that ends before it begins", known, granted(func(e *MandateGranted) { e.Until = ptr(e.From - 1) }), "until_before_from"},
		{"a mandate without an end", known, granted(func(e *MandateGranted) { e.Until = nil }), ""},
		{"a mandate for no procedure there could be", known, granted(func(e *MandateGranted) { e.Procedures = []dossier.Code{"Cấp lại"} }), "bad_code"},
		{"the last mandate that one may give", with(MostMandates-1, 0), granted(func(*MandateGranted) {}), ""},
		{"one more", with(MostMandates, 0), granted(func(*MandateGranted) {}), "too_many_mandates"},
		{"the end of a mandate", mandated, MandateEnded{Number: 1}, ""},
		{"the end of the mandate before the first", mandated, MandateEnded{Number: 0}, "no_such_mandate"},
		{"the end of the mandate behind the last", mandated, MandateEnded{Number: 2}, "no_such_mandate"},
		{"the end of a mandate twice", ended, MandateEnded{Number: 1}, "mandate_ended"},
		{"a wish there is not", known, RequestReceived{Number: 1, Wish: "sell"}, "not_in_list"},
		{"the same wish while it is open", open, RequestReceived{Number: 2, Wish: Copy}, "request_open"},
		{"another wish", open, RequestReceived{Number: 2, Wish: Erasure}, ""},
		{"the same wish when it is done", done, RequestReceived{Number: 2, Wish: Copy}, ""},
		{"the same wish when it was refused", refused, RequestReceived{Number: 2, Wish: Copy}, ""},
		{"the last wish that one may have", with(0, MostRequests-1), RequestReceived{Wish: Copy}, ""},
		{"one wish more", with(0, MostRequests), RequestReceived{Wish: Copy}, "too_many_requests"},
		{"an answer to the request before the first", open, RequestAnswered{Number: 0, Answer: GrantedAnswer}, "no_such_request"},
		{"an answer to the request behind the last", open, RequestAnswered{Number: 2, Answer: GrantedAnswer}, "no_such_request"},
		{"an answer", open, RequestAnswered{Number: 1, Answer: GrantedAnswer}, ""},
		{"an answer that is neither yes nor no", open, RequestAnswered{Number: 1, Answer: "perhaps"}, "not_in_list"},
		{"a second answer", accepted, RequestAnswered{Number: 1, Answer: GrantedAnswer}, "request_answered"},
		{"a refusal without ground", open, RequestAnswered{Number: 1, Answer: RefusedAnswer}, "missing"},
		{"a refusal with its ground", open, RequestAnswered{Number: 1, Answer: RefusedAnswer, Basis: "luat-91-2025.14"}, ""},
		{"more time", accepted, RequestExtended{Number: 1}, ""},
		{"more time for nothing", accepted, RequestExtended{Number: 2}, "no_such_request"},
		{"more time twice", extended, RequestExtended{Number: 1}, "second_extension"},
		{"more time for what is done", done, RequestExtended{Number: 1}, "request_ended"},
		{"more time for what was refused", refused, RequestExtended{Number: 1}, "request_ended"},
		{"the end of a request", accepted, RequestDone{Number: 1}, ""},
		{"the end of nothing", accepted, RequestDone{Number: 2}, "no_such_request"},
		{"the end of what nobody answered", open, RequestDone{Number: 1}, "request_not_granted"},
		{"the end of what was refused", refused, RequestDone{Number: 1}, "request_not_granted"},
		{"the end of a request twice", done, RequestDone{Number: 1}, "request_ended"},
		{"an erased person asks nothing more", erased, RequestReceived{Number: 2, Wish: Erasure}, "person_erased"},
		{"what an erased person asked is answered", erased, RequestAnswered{Number: 1, Answer: GrantedAnswer}, ""},
		{"what an erased person gave is ended", erased, MandateEnded{Number: 1}, ""},
		{"somebody unregistered may ask", Person{}, asked, ""},
	} {
		if got := code(c.p.May(c.e)); got != c.code {
			t.Errorf("%s: %q, want %q", c.name, got, c.code)
		}
	}
}

// Evolve takes what stands in the journal, whatever it is: a number that names nothing changes nothing.
func TestANumberThatNamesNothingChangesNothing(t *testing.T) {
	p := Evolve(Evolve(Evolve(Person{}, stored["person.registered.v1"]), stored["person.mandate-granted.v1"]), RequestReceived{1, Copy, monday, monday, false})
	for _, number := range []int{-1, 0, 2} {
		for _, e := range []Event{MandateEnded{number, day("2026-12-01"), "x"}, RequestAnswered{Number: number, Answer: GrantedAnswer}, RequestDone{Number: number}} {
			if q := Evolve(p, e); q.Mandates[0].Ended != nil || q.Requests[0].Answer != "" || q.Requests[0].Done || len(q.Mandates) != 1 || len(q.Requests) != 1 {
				t.Errorf("%T %d: %+v", e, number, q)
			}
		}
	}
	if q := Evolve(p, MandateEnded{1, day("2026-12-01"), "x"}); q.Mandates[0].Ended == nil || p.Mandates[0].Ended != nil {
		t.Error("the mandate of that number ends, and only in what follows")
	}
	if q := Evolve(p, RequestAnswered{Number: 1, Answer: GrantedAnswer}); q.Requests[0].Answer != GrantedAnswer {
		t.Error("the request of that number is answered")
	}
}

func TestTheContractsOfAPersonSayWhichMembersAreMoments(t *testing.T) {
	for name, moments := range map[string][]string{"person.request-received.v1": {"answer_by", "done_by"}, "person.request-extended.v1": {"done_by"}, "person.personal-data-erased.v1": {"final"}, "person.corrected.v1": nil} {
		members := EventSchemas()[name]["properties"].(map[string]any)
		found := 0
		for _, m := range members {
			if m, is := m.(map[string]any); is && m["format"] == "date-time" {
				found++
			}
		}
		for _, moment := range moments {
			if m, is := members[moment].(map[string]any); !is || m["format"] != "date-time" {
				t.Errorf("%s: %s is %v", name, moment, members[moment])
			}
		}
		if found != len(moments) {
			t.Errorf("%s has %d moments, want %d", name, found, len(moments))
		}
	}
}

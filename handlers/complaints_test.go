package handlers_test

import (
	"strings"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/procedure"
	"dossier/handlers"
	"dossier/projections"

	"github.com/google/uuid"
)

// decided takes a complaint's own dossier from its acceptance to its result.
func (w *tower) decided(id uuid.UUID, outcome dossier.Proposal) {
	w.t.Helper()
	for _, step := range []struct {
		who  string
		what dossier.Command
	}{
		{"reception", dossier.ForwardDossier{Unit: handlers.UnitAnimalHealth}}, {"head", dossier.AssignOfficer{Officer: "officer-1"}},
		{"officer-1", dossier.StartAppraisal{}}, {"officer-1", dossier.SubmitForApproval{Proposal: outcome}},
		{"approver", dossier.Approve{Outcome: outcome}}, {"approver", dossier.SignResult{}}, {"clerk", dossier.NumberResult{}}, {"clerk", dossier.IssueResult{}},
	} {
		s, err := w.state(id)
		if err != nil {
			w.t.Fatal(err)
		}
		e := w.envelope("{}")
		e.Expected = &s.Version
		if _, err := w.Do(w.t.Context(), w.as(step.who), id, e, step.what); err != nil {
			w.t.Fatalf("%s: %v", step.what.Name(), err)
		}
	}
}

func (w *tower) mustBe(id uuid.UUID) dossier.State {
	w.t.Helper()
	s, err := w.state(id)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func TestAComplaintIsADossierOfItsOwnThatSettlesTheOneItContests(t *testing.T) {
	w := newTower(t)
	contested := w.licensed()
	e := w.envelope("{}")
	if _, err := w.Do(t.Context(), w.as("reception"), contested, e, dossier.OpenComplaint{Kind: "complaint"}); err != nil {
		t.Fatal(err)
	}
	s := w.mustBe(contested)
	if len(s.Complaints) != 1 || !s.Held() {
		t.Fatalf("complaints %+v", s.Complaints)
	}
	own := uuid.MustParse(s.Complaints[0].Other)
	c := w.mustBe(own)
	if c.Procedure != "complaint-first" || c.CheckWithin != "10.calendar_day" || c.Applicant != s.Applicant || len(c.Links) != 1 || c.Links[0] != (dossier.Link{Other: contested.String(), Kind: dossier.Contests}) {
		t.Errorf("the complaint's dossier: %+v", c)
	}
	before, err := w.journal.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Do(t.Context(), w.as("reception"), contested, e, dossier.OpenComplaint{Kind: "complaint"}); err != nil {
		t.Fatal(err)
	}
	if after, err := w.journal.Head(t.Context()); err != nil || after != before {
		t.Errorf("sent again: %d events more, %v", after-before, err)
	}

	// Within ten days of its arrival a complaint is accepted or refused: an answer after a week is in time, where eight working hours bind a filing.
	w.pass(8 * 24 * time.Hour)
	if err := w.do("reception", own, dossier.AcceptDossier{}); err != nil {
		t.Fatal(err)
	}
	facts, err := w.Facts(t.Context(), own)
	if err != nil {
		t.Fatal(err)
	}
	if a := facts[len(facts)-1].Event.(dossier.DossierAccepted); a.Late || string(a.Limits[0]) != "30.calendar_day" || a.Due.IsZero() {
		t.Errorf("accepted %+v", a)
	}

	if err := w.do("reception", contested, dossier.CloseComplaint{Number: 1, Finding: dossier.Upheld}); refusalCode(err) != "complaint_not_decided" {
		t.Errorf("closed before it is decided: %v", err)
	}
	w.decided(own, dossier.Grant)
	if s = w.mustBe(contested); s.Held() || s.Complaints[0].Finding != dossier.Overturned {
		t.Errorf("after the complaint was granted: %+v", s.Complaints)
	}

	again := w.envelope("{}")
	if _, err := w.Do(t.Context(), w.as("reception"), contested, again, dossier.OpenComplaint{Kind: "appeal", Complex: true}); err != nil {
		t.Fatal(err)
	}
	second := uuid.MustParse(w.mustBe(contested).Complaints[1].Other)
	if err := w.do("reception", second, dossier.AcceptDossier{}); err != nil {
		t.Fatal(err)
	}
	if s := w.mustBe(second); s.Procedure != "complaint-second" || string(s.Clock.Term.Limits[0]) != "60.calendar_day" {
		t.Errorf("a complex second complaint: %s, %v", s.Procedure, s.Clock.Term.Limits)
	}
	w.decided(second, dossier.Refuse)
	if s = w.mustBe(contested); s.Held() || s.Complaints[1].Finding != dossier.Upheld {
		t.Errorf("after the second was refused: %+v", s.Complaints)
	}
	if err := w.do("lead", contested, dossier.OpenComplaint{Kind: "complaint"}); refusalCode(err) != handlers.NotAllowed {
		t.Errorf("who may not receive dossiers opens one: %v", err)
	}
}

func TestAComplaintsDateFollowsAChangedCalendar(t *testing.T) {
	w := newTower(t)
	contested := w.licensed()
	if err := w.do("reception", contested, dossier.OpenComplaint{Kind: "complaint"}); err != nil {
		t.Fatal(err)
	}
	own := uuid.MustParse(w.mustBe(contested).Complaints[0].Other)
	if err := w.do("reception", own, dossier.AcceptDossier{}); err != nil {
		t.Fatal(err)
	}
	due, date := w.mustBe(contested).Complaints[0].Due, w.mustBe(own).Due
	off := calendar.DateOf(due, handlers.Zone()).String()
	file := string(calendar.Shipped()["vn"])
	year := strings.Index(file, `"year": `+off[:4])
	if year < 0 {
		t.Fatalf("the calendar has no year %s", off[:4])
	}
	at := year + strings.Index(file[year:], `"days": [`) + len(`"days": [`)
	file = file[:at] + `{"date": "` + off + `", "kind": "holiday", "name": "flood", "certainty": "text"},` + file[at:]
	if _, err := w.PublishCalendar(t.Context(), domain.Actor{Account: "importer", Role: domain.System}, "vn", []byte(file), w.envelope("flood")); err != nil {
		t.Fatal(err)
	}
	c, err := w.Calendars().Get(t.Context(), "vn")
	if err != nil {
		t.Fatal(err)
	}
	w.arrive()
	sweep := handlers.NewRecounter(w.Executor, w.views, nil)
	for range 2 {
		if _, err := sweep.Pass(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if _, err := sweep.Complaints(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		w.arrive()
	}
	if n, err := sweep.Complaints(t.Context(), c); err != nil || n != 0 {
		t.Errorf("a sweep that finds nothing to do changed %d, %v", n, err)
	}
	if s := w.mustBe(contested); !s.Complaints[0].Due.After(due) {
		t.Errorf("the contested dossier still says %v, %v before", s.Complaints[0].Due, due)
	}
	if s := w.mustBe(own); !s.Due.After(date) {
		t.Errorf("the complaint's own dossier still says %v, %v before", s.Due, date)
	}
	if report, err := projections.Verify(t.Context(), w.db.App, w.journal, nil); err != nil || report.Difference != nil {
		t.Errorf("verify: %v, %v", report.Difference, err)
	}
}

func TestTheProceduresOfComplaintsShipWithTheirLimitsMarkedAssumed(t *testing.T) {
	for id, limits := range map[string][4]int{procedure.FirstComplaint: {30, 45, 45, 60}, procedure.SecondComplaint: {45, 60, 60, 70}} {
		file, ships := procedure.ComplaintFile(id)
		if _, mistakes := handlers.CheckProcedure(file); !ships || len(mistakes) > 0 {
			t.Fatalf("%s: %v", id, mistakes)
		}
		v, _ := procedure.ComplaintVersion(id)
		if !v.Assumed || v.CheckWithin == nil || v.CheckWithin.Value != 10 {
			t.Errorf("%s: %+v", id, v)
		}
		for i, fact := range []string{"", "complex_case", "remote_area", "remote_and_complex"} {
			if got := v.LimitsUnder(func(f string) bool { return f == fact }); len(got) != 1 || got[0].Value != limits[i] || got[0].Unit != calendar.CalendarDays {
				t.Errorf("%s under %q: %v, want %d days", id, fact, got, limits[i])
			}
		}
	}
}

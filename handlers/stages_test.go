package handlers_test

import (
	"strings"
	"testing"
	"time"

	"dossier/domain/dossier"
	"dossier/handlers"
)

func TestTheNamedStagesOfALimitHaveDatesOfTheirOwn(t *testing.T) {
	w := newTower(t)
	r, err := w.Submit(t.Context(), w.as("applicant-1"), w.envelope("{}"), dossier.SubmitDossier{Procedure: "vet-drug-trade-cert", Channel: dossier.Online, Applicant: "applicant-1", Unit: "one-stop"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.do("reception", r.ID, dossier.AcceptDossier{}); err != nil {
		t.Fatal(err)
	}
	said := func() string {
		t.Helper()
		d, err := w.Deadline(t.Context(), w.mustBe(r.ID))
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, s := range d.Stages {
			all = append(all, s.Code+" "+s.Due.In(handlers.Zone()).Format("02/01 15:04")+" "+s.Status)
		}
		if last := d.Stages[len(d.Stages)-1]; !last.Due.Equal(*d.Due) {
			t.Errorf("the last stage ends %v, the limit %v", last.Due, d.Due)
		}
		return strings.Join(all, ", ")
	}
	// Accepted on Monday, 23 November 2026, at 14:32; Tuesday is Culture Day. Five working days end on Tuesday, 1 December; three more on Friday.
	if got, want := said(), "gd-1 01/12 23:59 running, gd-2 04/12 23:59 waiting"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	w.pass(9 * 24 * time.Hour)
	if got, want := said(), "gd-1 01/12 23:59 overdue, gd-2 04/12 23:59 running"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, step := range []struct {
		who  string
		what dossier.Command
	}{{"reception", dossier.ForwardDossier{Unit: handlers.UnitAnimalHealth}}, {"head", dossier.AssignOfficer{Officer: "officer-1"}}, {"officer-1", dossier.StartAppraisal{}}} {
		if err := w.do(step.who, r.ID, step.what); err != nil {
			t.Fatal(err)
		}
	}
	s := w.mustBe(r.ID)
	s.Status = dossier.PendingApproval
	d, err := w.Deadline(t.Context(), s)
	if err != nil || d.Stages[0].Status != "done" || d.Stages[1].Status != "running" {
		t.Errorf("before the approver: %+v, %v", d.Stages, err)
	}
}

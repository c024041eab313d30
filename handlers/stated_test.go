package handlers_test

import (
	"errors"
	"testing"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"

	"github.com/google/go-cmp/cmp"
)

// What stands in the form decides the conditions of the procedure, and these the limit: only their names and values of fields that are not
// personal are kept.
func TestValuesOfAFilingDecideItsConditionsAndTheseItsLimit(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if _, err := d.publish("catalogue", "vn", string(calendar.Shipped()["vn"])); err != nil {
		t.Fatal(err)
	}
	filed := func(disease string) dossier.SubmitDossier {
		return dossier.SubmitDossier{Procedure: "animal-quarantine-out-of-province", Channel: dossier.Online, Applicant: "applicant-1",
			Values: []dossier.Given{{Field: "application.head_count", Value: "20"}, {Field: "application.disease_free", Value: dossier.Value(disease)}}}
	}
	for disease, limit := range map[string]dossier.Code{"true": "1.working_day", "false": "5.working_day"} {
		r, err := d.Submit(t.Context(), d.as("applicant-1"), d.envelope(disease), filed(disease))
		if err != nil {
			t.Fatal(err)
		}
		d.done("reception", r.ID, dossier.AcceptDossier{})
		facts, err := d.Facts(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		s := dossier.Fold(facts)
		if got := s.Clock.Term.Limits; len(got) != 1 || got[0] != limit || s.Holds("disease_free_facility") != (disease == "true") || s.Due.IsZero() || len(s.Values) != 2 {
			t.Errorf("disease free %s: limits %v, facts %v, values %v, due %v", disease, got, s.Facts, s.Values, s.Due)
		}
		if accepted := facts[1].Event.(dossier.DossierAccepted); accepted.Facts != nil || accepted.Denied != nil {
			t.Errorf("reception said nothing of the facts: %+v", accepted)
		}
	}
	before, err := d.journal.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	claim := filed("false")
	claim.Facts = []dossier.Code{"disease_free_facility"}
	var bad *domain.Invalid
	if _, err := d.Submit(t.Context(), d.as("applicant-1"), d.envelope("claim"), claim); !errors.As(err, &bad) || bad.Code != "fact_contradicts" || bad.Field != "facts" {
		t.Errorf("claimed against the form: %v", err)
	}
	if _, err := d.Submit(t.Context(), d.as("applicant-1"), d.envelope("x"), filed("perhaps")); !errors.As(err, &bad) || bad.Code != "wrong_type" || bad.Field != "values.application.disease_free" {
		t.Errorf("no truth value: %v", err)
	}
	if after, err := d.journal.Head(t.Context()); err != nil || after != before {
		t.Errorf("refused, and yet %d events were written, %v", after-before, err)
	}
}

func TestAnAnswerWithOtherValuesChangesTheConditionsThatFollow(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	r, err := d.Submit(t.Context(), d.as("applicant-1"), d.envelope("1"), dossier.SubmitDossier{Procedure: "seafood-export-health-cert", Channel: dossier.Online, Applicant: "applicant-1",
		Values: []dossier.Given{{Field: "application.raw", Value: "false"}, {Field: "application.lot_weight_kg", Value: "25001"}}})
	if err != nil {
		t.Fatal(err)
	}
	held := func() []string {
		facts, err := d.Facts(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		return dossier.Fold(facts).Facts
	}
	if !cmp.Equal(held(), []string{"high_risk"}) {
		t.Errorf("25,001 kg: %v", held())
	}
	d.done("applicant-1", r.ID, dossier.AdjustSubmission{Parts: []dossier.Code{"tp-1"}, Values: []dossier.Given{{Field: "application.lot_weight_kg", Value: "25000"}}})
	if len(held()) != 0 {
		t.Errorf("25,000 kg: %v", held())
	}
	d.done("applicant-1", r.ID, dossier.AdjustSubmission{Parts: []dossier.Code{"tp-1"}, Values: []dossier.Given{{Field: "application.raw", Value: "true"}}})
	if !cmp.Equal(held(), []string{"high_risk"}) {
		t.Errorf("eaten raw: %v", held())
	}
}

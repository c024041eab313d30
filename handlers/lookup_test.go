package handlers_test

import (
	"errors"
	"strings"
	"testing"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/domain/person"
	"dossier/handlers"
	"dossier/handlers/localregistry"

	"github.com/google/uuid"
)

func TestAPartThatARegisterHasIsLookedUpAndTheAnswerLiesInTheVault(t *testing.T) {
	t.Parallel()
	stub, err := localregistry.Start(localregistry.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stub.Close)
	r := newRegistryWith(t, func(o *handlers.ExecutorOptions) { o.Registry = handlers.NewHTTPRegistry(stub.URL(), "") })
	file := func(key string) handlers.Receipt {
		return must(r.Submit(t.Context(), r.as("reception"), r.envelope(key), dossier.SubmitDossier{Procedure: "vet-drug-trade-cert", Channel: dossier.Counter, Unit: "one-stop", Applicant: "applicant-1"}))
	}
	receipt := file("one")
	part := dossier.Code("tp-3")
	refused := func(what string, code string) {
		t.Helper()
		before := must(r.state(receipt.ID)).Version
		_, err := r.LookUp(t.Context(), r.by("reception"), receipt.ID, part, r.envelope(what))
		var refusal *domain.Refusal
		var bad *domain.Invalid
		if !(errors.As(err, &refusal) && refusal.Code == code || errors.As(err, &bad) && bad.Code == code) || must(r.state(receipt.ID)).Version != before {
			t.Errorf("%s: %v, want %s", what, err, code)
		}
		if err != nil && strings.Contains(err.Error(), "079185001234") {
			t.Errorf("%s tells the number: %v", what, err)
		}
	}
	refused("nobody's number", "number_unknown")
	if _, err := r.Register(t.Context(), r.by("reception"), "applicant-1", person.Citizen, herself, r.envelope("")); err != nil {
		t.Fatal(err)
	}
	part = "tp-1"
	refused("a part that is brought", "not_looked_up")
	part = "tp-3"
	for _, fault := range []string{localregistry.Away, localregistry.Garbled} {
		stub.Fail(fault)
		refused(fault, "register_away")
	}
	stub.Fail("")
	none := must(r.LookUp(t.Context(), r.by("reception"), receipt.ID, part, r.envelope("none")))
	if s := must(r.state(none.ID)); len(s.Components) != 1 || s.Components[0].Verdict != dossier.Insufficient {
		t.Errorf("nothing found: %+v", s.Components)
	}
	stub.Put("business-register", "079185001234", map[string]string{"name": "Hộ kinh doanh " + canary, "status": "active"})
	must(r.LookUp(t.Context(), r.by("reception"), receipt.ID, part, r.envelope("found")))
	if s := must(r.state(receipt.ID)); len(s.Components) != 1 || s.Components[0].Verdict != "looked_up" {
		t.Errorf("found: %+v", s.Components)
	}
	said := must(r.Words(t.Context(), r.by("auditor"), receipt.ID, "audit"))
	if last := said[len(said)-1]; !strings.HasPrefix(last.Words, "business-register ") || !strings.Contains(last.Words, canary) {
		t.Errorf("%+v", said)
	}
	if found := r.everywhere(canary); len(found) > 0 {
		t.Errorf("in clear: %v", found)
	}
}

// The one who receives a dossier is told of what the same person, under whatever reference, filed before.
func TestEarlierDossiersOfTheSamePersonAreToldAndItsFormsPrefilled(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	for i, ref := range []string{"applicant-1", "ref-2"} {
		if _, err := r.Register(t.Context(), r.by("reception"), ref, person.Citizen, herself, r.envelope(ref)); err != nil {
			t.Fatal(i, err)
		}
	}
	file := func(applicant, kg string, entries ...dossier.Entry) handlers.Receipt {
		t.Helper()
		return must(r.Submit(t.Context(), r.as("reception"), r.envelope(applicant+kg), dossier.SubmitDossier{Procedure: "seafood-export-health-cert", Channel: dossier.Counter, Unit: "one-stop", Applicant: dossier.Ref(applicant),
			Values: []dossier.Given{{Field: "application.lot_weight_kg", Value: dossier.Value(kg)}}, Entries: entries}))
	}
	first := file("applicant-1", "100", dossier.Entry{Field: "application.phone", Text: dossier.Typed("0988 000 111")}, dossier.Entry{Field: "application.subject", Text: dossier.Typed("Lô tôm")})
	other := file("ref-2", "200")
	file("applicant-2", "100")
	last := must(r.Submit(t.Context(), r.as("reception"), r.envelope("last"), dossier.SubmitDossier{Procedure: "seafood-export-health-cert", Channel: dossier.Counter, Unit: "one-stop", Applicant: "applicant-1",
		Values: []dossier.Given{{Field: "application.lot_weight_kg", Value: "100"}}}))
	r.arrive()
	found := must(r.Earlier(t.Context(), r.by("reception"), last.ID))
	if len(found) != 2 || found[0].ID != first.ID || !found[0].Same || found[1].ID != other.ID || found[1].Same || found[1].Applicant != "ref-2" {
		t.Errorf("%+v", found)
	}
	if own := must(r.Earlier(t.Context(), r.by("applicant-1"), last.ID)); len(own) != 1 {
		t.Errorf("the applicant is told of %+v", own)
	}
	filled := map[string]string{}
	for _, p := range must(r.Prefill(t.Context(), r.by("applicant-1"), "applicant-1", "seafood-export-health-cert", "own")) {
		filled[p.Field] = p.Text
	}
	want := map[string]string{"application.owner_name": herself.Name, "application.owner_id": herself.IDNumber, "application.phone": "0988 000 111", "application.address": herself.Address, "application.subject": "Lô tôm"}
	if len(filled) != len(want) {
		t.Errorf("%v", filled)
	}
	for field, text := range want {
		if filled[field] != text {
			t.Errorf("%s is filled with %q, want %q", field, filled[field], text)
		}
	}
	page, err := r.log.List(t.Context(), r.as("auditor"), handlers.AccessFilter{Limit: 1})
	if err != nil || len(page.Entries) != 1 || page.Entries[0].Type != "access.words-read" {
		t.Errorf("what was typed is read without saying so: %+v, %v", page.Entries, err)
	}
	if found, err := r.Earlier(t.Context(), r.by("auditor"), uuid.New()); !errors.Is(err, handlers.ErrNotFound) {
		t.Errorf("of a dossier that is not there: %+v, %v", found, err)
	}
	if _, err := r.LookUp(t.Context(), r.by("reception"), last.ID, "tp-1", r.envelope("nowhere")); err == nil || !strings.Contains(err.Error(), "no_registers") {
		t.Errorf("without registers: %v", err)
	}
	if _, err := r.Prefill(t.Context(), r.by("applicant-2"), "applicant-1", "seafood-export-health-cert", "own"); err == nil {
		t.Error("another's form is filled")
	}
}

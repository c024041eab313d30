package dossier_test

import (
	"testing"

	"dossier/domain/dossier"
)

func TestTheCodeOfADossierStaysWhateverHappens(t *testing.T) {
	first := dossier.Fact{Version: 1, Event: dossier.DossierSubmitted{Procedure: "vet-practice-cert-renew", ProcedureVersion: 1, Channel: dossier.Post, Applicant: "ref-7f3a", Code: "H15-261125-0001"}}
	before := dossier.Fold([]dossier.Fact{first})
	if before.Code != "H15-261125-0001" || before.KnownBy() != before.Code {
		t.Fatalf("a submitted dossier is known by %q", before.KnownBy())
	}
	after := before
	for i, e := range samples { // one of each kind, an acceptance with another code among them
		if _, again := e.(dossier.DossierSubmitted); again {
			continue
		}
		if after = dossier.Evolve(after, dossier.Fact{Version: int64(i + 2), Event: e}); after.Code != before.Code {
			t.Fatalf("%T makes the code %q", e, after.Code)
		}
	}
}

func TestACodeThatCameWithTheAcceptanceStaysWhenThatIsTakenBack(t *testing.T) {
	facts := []dossier.Fact{
		{Version: 1, Event: dossier.DossierSubmitted{Procedure: "vet-practice-cert-renew", ProcedureVersion: 1, Channel: dossier.Post, Applicant: "ref-7f3a"}},
		{Version: 2, Event: dossier.DossierAccepted{ProcedureVersion: 1, Code: "H15-261125-0001"}, OccurredAt: monday},
		{Version: 3, Event: dossier.ActUndone{Act: "accept", Reason: "wrong_dossier"}, OccurredAt: monday},
	}
	for i, want := range []string{"", "H15-261125-0001", "H15-261125-0001"} {
		if got := dossier.Fold(facts[:i+1]).KnownBy(); got != want {
			t.Errorf("after %d facts it is known by %q, not %q", i+1, got, want)
		}
	}
	if s := dossier.Fold(facts); s.Status != dossier.Submitted {
		t.Errorf("it is %s", s.Status)
	}
}

func TestAnImportedDossierKeepsTheNumberItCameWith(t *testing.T) {
	s := dossier.Fold([]dossier.Fact{{Version: 1, Event: dossier.DossierSubmitted{Procedure: "ext:x", ProcedureVersion: 1, Channel: dossier.Post, Applicant: "ext:anon", ExternalCode: "case-10011"}}})
	if s.Code != "" || s.KnownBy() != "case-10011" {
		t.Errorf("code %q, known by %q", s.Code, s.KnownBy())
	}
}

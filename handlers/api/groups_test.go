package api_test

import (
	"strings"
	"testing"
)

const groupFiling = `{"procedure":"vet-practice-cert-renew","channel":"online","applicant":"applicant-1","with":["vet-drug-trade-cert",{"procedure":"vet-drug-import-eligibility"}]}`

func TestAnApplicantFilesLinkedProceduresOverHTTPAndGetsOneReceipt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var filed struct {
		ID      string
		Version int64
		Members []struct{ ID, Code string }
	}
	first := h.post("applicant-1", "/v1/dossiers", groupFiling, "Idempotency-Key: g1").is(201).into(&filed)
	if len(filed.Members) != 2 || filed.Version != 3 || filed.Members[0].Code == filed.Members[1].Code {
		t.Fatalf("filed %s", first.body)
	}
	again := h.post("applicant-1", "/v1/dossiers", groupFiling, "Idempotency-Key: g1").is(201)
	if string(again.body) != string(first.body) || again.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("sent again: %s", again.body)
	}
	h.post("applicant-1", "/v1/dossiers", strings.Replace(groupFiling, `"vet-drug-trade-cert",`, "", 1), "Idempotency-Key: g1").problem(422, "key_reused")

	h.done("reception", filed.Members[0].ID, "accept", "")
	var paper struct {
		AnswerBy string `json:"answer_by"`
		Dossiers []struct {
			ID, Procedure, Status, Due string
			LimitVI                    string `json:"limit_vi"`
			Lead                       bool
		}
	}
	for _, asked := range []string{filed.ID, filed.Members[1].ID} { // any of them leads to the one receipt
		got := h.get("applicant-1", "/v1/dossiers/"+asked+"/receipt").is(200).into(&paper)
		if len(paper.Dossiers) != 3 || !paper.Dossiers[0].Lead || paper.Dossiers[0].ID != filed.ID || paper.Dossiers[1].LimitVI == "" || paper.Dossiers[0].LimitVI == paper.Dossiers[1].LimitVI {
			t.Errorf("receipt %s", got.body)
		}
		if paper.Dossiers[0].Status != "submitted" || paper.Dossiers[1].Status != "accepted" {
			t.Errorf("each has a way of its own: %s", got.body)
		}
	}
	h.get("applicant-2", "/v1/dossiers/"+filed.ID+"/receipt").problem(403, "not_allowed")
}

func TestAGroupThatIsNotUnderstoodSaysWhichProcedureAndChangesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for with, want := range map[string]struct {
		status      int
		code, field string
	}{
		`"vet-drug-trade-cert"`: {400, "malformed_value", "with"},
		`[7]`:                   {400, "malformed_value", "with[0]"},
		`["vet-drug-trade-cert",{"procedure":"x","channel":"post"}]`: {422, "unknown_field", "with[1].channel"},
		`["vet-drug-trade-cert","nothing"]`:                          {422, "unknown_procedure", "with[1].procedure"},
		`[{"facts":["a"]}]`:                                          {422, "missing", "with[0].procedure"},
		`["vet-practice-cert-renew"]`:                                {422, "duplicate_item", "with[0].procedure"},
		`[]`:                                                         {422, "group_size", "with"},
		`["` + closedProcedure(t) + `"]`:                             {409, "not_open_for_filing", "with[0].procedure"},
		`[{"procedure":"vet-drug-trade-cert","facts":["no-such-fact"]}]`: {422, "unknown_fact", "with[0].facts"},
	} {
		body := strings.TrimSuffix(filing, "}") + `,"with":` + with + `}`
		if p := h.post("applicant-1", "/v1/dossiers", body).problem(want.status, want.code); len(p.Errors) == 0 || p.Errors[0].Field != want.field {
			t.Errorf("%s: %+v, want field %s", with, p.Errors, want.field)
		}
	}
	if head, err := h.journal.Head(t.Context()); err != nil || head != 0 {
		t.Errorf("%d events, %v", head, err)
	}
}

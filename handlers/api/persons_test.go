package api_test

import (
	"strings"
	"testing"
)

func TestPeopleAndWhatTheyTypedAreReadOnTheAPIForAPurposeAndErased(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const known = `{"kind": "citizen", "name": "Đỗ Thị Nghĩa", "id_number": "079185001234", "phone": "0912345678"}`
	first := h.post("reception", "/v1/persons/ref-1", known, "Idempotency-Key: k1").is(200)
	again := h.post("reception", "/v1/persons/ref-1", known, "Idempotency-Key: k1").is(200)
	if string(first.body) != string(again.body) {
		t.Errorf("a repeat answers %s, first %s", again.body, first.body)
	}
	h.post("reception", "/v1/persons/ref-1", known).is(409)
	h.post("reception", "/v1/persons/ref-1/correct", `{"reason": "spelling", "name": "Đỗ Thị Nghĩa", "phone": "0912345679"}`).is(200)
	h.post("applicant-1", "/v1/persons/ref-2", known).is(403)
	var found struct {
		Persons []struct{ Name, Phone string }
		More    bool
	}
	h.post("reception", "/v1/persons/search", `{"name": "nghia do", "purpose": "counter"}`).is(200).into(&found)
	if len(found.Persons) != 1 || found.Persons[0].Phone != "0912345679" || found.More {
		t.Errorf("found %+v", found)
	}
	h.post("reception", "/v1/persons/search", `{"purpose": "counter"}`).is(422)
	h.post("admin", "/v1/persons/search", `{"name": "nghia", "purpose": "counter"}`).is(403)
	h.get("reception", "/v1/persons/ref-1?purpose=counter").is(200)
	h.get("reception", "/v1/persons/ref-1").is(422)
	h.get("admin", "/v1/persons/ref-1?purpose=counter").is(403)

	r := h.post("applicant-1", "/v1/dossiers", filing).is(201).receipt()
	h.done("reception", r.ID, "send-message", `{"topic": "question", "answer_by": "2099-12-20T17:00:00+07:00", "text": "Chị cho biết số lô?"}`)
	answer := h.done("applicant-1", r.ID, "answer-message", `{"number": 1, "text": "Lô 12"}`)
	for _, wrong := range []string{`{"topic": "question", "text": {"ref": "a", "commitment": "b"}}`, `{"topic": "question", "text": 3}`, `{"topic": "question", "text": "a\u0000"}`} {
		h.post("reception", "/v1/dossiers/"+r.ID+"/send-message", wrong).is(422)
	}
	var said struct {
		Words []struct{ Type, Words, Why string }
	}
	h.get("applicant-1", "/v1/dossiers/"+r.ID+"/words?purpose=own").is(200).into(&said)
	if len(said.Words) != 2 || said.Words[0].Words != "Chị cho biết số lô?" || said.Words[1].Words != "Lô 12" {
		t.Errorf("said %+v", said)
	}
	h.get("applicant-2", "/v1/dossiers/"+r.ID+"/words?purpose=own").is(403)
	h.get("auditor", "/v1/dossiers/"+r.ID+"/words").is(422)
	for _, path := range []string{"/v1/dossiers/" + r.ID + "/history?" + h.seen(answer), "/v1/events?limit=1000", "/v1/dossiers/" + r.ID} {
		if body := h.get("auditor", path).is(200).body; strings.Contains(string(body), "số lô") || strings.Contains(string(body), "Nghĩa") {
			t.Errorf("%s tells: %s", path, body)
		}
	}

	h.post("reception", "/v1/persons/ref-1/erase", `{"decision": "12-QD-SNN", "reason": "data-subject-request"}`).is(403)
	h.post("head", "/v1/persons/ref-1/erase", `{"decision": "12-QD-SNN", "reason": "data-subject-request"}`).is(200)
	gone := h.get("reception", "/v1/persons/ref-1?purpose=counter").is(410)
	if !strings.Contains(string(gone.body), "12-QD-SNN") || strings.Contains(string(gone.body), "Nghĩa") {
		t.Errorf("the certificate: %s", gone.body)
	}
	h.post("reception", "/v1/persons/ref-1", known).is(409)
	h.get("reception", "/v1/persons/ref-9?purpose=counter").is(409)
}

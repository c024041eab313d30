package api_test

import (
	"encoding/json"
	"testing"
)

func TestWhatTheNationalPortalWasToldIsShownAndListed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	failing, untold := h.submitted(), h.submitted()
	h.done("admin", failing.ID, "record-portal-status", `{"code":1,"outcome":"accepted"}`)
	h.done("reception", failing.ID, "accept", "")
	last := h.done("admin", failing.ID, "record-portal-status", `{"code":2,"outcome":"failed","error":"err-98"}`)
	var shown struct {
		Status     string
		PortalSync string `json:"portal_sync"`
		Portal     struct {
			Code, Taken, Failures int
			Outcome, Error        string
		}
	}
	h.get("auditor", "/v1/dossiers/"+failing.ID+"?"+h.seen(last)).is(200).into(&shown)
	if shown.Status != "accepted" || shown.PortalSync != "failed" || shown.Portal.Code != 2 || shown.Portal.Taken != 1 || shown.Portal.Failures != 1 || shown.Portal.Error != "err-98" {
		t.Errorf("shown %+v", shown)
	}
	for query, want := range map[string]string{"failed": failing.ID, "never": untold.ID, "accepted": "", "pending": ""} {
		var page struct{ Items []struct{ ID string } }
		h.get("auditor", "/v1/dossiers?portal="+query).is(200).into(&page)
		if want == "" && len(page.Items) > 0 || want != "" && (len(page.Items) != 1 || page.Items[0].ID != want) {
			t.Errorf("portal=%s: %+v", query, page.Items)
		}
	}
	h.get("auditor", "/v1/dossiers?portal=lost").is(422)
	h.post("reception", "/v1/dossiers/"+failing.ID+"/record-portal-status", `{"code":2,"outcome":"accepted"}`).problem(403, "not_allowed")
}

func TestAMessageGoesWithFilesOfItsDossier(t *testing.T) {
	t.Parallel()
	h, _ := scanned(t)
	content := aPDF(4_000)
	id, n := h.announced(content)
	h.post("reception", "/v1/dossiers/"+id+"/send-message", `{"topic":"information","files":["`+n.ID+`"]}`).problem(409, "file_not_attached")
	h.patch(n.ID, 0, content).is(200).into(&n)
	h.done("reception", id, "send-message", `{"topic":"information","files":["`+n.ID+`"]}`)
	var events []struct {
		Type string
		Data json.RawMessage
	}
	h.get("auditor", "/v1/events?limit=100").is(200).into(&events)
	held := map[string]string{}
	for _, e := range events {
		var data struct {
			Commitment string
			Files      []struct{ File, Commitment string }
		}
		if err := json.Unmarshal(e.Data, &data); err != nil {
			continue
		}
		if held[e.Type] = data.Commitment; len(data.Files) == 1 && data.Files[0].File == n.ID {
			held[e.Type] = data.Files[0].Commitment
		}
	}
	if c := held["dossier.message-sent.v1"]; c == "" || c != held["dossier.file-attached.v1"] {
		t.Errorf("held to %v", held)
	}
	var shown struct{ Files []struct{ Message int } }
	last := h.done("applicant-1", id, "send-message", `{"topic":"question","files":["`+n.ID+`"]}`)
	h.get("applicant-1", "/v1/dossiers/"+id+"?"+h.seen(last)).is(200).into(&shown)
	if len(shown.Files) != 1 || shown.Files[0].Message != 2 {
		t.Errorf("shown %+v", shown)
	}
}

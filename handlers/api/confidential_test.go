package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"dossier/domain/procedure"
)

func TestAConfidentialDossierIsForTheUnitsThatHandleItAndWhoDecidesAndAudits(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.post("admin", "/v1/organisation", shippedOrganisation(t)).is(http.StatusOK)
	var file map[string]any
	if err := json.Unmarshal(procedure.Shipped()["vet-practice-cert-renew"], &file); err != nil {
		t.Fatal(err)
	}
	file["confidential"] = true
	closed, _ := json.Marshal(file)
	h.post("catalogue", "/v1/procedures", string(closed)).is(http.StatusOK)
	file2 := func(procedure string) receipt {
		return h.post("reception", "/v1/dossiers", `{"procedure":"`+procedure+`","channel":"counter","applicant":"applicant-1","unit":"one-stop"}`).is(http.StatusCreated).receipt()
	}
	open, secret := file2("vet-practice-cert-reissue"), file2("vet-practice-cert-renew")
	h.done("reception", secret.ID, "accept", "")
	last := h.done("reception", secret.ID, "forward", `{"unit":"animal-health"}`)
	seesIt := func(account string, want bool) {
		t.Helper()
		path, status := "/v1/dossiers/"+secret.ID, http.StatusNotFound
		if want {
			status = http.StatusOK
		}
		for _, at := range []string{"?" + h.seen(last), "/history", "/deadline", "?at=2099-01-01", "/words?purpose=look"} {
			h.get(account, path+at).is(status)
		}
		for _, query := range []string{h.seen(last), "at=2099-01-01", "sort=due"} {
			if ids, _ := h.listed(account, query); strings.Contains(ids, secret.ID) != want || !strings.Contains(ids, open.ID) {
				t.Errorf("%s ?%s lists %q; the confidential one is there: want %v", account, query, ids, want)
			}
		}
		if feed := string(h.get(account, "/v1/events?limit=1000").is(http.StatusOK).body); strings.Contains(feed, secret.ID) != want {
			t.Errorf("the feed of %s has it: want %v", account, want)
		}
	}
	for _, account := range []string{"reception", "officer-1", "head", "approver", "clerk", "auditor"} {
		seesIt(account, true)
	}
	for _, account := range []string{"officer-2", "head-2", "consulted", "controller", "officer-forestry"} {
		seesIt(account, false)
	}
	h.get("applicant-1", "/v1/dossiers/"+secret.ID).is(http.StatusOK)
	h.get("lam-dong-approver", "/v1/dossiers/"+secret.ID).is(http.StatusNotFound)
	h.post("head-2", "/v1/dossiers/"+secret.ID+"/assign-officer", `{"officer":"officer-2"}`).is(http.StatusNotFound)

	h.done("head", secret.ID, "assign-officer", `{"officer":"officer-1"}`)
	h.done("officer-1", secret.ID, "start-appraisal", "")
	last = h.done("officer-1", secret.ID, "request-opinion", `{"unit":"plant-protection","subject":"plants","due":"2099-01-01T00:00:00Z"}`)
	seesIt("consulted", true) // who is asked has a part in it
	seesIt("officer-forestry", false)
}

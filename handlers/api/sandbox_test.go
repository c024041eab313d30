package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"dossier/domain/organisation"
)

// sandboxed is a house with the shipped organisation, a real dossier and a test.
func sandboxed(t *testing.T) (h *house, real, test receipt) {
	t.Helper()
	h, real, _, _ = agencies(t)
	return h, real, h.tried()
}

// tried files a dossier in the sandbox.
func (h *house) tried() receipt {
	h.t.Helper()
	return h.post("sandbox-reception", "/v1/dossiers", `{"procedure":"vet-practice-cert-renew","channel":"counter","applicant":"sandbox-applicant-1","unit":"sandbox-one-stop"}`).is(http.StatusCreated).receipt()
}

func TestATestIsThereForTheSandboxAloneAndCountsNowhere(t *testing.T) {
	t.Parallel()
	h, real, test := sandboxed(t)
	path, seen := "/v1/dossiers/"+test.ID, h.seen(test)
	var state struct{ Sandbox string }
	h.get("sandbox-officer", path+"?"+seen).is(http.StatusOK).into(&state)
	if state.Sandbox != "sandbox.1" {
		t.Errorf("it is of round %q", state.Sandbox)
	}
	h.get("sandbox-applicant-1", path).is(http.StatusOK)
	for _, account := range []string{"auditor", "reception", "lam-dong-reception"} {
		for _, at := range []string{"", "/history", "/words?purpose=look", "/deadline"} {
			h.get(account, path+at).is(http.StatusNotFound)
		}
		if ids, _ := h.listed(account, seen); strings.Contains(ids, test.ID) {
			t.Errorf("%s is shown the test in a list", account)
		}
		if ids, _ := h.listed(account, "at=2099-01-01"); strings.Contains(ids, test.ID) {
			t.Errorf("%s is shown the test in a list of another day", account)
		}
		if feed := string(h.get(account, "/v1/events?limit=1000").is(http.StatusOK).body); strings.Contains(feed, test.ID) {
			t.Errorf("%s is told of the test in the feed", account)
		}
	}
	for _, query := range []string{seen, "at=2099-01-01"} { // what lies at no unit yet is real, and not there for tests
		if ids, total := h.listed("sandbox-officer", query); total != 1 || strings.TrimSpace(ids) != test.ID {
			t.Errorf("the sandbox lists %q (%d)", ids, total)
		}
	}
	h.get("sandbox-officer", "/v1/dossiers/"+real.ID).is(http.StatusNotFound)
	feed := string(h.get("sandbox-officer", "/v1/events?limit=1000", "Accept: application/x-ndjson").is(http.StatusOK).body)
	if strings.Contains(feed, real.ID) || !strings.Contains(feed, test.ID) || !strings.Contains(feed, `"sandbox":"sandbox.1"`) {
		t.Errorf("the feed of the sandbox: %s", feed)
	}
	for view, key := range map[string]string{"dossiers": "id", "history": "id", "dossier_versions": "id", "timers": "id", "results": "id"} {
		var n int
		if err := h.db.App.QueryRow(t.Context(), `select count(*) from reporting.`+view+` where `+key+` = $1`, test.ID).Scan(&n); err != nil || n > 0 {
			t.Errorf("reporting.%s counts the test: %d, %v", view, n, err)
		}
	}
	var n int
	if err := h.db.App.QueryRow(t.Context(), `select count(*) from reporting.dossiers where id = $1`, real.ID).Scan(&n); err != nil || n != 1 {
		t.Errorf("reporting.dossiers has the real one %d times, %v", n, err)
	}
}

func TestTestsAndRealDossiersNeverMeet(t *testing.T) {
	t.Parallel()
	h, real, test := sandboxed(t)
	file := func(account, applicant, unit string) reply {
		return h.post(account, "/v1/dossiers", `{"procedure":"vet-practice-cert-renew","channel":"counter","applicant":"`+applicant+`","unit":"`+unit+`"}`)
	}
	for _, r := range []reply{
		file("reception", "applicant-1", "sandbox-one-stop"), file("reception", "sandbox-applicant-1", "one-stop"), file("sandbox-reception", "applicant-1", "sandbox-one-stop"),
		file("sandbox-reception", "sandbox-applicant-1", "one-stop"), file("sandbox-reception", "sandbox-applicant-1", ""),
		h.post("reception", "/v1/dossiers/"+real.ID+"/transfer", `{"to":"sandbox","mode":"serial"}`),
		h.post("sandbox-reception", "/v1/dossiers/"+test.ID+"/transfer", `{"to":"lam-dong","mode":"serial"}`),
		h.post("reception", "/v1/dossiers/"+real.ID+"/link", `{"other":"`+test.ID+`","kind":"group_member"}`),
		h.post("sandbox-reception", "/v1/dossiers/"+test.ID+"/link", `{"other":"`+real.ID+`","kind":"contests"}`),
		h.post("reception", "/v1/dossiers/"+real.ID+"/open-complaint", `{"other":"`+test.ID+`","kind":"complaint"}`),
	} {
		var p problem
		r.is(http.StatusConflict).into(&p)
		if !strings.HasSuffix(p.Type, ":sandbox_apart") || p.TitleEN == "" {
			t.Errorf("refused with %s", r.body)
		}
	}
	var p problem
	h.get("sandbox-reception", "/v1/persons/applicant-1?purpose=look").is(http.StatusConflict).into(&p)
	if !strings.HasSuffix(p.Type, "not_in_sandbox") {
		t.Errorf("%+v", p)
	}
	h.post("sandbox-reception", "/v1/persons/search", `{"name":"Nguyễn","purpose":"look"}`).is(http.StatusConflict)
	h.post("sandbox-reception", "/v1/persons/sandbox-1", `{"kind":"citizen","name":"Nguyễn Văn A"}`).is(http.StatusConflict)
	h.get("sandbox-officer", "/v1/persons/applicant-1/standing").is(http.StatusConflict)
}

func TestAResetClosesTheSandboxAndOpensTheNext(t *testing.T) {
	t.Parallel()
	h, _, old := sandboxed(t)
	h.seen(old)
	h.post("reception", "/v1/sandboxes/sandbox/reset", "").is(http.StatusForbidden)
	h.post("sandbox-applicant-1", "/v1/sandboxes/sandbox/reset", "").is(http.StatusForbidden)
	h.post("admin", "/v1/sandboxes/mae/reset", "").is(http.StatusUnprocessableEntity)
	var open struct {
		Round int
		Mark  string
	}
	for range 2 { // sent again under its key, it is done once
		h.post("sandbox-officer", "/v1/sandboxes/sandbox/reset", "", "Idempotency-Key: anew").is(http.StatusOK).into(&open)
		if open.Round != 2 || open.Mark != "sandbox.2" {
			t.Errorf("opened %+v", open)
		}
	}
	fresh := h.tried()
	for _, account := range []string{"sandbox-reception", "sandbox-applicant-1", "sandbox-officer"} {
		h.get(account, "/v1/dossiers/"+old.ID).is(http.StatusNotFound)
		h.get(account, "/v1/dossiers/"+fresh.ID+"?"+h.seen(fresh)).is(http.StatusOK)
		if ids, total := h.listed(account, ""); total != 1 || strings.TrimSpace(ids) != fresh.ID {
			t.Errorf("%s lists %q (%d)", account, ids, total)
		}
		if feed := string(h.get(account, "/v1/events?limit=1000").is(http.StatusOK).body); strings.Contains(feed, old.ID) {
			t.Errorf("%s reads the round before in the feed", account)
		}
	}
	h.post("sandbox-reception", "/v1/dossiers/"+old.ID+"/accept", "").is(http.StatusNotFound)
	h.done("sandbox-reception", fresh.ID, "accept", "")
	var all struct{ Items []organisation.Sandbox }
	h.get("applicant-1", "/v1/sandboxes").is(http.StatusOK).into(&all)
	if b, _ := json.Marshal(all.Items); string(b) != `[{"agency":"sandbox","round":2}]` {
		t.Errorf("open are %s", b)
	}
}

package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// accessPage is the answer of GET /v1/access.
type accessPage struct {
	Entries []struct {
		Position      int64
		Type          string
		By            struct{ Account, Role, Unit string }
		Command, Rule string
		Basis         string
		Dossier       string
		Missed        int
		Traceparent   string
	}
	Next int64
}

func TestAuditorsSeeWhoWasRefusedWhat(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.submitted().ID
	const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	h.post("head", "/v1/dossiers/"+id+"/assign-officer", `{"officer":"officer-1"}`, "Traceparent: "+trace).problem(409, "wrong_state")
	h.post("clerk", "/v1/dossiers/"+id+"/accept", `{`).problem(403, "not_allowed") // refused before it is read
	h.post("clerk", "/v1/dossiers/no-such-code/accept", "").problem(403, "not_allowed")
	h.post("clerk", "/v1/dossiers/"+id+"/jump-over", "").is(404)
	h.post("reception", "/v1/dossiers/"+id+"/accept", `{"officer":1}`).is(422)
	h.post("", "/v1/dossiers/"+id+"/accept", "").is(401)

	var page accessPage
	raw := h.get("auditor", "/v1/access").is(200).into(&page)
	if len(page.Entries) != 3 || page.Next != 0 || raw.Header.Get("Link") != "" {
		t.Fatalf("%s", raw.body)
	}
	code, role, guard := page.Entries[0], page.Entries[1], page.Entries[2]
	if guard.Rule != "wrong_state" || guard.Command != "assign-officer" || guard.Dossier != id || guard.By.Account != "head" || !strings.HasPrefix(guard.Traceparent, trace[:35]) {
		t.Errorf("guard: %+v", guard)
	}
	if role.Rule != "not_allowed" || role.Command != "accept" || role.Dossier != id || role.By.Account != "clerk" || role.By.Role != "clerk" || role.By.Unit == "" {
		t.Errorf("role: %+v", role)
	}
	if code.Dossier != "" || code.Rule != "not_allowed" || strings.Contains(string(raw.body), "no-such-code") {
		t.Errorf("code: %+v", code)
	}

	first := h.get("auditor", "/v1/access?account=clerk&limit=1").is(200).into(&page)
	next, _, _ := strings.Cut(strings.TrimPrefix(first.Header.Get("Link"), "<"), ">")
	if len(page.Entries) != 1 || page.Next == 0 || next == "" {
		t.Fatalf("%s %s", first.Header.Get("Link"), first.body)
	}
	h.get("auditor", next).is(200).into(&page)
	if len(page.Entries) != 1 || page.Entries[0].Position != role.Position {
		t.Errorf("the next page: %+v", page)
	}
	h.get("auditor", "/v1/access?since="+time.Now().AddDate(0, 0, 2).Format(time.DateOnly)).is(200).into(&page)
	if len(page.Entries) != 0 {
		t.Errorf("since the day after tomorrow: %+v", page)
	}
	h.get("auditor", "/v1/access?since=yesterday").problem(400, "malformed_moment")
	for _, account := range []string{"applicant-1", "head", "admin", "catalogue"} {
		h.get(account, "/v1/access").problem(403, "not_allowed")
	}
	h.get("", "/v1/access").problem(401, "unauthenticated")

	c := newContract(t)
	c.publish("openapi.json", h.get("", "/openapi.json").is(200).body)
	c.holds("openapi.json#/components/schemas/AccessPage", raw.body)
}

func TestStoredEntriesAreWhatTheirSchemasSay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.submitted().ID
	h.post("head", "/v1/dossiers/"+id+"/assign-officer", `{"officer":"officer-1"}`).is(409)
	h.post("reception", "/v1/dossiers/"+uuid.NewString()+"/accept", "").is(404)
	var typ string
	var data []byte
	if err := h.db.Owner.QueryRow(t.Context(), `select type || '.v' || type_version, data from journal.access`).Scan(&typ, &data); err != nil {
		t.Fatal(err)
	}
	c := newContract(t)
	c.publish(typ, h.get("", "/schemas/"+typ).is(200).body)
	c.holds(typ, data)
	c.publish("access.entries-missed.v1", h.get("", "/schemas/access.entries-missed.v1").is(200).body)
	c.holds("access.entries-missed.v1", []byte(`{"count":3,"since":"2026-11-25T08:30:00Z"}`))
}

func TestAnAccessJournalThatCannotBeWrittenTurnsReadinessRedAndNoAnswerChanges(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.submitted().ID
	rename := func(from, to string) {
		t.Helper()
		_, err := h.db.Owner.Exec(t.Context(), `
			do $$
			begin
			  execute (select format('alter function %s rename to `+to+`', p.oid::regprocedure) from pg_proc p where p.pronamespace = 'journal'::regnamespace and p.proname = '`+from+`');
			end
			$$`)
		if err != nil {
			t.Fatal(err)
		}
	}
	rename("append_access_v2", "away")
	h.post("head", "/v1/dossiers/"+id+"/assign-officer", `{"officer":"officer-1"}`).problem(409, "wrong_state")
	h.done("reception", id, "accept", "")
	var ready readiness
	h.get("", "/readyz").is(503).into(&ready)
	if ready.of("access") != "red" || !strings.Contains(h.metrics(), "dossier_access_missed_total 1") {
		t.Errorf("%+v", ready)
	}
	rename("away", "append_access_v2")
	h.get("", "/readyz").into(&ready)
	if ready.of("access") != "green" {
		t.Errorf("%+v", ready)
	}
	var page accessPage
	h.get("auditor", "/v1/access").is(200).into(&page)
	if len(page.Entries) != 1 || page.Entries[0].Type != "access.entries-missed" || page.Entries[0].Missed != 1 {
		t.Errorf("%+v", page)
	}
}

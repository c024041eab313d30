package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"dossier/domain/organisation"
	"dossier/handlers"
	"dossier/handlers/yamltext"
)

// shippedOrganisation is the example as JSON, with other words in it.
func shippedOrganisation(t *testing.T, oldnew ...string) string {
	t.Helper()
	data, mistakes := yamltext.JSON([]byte(strings.NewReplacer(oldnew...).Replace(string(organisation.Shipped()))))
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	return string(data)
}

func TestTheOrganisationIsAppliedAndReadAsItHoldsOnADayAndWasKnown(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.get("clerk", "/v1/organisation").is(http.StatusNotFound)
	var done struct {
		Version int64
		Changes []organisation.EntryChange
	}
	h.post("admin", "/v1/organisation?dry_run=true", shippedOrganisation(t)).is(http.StatusOK).into(&done)
	if done.Version != 0 || len(done.Changes) < 40 {
		t.Errorf("foreseen: %+v", done)
	}
	h.post("admin", "/v1/organisation", shippedOrganisation(t)).is(http.StatusOK).into(&done)
	first := done.Version
	moved := shippedOrganisation(t, "{account: deputy, from: 2025-03-01,", "{account: deputy, from: 2025-03-01, to: 2026-12-31,", "{role: approver, unit: leadership, rank: deputy}", "{role: approver, unit: leadership, rank: deputy, to: 2026-12-30}, {role: clerk, unit: registry, from: 2026-12-31}",
		"kt-2026, kind: kt, by: approver, to: deputy, from: 2026-01-01, until: 2026-12-31", "kt-2026, kind: kt, by: approver, to: deputy, from: 2026-01-01, until: 2026-12-30")
	h.post("admin", "/v1/organisation", moved).is(http.StatusOK).into(&done)
	if done.Version != first+2 || len(done.Changes) != 2 {
		t.Errorf("applied: %+v", done)
	}

	type held struct {
		Version  int64
		On       string
		Accounts []organisation.Account
		Units    []organisation.Unit
	}
	for query, want := range map[string]string{
		"?at=2026-12-30": "approver",
		"?at=2026-12-31": "clerk",
		"?at=2027-01-01": "",
		"?at=2027-01-01&known_at=@" + fmt.Sprint(first): "approver",
		"?at=2025-02-28": "",
	} {
		var b held
		h.get("auditor", "/v1/organisation"+query).is(http.StatusOK).into(&b)
		got := ""
		for _, a := range b.Accounts {
			if a.ID == "deputy" && len(a.Posts) == 1 {
				got = string(a.Posts[0].Role)
			}
		}
		if got != want || !strings.HasPrefix(query, "?at="+b.On) {
			t.Errorf("%s: %q, on %s at version %d", query, got, b.On, b.Version)
		}
	}
	var b held
	h.get("applicant-1", "/v1/organisation").is(http.StatusOK).into(&b)
	if len(b.Accounts) != 0 || len(b.Units) == 0 {
		t.Errorf("an applicant sees %d accounts and %d units", len(b.Accounts), len(b.Units))
	}
	h.get("applicant-1", "/v1/organisation?all=true").problem(http.StatusForbidden, "not_allowed")
	h.get("auditor", "/v1/organisation?all=true").is(http.StatusOK).into(&b)
	posts := 0 // also those that begin later
	for _, a := range b.Accounts {
		if a.ID == "deputy" {
			posts += len(a.Posts)
		}
	}
	if posts < 2 {
		t.Errorf("of all days the account has %d posts", posts)
	}
	h.get("", "/v1/organisation").is(http.StatusUnauthorized)
	h.get("auditor", "/v1/organisation?at=tomorrow").is(http.StatusUnprocessableEntity)
	if r := h.get("auditor", "/v1/organisation?at=1990-01-01").is(http.StatusOK); !strings.Contains(string(r.body), `"agencies":[],"units":[]`) || !strings.Contains(string(r.body), `"accounts":[]`) {
		t.Errorf("before there was any: %s", r.body)
	}
	h.get("auditor", "/v1/organisation?known_at=once").is(http.StatusBadRequest)
	h.post("clerk", "/v1/organisation", shippedOrganisation(t)).is(http.StatusForbidden)

	c := newContract(t)
	c.publish("openapi.json", h.get("", "/openapi.json").is(200).body)
	c.holds("openapi.json#/paths/~1v1~1organisation/get/responses/200/content/application~1json/schema", h.get("auditor", "/v1/organisation").is(200).body)
	c.holds("openapi.json#/paths/~1v1~1organisation/get/responses/200/content/application~1json/schema", h.get("auditor", "/v1/organisation?all=true").is(200).body)
	file, err := json.Marshal(organisation.FileSchema())
	if err != nil {
		t.Fatal(err)
	}
	c.publish("file.json", file)
	c.holds("file.json", []byte(shippedOrganisation(t)))
	seen := map[string]bool{}
	var events []struct {
		Type, DataSchema string
		Data             json.RawMessage
	}
	h.get("auditor", "/v1/events?limit=100").is(200).into(&events)
	for _, e := range events {
		name := strings.TrimPrefix(e.DataSchema, "/schemas/") + ".json"
		if !seen[e.Type] {
			seen[e.Type] = true
			c.publish(name, bytes.Replace(h.get("", e.DataSchema).is(200).body, []byte(`"$id": "/schemas/`+e.Type+`",`), nil, 1))
		}
		c.holds(name, e.Data)
	}
	if len(seen) != 5 {
		t.Errorf("types: %v", seen)
	}
}

func TestWhoIsNoLongerOfTheOrganisationReadsNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.post("admin", "/v1/organisation", shippedOrganisation(t, "{account: clerk, from: 2025-03-01,", "{account: clerk, from: 2025-03-01, to: 2026-01-31,")).is(http.StatusOK)
	for _, path := range []string{"/v1/dossiers", "/v1/events", "/v1/organisation"} {
		var p handlers.ProblemBody
		h.get("clerk", path).is(http.StatusForbidden).into(&p)
		if p.Code != organisation.AccountNotValid || p.TitleVI == "" || p.Detail == "" {
			t.Errorf("%s: %+v", path, p)
		}
	}
	h.get("auditor", "/v1/dossiers").is(http.StatusOK)
}

func TestABrokenOrganisationNamesEveryMistake(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var p handlers.ProblemBody
	h.post("admin", "/v1/organisation", shippedOrganisation(t, "{role: clerk, unit: registry}", "{role: king, unit: nowhere}"), "Accept-Language: en").is(http.StatusUnprocessableEntity).into(&p)
	if p.Code != "file_mistakes" || len(p.Errors) != 2 || p.Errors[0].Field != "accounts[6].posts[0].role" || p.Errors[1].Field != "accounts[6].posts[0].unit" {
		t.Errorf("%+v", p)
	}
	if head, err := h.journal.Head(t.Context()); err != nil || head != 0 {
		t.Errorf("%d events were written, %v", head, err)
	}
}

package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"dossier/domain/calendar"
	"dossier/domain/procedure"
)

// linesOf decodes an answer of a value a line.
func linesOf(r reply) (all []map[string]any) {
	r.t.Helper()
	if got := r.is(http.StatusOK).Header.Get("Content-Type"); got != "application/x-ndjson" {
		r.t.Fatalf("%s comes as %s", r.Request.URL, got)
	}
	for line := range bytes.Lines(r.body) {
		var v map[string]any
		if err := json.Unmarshal(line, &v); err != nil {
			r.t.Fatalf("%q: %v", line, err)
		}
		all = append(all, v)
	}
	return all
}

func TestALongListComesALineADossierAllOfOneMoment(t *testing.T) {
	t.Parallel()
	h, ours, theirs, nobodys := agencies(t)
	h.seen(theirs)
	const lines = "Accept: application/x-ndjson"
	for range 60 { // more than a page
		h.submitted()
	}
	last := h.submitted()
	for _, then := range []string{"", "&at=2099-01-01", "&known_at=@" + fmt.Sprint(nobodys.Position), "&sort=due"} {
		var want []string
		for next := "/v1/dossiers?limit=50&" + h.seen(last) + then; next != ""; {
			var page struct {
				Items []struct{ ID string }
			}
			r := h.get("auditor", next).is(http.StatusOK).into(&page)
			for _, i := range page.Items {
				want = append(want, i.ID)
			}
			next = nextLink(r)
		}
		var got []string
		for _, d := range linesOf(h.get("auditor", "/v1/dossiers?"+h.seen(last)+then, lines)) {
			got = append(got, d["id"].(string))
		}
		if !slices.Equal(got, want) || len(got) == 0 || slices.Contains(got, theirs.ID) {
			t.Errorf("%q: %d lines, %d in pages, in another order or not the same", then, len(got), len(want))
		}
	}
	h.get("lam-dong-reception", "/v1/dossiers/"+ours.ID).is(http.StatusNotFound)
	h.post("reception", "/v1/dossiers/"+theirs.ID+"/accept", "").is(http.StatusNotFound)
	if entries := linesOf(h.get("auditor", "/v1/access", lines)); len(entries) == 0 || entries[0]["type"] == nil {
		t.Errorf("the access journal: %v", entries)
	}
	h.get("applicant-1", "/v1/access", lines).is(http.StatusForbidden)
	h.get("reception", "/v1/dossiers?sort=colour", lines).is(http.StatusUnprocessableEntity)
}

func TestWhatChangedBetweenTwoVersionsIsTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.submitted().ID
	h.done("reception", id, "accept", "")
	r := h.done("reception", id, "forward", `{"unit":"animal-health"}`)
	var d struct {
		From, To int64
		Changes  []struct{ Field, Old, New string }
	}
	h.get("reception", fmt.Sprintf("/v1/dossiers/%s/diff?from=2&to=%d", id, r.Version)).is(http.StatusOK).into(&d)
	var fields []string
	for _, c := range d.Changes {
		fields = append(fields, c.Field)
	}
	if d.From != 2 || d.To != r.Version || !slices.Contains(fields, "unit") || slices.Contains(fields, "procedure") {
		t.Errorf("%+v", d)
	}
	all := h.get("applicant-1", "/v1/dossiers/"+id+"/diff").is(http.StatusOK)
	if !strings.Contains(string(all.body), `"procedure"`) {
		t.Errorf("from nothing: %s", all.body)
	}
	h.get("applicant-2", "/v1/dossiers/"+id+"/diff").is(http.StatusForbidden)
	h.get("reception", "/v1/dossiers/"+id+"/diff?to=99").is(http.StatusNotFound)
}

func TestTheCatalogueOfRulesIsReadAndChangedUnderItsVersion(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var file map[string]any
	if err := json.Unmarshal(calendar.Shipped()["vn"], &file); err != nil {
		t.Fatal(err)
	}
	h.post("catalogue", "/v1/calendars", string(calendar.Shipped()["vn"])).is(http.StatusOK)
	var list struct {
		Items []struct {
			Code    string
			Version int64
			Years   []int
		}
	}
	h.get("applicant-1", "/v1/calendars").is(http.StatusOK).into(&list)
	if len(list.Items) != 1 || list.Items[0].Code != "vn" || len(list.Items[0].Years) == 0 {
		t.Errorf("%+v", list)
	}
	seen := h.get("reception", "/v1/calendars/vn").is(http.StatusOK).Header.Get("ETag")
	h.get("reception", "/v1/calendars/vn", "If-None-Match: "+seen).is(http.StatusNotModified)
	if tag := h.get("reception", "/v1/calendars/vn?version=1").is(http.StatusOK).Header.Get("ETag"); tag != "" {
		t.Errorf("a calendar as it was has the tag %s", tag)
	}
	years := file["years"].([]any)
	years[0].(map[string]any)["days"].([]any)[0].(map[string]any)["certainty"] = "memory"
	changed, _ := json.Marshal(file)
	p := h.post("catalogue", "/v1/calendars", string(changed), `If-Match: "1"`).problem(http.StatusPreconditionFailed, "stale")
	if tag := seen; fmt.Sprintf("%q", fmt.Sprint(p.Version)) != tag {
		t.Errorf("refused at version %d, it is at %s", p.Version, tag)
	}
	after := h.post("catalogue", "/v1/calendars", string(changed), "If-Match: "+seen).is(http.StatusOK).Header.Get("ETag")
	if now := h.get("reception", "/v1/calendars/vn").Header.Get("ETag"); now != after || now == seen {
		t.Errorf("published %s, read %s, seen before %s", after, now, seen)
	}
	h.post("reception", "/v1/calendars", string(changed)).is(http.StatusForbidden)

	var count struct {
		Due   string
		Steps []struct{ Date, Effect, VI string }
	}
	h.get("applicant-1", "/v1/calendars/vn/count?from=2026-11-20T03:00:00Z&limit=3.working_day").is(http.StatusOK).into(&count)
	if !strings.HasPrefix(count.Due, "2026-11-2") || len(count.Steps) < 3 || count.Steps[0].VI == "" {
		t.Errorf("%+v", count)
	}
	h.get("applicant-1", "/v1/calendars/vn/count?from=2026-11-20T03:00:00Z&limit=three").is(http.StatusUnprocessableEntity)
	h.get("applicant-1", "/v1/calendars/vn/count?limit=3.working_day").is(http.StatusUnprocessableEntity)

	h.post("admin", "/v1/organisation", shippedOrganisation(t)).is(http.StatusOK)
	h.post("admin", "/v1/organisation", shippedOrganisation(t), `If-Match: "1"`).problem(http.StatusPreconditionFailed, "stale")
	h.post("admin", "/v1/organisation", shippedOrganisation(t), "If-Match: "+h.get("admin", "/v1/organisation").Header.Get("ETag")).is(http.StatusOK)

	h.post("catalogue", "/v1/procedures", string(procedure.Shipped()["vet-practice-cert-renew"])).is(http.StatusOK)
	var gone struct{ Number int }
	h.post("catalogue", "/v1/procedures/vet-practice-cert-renew/withdraw", `{"decision":"9/QĐ","decided_on":"2026-11-01","from":"2099-01-01"}`).is(http.StatusOK).into(&gone)
	var shown struct {
		Withdrawn string `json:"withdrawn_from"`
	}
	if h.get("applicant-1", "/v1/procedures/vet-practice-cert-renew").is(http.StatusOK).into(&shown); shown.Withdrawn != "2099-01-01" {
		t.Errorf("withdrawn from %q", shown.Withdrawn)
	}
	h.post("reception", "/v1/procedures/vet-practice-cert-renew/withdraw", `{"decision":"9/QĐ","decided_on":"2026-11-01","from":"2099-01-01"}`).is(http.StatusForbidden)
}

func TestTimersAreListedForWhoMaySeeThem(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.submitted()
	h.get("reception", "/v1/dossiers/"+r.ID+"?"+h.seen(r)).is(http.StatusOK)
	var list struct {
		Items []struct{ ID, Timer, Basis string }
	}
	h.get("lead", "/v1/timers?dossier="+r.ID).is(http.StatusOK).into(&list)
	if len(list.Items) == 0 || list.Items[0].ID != r.ID || list.Items[0].Timer != "reception" {
		t.Errorf("%+v", list)
	}
	h.get("lead", "/v1/timers?kind=processing&dossier="+r.ID).is(http.StatusOK).into(&list)
	if len(list.Items) != 0 {
		t.Errorf("of another kind: %+v", list)
	}
	h.get("lead", "/v1/timers?kind=lunch").is(http.StatusUnprocessableEntity)
	h.get("applicant-1", "/v1/timers").is(http.StatusForbidden)
}

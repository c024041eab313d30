package api_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/eventstore"
	"dossier/handlers"

	"github.com/google/uuid"
)

// page is a list as callers read it.
type page struct {
	Items []struct {
		ID, Status, Applicant string
		Code                  *string
	}
	Total int
	Next  string
	Stamp struct{ Position, Head int64 }
}

func (h *house) list(account, query string) (p page) {
	h.t.Helper()
	h.get(account, "/v1/dossiers?"+query).is(200).into(&p)
	return p
}

func TestListsAreFilteredPagedAndStamped(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var last receipt
	for range 5 {
		last = h.submitted()
	}
	last = h.done("reception", last.ID, "accept", "")
	all := h.list("auditor", "limit=2&"+h.seen(last))
	if len(all.Items) != 2 || all.Total != 5 || all.Stamp.Position < last.Position || all.Stamp.Head < last.Position {
		t.Errorf("first page %+v", all)
	}
	seen := map[string]bool{}
	next := "/v1/dossiers?limit=2"
	for next != "" {
		r := h.get("auditor", next).is(200)
		var p page
		r.into(&p)
		for _, item := range p.Items {
			if seen[item.ID] {
				t.Errorf("%s stands on two pages", item.ID)
			}
			seen[item.ID] = true
		}
		next = nextLink(r)
	}
	if len(seen) != 5 {
		t.Errorf("%d dossiers on all pages, want 5", len(seen))
	}
	if p := h.list("auditor", "status=accepted"); len(p.Items) != 1 || p.Items[0].ID != last.ID {
		t.Errorf("accepted: %+v", p)
	}
	if p := h.list("auditor", "status=accepted,submitted"); len(p.Items) != 5 {
		t.Errorf("accepted or submitted: %d", len(p.Items))
	}
	h.get("auditor", "/v1/dossiers?status=nonsense").problem(422, "not_in_list")
	h.get("auditor", "/v1/dossiers?limit=0").problem(422, "invalid")
	h.get("auditor", "/v1/dossiers?limit=abc").problem(422, "invalid")
	if p := h.get("auditor", "/v1/dossiers?staus=accepted").problem(422, "invalid"); p.Errors[0].Field != "staus" {
		t.Errorf("a typo in a filter: %+v", p)
	}
	h.get("auditor", "/v1/dossiers?cursor=nonsense").is(422)
}

func nextLink(r reply) string {
	link := r.Header.Get("Link")
	target, rel, _ := strings.Cut(link, ">; ")
	if rel != `rel="next"` {
		return ""
	}
	return strings.TrimPrefix(target, "<")
}

func TestApplicantsSeeOnlyTheirOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	mine := h.submitted()
	theirs := h.post("applicant-2", "/v1/dossiers", strings.Replace(filing, "applicant-1", "applicant-2", 1)).is(201).receipt()
	for _, query := range []string{"", "&applicant=applicant-2", "&applicant=applicant-1"} {
		if p := h.list("applicant-1", h.seen(theirs)+query); len(p.Items) != 1 || p.Items[0].ID != mine.ID {
			t.Errorf("list%s of applicant-1: %+v", query, p)
		}
	}
	h.get("applicant-1", "/v1/dossiers/"+mine.ID).is(200)
	for _, path := range []string{"", "/history", "?version=1", "?at=2030-01-01"} {
		h.get("applicant-1", "/v1/dossiers/"+theirs.ID+path).problem(403, "not_allowed")
	}
	h.get("admin", "/v1/dossiers").problem(403, "not_allowed")
	h.get("admin", "/v1/dossiers/"+mine.ID).problem(403, "not_allowed")
	h.get("admin", "/v1/events").problem(403, "not_allowed")
	h.get("", "/v1/dossiers").problem(401, "unauthenticated")
}

func TestADossierIsReadAsItWasAndAsItWasKnown(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.appraised()
	path := "/v1/dossiers/" + r.ID + "?"
	status := func(query string) string {
		t.Helper()
		var s struct{ Status string }
		h.get("auditor", path+query).is(200).into(&s)
		return s.Status
	}
	for query, want := range map[string]string{
		"version=1": "submitted", "version=3": "forwarded", "version=6": "pending_approval",
		"known_at=@2": "accepted", "known_at=@6": "pending_approval", "at=@4": "assigned",
		"known_at=2099-01-01": "pending_approval", "at=2099-01-01T00:00:00Z": "pending_approval",
	} {
		if got := status(query); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	if got := h.get("auditor", path+"version=3").is(200).Header.Get("ETag"); got != `"3"` {
		t.Errorf("ETag of version 3: %s", got)
	}
	h.get("auditor", path+"version=7").problem(404, "not_found")
	h.get("auditor", path+"at=2001-01-01").problem(404, "not_found")
	h.get("auditor", path+"known_at=2001-01-01").problem(404, "not_found")
	h.get("auditor", path+"at=@9999").problem(422, "unknown_position")
	if p := h.get("auditor", path+"at=yesterday").problem(400, "malformed_moment"); p.Errors[0].Field != "at" {
		t.Errorf("%+v", p)
	}
	if p := h.list("auditor", h.seen(r)+"&known_at=@2"); len(p.Items) != 1 || p.Items[0].Status != "accepted" {
		t.Errorf("list known at 2: %+v", p)
	}
	if p := h.list("auditor", "at=2001-01-01"); len(p.Items) != 0 {
		t.Errorf("list in 2001: %+v", p)
	}
}

func TestAReadMayWaitForAPosition(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.submitted()
	h.get("auditor", "/v1/dossiers/"+r.ID+"?"+h.seen(r)).is(200)
	h.get("auditor", fmt.Sprintf("/v1/dossiers?min_position=%d", r.Position+1000)).problem(409, "position_unknown")
	tx, err := h.db.Owner.Begin(t.Context()) // the views stand still
	if err == nil {
		_, err = tx.Exec(t.Context(), `lock table views.checkpoints in exclusive mode`)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background())
	r = h.submitted()
	began := time.Now()
	p := h.get("auditor", "/v1/dossiers?"+h.seen(r))
	p.problem(503, "not_yet")
	if p.Header.Get("Retry-After") == "" || time.Since(began) > 10*time.Second {
		t.Errorf("waited %s, Retry-After %q", time.Since(began), p.Header.Get("Retry-After"))
	}
}

func TestImportedDossiersAreFoundByTheirExternalCode(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	x := handlers.NewExecutor(h.journal, handlers.ExecutorOptions{})
	id := eventstore.StreamIDFor(handlers.Kind, "import:test", "case-10011")
	r, err := x.Import(context.Background(), domain.Actor{Account: "import", Role: domain.System}, id, "case-10011", nil, func(dossier.State) ([]handlers.Decided, error) {
		return []handlers.Decided{{OccurredAt: time.Date(2011, 10, 11, 0, 0, 0, 0, time.UTC), Event: dossier.DossierSubmitted{
			Procedure: "ext:nl.building-permit", ProcedureVersion: 1, Channel: dossier.Counter, Applicant: "ext:anon", ExternalCode: "case-10011"}}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	h.list("auditor", fmt.Sprintf("min_position=%d", r.Position))
	var got struct {
		ID   string
		Code *string
	}
	h.get("auditor", "/v1/dossiers/case-10011").is(200).into(&got)
	if got.ID != id.String() || got.Code == nil || *got.Code != "case-10011" {
		t.Errorf("found %+v", got)
	}
	done := h.post("reception", "/v1/dossiers/case-10011/accept", "").is(200)
	if c := done.receipt().Code; c == nil || *c != "case-10011" {
		t.Errorf("receipt %s", done.body)
	}
	h.get("auditor", "/v1/dossiers/case-10012").problem(404, "not_found")
	h.get("auditor", "/v1/dossiers/"+url.PathEscape("../x")).problem(404, "not_found")
	h.get("auditor", "/v1/dossiers/"+uuid.NewString()).problem(404, "not_found")
}

func TestASubmittedDossierIsFoundByItsCode(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.submitted()
	if r.Code == nil {
		t.Fatalf("no code: %+v", r)
	}
	var got struct{ ID, Code string }
	h.get("auditor", "/v1/dossiers/"+*r.Code+"?"+h.seen(r)).is(200).into(&got)
	if got.ID != r.ID || got.Code != *r.Code {
		t.Errorf("%s leads to %+v", *r.Code, got)
	}
	if c := h.post("reception", "/v1/dossiers/"+strings.ToLower(*r.Code)+"/accept", "").is(200).receipt().Code; c == nil || *c != *r.Code {
		t.Errorf("accepted as %v", c)
	}
	var list struct{ Items []struct{ ID, Code string } }
	h.get("auditor", "/v1/dossiers?q="+*r.Code).is(200).into(&list)
	if len(list.Items) != 1 || list.Items[0].ID != r.ID || list.Items[0].Code != *r.Code {
		t.Errorf("the search for %s finds %+v", *r.Code, list)
	}
}

func TestHistoryComesAsOneDocumentOrAsLines(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.appraised()
	lines := h.get("auditor", "/v1/dossiers/"+r.ID+"/history?"+h.seen(r), "Accept: application/x-ndjson").is(200)
	if n := strings.Count(string(lines.body), "\n"); int64(n) != r.Version || lines.Header.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("%d lines as %s, want %d", n, lines.Header.Get("Content-Type"), r.Version)
	}
	whole := h.get("auditor", "/v1/dossiers/"+r.ID+"/history").is(200)
	if whole.Header.Get("Content-Type") != "application/json" {
		t.Errorf("history as %s", whole.Header.Get("Content-Type"))
	}
}

func TestTheCatalogueSaysWhatCanBeFiled(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var all, open struct{ Items []map[string]any }
	h.get("applicant-1", "/v1/procedures").is(200).into(&all)
	h.get("applicant-1", "/v1/procedures?open=true").is(200).into(&open)
	if len(all.Items) == 0 || len(open.Items) == 0 || len(open.Items) > len(all.Items) {
		t.Errorf("%d procedures, %d open", len(all.Items), len(open.Items))
	}
}

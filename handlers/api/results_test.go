package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

type checked struct {
	Items []struct {
		Number, Verdict, Decision string
		Stands                    bool
		ReplacedBy                string `json:"replaced_by"`
	}
}

// issued is a dossier whose paper was issued.
func (h *house) issued() receipt {
	r := h.appraised()
	r = h.done("approver", r.ID, "approve", `{"outcome":"grant"}`, fmt.Sprintf("If-Match: %q", fmt.Sprint(r.Version)))
	r = h.done("approver", r.ID, "sign", "", fmt.Sprintf("If-Match: %q", fmt.Sprint(r.Version)))
	r = h.done("clerk", r.ID, "number", "")
	return h.done("clerk", r.ID, "issue", "", fmt.Sprintf("If-Match: %q", fmt.Sprint(r.Version)))
}

func TestAnybodyChecksAPaperAndAReplacedOrRevokedOneFails(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.issued()
	h.get("auditor", "/v1/dossiers/"+r.ID+"?"+h.seen(r)).is(200)
	number := *r.Code + "-KQ1"
	ask := func(path string) (c checked) {
		h.get("", "/v1/results/"+path).is(200).into(&c)
		return c
	}
	if c := ask(number); len(c.Items) != 1 || c.Items[0].Verdict != "valid" || !c.Items[0].Stands || c.Items[0].Number != number {
		t.Errorf("a paper that stands: %+v", c)
	}
	body := string(h.get("", "/v1/results/"+*r.Code).is(200).body)
	for _, secret := range []string{"applicant-1", r.ID, "officer-1", "approver"} {
		if strings.Contains(body, secret) {
			t.Errorf("the public is told %s: %s", secret, body)
		}
	}
	for _, unknown := range []string{*r.Code + "-KQ2", r.ID, "000.00.00.H00-261126-9999-KQ1", number + "?agency=somebody-else"} {
		h.get("", "/v1/results/"+unknown).problem(404, "no_result")
	}
	h.done("approver", r.ID, "replace", `{"paper":1,"reason":"lost_or_damaged","decision":"qd-7"}`)
	if c := ask(number); c.Items[0].Verdict != "replaced" || c.Items[0].Stands || c.Items[0].ReplacedBy != *r.Code+"-KQ2" {
		t.Errorf("a replaced paper: %+v", c)
	}
	last := h.done("approver", r.ID, "revoke", `{"paper":2,"reason":"false_papers","decision":"qd-8","basis":"nd-118-2025.23"}`)
	if c := ask(*r.Code); len(c.Items) != 2 || c.Items[1].Verdict != "revoked" || c.Items[1].Stands || c.Items[1].Decision != "qd-8" {
		t.Errorf("a revoked paper: %+v", c)
	}

	var list checked
	h.get("auditor", "/v1/results?verdict=revoked&"+h.seen(last)).is(200).into(&list)
	if len(list.Items) != 1 || list.Items[0].Number != *r.Code+"-KQ2" {
		t.Errorf("the register of revoked papers: %+v", list)
	}
	h.get("auditor", "/v1/results?verdict=valid").is(200).into(&list)
	if len(list.Items) != 0 {
		t.Errorf("papers that stand: %+v", list)
	}
	var page struct {
		checked
		Next string
	}
	h.get("auditor", "/v1/results?limit=1").is(200).into(&page)
	first := page.Items[0].Number
	h.get("auditor", "/v1/results?limit=1&cursor="+page.Next).is(200).into(&page)
	if page.Items[0].Number == first {
		t.Errorf("second page: %+v", page)
	}
	h.get("applicant-2", "/v1/results").is(200).into(&list)
	if len(list.Items) != 0 {
		t.Errorf("somebody else sees %+v", list)
	}
	h.get("", "/v1/results").is(401)
	h.get("auditor", "/v1/results?cursor=x").problem(400, "malformed_cursor")
}

func TestWhoGuessesNumbersIsSlowedDown(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 30 {
		h.get("", "/v1/results/000.00.00.H00-261126-0001-KQ1").problem(404, "no_result")
	}
	refused := h.get("", "/v1/results/000.00.00.H00-261126-0001-KQ1")
	refused.problem(http.StatusTooManyRequests, "too_many_requests")
	if refused.Header.Get("Retry-After") == "" {
		t.Error("it does not say when to come back")
	}
	// Who only says that it comes for somebody else is no proxy of ours.
	h.get("", "/v1/results/000.00.00.H00-261126-0001-KQ1", "X-Forwarded-For: 203.0.113.7").problem(http.StatusTooManyRequests, "too_many_requests")
}

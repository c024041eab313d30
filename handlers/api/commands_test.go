package api_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"dossier/domain/dossier"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

func TestADossierGoesItsWholeWayOverHTTPAndKafka(t *testing.T) {
	t.Parallel()
	h := newHouseWithKafka(t)
	created := h.post("applicant-1", "/v1/dossiers", filing).is(201)
	r := created.receipt()
	if created.Header.Get("Location") != "/v1/dossiers/"+r.ID || created.Header.Get("ETag") != `"1"` || created.Header.Get("Idempotency-Key") == "" {
		t.Errorf("headers of a new dossier: %v", created.Header)
	}
	if r.Status != "submitted" || r.Version != 1 || r.Position != 1 || r.Code == nil || !strings.HasPrefix(*r.Code, "000.00.00.H00-") {
		t.Errorf("receipt of a new dossier: %s", created.body)
	}
	h.done("reception", r.ID, "accept", "")
	h.done("reception", r.ID, "forward", `{"unit":"animal-health"}`)
	h.done("head", r.ID, "assign-officer", `{"officer":"officer-1"}`)
	h.done("officer-1", r.ID, "start-appraisal", "{}")
	h.done("officer-1", r.ID, "submit-for-approval", `{"proposal":"grant"}`)
	h.done("approver", r.ID, "approve", `{"outcome":"grant"}`, `If-Match: "6"`)
	h.done("approver", r.ID, "sign", "", `If-Match: "7"`)
	h.done("clerk", r.ID, "number", "")
	h.done("clerk", r.ID, "issue", "", `If-Match: "9"`)
	last := h.done("return", r.ID, "return", `{"way":"counter"}`)

	var now struct {
		ID, Status, Outcome string
		Version, Position   int64
	}
	shown := h.get("auditor", "/v1/dossiers/"+r.ID+"?"+h.seen(last)).is(200).into(&now)
	if now.ID != r.ID || now.Status != "returned" || now.Outcome != "granted" || now.Version != last.Version || now.Position != last.Position {
		t.Errorf("the view shows %s", shown.body)
	}
	if shown.Header.Get("ETag") != fmt.Sprintf("%q", fmt.Sprint(last.Version)) {
		t.Errorf("ETag %s at version %d", shown.Header.Get("ETag"), last.Version)
	}
	h.get("auditor", "/v1/dossiers/"+r.ID, "If-None-Match: "+shown.Header.Get("ETag")).is(304)

	var history struct {
		Entries []struct {
			Type  string
			Actor struct{ Account, Role string }
		}
	}
	h.get("auditor", "/v1/dossiers/"+r.ID+"/history?"+h.seen(last)).is(200).into(&history)
	if n := len(history.Entries); int64(n) != last.Version || history.Entries[0].Type != "dossier.submitted" || history.Entries[n-1].Actor.Account != "return" {
		t.Errorf("history %+v", history)
	}
}

func TestARepeatedRequestGetsTheFirstAnswer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first := h.post("applicant-1", "/v1/dossiers", filing, "Idempotency-Key: k1").is(201)
	id := first.receipt().ID
	accepted := h.post("reception", "/v1/dossiers/"+id+"/accept", "", "Idempotency-Key: k1").is(200)
	h.done("reception", id, "forward", `{"unit":"animal-health"}`)

	again := h.post("applicant-1", "/v1/dossiers", filing, "Idempotency-Key: k1").is(201)
	if string(again.body) != string(first.body) || again.Header.Get("Idempotent-Replayed") != "true" || first.Header.Get("Idempotent-Replayed") != "" {
		t.Errorf("second answer %s, first %s", again.body, first.body)
	}
	again = h.post("reception", "/v1/dossiers/"+id+"/accept", "", "Idempotency-Key: k1").is(200)
	if string(again.body) != string(accepted.body) || again.Header.Get("ETag") != accepted.Header.Get("ETag") {
		t.Errorf("second answer %s, first %s", again.body, accepted.body)
	}
	other := strings.Replace(filing, "renew", "issue", 1)
	if p := h.post("applicant-1", "/v1/dossiers", other, "Idempotency-Key: k1").problem(422, "key_reused"); p.Errors[0].Field != "Idempotency-Key" {
		t.Errorf("another body under the same key: %+v", p)
	}
	if h.post("applicant-1", "/v1/dossiers", filing).is(201).receipt().ID == id {
		t.Error("a request without a key met the dossier of another")
	}
}

func TestDuplicatesAtTheSameMomentHaveOneEffect(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.submitted().ID
	answers := make([]receipt, 8)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			answers[i] = h.post("reception", "/v1/dossiers/"+id+"/accept", "{}", "Idempotency-Key: same").is(200).receipt()
		})
	}
	all.Wait()
	for _, a := range answers {
		if !cmp.Equal(a, answers[0]) {
			t.Errorf("answers differ: %+v and %+v", a, answers[0])
		}
	}
	if head, err := h.journal.Head(t.Context()); err != nil || head != 2 {
		t.Errorf("the journal has %d events, %v; want 2", head, err)
	}
}

func TestTheApproversVersionIsDemandedAndCompared(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.appraised().ID
	h.post("approver", "/v1/dossiers/"+id+"/approve", `{"outcome":"grant"}`).problem(428, "version_required")
	h.post("approver", "/v1/dossiers/"+id+"/approve", `{"outcome":"grant"}`, "If-Match: *").problem(428, "version_required")
	for _, bad := range []string{"6", `W/"6"`, `"six"`, `"0"`, `"5", "6"`} {
		h.post("approver", "/v1/dossiers/"+id+"/approve", `{"outcome":"grant"}`, "If-Match: "+bad).problem(400, "malformed_if_match")
	}
	stale := h.post("approver", "/v1/dossiers/"+id+"/approve", `{"outcome":"grant"}`, `If-Match: "4"`)
	p := stale.problem(412, "stale")
	if p.Version != 6 || len(p.Changed) != 2 || p.Changed[1].Type != "dossier.submitted-for-approval" || p.Changed[1].By.Account != "officer-1" || p.Changed[1].RecordedAt.IsZero() {
		t.Errorf("what changed: %s", stale.body)
	}
	if stale.Header.Get("ETag") != `"6"` {
		t.Errorf("a conflict names version %s", stale.Header.Get("ETag"))
	}
	h.done("approver", id, "approve", `{"outcome":"grant"}`, `If-Match: "6"`)
	h.post("reception", "/v1/dossiers/"+id+"/forward", `{"unit":"x"}`, `If-Match: "1"`).problem(412, "stale")
}

func TestBadCommandsEachGetTheirOwnAnswer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.submitted().ID
	closed := closedProcedure(t)
	late := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	tests := []struct {
		name, account, path, body, header string
		status                            int
		code, field                       string
	}{
		{"malformed JSON", "applicant-1", "/v1/dossiers", `{"procedure":`, "", 400, "malformed_json", ""},
		{"JSON that is no object", "applicant-1", "/v1/dossiers", `[]`, "", 400, "malformed_json", ""},
		{"two objects", "applicant-1", "/v1/dossiers", `{}{}`, "", 400, "malformed_json", ""},
		{"no body", "applicant-1", "/v1/dossiers", ``, "", 400, "malformed", ""},
		{"a body that is too large", "applicant-1", "/v1/dossiers", `{"procedure":"` + strings.Repeat("x", 1<<20) + `"}`, "", 413, "too_large", ""},
		{"another format", "applicant-1", "/v1/dossiers", `a=b`, "Content-Type: application/x-www-form-urlencoded", 415, "unsupported_media_type", "Content-Type"},
		{"an unknown field", "reception", "/v1/dossiers/" + id + "/accept", `{"note":"x"}`, "", 422, "unknown_field", "note"},
		{"a missing field", "reception", "/v1/dossiers/" + id + "/forward", `{}`, "", 422, "missing", "unit"},
		{"a value outside its list", "applicant-1", "/v1/dossiers", `{"procedure":"vet-practice-cert-renew","channel":"fax","applicant":"applicant-1"}`, "", 422, "not_in_list", "channel"},
		{"an unknown procedure", "applicant-1", "/v1/dossiers", `{"procedure":"no-such","channel":"online","applicant":"applicant-1"}`, "", 422, "unknown_procedure", "procedure"},
		{"a procedure that is not open", "applicant-1", "/v1/dossiers", `{"procedure":"` + closed + `","channel":"online","applicant":"applicant-1"}`, "", 409, "not_open_for_filing", "procedure"},
		{"a number that could be a person's", "reception", "/v1/dossiers", `{"procedure":"vet-practice-cert-renew","channel":"counter","applicant":"0912345678"}`, "", 422, "bad_code", "applicant"},
		{"an unknown command", "reception", "/v1/dossiers/" + id + "/acept", `{}`, "", 404, "unknown_command", ""},
		{"a command only imports give", "reception", "/v1/dossiers/" + id + "/record-outcome", `{}`, "", 404, "unknown_command", ""},
		{"a stream that does not exist", "reception", "/v1/dossiers/" + uuid.NewString() + "/accept", ``, "", 404, "not_found", ""},
		{"a code that does not exist", "reception", "/v1/dossiers/case-404/accept", ``, "", 404, "not_found", ""},
		{"the wrong state", "head", "/v1/dossiers/" + id + "/assign-officer", `{"officer":"officer-1"}`, "", 409, "wrong_state", ""},
		{"the wrong role", "auditor", "/v1/dossiers/" + id + "/accept", ``, "", 403, "not_allowed", ""},
		{"another's dossier", "applicant-2", "/v1/dossiers/" + id + "/submit-supplement", ``, "", 403, "not_allowed", ""},
		{"filing for another", "applicant-2", "/v1/dossiers", filing, "", 403, "not_allowed", ""},
		{"nobody", "", "/v1/dossiers", filing, "", 401, "unauthenticated", ""},
		{"a stranger", "nobody", "/v1/dossiers", filing, "", 401, "unauthenticated", ""},
		{"another site's page", "reception", "/v1/dossiers/" + id + "/accept", ``, "Sec-Fetch-Site: cross-site", 403, "cross_origin", ""},
		{"a key that is too long", "applicant-1", "/v1/dossiers", filing, "Idempotency-Key: " + strings.Repeat("k", 256), 422, "invalid", "Idempotency-Key"},
		{"a key with spaces", "applicant-1", "/v1/dossiers", filing, "Idempotency-Key: a b", 400, "malformed_key", "Idempotency-Key"},
		{"late without a reason", "reception", "/v1/dossiers/" + id + "/accept", `{"occurred_at":"` + late + `"}`, "", 409, "", "occurred_at"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var headers []string
			if test.header != "" {
				headers = []string{test.header}
			}
			r := h.post(test.account, test.path, test.body, headers...)
			if test.code == "" {
				r.is(test.status)
				return
			}
			p := r.problem(test.status, test.code)
			if test.field != "" && (len(p.Errors) == 0 || p.Errors[0].Field != test.field) {
				t.Errorf("errors %+v, want one about %s", p.Errors, test.field)
			}
		})
	}
	if head, err := h.journal.Head(t.Context()); err != nil || head != 1 {
		t.Errorf("refused commands left %d events, %v", head, err)
	}
}

func TestAnActMayBeEnteredLaterWithAReason(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	at := time.Now().Add(-2 * time.Hour).UTC().Truncate(time.Second)
	body := fmt.Sprintf(`{"procedure":"vet-practice-cert-renew","channel":"counter","applicant":"walk-in-1","occurred_at":%q,"late_reason":"counter_entry"}`, at.Format(time.RFC3339))
	r := h.post("reception", "/v1/dossiers", body).is(201).receipt()
	var history struct {
		Entries []struct {
			OccurredAt    time.Time `json:"occurred_at"`
			LateReason    string    `json:"late_reason"`
			LateBySeconds float64   `json:"late_by_seconds"`
		}
	}
	h.get("auditor", "/v1/dossiers/"+r.ID+"/history?"+h.seen(r)).is(200).into(&history)
	if e := history.Entries[0]; !e.OccurredAt.Equal(at) || e.LateReason != "counter_entry" || e.LateBySeconds < 7000 {
		t.Errorf("history %+v", e)
	}
}

func TestAnUnknownCommandIsMetWithTheNearest(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.submitted().ID
	p := h.post("reception", "/v1/dossiers/"+id+"/acept", "{}", "Accept-Language: en").problem(404, "unknown_command")
	if !strings.Contains(p.Detail, "“accept”") || len(p.Commands) < 10 {
		t.Errorf("%+v", p)
	}
	for _, name := range p.Commands {
		if !contains(dossier.CommandNames(), name) {
			t.Errorf("%s is offered and there is no such command", name)
		}
	}
}

func TestProblemsSpeakTheReadersLanguage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, path := range []string{"/v1/dossiers/" + uuid.NewString(), "/v1/nowhere", "/v1/dossiers?limit=abc", "/v1/dossiers?statuss=x"} {
		vi, en := problem{}, problem{}
		h.get("auditor", path).into(&vi)
		h.get("auditor", path, "Accept-Language: en-GB, en;q=0.9").into(&en)
		if vi.Title != vi.TitleVI || en.Title != en.TitleEN || vi.Detail == en.Detail || vi.Code != en.Code {
			t.Errorf("%s: %+v and %+v", path, vi, en)
		}
		if len(vi.Errors) > 0 && vi.Errors[0].Detail == en.Errors[0].Detail {
			t.Errorf("%s: the field's remark is the same in both languages: %s", path, vi.Errors[0].Detail)
		}
	}
}

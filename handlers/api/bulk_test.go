package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"dossier/domain/batch"

	"github.com/google/uuid"
)

// batchReply is a batch as the API answers with it.
type batchReply struct {
	ID         string
	Phase      string
	Total      int
	Processed  int
	Duplicates int
	Counts     map[string]int
	Undo       *struct{ Counts map[string]int }
}

type itemsReply struct {
	Items []struct {
		Number                                 int
		ID, Outcome, Code, Basis, VI, EN, Undo string
		Consequences                           []string
	}
	Counts map[string]int
	Next   *int
}

func (i itemsReply) outcomes() (list []string) {
	for _, one := range i.Items {
		list = append(list, strings.TrimSpace(one.Outcome+" "+one.Code))
	}
	return list
}

func (r reply) batch() (b batchReply) { r.t.Helper(); r.into(&b); return b }
func (r reply) items() (i itemsReply) { r.t.Helper(); r.into(&i); return i }

// settled waits until a batch is in a phase.
func (h *house) settled(id, phase string) batchReply {
	h.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; <-time.After(10 * time.Millisecond) {
		b := h.get("auditor", "/v1/bulk/"+id).is(200).batch()
		if b.Phase == phase {
			return b
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("batch is %+v, not %s", b, phase)
		}
	}
}

func TestABatchIsPlannedTriedRunAndTakenBackOverHTTP(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	good, early := h.appraised(), h.submitted()
	another := h.appraised()
	plan := fmt.Sprintf(`{"command": "approve", "arguments": {"outcome": "grant"}, "ids": ["%s@%d", "%s", "%s"]}`, good.ID, good.Version, early.ID, another.ID)
	r := h.post("approver", "/v1/bulk", plan, "Idempotency-Key: reviewed-1").is(http.StatusCreated)
	b := r.batch()
	if b.Phase != "planned" || b.Total != 3 || r.Header.Get("Location") != "/v1/bulk/"+b.ID {
		t.Fatalf("%s at %s", r.body, r.Header.Get("Location"))
	}
	again := h.post("approver", "/v1/bulk", plan, "Idempotency-Key: reviewed-1").is(http.StatusCreated)
	if again.batch().ID != b.ID || again.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("planned again: %s", again.body)
	}
	h.post("approver", "/v1/bulk", strings.Replace(plan, "grant", "refuse", 1), "Idempotency-Key: reviewed-1").problem(422, "key_reused")

	path := "/v1/bulk/" + b.ID
	want := []string{"done", "refused wrong_state", "done"}
	dry := h.post("approver", path+"/dry-run", "").is(200).items()
	if !slices.Equal(dry.outcomes(), want) || dry.Items[1].VI == "" || dry.Items[1].EN == "" || dry.Next != nil {
		t.Errorf("dry run %+v", dry)
	}
	if page := h.post("approver", path+"/dry-run?limit=2&outcome=refused", "").is(200).items(); page.Next == nil || *page.Next != 2 || len(page.Items) != 1 || page.Counts["done"] != 1 {
		t.Errorf("a page of it: %+v", page)
	}
	h.post("clerk", path+"/run", "").problem(409, "not_your_batch")
	if started := h.post("approver", path+"/run", `{"stop_after_refusals": 5}`).is(http.StatusAccepted).batch(); started.Phase != "running" {
		t.Errorf("started: %+v", started)
	}
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- h.bulk.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	}()
	if b := h.settled(b.ID, "finished"); b.Counts["done"] != 2 || b.Counts["refused"] != 1 {
		t.Errorf("finished with %v", b.Counts)
	}
	if items := h.get("auditor", path+"/items").is(200).items(); !slices.Equal(items.outcomes(), want) {
		t.Errorf("items %+v", items)
	}

	h.done("approver", another.ID, "sign", "", fmt.Sprintf(`If-Match: "%d"`, another.Version+1))
	h.post("approver", path+"/undo", `{"reason": "wrong_content"}`).problem(409, "consequences_not_seen")
	preview := h.post("approver", path+"/undo/dry-run", `{"reason": "wrong_content"}`).is(200).items()
	if want := []string{"taken_back", "untouched", "moved_on dossier.result-signed"}; !slices.Equal(preview.outcomes(), want) || !slices.Equal(preview.Items[0].Consequences, []string{"unit_told"}) {
		t.Errorf("preview %+v", preview)
	}
	h.post("approver", path+"/undo", `{"reason": "wrong_content", "seen": ["unit_told"]}`).is(http.StatusAccepted)
	if b := h.settled(b.ID, "compensated"); b.Undo == nil || b.Undo.Counts["taken_back"] != 1 || b.Undo.Counts["moved_on"] != 1 {
		t.Errorf("taken back: %+v", b)
	}
	head, err := h.journal.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var state struct{ Status string }
	if h.get("auditor", fmt.Sprintf("/v1/dossiers/%s?min_position=%d", good.ID, head)).is(200).into(&state); state.Status != "pending_approval" {
		t.Errorf("the approval stands: %s", state.Status)
	}
	h.post("approver", path+"/run", "").problem(409, "batch_taken_back")
}

func TestABatchTakesWhatAFilterFinds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	last := h.submitted()
	for range 3 {
		last = h.submitted()
	}
	h.done("reception", last.ID, "accept", "")
	for deadline := time.Now().Add(30 * time.Second); ; <-time.After(10 * time.Millisecond) {
		b := h.post("reception", "/v1/bulk", `{"command": "accept", "filter": {"status": ["submitted"], "procedure": "vet-practice-cert-renew"}}`)
		if b.StatusCode == 201 && b.batch().Total == 3 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s", b.body)
		}
	}
}

func TestABulkRequestThatIsWrongSaysWhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.submitted().ID
	for body, want := range map[string]string{
		`{"command": "accept", "ids": ["` + id + `"], "everything": true}`: "422 file_mistakes",
		`{"ids": ["` + id + `"]}`: "422 file_mistakes",
		`[]`:                      "422 file_mistakes",
		`{"command": "acept", "ids": ["` + id + `"]}`:                                            "404 unknown_command",
		`{"command": "accept", "ids": ["` + id + `", "nobody"]}`:                                 "422 wrong_items",
		`{"command": "accept", "filter": {"status": ["sleeping"]}}`:                              "422 not_in_list",
		`{"command": "forward", "arguments": {"unit": ""}, "ids": ["` + id + `"]}`:               "422 ",
		`{"command": "accept", "ids": ["` + id + `"], "filter": {"unit": "one-stop"}}`:           "422 ids_or_filter",
		`{"command": "approve", "arguments": {"outcome": "grant"}, "ids": ["` + id + `@99999"]}`: "403 not_allowed",
	} {
		r := h.post("reception", "/v1/bulk", body)
		var p problem
		if r.into(&p); !strings.HasPrefix(fmt.Sprint(r.StatusCode, " ", p.Code), want) || p.TitleVI == "" {
			t.Errorf("%s: %d %s, want %s", body, r.StatusCode, r.body, want)
		}
	}
	h.get("auditor", "/v1/bulk/"+uuid.NewString()).problem(404, "no_batch")
	h.post("reception", "/v1/bulk/"+id+"/run", "").problem(404, "no_batch")
	h.get("auditor", "/v1/bulk/"+id+"/items?outcome=lost").problem(422, "not_in_list")
	h.post("", "/v1/bulk", `{}`).problem(401, "unauthenticated")
	h.post("applicant-1", "/v1/bulk", `{"command": "request-withdrawal", "ids": ["`+id+`"]}`).problem(403, "not_allowed")
}

// What is stored of a batch is what its schemas say.
func TestTheEventsOfABatchKeepTheirSchemas(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := newContract(t)
	for _, name := range batch.TypeNames() {
		c.publish(name, h.get("", "/schemas/"+name).is(200).body)
	}
	for name, event := range map[string]batch.Event{
		"batch.planned.v1":      batch.Planned{Command: "approve", Arguments: json.RawMessage(`{"outcome":"grant"}`), Total: 2, List: batch.Sum(nil)},
		"batch-list.listed.v1":  batch.Listed{Items: []batch.Item{{ID: uuid.New(), Version: 7}}},
		"batch.started.v1":      batch.Started{StopAfter: 3},
		"batch.progressed.v1":   batch.Progressed{From: 0, To: 2, Otherwise: []batch.Group{{Outcome: batch.Refused, Code: "wrong_state", Basis: "NĐ 118/2025, Điều 17", Items: []int{1}}}},
		"batch.halted.v1":       batch.Halted{Refusals: 3},
		"batch.finished.v1":     batch.Finished{Counts: map[batch.Outcome]int{batch.Done: 1, batch.Refused: 1}},
		"batch.undo-started.v1": batch.UndoStarted{Reason: "wrong_content", Seen: []string{"unit_told"}, Until: 2},
		"batch.undone.v1":       batch.Undone{From: 0, To: 2, Otherwise: []batch.Group{{Outcome: batch.MovedOn, Code: "dossier.result-signed", Items: []int{0}}}},
		"batch.compensated.v1":  batch.Compensated{Counts: map[batch.Outcome]int{batch.TakenBack: 1}},
	} {
		_, _, data, err := batch.Encode(event)
		if err != nil {
			t.Fatal(err)
		}
		c.holds(name, data)
	}
}

package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"dossier/domain/batch"
	"dossier/domain/document"
	"dossier/handlers"
	"dossier/projections"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
)

// planBody is what is to be done to which dossiers.
type planBody struct {
	Command    string          `json:"command" doc:"As in POST /v1/dossiers/{id}/{command}." example:"approve"`
	Arguments  json.RawMessage `json:"arguments,omitempty" doc:"The command's body, the same for each dossier; occurred_at and late_reason may stand in it."`
	IDs        []string        `json:"ids,omitempty" doc:"Ids or codes, with @VERSION where a version was seen; without it, the present one counts as seen." example:"[\"0b5f2c1e-93d4-5e7a-8a41-7c6d5e4f3a2b@7\"]"`
	Filter     *filterBody     `json:"filter,omitempty" doc:"Instead of ids: all that are found so."`
	AnyVersion bool            `json:"any_version,omitempty" doc:"Act also on dossiers that change meanwhile; never for approve, sign and issue."`
}

type filterBody struct {
	Status    []string `json:"status,omitempty" doc:"Any of these."`
	Procedure string   `json:"procedure,omitempty"`
	Channel   string   `json:"channel,omitempty"`
	Unit      string   `json:"unit,omitempty"`
	Officer   string   `json:"officer,omitempty"`
	Applicant string   `json:"applicant,omitempty"`
	Outcome   string   `json:"outcome,omitempty"`
	Query     string   `json:"query,omitempty" doc:"Begins the code or the id, or stands in the procedure's id or name."`
}

func (f *filterBody) filter() (*projections.Filter, error) {
	if f == nil {
		return nil, nil
	}
	made := &projections.Filter{}
	for _, status := range f.Status {
		if err := handlers.BulkFilter(made, "status", status); err != nil {
			return nil, err
		}
	}
	for _, c := range []struct{ name, value string }{
		{"procedure", f.Procedure}, {"channel", f.Channel}, {"unit", f.Unit}, {"officer", f.Officer}, {"applicant", f.Applicant},
		{"outcome", f.Outcome}, {"query", f.Query},
	} {
		if c.value == "" {
			continue
		}
		if err := handlers.BulkFilter(made, c.name, c.value); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// strictly reads a body and tells all that is wrong with it, each with its path and line.
func strictly(raw []byte, into any) error {
	if len(raw) == 0 {
		raw = []byte("{}")
	}
	if _, mistakes := document.Read(raw, into); len(mistakes) > 0 {
		return handlers.Mistakes(mistakes)
	}
	return nil
}

type planInput struct {
	Key     string `header:"Idempotency-Key" maxLength:"255" doc:"Names this plan: the same key and body again give the same batch. Missing: made and returned."`
	RawBody []byte `contentType:"application/json"`
}

type batchOutput struct {
	Location string `header:"Location" doc:"Where the batch is read."`
	Key      string `header:"Idempotency-Key" doc:"The key this act goes by."`
	Replayed string `header:"Idempotent-Replayed" doc:"true when the batch had been planned before."`
	Body     handlers.Batch
}

func batchAnswer(key string, b handlers.Batch) *batchOutput {
	out := &batchOutput{Location: "/v1/bulk/" + b.ID.String(), Key: key, Body: b}
	if b.Repeated {
		out.Replayed = "true"
	}
	return out
}

// planBatch fixes a batch and does nothing to any dossier.
func (s *server) planBatch(ctx context.Context, in *planInput) (*batchOutput, error) {
	var body planBody
	if err := strictly(in.RawBody, &body); err != nil {
		return nil, err
	}
	filter, err := body.Filter.filter()
	if err != nil {
		return nil, err
	}
	e := keyed(ctx, in.Key)
	e.Body = in.RawBody
	b, err := s.Bulk.Plan(ctx, handlers.CallOf(ctx).Actor, handlers.BulkPlan{
		Command: body.Command, Arguments: body.Arguments, IDs: body.IDs, Filter: filter, AnyVersion: body.AnyVersion}, e)
	return batchAnswer(e.Key, b), err
}

type batchInput struct {
	ID string `path:"id" format:"uuid"`
}

func batchID(text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return id, handlers.ErrNoBatch
	}
	return id, nil
}

type batchShown struct{ Body handlers.Batch }

// batch is one batch: what it is, how far it came.
func (s *server) batch(ctx context.Context, in *batchInput) (*batchShown, error) {
	id, err := batchID(in.ID)
	if err != nil {
		return nil, err
	}
	b, err := s.Bulk.Get(ctx, handlers.CallOf(ctx).Actor, id)
	return &batchShown{b}, err
}

// PageOfItems asks for some of the items of a batch.
type PageOfItems struct {
	ID      string `path:"id" format:"uuid"`
	From    int    `query:"from" minimum:"0" doc:"Number of the first item, from 0."`
	Limit   int    `query:"limit" minimum:"1" maximum:"1000" default:"1000"`
	Outcome string `query:"outcome" doc:"Items with this outcome alone; counts are of all that were looked at."`
}

func (in *PageOfItems) page() (uuid.UUID, handlers.BulkPage, error) {
	id, err := batchID(in.ID)
	page := handlers.BulkPage{From: in.From, Limit: in.Limit, Outcome: batch.Outcome(in.Outcome)}
	if err == nil && page.Outcome != "" && !slices.Contains(batch.Outcomes(), page.Outcome) {
		var names []string
		for _, o := range batch.Outcomes() {
			names = append(names, string(o))
		}
		list := strings.Join(names, ", ")
		err = &handlers.Failure{Status: http.StatusUnprocessableEntity, Code: "not_in_list", Field: "outcome",
			VI: fmt.Sprintf("Không có kết quả “%.40s”; nhận: %s", in.Outcome, list), EN: fmt.Sprintf("There is no outcome “%.40s”; known are: %s", in.Outcome, list)}
	}
	return id, page, err
}

type itemsOutput struct{ Body handlers.BulkItems }

type allItemsInput struct {
	PageOfItems
	Accept string `header:"Accept" doc:"application/x-ndjson: all items, one a line; from and limit say nothing then."`
}

// batchItems says what became of the items of a batch.
func (s *server) batchItems(ctx context.Context, in *allItemsInput) (*huma.StreamResponse, error) {
	id, page, err := in.page()
	if err != nil {
		return nil, err
	}
	by := handlers.CallOf(ctx).Actor
	return listed{
		page: func() (string, any, error) {
			items, err := s.Bulk.Items(ctx, by, id, page)
			return "", items, err
		},
		all: func(ctx context.Context, tell func(any) error) error {
			page.From, page.Limit = 0, batch.ChunkSize
			return paged(func() (more bool, err error) {
				items, err := s.Bulk.Items(ctx, by, id, page)
				if err != nil {
					return false, err
				}
				for _, i := range items.Items {
					if err := tell(i); err != nil {
						return false, err
					}
				}
				if items.Next != nil {
					page.From = *items.Next
				}
				return items.Next != nil, nil
			})
		},
	}.answer(in.Accept)
}

// dryRun says what would become of the items of a batch now, and does nothing.
func (s *server) dryRun(ctx context.Context, in *PageOfItems) (*itemsOutput, error) {
	id, page, err := in.page()
	if err != nil {
		return nil, err
	}
	items, err := s.Bulk.DryRun(ctx, handlers.CallOf(ctx).Actor, id, page)
	return &itemsOutput{items}, err
}

type runInput struct {
	ID      string `path:"id" format:"uuid"`
	Key     string `header:"Idempotency-Key" maxLength:"255" doc:"Names this act. Missing: made and returned."`
	RawBody []byte `contentType:"application/json"`
}

type runBody struct {
	StopAfter int    `json:"stop_after_refusals,omitempty" minimum:"0" doc:"Halt after so many refusals; never without it, or with 0."`
	Seen      string `json:"seen,omitempty" doc:"Signatures only: what stands at the end of the dry run. Each item is shown before it is signed."`
}

// runBatch lets a batch run, or run on, and answers before it has.
func (s *server) runBatch(ctx context.Context, in *runInput) (*batchOutput, error) {
	id, err := batchID(in.ID)
	if err != nil {
		return nil, err
	}
	var body runBody
	if err := strictly(in.RawBody, &body); err != nil {
		return nil, err
	}
	e := keyed(ctx, in.Key)
	e.Seen = body.Seen
	b, err := s.Bulk.Start(ctx, handlers.CallOf(ctx).Actor, id, body.StopAfter, e)
	return batchAnswer(e.Key, b), err
}

type undoBody struct {
	Reason string   `json:"reason" example:"wrong_content"`
	Seen   []string `json:"seen,omitempty" doc:"The consequences that the dry run showed, each confirmed."`
}

// undoBatch lets a batch be taken back, and answers before it is.
func (s *server) undoBatch(ctx context.Context, in *runInput) (*batchOutput, error) {
	id, err := batchID(in.ID)
	if err != nil {
		return nil, err
	}
	var body undoBody
	if err := strictly(in.RawBody, &body); err != nil {
		return nil, err
	}
	e := keyed(ctx, in.Key)
	b, err := s.Bulk.Undo(ctx, handlers.CallOf(ctx).Actor, id, batch.Undo(body), e)
	return batchAnswer(e.Key, b), err
}

type undoDryInput struct {
	ID      string `path:"id" format:"uuid"`
	From    int    `query:"from" minimum:"0" doc:"Number of the first item, from 0."`
	Limit   int    `query:"limit" minimum:"1" maximum:"1000" default:"1000"`
	Outcome string `query:"outcome" doc:"Items with this outcome alone."`
	RawBody []byte `contentType:"application/json"`
}

// dryUndo says what taking a batch back would do, with its consequences, and does nothing.
func (s *server) dryUndo(ctx context.Context, in *undoDryInput) (*itemsOutput, error) {
	id, page, err := (&PageOfItems{in.ID, in.From, in.Limit, in.Outcome}).page()
	if err != nil {
		return nil, err
	}
	var body undoBody
	if err := strictly(in.RawBody, &body); err != nil {
		return nil, err
	}
	items, err := s.Bulk.PreviewUndo(ctx, handlers.CallOf(ctx).Actor, id, batch.Undo(body), page)
	return &itemsOutput{items}, err
}

// planRoute takes the largest body.
const planRoute = "POST /v1/bulk"

// bulkRoutes are the acts on many dossiers.
func (s *server) bulkRoutes() {
	postAs[planBody](s, "/v1/bulk", "plan-batch", "Plan one act on up to 100,000 dossiers; nothing is done yet", http.StatusCreated, s.planBatch)
	get(s, "/v1/bulk/{id}", "get-batch", "A batch: what it is to do, and how far it came", s.batch)
	get(s, "/v1/bulk/{id}/items", "list-batch-items", "What became of the items of a batch", s.batchItems)
	post(s, "/v1/bulk/{id}/dry-run", "dry-run-batch", "What would become of the items now: done, late, refused by which rule, changed since seen", s.dryRun)
	postAs[runBody](s, "/v1/bulk/{id}/run", "run-batch", "Let a batch run, or run on where it stopped", http.StatusAccepted, s.runBatch)
	postAs[undoBody](s, "/v1/bulk/{id}/undo", "undo-batch", "Take back what a batch did; what has moved on since is told and left", http.StatusAccepted, s.undoBatch)
	postAs[undoBody](s, "/v1/bulk/{id}/undo/dry-run", "dry-run-undo-batch", "What taking a batch back would do, with its consequences", http.StatusOK, s.dryUndo)
}

// postAs registers an act whose body is read strictly by its handler, and described by B.
func postAs[B, I, O any](s *server, path, id, summary string, status int, act func(context.Context, *I) (*O, error)) {
	op := s.operation(http.MethodPost, path, id, summary)
	op.DefaultStatus, op.MaxBodyBytes = status, largest(http.MethodPost+" "+path)
	within := answerWithin
	if op.MaxBodyBytes > handlers.LargestBody { // a hundred thousand dossiers are looked at
		within, op.BodyReadTimeout = time.Minute, 30*time.Second
	}
	register(s, op, answering(within, act))
	schema := s.api.OpenAPI().Components.Schemas.Schema(typeOf[B](), true, "")
	body := s.api.OpenAPI().Paths[path].Post.RequestBody
	body.Required = len(s.api.OpenAPI().Components.Schemas.SchemaFromRef(schema.Ref).Required) > 0
	body.Content = map[string]*huma.MediaType{"application/json": {Schema: schema}}
}

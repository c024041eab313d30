package api

import (
	"context"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/handlers"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
)

// submitInput is the body of a new dossier under a key.
type submitInput struct {
	Key     string `header:"Idempotency-Key" maxLength:"255" doc:"Names this act: the same key and body again give the same answer. Missing: made and returned."`
	RawBody []byte `contentType:"application/json"`
}

// commandInput is a command to a dossier.
type commandInput struct {
	ID      string `path:"id" maxLength:"128" doc:"Id of the dossier, or its code."`
	Key     string `header:"Idempotency-Key" maxLength:"255" doc:"Names this act: the same key and body again give the same answer. Missing: made and returned."`
	IfMatch string `header:"If-Match" doc:"Version of the dossier that was looked at, as in its ETag. Required on approve, sign and issue."`
	RawBody []byte `contentType:"application/json"`
}

// receiptOutput says where the dossier stands after the command.
type receiptOutput struct {
	Location string `header:"Location" doc:"Where the dossier is read."`
	ETag     string `header:"ETag" doc:"Version of the dossier after the command."`
	Key      string `header:"Idempotency-Key" doc:"The key this act goes by."`
	Replayed string `header:"Idempotent-Replayed" doc:"true when the act had been done before and this is its first answer."`
	Body     handlers.Receipt
}

// submitName is the one command that makes a dossier.
var submitName = dossier.Kebab(dossier.SubmitDossier{}.Name())

func (s *server) submit() {
	op := s.operation(http.MethodPost, "/v1/dossiers", "submit-dossier", words(submitName))
	op.DefaultStatus = http.StatusCreated
	register(s, op, answering(answerWithin, func(ctx context.Context, in *submitInput) (*submittedOutput, error) {
		own, with, err := handlers.OpenWith(in.RawBody)
		if err != nil {
			return nil, err
		}
		c, e, err := s.read(ctx, submitName, "", in.Key, "", own)
		if err != nil {
			return nil, err
		}
		e.Body = in.RawBody
		lead, by := c.(dossier.SubmitDossier), handlers.CallOf(ctx).Actor
		if len(with) == 0 && len(own) == len(in.RawBody) {
			r, err := s.Executor.Submit(ctx, by, e, lead)
			return submitted(e, handlers.Group{Lead: r}), err
		}
		g, err := s.Executor.SubmitGroup(ctx, by, e, lead, handlers.Beside(lead, with))
		return submitted(e, g), err
	}))
	s.document("/v1/dossiers", submitName)
	s.documentWith()
}

// submittedOutput is the receipt of one reception: the dossier, and those that were filed with it.
type submittedOutput struct {
	Location string `header:"Location" doc:"Where the dossier is read."`
	ETag     string `header:"ETag" doc:"Version of the dossier after the command."`
	Key      string `header:"Idempotency-Key" doc:"The key this act goes by."`
	Replayed string `header:"Idempotent-Replayed" doc:"true when the act had been done before and this is its first answer."`
	Body     submittedBody
}

type submittedBody struct {
	handlers.Receipt
	Members []handlers.Receipt `json:"members,omitempty" doc:"Of a group: the dossiers of the further procedures, in the order asked for."`
}

func submitted(e handlers.Envelope, g handlers.Group) *submittedOutput {
	r := receipt(e, g.Lead)
	return &submittedOutput{r.Location, r.ETag, r.Key, r.Replayed, submittedBody{g.Lead, g.Members}}
}

// documentWith adds the further procedures of a reception to the body of a submission.
func (s *server) documentWith() {
	all := s.api.OpenAPI().Components.Schemas.Map()
	own := all[submitName].Properties
	one := &huma.Schema{Type: huma.TypeObject, Required: []string{"procedure"}, AdditionalProperties: false,
		Properties: map[string]*huma.Schema{"procedure": own["procedure"], "facts": own["facts"], "values": own["values"]}}
	least, most := 1, handlers.MostMembers
	all[submitName].Properties["with"] = &huma.Schema{Type: huma.TypeArray, MinItems: &least, MaxItems: &most, Items: &huma.Schema{OneOf: []*huma.Schema{own["procedure"], one}},
		Description: "Further procedures of the same reception, by id or with facts and values of their own: each gets a dossier with its own clock and result, linked to this one."}
}

type receptionInput struct {
	ID          string `path:"id" maxLength:"128" doc:"Id of a dossier of the reception, or its code."`
	MinPosition int64  `query:"min_position" minimum:"0" doc:"Wait until the views hold this position of a receipt; 503 with Retry-After if they do not in 2 s."`
}

type receptionOutput struct{ Body handlers.Reception }

// reception is one receipt for everything that was taken in together.
func (s *server) reception(ctx context.Context, in *receptionInput) (*receptionOutput, error) {
	id, err := s.reading(ctx, in.ID, in.MinPosition)
	if err != nil {
		return nil, err
	}
	r, err := s.Executor.Reception(ctx, handlers.CallOf(ctx).Actor, id)
	return &receptionOutput{r}, err
}

// command registers a command of its own, so that its body stands in the OpenAPI document.
func (s *server) command(name string) {
	if name == submitName || !sendable(name) {
		return
	}
	path := "/v1/dossiers/{id}/" + name
	op := s.operation(http.MethodPost, path, name, words(name))
	op.DefaultStatus = http.StatusOK
	register(s, op, answering(answerWithin, func(ctx context.Context, in *commandInput) (*receiptOutput, error) {
		c, e, err := s.read(ctx, name, in.ID, in.Key, in.IfMatch, in.RawBody)
		if err != nil {
			return nil, err
		}
		id, err := s.find(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		r, err := s.Executor.Do(ctx, handlers.CallOf(ctx).Actor, id, e, c)
		return receipt(e, r), err
	}))
	s.document(path, name)
	if handlers.NeedsVersion(name) {
		for _, p := range s.api.OpenAPI().Paths[path].Post.Parameters {
			p.Required = p.Required || p.Name == "If-Match"
		}
	}
}

// sendable leaves out the commands that only an import gives.
func sendable(name string) bool {
	for _, t := range dossier.Table() {
		if dossier.Kebab(t.Command) == name && t.Origin != domain.Imported {
			return true
		}
	}
	return false
}

func words(name string) string {
	return dossier.Label("command", name, "en") + " / " + dossier.Label("command", name, "vi")
}

// read takes a request apart into a command and what surrounds it.
func (s *server) read(ctx context.Context, name, target, key, ifMatch string, raw []byte) (dossier.Command, handlers.Envelope, error) {
	if err := handlers.May(handlers.CallOf(ctx).Actor, handlers.Act{Kind: handlers.Command, Name: name}); err != nil {
		return nil, handlers.Envelope{}, s.refused(ctx, name, target, err)
	}
	e, body, err := handlers.Open(raw)
	if err != nil {
		return nil, e, err
	}
	c, err := dossier.DecodeCommand(name, body)
	if err != nil {
		return nil, e, err
	}
	if e.Expected, err = version(ifMatch); err != nil {
		return nil, e, err
	}
	if e.Key = key; key == "" {
		e.Key = handlers.NewKey()
	}
	e.Traceparent = handlers.CallOf(ctx).Traceparent
	return c, e, nil
}

// refused records a command that was refused before it was read. A dossier that cannot be found stays out of the entry.
func (s *server) refused(ctx context.Context, name, target string, err error) error {
	call := handlers.CallOf(ctx)
	var id uuid.UUID
	if target != "" && call.Actor.Account != "" {
		looking, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		id, _ = s.find(looking, target)
	}
	return s.Executor.Refused(ctx, call.Actor, handlers.Envelope{Traceparent: call.Traceparent}, name, id, err)
}

// version reads If-Match: one version, or * for any, which names none.
func version(ifMatch string) (*int64, error) {
	if ifMatch == "" || ifMatch == "*" {
		return nil, nil
	}
	text, opened := strings.CutPrefix(ifMatch, `"`)
	text, closed := strings.CutSuffix(text, `"`)
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil || !opened || !closed || v < 1 {
		return nil, &handlers.Failure{Status: http.StatusBadRequest, Code: "malformed_if_match", Field: "If-Match",
			VI: `If-Match phải là một phiên bản trong ngoặc kép, như ETag đã nhận: "7"`, EN: `If-Match must be one version in quotes, as in the ETag received: "7"`}
	}
	return &v, nil
}

func receipt(e handlers.Envelope, r handlers.Receipt) *receiptOutput {
	out := &receiptOutput{Location: "/v1/dossiers/" + r.ID.String(), ETag: handlers.ETag(r.Version), Key: e.Key, Body: r}
	if r.Repeated {
		out.Replayed = "true"
	}
	return out
}

// unknownCommand answers a command there is not.
func (s *server) unknownCommand(w http.ResponseWriter, r *http.Request) {
	var names []string
	for _, name := range dossier.CommandNames() {
		if name != submitName && sendable(name) {
			names = append(names, name)
		}
	}
	s.fail(w, r, handlers.UnknownCommand(r.PathValue("command"), names))
}

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

package api

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/handlers"
	"dossier/projections"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
)

// ndjson is one JSON value a line, for reads without end.
const ndjson = "application/x-ndjson"

type historyInput struct {
	ID          string `path:"id" maxLength:"128" doc:"Id of the dossier, or its code."`
	MinPosition int64  `query:"min_position" minimum:"0" doc:"Wait until the views hold this position of a receipt; 503 with Retry-After if they do not in 2 s."`
}

type historyBody struct {
	ID      uuid.UUID      `json:"id"`
	Code    *string        `json:"code"`
	Stale   bool           `json:"stale" doc:"The views stand still for this dossier: later events are not in here."`
	Entries []historyEntry `json:"entries"`
}

// historyEntry is one fact: who did it, in which role, when it was true and when it was recorded, what changed, why.
type historyEntry struct {
	Position      int64            `json:"position"`
	Version       int64            `json:"version"`
	EventID       uuid.UUID        `json:"event_id"`
	Type          string           `json:"type" example:"dossier.accepted"`
	OccurredAt    time.Time        `json:"occurred_at"`
	RecordedAt    time.Time        `json:"recorded_at"`
	LateBySeconds float64          `json:"late_by_seconds,omitempty" doc:"Recorded this long after it happened, when that is over 5 minutes."`
	Actor         domain.Actor     `json:"actor"`
	Origin        domain.Origin    `json:"origin,omitempty"`
	Status        dossier.Status   `json:"status" doc:"After it."`
	Changes       []dossier.Change `json:"changes"`
	Reason        string           `json:"reason,omitempty"`
	LateReason    string           `json:"late_reason,omitempty"`
	Basis         string           `json:"basis,omitempty"`
	Irregular     string           `json:"irregular,omitempty"`
	Data          json.RawMessage  `json:"data"`
}

func (s *server) history(ctx context.Context, in *historyInput) (*huma.StreamResponse, error) {
	id, err := s.reading(ctx, in.ID, in.MinPosition)
	if err != nil {
		return nil, err
	}
	b, err := s.state(ctx, id, handlers.Asked{})
	if err != nil {
		return nil, err
	}
	s.Executor.Opened(ctx, accessor(ctx), id)
	entries, err := s.Views.History(ctx, id)
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 { // the journal has it, the view not yet
		return nil, fmt.Errorf("read history of %s: %w", id, projections.ErrNotYet)
	}
	body := historyBody{ID: id, Code: b.Code, Stale: b.Stale, Entries: make([]historyEntry, len(entries))}
	for i, e := range entries {
		body.Entries[i] = entry(e)
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		if !wants(c.Header("Accept"), ndjson) {
			c.SetHeader("Content-Type", "application/json")
			json.NewEncoder(c.BodyWriter()).Encode(body)
			return
		}
		c.SetHeader("Content-Type", ndjson)
		lines := json.NewEncoder(c.BodyWriter())
		for _, e := range body.Entries {
			if lines.Encode(e) != nil {
				return // the caller has gone
			}
		}
	}}, nil
}

func entry(e projections.Entry) historyEntry {
	changes := e.Changes
	if changes == nil {
		changes = []dossier.Change{}
	}
	return historyEntry{
		Position: e.Position, Version: e.Version, EventID: e.EventID, Type: e.Type, OccurredAt: e.OccurredAt, RecordedAt: e.RecordedAt,
		LateBySeconds: e.LateBy.Seconds(), Actor: e.Actor, Origin: e.Origin, Status: e.Status, Changes: changes,
		Reason: e.Reason, LateReason: e.LateReason, Basis: e.Basis, Irregular: e.Irregular, Data: e.Data,
	}
}

// wants says whether an Accept header names a media type.
func wants(accept, mediaType string) bool {
	for part := range strings.SplitSeq(accept, ",") {
		name, _, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), mediaType) {
			return true
		}
	}
	return false
}

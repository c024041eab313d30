package api

import (
	"context"
	"time"

	"dossier/domain/dossier"
	"dossier/handlers"
	"dossier/projections"

	"github.com/danielgtaylor/huma/v2"
)

type timersInput struct {
	Kind    timerKind `query:"kind"`
	Unit    string    `query:"unit" maxLength:"64" doc:"Of the unit that has the dossier."`
	Dossier string    `query:"dossier" maxLength:"128" doc:"Of one dossier: id or code."`
	Hours   int       `query:"within_hours" minimum:"1" maximum:"8784" doc:"Told next within so many hours."`
	Limit   int       `query:"limit" minimum:"1" maximum:"500" default:"50"`
}

// timerKind is one of the kinds that the domain knows.
type timerKind string

// Schema closes the list.
func (timerKind) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, kind := range dossier.Values("timer") {
		s.Enum = append(s.Enum, kind)
	}
	return s
}

type timersOutput struct {
	Body struct {
		Items []handlers.TimerLine `json:"items"`
	}
}

// timers are what dossiers wait for, and who is told next.
func (s *server) timers(ctx context.Context, in *timersInput) (*timersOutput, error) {
	f := projections.TimerFilter{Kind: dossier.TimerKind(in.Kind), Unit: in.Unit, Limit: in.Limit}
	if in.Hours > 0 {
		f.Until = s.Executor.Now().Add(time.Duration(in.Hours) * time.Hour)
	}
	if in.Dossier != "" {
		id, err := s.reading(ctx, in.Dossier, 0)
		if err != nil {
			return nil, err
		}
		f.ID = id
	}
	lines, err := s.Executor.TimerLines(ctx, s.Views, handlers.CallOf(ctx).Actor, f)
	out := &timersOutput{}
	out.Body.Items = append([]handlers.TimerLine{}, lines...)
	return out, err
}

type timersOfInput struct {
	ID          string `path:"id" maxLength:"128" doc:"Id of the dossier, or its code."`
	MinPosition int64  `query:"min_position" minimum:"0" doc:"Wait until the views hold this position of a receipt; 503 with Retry-After if they do not in 2 s."`
}

// timersOf are a question of now: what comes next.
func (s *server) timersOf(ctx context.Context, in *timersOfInput) (*timersOutput, error) {
	id, err := s.reading(ctx, in.ID, in.MinPosition)
	if err != nil {
		return nil, err
	}
	b, err := s.folded(ctx, id, handlers.Asked{})
	if err != nil {
		return nil, err
	}
	if err := s.Executor.MayRead(ctx, handlers.CallOf(ctx).Actor, b.State); err != nil {
		return nil, err
	}
	out := &timersOutput{}
	if out.Body.Items, err = s.Executor.TimersOf(ctx, id, b.State); out.Body.Items == nil {
		out.Body.Items = []handlers.TimerLine{}
	}
	return out, err
}

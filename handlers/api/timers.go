package api

import (
	"context"

	"dossier/handlers"
)

type timersInput struct {
	ID          string `path:"id" maxLength:"128" doc:"Id of the dossier, or its code."`
	MinPosition int64  `query:"min_position" minimum:"0" doc:"Wait until the views hold this position of a receipt; 503 with Retry-After if they do not in 2 s."`
}

type timersOutput struct {
	Body struct {
		Items []handlers.TimerLine `json:"items"`
	}
}

// timers are a question of now: what comes next.
func (s *server) timers(ctx context.Context, in *timersInput) (*timersOutput, error) {
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
	if out.Body.Items, err = s.Executor.TimerLines(ctx, id, b.State); out.Body.Items == nil {
		out.Body.Items = []handlers.TimerLine{}
	}
	return out, err
}

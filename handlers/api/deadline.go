package api

import (
	"context"

	"dossier/handlers"
)

type deadlineInput struct {
	ID          string `path:"id" maxLength:"128" doc:"Id of the dossier, or its code."`
	At          string `query:"at" doc:"As it was: an instant, a date (the end of that day in the agency's zone) or @POSITION."`
	KnownAt     string `query:"known_at" doc:"As it was known: an instant, a date or @POSITION."`
	MinPosition int64  `query:"min_position" minimum:"0" doc:"Wait until the views hold this position of a receipt; 503 with Retry-After if they do not in 2 s."`
}

type deadlineOutput struct{ Body handlers.Deadline }

// deadline explains a due date day by day, now or as it was.
func (s *server) deadline(ctx context.Context, in *deadlineInput) (*deadlineOutput, error) {
	q, err := s.asked(in.At, in.KnownAt)
	if err != nil {
		return nil, err
	}
	id, err := s.reading(ctx, in.ID, in.MinPosition)
	if err != nil {
		return nil, err
	}
	b, err := s.state(ctx, id, q)
	if err != nil {
		return nil, err
	}
	d, err := s.Executor.Deadline(ctx, b.State)
	return &deadlineOutput{d}, err
}

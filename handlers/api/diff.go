package api

import (
	"context"

	"dossier/domain/dossier"
	"dossier/handlers"

	"github.com/google/uuid"
)

type diffInput struct {
	ID   string `path:"id" maxLength:"128" doc:"Id of the dossier, or its code."`
	From int64  `query:"from" minimum:"0" doc:"Version to begin at; 0, the default: nothing yet."`
	To   int64  `query:"to" minimum:"1" doc:"Version to end at; the newest without it."`
}

type diffOutput struct {
	Body struct {
		ID      uuid.UUID        `json:"id"`
		From    int64            `json:"from"`
		To      int64            `json:"to"`
		Changes []dossier.Change `json:"changes" doc:"What differs, in the order of the state's members; texts as the history has them."`
	}
}

// diff is what differs between two versions of a dossier, both folded from the journal.
func (s *server) diff(ctx context.Context, in *diffInput) (*diffOutput, error) {
	id, err := s.reading(ctx, in.ID, 0)
	if err != nil {
		return nil, err
	}
	by := accessor(ctx)
	after, _, err := s.Executor.AsOfFor(ctx, by.Actor, id, handlers.Asked{Version: in.To})
	if err != nil {
		return nil, err
	}
	var before dossier.State
	if in.From > 0 {
		if before, _, err = s.Executor.AsOf(ctx, id, handlers.Asked{Version: in.From}); err != nil {
			return nil, err
		}
	}
	s.Executor.Opened(ctx, by, id)
	out := &diffOutput{}
	b := &out.Body
	b.ID, b.From, b.To = id, in.From, after.Version
	b.Changes = append([]dossier.Change{}, dossier.Changes(&before, &after)...)
	return out, nil
}

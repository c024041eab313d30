package handlers

import (
	"context"
	"fmt"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/domain/procedure"
	"dossier/projections"

	"github.com/google/uuid"
)

// Move is the dossiers of one version of a procedure on their way to another: what changes, and whom it touches.
type Move struct {
	Procedure string                 `json:"procedure"`
	From      int                    `json:"from" doc:"The version they go by."`
	To        int                    `json:"to" doc:"The version they are to go by."`
	Changes   []procedure.Difference `json:"changes" doc:"In what the two versions differ."`
	Dossiers  []Affected             `json:"dossiers" doc:"Open dossiers of the first version."`
}

// Affected is an open dossier that would be moved. Its due date stays; what begins later goes by the new version.
type Affected struct {
	ID        uuid.UUID      `json:"id"`
	Code      *string        `json:"code"`
	Applicant string         `json:"applicant" doc:"Reference, never a name."`
	Status    dossier.Status `json:"status"`
	Due       *time.Time     `json:"due"`
	Moved     bool           `json:"moved"`
}

var moveName = dossier.Kebab(dossier.MoveToVersion{}.Name())

// PreviewMove says what a move would change and whom it would touch. It changes nothing.
func (x *Executor) PreviewMove(ctx context.Context, views *projections.Views, a domain.Actor, id string, from, to int) (Move, error) {
	m := Move{Procedure: id, From: from, To: to, Changes: []procedure.Difference{}, Dossiers: []Affected{}}
	if err := May(a, Act{Kind: Command, Name: moveName}); err != nil {
		return m, err
	}
	p, err := x.procedures.Get(ctx, id)
	if err != nil {
		return m, err
	}
	before, known := p.Version(from)
	after, too := p.Version(to)
	if !known || !too {
		return m, ErrNoProcedure
	}
	m.Changes = procedure.Changes(before, after)
	sight, err := x.Sight(ctx, a)
	if err != nil {
		return m, err
	}
	for f := (projections.Filter{Procedure: id, Status: movable(), Sight: sight, Limit: 500}); ; {
		page, err := views.List(ctx, f)
		if err != nil {
			return m, fmt.Errorf("list the dossiers of %s: %w", id, err)
		}
		for _, row := range page.Rows {
			if row.State.ProcedureVersion == from {
				m.Dossiers = append(m.Dossiers, Affected{row.ID, Code(row.State), row.State.Applicant, row.State.Status, moment(row.State.Due), false})
			}
		}
		if f.Cursor = page.Next; f.Cursor == "" {
			return m, nil
		}
	}
}

func movable() []dossier.Status {
	for _, t := range dossier.Table() {
		if dossier.Kebab(t.Command) == moveName {
			return t.From
		}
	}
	return nil
}

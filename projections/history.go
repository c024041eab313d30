package projections

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dossier/domain"
	"dossier/domain/dossier"
)

// History is the audit trail: one row per event, with what it changed and why.
type History struct{}

// Name is part of the table's name.
func (History) Name() string { return "history" }

// Version is part of the table's name.
func (History) Version() int { return 1 }

// Apply writes one row per event.
func (History) Apply(b *pgx.Batch, moments []Moment) error { return errNotBuilt }

// Entry is one fact in a dossier's history.
type Entry struct {
	Position   int64            `json:"position"`
	Version    int64            `json:"version"`
	EventID    uuid.UUID        `json:"event_id"`
	Type       string           `json:"type"`
	OccurredAt time.Time        `json:"occurred_at"`
	RecordedAt time.Time        `json:"recorded_at"`
	Actor      domain.Actor     `json:"actor"`
	Origin     domain.Origin    `json:"origin,omitempty"`
	Status     dossier.Status   `json:"status"` // after it
	Changes    []dossier.Change `json:"changes"`
	Reason     string           `json:"reason,omitempty"`      // code: why it was done
	LateReason string           `json:"late_reason,omitempty"` // code: why it was entered so much later
	Basis      string           `json:"basis,omitempty"`       // the article it rests on
	LateBy     time.Duration    `json:"late_by,omitempty"`     // recorded this much after it happened, when that is over 5 minutes
	Irregular  string           `json:"irregular,omitempty"`   // code: why an imported fact could only be noted
	Data       json.RawMessage  `json:"data"`
}

// History returns the facts of one dossier, the oldest first; none when it does not exist.
func (v *Views) History(ctx context.Context, id uuid.UUID) ([]Entry, error) { return nil, errNotBuilt }

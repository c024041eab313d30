package projections

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/eventstore"
)

// Views answers questions from the read models, and says what its answers are true at.
type Views struct {
	pool    *pgxpool.Pool
	journal *eventstore.Journal
	engine  *Engine
}

// NewViews returns the read side. Any process may have it; none needs an engine for it.
func NewViews(pool *pgxpool.Pool, j *eventstore.Journal) *Views {
	return &Views{pool: pool, journal: j}
}

// Follow lets Wait wake by a signal from the engine in the same process instead of by asking the database again and again.
func (v *Views) Follow(e *Engine) *Views {
	v.engine = e
	return v
}

// Stamp is what a page is true at.
type Stamp struct {
	Position int64         `json:"position"` // every event up to here is in
	At       time.Time     `json:"at"`       // when that event was recorded
	Head     int64         `json:"head"`     // the journal's last position
	Lag      time.Duration `json:"lag"`      // how long the oldest missing event has waited
	Parked   int           `json:"parked"`   // streams that stand still
}

// Stamp says what the views are true at. Ask before reading rows: they are then at least that new.
func (v *Views) Stamp(ctx context.Context) (Stamp, error) { return Stamp{}, errNotBuilt }

// ErrNotYet says that the views have not reached the position that was asked for.
var ErrNotYet = errors.New("the views are not there yet")

// NotYetError is an ErrNotYet that says how far they are.
type NotYetError struct {
	Wanted, At int64
}

func (e *NotYetError) Error() string {
	return fmt.Sprintf("the views are at position %d, not yet at %d", e.At, e.Wanted)
}

// Is makes it an ErrNotYet.
func (e *NotYetError) Is(target error) bool { return target == ErrNotYet }

// Wait returns when the views hold everything up to the position, or with a stream, everything of its lane. When the context
// ends first it returns a *NotYetError.
func (v *Views) Wait(ctx context.Context, position int64, stream *uuid.UUID) error {
	return errNotBuilt
}

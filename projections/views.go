package projections

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/domain/procedure"
	"dossier/eventstore"
)

// Views answers questions from the read models, and says what its answers are true at.
type Views struct {
	pool    *pgxpool.Pool
	journal *eventstore.Journal
	engine  *Engine
	keys    []string
	looks   *looks
	rules   func() []procedure.Version

	stamps stamps
	totals totals

	setsMu sync.Mutex
	sets   map[int64][]string // of places, as far as they were read
}

// NewViews returns the read side. Any process may have it; none needs an engine for it.
func NewViews(pool *pgxpool.Pool, j *eventstore.Journal) *Views {
	return &Views{pool: pool, journal: j, keys: keys(Live()), looks: newLooks()}
}

// Follow lets Wait wake by a signal from the engine in the same process instead of by asking the database again and again. An
// engine that does not run does no harm.
func (v *Views) Follow(e *Engine) *Views {
	v.engine = e
	return v
}

// Naming lets dossiers be found by the names of these procedures instead of by those that ship.
func (v *Views) Naming(rules func() []procedure.Version) *Views {
	v.rules = rules
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

// Stamp says what the views are true at. Ask before reading rows: they are then at least that new. It may be a quarter of a second old,
// a second while the next is read, which makes it no less true; after a Wait of this process it is read anew.
func (v *Views) Stamp(ctx context.Context) (Stamp, error) {
	return v.stamps.get(func() (Stamp, error) { return v.readStamp(ctx) })
}

// readStamp asks the database. A lane without events after its checkpoint holds nothing up.
func (v *Views) readStamp(ctx context.Context) (Stamp, error) {
	var s Stamp
	var at *time.Time
	err := v.pool.QueryRow(ctx, `
		select at, recorded_at, head, greatest(coalesce(lag, '0'), '0'), parked
		  from views.stamp_v1($1)`, v.keys).
		Scan(&s.Position, &at, &s.Head, &s.Lag, &s.Parked)
	if err != nil {
		return Stamp{}, fmt.Errorf("read what the views are true at: %w", err)
	}
	if at != nil {
		s.At = at.UTC()
	}
	return s, nil
}

// reading begins a transaction in which several queries see the same rows. Plans are made for the values at hand: the best way
// to a rare status is not the best way to a common one.
const reading = `
begin isolation level repeatable read read only;
set local plan_cache_mode = force_custom_plan;
set local jit = off`

func (v *Views) read(ctx context.Context, do func(pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, v.pool, pgx.TxOptions{BeginQuery: reading}, do)
}

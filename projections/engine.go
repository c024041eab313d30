package projections

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/eventstore"
)

var errNotBuilt = errors.New("not built yet")

// Engine feeds all live projections of a process.
type Engine struct {
	pool    *pgxpool.Pool
	journal *eventstore.Journal
	o       Options
}

// NewEngine returns an engine that does nothing until Run.
func NewEngine(pool *pgxpool.Pool, j *eventstore.Journal, o Options) *Engine {
	return &Engine{pool: pool, journal: j, o: o.withDefaults()}
}

// Run applies events until the context ends.
func (e *Engine) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

package projections

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/eventstore"
)

// ParkedStream is a stream that a projection could not follow: its rows are stale from a position on, all others go on.
type ParkedStream struct {
	Projection string    `json:"projection"`
	Stream     uuid.UUID `json:"stream"`
	Position   int64     `json:"position"` // of the first event that is not in
	Error      string    `json:"error"`
	Attempts   int       `json:"attempts"`
	ParkedAt   time.Time `json:"parked_at"`
	RetryAt    time.Time `json:"retry_at"` // when a projector tries again by itself
}

// Parked lists the parked streams, the longest first.
func Parked(ctx context.Context, pool *pgxpool.Pool) ([]ParkedStream, error) {
	rows, err := pool.Query(ctx, `
		select p.projection, p.stream_id as stream, p.position, p.error, p.attempts, p.parked_at, p.retry_at
		  from views.parked p
		 order by p.parked_at, p.projection`)
	if err != nil {
		return nil, fmt.Errorf("read parked streams: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByNameLax[ParkedStream])
	if err != nil {
		return nil, fmt.Errorf("read parked streams: %w", err)
	}
	return all, nil
}

// Retried is what became of a parked stream that was tried again.
type Retried struct {
	ParkedStream
	Whole bool `json:"whole"` // it follows again, and its rows are complete
}

// RetryParked tries parked streams again at once (one, or all of them with uuid.Nil) and says what became of each. It may be
// called beside running projectors.
func RetryParked(ctx context.Context, pool *pgxpool.Pool, j *eventstore.Journal, stream uuid.UUID) ([]Retried, error) {
	before, err := Parked(ctx, pool)
	if err != nil {
		return nil, err
	}
	e := NewEngine(pool, j, Options{NoKafka: true})
	if err := e.ready(ctx); err != nil {
		return nil, err
	}
	defer e.disconnect(ctx)
	var tried []Retried
	for _, p := range before {
		i := slices.Index(e.keys, p.Projection)
		if i < 0 || stream != uuid.Nil && stream != p.Stream {
			continue
		}
		if err := e.resumeStream(ctx, i, e.live[i], p.Stream); err != nil {
			return tried, fmt.Errorf("try stream %s again: %w", p.Stream, err)
		}
		tried = append(tried, Retried{ParkedStream: p})
	}
	after, err := Parked(ctx, pool)
	if err != nil {
		return tried, err
	}
	for i := range tried {
		t := &tried[i]
		still := slices.IndexFunc(after, func(p ParkedStream) bool { return p.Projection == t.Projection && p.Stream == t.Stream })
		if t.Whole = still < 0; !t.Whole {
			t.ParkedStream = after[still]
		}
	}
	return tried, nil
}

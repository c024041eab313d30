package eventstore

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/domain"
	"github.com/google/uuid"
)

var errTodo = errors.New("not built yet")

// Options of a journal. The zero value is the business journal with production limits.
type Options struct {
	Access    bool             // journal.access instead of journal.events
	Log       *slog.Logger     // default: discard
	Now       func() time.Time // the caller's clock, compared with the database's; default time.Now
	Simulated func() time.Time // dev only: append under this clock; needs migrations.Simulated
	MaxBatch  int              // requests per batch, default 500
	MaxBytes  int              // bytes of data and meta per batch, default 4 MB
	Queue     int              // requests waiting before ErrBusy, default 4096
}

// Journal appends to and reads one journal.
type Journal struct {
	pool *pgxpool.Pool
	o    Options
}

// Open returns the journal behind the pool. It refuses a role that may update events.
func Open(ctx context.Context, pool *pgxpool.Pool, o Options) (*Journal, error) {
	return &Journal{pool: pool, o: o}, nil
}

// Close stops the writer and waits for it.
func (j *Journal) Close() {}

// Update appends what decide makes of the stream's history.
func (j *Journal) Update(ctx context.Context, s Stream, c Command, expected *int64, decide func(history []Event) ([]NewEvent, error)) (Result, error) {
	return Result{}, errTodo
}

// Append appends one request.
func (j *Journal) Append(ctx context.Context, r Request) (Result, error) { return Result{}, errTodo }

// Stream returns the events of a stream after a version.
func (j *Journal) Stream(ctx context.Context, id uuid.UUID, after int64) ([]Event, error) {
	return nil, errTodo
}

// Streams returns the events of several streams.
func (j *Journal) Streams(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID][]Event, error) {
	return nil, errTodo
}

// Page returns up to limit events after a position.
func (j *Journal) Page(ctx context.Context, after int64, limit int) ([]Event, error) {
	return nil, errTodo
}

// LanePage returns up to limit events of a lane with after < position <= upTo.
func (j *Journal) LanePage(ctx context.Context, lane int, after, upTo int64, limit int) ([]Event, error) {
	return nil, errTodo
}

// Head returns the last position, 0 when the journal is empty.
func (j *Journal) Head(ctx context.Context) (int64, error) { return 0, errTodo }

// PositionAt returns the last position recorded at or before t.
func (j *Journal) PositionAt(ctx context.Context, t time.Time) (int64, error) { return 0, errTodo }

// Watch returns a channel that gets a signal after own commits; signals coalesce. Call stop when done.
func (j *Journal) Watch() (ch <-chan struct{}, stop func()) { return make(chan struct{}), func() {} }

// Scan reads journal rows.
func Scan(rows pgx.Rows) ([]Event, error) { return nil, errTodo }

// Difference is the first thing Verify found wrong.
type Difference struct {
	Position int64
	Stream   uuid.UUID
	What     string
}

// Verify walks the whole journal and returns the first difference, nil when there is none.
func (j *Journal) Verify(ctx context.Context, progress func(done, total int64)) (*Difference, error) {
	return nil, errTodo
}

// AcceptClock records that the database's clock is right although it jumped.
func (j *Journal) AcceptClock(ctx context.Context, actor domain.Actor) (Result, error) {
	return Result{}, errTodo
}

package eventstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Options of a journal. The zero value is the business journal with production limits.
type Options struct {
	Access    bool             // journal.access instead of journal.events
	Archive   string           // folder of the archive files that detached segments live in; empty: they cannot be read
	Log       *slog.Logger     // default: none
	Now       func() time.Time // the caller's clock, compared with the database's; default time.Now
	Simulated func() time.Time // dev only: append under this clock; needs migrations.Simulated
	MaxBatch  int              // requests of one batch, default 500
	MaxBytes  int              // bytes of one batch, and so of one request, default 4 MB
	// Requests that wait before ErrBusy, and commands that are under way: default 8192, and 64 MB of requests. While Postgres stands
	// still nothing else grows.
	Queue, QueueBytes int
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxBatch <= 0 {
		o.MaxBatch = 500
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 4 << 20
	}
	if o.Queue <= 0 {
		o.Queue = 8192
	}
	if o.QueueBytes <= 0 {
		o.QueueBytes = 64 << 20
	}
	o.QueueBytes = max(o.QueueBytes, o.MaxBytes)
	return o
}

// Journal appends to and reads one journal. All methods may be called from many goroutines; they share one writer.
type Journal struct {
	pool      *pgxpool.Pool
	db        database // what reads go to
	o         Options
	name      string // "events" or "access"
	sql       statements
	head      atomic.Int64 // newest position that this process knows to be committed
	writer    *writer
	histories *histories
	recent    recent
	archive   *archive
	upkeep    *upkeep
	streams   keyLock
	codes     codeQueues
	updates   atomic.Int64 // commands under way
	watch     watchers
	closing   sync.Once
}

// Open returns the journal behind the pool. It refuses a role that may change events, and makes the partitions that the
// next events need.
func Open(ctx context.Context, pool *pgxpool.Pool, o Options) (*Journal, error) {
	j := &Journal{pool: pool, db: pool, o: o.withDefaults(), name: "events"}
	if o.Access {
		j.name = "access"
	}
	j.archive = &archive{j: j}
	j.sql = statementsFor(j.name, o.Simulated != nil)
	if err := j.checkRole(ctx); err != nil {
		return nil, err
	}
	head, err := j.Head(ctx)
	if err != nil {
		return nil, err
	}
	j.upkeep = newUpkeep(j)
	if _, err := j.upkeep.make(ctx, 0); err != nil {
		if code(err) != lockTimeout {
			return nil, err
		}
		j.o.Log.Warn("partitions are not made ahead while one is being detached, will try again", "journal", j.name, "err", err)
	}
	j.advance(head)
	j.writer = newWriter(j)
	j.histories = newHistories(j)
	if err := j.writer.connect(); err != nil {
		return nil, fmt.Errorf("open journal %s: %w", j.name, err)
	}
	go j.upkeep.run()
	go j.writer.run()
	j.histories.run()
	return j, nil
}

// Close lets the writer finish what is queued and ends the journal's goroutines. The pool stays open.
func (j *Journal) Close() {
	j.closing.Do(func() {
		j.histories.close()
		j.writer.close()
		j.upkeep.close()
	})
}

// checkRole keeps a process from running with more rights than it needs: what cannot update cannot be made to.
func (j *Journal) checkRole(ctx context.Context) error {
	var role string
	var mayChange bool
	err := j.pool.QueryRow(ctx, j.sql.role).Scan(&role, &mayChange)
	if err != nil {
		return fmt.Errorf("open journal %s: %w", j.name, err)
	}
	if mayChange {
		return fmt.Errorf("open journal %s: role %q may change events: connect as dossier_app", j.name, role)
	}
	return nil
}

// advance notes a committed position.
func (j *Journal) advance(position int64) {
	for {
		known := j.head.Load()
		if position <= known || j.head.CompareAndSwap(known, position) {
			return
		}
	}
}

// Known returns the newest position this process has heard of: its own commits, and whatever its reads came upon. It costs nothing,
// and after a restore it may be ahead of the journal.
func (j *Journal) Known() int64 { return j.head.Load() }

// Append appends one request. When ctx ends first the caller gets out, but the append may still happen.
func (j *Journal) Append(ctx context.Context, r Request) (Result, error) {
	if r.line == 0 {
		r.line = j.writer.connected.Load()
	}
	p, err := j.prepare(r)
	if err != nil {
		return Result{}, err
	}
	if err := ctx.Err(); err != nil {
		return Result{}, fmt.Errorf("append: %w", err)
	}
	if err := j.writer.enqueue(p); err != nil {
		return Result{}, err
	}
	select {
	case a := <-p.answer:
		return a.result, a.err
	case <-ctx.Done():
		return Result{}, fmt.Errorf("append, which may still happen: %w", context.Cause(ctx))
	}
}

var errNoEvents = errors.New("append: no events")

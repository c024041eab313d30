package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib" // watermill-sql speaks database/sql

	"dossier/eventstore"
	"dossier/internal/devstack"
	"dossier/migrations"
)

// The event that everybody stores: the size of a usual dossier event, 400 bytes of JSON in data and meta together.
const (
	eventType = "dossier.submitted"
	eventData = `{"procedure":"vet-practice-cert-renew","procedure_version":1,"channel":"online","applicant":"a-4f0c2a7be1d94c52","received_at":"2026-11-23T08:15:00Z","unit":"animal-health-division"}`
	eventMeta = `{"actor":"applicant-1","actorrole":"applicant","commandhash":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","commandid":"7b1c5f0e-3f0b-5a77-9a40-8f4f2a9f6f11"}`
)

// Pools: connections of each Go baseline and of each Node peer (twice the default of node-postgres, so that 16 writers need not wait).
const (
	goPool   = 40
	nodePool = 20
)

// stack is one private Postgres with syncing on, and a database of its own for everyone measured on it.
type stack struct {
	dir     string
	pg      *devstack.Postgres
	version string
	names   []string // of the databases
}

func startStack(ctx context.Context) (*stack, error) {
	dir, err := os.MkdirTemp("", "dossier-peers-")
	if err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // Postgres runs as another user when we are root
		return nil, fmt.Errorf("open folder: %w", err)
	}
	pg, err := devstack.StartPostgres(ctx, devstack.PostgresOptions{Dir: dir, Durable: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("start Postgres: %w", err)
	}
	s := &stack{dir: dir, pg: pg}
	err = s.admin(ctx, func(c *pgx.Conn) error {
		var fsync, commit string
		err := c.QueryRow(ctx, "select current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit')").Scan(&s.version, &fsync, &commit)
		if err == nil && (fsync != "on" || commit != "on") {
			err = fmt.Errorf("fsync is %s and synchronous_commit %s: figures would mean nothing", fsync, commit)
		}
		return err
	})
	if err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *stack) admin(ctx context.Context, do func(*pgx.Conn) error) error {
	c, err := pgx.Connect(ctx, s.pg.AdminURL)
	if err != nil {
		return fmt.Errorf("reach Postgres: %w", err)
	}
	defer c.Close(ctx)
	return do(c)
}

func (s *stack) database(ctx context.Context, name string) (url string, err error) {
	err = s.admin(ctx, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, "create database "+name)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("create database %s: %w", name, err)
	}
	s.names = append(s.names, name)
	return s.pg.URL("postgres", name), nil
}

// analyze brings the planner's statistics up to date, which autovacuum does within a minute of a store's life: plans made for an
// empty table must not slow anybody down.
func (s *stack) analyze(ctx context.Context) error {
	for _, d := range s.names {
		c, err := pgx.Connect(ctx, s.pg.URL("postgres", d))
		if err != nil {
			return fmt.Errorf("reach database %s: %w", d, err)
		}
		_, err = c.Exec(ctx, "analyze")
		c.Close(ctx)
		if err != nil {
			return fmt.Errorf("analyze %s: %w", d, err)
		}
	}
	return nil
}

// settle writes out what the last measurement left dirty, so that nobody pays for the one before.
func (s *stack) settle(ctx context.Context) error {
	return s.admin(ctx, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, "checkpoint")
		return err
	})
}

func (s *stack) stop() {
	s.pg.Stop()
	os.RemoveAll(s.dir)
}

func openSQL(url string) (*sql.DB, error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db.SetMaxOpenConns(goPool)
	db.SetMaxIdleConns(goPool)
	return db, nil
}

// ours is the journal, opened as the application opens it.
type ours struct {
	pool    *pgxpool.Pool
	journal *eventstore.Journal
	owner   string
}

func openOurs(ctx context.Context, s *stack, database string) (*ours, error) {
	owner, err := s.database(ctx, database)
	if err != nil {
		return nil, err
	}
	if err := migrations.Up(ctx, owner); err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	c, err := pgxpool.ParseConfig(s.pg.URL("dossier_app", database))
	if err != nil {
		return nil, err
	}
	c.MaxConns = 24
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	j, err := eventstore.Open(ctx, pool, eventstore.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return &ours{pool, j, owner}, nil
}

func newEvents(n int) []eventstore.NewEvent {
	events := make([]eventstore.NewEvent, n)
	for i := range events {
		events[i] = eventstore.NewEvent{
			ID: uuid.Must(uuid.NewV7()), Type: eventType, TypeVersion: 2, OccurredAt: time.Now().UTC(),
			Data: []byte(eventData), Meta: []byte(eventMeta),
		}
	}
	return events
}

func (o *ours) add(ctx context.Context, events []eventstore.NewEvent) error {
	_, err := o.journal.Append(ctx, eventstore.Request{
		Stream: eventstore.Stream{Kind: "dossier", ID: uuid.New()}, Expected: eventstore.NoStream, Events: events,
	})
	return err
}

func (o *ours) append(ctx context.Context, writers, batch int, span time.Duration) (float64, error) {
	return throughput(writers, batch, span, func() error { return o.add(ctx, newEvents(batch)) })
}

func (o *ours) drain(ctx context.Context, events int) (float64, error) {
	began, seen, after := time.Now(), 0, int64(0)
	for seen < events {
		page, err := o.journal.Page(ctx, after, 2000)
		if err != nil {
			return 0, fmt.Errorf("read journal: %w", err)
		}
		if len(page) == 0 {
			return 0, fmt.Errorf("the journal holds %d of %d events", seen, events)
		}
		seen, after = seen+len(page), page[len(page)-1].Position
	}
	return float64(seen) / time.Since(began).Seconds(), nil
}

func (o *ours) close() {
	o.journal.Close()
	o.pool.Close()
}

// throughput lets so many writers append for a span, each when its last is acknowledged, and returns events a second.
func throughput(writers, batch int, span time.Duration, do func() error) (float64, error) {
	var done atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	began := time.Now()
	for range writers {
		wg.Go(func() {
			for time.Since(began) < span && failed.Load() == nil {
				if err := do(); err != nil {
					failed.Store(&err)
					return
				}
				done.Add(int64(batch))
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return float64(done.Load()) / time.Since(began).Seconds(), nil
}

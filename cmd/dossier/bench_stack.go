package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/eventstore"
	"dossier/internal/devstack"
	"dossier/migrations"
)

// benchStack is a private Postgres with syncing on, in a temporary folder or one that is kept, and one migrated database.
type benchStack struct {
	dir     string
	kept    bool
	pg      *devstack.Postgres
	version string
	admin   *pgxpool.Pool // superuser: makes the baselines' tables
}

const benchDatabase = "bench"

func startBenchStack(ctx context.Context, data string) (*benchStack, error) {
	dir, err := data, error(nil)
	if data == "" {
		if dir, err = os.MkdirTemp("", "dossier-bench-"); err != nil {
			return nil, fmt.Errorf("make bench folder: %w", err)
		}
		if err := os.Chmod(dir, 0o755); err != nil { // Postgres runs as another user when we are root
			return nil, fmt.Errorf("open bench folder: %w", err)
		}
	}
	pg, err := devstack.StartPostgres(ctx, devstack.PostgresOptions{
		Dir: dir, Durable: true, Log: slog.New(slog.DiscardHandler),
		Settings: []string{"shared_buffers=512MB", "min_wal_size=" + strconv.Itoa(readySegments*16) + "MB", "max_wal_size=2GB"},
	})
	if err != nil {
		return nil, fmt.Errorf("start Postgres: %w", err)
	}
	s := &benchStack{dir: dir, kept: data != "", pg: pg}
	if err := s.prepare(ctx); err != nil {
		s.stop()
		return nil, err
	}
	if err := s.age(ctx); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// readySegments is how many files of its log a server has ready that has been at work for a while.
const readySegments = 48

// age makes them. A new server makes each when it is needed, and every commit waits meanwhile: up to a third of a second on a disk
// that has much else to write.
func (s *benchStack) age(ctx context.Context) error {
	for range readySegments {
		if _, err := s.admin.Exec(ctx, "select pg_logical_emit_message(false, 'bench', 'x'), pg_switch_wal()"); err != nil {
			return fmt.Errorf("make log files: %w", err)
		}
	}
	if _, err := s.admin.Exec(ctx, "checkpoint"); err != nil {
		return fmt.Errorf("make log files: %w", err)
	}
	return nil
}

func (s *benchStack) prepare(ctx context.Context) (err error) {
	if err := s.makeDatabase(ctx, benchDatabase); err != nil {
		return err
	}
	if s.admin, err = openPool(ctx, s.pg.URL("postgres", benchDatabase), 80); err != nil {
		return err
	}
	if err := s.admin.QueryRow(ctx, "select current_setting('server_version')").Scan(&s.version); err != nil {
		return fmt.Errorf("ask version: %w", err)
	}
	return nil
}

func (s *benchStack) makeDatabase(ctx context.Context, name string) error {
	root, err := pgx.Connect(ctx, s.pg.AdminURL)
	if err != nil {
		return fmt.Errorf("reach Postgres: %w", err)
	}
	defer root.Close(ctx)
	var made bool
	if err := root.QueryRow(ctx, "select exists (select from pg_database where datname = $1)", name).Scan(&made); err != nil {
		return fmt.Errorf("look for database: %w", err)
	}
	if !made {
		if _, err := root.Exec(ctx, "create database "+name); err != nil {
			return fmt.Errorf("create database: %w", err)
		}
	}
	if err := migrations.Up(ctx, s.pg.URL("postgres", name)); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// journal opens the journal as the application does, with its own pool.
func (s *benchStack) journal(ctx context.Context) (*eventstore.Journal, *pgxpool.Pool, error) {
	pool, err := openPool(ctx, s.pg.URL("dossier_app", benchDatabase), 24)
	if err != nil {
		return nil, nil, err
	}
	j, err := eventstore.Open(ctx, pool, eventstore.Options{Queue: 1 << 16, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		pool.Close()
		return nil, nil, fmt.Errorf("open journal: %w", err)
	}
	return j, pool, nil
}

func (s *benchStack) stop() {
	if s.admin != nil {
		s.admin.Close()
	}
	s.pg.Stop()
	if !s.kept {
		os.RemoveAll(s.dir)
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/urfave/cli/v3"

	"dossier/internal/config"
	"dossier/migrations"
)

// simClock is the clock of a development stack: this machine's, put ahead by `dossier clock set`. A database that production uses has none.
type simClock struct {
	pool  *pgxpool.Pool
	ahead atomic.Int64
}

// simClockOf returns the clock of a development database, nil for any other.
func simClockOf(ctx context.Context, pool *pgxpool.Pool) (*simClock, error) {
	simulated, err := migrations.HasSimulated(ctx, pool)
	if err != nil || !simulated {
		return nil, err
	}
	c := &simClock{pool: pool}
	return c, c.read(ctx)
}

// now is nil for a database without a clock of its own: whoever takes it then reads this machine's.
func (c *simClock) now() func() time.Time {
	if c == nil {
		return nil
	}
	return c.Now
}

// Now is where the clock stands.
func (c *simClock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *simClock) read(ctx context.Context) error {
	var ahead time.Duration
	err := c.pool.QueryRow(ctx, `select ahead from journal.simulated_clock order by number desc limit 1`).Scan(&ahead)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("read the simulated clock: %w", err)
	}
	c.ahead.Store(int64(ahead))
	return nil
}

// follow reads where another process has set the clock, until the context ends.
func (c *simClock) follow(ctx context.Context) error {
	if c == nil {
		return nil
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(250 * time.Millisecond):
			_ = c.read(ctx) // a database that is away is told elsewhere
		}
	}
}

// beginning is where --clock lets an empty stack begin, zero where it is not said.
func beginning(cmd *cli.Command) (time.Time, error) {
	text := cmd.String("clock")
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", strings.Replace(text, "T", " ", 1), agencyZone)
	switch {
	case err != nil:
		return at, usageError{fmt.Errorf("--clock %q is no moment such as '2026-11-20 08:00'", text)}
	case !cmd.Bool("empty"):
		return at, usageError{errors.New("--clock goes with --empty: demo dossiers end where this machine's clock stands")}
	}
	return at, nil
}

// beginClock sets the clock of a stack in which nothing has happened yet, forward or back; of any other it only goes forward.
func (a *app) beginClock(ctx context.Context, cfg config.Config, at time.Time) error {
	if at.IsZero() {
		return nil
	}
	pool, err := openPool(ctx, cfg.Database.URL, 0)
	if err != nil {
		return err
	}
	defer pool.Close()
	var begun bool
	if err := pool.QueryRow(ctx, `select exists (select from journal.events)`).Scan(&begun); err != nil {
		return fmt.Errorf("look whether anything has happened: %w", err)
	}
	if begun {
		return usageError{errors.New("this folder has a history already, so its clock stands where it left off: put it on with 'dossier clock set', or start anew with --reset")}
	}
	return (&simClock{pool: pool}).put(ctx, at)
}

// set puts the clock on; it never goes back, because what is recorded stays recorded.
func (c *simClock) set(ctx context.Context, to time.Time) error {
	if now := c.Now(); !to.After(now) {
		return usageError{fmt.Errorf("the clock stands at %s and never goes back: set a later moment, or start anew with 'dossier dev --reset'", instant(now))}
	}
	return c.put(ctx, to)
}

func (c *simClock) put(ctx context.Context, to time.Time) error {
	ahead := time.Until(to)
	if _, err := c.pool.Exec(ctx, `insert into journal.simulated_clock (ahead) values ($1)`, ahead); err != nil {
		return fmt.Errorf("set the simulated clock: %w", err)
	}
	c.ahead.Store(int64(ahead))
	return nil
}

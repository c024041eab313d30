package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"dossier/eventstore"
	"dossier/handlers/demo"
	"dossier/internal/config"
)

// demoDossiers is how many a newcomer finds.
const demoDossiers = 300

// seed fills an empty journal once, under a simulated clock, with dossiers of the last 18 months.
func (a *app) seed(ctx context.Context, cfg config.Config) error {
	pool, err := openPool(ctx, cfg.Database.URL, 0)
	if err != nil {
		return err
	}
	defer pool.Close()
	clock := demo.NewClock(time.Now())
	journal, err := eventstore.Open(ctx, pool, eventstore.Options{Simulated: clock.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("open journal under a simulated clock: %w", err)
	}
	defer journal.Close()
	report, done := a.progress("demo dossiers")
	defer done()
	return demo.Seed(ctx, journal, clock, demoDossiers, func(n, total int) { report(int64(n), int64(total)) })
}

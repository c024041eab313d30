package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"dossier/eventstore"
	"dossier/handlers/demo"
	"dossier/internal/config"
)

// demoDossiers is how many a newcomer finds.
const demoDossiers = 300

// seed fills an empty journal once, under a simulated clock, with dossiers of the last 18 months.
func (a *app) seed(ctx context.Context, cfg config.Config, folder string) error {
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
	head, err := journal.Head(ctx)
	if err != nil || head > 0 {
		return err
	}

	marker := filepath.Join(folder, seedingFile)
	if err := os.WriteFile(marker, []byte("demo dossiers are being written; a stack that finds this file starts anew\n"), 0o600); err != nil {
		return fmt.Errorf("mark the folder: %w", err)
	}
	report, done := a.progress("demo dossiers")
	defer done()
	if err := demo.Seed(ctx, journal, clock, demoDossiers, func(n, total int) { report(int64(n), int64(total)) }); err != nil {
		return err
	}
	return os.Remove(marker)
}

// seedingFile stands in a folder from the first demo event to the last: the journal was empty before, so while it stands
// there is nothing else to lose.
const seedingFile = "seeding"

// halfSeeded says that a stack was killed while it wrote the demo.
func halfSeeded(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, seedingFile))
	return err == nil
}

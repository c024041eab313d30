package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/eventstore"
	"dossier/eventstore/blobs"
	"dossier/eventstore/vault"
	"dossier/handlers"
	"dossier/internal/config"
)

// foundation is what every command and every process stands on: the pool, both journals, the vault and the files.
type foundation struct {
	pool            *pgxpool.Pool
	clock           *simClock // nil in production
	journal, access *eventstore.Journal
	vault           *vault.Vault // nil: not set up
	files           *blobs.Files // likewise
	options         handlers.ExecutorOptions
}

// lay opens it with room for max connections (0: pgx's choice), all or nothing. The journals say to quiet what the rest says to log.
func lay(ctx context.Context, cfg config.Config, max int32, quiet, log *slog.Logger) (f *foundation, err error) {
	f = &foundation{}
	defer func() {
		if err != nil {
			f.close()
		}
	}()
	if f.options.Codes, err = codesOf(cfg); err != nil {
		return f, err
	}
	if f.options.Timers, err = timersOf(cfg); err != nil {
		return f, err
	}
	if f.pool, err = openPool(ctx, cfg.Database.URL, max); err != nil {
		return f, err
	}
	if f.clock, err = simClockOf(ctx, f.pool); err != nil {
		return f, err
	}
	if f.journal, err = eventstore.Open(ctx, f.pool, eventstore.Options{Log: quiet, Archive: cfg.ArchiveDir, Simulated: f.clock.now()}); err != nil {
		return f, fmt.Errorf("open journal: %w", err)
	}
	if f.access, err = openAccess(ctx, f.pool, cfg, quiet, f.clock); err != nil {
		return f, err
	}
	if f.vault, err = openVault(ctx, f.pool, cfg, log); err != nil {
		return f, err
	}
	if f.files, err = openFiles(ctx, f.pool, cfg, f.vault); err != nil {
		return f, err
	}
	if f.options.Signer, f.options.Verifier, err = signingOf(cfg, f.clock); err != nil {
		return f, err
	}
	f.options.CommandKey, f.options.Now, f.options.Vault, f.options.Files = []byte(cfg.CommandKey), f.clock.now(), f.vault, f.files
	if cfg.ErasureList != "" {
		if f.options.Erasures, err = vault.OpenList(cfg.ErasureList); err != nil {
			return f, err
		}
	}
	if cfg.Registry.URL != "" {
		f.options.Registry = handlers.NewHTTPRegistry(cfg.Registry.URL, cfg.Registry.Key)
	}
	f.options.Access = handlers.NewAccessLog(f.access, handlers.AccessOptions{Now: f.clock.now(), Log: log})
	return f, nil
}

// close ends what is open, the last first.
func (f *foundation) close() {
	f.options.Access.Settle()
	for _, j := range []*eventstore.Journal{f.access, f.journal} {
		if j != nil {
			j.Close()
		}
	}
	if f.pool != nil {
		f.pool.Close()
	}
}

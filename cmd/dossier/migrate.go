package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/urfave/cli/v3"

	"dossier/internal/config"
	"dossier/migrations"
)

func (a *app) migrateCommand() *cli.Command {
	return group(&cli.Command{
		Name:  "migrate",
		Usage: "bring the database up to this version, or say where it stands",
		Commands: []*cli.Command{
			{Name: "up", Usage: "apply what is missing (MIGRATE_DATABASE_URL: the owner's role)", Flags: []cli.Flag{dataFlag()}, Action: a.migrateUp},
			{Name: "status", Usage: "list migrations", Flags: []cli.Flag{dataFlag(), formatFlag()}, Action: a.migrateStatus},
		},
	})
}

// ownerURL is the role that owns the tables: MIGRATE_DATABASE_URL, or the superuser of a running development stack.
func (a *app) ownerURL(cmd *cli.Command) (string, error) {
	cfg, err := config.FromEnv(a.getenv)
	if err != nil {
		return "", usageError{err}
	}
	if cfg.Database.MigrateURL != "" {
		return cfg.Database.MigrateURL, nil
	}
	folder, err := a.folder(cmd)
	if err != nil {
		return "", err
	}
	if dev, ok := runningDev(folder); ok {
		return dev.Database.AdminURL, nil
	}
	return "", usageError{fmt.Errorf("this takes the owner's role: set MIGRATE_DATABASE_URL, or start 'dossier dev' (looked in %s)", folder)}
}

func (a *app) migrateUp(ctx context.Context, cmd *cli.Command) error {
	url, err := a.ownerURL(cmd)
	if err != nil {
		return err
	}
	if err := migrations.Up(ctx, url); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	fmt.Fprintln(a.stderr, "the database is up to date")
	return nil
}

func (a *app) migrateStatus(ctx context.Context, cmd *cli.Command) error {
	url, err := a.ownerURL(cmd)
	if err != nil {
		return err
	}
	states, err := migrations.Status(ctx, url)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	t := &table{columns: []string{"version", "name", "applied"}}
	for _, s := range states {
		applied := "not yet"
		if s.Applied {
			applied = s.AppliedAt.Format(time.RFC3339)
		}
		t.add(s, strconv.FormatInt(s.Version, 10), s.Name, applied)
	}
	return t.print(a.stdout, cmd)
}

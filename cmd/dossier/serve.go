package main

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/urfave/cli/v3"

	"dossier/handlers"
	"dossier/internal/config"
	"dossier/internal/telemetry"
	"dossier/migrations"
)

func (a *app) serveCommand() *cli.Command {
	return &cli.Command{
		Name: "serve", Usage: "run in production: DATABASE_URL, KAFKA_BROKERS",
		Description: "Nothing is published by itself: what may be filed is the authority's decision. `dossier procedures publish --shipped` publishes the procedures that come with the program, once.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "roles", Usage: "some of api,relay,projector,reactor", DefaultText: "all", Sources: cli.EnvVars("DOSSIER_ROLES")},
			&cli.StringFlag{Name: "http", Usage: "address to listen on", DefaultText: "127.0.0.1:8080", Sources: cli.EnvVars("HTTP_ADDR")},
			&cli.BoolFlag{Name: "dev-login", Usage: "believe the demo accounts, whoever asks: for trying out, never with real dossiers", Sources: cli.EnvVars("DOSSIER_DEV_LOGIN")},
		},
		Action: a.serve,
	}
}

func (a *app) serve(ctx context.Context, cmd *cli.Command) error {
	cfg, err := config.FromEnv(a.getenv)
	if err != nil {
		return usageError{err}
	}
	roles, err := parseRoles(cmd.String("roles"))
	if err != nil {
		return err
	}
	if addr := cmd.String("http"); addr != "" {
		cfg.HTTP.Addr = addr
	}
	if err := complete(cfg); err != nil {
		return usageError{err}
	}
	log, err := telemetry.Logger(a.stderr, telemetry.LogOptions{Level: cfg.Log.Level, Format: cfg.Log.Format})
	if err != nil {
		return usageError{err}
	}
	var login *handlers.DevLogin
	if cmd.Bool("dev-login") {
		login = handlers.NewDevLogin()
		log.Warn("anybody may act as any demo account: --dev-login is for trying out only")
	}

	p, err := newProcess(ctx, cfg, log, login)
	if err != nil {
		return err
	}
	defer p.close()
	if err := p.refuseDevelopment(ctx); err != nil {
		return err
	}
	if err := p.eraseAgain(ctx); err != nil {
		return err
	}
	return p.run(ctx, roles, func(addr string) { log.Info("ready", "http", "http://"+addr, "roles", roles, "version", version()) })
}

// eraseAgain does what the list of erasures says to a database that was restored from before, before anybody is served from it.
func (p *process) eraseAgain(ctx context.Context) error {
	n, err := p.persons.ApplyErasures(ctx)
	if err != nil {
		return fmt.Errorf("apply the list of erasures: %w", err)
	}
	if n > 0 {
		p.log.Warn("the database had persons who were erased: they are erased again", "persons", n)
	}
	return nil
}

// complete says which setting production still lacks.
func complete(cfg config.Config) error {
	switch {
	case cfg.Database.URL == "":
		return errors.New("DATABASE_URL is not set: the application's role, such as postgres://dossier_app@db/dossier")
	case len(cfg.Kafka.Brokers) == 0:
		return errors.New("KAFKA_BROKERS is not set: host:port, comma-separated")
	case len(cfg.CommandKey) < 32:
		return errors.New("COMMAND_KEY must have at least 32 characters: it keys the hashes that tell one command from another under the same key")
	case cfg.VaultKey == "":
		return errors.New("VAULT_KEY is not set: 32 random bytes in base64, such as from `openssl rand -base64 32`; what people type and who they are is kept under it")
	}
	if _, _, err := net.SplitHostPort(cfg.HTTP.Addr); err != nil {
		return fmt.Errorf("HTTP_ADDR %q is no host:port", cfg.HTTP.Addr)
	}
	return issuerComplete(cfg)
}

// refuseDevelopment keeps production away from a database whose clock can be set, and from one that is not up to date.
func (p *process) refuseDevelopment(ctx context.Context) error {
	simulated, err := migrations.HasSimulated(ctx, p.pool)
	if err != nil {
		return fmt.Errorf("look for a simulated clock: %w", err)
	}
	if simulated {
		return errors.New("this database was made by 'dossier dev': its clock can be set, so production refuses it")
	}
	pending, err := migrations.Pending(ctx, p.pool)
	if err != nil {
		return fmt.Errorf("look for missing migrations: %w", err)
	}
	if pending > 0 {
		return fmt.Errorf("the database lacks %d migration(s): run 'dossier migrate up' with MIGRATE_DATABASE_URL", pending)
	}
	return nil
}

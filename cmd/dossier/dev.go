package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/urfave/cli/v3"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/organisation"
	"dossier/handlers"
	"dossier/handlers/localca"
	"dossier/handlers/localissuer"
	"dossier/handlers/localregistry"
	"dossier/internal/config"
	"dossier/internal/devstack"
	"dossier/internal/telemetry"
	"dossier/migrations"
)

func (a *app) devCommand() *cli.Command {
	return &cli.Command{
		Name: "dev", Usage: "run everything in one process on this machine, with demo dossiers: not for production",
		Flags: []cli.Flag{
			dataFlag(),
			&cli.StringFlag{Name: "http", Value: "127.0.0.1:8080", Usage: "address of pages and API (loopback)", Sources: cli.EnvVars("HTTP_ADDR")},
			&cli.StringFlag{Name: "kafka", Value: "127.0.0.1:9092", Usage: "address of the in-process Kafka (loopback)", Sources: cli.EnvVars("DOSSIER_KAFKA_ADDR")},
			&cli.BoolFlag{Name: "empty", Usage: "do not fill an empty folder with demo dossiers"},
			&cli.StringFlag{Name: "clock", Usage: "with --empty: where the clock of an empty folder begins, such as '2026-11-20 08:00'; 'dossier clock set' puts it on"},
			&cli.BoolFlag{Name: "reset", Usage: "throw the folder's data away first"},
		},
		Action: a.dev,
	}
}

func (a *app) dev(ctx context.Context, cmd *cli.Command) error {
	began := time.Now()
	folder, err := a.folder(cmd)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	release, err := holdFolder(folder)
	if err != nil {
		return fmt.Errorf("a development stack already runs on %s (%w): stop it, or say --data DIR", folder, err)
	}
	defer release()
	begins, err := beginning(cmd)
	if err != nil {
		return err
	}
	for _, addr := range []string{cmd.String("http"), cmd.String("kafka")} {
		if err := free(addr); err != nil {
			return err
		}
	}
	if cmd.Bool("reset") || halfSeeded(folder) {
		if err := reset(folder); err != nil {
			return err
		}
	}
	level := a.getenv("LOG_LEVEL")
	if level == "" {
		level = "warn" // a development stack keeps quiet
	}
	log, err := telemetry.Logger(a.stderr, telemetry.LogOptions{Level: level, Format: a.getenv("LOG_FORMAT")})
	if err != nil {
		return usageError{err}
	}

	pg, err := a.startPostgres(ctx, folder, log)
	if err != nil {
		return err
	}
	defer pg.pg.Stop()
	go pg.pg.Supervise(ctx)
	kafka, err := devstack.StartKafka(devstack.KafkaOptions{Dir: filepath.Join(folder, "kafka"), Addr: cmd.String("kafka"), Log: log})
	if err != nil {
		return fmt.Errorf("start Kafka: %w", err)
	}
	defer kafka.Stop()
	cfg := pg.settings
	cfg.Kafka.Partitions = cmp.Or(cfg.Kafka.Partitions, devstack.KafkaPartitions)
	cfg.Kafka.Brokers, cfg.HTTP.Addr, cfg.PID = []string{kafka.Addr}, cmd.String("http"), os.Getpid()
	if !cmd.Bool("empty") {
		if err := a.seed(ctx, cfg, folder); err != nil {
			return fmt.Errorf("fill with demo dossiers: %w", err)
		}
	}

	if err := a.beginClock(ctx, cfg, begins); err != nil {
		return err
	}
	bank, err := startBank(folder, &cfg)
	if err != nil {
		return err
	}
	defer bank.Close()
	register, err := localregistry.Start(localregistry.Options{AnyValid: true})
	if err != nil {
		return err
	}
	defer register.Close()
	cfg.Registry.URL = register.URL()
	issuer, err := a.startIssuer(&cfg)
	if err != nil {
		return err
	}
	defer issuer.Close()
	p, err := newProcess(ctx, cfg, log, handlers.NewDevLogin())
	if err != nil {
		return err
	}
	defer p.close()
	bank.Clock(p.clock.now())
	for _, account := range p.login.Accounts() {
		if account.Role == domain.Applicant {
			if err := p.signin.Know(ctx, account.Account, account.Account, "2"); err != nil {
				return err
			}
		}
	}
	if err := p.publishShipped(ctx); err != nil {
		return err
	}
	return p.run(ctx, allRoles, func(addr string) {
		cfg.HTTP.Addr = addr
		bank.TellTo("http://" + addr + "/v1/payments/callbacks")
		if err := cfg.Save(filepath.Join(folder, settingsFile)); err != nil {
			log.Error("other commands will not find this stack", "error", err)
		}
		a.banner(p, issuer, folder, addr, time.Since(began))
	})
}

// publishShipped gives a stack that has none the calendars and procedures that come with the program.
func (p *process) publishShipped(ctx context.Context) error {
	if err := p.applyShipped(ctx); err != nil {
		return err
	}
	actor := domain.Actor{Account: "catalogue", Role: domain.CatalogueAdmin, Unit: handlers.UnitLeadership}
	for code, file := range calendar.Shipped() {
		c, err := p.executor.Calendars().Get(ctx, code)
		if err == nil && !c.Exists() {
			_, err = p.executor.PublishCalendar(ctx, actor, code, file, handlers.Envelope{Key: "shipped-" + code})
		}
		if err != nil {
			return fmt.Errorf("publish calendar %s: %w", code, err)
		}
	}
	return p.executor.PublishShipped(ctx, actor, "shipped")
}

// applyShipped gives a stack that has none the organisation that comes with the program.
func (p *process) applyShipped(ctx context.Context) error {
	o, err := p.executor.Organisation().Get(ctx)
	if err == nil && !o.Exists() {
		admin := domain.Actor{Account: "admin", Role: domain.SystemAdmin, Unit: handlers.UnitIT}
		_, err = p.executor.ApplyOrganisation(ctx, admin, organisation.Shipped(), handlers.Envelope{Key: "shipped-organisation"})
	}
	if err != nil {
		return fmt.Errorf("apply the shipped organisation: %w", err)
	}
	return nil
}

// free says who has a port, and refuses addresses that others could reach: anybody may act as anybody here.
func free(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return usageError{fmt.Errorf("%q is no host:port", addr)}
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return usageError{fmt.Errorf("%s can be reached by others: a development stack listens on loopback only", addr)}
	}
	return devstack.PortFree(addr)
}

// reset removes what a development stack put into a folder, and refuses a folder that holds something else.
func reset(folder string) error {
	if _, err := os.Stat(filepath.Join(folder, settingsFile)); errors.Is(err, os.ErrNotExist) {
		if entries, err := os.ReadDir(folder); err == nil && slices.ContainsFunc(entries, foreign) {
			return fmt.Errorf("%s is not a folder of a development stack: nothing was removed", folder)
		}
		return nil
	}
	for _, part := range []string{"postgres", "kafka", "archive", "files", bankFile, localca.File, localca.File + ".lock", settingsFile, seedingFile} {
		if err := os.RemoveAll(filepath.Join(folder, part)); err != nil {
			return fmt.Errorf("reset: %w", err)
		}
	}
	return nil
}

// foreign says that a folder's entry is not the lock we have just made.
func foreign(e os.DirEntry) bool { return e.Name() != lockFile }

// privatePostgres is the folder's server with a migrated database, and the settings that reach it.
type privatePostgres struct {
	pg       *devstack.Postgres
	settings config.Config
}

const devDatabase = "dossier"

// startPostgres starts the folder's Postgres, makes the database at the first start and brings it up to date.
func (a *app) startPostgres(ctx context.Context, folder string, log *slog.Logger) (*privatePostgres, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	pg, err := devstack.StartPostgres(ctx, devstack.PostgresOptions{Dir: filepath.Join(folder, "postgres"), Durable: true, Log: log})
	if err != nil {
		return nil, fmt.Errorf("start Postgres: %w", err)
	}
	settings, err := prepareDatabase(ctx, pg, folder, a.getenv)
	if err != nil {
		pg.Stop()
		return nil, err
	}
	return &privatePostgres{pg, settings}, nil
}

func prepareDatabase(ctx context.Context, pg *devstack.Postgres, folder string, getenv func(string) string) (config.Config, error) {
	root, err := pgx.Connect(ctx, pg.AdminURL)
	if err != nil {
		return config.Config{}, fmt.Errorf("reach Postgres: %w", err)
	}
	defer root.Close(ctx)
	var exists bool
	if err := root.QueryRow(ctx, "select exists (select from pg_database where datname = $1)", devDatabase).Scan(&exists); err != nil {
		return config.Config{}, fmt.Errorf("look for database: %w", err)
	}
	if !exists {
		if _, err := root.Exec(ctx, "create database "+devDatabase); err != nil {
			return config.Config{}, fmt.Errorf("create database: %w", err)
		}
	}
	admin := pg.URL(devstack.Superuser, devDatabase)
	if err := migrations.Up(ctx, admin); err != nil {
		return config.Config{}, fmt.Errorf("migrate: %w", err)
	}
	if err := migrations.Simulated(ctx, admin); err != nil {
		return config.Config{}, fmt.Errorf("make simulated clock: %w", err)
	}
	return devSettings(pg, folder, admin, getenv)
}

// devSettings is what dev runs with and what dev.json tells the other commands. The command key stays with the folder: a
// repeated command must meet the hash it left.
func devSettings(pg *devstack.Postgres, folder, admin string, getenv func(string) string) (config.Config, error) {
	c, err := config.FromEnv(func(string) string { return "" })
	if err != nil {
		return c, err
	}
	c.Codes, c.Timers = getenv("DOSSIER_CODES"), getenv("DOSSIER_TIMERS")
	c.Source, c.ArchiveDir = folder, filepath.Join(folder, "archive")
	c.Database.URL, c.Database.AdminURL = pg.URL("dossier_app", devDatabase), admin
	if old, err := config.Load(filepath.Join(folder, settingsFile)); err == nil {
		c.CommandKey, c.VaultKey = old.CommandKey, old.VaultKey
	}
	if c.VaultKey == "" {
		key := make([]byte, 32)
		if _, err := rand.Read(key); err != nil {
			return c, fmt.Errorf("make vault key: %w", err)
		}
		c.VaultKey = base64.StdEncoding.EncodeToString(key)
	}
	if c.CommandKey == "" {
		key := make([]byte, 32)
		if _, err := rand.Read(key); err != nil {
			return c, fmt.Errorf("make command key: %w", err)
		}
		c.CommandKey = hex.EncodeToString(key)
	}
	c.Signing.LocalCA = folder
	c.Files.BlobURL, c.Files.Clamd = "file://"+filepath.Join(folder, "files"), getenv("CLAMD_ADDR")
	return c, c.Save(filepath.Join(folder, settingsFile))
}

// banner is what a newcomer sees first.
func (a *app) banner(p *process, issuer *localissuer.Server, folder, addr string, took time.Duration) {
	w := a.stdout
	fmt.Fprintf(w, "\ndossier %s, development stack: everything on this machine, anybody may act as anybody. NOT FOR PRODUCTION.\n\n", version())
	row := func(name, value string) { fmt.Fprintf(w, "  %-14s %s\n", name, value) }
	row("pages", "http://"+addr)
	row("API", "http://"+addr+"/docs  (OpenAPI: /openapi.json)")
	row("events", "http://"+addr+"/v1/events?after=0&limit=5")
	row("metrics", "http://"+addr+"/metrics  (/livez, /readyz)")
	row("Kafka", p.cfg.Kafka.Brokers[0]+"  topic "+p.cfg.Kafka.Topic)
	row("Postgres", p.cfg.Database.AdminURL)
	row("registers", p.cfg.Registry.URL+"  (a stub that knows every number: 'dossier look-up ID COMPONENT')")
	row("payments", p.cfg.Payment.URL+"  (a provider of play money: 'dossier money pay')")
	row("identity", issuer.URL()+"  (an issuer of OpenID Connect: 'Sign in' on the pages, with a one-time log-in below)")
	row("signatures", "by a test CA that signs for every account  ('dossier sign', 'dossier signature verify')")
	row("data", folder+"  (kept; 'dossier dev --reset' starts anew)")
	fmt.Fprint(w, "\n  demo logins, for the pages, --as and 'Authorization: Bearer dev:ACCOUNT'; beside them a one-time log-in for the issuer\n")
	for _, account := range p.login.Accounts() {
		fmt.Fprintf(w, "  %-22s %s  %s / %s\n", account.Account, issuer.OneTime(devWho(account.Account, account.Role)), account.VI, account.EN)
	}
	fmt.Fprintf(w, "\n  ready in %.1f s. Ctrl-C stops everything.\n\n", took.Seconds())
}

// startIssuer starts the issuer of a development stack. Each one-time log-in that is used up is followed by another on the screen.
func (a *app) startIssuer(cfg *config.Config) (*localissuer.Server, error) {
	var issuer *localissuer.Server
	cfg.OIDC.Name, cfg.OIDC.ClientID, cfg.OIDC.ClientSecret = "dev", "dossier", rand.Text()
	cfg.OIDC.AccountClaim, cfg.OIDC.LevelClaim, cfg.OIDC.KindClaim, cfg.OIDC.Applicants = "dossier_account", "acr", "account_kind", true
	issuer, err := localissuer.Start(localissuer.Options{ClientID: cfg.OIDC.ClientID, ClientSecret: cfg.OIDC.ClientSecret, Used: func(who localissuer.Who) {
		fmt.Fprintf(a.stdout, "  %-22s %s  (the next one-time log-in)\n", who.Subject, issuer.OneTime(who))
	}})
	if err != nil {
		return nil, err
	}
	cfg.OIDC.Issuer = issuer.URL()
	return issuer, nil
}

// devWho is a demo account as the issuer knows it: staff by its account, who files by its subject alone.
func devWho(account string, role domain.Role) localissuer.Who {
	if role == domain.Applicant {
		return localissuer.Who{Subject: account, Claims: map[string]any{"acr": "2"}}
	}
	return localissuer.Who{Subject: account, Claims: map[string]any{"acr": "2", "dossier_account": account}}
}

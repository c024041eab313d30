package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/urfave/cli/v3"

	"dossier/domain"
	"dossier/eventstore"
	"dossier/eventstore/blobs"
	"dossier/handlers"
	"dossier/internal/config"
	"dossier/projections"
)

// system is what an ordinary command works on: the handlers and views of this process over the database it found.
type system struct {
	cfg      config.Config
	pool     *pgxpool.Pool
	journal  *eventstore.Journal
	views    *projections.Views
	executor *handlers.Executor
	money    *handlers.Money
	store    *blobs.Files    // nil: not set up
	files    *handlers.Files // likewise
	clock    *simClock       // nil in production
	dev      bool            // the database belongs to a development folder: --as is believed
	live     bool            // somebody else runs the roles: views follow by themselves
	stop     func()          // ends what this process started
}

// open finds the database: DATABASE_URL, else the running development stack of the folder, else it starts that stack's
// Postgres for as long as the command runs.
func (a *app) open(ctx context.Context, cmd *cli.Command) (*system, error) {
	cfg, err := config.FromEnv(a.getenv)
	if err != nil {
		return nil, usageError{err}
	}
	if cfg.Database.URL != "" {
		return a.connect(ctx, cfg, &system{live: true})
	}
	folder, err := a.folder(cmd)
	if err != nil {
		return nil, err
	}
	if dev, ok := runningDev(folder); ok {
		return a.connect(ctx, dev, &system{dev: true, live: true})
	}
	return a.borrow(ctx, folder)
}

// borrow starts the folder's Postgres, which nobody runs now, for one command.
func (a *app) borrow(ctx context.Context, folder string) (*system, error) {
	if _, err := os.Stat(filepath.Join(folder, settingsFile)); err != nil {
		return nil, fmt.Errorf("no system to work on: set DATABASE_URL, or start one with 'dossier dev' (looked in %s)", folder)
	}
	p, err := a.startPostgres(ctx, folder, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	s, err := a.connect(ctx, p.settings, &system{dev: true})
	if err != nil {
		p.pg.Stop()
		return nil, err
	}
	inner := s.stop
	s.stop = func() { inner(); p.pg.Stop() }
	return s, nil
}

// connect opens the pool, the journal and the handlers over it.
func (a *app) connect(ctx context.Context, cfg config.Config, s *system) (*system, error) {
	talk := slog.New(slog.NewTextHandler(a.stderr, nil))
	f, err := lay(ctx, cfg, 0, slog.New(slog.DiscardHandler), talk)
	if err != nil {
		return nil, err
	}
	s.cfg, s.pool, s.journal, s.clock, s.store = cfg, f.pool, f.journal, f.clock, f.files
	s.views = projections.NewViews(f.pool, f.journal)
	s.executor = handlers.NewExecutor(f.journal, f.options)
	s.money = handlers.NewMoney(s.executor, providerOf(cfg))
	if s.files, err = filesOf(cfg, s.executor, f.files, talk); err != nil {
		f.close()
		return nil, err
	}
	s.views.Naming(s.executor.Procedures().Names)
	s.stop = f.close
	return s, nil
}

// openPool connects with room for max connections (0: pgx's choice) and says plainly when the database is away.
func openPool(ctx context.Context, url string, max int32) (*pgxpool.Pool, error) {
	c, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, usageError{fmt.Errorf("read DATABASE_URL: %w", err)}
	}
	if max > 0 {
		c.MaxConns = max
	}
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("reach database: %w", err)
	}
	return pool, nil
}

// actor is who acts at the command line. Only a development stack believes --as; real identity comes by token and --server.
func (s *system) actor(cmd *cli.Command) (domain.Actor, error) {
	if !s.dev {
		return domain.Actor{}, errors.New("--as is believed by a development stack only: use the API with a token")
	}
	login := handlers.NewDevLogin().Follow(s.executor)
	account, ok := login.Account(cmd.String("as"))
	if !ok {
		var names []string
		for _, a := range login.Accounts() {
			names = append(names, a.Account)
		}
		return domain.Actor{}, usageError{fmt.Errorf("no demo account %q: say one of %s", cmd.String("as"), strings.Join(names, ", "))}
	}
	return account.Actor(), nil
}

// openAs opens the system for an account that acts. The caller stops it.
func (a *app) openAs(ctx context.Context, cmd *cli.Command) (*system, domain.Actor, error) {
	s, err := a.open(ctx, cmd)
	if err != nil {
		return nil, domain.Actor{}, err
	}
	actor, err := s.actor(cmd)
	if err != nil {
		s.stop()
		return nil, actor, err
	}
	return s, actor, nil
}

// reader is who reads at the command line. What is sent is refused by the executor, which records it.
func (s *system) reader(ctx context.Context, cmd *cli.Command) (domain.Actor, error) {
	actor, err := s.actor(cmd)
	if err != nil {
		return actor, err
	}
	if door, known := handlers.DoorOf(handlers.CLI, cmd.FullName()); known {
		if err := door.May(actor); err != nil {
			return actor, err
		}
	}
	return actor, s.executor.Admits(ctx, actor)
}

// find turns an id or a code into the id of a dossier.
func (s *system) find(ctx context.Context, idOrCode string) (uuid.UUID, error) {
	if id, err := uuid.Parse(idOrCode); err == nil {
		return id, nil
	}
	id, ok, err := s.views.Find(ctx, idOrCode)
	if err != nil {
		return uuid.Nil, fmt.Errorf("look up code: %w", err)
	}
	if !ok {
		return uuid.Nil, fmt.Errorf("look up code %q: %w", idOrCode, handlers.ErrNotFound)
	}
	return id, nil
}

// folder is where a development stack lives.
func (a *app) folder(cmd *cli.Command) (string, error) {
	if dir := cmd.String("data"); dir != "" {
		return filepath.Abs(dir)
	}
	if os.Getuid() == 0 {
		return "/var/lib/dossier-dev", nil // Postgres runs as another user then and could not enter /root
	}
	if dir := a.getenv("XDG_STATE_HOME"); dir != "" {
		return filepath.Join(dir, "dossier"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", usageError{fmt.Errorf("find your state directory: %w; say --data DIR", err)}
	}
	return filepath.Join(home, ".local", "state", "dossier"), nil
}

// lockFile is held by the stack that runs on a folder.
const lockFile = "dev.lock"

// settingsFile is what `dossier dev` leaves in its folder for the other commands.
const settingsFile = "dev.json"

// runningDev returns the settings of the stack that runs on a folder now.
func runningDev(folder string) (config.Config, bool) {
	release, err := holdFolder(folder)
	if err == nil {
		release()
		return config.Config{}, false
	}
	cfg, err := config.Load(filepath.Join(folder, settingsFile))
	return cfg, err == nil && cfg.PID != 0
}

// errHeld says that a stack runs on the folder.
var errHeld = errors.New("held by a running stack")

// holdFolder takes the folder for one stack. The lock goes with the process, however it ends; a process id in a file would not.
func holdFolder(folder string) (release func(), err error) {
	f, err := os.OpenFile(filepath.Join(folder, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return func() {}, nil // no folder, no stack
		}
		return nil, fmt.Errorf("open lock: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, errHeld
	}
	return func() { f.Close() }, nil
}

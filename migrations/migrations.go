// Package migrations is the database as numbered SQL: schemas, tables, functions, roles and grants, added to and never edited.
package migrations

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed *.sql
var files embed.FS

// State is one migration and whether the database has it.
type State struct {
	Version   int64
	Name      string
	Applied   bool
	AppliedAt time.Time
}

// Up brings the database to the newest version. Several processes may call it at once: a session lock lets one through at
// a time, so the URL must not lead through a pooler in transaction mode.
func Up(ctx context.Context, ownerURL string) error {
	return with(ownerURL, func(p *goose.Provider) error {
		_, err := p.Up(ctx)
		return err
	})
}

// Status lists every migration, oldest first.
func Status(ctx context.Context, ownerURL string) (states []State, err error) {
	err = with(ownerURL, func(p *goose.Provider) error {
		all, err := p.Status(ctx)
		for _, s := range all {
			states = append(states, State{s.Source.Version, s.Source.Path, s.State == goose.StateApplied, s.AppliedAt})
		}
		return err
	})
	return states, err
}

func with(ownerURL string, do func(*goose.Provider) error) error {
	db, err := sql.Open("pgx", ownerURL)
	if err != nil {
		return fmt.Errorf("open database to migrate: %w", err)
	}
	defer db.Close()
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return fmt.Errorf("make migration lock: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if err := do(p); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// Pending counts the migrations that the database lacks. The application's role may ask.
func Pending(ctx context.Context, pool *pgxpool.Pool) (int, error) {
	rows, err := pool.Query(ctx, `select version_id from goose_db_version where is_applied`)
	var applied []int64
	if err == nil {
		applied, err = pgx.CollectRows(rows, pgx.RowTo[int64])
	}
	if err != nil && !lacksMigrations(err) {
		return 0, fmt.Errorf("read applied migrations: %w", err)
	}
	has := make(map[int64]bool, len(applied))
	for _, v := range applied {
		has[v] = true
	}
	pending := 0
	for _, v := range versions() {
		if !has[v] {
			pending++
		}
	}
	return pending, nil
}

// lacksMigrations tells a database that was never migrated: the version table is missing, or not ours to read.
func lacksMigrations(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "42P01" || pg.Code == "42501")
}

func versions() []int64 {
	names, _ := fs.Glob(files, "*.sql")
	var all []int64
	for _, name := range names {
		if v, err := goose.NumericComponent(name); err == nil {
			all = append(all, v)
		}
	}
	return all
}

// Fingerprint names the content of all migrations: equal fingerprints make equal databases.
func Fingerprint() string {
	names, _ := fs.Glob(files, "*.sql")
	h := sha256.New()
	for _, name := range names {
		text, _ := files.ReadFile(name)
		fmt.Fprintf(h, "%s %d\n%s", name, len(text), text)
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// simulated append functions, by journal.
var simulated = []struct {
	name, journal string
	lock          int
}{
	{"append_simulated_v2", "events", 1},
	{"append_access_simulated_v2", "access", 2},
}

// Simulated creates append functions that take their clock from the caller, and grants them to the application. Only
// `dossier dev` calls it, to fill a demo with a past. No ordinary migration makes or grants them.
func Simulated(ctx context.Context, ownerURL string) error {
	conn, err := pgx.Connect(ctx, ownerURL)
	if err != nil {
		return fmt.Errorf("connect to simulate a clock: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		for _, s := range simulated {
			if err := makeSimulated(ctx, tx, s.name, s.journal, s.lock); err != nil {
				return fmt.Errorf("make %s: %w", s.name, err)
			}
		}
		if _, err := tx.Exec(ctx, simulatedClock); err != nil {
			return fmt.Errorf("make the simulated clock: %w", err)
		}
		return nil
	})
}

// simulatedClock holds one row for each time that `dossier clock set` put the clock of a development stack ahead; the newest counts.
const simulatedClock = `
	create table if not exists journal.simulated_clock (
	  number bigint      not null generated always as identity,
	  ahead  interval    not null,
	  set_at timestamptz not null default clock_timestamp(),
	  constraint simulated_clock_number primary key (number)
	);
	grant select, insert on journal.simulated_clock to dossier_app`

func makeSimulated(ctx context.Context, tx pgx.Tx, name, journal string, lock int) error {
	// One at a time: two processes may start a demo at once.
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(1685025651, 20)`); err != nil {
		return err
	}
	var exists bool
	if err := tx.QueryRow(ctx, existsFunction, name).Scan(&exists); err != nil || exists {
		return err
	}
	const clock = ",\n  p_clock timestamptz"
	if _, err := tx.Exec(ctx, `select journal.make_append_v2($1, $2, $3, $4, 'p_clock')`, name, journal, lock, clock); err != nil {
		return err
	}
	const grant = `
		do $$
		declare
		  v_function regprocedure;
		begin
		  for v_function in
		    select oid from pg_proc where pronamespace = 'journal'::regnamespace and proname in ('append_simulated_v2', 'append_access_simulated_v2')
		  loop
		    execute format('revoke all on function %s from public', v_function);
		    execute format('grant execute on function %s to dossier_app', v_function);
		  end loop;
		end
		$$`
	_, err := tx.Exec(ctx, grant)
	return err
}

const existsFunction = `select exists (select from pg_proc where pronamespace = 'journal'::regnamespace and proname = $1)`

// HasSimulated says whether the database has append functions with a simulated clock, of whatever version. `serve` refuses to start
// beside them.
func HasSimulated(ctx context.Context, pool *pgxpool.Pool) (exists bool, err error) {
	err = pool.QueryRow(ctx, `
		select exists (
		  select
		    from pg_proc
		   where pronamespace = 'journal'::regnamespace
		     and proname like 'append%simulated%')`).Scan(&exists)
	if err != nil {
		return false, fmt.Errorf("look for a simulated clock: %w", err)
	}
	return exists, nil
}

package projections

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// changeOver tries until nobody is in the way, a query that runs long on a live table must end first, and says how often it tried.
func changeOver(ctx context.Context, owner *pgxpool.Pool, all []*standby) (int, error) {
	const tries = 60
	for try := 1; ; try++ {
		patience := 500
		if try%3 == 0 { // an autovacuum goes out of the way of who waits longer than a second (deadlock_timeout)
			patience = 1500
		}
		err := swap(ctx, owner, all, patience)
		var busy interface{ SQLState() string }
		if err == nil || try == tries || !errors.As(err, &busy) || busy.SQLState() != "55P03" && busy.SQLState() != "40P01" {
			return try, err
		}
		select {
		case <-ctx.Done():
			return try, ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// swap gives the standbys the live tables' names and the live ones the names of those before, in one transaction that holds up the
// projector and the readers only while it runs. It waits so many milliseconds for whoever is in the way.
func swap(ctx context.Context, owner *pgxpool.Pool, all []*standby, patience int) error {
	tx, err := owner.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // after a commit it does nothing
	// Whoever moves a lane waits from here on; readers only from the first rename on.
	if _, err := tx.Exec(ctx, fmt.Sprintf(`set local lock_timeout = %d`, patience)+`; lock table views.checkpoints, views.parked in share row exclusive mode`); err != nil {
		return fmt.Errorf("hold the projector: %w", err)
	}
	var holds, renames []string
	for _, s := range all {
		if err := s.meet(ctx, tx); err != nil {
			return err
		}
		reports, err := reportsOn(ctx, tx, s.live.name)
		if err != nil {
			return err
		}
		for _, r := range reports {
			holds = append(holds, r.hold())
		}
		renames = append(renames, s.renames(reports)...)
	}
	for _, step := range holds {
		if _, err := tx.Exec(ctx, step); err != nil {
			return fmt.Errorf("hold the reporting views: %w", err)
		}
	}
	for _, step := range renames {
		if _, err := tx.Exec(ctx, step); err != nil {
			return fmt.Errorf("change names: %w", err)
		}
	}
	for _, s := range all {
		if err := renameIndexes(ctx, tx, s.live.name, s.live.name+old); err != nil {
			return err
		}
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// meet takes standby and live table to the same place, so that the checkpoints are true of both, and notes what the live one will be.
func (s *standby) meet(ctx context.Context, tx pgx.Tx) error {
	live, at, err := s.reachable(ctx, tx)
	if err != nil {
		return err
	}
	ended, err := s.catchUp(ctx, tx, at)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `
		insert into views.checkpoints (projection, lane, previous, position)
		select $1, l.lane - 1, l.live, l.at
		  from unnest($2::bigint[], $3::bigint[]) with ordinality as l(live, at, lane)
		 where l.live < l.at`, s.live.name, live[:], at[:]); err != nil {
		return fmt.Errorf("move the checkpoints: %w", err)
	}
	if _, err := tx.Exec(ctx, `delete from views.touched where projection = $1`, s.live.name); err != nil {
		return fmt.Errorf("forget what was touched: %w", err)
	}
	// The table that is live until now is true at where it stood.
	if _, err := tx.Exec(ctx, `delete from views.rebuilds where projection = $1`, s.live.name); err != nil {
		return fmt.Errorf("note the change: %w", err)
	}
	_, err = tx.Exec(ctx, `
		insert into views.rebuilds (projection, standby, at, parked, built)
		values ($1, $2, $3, coalesce($4::uuid[], '{}'), true)`, s.live.name, s.live.name+old, live[:], ended)
	if err != nil {
		return fmt.Errorf("note the change: %w", err)
	}
	return nil
}

// renames are the statements that change the tables' names and bind the reporting views to the new one.
func (s *standby) renames(reports []reportingView) []string {
	live, previous := s.live.name, s.live.name+old
	aside := live + "_aside"
	steps := []string{renamed(live, aside), renamed(s.name, live)}
	if s.name != previous {
		steps = append(steps, `drop table if exists views.`+previous)
	}
	steps = append(steps, renamed(aside, previous))
	for _, r := range reports {
		steps = append(steps, r.bind())
	}
	return steps
}

func renamed(from, to string) string { return `alter table views.` + from + ` rename to ` + to }

// A reportingView reads a live table for dashboards and reports.
type reportingView struct {
	name string
	text string // its query, which names the table by its name of now
}

// hold changes nothing; it locks the view, and unlike `lock table` not what lies beneath. A reader locks the view and then the table: who
// held the table first and then came for the view would stand against each reader that is between the two.
func (r reportingView) hold() string { return `alter view ` + r.name + ` reset (security_barrier)` }

// bind binds the view to whatever table has the name by then.
func (r reportingView) bind() string { return `create or replace view ` + r.name + ` as ` + r.text }

func reportsOn(ctx context.Context, tx pgx.Tx, table string) ([]reportingView, error) {
	rows, err := tx.Query(ctx, `
		select distinct format('%I.%I', n.nspname, v.relname), pg_get_viewdef(v.oid)
		  from pg_depend d
		  join pg_rewrite r on r.oid = d.objid
		  join pg_class v on v.oid = r.ev_class
		  join pg_namespace n on n.oid = v.relnamespace
		 where d.classid = 'pg_rewrite'::regclass
		   and d.refobjid = ('views.' || $1)::regclass
		   and v.relkind = 'v'
		 order by 1`, table)
	if err != nil {
		return nil, fmt.Errorf("read the reporting views: %w", err)
	}
	reports, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r reportingView, err error) {
		return r, row.Scan(&r.name, &r.text)
	})
	if err != nil {
		return nil, fmt.Errorf("read the reporting views: %w", err)
	}
	return reports, nil
}

// renameIndexes gives the indexes of the live table their usual names, and those of the one before names that end in _old.
func renameIndexes(ctx context.Context, tx pgx.Tx, live, previous string) error {
	indexes, err := indexNames(ctx, tx, previous)
	if err != nil {
		return err
	}
	fresh, err := indexNames(ctx, tx, live)
	if err != nil {
		return err
	}
	plain := func(name string) string { return strings.TrimSuffix(strings.TrimSuffix(name, next), old) }
	var steps []string
	for _, name := range indexes {
		steps = append(steps, fmt.Sprintf(`alter index views.%s rename to %s_aside`, name, plain(name)))
	}
	for _, name := range fresh {
		if plain(name) != name {
			steps = append(steps, fmt.Sprintf(`alter index views.%s rename to %s`, name, plain(name)))
		}
	}
	for _, name := range indexes {
		steps = append(steps, fmt.Sprintf(`alter index views.%s_aside rename to %s`, plain(name), plain(name)+old))
	}
	for _, step := range steps {
		if _, err := tx.Exec(ctx, step); err != nil {
			return fmt.Errorf("rename indexes: %w", err)
		}
	}
	return nil
}

func indexNames(ctx context.Context, tx pgx.Tx, name string) ([]string, error) {
	rows, err := tx.Query(ctx, `select indexname from pg_indexes where schemaname = 'views' and tablename = $1`, name)
	if err != nil {
		return nil, fmt.Errorf("list indexes: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

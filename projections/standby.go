package projections

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/eventstore"
)

// standby is a table beside a live one: being built, or the one before. It is the owner's; nobody reads it.
type standby struct {
	live  table
	name  string      // of the table, without its schema
	at    lanes       // what it is true at
	ended []uuid.UUID // streams that were parked when they were written
	owner *pgxpool.Pool
	views *Views // the journal, and where the live table stands
}

// Ends of the names of tables beside a live one, and of their indexes.
const (
	next = "_next"
	old  = "_old"
)

// tables are the live tables by projection.
var tables = map[string]table{"dossiers": dossiersTable, "dossier_versions": versionsTable, "history": historyTable}

// ErrNoProjection says that there is no projection of this name.
var ErrNoProjection = errors.New("no such projection: dossiers, dossier_versions or history")

// liveAt is where the live table stands in each lane.
func (s *standby) liveAt(ctx context.Context, q querier) (at lanes, err error) {
	rows, err := q.Query(ctx, `select lane, at from views.newest_v1($1)`, []string{s.live.name})
	if err != nil {
		return at, fmt.Errorf("read where %s stands: %w", s.live.name, err)
	}
	var lane int
	var position int64
	if _, err = pgx.ForEachRow(rows, []any{&lane, &position}, func() error { at[lane] = position; return nil }); err != nil {
		return at, fmt.Errorf("read where %s stands: %w", s.live.name, err)
	}
	return at, nil
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, rows pgx.CopyFromSource) (int64, error)
}

// rowsOf folds streams as far as the table is to be true at, and returns its rows. A stream that the live table could not
// follow ends where it is parked: whoever takes it up again finds it as it was left.
func (s *standby) rowsOf(histories map[uuid.UUID][]eventstore.Event, ids []uuid.UUID, at lanes, parked parked) (all []row, events int64, err error) {
	for _, id := range ids {
		upTo := at[eventstore.Lane(id)]
		if from, is := parked[s.live.name][id]; is {
			upTo = min(upTo, from-1)
		}
		history := histories[id]
		for n, ev := range history {
			if ev.Position > upTo {
				history = history[:n]
				break
			}
		}
		events += int64(len(history))
		if all, err = s.live.fold(all, history); err != nil {
			return nil, 0, fmt.Errorf("stream %s, which is not parked: %w", id, err)
		}
	}
	return all, events, nil
}

// fold adds the rows of one stream.
func (t table) fold(all []row, history []eventstore.Event) ([]row, error) {
	var states []stateRow
	var entries []historyRow
	f := nothing
	for n, ev := range history {
		m, g, err := f.bare(ev)
		if err != nil {
			return nil, err
		}
		f = g
		switch t.name {
		case historyTable.name:
			r, err := historyRowOf(&m)
			if err != nil {
				return nil, err
			}
			entries = append(entries, r)
		case versionsTable.name:
			if err := m.encode(); err != nil {
				return nil, err
			}
			states = append(states, stateRowOf(&m))
		default:
			if n < len(history)-1 {
				continue
			}
			if err := m.encode(); err != nil {
				return nil, err
			}
			states = []stateRow{stateRowOf(&m)}
		}
	}
	return append(append(all, rows(states)...), rows(entries)...), nil
}

// values are a row as COPY takes it.
func (t table) values(r row) []any {
	v := make([]any, len(t.columns))
	for i, name := range t.columns {
		v[i] = r.column(name)
		switch x := v[i].(type) {
		case uuid.UUID:
			v[i] = [16]byte(x)
		case string:
			if name == "code" && x == "" {
				v[i] = nil
			}
		}
	}
	return v
}

func (s *standby) copyIn(ctx context.Context, q querier, all []row) error {
	_, err := q.CopyFrom(ctx, pgx.Identifier{"views", s.name}, s.live.columns,
		pgx.CopyFromSlice(len(all), func(i int) ([]any, error) { return s.live.values(all[i]), nil }))
	if err != nil {
		return fmt.Errorf("fill %s: %w", s.name, err)
	}
	return nil
}

// behind lists the streams with events after what the standby has, up to a later standing.
func (s *standby) behind(ctx context.Context, q querier, at lanes) ([]uuid.UUID, error) {
	low, high := at[0], int64(0)
	for lane := range at {
		low, high = min(low, s.at[lane]), max(high, at[lane])
	}
	rows, err := q.Query(ctx, `
		select distinct e.stream_id
		  from journal.events e
		 where e.position > $1
		   and e.position <= $2
		   and e.position > ($3::bigint[])[e.lane + 1]
		   and e.position <= ($4::bigint[])[e.lane + 1]
		   and e.stream_kind = $5`, low, high, s.at[:], at[:], dossierKind)
	if err != nil {
		return nil, fmt.Errorf("list streams behind: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("list streams behind: %w", err)
	}
	return ids, nil
}

// catchUp takes the standby to where the live table stands, stream by stream: each that moved, or that was or is parked, is
// written anew.
//
// It returns the streams that are parked now. What the standby is true at changes with the commit, not before: a transaction
// that is tried again must write all of it again.
func (s *standby) catchUp(ctx context.Context, tx pgx.Tx, at lanes) (ended []uuid.UUID, err error) {
	ids, err := s.behind(ctx, tx, at)
	if err != nil {
		return nil, err
	}
	parked, err := readParked(ctx, s.views.pool, []string{s.live.name})
	if err != nil {
		return nil, err
	}
	now := slices.Collect(maps.Keys(parked[s.live.name]))
	ids = append(append(ids, s.ended...), now...)
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	ids = slices.Compact(ids)
	for page := range slices.Chunk(ids, verifyPage) {
		histories, err := s.views.journal.Streams(ctx, page)
		if err != nil {
			return nil, err
		}
		all, _, err := s.rowsOf(histories, page, at, parked)
		if err != nil {
			return nil, err
		}
		if _, err := tx.Exec(ctx, `delete from views.`+s.name+` where id = any ($1)`, page); err != nil {
			return nil, fmt.Errorf("empty %s: %w", s.name, err)
		}
		if err := s.copyIn(ctx, tx, all); err != nil {
			return nil, err
		}
	}
	_, err = tx.Exec(ctx, `update views.rebuilds set at = $2, parked = coalesce($3::uuid[], '{}') where standby = $1`, s.name, at[:], now)
	if err != nil {
		return nil, fmt.Errorf("note where %s stands: %w", s.name, err)
	}
	return now, nil
}

// swap gives the standby the live table's name and the live one the name of the one before, in one transaction that holds
// up the projector and the readers only while it runs. It first takes the standby to exactly where the live table stands, so
// the checkpoints are true of both.
func (s *standby) swap(ctx context.Context) error {
	tx, err := s.owner.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // after a commit it does nothing
	// Whoever moves a lane waits from here on; readers only from the first rename on.
	if _, err := tx.Exec(ctx, `set local lock_timeout = '500ms'; lock table views.checkpoints, views.parked in share row exclusive mode`); err != nil {
		return fmt.Errorf("hold the projector: %w", err)
	}
	at, err := s.liveAt(ctx, tx)
	if err != nil {
		return err
	}
	ended, err := s.catchUp(ctx, tx, at)
	if err != nil {
		return err
	}
	reports, err := reportsOn(ctx, tx, s.live.name)
	if err != nil {
		return err
	}
	live, previous := s.live.name, s.live.name+old
	aside := live + "_aside"
	steps := []string{renamed(live, aside), renamed(s.name, live)}
	if s.name == previous {
		steps = append(steps, renamed(aside, previous))
	} else {
		steps = append(steps, `drop table if exists views.`+previous, renamed(aside, previous))
	}
	for _, step := range append(steps, reports...) {
		if _, err := tx.Exec(ctx, step); err != nil {
			return fmt.Errorf("change names: %w", err)
		}
	}
	if err := renameIndexes(ctx, tx, live, previous); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `delete from views.rebuilds where projection = $1`, live); err != nil {
		return fmt.Errorf("note the change: %w", err)
	}
	_, err = tx.Exec(ctx, `
		insert into views.rebuilds (projection, standby, at, parked, built)
		values ($1, $2, $3, coalesce($4::uuid[], '{}'), true)`, live, previous, at[:], ended)
	if err != nil {
		return fmt.Errorf("note the change: %w", err)
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func renamed(from, to string) string { return `alter table views.` + from + ` rename to ` + to }

// reportsOn are the statements that bind the reporting views to whatever table has this name by then.
func reportsOn(ctx context.Context, tx pgx.Tx, name string) ([]string, error) {
	rows, err := tx.Query(ctx, `
		select distinct format('create or replace view %I.%I as %s', n.nspname, v.relname, pg_get_viewdef(v.oid))
		  from pg_depend d
		  join pg_rewrite r on r.oid = d.objid
		  join pg_class v on v.oid = r.ev_class
		  join pg_namespace n on n.oid = v.relnamespace
		 where d.classid = 'pg_rewrite'::regclass
		   and d.refobjid = ('views.' || $1)::regclass
		   and v.relkind = 'v'`, name)
	if err != nil {
		return nil, fmt.Errorf("read the reporting views: %w", err)
	}
	statements, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("read the reporting views: %w", err)
	}
	return statements, nil
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

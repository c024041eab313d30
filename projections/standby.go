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
)

// standby is a table beside a live one: being built, or the one before. It is the owner's; nobody reads it.
type standby struct {
	projection string
	live       table
	name       string        // of the table, without its schema
	at         lanes         // what it is true at
	parked     parked        // now
	ended      []uuid.UUID   // streams that were parked when they were written
	in         [parts]*built // the shares that are in
	owner      *pgxpool.Pool
	views      *Views // the journal, and where the live table stands
}

// Ends of the names of tables beside a live one, and of their indexes.
const (
	next = "_next"
	old  = "_old"
)

// ErrNoProjection says that there is no projection of this name.
var ErrNoProjection = errors.New("no such projection: dossiers, dossier_versions, history or timers")

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

// reachable is where the live table stands, in no lane before the standby: that stands ahead when the live one was never fed.
func (s *standby) reachable(ctx context.Context, q querier) (live, at lanes, err error) {
	if live, err = s.liveAt(ctx, q); err != nil {
		return live, at, err
	}
	for lane := range at {
		at[lane] = max(live[lane], s.at[lane])
	}
	return live, at, nil
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// target is what the standby should hold of streams, as it stands or is to stand. A stream that the live table could not follow ends
// where it is parked: whoever takes it up again finds it as it was left.
func (s *standby) target(at lanes, parked parked) *target {
	t := &target{table: s.live, at: at, parked: parked[s.live.name]}
	t.table.name = s.name
	return t
}

func (t *target) write(ctx context.Context, conn *pgx.Conn) error {
	defer t.empty()
	return t.copyIn(ctx, conn, t.table.name, strings.Join(t.table.columns, ", "))
}

// writeChecked is write, and a look at what the table then has of these streams, in the order in which they were folded.
func (t *target) writeChecked(ctx context.Context, conn *pgx.Conn, ids []uuid.UUID) error {
	want := bytes.Clone(t.b)
	if err := t.write(ctx, conn); err != nil {
		return err
	}
	defer t.empty()
	if err := t.copyOut(ctx, conn, t.table.of(ids)); err != nil {
		return fmt.Errorf("read %s back: %w", t.table.name, err)
	}
	if !bytes.Equal(t.b, want) {
		return fmt.Errorf("%s does not have the rows that were written to it", t.table.name)
	}
	return nil
}

// load reads what the standby is true at, if there is one.
func (s *standby) load(ctx context.Context) (there bool, err error) {
	var at []int64
	err = s.owner.QueryRow(ctx, `
		select r.at, r.parked
		  from views.rebuilds r
		 where r.standby = $1
		   and to_regclass('views.' || r.standby) is not null`, s.name).Scan(&at, &s.ended)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the state of %s: %w", s.name, err)
	}
	return copy(s.at[:], at) == len(s.at), nil
}

// begin goes on with a table that is being built, or makes an empty one. It is built without indexes, which costs a third.
func (s *standby) begin(ctx context.Context, restart bool) (resumed bool, err error) {
	if !restart {
		if there, err := s.load(ctx); there || err != nil {
			return there, err
		}
	}
	if s.at, err = s.liveAt(ctx, s.views.pool); err != nil {
		return false, err
	}
	if s.at == (lanes{}) { // never fed: a new version's table, which is to be made up to the journal's end
		head, err := s.views.journal.Head(ctx)
		if err != nil {
			return false, err
		}
		for lane := range s.at {
			s.at[lane] = head
		}
	}
	err = pgx.BeginFunc(ctx, s.owner, func(tx pgx.Tx) error {
		for _, statement := range []string{
			`drop table if exists views.` + s.name,
			`create table views.` + s.name + ` (like views.` + s.live.name + ` including defaults including storage including compression including comments) with (autovacuum_enabled = false)`,
			`grant select, insert, update, delete, truncate on views.` + s.name + ` to dossier_app`,
		} {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `delete from views.rebuilt_parts where standby = $1`, s.name); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `
			insert into views.rebuilds (projection, standby, at) values ($1, $2, $3)
			    on conflict (standby) do update set at = excluded.at, built = false, started_at = clock_timestamp()`, s.live.name, s.name, s.at[:])
		return err
	})
	if err != nil {
		return false, fmt.Errorf("make %s: %w", s.name, err)
	}
	return false, nil
}

// addKey gives the standby the live table's primary key, by which it can be read in order.
func (s *standby) addKey(ctx context.Context) error {
	return pgx.BeginFunc(ctx, s.owner, func(tx pgx.Tx) error {
		return s.like(ctx, tx, `
			select format('alter table views.%I add constraint %I %s', $2::text, x.relname || '_next', pg_get_constraintdef(c.oid))
			  from pg_index i
			  join pg_class x on x.oid = i.indexrelid
			  join pg_constraint c on c.conindid = i.indexrelid
			 where i.indrelid = ('views.' || $1)::regclass
			   and to_regclass('views.' || x.relname || '_next') is null`)
	})
}

// addIndexes gives the standby the live table's other indexes, its triggers and its storage parameters.
func (s *standby) addIndexes(ctx context.Context) error {
	return pgx.BeginFunc(ctx, s.owner, func(tx pgx.Tx) error {
		var built bool
		if err := tx.QueryRow(ctx, `select built from views.rebuilds where standby = $1 for update`, s.name).Scan(&built); err != nil || built {
			return err
		}
		err := s.like(ctx, tx, `
			select replace(replace(pg_get_indexdef(i.indexrelid), ' INDEX ' || x.relname || ' ', ' INDEX ' || x.relname || '_next '),
			               ' ON views.' || $1 || ' ', ' ON views.' || $2 || ' ')
			  from pg_index i
			  join pg_class x on x.oid = i.indexrelid
			 where i.indrelid = ('views.' || $1)::regclass
			   and not exists (select from pg_constraint c where c.conindid = i.indexrelid)
			 union all
			select replace(pg_get_triggerdef(t.oid), ' ON views.' || $1 || ' ', ' ON views.' || $2 || ' ')
			  from pg_trigger t
			 where t.tgrelid = ('views.' || $1)::regclass
			   and not t.tgisinternal
			 union all
			select format('alter table views.%I set (%s)', $2, array_to_string(c.reloptions, ', '))
			  from pg_class c
			 where c.oid = ('views.' || $1)::regclass
			   and c.reloptions is not null`)
		if err != nil {
			return err
		}
		analyze := `analyze views.` + s.name
		if !s.live.latest {
			analyze += ` (id, version)` // what it is read by; autovacuum will look at the rest
		}
		for _, statement := range []string{analyze, `alter table views.` + s.name + ` reset (autovacuum_enabled)`} {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return fmt.Errorf("index %s: %w", s.name, err)
			}
		}
		_, err = tx.Exec(ctx, `update views.rebuilds set built = true where standby = $1`, s.name)
		return err
	})
}

// like runs the statements that a query makes from the live table's name and the standby's.
func (s *standby) like(ctx context.Context, tx pgx.Tx, query string) error {
	rows, err := tx.Query(ctx, query, s.live.name, s.name)
	if err != nil {
		return fmt.Errorf("read the indexes of %s: %w", s.live.name, err)
	}
	statements, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("read the indexes of %s: %w", s.live.name, err)
	}
	for _, statement := range statements {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return fmt.Errorf("index %s: %w", s.name, err)
		}
	}
	return nil
}

// approach catches up in transactions of their own until little is left for the last one, which holds everybody up.
func (s *standby) approach(ctx context.Context) error {
	for range 20 {
		_, at, err := s.reachable(ctx, s.views.pool)
		if err != nil {
			return err
		}
		ids, err := s.behind(ctx, s.views.pool, at)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			return nil
		}
		var ended []uuid.UUID
		err = pgx.BeginFunc(ctx, s.owner, func(tx pgx.Tx) (err error) { ended, err = s.catchUp(ctx, tx, at); return err })
		if err != nil {
			return err
		}
		s.at, s.ended = at, ended
		if len(ids) < catchUpPage {
			return nil
		}
	}
	return nil
}

// behind lists the streams with events after what the standby has, up to a later standing.
func (s *standby) behind(ctx context.Context, q querier, at lanes) ([]uuid.UUID, error) {
	rows, err := q.Query(ctx, `
		select distinct e.stream_id
		  from journal.events e
		 where e.position > $1
		   and e.position <= $2
		   and e.position > ($3::bigint[])[e.lane + 1]
		   and e.position <= ($4::bigint[])[e.lane + 1]
		   and e.stream_kind = $5`, slices.Min(s.at[:]), at.highest(), s.at[:], at[:], dossierKind)
	if err != nil {
		return nil, fmt.Errorf("list streams behind: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("list streams behind: %w", err)
	}
	return ids, nil
}

// asProjector keeps what is written in a transaction from counting as written by hand: the table before a change is watched as well.
const asProjector = `set local dossier.projector = 'on'`

// catchUpPage is how many streams are written anew at once.
const catchUpPage = 200

// catchUp takes the standby to where the live table stands, stream by stream: each that moved, or that was or is parked, is
// written anew, read back and compared.
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
	if _, err := tx.Exec(ctx, asProjector); err != nil {
		return nil, err
	}
	now := slices.Collect(maps.Keys(parked[s.live.name]))
	ids = append(append(ids, s.ended...), now...)
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	ids = slices.Compact(ids)
	rows := s.target(at, parked)
	for page := range slices.Chunk(ids, catchUpPage) {
		histories, err := s.views.journal.Streams(ctx, page)
		if err != nil {
			return nil, err
		}
		for _, id := range page {
			if _, err := fold(histories[id], []*target{rows}); err != nil {
				return nil, fmt.Errorf("%w; it is not parked", err)
			}
		}
		if _, err := tx.Exec(ctx, `delete from views.`+s.name+` where id = any ($1)`, page); err != nil {
			return nil, fmt.Errorf("empty %s: %w", s.name, err)
		}
		if err := rows.writeChecked(ctx, tx.Conn(), page); err != nil {
			return nil, err
		}
	}
	_, err = tx.Exec(ctx, `update views.rebuilds set at = $2, parked = coalesce($3::uuid[], '{}') where standby = $1`, s.name, at[:], now)
	if err != nil {
		return nil, fmt.Errorf("note where %s stands: %w", s.name, err)
	}
	return now, nil
}

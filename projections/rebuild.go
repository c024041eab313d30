package projections

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"
)

// parts is how many shares of the streams are built and noted one by one.
const parts = 256

// Rebuilder makes a projection's table anew while the live one serves.
type Rebuilder struct {
	Owner    *pgxpool.Pool // the role that owns the tables
	Views    *Views        // the application's
	Workers  int           // shares built at a time, default 2
	Restart  bool          // throw away what a rebuild that was stopped has built
	Progress func(done, total int64)
	Step     func(what string)
}

// Rebuilt says what a rebuild did.
type Rebuilt struct {
	Projection string        `json:"projection"`
	Events     int64         `json:"events"`   // folded in this run
	Resumed    bool          `json:"resumed"`  // a rebuild that was stopped went on
	Compared   int64         `json:"compared"` // rows of the new table that are what a fold says, all of them
	Took       time.Duration `json:"took"`
}

// Rebuild builds the table beside the live one straight from the journal, compares every row with a fold, and changes their
// names. Commands and queries go on; the old table stays for Rollback. Stopped at any moment it leaves the live table as it
// was, and the next call goes on.
func (r Rebuilder) Rebuild(ctx context.Context, name string) (Rebuilt, error) {
	began := time.Now()
	s, release, err := r.open(ctx, name, next)
	if err != nil {
		return Rebuilt{}, err
	}
	defer release()
	done := Rebuilt{Projection: name}
	if done.Resumed, err = s.begin(ctx, r.Restart); err != nil {
		return done, err
	}
	r.step("reading the journal")
	if done.Events, err = r.fill(ctx, s); err != nil {
		return done, err
	}
	r.step("building the indexes")
	if err := s.index(ctx); err != nil {
		return done, err
	}
	if err := s.approach(ctx); err != nil {
		return done, err
	}
	r.step("comparing every row with a fold")
	if done.Compared, err = r.compare(ctx, s); err != nil {
		return done, err
	}
	r.step("changing over")
	if err := s.changeOver(ctx); err != nil {
		return done, err
	}
	done.Took = time.Since(began)
	return done, nil
}

// Rollback takes the table from before the last change back, caught up with everything since.
func (r Rebuilder) Rollback(ctx context.Context, name string) error {
	s, release, err := r.open(ctx, name, old)
	if err != nil {
		return err
	}
	defer release()
	there, err := s.load(ctx)
	if err != nil {
		return err
	}
	if !there {
		return fmt.Errorf("there is no table from before a rebuild of %s", name)
	}
	if err := s.approach(ctx); err != nil {
		return err
	}
	return s.changeOver(ctx)
}

func (r Rebuilder) step(what string) {
	if r.Step != nil {
		r.Step(what)
	}
}

// open names the standby and keeps a second rebuild of the same projection out.
func (r Rebuilder) open(ctx context.Context, name, end string) (s *standby, release func(), err error) {
	live, known := tables[name]
	if !known {
		return nil, nil, fmt.Errorf("%w, not %q", ErrNoProjection, name)
	}
	conn, err := r.Owner.Acquire(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("connect: %w", err)
	}
	var alone bool
	err = conn.QueryRow(ctx, `select pg_try_advisory_lock(hashtext('dossier rebuild'), hashtext($1))`, name).Scan(&alone)
	if err == nil && !alone {
		err = fmt.Errorf("another rebuild of %s is under way", name)
	}
	if err != nil {
		conn.Release()
		return nil, nil, err
	}
	release = func() {
		_, _ = conn.Exec(context.WithoutCancel(ctx), `select pg_advisory_unlock(hashtext('dossier rebuild'), hashtext($1))`, name)
		conn.Release()
	}
	return &standby{live: live, name: live.name + end, owner: r.Owner, views: r.Views}, release, nil
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
	err = pgx.BeginFunc(ctx, s.owner, func(tx pgx.Tx) error {
		for _, statement := range []string{
			`drop table if exists views.` + s.name,
			`create table views.` + s.name + ` (like views.` + s.live.name + ` including defaults including storage including comments)`,
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

// fill builds the shares that are not in yet, some at a time. Each is one transaction with the row that says it is in.
func (r Rebuilder) fill(ctx context.Context, s *standby) (events int64, err error) {
	rows, err := r.Owner.Query(ctx, `select part, events from views.rebuilt_parts where standby = $1`, s.name)
	if err != nil {
		return 0, fmt.Errorf("read what is built: %w", err)
	}
	var in [parts]bool
	var part int
	var before, had int64
	if _, err = pgx.ForEachRow(rows, []any{&part, &had}, func() error { in[part], before = true, before+had; return nil }); err != nil {
		return 0, fmt.Errorf("read what is built: %w", err)
	}
	parked, err := s.noteParked(ctx)
	if err != nil {
		return 0, err
	}
	var total int64
	for _, at := range s.at {
		total = max(total, at)
	}
	var folded atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(r.Workers, 2))
	for part := range parts {
		if in[part] {
			continue
		}
		g.Go(func() error {
			return s.fillPart(ctx, part, parked, func(n int64) {
				if n := folded.Add(n); r.Progress != nil {
					r.Progress(min(before+n, total), total)
				}
			})
		})
	}
	err = g.Wait()
	return folded.Load(), err
}

func (s *standby) fillPart(ctx context.Context, part int, parked parked, folded func(int64)) error {
	return pgx.BeginFunc(ctx, s.owner, func(tx pgx.Tx) error {
		var sum int64
		err := s.eachPage(ctx, part, func(ids []uuid.UUID, _, _ uuid.UUID) error {
			histories, err := s.views.journal.Streams(ctx, ids)
			if err != nil {
				return err
			}
			all, events, err := s.rowsOf(histories, ids, s.at, parked)
			if err != nil {
				return err
			}
			sum += events
			folded(events)
			return s.copyIn(ctx, tx, all)
		})
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `insert into views.rebuilt_parts (standby, part, events) values ($1, $2, $3)`, s.name, part, sum); err != nil {
			return fmt.Errorf("note a share of %s: %w", s.name, err)
		}
		return nil
	})
}

// noteParked remembers which streams are parked now: they are written again when the standby catches up.
func (s *standby) noteParked(ctx context.Context) (parked, error) {
	now, err := readParked(ctx, s.views.pool, []string{s.live.name})
	if err != nil {
		return nil, err
	}
	s.ended = append(s.ended, slices.Collect(maps.Keys(now[s.live.name]))...)
	if len(s.ended) == 0 {
		return now, nil
	}
	if _, err := s.owner.Exec(ctx, `update views.rebuilds set parked = $2 where standby = $1`, s.name, s.ended); err != nil {
		return nil, fmt.Errorf("note parked streams: %w", err)
	}
	return now, nil
}

// eachPage goes through the streams of a share, a page at a time: those after one id up to another.
func (s *standby) eachPage(ctx context.Context, part int, do func(ids []uuid.UUID, after, last uuid.UUID) error) error {
	after, end := uuid.Nil, uuid.Max
	if part > 0 {
		after = uuid.Max
		after[0] = byte(part - 1)
	}
	end[0] = byte(part)
	for {
		ids, err := s.views.streams(ctx, after, end, verifyPage)
		if err != nil {
			return err
		}
		last := end
		if len(ids) == verifyPage {
			last = ids[len(ids)-1]
		}
		if err := do(ids, after, last); err != nil || len(ids) < verifyPage {
			return err
		}
		after = last
	}
}

// index gives the standby the live table's constraints and indexes.
func (s *standby) index(ctx context.Context) error {
	return pgx.BeginFunc(ctx, s.owner, func(tx pgx.Tx) error {
		var built bool
		if err := tx.QueryRow(ctx, `select built from views.rebuilds where standby = $1 for update`, s.name).Scan(&built); err != nil || built {
			return err
		}
		rows, err := tx.Query(ctx, `
			select case when c.oid is not null
			            then format('alter table views.%I add constraint %I %s', $2::text, x.relname || '_next', pg_get_constraintdef(c.oid))
			            else replace(replace(pg_get_indexdef(i.indexrelid), ' INDEX ' || x.relname || ' ', ' INDEX ' || x.relname || '_next '),
			                         ' ON views.' || $1 || ' ', ' ON views.' || $2 || ' ')
			        end
			  from pg_index i
			  join pg_class x on x.oid = i.indexrelid
			  left join pg_constraint c on c.conindid = i.indexrelid
			 where i.indrelid = ('views.' || $1)::regclass`, s.live.name, s.name)
		if err != nil {
			return fmt.Errorf("read the indexes of %s: %w", s.live.name, err)
		}
		statements, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return fmt.Errorf("read the indexes of %s: %w", s.live.name, err)
		}
		statements = append(statements, `analyze views.`+s.name)
		for _, statement := range statements {
			if _, err := tx.Exec(ctx, strings.TrimSpace(statement)); err != nil {
				return fmt.Errorf("index %s: %w", s.name, err)
			}
		}
		_, err = tx.Exec(ctx, `update views.rebuilds set built = true where standby = $1`, s.name)
		return err
	})
}

// approach catches up in transactions of their own until little is left for the last one, which holds everybody up.
func (s *standby) approach(ctx context.Context) error {
	for range 20 {
		at, err := s.liveAt(ctx, s.views.pool)
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
		if len(ids) < verifyPage {
			return nil
		}
	}
	return nil
}

// changeOver tries until nobody is in the way: a query that runs long on the live table must end first.
func (s *standby) changeOver(ctx context.Context) error {
	const tries = 60
	for try := 1; ; try++ {
		err := s.swap(ctx)
		var busy interface{ SQLState() string }
		if err == nil || try == tries || !errors.As(err, &busy) || busy.SQLState() != "55P03" && busy.SQLState() != "40P01" {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// compare holds every row of the standby against a fold of its stream, cut where the standby stands.
func (r Rebuilder) compare(ctx context.Context, s *standby) (compared int64, err error) {
	parked, err := readParked(ctx, r.Views.pool, []string{s.live.name})
	if err != nil {
		return 0, err
	}
	for _, id := range s.ended { // what was let go since stays as it was written
		if _, is := parked[s.live.name][id]; !is {
			parked.add(s.live.name, parking{stream: id, position: 0})
		}
	}
	var sum atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(r.Workers, 2))
	for part := range parts {
		g.Go(func() error {
			return s.eachPage(ctx, part, func(ids []uuid.UUID, after, last uuid.UUID) error {
				n, err := s.comparePage(ctx, ids, after, last, parked)
				sum.Add(n)
				return err
			})
		})
	}
	err = g.Wait()
	return sum.Load(), err
}

func (s *standby) comparePage(ctx context.Context, ids []uuid.UUID, after, last uuid.UUID, parked parked) (compared int64, err error) {
	histories, err := s.views.journal.Streams(ctx, ids)
	if err != nil {
		return 0, err
	}
	want, _, err := s.rowsOf(histories, ids, s.at, parked)
	if err != nil {
		return 0, err
	}
	has := table{s.name, s.live.columns}
	var got []row
	err = s.views.read(ctx, func(tx pgx.Tx) (err error) {
		if s.live.name == historyTable.name {
			got, err = listed[historyRow](ctx, tx, has, after, last)
		} else {
			got, err = listed[stateRow](ctx, tx, has, after, last)
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", s.name, err)
	}
	expected, found := byID(want), byID(got)
	for id := range found {
		if _, is := expected[id]; !is {
			expected[id] = nil
		}
	}
	for id, rows := range expected {
		if _, left := parked[s.live.name][id]; left {
			continue
		}
		if d := has.compare(rows, found[id]); d != nil {
			return 0, fmt.Errorf("the new table is wrong, the live one stays: %s", d)
		}
		compared += int64(len(rows))
	}
	return compared, nil
}

func listed[R stateRow | historyRow](ctx context.Context, tx pgx.Tx, t table, after, last uuid.UUID) (all []row, err error) {
	byStream, err := tableRows[R](ctx, tx, t, after, last)
	for _, list := range byStream {
		all = append(all, rows(list)...)
	}
	return all, err
}

func byID(all []row) map[uuid.UUID][]row {
	by := map[uuid.UUID][]row{}
	for _, r := range all {
		id := r.column("id").(uuid.UUID)
		by[id] = append(by[id], r)
	}
	return by
}

package projections

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"dossier/domain/dossier"
)

// Timers is what dossiers wait for: one row per timer that runs. A dossier that waits for nothing has none.
type Timers struct{}

// Name is part of the table's name.
func (Timers) Name() string { return "timers" }

// Version is part of the table's name.
func (Timers) Version() int { return 1 }

const timersDelete = `
delete from views.timers_v1 t
 using unnest($1::uuid[], $2::text[], $3::bigint[]) as gone(id, kind, number)
 where t.id = gone.id
   and t.kind = gone.kind
   and t.number = gone.number`

// Apply takes away the timers that do not run any more and adds those that begin. What stays is not touched: most events change nothing
// here, and write nothing.
func (Timers) Apply(ctx context.Context, f *flight, moments []Moment) error {
	var ids pgtype.FlatArray[pgtype.UUID]
	var kinds []string
	var numbers []int64
	f.rows.empty()
	for _, s := range streamsOf(moments) {
		id := s[0].Event.StreamID
		was, is := timerRowsOf(id, s[0].Before), timerRowsOf(id, s[len(s)-1].After)
		for _, t := range was {
			if !slices.Contains(is, t) {
				ids, kinds, numbers = append(ids, pgtype.UUID{Bytes: id, Valid: true}), append(kinds, t.Kind), append(numbers, t.Number)
			}
		}
		for i := range is {
			if !slices.Contains(was, is[i]) {
				f.rows.timer(&is[i])
			}
		}
	}
	if len(ids) > 0 {
		f.exec(ctx, timersDelete, ids, kinds, numbers)
	}
	if f.rows.n > 0 {
		f.send(ctx, timersTable)
	}
	return nil
}

// timerRow is what a timer is as a row of views.timers_v1.
type timerRow struct {
	ID      uuid.UUID          `db:"id"`
	Kind    string             `db:"kind"`
	Number  int64              `db:"number"`
	Started pgtype.Timestamptz `db:"started"`
	Due     pgtype.Timestamptz `db:"due"`
	Limited string             `db:"limited"`
}

// timerRowsOf are in the order of the table's key.
func timerRowsOf(id uuid.UUID, s *dossier.State) []timerRow {
	timers := s.Timers()
	if len(timers) == 0 {
		return nil
	}
	rows := make([]timerRow, len(timers))
	for i, t := range timers {
		rows[i] = timerRow{ID: id, Kind: string(t.Kind), Number: int64(t.Number), Started: stamp(t.From, pgtype.NegativeInfinity), Due: stamp(t.Due, pgtype.Infinity)}
		if t.Due.IsZero() {
			rows[i].Limited = t.Limit.String()
		}
	}
	slices.SortFunc(rows, func(a, b timerRow) int {
		if a.Kind != b.Kind {
			return strings.Compare(a.Kind, b.Kind)
		}
		return int(a.Number - b.Number)
	})
	return rows
}

func (t *tuples) timer(r *timerRow) {
	t.begin(len(timersTable.columns))
	t.uuid(r.ID)
	t.text(r.Kind)
	t.int64(r.Number)
	t.instants(r.Started, r.Due)
	t.text(r.Limited)
}

// UsedUp lists dossiers that have a timer to be looked at: a share of its limit is used up, or nobody has looked yet. The longest
// waiting come first.
func (v *Views) UsedUp(ctx context.Context, now time.Time, limit int) ([]uuid.UUID, error) {
	rows, err := v.pool.Query(ctx, `
		select t.id
		  from views.timers_v1 t
		 where t.next_at <= $1
		   and t.next_at < 'infinity'
		 order by t.next_at
		 limit $2`, now, limit)
	if err != nil {
		return nil, fmt.Errorf("list timers that are used up: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("list timers that are used up: %w", err)
	}
	seen := map[uuid.UUID]bool{}
	return slices.DeleteFunc(ids, func(id uuid.UUID) bool { twice := seen[id]; seen[id] = true; return twice }), nil
}

// TimerRows returns the timers of these dossiers as the projection has them now: kind, number, beginning and due date.
func (v *Views) TimerRows(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID][]dossier.Timer, error) {
	rows, err := v.pool.Query(ctx, `
		select t.id, t.kind, t.number, t.started, nullif(t.due, 'infinity')
		  from views.timers_v1 t
		 where t.id = any ($1)`, ids)
	if err != nil {
		return nil, fmt.Errorf("read timers: %w", err)
	}
	all := map[uuid.UUID][]dossier.Timer{}
	var id uuid.UUID
	var t dossier.Timer
	var due *time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &t.Kind, &t.Number, &t.From, &due}, func() error {
		if t.Due = (time.Time{}); due != nil {
			t.Due = *due
		}
		all[id] = append(all[id], t)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read timers: %w", err)
	}
	return all, nil
}

// Plan is when somebody is told next of a timer; the zero time: nothing is left to tell.
type Plan struct {
	ID    uuid.UUID
	Timer dossier.Timer
	Next  time.Time
}

// SavePlans notes them, found by these rules and this calendar. A row that is another by now, or that somebody else is writing, keeps what it
// has: it is looked at again. Two timekeepers at the same rows would else wait for each other for ever.
// Timers are given as the facts have them, not dated by a calendar.
func (v *Views) SavePlans(ctx context.Context, by string, plans []Plan) error {
	if len(plans) == 0 {
		return nil
	}
	var ids []uuid.UUID
	var kinds []string
	var numbers []int64
	var started, due, nexts []pgtype.Timestamptz
	for _, p := range plans {
		ids, kinds, numbers = append(ids, p.ID), append(kinds, string(p.Timer.Kind)), append(numbers, int64(p.Timer.Number))
		started, due = append(started, stamp(p.Timer.From, pgtype.NegativeInfinity)), append(due, stamp(p.Timer.Due, pgtype.Infinity))
		nexts = append(nexts, stamp(p.Next, pgtype.Infinity))
	}
	_, err := v.pool.Exec(ctx, `
		with held as (
		  select t.id, t.kind, t.number, p.next_at
		    from views.timers_v1 t
		    join unnest($1::uuid[], $2::text[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[])
		         as p(id, kind, number, started, due, next_at)
		      on t.id = p.id
		     and t.kind = p.kind
		     and t.number = p.number
		     and t.started = p.started
		     and t.due = p.due
		     and (t.next_at, t.planned) is distinct from (p.next_at, $7)
		     for no key update of t skip locked)
		update views.timers_v1 t
		   set next_at = h.next_at, planned = $7
		  from held h
		 where t.id = h.id
		   and t.kind = h.kind
		   and t.number = h.number`, ids, kinds, numbers, started, due, nexts, by)
	if err != nil {
		return fmt.Errorf("note when timers are told next: %w", err)
	}
	return nil
}

// PlannedOtherwise lists dossiers after an id that have a timer whose next moment was found by other rules or another calendar.
func (v *Views) PlannedOtherwise(ctx context.Context, by string, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	rows, err := v.pool.Query(ctx, `
		select distinct t.id
		  from views.timers_v1 t
		 where t.id > $2
		   and t.planned <> $1
		 order by t.id
		 limit $3`, by, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list timers planned by other rules: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("list timers planned by other rules: %w", err)
	}
	return ids, nil
}

// Waiting says how many timers are used up and not told, and since when the oldest of them has waited. It counts no further than a
// limit.
func (v *Views) Waiting(ctx context.Context, now time.Time, limit int) (n int64, oldest time.Time, err error) {
	var at *time.Time
	err = v.pool.QueryRow(ctx, `
		select count(*), min(case when isfinite(w.next_at) then w.next_at else w.started end)
		  from (
		    select t.next_at, t.started
		      from views.timers_v1 t
		     where t.next_at <= $1
		       and t.next_at < 'infinity'
		     order by t.next_at
		     limit $2) w`, now, limit).Scan(&n, &at)
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("count timers that wait: %w", err)
	}
	if at != nil {
		oldest = at.UTC()
	}
	return n, oldest, nil
}

// TimerFilter says which timers. Empty fields ask for nothing.
type TimerFilter struct {
	Kind  dossier.TimerKind
	Unit  string // who has the dossier
	ID    uuid.UUID
	Until time.Time // told next until then
	Limit int       // 1 to 500, default 50
	Sight Sight     // of whoever asks
}

// TimerEntry is a timer in a list, with the state of its dossier as it was read.
type TimerEntry struct {
	ID     uuid.UUID
	Kind   dossier.TimerKind
	Number int
	NextAt time.Time // zero: nobody has looked yet, or nothing is left to tell
	State  dossier.State
}

// Timers lists what runs, what is told next first; what nobody has looked at yet comes before, where nothing is left to tell behind.
func (v *Views) Timers(ctx context.Context, f TimerFilter) ([]TimerEntry, error) {
	f.Limit = or(f.Limit, defaultLimit)
	if err := limited(f.Limit); err != nil {
		return nil, err
	}
	c := &conditions{}
	shown, err := v.shownSets(ctx, f.Sight)
	if err != nil {
		return nil, err
	}
	c.sight(shown, "d")
	if f.Kind != "" {
		c.add(`t.kind = ?`, string(f.Kind))
	}
	if f.Unit != "" {
		c.add(`d.unit = ?`, f.Unit)
	}
	if f.ID != uuid.Nil {
		c.add(`t.id = ?`, f.ID)
	}
	if !f.Until.IsZero() {
		c.add(`t.next_at <= ?`, f.Until)
	}
	var all []TimerEntry
	err = v.read(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			select t.id, t.kind, t.number, case when isfinite(t.next_at) then t.next_at end, d.state
			  from views.timers_v1 t
			  join views.dossiers_v1 d on d.id = t.id`+c.where()+`
			 order by t.next_at, t.id, t.kind, t.number
			 limit `+c.arg(f.Limit), c.args...)
		if err != nil {
			return err
		}
		all, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (e TimerEntry, err error) {
			var next *time.Time
			if err = row.Scan(&e.ID, &e.Kind, &e.Number, &next, &e.State); next != nil {
				e.NextAt = next.UTC()
			}
			return e, err
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list timers: %w", err)
	}
	return all, nil
}

// Contested lists dossiers after an id that bear an open complaint, in the order of ids.
func (v *Views) Contested(ctx context.Context, after uuid.UUID, limit int) ([]Row, error) {
	rows, err := v.pool.Query(ctx, `
		select `+rowColumns+`
		  from `+now+`
		 where d.id > $1
		   and exists (
		     select
		       from views.timers_v1 t
		      where t.id = d.id
		        and t.kind = 'complaint')
		 order by d.id
		 limit $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list contested dossiers: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanRow)
	if err != nil {
		return nil, fmt.Errorf("list contested dossiers: %w", err)
	}
	return list, nil
}

package projections

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dossier/domain/dossier"
)

var everyProjection = []string{"dossiers", "dossier_versions", "history", "timers"}

func (s *stack) rebuilder() Rebuilder { return Rebuilder{Owner: s.db.Owner, Views: s.views} }

func (s *stack) whole() {
	s.Helper()
	if diff := cmp.Diff(s.folds(), s.rows()); diff != "" {
		s.Errorf("rows (-journal +views):\n%s", cut(diff))
	}
}

func TestARebuildWhileCommandsAndReadsGoOnEndsWithTheRowsOfAFold(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(300)
	s.start(Options{NoKafka: true})
	s.arrive()
	s.exec(`update views.dossiers_v1 set status = 'issued'`)
	s.exec(`delete from views.history_v1 where version = 1 and id <> $1`, s.ids[0])

	var reads, wrong atomic.Int64
	first := s.ids[0]
	stop := s.run(func(ctx context.Context) error {
		for ctx.Err() == nil {
			rows := 0
			if err := s.db.App.QueryRow(ctx, `select count(*) from reporting.dossiers where id = $1`, first).Scan(&rows); ctx.Err() == nil && (err != nil || rows != 1) {
				wrong.Add(1)
			}
			if entries, err := s.views.History(ctx, first); ctx.Err() == nil && (err != nil || len(entries) == 0) {
				wrong.Add(1)
			}
			reads.Add(1)
		}
		return nil
	})
	for _, names := range [][]string{{"dossiers"}, {"history"}, everyProjection} {
		steps := 0
		r := s.rebuilder()
		r.Step = func(string) { steps++; s.live(25) } // commands between all steps
		done, err := r.Rebuild(s.ctx(), names...)
		if err != nil {
			t.Fatalf("rebuild %s: %v", names, err)
		}
		if done.Events == 0 || done.Compared == 0 || steps != 4 {
			t.Errorf("rebuild %s: %+v in %d steps", names, done, steps)
		}
		if done.Tries > 3 {
			t.Errorf("the names of %s were changed at try %d: readers and the change of names stand against each other", names, done.Tries)
		}
		s.live(10)
	}
	s.arrive()
	stop()
	s.whole()
	if wrong.Load() > 0 || reads.Load() == 0 {
		t.Errorf("%d of %d reads failed or were wrong", wrong.Load(), reads.Load())
	}
	if n := count(s, `select count(*) from pg_indexes where schemaname = 'views' and tablename = 'dossiers_v1' and indexname !~ '_(next|old|aside)$'`); n != 12 {
		t.Errorf("the new table has %d indexes under their usual names, want 12", n)
	}
	if n := count(s, `select count(*) from pg_class where oid = 'views.dossiers_v1'::regclass and reloptions = '{autovacuum_vacuum_scale_factor=0.05}'`); n != 1 {
		t.Error("the new table is not vacuumed as the one before was")
	}
	if n := count(s, `select count(*) from reporting.dossiers where status = 'issued'`); n == len(s.ids) {
		t.Error("the reporting view still reads the table from before")
	}
}

func TestARebuildThatWasStoppedGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(200)
	_, stop := s.start(Options{NoKafka: true})
	s.arrive()
	ctx, cancel := context.WithCancel(s.ctx())
	r := s.rebuilder()
	r.Progress = func(done, _ int64) {
		if done > 60 {
			cancel()
		}
	}
	if _, err := r.Rebuild(ctx, "history"); err == nil {
		t.Fatal("a rebuild that was stopped says it is done")
	}
	s.whole()
	built := count(s, `select count(*) from views.rebuilt_parts`)
	if built == 0 || built == parts {
		t.Fatalf("%d of %d shares are noted as built", built, parts)
	}
	s.live(50)
	s.arrive()
	// One of the two goes on, the other begins: each share is made for whom it is missing.
	done, err := s.rebuilder().Rebuild(s.ctx(), "dossiers", "history")
	if err != nil || !done.Resumed {
		t.Errorf("%+v, %v: want a rebuild that went on", done, err)
	}
	for _, table := range []string{"dossiers_v1_next", "history_v1_next"} {
		if n := count(s, `select count(*) from views.rebuilt_parts where standby = $1`, table); n != parts {
			t.Errorf("%d shares of %s are noted as built, want %d", n, table, parts)
		}
	}
	stop()
	s.whole()
}

func TestARebuildThatMadeAWrongTableLeavesTheLiveOne(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(120)
	_, stop := s.start(Options{NoKafka: true})
	s.arrive()
	id := s.ids[3]
	for _, c := range []struct{ name, sql string }{
		{"a wrong value", `update views.dossiers_v1_next set officer = 'nobody' where id = $1`},
		{"a missing row", `delete from views.history_v1_next where id = $1 and version = 1`},
		{"a row too many", `insert into views.history_v1_next select id, 999, position, event_id, type, occurred_at, recorded_at, account, role, unit, origin,
			status, reason, late_reason, basis, late_by, irregular, changes, data from views.history_v1_next where id = $1 limit 1`},
	} {
		r := s.rebuilder()
		r.Restart = true
		r.Step = func(what string) {
			if strings.HasPrefix(what, "comparing") {
				s.exec(c.sql, id)
			}
		}
		_, err := r.Rebuild(s.ctx(), "dossiers", "history")
		if err == nil || !strings.Contains(err.Error(), id.String()) || !strings.Contains(err.Error(), "the live one stays") {
			t.Errorf("%s: %v", c.name, err)
		}
		s.whole()
	}
	stop()
}

func TestATableThatWasNeverFedIsMadeUpToTheEndOfTheJournal(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(150)
	if _, err := s.rebuilder().Rebuild(s.ctx(), everyProjection...); err != nil {
		t.Fatal(err)
	}
	s.holds()
	s.arrive() // nobody else moved the checkpoints
	s.live(20)
	s.start(Options{NoKafka: true})
	s.arrive()
	s.holds()
}

// What a projection causes lies in its table and nowhere else, and a rebuild makes nothing but tables: whoever listens to the journal,
// the relay or the checkpoints hears nothing of it.
func TestARebuildCausesNothingOutsideItsTables(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(100)
	bad := s.submit()
	s.poison(bad)
	_, stop := s.start(Options{NoKafka: true, Retry: time.Hour})
	s.arrive()
	stop()
	before := s.outside()
	if len(before) < 10 || before["views.checkpoints"] == before["journal.events"] {
		t.Fatalf("the test sees only %v", before)
	}
	if _, err := s.rebuilder().Rebuild(s.ctx(), everyProjection...); err != nil {
		t.Fatal(err)
	}
	if err := s.rebuilder().Rollback(s.ctx(), everyProjection...); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, s.outside()); diff != "" {
		t.Errorf("a rebuild changed what is not its own (-before +after):\n%s", diff)
	}
}

// outside is a fingerprint of each table that is no projection's and not about rebuilds.
func (s *stack) outside() map[string]string {
	s.Helper()
	rows, err := s.db.Owner.Query(s.ctx(), `
		select format('%I.%I', n.nspname, c.relname)
		  from pg_class c
		  join pg_namespace n on n.oid = c.relnamespace
		 where c.relkind in ('r', 'p')
		   and n.nspname !~ '^(pg_|information_schema)'
		   and not (n.nspname = 'views' and c.relname ~ '^(dossiers|dossier_versions|history|timers|rebuil)')`)
	if err != nil {
		s.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		s.Fatal(err)
	}
	all := map[string]string{}
	for _, name := range names {
		var sum string
		if err := s.db.Owner.QueryRow(s.ctx(), `select count(*) || ' ' || coalesce(md5(string_agg(t::text, chr(10) order by t::text)), '') from `+name+` t`).Scan(&sum); err != nil {
			s.Fatal(err)
		}
		all[name] = sum
	}
	return all
}

func TestARollbackBringsTheTableBeforeBackWithEverythingSince(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(100)
	s.start(Options{NoKafka: true})
	s.arrive()
	for _, name := range everyProjection {
		if err := s.rebuilder().Rollback(s.ctx(), name); err == nil {
			t.Fatalf("rollback of %s without a rebuild", name)
		}
		if _, err := s.rebuilder().Rebuild(s.ctx(), name); err != nil {
			t.Fatal(err)
		}
		s.live(40)
		s.arrive()
		for range 2 { // back and forth
			if err := s.rebuilder().Rollback(s.ctx(), name); err != nil {
				t.Fatal(err)
			}
			s.live(20)
			s.arrive()
		}
		if _, err := s.rebuilder().Rebuild(s.ctx(), name); err != nil {
			t.Fatalf("rebuild %s after a rollback: %v", name, err)
		}
	}
	s.arrive()
	s.whole()
}

func TestARebuildLeavesParkedStreamsToTheirRetry(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(40)
	bad := s.submit()
	s.poison(bad)
	e, _ := s.start(Options{NoKafka: true, Retry: time.Hour})
	s.arrive()
	if _, err := s.rebuilder().Rebuild(s.ctx(), "dossiers"); err != nil {
		t.Fatal(err)
	}
	row, _, err := s.views.Get(s.ctx(), bad)
	if err != nil || row.State.Version != 1 || !row.Stale {
		t.Errorf("parked dossier after a rebuild: %+v, %v", row, err)
	}
	if e.Status().Counters.Parked != int64(len(Live())) {
		t.Errorf("%d streams parked", e.Status().Counters.Parked)
	}
}

func TestTwoRebuildsOfAProjectionDoNotMeet(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(20)
	s.start(Options{NoKafka: true})
	s.arrive()
	r := s.rebuilder()
	var second error
	r.Step = func(string) { _, second = s.rebuilder().Rebuild(s.ctx(), "history") }
	if _, err := r.Rebuild(s.ctx(), "history"); err != nil || second == nil || !strings.Contains(second.Error(), "under way") {
		t.Errorf("first: %v, second: %v", err, second)
	}
	if _, err := s.rebuilder().Rebuild(s.ctx(), "nonsense"); err == nil || !strings.Contains(err.Error(), "dossiers, dossier_versions, history or timers") {
		t.Errorf("an unknown projection: %v", err)
	}
}

func TestARowChangedByHandIsReportedAndForgottenWhenMended(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(60)
	e, _ := s.start(Options{NoKafka: true, Check: 50 * time.Millisecond})
	s.arrive()
	s.eventually("a sweep without a difference", func() bool { st := e.Status(); return st.Counters.Swept > 1 && st.Healthy() })
	id := s.ids[7]
	s.exec(`update views.dossiers_v1 set unit = 'elsewhere' where id = $1`, id)
	s.eventually("the drift", func() bool { st := e.Status(); return strings.Contains(st.Drift, id.String()) && !st.Healthy() })
	if _, err := s.rebuilder().Rebuild(s.ctx(), "dossiers"); err != nil {
		t.Fatal(err)
	}
	s.eventually("that it is mended", func() bool { return e.Status().Healthy() })
}

// A sweep is far from the row, as it is on a journal of millions: whoever changed it has left a note.
func TestARowChangedByHandIsReportedAtOnceHoweverLongASweepTakes(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(60)
	e, _ := s.start(Options{NoKafka: true, Check: time.Hour})
	s.arrive()
	s.eventually("the first sweep", func() bool { return e.Status().Counters.Swept == 1 && e.Status().Healthy() })
	if n := count(s, `select count(*) from views.touched`); n > 0 {
		t.Fatalf("%d rows that the projector wrote count as written by hand", n)
	}
	last := s.ids[0]
	for _, id := range s.ids {
		if id.String() > last.String() {
			last = id
		}
	}
	stranger := uuid.New()
	for _, c := range []struct {
		change, undo string
		id           uuid.UUID
	}{
		{`update views.dossiers_v1 set unit = 'x' || unit where id = $1`, `update views.dossiers_v1 set unit = substr(unit, 2) where id = $1`, last},
		{`update views.history_v1 set account = 'x' || account where id = $1`, `update views.history_v1 set account = substr(account, 2) where id = $1`, last},
		{`update views.dossier_versions_v1 set version = version + 100 where id = $1`, `update views.dossier_versions_v1 set version = version - 100 where id = $1`, last},
		{`insert into views.history_v1 select $1, version, position, event_id, type, occurred_at, recorded_at, account, role, unit, origin, status, reason,
			late_reason, basis, late_by, irregular, changes, data from views.history_v1 limit 1`, `delete from views.history_v1 where id = $1`, stranger},
	} {
		s.exec(c.change, c.id)
		s.eventually("the drift: "+c.change, func() bool { return strings.Contains(e.Status().Drift, c.id.String()) && !e.Status().Healthy() })
		s.exec(c.undo, c.id)
		s.eventually("that it is mended: "+c.undo, func() bool { return e.Status().Healthy() && count(s, `select count(*) from views.touched`) == 0 })
	}
	if n := e.Status().Counters.Swept; n != 1 {
		t.Errorf("%d sweeps: the test shows nothing", n)
	}
	// The new table is watched like the one before.
	if _, err := s.rebuilder().Rebuild(s.ctx(), "dossiers", "history"); err != nil {
		t.Fatal(err)
	}
	s.exec(`delete from views.history_v1 where id = $1 and version = 1`, last)
	s.eventually("the drift of a table that was rebuilt", func() bool { return strings.Contains(e.Status().Drift, last.String()) })
	if _, err := s.rebuilder().Rebuild(s.ctx(), "history"); err != nil {
		t.Fatal(err)
	}
	s.eventually("that a rebuild mends", func() bool { return e.Status().Healthy() })
}

func TestParkedStreamsAreListedAndTriedAgainByHand(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	good, bad := s.submit(), s.submit()
	at := s.poison(bad)
	_, stop := s.start(Options{NoKafka: true, Retry: time.Hour})
	s.arrive()
	stop()
	list, err := Parked(s.ctx(), s.db.App)
	if err != nil || len(list) != len(Live()) || list[0].Stream != bad || list[0].Position != at || !strings.Contains(list[0].Error, "enchanted") {
		t.Fatalf("%+v, %v", list, err)
	}
	tried, err := RetryParked(s.ctx(), s.db.App, s.journal, good)
	if err != nil || len(tried) != 0 {
		t.Errorf("one that is not parked: %+v, %v", tried, err)
	}
	if tried, err = RetryParked(s.ctx(), s.db.App, s.journal, uuid.Nil); err != nil || len(tried) != len(Live()) || tried[0].Whole || tried[0].Attempts != 2 {
		t.Errorf("still poisoned: %+v, %v", tried, err)
	}
	// What a newer program would do: know the event.
	s.mend(bad, at)
	if tried, err = RetryParked(s.ctx(), s.db.App, s.journal, bad); err != nil || len(tried) != len(Live()) || !tried[0].Whole || !tried[2].Whole {
		t.Errorf("mended: %+v, %v", tried, err)
	}
	row, _, err := s.views.Get(s.ctx(), bad)
	if err != nil || row.State.Version != 2 || row.Stale || row.State.Status != dossier.Accepted {
		t.Errorf("%+v, %v", row, err)
	}
}

// mend makes the event one that is known, as a newer program would.
func (s *stack) mend(id uuid.UUID, position int64) {
	s.Helper()
	typ, _, data, err := dossier.Encode(dossier.DossierAccepted{ProcedureVersion: 1})
	if err != nil {
		s.Fatal(err)
	}
	err = pgx.BeginFunc(s.ctx(), s.db.Owner, func(tx pgx.Tx) error {
		if _, err := tx.Exec(s.ctx(), `set local session_replication_role = replica`); err != nil { // no triggers
			return err
		}
		_, err := tx.Exec(s.ctx(), `update journal.events set type = $3, data = $4 where stream_id = $1 and position = $2`, id, position, typ, string(data))
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
}

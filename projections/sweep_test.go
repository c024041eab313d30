package projections

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"dossier/eventstore"
)

func TestOldCheckpointsGoAndAZombieStillLoses(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(80)
	zombie := s.idle(Options{}) // it read where things stood before anything was applied
	e := s.idle(Options{})
	messages := s.messages()
	for i := range messages {
		if err := e.deliver(s.ctx(), slices.Clone(messages[i:i+1])); err != nil {
			t.Fatal(err)
		}
	}
	before := count(s, `select count(*) from views.checkpoints`)
	if err := e.sweep(s.ctx()); err != nil {
		t.Fatal(err)
	}
	after := count(s, `select count(*) from views.checkpoints`)
	if before != len(Live())*len(messages) || after > len(Live())*eventstore.Lanes || after == 0 {
		t.Errorf("%d checkpoints of %d moves were swept to %d", before, len(messages), after)
	}
	if err := zombie.deliver(s.ctx(), slices.Clone(messages)); !errors.Is(err, errMoved) {
		t.Errorf("the zombie applied what was in: %v", err)
	}
	zombie.persist(s.ctx(), "test", func(ctx context.Context) error { return zombie.deliver(ctx, slices.Clone(messages)) })
	s.live(10)
	zombie.persist(s.ctx(), "test", zombie.followJournal)
	s.holds()
}

func TestASweepGivesWayToAMoveUnderWay(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(5)
	e := s.idle(Options{})
	if err := e.followJournal(s.ctx()); err != nil {
		t.Fatal(err)
	}
	tx, err := s.db.App.Begin(s.ctx())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background()) //nolint:errcheck // of a test
	head := s.head()
	s.live(1)
	if _, err := tx.Exec(s.ctx(), `select views.move_v4('{history_v1}', '{0}', '{0}', array[$1::bigint], array[$1::bigint + 1], 0, '{}', '{}')`, head); err != nil {
		t.Fatal(err)
	}
	rows := count(s, `select count(*) from views.checkpoints`)
	if err := e.sweep(s.ctx()); err != nil {
		t.Fatal(err)
	}
	if n := count(s, `select count(*) from views.checkpoints`); n != rows {
		t.Errorf("%d rows swept while a move was under way", rows-n)
	}
}

func TestAMoveFromWhatIsNotTheNewestCheckpointIsRefused(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(5)
	move := func(newest, previous, position int64) error {
		_, err := s.db.App.Exec(s.ctx(), `select views.move_v4('{probe_v1}', '{0}', array[$1::bigint], array[$2::bigint], array[$3::bigint], 0, '{}', '{}')`, newest, previous, position)
		return err
	}
	for _, step := range []struct {
		newest, previous, position int64
		taken                      bool
	}{
		{0, 0, 100, true},
		{0, 0, 120, false},  // moved meanwhile
		{0, 90, 120, false}, // the journal lost its tail: nothing ever stood there
		{0, 100, 200, true}, // not known where the newest begins
		{100, 200, 300, true},
		{100, 200, 400, false}, // moved meanwhile
		{201, 300, 400, false}, // a bound too high finds nothing and refuses
		{300, 300, 400, false},
		{200, 300, 400, true},
		{300, 350, 500, false}, // the lost tail again, bounded
	} {
		if err := move(step.newest, step.previous, step.position); (err == nil) != step.taken {
			t.Errorf("from %d to %d, looked for from %d on: %v", step.previous, step.position, step.newest, err)
		}
	}
}

func TestReportersReadTheReportingViewsAndNothingElse(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(30)
	s.start(Options{NoKafka: true})
	s.arrive()
	c, err := pgx.Connect(s.ctx(), s.db.URL("dossier_reporter"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background()) //nolint:errcheck // of a test
	for view, want := range map[string]int{"dossiers": len(s.ids), "history": int(s.head()), "dossier_versions": int(s.head()), "freshness": 1} {
		var n int
		if err := c.QueryRow(s.ctx(), `select count(*) from reporting.`+view).Scan(&n); err != nil || n != want {
			t.Errorf("reporting.%s: %d rows, %v; want %d", view, n, err, want)
		}
	}
	var position, head int64
	if err := c.QueryRow(s.ctx(), `select position, head from reporting.freshness`).Scan(&position, &head); err != nil || position != s.head() || head != s.head() {
		t.Errorf("freshness: %d of %d, %v", position, head, err)
	}
	var timeout string
	if err := c.QueryRow(s.ctx(), `show statement_timeout`).Scan(&timeout); err != nil || timeout == "0" {
		t.Errorf("statement_timeout %q, %v: a long report would stop vacuum", timeout, err)
	}
	for _, sql := range []string{`select from views.dossiers_v1`, `select from journal.events`, `select from views.parked`, `delete from reporting.dossiers`} {
		_, err := c.Exec(s.ctx(), sql)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.Code != "42501" {
			t.Errorf("%s: %v, want permission denied", sql, err)
		}
	}
}

func TestAStreamIsMarkedBackdatedExactlyWhenTheDomainSaysSo(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(150)
	s.start(Options{NoKafka: true})
	s.arrive()
	marked := 0
	for id, rows := range s.backdated() {
		history, err := s.journal.Stream(s.ctx(), id, 0)
		if err != nil {
			t.Fatal(err)
		}
		for i, is := range rows {
			if want := backdated(t, history[:i+1]); is != want {
				t.Errorf("stream %s version %d: marked %v, the domain says %v", id, i+1, is, want)
			} else if is {
				marked++
			}
		}
	}
	if marked == 0 {
		t.Error("the test has no back-dated stream")
	}
}

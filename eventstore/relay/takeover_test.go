package relay

import (
	"context"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/internal/devstack"
)

// own returns a pool that can be cut off without the others.
func (w *world) own() *pgxpool.Pool {
	w.Helper()
	pool, err := pgxpool.New(context.Background(), w.db.AppURL)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(pool.Close)
	return pool
}

func TestAStandbyTakesOverFromALeaderThatStopsAndSendsNothingTwiceOverKafka(t *testing.T) {
	t.Parallel()
	w := newWorld(t, devstack.TestKafka(t))
	many := streams(20)
	first, stop := w.run(w.db.App)
	w.write(60, many...)
	w.carried(first)
	second, _ := w.run(w.db.App)
	eventually(t, "a standby that knows the cursor", func() bool {
		s := second.Status()
		return s.Role == Standby && s.Epoch == 1 && s.Cursor == 60
	})
	stop()
	w.write(60, many...)
	w.carried(second)
	if repeated := w.told(1, w.stored()); repeated != 0 {
		t.Errorf("%d messages arrived twice", repeated)
	}
	if s := second.Status(); s.Role != Leader || s.Epoch != 2 {
		t.Errorf("status is %+v", s)
	}
}

func TestAStandbyTakesOverFromALeaderThatLostItsDatabaseOverKafka(t *testing.T) {
	t.Parallel()
	w := newWorld(t, devstack.TestKafka(t))
	many := streams(20)
	pool := w.own()
	first, _ := w.run(pool)
	eventually(t, "a leader", func() bool { return first.Status().Role == Leader })
	w.write(60, many...)
	w.carried(first)
	second, _ := w.run(w.db.App)
	pool.Close() // it can neither renew nor say goodbye nor keep its last cursor
	w.write(60, many...)
	eventually(t, "the second leads", func() bool { return second.Status().Role == Leader })
	w.write(60, many...)
	w.carried(second)
	w.told(1, w.stored())
	eventually(t, "the first knows that something is wrong", func() bool { return first.Status().Err != "" })
}

func TestTwoRelaysThatBothBelieveTheyLeadOnlyRepeatThemselvesOverKafka(t *testing.T) {
	t.Parallel()
	w := newWorld(t, devstack.TestKafka(t))
	w.o.Page = 7
	many := streams(20)
	ctx, cancel := context.WithCancel(context.Background())
	var both []*Relay
	var ended sync.WaitGroup
	for range 2 {
		r := New(w.db.App, w.j, w.o)
		l := &lease{length: time.Hour}
		l.until.Store(math.MaxInt64)
		ended.Go(func() { (&term{Relay: r, lease: l, again: make(chan error, 1)}).publishFor(ctx) })
		both = append(both, r)
	}
	w.write(200, many...)
	w.carried(both[0])
	w.carried(both[1])
	cancel()
	ended.Wait()
	if repeated := w.told(1, w.stored()); repeated == 0 {
		t.Error("only one of them sent")
	}
}

func TestOfTwoWhoTakeTheLeaseAtOnceOneGetsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := context.Background()
	for round := range 20 {
		got := make(chan *lease, 8)
		for range cap(got) {
			go func() {
				l, _, err := take(ctx, w.db.App, "x", time.Hour)
				if err != nil {
					t.Error(err)
				}
				got <- l
			}()
		}
		var winner *lease
		for range cap(got) {
			if l := <-got; l != nil && winner != nil {
				t.Fatal("two got the lease")
			} else if l != nil {
				winner = l
			}
		}
		if winner == nil || winner.epoch != int64(round+1) {
			t.Fatalf("round %d: winner is %+v", round, winner)
		}
		if _, err := winner.renew(ctx, mark{position: int64(round)}, 0); err != nil {
			t.Fatal(err)
		}
	}
}

func TestALeaderWhoseEpochIsOverCannotRenew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := context.Background()
	topic := uuid.New()
	old, _, err := take(ctx, w.db.App, "old", time.Minute)
	if err != nil || old == nil || !old.held() {
		t.Fatal(old, err)
	}
	if _, err := old.renew(ctx, mark{position: 4}, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := old.renew(ctx, mark{position: 5, topic: topic}, 0); err != nil {
		t.Fatalf("nobody took it, so it goes on: %v", err)
	}
	next, cursor, err := take(ctx, w.db.App, "next", time.Hour)
	if err != nil || next == nil || next.epoch != 2 || cursor != (mark{position: 5, topic: topic}) {
		t.Fatal(next, cursor, err)
	}
	if _, err := old.renew(ctx, mark{position: 9}, time.Hour); err != errLost {
		t.Fatalf("got %v", err)
	}
	if got, epoch, _, err := Head(ctx, w.db.App); got != 5 || epoch != 2 || err != nil {
		t.Fatal(got, epoch, err)
	}
}

func TestADatabaseThatLostATailKeepsItsOwnCursor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := context.Background()
	w.write(30, streams(3)...)
	ids, err := w.j.EventIDs(ctx, []int64{20, 30})
	if err != nil {
		t.Fatal(err)
	}
	l, _, err := take(ctx, w.db.App, "x", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		cursor mark
		kept   int64
	}{
		{mark{position: 20, event: ids[20]}, 20},
		{mark{position: 30, event: uuid.New()}, 20},
		{mark{position: 31, event: uuid.New()}, 20},
		{mark{position: 30, event: ids[30]}, 30},
		{mark{position: 7}, 7},
	} {
		if _, err := l.renew(ctx, c.cursor, time.Hour); err != nil {
			t.Fatal(err)
		}
		if kept, _, _, err := Head(ctx, w.db.App); kept != c.kept || err != nil {
			t.Errorf("with %+v the database has %d, %v", c.cursor, kept, err)
		}
	}
}

func TestOldBeatsGoAndTheNewestStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := context.Background()
	_, err := w.db.App.Exec(ctx, `
		insert into journal.relay_beats (beat, epoch, holder, cursor, expires_at)
		select n, 1, 'old', n, now() from generate_series(1, 2000) as n`)
	if err != nil {
		t.Fatal(err)
	}
	l, cursor, err := take(ctx, w.db.App, "new", time.Hour)
	if err != nil || cursor.position != 2000 || l.epoch != 2 {
		t.Fatal(l, cursor, err)
	}
	if err := l.prune(ctx); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := w.db.App.QueryRow(ctx, "select count(*) from journal.relay_beats").Scan(&n); err != nil || n != beatsKept+1 {
		t.Fatal(n, err)
	}
	if _, err := l.renew(ctx, mark{position: 2001}, time.Hour); err != nil {
		t.Fatal(err)
	}
}

func TestARelayThatIsCutOffFromKafkaLeavesTheLeadToOneThatIsNot(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(*wire){"its connections break": (*wire).cut, "nothing answers it": (*wire).silence} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, devstack.TestKafka(t))
			many := streams(20)
			w.write(30, many...)
			l := w.wired()
			first, _ := w.run(w.db.App)
			w.carried(first)
			w.o.Kafka = nil
			second, _ := w.run(w.db.App)
			eventually(t, "one stands by", func() bool { s := second.Status(); return s.Role == Standby && s.Epoch == 1 })
			harm(l)
			w.write(30, many...)
			w.carried(second)
			if s := second.Status(); s.Role != Leader {
				t.Errorf("status is %+v", s)
			}
			w.told(1, w.stored())
			l.mend()
			eventually(t, "the first stands by", func() bool { return first.Status().Role == Standby })
		})
	}
}

func TestARelayThatNobodyRelievesGoesOnWhenKafkaIsBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, devstack.TestKafka(t))
	many := streams(20)
	l := w.wired()
	r, _ := w.run(w.db.App)
	w.write(30, many...)
	w.carried(r)
	l.cut()
	w.write(30, many...)
	eventually(t, "a status that says so", func() bool { return r.Status().Err != "" })
	eventually(t, "the lease is there for others", func() bool {
		var offered bool
		err := w.db.App.QueryRow(context.Background(), `
			select expires_at < beaten_at + interval '100 ms'
			from journal.relay_beats
			order by beat desc
			limit 1`).Scan(&offered)
		return err == nil && offered
	})
	l.mend()
	w.carried(r)
	w.told(1, w.stored())
	if s := r.Status(); s.Role != Leader || s.Epoch != 1 {
		t.Errorf("status is %+v", s)
	}
}

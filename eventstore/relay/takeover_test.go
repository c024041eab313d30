package relay

import (
	"context"
	"math"
	"sync"
	"testing"
	"time"

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
		if _, err := winner.renew(ctx, int64(round), 0); err != nil {
			t.Fatal(err)
		}
	}
}

func TestALeaderWhoseEpochIsOverCannotRenew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx := context.Background()
	old, _, err := take(ctx, w.db.App, "old", time.Minute)
	if err != nil || old == nil || !old.held() {
		t.Fatal(old, err)
	}
	if _, err := old.renew(ctx, 4, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := old.renew(ctx, 5, 0); err != nil {
		t.Fatalf("nobody took it, so it goes on: %v", err)
	}
	next, cursor, err := take(ctx, w.db.App, "next", time.Hour)
	if err != nil || next == nil || next.epoch != 2 || cursor != 5 {
		t.Fatal(next, cursor, err)
	}
	if _, err := old.renew(ctx, 9, time.Hour); err != errLost {
		t.Fatalf("got %v", err)
	}
	if got, epoch, _, err := Head(ctx, w.db.App); got != 5 || epoch != 2 || err != nil {
		t.Fatal(got, epoch, err)
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
	if err != nil || cursor != 2000 || l.epoch != 2 {
		t.Fatal(l, cursor, err)
	}
	if err := l.prune(ctx); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := w.db.App.QueryRow(ctx, "select count(*) from journal.relay_beats").Scan(&n); err != nil || n != beatsKept+1 {
		t.Fatal(n, err)
	}
	if _, err := l.renew(ctx, 2001, time.Hour); err != nil {
		t.Fatal(err)
	}
}

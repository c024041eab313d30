package projections

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"dossier/domain/dossier"
)

func TestOfManyThatTakeTheTimersAtOnceOneHasThem(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	var mu sync.Mutex
	var leases []*TimerLease
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			l, err := TakeTimers(s.ctx(), s.db.App, "someone", time.Minute)
			if err != nil {
				t.Error(err)
			}
			if l != nil {
				mu.Lock()
				defer mu.Unlock()
				leases = append(leases, l)
			}
		})
	}
	all.Wait()
	if len(leases) != 1 || !leases[0].Held() {
		t.Fatalf("%d leases", len(leases))
	}
	if err := leases[0].Renew(s.ctx(), TimerState{Waiting: 7, Stuck: 2, Oldest: time.Now(), Trouble: "why"}); err != nil {
		t.Fatal(err)
	}
	if told, at, alive, err := TimekeeperTold(s.ctx(), s.db.App); err != nil || !alive || at.IsZero() || told.Waiting != 7 || told.Stuck != 2 || told.Trouble != "why" || told.Oldest.IsZero() {
		t.Errorf("told %+v, alive %v, %v", told, alive, err)
	}
}

func TestALeaseThatRanOutIsTakenOverAndItsHolderFindsOut(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	first, err := TakeTimers(s.ctx(), s.db.App, "first", 20*time.Millisecond)
	if err != nil || first == nil {
		t.Fatal(first, err)
	}
	var second *TimerLease
	s.eventually("the lease runs out", func() bool {
		if second, err = TakeTimers(s.ctx(), s.db.App, "second", time.Minute); err != nil {
			t.Fatal(err)
		}
		return second != nil
	})
	if first.Held() {
		t.Error("the first still believes that it holds the lease")
	}
	if err := first.Renew(s.ctx(), TimerState{}); !errors.Is(err, ErrTimersLost) {
		t.Errorf("the first renewed: %v", err)
	}
	if err := second.Release(s.ctx(), TimerState{}); err != nil {
		t.Fatal(err)
	}
	if third, err := TakeTimers(s.ctx(), s.db.App, "third", time.Minute); err != nil || third == nil {
		t.Errorf("after a release: %v, %v", third, err)
	}
}

func TestOldBeatsOfTheTimekeeperGo(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	l, err := TakeTimers(s.ctx(), s.db.App, "someone", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	s.exec(`insert into views.timekeeper_beats (beat, epoch, holder, expires_at) select n, 1, 'someone', now() + interval '1 minute' from generate_series(2, 1001) n`)
	l.beat = 1001
	if err := l.Prune(s.ctx()); err != nil {
		t.Fatal(err)
	}
	if n := count(s, `select count(*) from views.timekeeper_beats`); n != timerBeatsKept+1 {
		t.Errorf("%d beats stay", n)
	}
}

// An event that changes no timer writes none: the row keeps its place in the table and what the timekeeper noted in it.
func TestAnEventThatChangesNoTimerWritesNone(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	id := s.submit()
	e := s.idle(Options{})
	e.persist(s.ctx(), "test", e.followJournal)
	place := func() (at string) {
		if err := s.db.Owner.QueryRow(s.ctx(), `select string_agg(kind || ctid::text || xmin::text || next_at::text, ',') from views.timers_v1 where id = $1`, id).Scan(&at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	if _, err := s.db.App.Exec(s.ctx(), `update views.timers_v1 set next_at = '2030-01-01' where id = $1`, id); err != nil {
		t.Fatal(err)
	}
	before := place()
	s.add(id, dossier.StepRecorded{Code: "desk-check"})
	e.persist(s.ctx(), "test", e.followJournal)
	if after := place(); after != before {
		t.Errorf("the timer was written again: %s, before %s", after, before)
	}
	if count(s, `select count(*) from views.touched where projection = 'timers_v1'`) > 0 {
		t.Error("what the timekeeper notes counts as written by hand")
	}
	s.add(id, dossier.ReceptionRefused{Reason: "wrong_agency", Basis: "nd-118-2025.17.1"})
	e.persist(s.ctx(), "test", e.followJournal)
	if n := count(s, `select count(*) from views.timers_v1`); n != 0 {
		t.Errorf("a dossier that waits for nothing has %d timers", n)
	}
}

// One that was replaced may still be at work beside the new one, with the same rows in another order.
func TestTwoTimekeepersAtTheSameRowsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(300)
	_, stop := s.start(Options{NoKafka: true})
	s.arrive()
	stop()
	timers, err := s.views.TimerRows(s.ctx(), s.ids)
	if err != nil {
		t.Fatal(err)
	}
	var plans [2][]Plan
	for id, list := range timers {
		for _, timer := range list {
			plans[0] = append(plans[0], Plan{ID: id, Timer: timer})
		}
	}
	if len(plans[0]) < 20 {
		t.Fatalf("%d timers", len(plans[0]))
	}
	plans[1] = slices.Clone(plans[0])
	slices.Reverse(plans[1])
	var both sync.WaitGroup
	for k := range plans {
		both.Go(func() {
			for round := range 60 {
				for i := range plans[k] {
					plans[k][i].Next = time.Unix(int64(1_900_000_000+2*round+k), 0)
				}
				if err := s.views.SavePlans(s.ctx(), "rules", plans[k]); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	both.Wait()
}

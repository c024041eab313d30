package main

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"
)

// slow leaves a test to `make test-faults`.
func slow(t *testing.T) {
	t.Helper()
	if os.Getenv("DOSSIER_TEST_FAULTS") == "" {
		t.Skip("one of the long ones: make test-faults")
	}
}

// start runs a world of two nodes until the test ends.
func start(t *testing.T, s settings) *world {
	t.Helper()
	if s.seed == 0 {
		s.seed = 1
	}
	if s.nodes == 0 {
		s.nodes = 2
	}
	w, err := newWorld(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.close)
	return w
}

// soon waits for a condition.
func soon(t *testing.T, what string, holds func() bool) {
	t.Helper()
	limit := time.After(40 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-limit:
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

// answers waits until so many more commands were answered.
func (w *world) answers(t *testing.T, n int64) {
	t.Helper()
	from := w.ledger.answers.Load()
	soon(t, "commands are answered", func() bool { return w.ledger.answers.Load() >= from+n })
}

// holds heals everything, waits and compares everything.
func (w *world) holds(t *testing.T) verdict {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := w.settle(ctx); err != nil {
		t.Fatalf("stuck: %v", err)
	}
	v, err := w.judge(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if !v.ok() {
		t.Errorf("lost %d, doubled %d, reordered %d: %s", v.lost, v.doubled, v.reordered, v.first)
	}
	if v.events == 0 || v.rows < 2*v.events {
		t.Errorf("%d events made %d rows", v.events, v.rows)
	}
	if longest, silent, _ := w.stalls.figures(); longest > bound || silent > silence {
		t.Errorf("an acknowledged event stayed out of the views for %s, for %s of it nobody said why", longest, silent)
	}
	return v
}

// unnoticed are the faults that pass unnoticed as they should: nothing was late that somebody must be told of.
var unnoticed = map[string]bool{
	"messages mangled": true, "leaders changed": true, "coordinators changed": true, "rebalance storm": true, "relay stopped": true,
	"Postgres' link slow": true, "Kafka's link slow": true, "produce refused": true, "Kafka's answer lost": true,
	"retention before reading": true, "clock jumped": true, "partitions added": true,
	"leaders moved": true, "replicas moved": true,
	"commit's answer lost": true, "checkpoint's answer lost": true,
}

func TestEachFaultAloneLosesDoublesAndReordersNothing(t *testing.T) {
	slow(t)
	t.Parallel()
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			w := start(t, settings{})
			w.work(4, 5*time.Millisecond)
			w.answers(t, 100)
			w.publishes(t)
			for range 2 {
				w.harm(t, f)
			}
			w.holds(t)
			if _, _, red := w.stalls.figures(); !unnoticed[f.name] && red == 0 && w.alarms.sum() == 0 {
				t.Error("nobody noticed")
			}
		})
	}
}

// publishes waits until all that is in the journal now is in Kafka.
func (w *world) publishes(t *testing.T) {
	t.Helper()
	head, err := w.headOnce(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*bound)
	defer cancel()
	err = until(ctx, func() error {
		if n := w.leader(); n != nil && n.relay.Status().Cursor >= head {
			return nil
		}
		return fmt.Errorf("position %d is not in Kafka: %s", head, w.says())
	})
	if err != nil {
		t.Fatal(err)
	}
}

// harm injects a fault, lets commands go on under it for a while and takes it away.
func (w *world) harm(t *testing.T, f fault) {
	t.Helper()
	mend, err := f.inject(w, w.dice())
	if err != nil {
		t.Fatal(err)
	}
	under, cancel := context.WithTimeout(t.Context(), f.last)
	defer cancel()
	<-under.Done() // the fault's own time
	if err := mend(); err != nil {
		t.Fatal(err)
	}
	w.answers(t, 100)
}

// The oracle must see what it is there for.
func TestTheJudgeSeesWhatIsLostDoubledAndReordered(t *testing.T) {
	t.Parallel()
	w := start(t, settings{nodes: 1})
	w.work(2, 5*time.Millisecond)
	w.answers(t, 60)
	w.holds(t)
	for _, tamper := range []string{
		`update views.dossiers_v1 set version = version + 1 where id = (select min(id::text)::uuid from views.dossiers_v1)`,
		`update views.dossiers_v1 set version = version - 1 where id = (select min(id::text)::uuid from views.dossiers_v1);
		 delete from views.history_v1 where (id, version) = (select id, version from views.history_v1 order by position desc limit 1)`,
		`set session_replication_role = replica; delete from journal.events where position = (select max(position) from journal.events)`,
	} {
		if err := w.asOwner(t.Context(), tamper); err != nil {
			t.Fatal(err)
		}
		if v, err := w.judge(t.Context()); err != nil || v.ok() {
			t.Errorf("%s went unseen: %v", tamper, err)
		}
	}
}

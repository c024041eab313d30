package eventstore_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/eventstore"
	"dossier/migrations/dbtest"
)

func anotherPool(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	p, err := pgxpool.New(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// follow reads the journal from the start while others write, as every reader does: by position above the last one seen.
func follow(ctx context.Context, t *testing.T, j *eventstore.Journal, upTo func() int64) []eventstore.Event {
	t.Helper()
	var all []eventstore.Event
	for {
		enough := upTo()
		events, err := j.Page(ctx, int64(len(all)), 300)
		if err != nil {
			t.Error(err)
			return all
		}
		for _, e := range events {
			if e.Position != int64(len(all))+1 {
				t.Errorf("position %d was read after %d", e.Position, len(all))
				return all
			}
			all = append(all, e)
		}
		if enough > 0 && int64(len(all)) >= enough {
			return all
		}
	}
}

func TestPositionsHaveNoHolesAndFollowCommitOrderUnderManyWritersInTwoProcesses(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	db := dbtest.New(t)
	db.PartitionSize(t, 700) // so that appends cross several boundaries
	journals := []*eventstore.Journal{
		open(t, db.App, eventstore.Options{}),
		open(t, anotherPool(t, db.AppURL), eventstore.Options{MaxBatch: 20}),
	}
	const writers, rounds = 64, 25
	hot := []eventstore.Stream{newStream(), newStream(), newStream()}
	var mu sync.Mutex
	expected := int64(0)
	var done sync.WaitGroup
	for w := range writers {
		j := journals[w%2]
		done.Add(1)
		go func() {
			defer done.Done()
			own, version := newStream(), int64(0)
			for i := range rounds {
				n, err := 1+(w+i)%3, error(nil)
				switch i % 5 {
				case 0: // many meet on one stream
					_, err = j.Update(ctx, hot[w%3], eventstore.Command{}, nil, func([]eventstore.Event) ([]eventstore.NewEvent, error) {
						return facts(n), nil
					})
				case 1: // a bad neighbour: its events share one id
					n = 0
					bad := facts(3)
					bad[0].ID = uuid.Must(uuid.NewV7())
					bad[1].ID, bad[2].ID = bad[0].ID, bad[0].ID
					if _, err := j.Append(ctx, eventstore.Request{Stream: newStream(), Events: bad}); err == nil {
						t.Error("an event id was stored twice")
					}
				case 2: // a conflict
					n = 0
					var conflict *eventstore.ConflictError
					if _, err := j.Append(ctx, eventstore.Request{Stream: own, Expected: version + 1, Events: facts(2)}); !errors.As(err, &conflict) {
						t.Errorf("append at a version that is not true: %v", err)
					}
				default:
					var r eventstore.Result
					r, err = j.Append(ctx, eventstore.Request{Stream: own, Expected: version, Events: facts(n)})
					if version += int64(n); err == nil && (r.Version != version || r.Last-r.First != int64(n-1)) {
						t.Errorf("append of %d = %+v, want version %d", n, r, version)
					}
				}
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				expected += int64(n)
				mu.Unlock()
			}
		}()
	}
	writing := make(chan struct{})
	go func() { done.Wait(); close(writing) }()
	all := follow(ctx, t, journals[0], func() int64 {
		select {
		case <-writing:
			mu.Lock()
			defer mu.Unlock()
			return expected
		default:
			return 0
		}
	})
	if int64(len(all)) != expected {
		t.Fatalf("journal has %d events, want %d", len(all), expected)
	}
	versions := map[uuid.UUID]int64{}
	for i, e := range all {
		if versions[e.StreamID]++; versions[e.StreamID] != e.Version {
			t.Fatalf("position %d has version %d, want %d", e.Position, e.Version, versions[e.StreamID])
		}
		if i > 0 && e.RecordedAt.Before(all[i-1].RecordedAt) {
			t.Fatalf("recorded_at went back at position %d", e.Position)
		}
	}
	if s := journals[0].Stats(); s.Requests <= s.Batches || s.Events == 0 || s.Conflicts == 0 || s.Waiting != 0 || s.Head > expected {
		t.Errorf("stats = %+v of %d events", s, expected)
	}
	if d, err := journals[1].Verify(ctx, nil); d != nil || err != nil {
		t.Errorf("verify = %v, %v", d, err)
	}
}

func TestASecondRequestOfAStreamWaitsForTheFirst(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	j := open(t, dbtest.New(t).App, eventstore.Options{})
	s := newStream()
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := j.Append(ctx, eventstore.Request{Stream: s, Expected: eventstore.AnyVersion, Events: facts(2)}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	events, err := j.Stream(ctx, s.ID, 0)
	if err != nil || len(events) != 100 || events[99].Version != 100 {
		t.Errorf("%d events, %v", len(events), err)
	}
}

func TestAFullQueueIsBusyAndAClosedJournalTakesNothing(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	j := open(t, db.App, eventstore.Options{Queue: 1, MaxBatch: 1})
	hold, err := db.Owner.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hold.Exec(ctx, `select pg_advisory_xact_lock(1685025651, 1)`); err != nil {
		t.Fatal(err)
	}
	answers := make(chan error, 3)
	for range 3 {
		go func() {
			_, err := j.Append(ctx, eventstore.Request{Stream: newStream(), Events: facts(1)})
			answers <- err
		}()
	}
	if err := <-answers; !errors.Is(err, eventstore.ErrBusy) { // one is being sent, one waits, the third is told at once
		t.Fatalf("append into a full queue: %v", err)
	}
	if err := hold.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-answers; err != nil && !errors.Is(err, eventstore.ErrBusy) {
			t.Error(err)
		}
	}
	j.Close()
	if _, err := j.Append(ctx, eventstore.Request{Stream: newStream(), Events: facts(1)}); !errors.Is(err, eventstore.ErrClosed) {
		t.Errorf("append after close: %v", err)
	}
}

func TestACallerWhoseContextEndsGetsOut(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	j := open(t, db.App, eventstore.Options{})
	hold, err := db.Owner.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hold.Exec(ctx, `select pg_advisory_xact_lock(1685025651, 1)`); err != nil {
		t.Fatal(err)
	}
	s := newStream()
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if _, err := j.Append(short, eventstore.Request{Stream: s, Events: facts(1)}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("append under a lock: %v", err)
	}
	if err := hold.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	// The batch did not run under the caller's context: it still happens, and its neighbours with it.
	if r, err := j.Append(ctx, eventstore.Request{Stream: newStream(), Events: facts(1)}); err != nil || r.First != 2 {
		t.Errorf("next append = %+v, %v", r, err)
	}
	if events, err := j.Stream(ctx, s.ID, 0); err != nil || len(events) != 1 {
		t.Errorf("%d events, %v", len(events), err)
	}
}

func TestALockThatIsNotGrantedInTimeIsBusy(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	// The function's own lock_timeout of 5 s is too long for a test.
	if _, err := db.Owner.Exec(ctx, `do $$ begin execute (select string_agg('alter function ' || oid::regprocedure || ' set lock_timeout = ''50ms''', ';') from pg_proc where proname = 'append_v2'); end $$`); err != nil {
		t.Fatal(err)
	}
	j := open(t, db.App, eventstore.Options{})
	hold, err := db.Owner.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer hold.Rollback(ctx)
	if _, err := hold.Exec(ctx, `select pg_advisory_xact_lock(1685025651, 1)`); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Append(ctx, eventstore.Request{Stream: newStream(), Events: facts(1)}); !errors.Is(err, eventstore.ErrBusy) {
		t.Errorf("append under a lock: %v", err)
	}
}

package eventstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"dossier/eventstore"
	"dossier/migrations/dbtest"
)

func TestACommandIsDoneOnceAndAnswersWithItsStoredPositions(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	j := open(t, dbtest.New(t).App, eventstore.Options{})
	s := eventstore.Stream{Kind: "dossier", ID: eventstore.StreamIDFor("dossier", "officer-1", "key-1")}
	command := eventstore.Command{ID: eventstore.CommandID("officer-1", s.ID, "key-1"), Hash: eventstore.CommandHash([]byte("secret"), []byte("{}"))}
	decided := 0
	decide := func([]eventstore.Event) ([]eventstore.NewEvent, error) {
		decided++
		return facts(2), nil
	}
	first, err := j.Update(ctx, s, command, nil, decide)
	if err != nil || first.Repeated || first.Last != 2 {
		t.Fatalf("first = %+v, %v", first, err)
	}
	if _, err := j.Update(ctx, s, eventstore.Command{}, nil, decide); err != nil {
		t.Fatal(err)
	}
	old := int64(0) // a repeat bears the expectation of the first time
	again, err := j.Update(ctx, s, command, &old, decide)
	want := first
	want.Repeated = true
	if err != nil || !cmp.Equal(again, want) || decided != 2 {
		t.Errorf("repeat = %+v, %v after %d decisions; want %+v", again, err, decided, want)
	}
	command.Hash = eventstore.CommandHash([]byte("secret"), []byte(`{"other":1}`))
	if _, err := j.Update(ctx, s, command, nil, decide); !errors.Is(err, eventstore.ErrCommandReused) {
		t.Errorf("other body under the same id: %v", err)
	}
	events, err := j.Stream(ctx, s.ID, 0)
	if err != nil || len(events) != 4 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	var meta map[string]string
	if err := json.Unmarshal(events[0].Meta, &meta); err != nil || meta["commandid"] != command.ID.String() || meta["actor"] != "a" {
		t.Errorf("meta = %s, %v", events[0].Meta, err)
	}
}

func TestACommandThatOpensAStreamIsDecidedWithoutAReadAndRepeatedAllTheSame(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	j := open(t, dbtest.New(t).App, eventstore.Options{})
	s := eventstore.Stream{Kind: "dossier", ID: eventstore.StreamIDFor("dossier", "applicant-1", "key-1")}
	command := eventstore.Command{ID: eventstore.CommandID("applicant-1", s.ID, "key-1"), Hash: eventstore.CommandHash([]byte("secret"), []byte("{}")), Opens: true}
	decide := func([]eventstore.Event) ([]eventstore.NewEvent, error) { return facts(2), nil }
	first, err := j.Update(ctx, s, command, nil, decide)
	if err != nil || first.Repeated || first.Last != 2 {
		t.Fatalf("first = %+v, %v", first, err)
	}
	want := first
	want.Repeated = true
	no := errors.New("it is not open to filing any more")
	for name, decide := range map[string]func([]eventstore.Event) ([]eventstore.NewEvent, error){
		"decided as before":        decide,
		"would be refused now":     func([]eventstore.Event) ([]eventstore.NewEvent, error) { return nil, no },
		"would mean nothing today": func([]eventstore.Event) ([]eventstore.NewEvent, error) { return nil, nil },
	} {
		if again, err := j.Update(ctx, s, command, nil, decide); err != nil || !cmp.Equal(again, want) {
			t.Errorf("%s: repeat = %+v, %v; want %+v", name, again, err, want)
		}
	}
	command.Hash = eventstore.CommandHash([]byte("secret"), []byte(`{"other":1}`))
	if _, err := j.Update(ctx, s, command, nil, decide); !errors.Is(err, eventstore.ErrCommandReused) {
		t.Errorf("other body under the same id: %v", err)
	}
	other := eventstore.Command{ID: eventstore.CommandID("applicant-1", s.ID, "key-2"), Hash: command.Hash, Opens: true}
	var seen int
	if _, err := j.Update(ctx, s, other, nil, func(history []eventstore.Event) ([]eventstore.NewEvent, error) {
		seen = len(history)
		return facts(1), nil
	}); err != nil || seen != 2 {
		t.Errorf("a stream that is there was decided on %d events, %v", seen, err)
	}
	if _, err := j.Update(ctx, eventstore.Stream{Kind: "dossier", ID: uuid.New()}, other, nil, func([]eventstore.Event) ([]eventstore.NewEvent, error) {
		return nil, no
	}); !errors.Is(err, no) {
		t.Errorf("a refusal came as %v", err)
	}
}

func TestManyRepeatsAtOnceStillMakeOneEvent(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	journals := []*eventstore.Journal{open(t, db.App, eventstore.Options{}), open(t, db.App, eventstore.Options{})}
	s := newStream()
	command := eventstore.Command{ID: eventstore.CommandID("officer-1", s.ID, "k"), Hash: "h"}
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			r, err := journals[i%2].Update(ctx, s, command, nil, func([]eventstore.Event) ([]eventstore.NewEvent, error) {
				return facts(1), nil
			})
			if err != nil || r.First != 1 || r.Version != 1 {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
	wg.Wait()
}

func TestADecisionIsTakenAgainWhenAnotherProcessCameFirst(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	here, there := open(t, db.App, eventstore.Options{}), open(t, db.App, eventstore.Options{})
	s := newStream()
	var histories []int
	r, err := here.Update(ctx, s, eventstore.Command{}, nil, func(history []eventstore.Event) ([]eventstore.NewEvent, error) {
		histories = append(histories, len(history))
		if len(histories) <= 2 {
			if _, err := there.Append(ctx, eventstore.Request{Stream: s, Expected: int64(len(history)), Events: facts(1)}); err != nil {
				t.Error(err)
			}
		}
		return facts(1), nil
	})
	if err != nil || r.Version != 3 || !cmp.Equal(histories, []int{0, 1, 2}) {
		t.Errorf("%+v, %v, histories %v", r, err, histories)
	}
}

func TestARefusalWritesNothingAndANoOpSaysWhereTheStreamStands(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	j := open(t, dbtest.New(t).App, eventstore.Options{})
	s := newStream()
	if _, err := j.Append(ctx, eventstore.Request{Stream: s, Events: facts(2)}); err != nil {
		t.Fatal(err)
	}
	no := errors.New("no")
	if _, err := j.Update(ctx, s, eventstore.Command{}, nil, func([]eventstore.Event) ([]eventstore.NewEvent, error) { return facts(1), no }); err != no {
		t.Errorf("refusal = %v, want it as it is", err)
	}
	r, err := j.Update(ctx, s, eventstore.Command{}, nil, func([]eventstore.Event) ([]eventstore.NewEvent, error) { return nil, nil })
	if err != nil || r != (eventstore.Result{Version: 2}) {
		t.Errorf("no-op = %+v, %v", r, err)
	}
	stale := int64(1)
	var err2 *eventstore.StaleError
	if _, err := j.Update(ctx, s, eventstore.Command{}, &stale, func([]eventstore.Event) ([]eventstore.NewEvent, error) { return facts(1), nil }); !errors.As(err, &err2) || err2.Actual != 2 {
		t.Errorf("stale = %v", err)
	}
	if head, _ := j.Head(ctx); head != 2 {
		t.Errorf("head = %d, want 2", head)
	}
}

func TestAnUpdateThatWaitsForItsStreamEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	j := open(t, dbtest.New(t).App, eventstore.Options{})
	s := newStream()
	_, err := j.Update(context.Background(), s, eventstore.Command{}, nil, func([]eventstore.Event) ([]eventstore.NewEvent, error) {
		cancel()
		if _, err := j.Update(ctx, s, eventstore.Command{}, nil, nil); !errors.Is(err, context.Canceled) {
			t.Errorf("inner update: %v", err)
		}
		return facts(1), nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestWatchersAreWokenByTheirOwnProcess(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	j := open(t, dbtest.New(t).App, eventstore.Options{})
	woken, stop := j.Watch()
	for range 3 {
		if _, err := j.Append(ctx, eventstore.Request{Stream: newStream(), Events: facts(1)}); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-woken:
	case <-ctx.Done():
		t.Fatal("no signal after a commit")
	}
	select {
	case <-woken: // at most one more: signals coalesce
	default:
	}
	stop()
	if _, err := j.Append(ctx, eventstore.Request{Stream: newStream(), Events: facts(1)}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-woken:
		t.Error("a signal after stop")
	default:
	}
}

func TestIdsAndLanesAreTheSameForEver(t *testing.T) {
	t.Parallel()
	f := uuid.MustParse("f47ac10b-58cc-4372-a567-0e02b2c3d479")
	for want, got := range map[string]string{
		"db55b3fd-b6a5-558d-b47b-5e2821329f81":                             eventstore.StreamIDFor("dossier", "officer-1", "key-1").String(),
		"7e920392-08d5-5cd2-8d8c-84021cc2a141":                             eventstore.CommandID("officer-1", f, "key-1").String(),
		"77325902caca812dc259733aacd046b73817372c777b8d95b402647474516e13": eventstore.CommandHash([]byte("secret"), []byte("{}")),
	} {
		if got != want {
			t.Errorf("id is %s, was %s", got, want)
		}
	}
	if a, b := eventstore.StreamIDFor("a", "bc", "d"), eventstore.StreamIDFor("ab", "c", "d"); a == b {
		t.Error("two different creations share a stream")
	}
	// Computed with the Java client's murmur2 over 64 partitions.
	for id, want := range map[string]int{
		"00000000-0000-0000-0000-000000000000": 61,
		"0b5f2c1e-93d4-5e7a-8a41-7c6d5e4f3a2b": 9,
		"f47ac10b-58cc-4372-a567-0e02b2c3d479": 62,
		"6ba7b810-9dad-11d1-80b4-00c04fd430c8": 9,
		"ffffffff-ffff-ffff-ffff-ffffffffffff": 50,
		"01937f3a-1c2d-7e4f-8a5b-6c7d8e9fa0b1": 46,
	} {
		if got := eventstore.Lane(uuid.MustParse(id)); got != want {
			t.Errorf("lane of %s = %d, want %d", id, got, want)
		}
	}
}

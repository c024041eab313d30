package eventstore_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/eventstore"
	"dossier/migrations/dbtest"
)

func open(t testing.TB, pool *pgxpool.Pool, o eventstore.Options) *eventstore.Journal {
	t.Helper()
	j, err := eventstore.Open(context.Background(), pool, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.Close)
	return j
}

func newStream() eventstore.Stream { return eventstore.Stream{Kind: "dossier", ID: uuid.New()} }

// facts makes n events that occurred a moment ago.
func facts(n int) []eventstore.NewEvent {
	events := make([]eventstore.NewEvent, n)
	for i := range events {
		events[i] = eventstore.NewEvent{
			Type: "dossier.noted", TypeVersion: 1, OccurredAt: time.Now().Add(-time.Second),
			Data: json.RawMessage(fmt.Sprintf(`{"n": %d,  "spaces":"stay"}`, i)), Meta: json.RawMessage(`{"actor":"a","actorrole":"clerk"}`),
		}
	}
	return events
}

func TestAppendAnswersWithPositionsAndVersions(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	j := open(t, dbtest.New(t).App, eventstore.Options{})
	a, b := newStream(), newStream()

	first, err := j.Append(ctx, eventstore.Request{Stream: a, Expected: eventstore.NoStream, Events: facts(2)})
	if err != nil || first.First != 1 || first.Last != 2 || first.Version != 2 || first.Events != 2 {
		t.Fatalf("first append = %+v, %v", first, err)
	}
	second, err := j.Append(ctx, eventstore.Request{Stream: b, Expected: eventstore.AnyVersion, Events: facts(1)})
	if err != nil || second.First != 3 || second.Last != 3 || second.Version != 1 {
		t.Fatalf("second append = %+v, %v", second, err)
	}
	third, err := j.Append(ctx, eventstore.Request{Stream: a, Expected: 2, Seen: 3, Events: facts(1)})
	if err != nil || third.First != 4 || third.Version != 3 || third.RecordedAt.Before(second.RecordedAt) {
		t.Fatalf("third append = %+v, %v", third, err)
	}
	if head, err := j.Head(ctx); head != 4 || err != nil {
		t.Errorf("head = %d, %v", head, err)
	}
	events, err := j.Stream(ctx, a.ID, 1)
	if err != nil || len(events) != 2 || events[0].Position != 2 || events[1].Position != 4 || string(events[0].Data) != `{"n": 1,  "spaces":"stay"}` {
		t.Fatalf("stream = %+v, %v", events, err)
	}
	if got, want := events[0].Lane, eventstore.Lane(a.ID); got != want {
		t.Errorf("lane = %d, want %d", got, want)
	}
	all, err := j.Page(ctx, 1, 2)
	if err != nil || len(all) != 2 || all[0].Position != 2 || all[1].Position != 3 {
		t.Errorf("page = %+v, %v", all, err)
	}
	for at, want := range map[time.Time]int64{first.RecordedAt: 2, first.RecordedAt.Add(-1): 0, time.Now().Add(time.Hour): 4} {
		if got, err := j.PositionAt(ctx, at); got != want || err != nil {
			t.Errorf("position at %s = %d, %v; want %d", at, got, err, want)
		}
	}
	lane, err := j.LanePage(ctx, eventstore.Lane(b.ID), 0, 4, 10)
	if err != nil || len(lane) == 0 {
		t.Errorf("lane page = %+v, %v", lane, err)
	}
	streams, err := j.Streams(ctx, []uuid.UUID{a.ID, b.ID, uuid.New()})
	if err != nil || len(streams) != 2 || len(streams[a.ID]) != 3 || len(streams[b.ID]) != 1 {
		t.Errorf("streams = %+v, %v", streams, err)
	}
}

func TestAnExpectedVersionThatIsNotTrueIsAConflict(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	j := open(t, dbtest.New(t).App, eventstore.Options{})
	s := newStream()
	if _, err := j.Append(ctx, eventstore.Request{Stream: s, Events: facts(3)}); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 2} { // the short path and the general one
		for _, c := range []struct{ expected, seen, actual int64 }{
			{0, 0, 3}, {1, 0, 3}, {2, 0, 3}, {2, 1, 3}, {4, 0, 3}, {7, 0, 3}, {2, 99, 3},
		} {
			var conflict *eventstore.ConflictError
			_, err := j.Append(ctx, eventstore.Request{Stream: s, Expected: c.expected, Seen: c.seen, Events: facts(n)})
			if !errors.As(err, &conflict) || conflict.Actual != c.actual {
				t.Errorf("%d events at %d seen %d: %v, want actual %d", n, c.expected, c.seen, err, c.actual)
			}
		}
	}
	if head, _ := j.Head(ctx); head != 3 {
		t.Errorf("head = %d after refused appends, want 3", head)
	}
	for _, r := range []eventstore.Request{
		{Stream: s, Expected: 3, Events: facts(2)},
		{Stream: s, Expected: eventstore.AnyVersion, Events: facts(2)},
		{Stream: s, Expected: 7, Seen: 7, Events: facts(1)},
		{Stream: s, Expected: 8, Seen: 99, Events: facts(1)}, // a head that this database never had counts as none
	} {
		if _, err := j.Append(ctx, r); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenRefusesARoleThatMayChangeEvents(t *testing.T) {
	t.Parallel()
	if _, err := eventstore.Open(context.Background(), dbtest.New(t).Owner, eventstore.Options{}); err == nil {
		t.Error("opened with the owner's rights")
	}
}

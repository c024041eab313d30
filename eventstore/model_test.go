package eventstore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"dossier/eventstore"
	"dossier/migrations/dbtest"
)

// model is what a journal is: a list of events and the version of each stream.
type model struct {
	j        *eventstore.Journal
	head     int64
	streams  []eventstore.Stream
	versions map[uuid.UUID]int64
	order    []string              // "stream/version", by position
	places   map[uuid.UUID][]int64 // positions of each stream
	done     map[eventstore.Command]eventstore.Result
}

func (m *model) stream(t *rapid.T) eventstore.Stream {
	return m.streams[rapid.IntRange(0, len(m.streams)-1).Draw(t, "stream")]
}

// stored notes n events of a stream and returns what the journal must answer.
func (m *model) stored(s eventstore.Stream, n int) (first, last, version int64) {
	for range n {
		m.head++
		m.versions[s.ID]++
		m.places[s.ID] = append(m.places[s.ID], m.head)
		m.order = append(m.order, fmt.Sprint(s.ID, "/", m.versions[s.ID]))
	}
	return m.head - int64(n) + 1, m.head, m.versions[s.ID]
}

func (m *model) append(t *rapid.T) {
	s, n := m.stream(t), rapid.IntRange(1, 4).Draw(t, "events")
	actual := m.versions[s.ID]
	expected := rapid.OneOf(rapid.Just(actual), rapid.Just(eventstore.AnyVersion), rapid.Int64Range(0, 8)).Draw(t, "expected")
	seen := rapid.SampledFrom([]int64{0, m.head}).Draw(t, "seen")
	switch {
	case expected > actual || expected == eventstore.AnyVersion:
		seen = 0 // a version that was never read has no head it was read at
	case expected < actual && seen > 0:
		seen = m.places[s.ID][expected] - 1 // the newest head at which the stream stood there
	}
	r, err := m.j.Append(context.Background(), eventstore.Request{Stream: s, Expected: expected, Seen: seen, Events: facts(n)})
	if expected != eventstore.AnyVersion && expected != actual {
		var conflict *eventstore.ConflictError
		if !errors.As(err, &conflict) || conflict.Actual != actual {
			t.Fatalf("append at %d of %d, seen %d: %+v, %v", expected, actual, seen, r, err)
		}
		return
	}
	first, last, version := m.stored(s, n)
	if err != nil || r.First != first || r.Last != last || r.Version != version {
		t.Fatalf("append of %d at %d = %+v, %v; want %d-%d, version %d", n, expected, r, err, first, last, version)
	}
}

func (m *model) update(t *rapid.T) {
	s, n := m.stream(t), rapid.IntRange(0, 3).Draw(t, "events")
	key := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key")
	c := eventstore.Command{ID: eventstore.CommandID("p", s.ID, key), Hash: "h"}
	r, err := m.j.Update(context.Background(), s, c, nil, func(history []eventstore.Event) ([]eventstore.NewEvent, error) {
		if int64(len(history)) != m.versions[s.ID] {
			t.Fatalf("history has %d events, want %d", len(history), m.versions[s.ID])
		}
		return facts(n), nil
	})
	want, again := m.done[c]
	switch {
	case again:
		want.Repeated = true
	case n == 0:
		want = eventstore.Result{Version: m.versions[s.ID]}
	default:
		first, last, version := m.stored(s, n)
		want = eventstore.Result{First: first, Last: last, Version: version, Events: n, RecordedAt: r.RecordedAt}
		m.done[c] = want
	}
	if err != nil || r != want {
		t.Fatalf("update = %+v, %v; want %+v", r, err, want)
	}
}

func TestTheJournalBehavesLikeAListOfEventsWithOneVersionForEachStream(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	db.PartitionSize(t, 150)
	j := open(t, db.App, eventstore.Options{})
	rapid.Check(t, func(t *rapid.T) {
		head, err := j.Head(ctx)
		if err != nil {
			t.Fatal(err)
		}
		start := head
		m := &model{j: j, head: head, versions: map[uuid.UUID]int64{}, places: map[uuid.UUID][]int64{}, done: map[eventstore.Command]eventstore.Result{}}
		m.streams = []eventstore.Stream{newStream(), newStream(), newStream()}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "update") {
				m.update(t)
			} else {
				m.append(t)
			}
		}
		events, err := j.Page(ctx, start, 1000)
		if err != nil || len(events) != len(m.order) {
			t.Fatalf("%d events, %v; want %d", len(events), err, len(m.order))
		}
		for i, e := range events {
			if got := fmt.Sprint(e.StreamID, "/", e.Version); e.Position != start+int64(i)+1 || got != m.order[i] {
				t.Fatalf("position %d holds %s, want %s at %d", e.Position, got, m.order[i], start+int64(i)+1)
			}
		}
	})
}

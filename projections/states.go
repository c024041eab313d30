package projections

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"dossier/eventstore"
)

// states remembers what the streams seen last amount to, so that no projection reads its own table to write its next row.
// It holds between limit and twice limit of them: only what a transaction confirmed, and only while the connection it was made
// on is there. Kafka may tell what the journal lost, and a server that took over may have other events of the same versions.
type states struct {
	journal    *eventstore.Journal
	limit      int
	young, old map[uuid.UUID]folded
	foretold   map[uuid.UUID]foretold // by event
}

func newStates(j *eventstore.Journal, limit int) *states {
	return &states{journal: j, limit: limit, young: map[uuid.UUID]folded{}}
}

func (s *states) get(id uuid.UUID) (folded, bool) {
	f, ok := s.young[id]
	if !ok {
		f, ok = s.old[id]
	}
	return f, ok
}

func (s *states) put(id uuid.UUID, f folded) {
	if len(s.young) >= s.limit {
		s.old, s.young = s.young, make(map[uuid.UUID]folded, s.limit)
	}
	s.young[id] = f
}

// forget drops everything: another server may tell another history.
func (s *states) forget() { s.young, s.old = map[uuid.UUID]folded{}, nil }

// failure is an event that cannot be applied, and why.
type failure struct {
	position int64
	err      error
}

// moments folds events that follow one another in their streams, and says what the streams amount to then. A stream whose event
// cannot be folded gives its moments up to there and a failure.
func (s *states) moments(ctx context.Context, streams [][]eventstore.Event) (all []Moment, after map[uuid.UUID]folded, failed map[uuid.UUID]failure, err error) {
	after, failed, err = s.before(ctx, streams)
	if err != nil {
		return nil, nil, nil, err
	}
	n := 0
	for _, events := range streams {
		n += len(events)
	}
	all = make([]Moment, 0, n)
	for _, events := range streams {
		id := events[0].StreamID
		f, ok := after[id]
		if !ok {
			continue
		}
		for _, ev := range events {
			m, g, err := s.next(f, ev)
			if err != nil {
				failed[id] = failure{ev.Position, err}
				break
			}
			all, f = append(all, m), g
		}
		after[id] = f
	}
	return all, after, failed, nil
}

// before finds what each stream amounts to just before its first event here: remembered, or folded from the journal.
func (s *states) before(ctx context.Context, streams [][]eventstore.Event) (map[uuid.UUID]folded, map[uuid.UUID]failure, error) {
	before, failed := make(map[uuid.UUID]folded, len(streams)), map[uuid.UUID]failure{}
	var missing []uuid.UUID
	for _, events := range streams {
		first := events[0]
		f, ok := s.get(first.StreamID)
		switch {
		case first.Version == 1:
			before[first.StreamID] = nothing
		case ok && f.state.Version == first.Version-1:
			before[first.StreamID] = f
		default:
			missing = append(missing, first.StreamID)
		}
	}
	if len(missing) == 0 {
		return before, failed, nil
	}
	histories, err := s.journal.Streams(ctx, missing)
	if err != nil {
		return nil, nil, fmt.Errorf("read %d streams: %w", len(missing), err)
	}
	for _, events := range streams {
		first := events[0]
		if _, ok := before[first.StreamID]; ok {
			continue
		}
		f, err := nothing.through(until(histories[first.StreamID], first.Version))
		if err != nil {
			failed[first.StreamID] = failure{first.Position, err}
			continue
		}
		before[first.StreamID] = f
	}
	return before, failed, nil
}

// until cuts a history before a version.
func until(history []eventstore.Event, version int64) []eventstore.Event {
	for i, ev := range history {
		if ev.Version >= version {
			return history[:i]
		}
	}
	return history
}

// byStream groups events by stream, streams in the order of their first event.
func byStream(events []eventstore.Event) [][]eventstore.Event {
	at := make(map[uuid.UUID]int, len(events))
	streams := make([][]eventstore.Event, 0, len(events))
	for _, ev := range events {
		i, ok := at[ev.StreamID]
		if !ok {
			i = len(streams)
			at[ev.StreamID] = i
			streams = append(streams, nil)
		}
		streams[i] = append(streams[i], ev)
	}
	return streams
}

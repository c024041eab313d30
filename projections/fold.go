package projections

import (
	"fmt"

	"github.com/google/uuid"

	"dossier/domain/dossier"
	"dossier/eventstore"
)

// target is the rows that a table should have of some streams.
type target struct {
	table  table
	at     lanes               // what the table is true at
	parked map[uuid.UUID]int64 // from where on it does not follow a stream
	leave  map[uuid.UUID]bool  // streams that nothing is said about
	tuples

	shown int // events of the stream at hand that the table shows
}

// shows counts the events of a stream that the table is to show.
func (t *target) shows(history []eventstore.Event) int {
	id := history[0].StreamID
	if t.leave[id] {
		return 0
	}
	upTo := t.at[eventstore.Lane(id)]
	if from, is := t.parked[id]; is {
		upTo = min(upTo, from-1)
	}
	n := len(history)
	for n > 0 && history[n-1].Position > upTo {
		n--
	}
	return n
}

// foldError is an event that cannot be folded.
type foldError struct {
	event eventstore.Event
	err   error
}

func (e *foldError) Error() string { return fmt.Sprintf("stream %s: %v", e.event.StreamID, e.err) }
func (e *foldError) Unwrap() error { return e.err }

// fold adds the rows of whole streams to each target: every event is decoded once, whatever number of tables shows it. It returns how
// many events were folded.
func fold(events []eventstore.Event, targets []*target) (folded int64, err error) {
	for history := range histories(events) {
		if history[0].StreamKind != dossierKind {
			continue
		}
		n, err := foldStream(history, targets)
		if err != nil {
			return folded, err
		}
		folded += int64(n)
	}
	return folded, nil
}

// histories cuts events that are ordered by stream.
func histories(events []eventstore.Event) func(yield func([]eventstore.Event) bool) {
	return func(yield func([]eventstore.Event) bool) {
		for len(events) > 0 {
			n := 1
			for n < len(events) && events[n].StreamID == events[0].StreamID {
				n++
			}
			if !yield(events[:n:n]) {
				return
			}
			events = events[n:]
		}
	}
}

func foldStream(history []eventstore.Event, targets []*target) (most int, err error) {
	for _, t := range targets {
		t.shown = t.shows(history)
		most = max(most, t.shown)
	}
	var states [2]dossier.State // before and after, in turns: no row outlives its moment
	f := nothing
	for i, ev := range history[:most] {
		m, g, err := f.bare(ev, &states[i%2])
		if err != nil {
			return i, &foldError{ev, err}
		}
		f = g
		for _, t := range targets {
			if i < t.shown-1 && t.table.latest || i >= t.shown {
				continue
			}
			if err := t.table.add(&t.tuples, &m); err != nil {
				return i, &foldError{ev, err}
			}
		}
	}
	return most, nil
}

package projections

import (
	"slices"

	"github.com/google/uuid"

	"dossier/eventstore"
)

// batch is what was heard and is applied together.
type batch struct {
	heard []eventstore.Delivered
	bytes int64
}

var always = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// ready never blocks when there is something in the batch, and always when not.
func (b batch) ready() <-chan struct{} {
	if len(b.heard) == 0 {
		return nil
	}
	return always
}

// drain adds what is queued, up to a batch. It never waits for more: what queues meanwhile is the next batch.
func (e *Engine) drain(b batch) batch {
	b.heard = slices.Grow(b.heard, min(len(e.queue), e.o.Batch))
	for len(b.heard) < e.o.Batch {
		select {
		case d := <-e.queue:
			b = batch{append(b.heard, d), b.bytes + e.weight(d)}
		default:
			return b
		}
	}
	return b
}

// lookAhead takes the next batch and folds it on top of what is being written, while that is on its way to the database: else one of the
// two would wait for the other in turns. What is folded here decides nothing. It is what folding makes of one event and one state, and
// is used only if both are the ones at hand when the batch's turn comes.
func (e *Engine) lookAhead(writing map[uuid.UUID]folded) {
	if len(e.ahead.heard) == 0 {
		e.ahead = e.drain(batch{})
		e.states.foretell(e.ahead.heard, writing)
	}
}

// foretold is what an event makes of a state.
type foretold struct {
	before folded
	moment Moment
	after  folded
}

// foretell folds what was heard, as far as it can tell without asking.
func (s *states) foretell(heard []eventstore.Delivered, writing map[uuid.UUID]folded) {
	s.foretold = make(map[uuid.UUID]foretold, len(heard))
	now := make(map[uuid.UUID]folded, len(heard))
	for _, d := range heard {
		if d.StreamKind != dossierKind {
			continue
		}
		f, ok := now[d.StreamID]
		if !ok {
			if f, ok = writing[d.StreamID]; !ok {
				f, ok = s.get(d.StreamID)
			}
			if d.Version == 1 {
				f, ok = nothing, true
			}
		}
		if !ok || d.Version != f.state.Version+1 {
			continue
		}
		if m, g, err := f.next(d.Event); err == nil {
			s.foretold[d.ID], now[d.StreamID] = foretold{f, m, g}, g
		}
	}
}

// next is what an event makes of a state, foretold or not.
func (s *states) next(f folded, ev eventstore.Event) (Moment, folded, error) {
	if t, ok := s.foretold[ev.ID]; ok && t.before == f && same(t.moment.Event, ev) {
		return t.moment, t.after, nil
	}
	return f.next(ev)
}

// same says whether two values are one event that was read once: Kafka may tell an event of the same id in another way.
func same(a, b eventstore.Event) bool {
	return a.ID == b.ID && a.Position == b.Position && len(a.Data) > 0 && len(b.Data) > 0 && &a.Data[0] == &b.Data[0]
}

package projections

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"dossier/eventstore"
)

// manyLanes is from where on it is cheaper to read the journal straight through than lane by lane.
const manyLanes = 8

// deliver applies what Kafka brought. Of each lane: what is in already is skipped, what follows is applied, and from a gap
// on the journal is read instead.
func (e *Engine) deliver(ctx context.Context, heard []eventstore.Delivered) error {
	heard, err := e.believed(ctx, heard)
	if err != nil {
		return err
	}
	to, events, gaps := e.sort(heard)
	if len(events) > 0 {
		err := e.applyTold(ctx, to, events)
		if errors.Is(err, errBeyond) {
			return e.disbelieve(ctx, heard)
		}
		if err != nil {
			return err
		}
	}
	return e.heal(ctx, gaps)
}

// sort says how far each lane goes, by which events, and up to where lanes with a gap must be read from the journal.
func (e *Engine) sort(heard []eventstore.Delivered) (to lanes, events []eventstore.Event, gaps lanes) {
	slices.SortStableFunc(heard, func(a, b eventstore.Delivered) int {
		return cmp.Or(cmp.Compare(a.Lane, b.Lane), cmp.Compare(a.Position, b.Position))
	})
	events = make([]eventstore.Event, 0, len(heard))
	for _, d := range heard {
		at := max(to[d.Lane], e.stand.least[d.Lane])
		switch {
		case d.Position <= at || d.Position <= gaps[d.Lane]:
			e.counters.skipped.Add(1)
		case gaps[d.Lane] > 0 || d.Prev > at:
			gaps[d.Lane] = d.Position
		default:
			to[d.Lane] = d.Position
			events = append(events, d.Event)
		}
	}
	return to, events, gaps
}

// believed leaves out what an older generation told: the journal lost a tail that Kafka had already seen, and tells those
// positions differently now.
func (e *Engine) believed(ctx context.Context, heard []eventstore.Delivered) ([]eventstore.Delivered, error) {
	if !slices.ContainsFunc(heard, func(d eventstore.Delivered) bool { return !e.generations.Known(d) }) {
		return e.unrefused(heard), nil
	}
	if err := e.loadGenerations(ctx); err != nil {
		return nil, err
	}
	return e.unrefused(heard), nil
}

func (e *Engine) unrefused(heard []eventstore.Delivered) []eventstore.Delivered {
	all := len(heard)
	heard = slices.DeleteFunc(heard, e.generations.Refuses)
	e.counters.refused.Add(int64(all - len(heard)))
	return heard
}

func (e *Engine) loadGenerations(ctx context.Context) error {
	g, err := e.journal.Generations(ctx)
	if err != nil {
		return err
	}
	e.generations = g
	return nil
}

// disbelieve reads from the journal what it does not have as it was told: the database was restored and the relay has not
// found out yet.
func (e *Engine) disbelieve(ctx context.Context, heard []eventstore.Delivered) error {
	e.counters.refused.Add(1)
	if err := e.loadGenerations(ctx); err != nil {
		return err
	}
	head, err := e.journal.Head(ctx)
	if err != nil {
		return fmt.Errorf("read head: %w", err)
	}
	e.o.Log.Error("projections: Kafka tells of events that the journal does not have, reading the journal instead", "head", head)
	var upTo lanes
	for _, d := range heard {
		upTo[d.Lane] = max(upTo[d.Lane], min(d.Position, head))
	}
	return e.heal(ctx, upTo)
}

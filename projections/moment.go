package projections

import (
	"encoding/json"
	"fmt"

	"dossier/domain/dossier"
	"dossier/eventstore"
)

// dossierKind is the kind of stream that these projections show. Other streams only move the checkpoint.
const dossierKind = "dossier"

// A Moment is one event of a dossier with the state before and after it. What it points to is shared and never changed.
type Moment struct {
	Event     eventstore.Event
	Fact      dossier.Fact
	Before    *dossier.State
	After     *dossier.State
	State     json.RawMessage // After, encoded once for every table that keeps it
	Backdated bool            // this fact, or one before it, happened earlier than one recorded before it
}

// folded is what a stream amounts to after some version.
type folded struct {
	state     *dossier.State
	backdated bool
}

var nothing = folded{state: &dossier.State{}}

// next is the moment of an event that follows, and what the stream then amounts to.
func (f folded) next(ev eventstore.Event) (Moment, folded, error) {
	m, g, err := f.bare(ev, new(dossier.State))
	if err == nil {
		err = m.encode()
	}
	if err != nil {
		return Moment{}, f, err
	}
	return m, g, nil
}

// bare is next without the encoded state, which not every row has. The state after goes where the caller says.
func (f folded) bare(ev eventstore.Event, after *dossier.State) (Moment, folded, error) {
	fact, g, err := f.evolveInto(ev, after)
	if err != nil {
		return Moment{}, f, err
	}
	return Moment{Event: ev, Fact: fact, Before: f.state, After: g.state, Backdated: g.backdated}, g, nil
}

func (m *Moment) encode() (err error) {
	if m.State, err = m.After.AppendJSON(make([]byte, 0, 1500)); err != nil {
		return fmt.Errorf("encode state after event %d: %w", m.Event.Position, err)
	}
	return nil
}

// evolve is next without the work that only rows need. A panic in the domain is a fault of that event, not of the process:
// it parks one stream.
func (f folded) evolve(ev eventstore.Event) (dossier.Fact, folded, error) {
	return f.evolveInto(ev, new(dossier.State))
}

func (f folded) evolveInto(ev eventstore.Event, after *dossier.State) (fact dossier.Fact, g folded, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("evolve by event %d %s: panic: %v", ev.Position, ev.Type, r)
		}
	}()
	if ev.Version != f.state.Version+1 {
		return fact, f, fmt.Errorf("event %d has version %d, the stream is at %d", ev.Position, ev.Version, f.state.Version)
	}
	fact, err = dossier.DecodeFact(ev.Position, ev.Version, ev.Type, ev.TypeVersion, ev.Data, ev.Meta, ev.OccurredAt, ev.RecordedAt)
	if err != nil {
		return fact, f, fmt.Errorf("decode event %d: %w", ev.Position, err)
	}
	*after = dossier.Evolve(*f.state, fact)
	backdated := f.backdated || ev.Version > 1 && fact.OccurredAt.Before(f.state.UpdatedAt)
	return fact, folded{after, backdated}, nil
}

// through folds events on top of what is there.
func (f folded) through(events []eventstore.Event) (folded, error) {
	var err error
	for _, ev := range events {
		if _, f, err = f.evolve(ev); err != nil {
			return f, err
		}
	}
	return f, nil
}

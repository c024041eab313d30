package handlers

import (
	"context"
	"fmt"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/eventstore"

	"github.com/google/uuid"
)

// Facts returns what happened to a dossier, in order of version, straight from the journal.
func (x *Executor) Facts(ctx context.Context, id uuid.UUID) ([]dossier.Fact, error) {
	events, err := x.journal.Stream(ctx, id, 0)
	if err != nil {
		return nil, err
	}
	if len(events) == 0 || events[0].StreamKind != Kind {
		return nil, ErrNotFound
	}
	return Decode(events)
}

// UnreadableError is an event that this program does not understand: a newer one wrote it, or a hand. Its dossier stands still.
type UnreadableError struct {
	Position int64
	Err      error
}

func (e *UnreadableError) Error() string {
	return fmt.Sprintf("event %d cannot be read by this program: %v", e.Position, e.Err)
}

func (e *UnreadableError) Unwrap() error { return e.Err }

// Decode reads stored events as facts (*UnreadableError).
func Decode(events []eventstore.Event) ([]dossier.Fact, error) {
	facts := make([]dossier.Fact, len(events))
	for i, e := range events {
		f, err := dossier.DecodeFact(e.Position, e.Version, e.Type, e.TypeVersion, e.Data, e.Meta, e.OccurredAt, e.RecordedAt)
		if err != nil {
			return nil, &UnreadableError{e.Position, err}
		}
		facts[i] = f
	}
	return facts, nil
}

// Asked says which state of a dossier is wanted. The zero value is the newest.
type Asked struct {
	Version int64   // after this many events
	At      *Moment // as it was
	KnownAt *Moment // as it was known
}

// AsOf folds the state that was asked for and returns the facts it may rest on. ErrNotFound when the dossier did not exist then.
func (x *Executor) AsOf(ctx context.Context, id uuid.UUID, q Asked) (dossier.State, []dossier.Fact, error) {
	facts, err := x.Facts(ctx, id)
	if err != nil {
		return dossier.State{}, nil, err
	}
	if q.Version > int64(len(facts)) {
		return dossier.State{}, nil, ErrNotFound
	}
	if q.Version > 0 {
		facts = facts[:q.Version]
	}
	at, err := x.Instant(ctx, q.At)
	if err != nil {
		return dossier.State{}, nil, err
	}
	facts, known := knownBy(facts, q.KnownAt)
	s := dossier.AsOf(facts, at, known)
	if !s.Exists() {
		return s, nil, ErrNotFound
	}
	return s, facts, nil
}

// AsOfFor is AsOf for somebody who may read the dossier as it is now.
func (x *Executor) AsOfFor(ctx context.Context, a domain.Actor, id uuid.UUID, q Asked) (dossier.State, []dossier.Fact, error) {
	s, facts, err := x.AsOf(ctx, id, q)
	if err != nil {
		return s, nil, err
	}
	newest := s
	if q != (Asked{}) {
		if newest, _, err = x.AsOf(ctx, id, Asked{}); err != nil {
			return s, nil, err
		}
	}
	if err := x.MayRead(ctx, a, newest); err != nil {
		return dossier.State{}, nil, err
	}
	return s, facts, nil
}

// knownBy cuts the facts at a position exactly; an instant is left to the fold.
func knownBy(facts []dossier.Fact, m *Moment) ([]dossier.Fact, *time.Time) {
	switch {
	case m == nil:
		return facts, nil
	case m.Position == 0:
		return facts, &m.Time
	}
	n := len(facts)
	for n > 0 && facts[n-1].Position > m.Position {
		n--
	}
	return facts[:n], nil
}

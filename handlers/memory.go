package handlers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"dossier/domain"
	"dossier/eventstore"

	"github.com/google/uuid"
	"golang.org/x/sync/singleflight"
)

// fresh is how long a rule is trusted without looking for newer events. A command that counted by the calendar before is found by the
// recounter, like any other; one that was filed under the version before stays with it.
const fresh = time.Second

// memory keeps streams of rules folded, and catches them up as they are used: a few events, read by stream and version.
type memory[S any] struct {
	journal *eventstore.Journal
	evolve  func(S, eventstore.Event) (S, error)
	mu      sync.Mutex
	known   map[uuid.UUID]kept[S]
	reading singleflight.Group // by stream: a crowd holds one connection and not the pool
}

// kept is what a stream amounts to and the id of its last event, by which a database that lost its tail is found out.
type kept[S any] struct {
	state   S
	version int64
	last    uuid.UUID
	looked  time.Time
}

func newMemory[S any](j *eventstore.Journal, evolve func(S, eventstore.Event) (S, error)) *memory[S] {
	return &memory[S]{journal: j, evolve: evolve, known: map[uuid.UUID]kept[S]{}}
}

func (m *memory[S]) have(id uuid.UUID) kept[S] {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.known[id]
}

func (m *memory[S]) keep(id uuid.UUID, k kept[S]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known[id] = k
}

// forget lets the next use look again.
func (m *memory[S]) forget(id uuid.UUID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.known, id)
	m.reading.Forget(id.String())
}

// readWithin is how long a database that hangs may keep those who go by a rule from being told to come again.
const readWithin = 2 * time.Second

// recent returns a stream as it was a moment ago, mostly from memory: commands and pages go by it. Who comes while it is read again waits
// for that reading. eventstore.ErrBusy when the database does not answer.
func (m *memory[S]) recent(ctx context.Context, id uuid.UUID) (s S, err error) {
	if have := m.have(id); time.Since(have.looked) < fresh {
		return have.state, nil
	}
	read := m.reading.DoChan(id.String(), func() (any, error) { // under no caller's context: one who leaves must not fail the others
		within, cancel := context.WithTimeout(context.Background(), readWithin)
		defer cancel()
		now, err := m.get(within, id)
		if err != nil && within.Err() != nil {
			err = fmt.Errorf("%w: %w", eventstore.ErrBusy, err)
		}
		return now, err
	})
	select {
	case r := <-read:
		s, _ = r.Val.(S)
		return s, r.Err
	case <-ctx.Done():
		return s, fmt.Errorf("read rules: %w", context.Cause(ctx))
	}
}

// get returns a stream as it is now.
func (m *memory[S]) get(ctx context.Context, id uuid.UUID) (s S, err error) {
	have, looked := m.have(id), time.Now()
	events, err := m.journal.Stream(ctx, id, max(have.version-1, 0))
	if err != nil {
		return s, fmt.Errorf("read rules: %w", err)
	}
	switch {
	case have.last == uuid.Nil:
	case len(events) > 0 && events[0].ID == have.last:
		events = events[1:]
	default: // not the history this was folded from
		have = kept[S]{}
		if events, err = m.journal.Stream(ctx, id, 0); err != nil {
			return s, fmt.Errorf("read rules: %w", err)
		}
	}
	if have, err = m.fold(have, events); err != nil {
		return s, err
	}
	have.looked = looked
	m.keep(id, have)
	return have.state, nil
}

// all returns several streams as they are now, read at once.
func (m *memory[S]) all(ctx context.Context, ids []uuid.UUID) ([]S, error) {
	looked := time.Now()
	streams, err := m.journal.Streams(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	states := make([]S, len(ids))
	for i, id := range ids {
		have, events := m.have(id), streams[id]
		if n := len(events); n == 0 || int64(n) != have.version || events[n-1].ID != have.last {
			if have, err = m.fold(kept[S]{}, events); err != nil {
				return nil, err
			}
		}
		have.looked = looked
		m.keep(id, have)
		states[i] = have.state
	}
	return states, nil
}

// at returns a stream as it was at a version.
func (m *memory[S]) at(ctx context.Context, id uuid.UUID, version int64) (s S, err error) {
	events, err := m.journal.Stream(ctx, id, 0)
	if err != nil {
		return s, fmt.Errorf("read rules: %w", err)
	}
	until, err := m.fold(kept[S]{}, events[:min(int(version), len(events))])
	return until.state, err
}

func (m *memory[S]) fold(k kept[S], events []eventstore.Event) (_ kept[S], err error) {
	for _, e := range events {
		if k.state, err = m.evolve(k.state, e); err != nil {
			return k, fmt.Errorf("position %d: %w", e.Position, err)
		}
		k.version, k.last = e.Version, e.ID
	}
	return k, nil
}

// encoded is a fact of a rule as it is stored.
type encoded struct {
	kind    string
	version int
	data    []byte
}

// rule appends what is decided about a stream of rules, all of it or nothing, once per key.
func (x *Executor) rule(ctx context.Context, a domain.Actor, s eventstore.Stream, name string, e Envelope, body []byte, decide func(history []eventstore.Event) ([]encoded, error)) (eventstore.Result, error) {
	if err := checkKey(e.Key); err != nil {
		return eventstore.Result{}, err
	}
	command := eventstore.Command{ID: eventstore.CommandID(a.Account, s.ID, name+" "+e.Key), Hash: eventstore.CommandHash(x.o.CommandKey, body)}
	meta, err := domain.Meta{Actor: a.Account, ActorRole: a.Role, ActorUnit: a.Unit, Origin: x.o.Origin, CommandID: command.ID.String(), CommandHash: command.Hash, Traceparent: e.Traceparent}.Encode()
	if err != nil {
		return eventstore.Result{}, err
	}
	result, err := x.journal.Update(ctx, s, command, e.Expected, func(history []eventstore.Event) (news []eventstore.NewEvent, err error) {
		facts, err := decide(history)
		for _, f := range facts {
			news = append(news, eventstore.NewEvent{Type: f.kind, TypeVersion: f.version, Data: f.data, Meta: slices.Clone(meta), OccurredAt: x.o.Now().UTC()})
		}
		return news, err
	})
	var stale *eventstore.StaleError
	if errors.As(err, &stale) {
		err = &Stale{Expected: stale.Expected, Actual: stale.Actual, Rule: true}
	}
	return result, err
}

package main

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"dossier/domain/dossier"
	"dossier/eventstore"
	"dossier/handlers"
)

// command is what was wished, known again by its key.
type command struct {
	who, name, key string
	id             uuid.UUID
}

// commandID is the id that the journal knows it by.
func (c command) commandID() uuid.UUID { return eventstore.CommandID(c.who, c.id, c.name+" "+c.key) }

// acknowledged is a command that was answered as done.
type acknowledged struct {
	command
	position int64
	at       time.Time
}

// known is a dossier as somebody last saw it.
type known struct {
	id      uuid.UUID
	status  dossier.Status
	version int64
}

// ledger is what the callers were told.
type ledger struct {
	hostile, refusals, answers atomic.Int64
	busy                       atomic.Int64 // refusals that said: try again later

	mu       sync.Mutex
	acks     map[uuid.UUID]acknowledged // by command id
	dossiers map[uuid.UUID]int
	seen     []known
	waiting  []acknowledged // not yet seen in the views, the oldest first
	first    string         // what went wrong first
}

func newLedger() *ledger {
	return &ledger{acks: map[uuid.UUID]acknowledged{}, dossiers: map[uuid.UUID]int{}}
}

// done notes an answer and compares it with the answer to the same command before.
func (l *ledger) done(c command, r handlers.Receipt) {
	l.answers.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	i, is := l.dossiers[c.id]
	if !is {
		i = len(l.seen)
		l.dossiers[c.id] = i
		l.seen = append(l.seen, known{id: c.id})
	}
	if r.Version > l.seen[i].version {
		l.seen[i].status, l.seen[i].version = r.Status, r.Version
	}
	if r.Events == 0 && !r.Repeated {
		return // it was already so
	}
	a := acknowledged{c, r.Position, time.Now()}
	before, repeated := l.acks[c.commandID()]
	switch {
	case !repeated:
		l.acks[c.commandID()] = a
		l.waiting = append(l.waiting, a)
	case before.position != r.Position:
		l.note("command %s was done at position %d and again at %d", c.key, before.position, r.Position)
	}
}

func (l *ledger) refused(err error) {
	l.refusals.Add(1)
	if handlers.Away(err) {
		l.busy.Add(1)
	}
}

func (l *ledger) wrong(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.note(format, args...)
}

func (l *ledger) note(format string, args ...any) {
	if l.first == "" {
		l.first = fmt.Sprintf(format, args...)
	}
}

// any is a dossier, rather a young one than an old one.
func (l *ledger) any(r *rand.Rand) (known, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.seen) == 0 {
		return known{}, false
	}
	young := l.seen[max(0, len(l.seen)-200):]
	return young[r.IntN(len(young))], true
}

// shown forgets what the views have and returns how long the oldest other answer has waited.
func (l *ledger) shown(position int64, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	rest := l.waiting[:0]
	oldest := now
	for _, a := range l.waiting {
		if a.position > position {
			rest = append(rest, a)
			if a.at.Before(oldest) {
				oldest = a.at
			}
		}
	}
	l.waiting = rest
	return now.Sub(oldest)
}

// forget drops what was told of positions that a failover lost.
func (l *ledger) forget(after int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, a := range l.acks {
		if a.position > after {
			delete(l.acks, id)
		}
	}
	l.waiting, l.seen, l.dossiers = nil, nil, map[uuid.UUID]int{}
}

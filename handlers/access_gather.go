package handlers

import (
	"context"
	"slices"

	"dossier/eventstore"

	"github.com/google/uuid"
)

// The entries of an account on a day stand in one stream, and a stream takes one append a commit. So what comes while an append is on its way
// goes together with the next.

// mostGathered is how many entries one append takes at most: of the largest ones, two megabytes.
const mostGathered = 100

// gathering are entries of a stream that go together.
type gathering struct {
	entries []*eventstore.NewEvent
	leaving bool // nothing comes or goes any more
	err     error
	done    chan struct{}
}

// send returns when an entry is durable, or is not sent at all because the context has ended before.
func (l *AccessLog) send(ctx context.Context, stream uuid.UUID, entry eventstore.NewEvent) error {
	l.mu.Lock()
	waiting, sending := l.gathered[stream]
	if n := len(waiting); n == 0 || len(waiting[n-1].entries) == mostGathered {
		waiting = append(waiting, &gathering{done: make(chan struct{})})
	}
	g := waiting[len(waiting)-1]
	g.entries = append(g.entries, &entry)
	l.gathered[stream] = waiting
	l.mu.Unlock()
	if !sending {
		go l.sendAll(stream)
	}
	select {
	case <-g.done:
		return g.err
	case <-ctx.Done():
	}
	l.mu.Lock()
	left := !g.leaving
	if left {
		g.entries = slices.DeleteFunc(g.entries, func(e *eventstore.NewEvent) bool { return e == &entry })
	}
	l.mu.Unlock()
	if left {
		return context.Cause(ctx)
	}
	<-g.done // soon: an append has its own bound
	return g.err
}

// sendAll appends what waits for a stream until nothing does.
func (l *AccessLog) sendAll(stream uuid.UUID) {
	for g := l.take(stream); g != nil; g = l.take(stream) {
		g.err = l.appendAll(stream, g.entries)
		close(g.done)
	}
}

// take is the next gathering of a stream; nil when none waits, and then the next entry begins anew.
func (l *AccessLog) take(stream uuid.UUID) *gathering {
	l.mu.Lock()
	defer l.mu.Unlock()
	for waiting := l.gathered[stream]; len(waiting) > 0; waiting = l.gathered[stream] {
		g := waiting[0]
		l.gathered[stream], g.leaving = waiting[1:], true
		if len(g.entries) > 0 {
			return g
		}
	}
	delete(l.gathered, stream)
	return nil
}

func (l *AccessLog) appendAll(stream uuid.UUID, entries []*eventstore.NewEvent) error {
	ctx, cancel := context.WithTimeout(context.Background(), l.o.Within)
	defer cancel()
	r := eventstore.Request{Stream: eventstore.Stream{Kind: AccessKind, ID: stream}, Expected: eventstore.AnyVersion}
	for _, e := range entries {
		r.Events = append(r.Events, *e)
	}
	_, err := l.journal.Append(ctx, r)
	return err
}

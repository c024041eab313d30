package eventstore

import (
	"context"
	"sync"

	"github.com/google/uuid"
)

// keyLock lets one Update of a stream at a time through in this process. It is a courtesy that saves conflicts, never what keeps
// the stream whole: the append's version check does that.
type keyLock struct {
	mu   sync.Mutex
	held map[uuid.UUID]*turn
}

type turn struct {
	token   chan struct{}
	waiting int
}

// lock waits for the key's turn and returns how to end it.
func (l *keyLock) lock(ctx context.Context, key uuid.UUID) (unlock func(), err error) {
	l.mu.Lock()
	t := l.held[key]
	if t == nil {
		if l.held == nil {
			l.held = map[uuid.UUID]*turn{}
		}
		t = &turn{token: make(chan struct{}, 1)}
		l.held[key] = t
	}
	t.waiting++
	l.mu.Unlock()

	select {
	case t.token <- struct{}{}:
		return func() { <-t.token; l.leave(key, t) }, nil
	case <-ctx.Done():
		l.leave(key, t)
		return nil, context.Cause(ctx)
	}
}

func (l *keyLock) leave(key uuid.UUID, t *turn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t.waiting--; t.waiting == 0 {
		delete(l.held, key)
	}
}

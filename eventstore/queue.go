package eventstore

import (
	"sync"

	"github.com/google/uuid"
)

// queue holds requests in the order they came until the writer takes them.
type queue struct {
	mu      sync.Mutex
	waiting []*pending
	bytes   int // of what waits
	closed  bool
	limit   int
	most    int           // bytes
	wake    chan struct{} // one token: something may be waiting

	streams map[uuid.UUID]struct{} // of the batch being taken
	taken   []*pending
}

func newQueue(limit, bytes int) *queue {
	return &queue{limit: limit, most: bytes, wake: make(chan struct{}, 1), streams: map[uuid.UUID]struct{}{}}
}

func (q *queue) put(p *pending) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return ErrClosed
	case len(q.waiting) >= q.limit, q.bytes+p.bytes > q.most:
		return ErrBusy
	}
	q.waiting = append(q.waiting, p)
	q.bytes += p.bytes
	if len(q.waiting) == 1 {
		q.signal()
	}
	return nil
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take returns the next batch, empty when nothing waits: at most so many requests and bytes, and of each stream only the
// oldest request, because the version of a second one rests on the first. The slice is reused by the next take.
func (q *queue) take(requests, bytes int) []*pending {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.taken = q.taken[:0]
	clear(q.streams)
	rest := q.waiting[:0]
	full := false
	for _, p := range q.waiting {
		_, second := q.streams[p.Stream.ID]
		full = full || len(q.taken) == requests || len(q.taken) > 0 && p.bytes > bytes
		if full || second {
			q.streams[p.Stream.ID] = struct{}{}
			rest = append(rest, p)
			continue
		}
		q.streams[p.Stream.ID] = struct{}{}
		bytes -= p.bytes
		q.bytes -= p.bytes
		q.taken = append(q.taken, p)
	}
	clear(q.waiting[len(rest):])
	q.waiting = rest
	return q.taken
}

func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.signal()
}

func (q *queue) len() int {
	requests, _ := q.size()
	return requests
}

func (q *queue) size() (requests, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting), q.bytes
}

func (q *queue) isClosed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}

package handlers

import (
	"fmt"
	"net/http"
	"sync"

	"dossier/eventstore"
)

// What is under way at once in one process, over all faces.
const (
	MostRequests  = 1024
	MostBytes     = 64 << 20 // of bodies
	MostFollowers = 256      // of the feed, who stay for long
)

// LargestBody is the most one body may weigh, LargestPlan that of a batch: it names up to 100,000 dossiers.
const (
	LargestBody = 1 << 20
	LargestPlan = 8 << 20
)

// errFull is answered with 503 and when to come back.
var errFull = fmt.Errorf("too much is under way: %w", eventstore.ErrBusy)

// A Gate bounds what is under way, by number and by bytes: what waits for a database that stands still must not fill the memory.
type Gate struct {
	mostRequests, mostBytes int64

	mu              sync.Mutex
	requests, bytes int64
}

// NewGate returns a gate for so many requests with so many bytes of bodies together.
func NewGate(requests, bytes int64) *Gate { return &Gate{mostRequests: requests, mostBytes: bytes} }

// Enter lets a request in until leave, before its body is read, or tells it to come back. A body that does not say how long it
// is counts as the largest.
func (g *Gate) Enter(r *http.Request) (leave func(), err error) { return g.EnterWith(r, LargestBody) }

// EnterWith is Enter where a body may weigh up to most.
func (g *Gate) EnterWith(r *http.Request, most int64) (leave func(), err error) {
	bytes := min(r.ContentLength, most)
	if bytes < 0 {
		bytes = most
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.requests >= g.mostRequests || g.bytes+bytes > g.mostBytes {
		return nil, errFull
	}
	g.add(1, bytes)
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.add(-1, -bytes)
	}, nil
}

func (g *Gate) add(requests, bytes int64) {
	g.requests += requests
	g.bytes += bytes
}

// Inside is what is under way now.
func (g *Gate) Inside() (requests, bytes int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.requests, g.bytes
}

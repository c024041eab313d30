package main

import (
	"context"
	"sync"
	"time"
)

// stalls watches how long an acknowledged event stays out of the views, and whether anybody says so.
type stalls struct {
	mu      sync.Mutex
	longest time.Duration
	silent  time.Duration // longest time of a stall in which no node had anything to say
	said    time.Time     // when one last had
	red     int           // looks at which some node was in trouble
	worst   string        // what the nodes said at the longest stall
}

// silence is how long a view may be late before somebody must say why.
const silence = 6 * time.Second

func (s *stalls) look(now time.Time, stall time.Duration, trouble string, says func() string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if stall > s.longest {
		s.longest = stall
		if stall > time.Second {
			s.worst = says()
		}
	}
	if trouble != "" {
		s.red++
		s.said = now
		return
	}
	s.silent = max(s.silent, min(stall, now.Sub(s.said)))
}

func (s *stalls) figures() (longest, silent time.Duration, red int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.longest, s.silent, s.red
}

// watch looks until the world ends.
func (w *world) watch() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			w.lookOnce(ctx)
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	}()
	w.watching = func() { cancel(); <-done }
}

func (w *world) lookOnce(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	trouble := ""
	for _, n := range w.nodes {
		trouble += n.trouble()
	}
	stamp, err := w.views.Stamp(ctx)
	if err != nil {
		trouble, stamp.Position = "the database does not answer", 0
	}
	now := time.Now()
	w.stalls.look(now, w.ledger.shown(stamp.Position, now), trouble, w.says)
}

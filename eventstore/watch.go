package eventstore

import "sync"

// watchers are woken after this process' own commits. Other processes' commits are found by polling.
type watchers struct {
	mu  sync.Mutex
	all map[chan struct{}]struct{}
}

// Watch returns a channel that gets a signal after commits of this journal; signals that are not taken coalesce into one.
// Call stop when done.
func (j *Journal) Watch() (ch <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	j.watch.mu.Lock()
	defer j.watch.mu.Unlock()
	if j.watch.all == nil {
		j.watch.all = map[chan struct{}]struct{}{}
	}
	j.watch.all[c] = struct{}{}
	return c, func() {
		j.watch.mu.Lock()
		defer j.watch.mu.Unlock()
		delete(j.watch.all, c)
	}
}

func (w *watchers) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.all {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

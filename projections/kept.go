package projections

import (
	"sync"
	"time"
)

// Two answers cost more than the rows that they stand beside, and are asked for with every list: what the views are true at, and how long a
// list is. They are kept for a moment.

// stampFor is how long a stamp is given again. A total that was dear to count is given for totalFor, and until totalMost while it is counted anew.
const (
	stampFor  = 250 * time.Millisecond
	totalFor  = 2 * time.Second
	totalMost = 10 * time.Second
	dear      = 5 * time.Millisecond
)

// stamps keeps the last stamp.
type stamps struct {
	mu      sync.Mutex
	last    Stamp
	read    time.Time // when it was asked for
	since   time.Time // stamps from before are not enough: somebody waited
	reading bool
}

// get gives the stamp at hand while it is new enough, or somebody else reads the next.
func (k *stamps) get(read func() (Stamp, error)) (Stamp, error) {
	k.mu.Lock()
	age := time.Since(k.read)
	if !k.read.Before(k.since) && (age < stampFor || k.reading && age < 4*stampFor) {
		defer k.mu.Unlock()
		return k.last, nil
	}
	k.reading = true
	k.mu.Unlock()
	began := time.Now()
	s, err := read()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.reading = false
	if err == nil && began.After(k.read) {
		k.last, k.read = s, began
	}
	return s, err
}

// renew lets the next stamp be read anew.
func (k *stamps) renew() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.since = time.Now()
}

// totals keeps the lengths of lists that were dear to count. An old one is given once more while it is counted beside.
type totals struct {
	mu       sync.Mutex
	kept     map[string]total
	counting sync.WaitGroup
}

type total struct {
	n     int
	at    time.Time
	again bool // it is counted anew
}

// mostTotals bounds them: then all are forgotten.
const mostTotals = 1000

// get gives the length of a list: counted now, or as it was a moment ago where counting took long. again counts it beside an answer.
func (k *totals) get(list string, count, again func() (int, error)) (int, error) {
	began := time.Now()
	k.mu.Lock()
	t, known := k.kept[list]
	age := began.Sub(t.at)
	renew := known && age >= totalFor && age < totalMost && !t.again
	if renew {
		t.again = true
		k.kept[list] = t
	}
	k.mu.Unlock()
	if renew {
		k.counting.Go(func() { k.counted(list, again) })
	}
	if known && age < totalMost {
		return t.n, nil
	}
	return k.counted(list, count)
}

func (k *totals) counted(list string, count func() (int, error)) (int, error) {
	began := time.Now()
	n, err := count()
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil || time.Since(began) < dear {
		delete(k.kept, list)
		return n, err
	}
	if k.kept == nil || len(k.kept) >= mostTotals {
		k.kept = map[string]total{}
	}
	k.kept[list] = total{n: n, at: time.Now()}
	return n, err
}

// renew forgets them.
func (k *totals) renew() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept = nil
}

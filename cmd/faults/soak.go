package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// soak is a world under load into which faults of all kinds are injected at random, two at a time, until the time is up.
type soak struct {
	w        *world
	out      io.Writer
	mu       sync.Mutex
	busy     map[string]bool // what is being harmed
	injected map[string]int
	failed   error
}

// injectors is how many faults are at work at once.
const injectors = 2

func (s *soak) run(ctx context.Context, span time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, span)
	defer cancel()
	s.w.work(6, 10*time.Millisecond)
	var all sync.WaitGroup
	for i := range injectors {
		r := rand.New(rand.NewPCG(s.w.seed, uint64(i)))
		all.Go(func() { s.inject(ctx, r) })
	}
	all.Go(func() { s.progress(ctx) })
	all.Wait()
}

func (s *soak) inject(ctx context.Context, r *rand.Rand) {
	for ctx.Err() == nil {
		f := faults[r.IntN(len(faults))]
		if !s.take(f) {
			wait(ctx, 10*time.Millisecond)
			continue
		}
		mend, err := f.inject(s.w, r)
		wait(ctx, f.last/4+rand.N(f.last*3/4))
		if err == nil && mend != nil {
			err = mend()
		}
		s.give(f, err)
		wait(ctx, time.Duration(r.IntN(1500))*time.Millisecond)
	}
}

func (s *soak) take(f fault) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[f.of] {
		return false
	}
	s.busy[f.of] = true
	s.injected[f.name]++
	return true
}

func (s *soak) give(f fault, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy[f.of] = false
	if err != nil && s.failed == nil {
		s.failed = fmt.Errorf("%s: %w", f.name, err)
	}
}

func (s *soak) progress(ctx context.Context) {
	began := time.Now()
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			longest, _, _ := s.w.stalls.figures()
			fmt.Fprintf(s.out, "%6s  answers %d  faults %d  longest stall %s\n",
				time.Since(began).Round(time.Second), s.w.ledger.answers.Load(), s.sum(), longest.Round(time.Millisecond))
		}
	}
}

func (s *soak) sum() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, times := range s.injected {
		n += times
	}
	return n
}

// bound is the longest an acknowledged event may stay out of the views when faults follow each other without end.
const bound = 45 * time.Second

// finish heals, judges and prints. It returns what is wrong first, "" for nothing.
func (s *soak) finish(ctx context.Context) (wrong string, err error) {
	began := time.Now()
	if err := s.w.settle(ctx); err != nil {
		return "stuck: " + err.Error(), nil
	}
	fmt.Fprintf(s.out, "healed in %s; now everything is compared\n", time.Since(began).Round(time.Millisecond))
	v, err := s.w.judge(ctx)
	if err != nil {
		return "", err
	}
	longest, silent, red := s.w.stalls.figures()
	s.print(v, longest, red)
	switch {
	case !v.ok():
		return v.first, nil
	case longest > bound:
		return fmt.Sprintf("an acknowledged event stayed out of the views for %s", longest), nil
	case silent > silence:
		return fmt.Sprintf("an acknowledged event stayed out of the views for %s and nobody said why", silent), nil
	case s.w.alarms.sum() == 0 && red == 0:
		return "nobody said that anything was wrong", nil
	}
	return "", s.failed
}

func (s *soak) print(v verdict, longest time.Duration, red int) {
	l := s.w.ledger
	fmt.Fprintf(s.out, "\nevents         %d (%d rows in the views)\n", v.events, v.rows)
	fmt.Fprintf(s.out, "answers        %d, refusals and failures %d, hostile appends %d\n", l.answers.Load(), l.refusals.Load(), l.hostile.Load())
	fmt.Fprintf(s.out, "faults         %d\n", s.sum())
	table(s.out, s.injected)
	var dropped, doubled, moved int64
	for _, n := range s.w.nodes {
		dropped += n.mangler.dropped.Load()
		doubled += n.mangler.doubled.Load()
		moved += n.mangler.delayed.Load() + n.mangler.swapped.Load()
	}
	fmt.Fprintf(s.out, "messages       %d dropped, %d doubled, %d delayed or reordered\n", dropped, doubled, moved)
	fmt.Fprintf(s.out, "lost           %d\ndoubled effects %d\nreordered      %d\n", v.lost, v.doubled, v.reordered)
	fmt.Fprintf(s.out, "longest stall  %s\n", longest.Round(time.Millisecond))
	fmt.Fprintf(s.out, "               then said %s\n", s.w.stalls.worst)
	fmt.Fprintf(s.out, "alarms raised  %d, red at %d looks\n", s.w.alarms.sum(), red)
	table(s.out, s.w.alarms.all())
}

func table(out io.Writer, counts map[string]int) {
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(out, "  %6d  %s\n", counts[name], name)
	}
}

package main

import (
	"context"
	"log/slog"
	"maps"
	"sync"
)

// alarms is a log that counts what is warned of.
type alarms struct {
	mu     sync.Mutex
	counts map[string]int
	next   slog.Handler // nil: nobody reads along
}

func newAlarms(next slog.Handler) *alarms { return &alarms{counts: map[string]int{}, next: next} }

// Enabled is for warnings and worse, and for everything that somebody reads along.
func (a *alarms) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn || a.next != nil && a.next.Enabled(ctx, level)
}

// Handle counts a warning.
func (a *alarms) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		a.raise(r.Message)
	}
	if a.next != nil && a.next.Enabled(ctx, r.Level) {
		return a.next.Handle(ctx, r)
	}
	return nil
}

// WithAttrs and WithGroup lose what they are given: counting needs messages only.
func (a *alarms) WithAttrs([]slog.Attr) slog.Handler { return a }

// WithGroup is WithAttrs' sister.
func (a *alarms) WithGroup(string) slog.Handler { return a }

func (a *alarms) raise(what string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.counts[what]++
}

func (a *alarms) all() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.counts)
}

func (a *alarms) sum() (n int) {
	for _, times := range a.all() {
		n += times
	}
	return n
}

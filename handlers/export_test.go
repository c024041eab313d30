package handlers

import "errors"

// ErrStop stops a batch as a crash does.
var ErrStop = errors.New("stopped by a test")

// Before lets a test stop a batch before any step: list, item, done (behind an item), record.
func (b *Bulk) Before(stop func(step string) error) { b.before = stop }

// Before is called before each step of an act over several books; an error ends it there, as a crash would.
func (m *Money) Before(stop func(step string) error) { m.before = stop }

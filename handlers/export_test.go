package handlers

import "errors"

// ErrStop stops a batch as a crash does.
var ErrStop = errors.New("stopped by a test")

// Before lets a test stop a batch before any step: list, item, done (behind an item), record.
func (b *Bulk) Before(stop func(step string) error) { b.before = stop }

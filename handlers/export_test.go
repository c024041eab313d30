package handlers

// ErrStop stops a batch as a crash does.
var ErrStop = errStop

// Before lets a test stop a batch before any step: list, item, done (behind an item), record.
func (b *Bulk) Before(stop func(step string) error) { b.before = stop }

package handlers

import (
	"context"
	"errors"

	"dossier/domain"
	"dossier/domain/dossier"
)

// ErrStop stops a batch as a crash does.
var ErrStop = errors.New("stopped by a test")

// Before lets a test stop a batch before any step: list, item, done (behind an item), record.
func (b *Bulk) Before(stop func(step string) error) { b.before = stop }

// Before is called before each step of an act over several books; an error ends it there, as a crash would.
func (m *Money) Before(stop func(step string) error) { m.before = stop }

// SubmitFirst files a group as a crash leaves it: the lead and the first so many members.
func (x *Executor) SubmitFirst(ctx context.Context, a domain.Actor, e Envelope, lead dossier.SubmitDossier, members []dossier.SubmitDossier, most int) (Group, error) {
	return x.submitGroup(ctx, a, e, lead, members, most)
}

package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"dossier/domain"
	"dossier/domain/batch"
	"dossier/domain/dossier"
	"dossier/eventstore"

	"github.com/google/uuid"
)

var undoName = dossier.Kebab(dossier.UndoAct{}.Name())

// undoing is the command that takes an item's act back, and its body.
func undoing(act string, u batch.Undo) (dossier.Command, []byte, error) {
	c := dossier.UndoAct{Act: dossier.Code(act), Reason: dossier.UndoReason(u.Reason)}
	for _, seen := range u.Seen {
		c.Seen = append(c.Seen, dossier.Code(seen))
	}
	body, err := json.Marshal(c)
	if err != nil {
		return nil, nil, err
	}
	read, err := dossier.DecodeCommand(undoName, body) // as if somebody had sent it
	return read, body, err
}

// undoStep takes some of the next items back and records what became of them.
func (b *Bulk) undoStep(ctx context.Context, id uuid.UUID, s batch.State, l *listed) (batch.State, error) {
	u := s.Undo
	items, err := l.from(ctx, b, id, s, u.Processed)
	if err != nil {
		return s, err
	}
	items = items[:min(len(items), u.Until-u.Processed)]
	results, err := b.some(ctx, items, func(int) int { return b.o.Width }, func(ctx context.Context, item batch.Item) (batch.Result, error) {
		r, _, err := b.takeBack(ctx, id, s, item, false)
		return r, err
	})
	return b.record(ctx, id, s, batch.RecordUndo{From: u.Processed, Results: results}, err)
}

// takeBack takes back what the batch did to one dossier, if that is still the last thing that was done. Whether it did anything, only the
// dossier itself says.
func (b *Bulk) takeBack(ctx context.Context, id uuid.UUID, s batch.State, item batch.Item, dry bool) (batch.Result, []dossier.Consequence, error) {
	c, body, err := undoing(s.Command, batch.Undo{Reason: s.Undo.Reason, Seen: s.Undo.Seen})
	if err != nil {
		return batch.Result{}, nil, err
	}
	for {
		facts, err := b.x.Facts(ctx, item.ID)
		if err != nil {
			if errors.Is(err, ErrNotFound) {
				return batch.Result{Outcome: batch.Untouched}, nil, nil
			}
			r, err := resultOf(Receipt{}, err)
			return r, nil, err
		}
		ours, since := doneBy(facts, eventstore.CommandID(s.By.Account, item.ID, s.Command+" "+batchKey(id)))
		if len(ours) == 0 {
			return batch.Result{Outcome: batch.Untouched}, nil, nil
		}
		if undone, _ := doneBy(since, eventstore.CommandID(s.Undo.By.Account, item.ID, undoName+" "+batchKey(id))); len(undone) > 0 {
			return batch.Result{Outcome: batch.TakenBack}, nil, nil
		}
		u, last := dossier.Fold(facts).Undoable()
		if !last || u.Act != s.Command || !u.At.Equal(ours[0].OccurredAt) || slices.ContainsFunc(since, func(f dossier.Fact) bool { return sameKind(ours, f) }) {
			r := batch.Result{Outcome: batch.MovedOn}
			if len(since) > 0 {
				r.Code = since[0].Type
			}
			return r, nil, nil
		}
		version := facts[len(facts)-1].Version
		e := Envelope{Key: batchKey(id), Batch: id.String(), Body: body, Expected: &version}
		act := b.x.Do
		if dry {
			act = b.x.Try
		}
		r, err := resultOf(act(ctx, s.Undo.By, item.ID, e, c))
		switch {
		case err != nil || r.Outcome == batch.Changed && ctx.Err() != nil:
			return r, nil, err
		case r.Outcome == batch.Changed: // something came in between: look again
			continue
		case r.Outcome.Acted() || r.Outcome == batch.Already:
			r = batch.Result{Outcome: batch.TakenBack}
		}
		return r, u.Consequences, nil
	}
}

// doneBy returns the facts of a command, and those that came after them.
func doneBy(facts []dossier.Fact, command uuid.UUID) (of, since []dossier.Fact) {
	id := command.String()
	for i, f := range facts {
		if f.Meta.CommandID == id {
			of, since = append(of, f), facts[i+1:]
		}
	}
	return of, since
}

func sameKind(ours []dossier.Fact, f dossier.Fact) bool {
	return slices.ContainsFunc(ours, func(o dossier.Fact) bool { return o.Type == f.Type })
}

// PreviewUndo says what taking a batch back would do to some of its items, by the same way, and does nothing.
func (b *Bulk) PreviewUndo(ctx context.Context, a domain.Actor, id uuid.UUID, wish batch.Undo, page BulkPage) (BulkItems, error) {
	if err := May(a, Act{Kind: Command, Name: undoName}); err != nil {
		return BulkItems{}, err
	}
	s, err := b.read(ctx, a, id)
	if err != nil {
		return BulkItems{}, err
	}
	could, _ := dossier.ConsequencesOf(s.Command)
	wish.Seen = nil
	for _, c := range could { // a preview shows them all
		wish.Seen = append(wish.Seen, string(c))
	}
	if _, _, err := undoing(s.Command, wish); err != nil {
		return BulkItems{}, err
	}
	until := s.Total
	if s.Undo == nil {
		events, err := batch.Decide(s, wish, a)
		if err != nil {
			return BulkItems{}, err
		}
		s = batch.Evolve(s, batch.Fact{Version: s.Version, By: a, Event: events[0]})
		until = s.Undo.Until
	}
	return b.look(ctx, id, s, page, until, func(ctx context.Context, item batch.Item, shown *BulkItem) error {
		r, consequences, err := b.takeBack(ctx, id, s, item, true)
		shown.Consequences = consequences
		shown.foretell(r)
		return err
	})
}

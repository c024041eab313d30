package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"dossier/eventstore"
	"dossier/projections"
)

// verdict counts what must be none, and names the first.
type verdict struct {
	events, rows             int64
	lost, doubled, reordered int
	first                    string
}

func (v *verdict) note(counter *int, format string, args ...any) {
	*counter++
	if v.first == "" {
		v.first = fmt.Sprintf(format, args...)
	}
}

func (v *verdict) ok() bool { return v.first == "" }

// judge compares the journal with what callers were told, Kafka and the views with the journal. Call it after settle.
func (w *world) judge(ctx context.Context) (v verdict, err error) {
	events, err := w.judgeJournal(ctx, &v)
	if err != nil {
		return v, err
	}
	if err := w.judgeKafka(ctx, &v, events); err != nil {
		return v, err
	}
	report, err := projections.Verify(ctx, w.own, w.truth, nil)
	if err != nil {
		return v, err
	}
	v.rows = report.Rows
	if report.Difference != nil {
		v.note(&v.lost, "views: %s", report.Difference)
	}
	if report.Parked > 0 {
		v.note(&v.lost, "%d streams stand still that nothing is wrong with", report.Parked)
	}
	w.ledger.mu.Lock()
	defer w.ledger.mu.Unlock()
	if w.ledger.first != "" {
		v.note(&v.doubled, "%s", w.ledger.first)
	}
	return v, nil
}

// judgeJournal returns the event of each position.
func (w *world) judgeJournal(ctx context.Context, v *verdict) ([]uuid.UUID, error) {
	if d, err := w.truth.Verify(ctx, nil); err != nil {
		return nil, err
	} else if d != nil {
		v.note(&v.reordered, "journal: %s", d)
	}
	events := []uuid.UUID{uuid.Nil}
	done := map[uuid.UUID]eventstore.Event{} // by command: its last event
	ids := map[uuid.UUID]int64{}
	for {
		page, err := w.truth.Page(ctx, int64(len(events)-1), 2000)
		if err != nil {
			return nil, err
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			if at, twice := ids[e.ID]; twice {
				v.note(&v.doubled, "event %s stands at %d and at %d", e.ID, at, e.Position)
			}
			ids[e.ID] = e.Position
			events = append(events, e.ID)
			v.command(e, done)
		}
	}
	v.events = int64(len(events) - 1)
	return events, v.answered(w.ledger, done)
}

// command notes which command made the event. The events of one command stand side by side.
func (v *verdict) command(e eventstore.Event, done map[uuid.UUID]eventstore.Event) {
	if !bytes.Contains(e.Meta, []byte(`"commandid"`)) {
		return
	}
	var meta struct{ CommandID uuid.UUID }
	if json.Unmarshal(e.Meta, &meta) != nil {
		return
	}
	if before, is := done[meta.CommandID]; is && (before.Position != e.Position-1 || before.StreamID != e.StreamID) {
		v.note(&v.doubled, "command %s was done at position %d and again at %d", meta.CommandID, before.Position, e.Position)
	}
	done[meta.CommandID] = e
}

// answered looks for everything that was acknowledged.
func (v *verdict) answered(l *ledger, done map[uuid.UUID]eventstore.Event) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, a := range l.acks {
		e, is := done[id]
		switch {
		case !is:
			v.note(&v.lost, "command %s (%s on %s) was acknowledged at position %d and is not in the journal", a.key, a.name, a.id, a.position)
		case e.Position != a.position || e.StreamID != a.id:
			v.note(&v.lost, "command %s was acknowledged at position %d of %s and stands at %d of %s", a.key, a.position, a.id, e.Position, e.StreamID)
		}
	}
	return nil
}

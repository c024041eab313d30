package projections

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dossier/domain"
	"dossier/domain/dossier"
)

// History is the audit trail: one row per event, with what it changed and why.
type History struct{}

// Name is part of the table's name.
func (History) Name() string { return "history" }

// Version is part of the table's name.
func (History) Version() int { return 1 }

// Entry is one fact in a dossier's history.
type Entry struct {
	Position   int64            `json:"position"`
	Version    int64            `json:"version"`
	EventID    uuid.UUID        `json:"event_id"`
	Type       string           `json:"type"`
	OccurredAt time.Time        `json:"occurred_at"`
	RecordedAt time.Time        `json:"recorded_at"`
	Actor      domain.Actor     `json:"actor"`
	Origin     domain.Origin    `json:"origin,omitempty"`
	Status     dossier.Status   `json:"status"` // after it
	Changes    []dossier.Change `json:"changes"`
	Reason     string           `json:"reason,omitempty"`      // a code: why it was done
	LateReason string           `json:"late_reason,omitempty"` // a code: why it was entered so much later
	Basis      string           `json:"basis,omitempty"`       // the article it rests on
	LateBy     time.Duration    `json:"late_by,omitempty"`     // recorded so long after it happened; 0 within 5 minutes and for imports
	Irregular  string           `json:"irregular,omitempty"`   // a code: why an imported fact could only be noted
	Data       json.RawMessage  `json:"data"`
}

// late is from when on an entry counts as entered later than it happened (DOMAIN.md, Time).
const late = 5 * time.Minute

// entryOf is what a moment says in the audit trail.
func entryOf(m *Moment) Entry {
	reason, basis, irregular := why(m.Fact.Event)
	e := Entry{
		Position: m.Event.Position, Version: m.Event.Version, EventID: m.Event.ID, Type: m.Event.Type,
		OccurredAt: m.Event.OccurredAt, RecordedAt: m.Event.RecordedAt,
		Actor: m.Fact.Meta.By(), Origin: m.Fact.Meta.Origin, Status: m.After.Status,
		Changes: dossier.Changes(m.Before, m.After),
		Reason:  reason, LateReason: m.Fact.Meta.LateReason, Basis: basis, Irregular: irregular, Data: m.Event.Data,
	}
	if by := m.Event.RecordedAt.Sub(m.Event.OccurredAt).Truncate(time.Second); by > late && e.Origin != domain.Imported {
		e.LateBy = by
	}
	return e
}

// why is what the event itself says of its reason. Events that are not named give none.
func why(e dossier.Event) (reason, basis, irregular string) {
	switch e := e.(type) {
	case dossier.ReceptionRefused:
		return string(e.Reason), string(e.Basis), ""
	case dossier.SupplementRequested:
		return string(e.Reason), "", ""
	case dossier.ClockStopped:
		return string(e.Reason), "", ""
	case dossier.StepRecorded:
		return "", "", string(e.Irregular)
	case dossier.ComponentChecked:
		return string(e.Reason), "", ""
	case dossier.ClockResumed:
		return string(e.Reason), "", ""
	case dossier.TransferRefused:
		return string(e.Reason), "", ""
	case dossier.PaymentCancelled:
		return string(e.Reason), "", ""
	case dossier.PaymentRefunded:
		return string(e.Reason), "", ""
	case dossier.DeliveryHasFailed:
		return string(e.Reason), "", ""
	case dossier.ResultReplaced:
		return string(e.Reason), string(e.Decision), ""
	case dossier.ResultRevoked:
		return string(e.Reason), string(e.Basis), ""
	case dossier.ApologySent:
		return string(e.Reason), "", ""
	case dossier.UnitUrged:
		return string(e.Reason), "", ""
	case dossier.ActUndone:
		return string(e.Reason), "", ""
	case dossier.RecordDisposed:
		return "", string(e.Basis), ""
	case dossier.TimerFired:
		return string(e.Notice), string(e.Basis), ""
	}
	return "", "", ""
}

// Apply adds one row per event.
func (History) Apply(ctx context.Context, f *flight, moments []Moment) error {
	return f.copy(ctx, historyTable, moments)
}

const historySelect = `
select h.version, h.position, h.event_id, h.type, h.occurred_at, h.recorded_at, h.account, h.role, h.unit, h.origin, h.status,
       h.reason, h.late_reason, h.basis, h.late_by, h.irregular, h.changes, h.data
  from views.history_v1 h`

// History returns the facts of one dossier, the oldest first; none when it does not exist.
func (v *Views) History(ctx context.Context, id uuid.UUID) ([]Entry, error) {
	rows, err := v.pool.Query(ctx, historySelect+`
		 where h.id = $1
		 order by h.version`, id)
	if err != nil {
		return nil, fmt.Errorf("read history of %s: %w", id, err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Entry, error) { return scanEntry(row) })
	if err != nil {
		return nil, fmt.Errorf("read history of %s: %w", id, err)
	}
	return all, nil
}

// scanEntry reads the columns of historySelect, after those given first.
func scanEntry(row pgx.CollectableRow, first ...any) (e Entry, err error) {
	var lateBy int64
	err = row.Scan(append(first, &e.Version, &e.Position, &e.EventID, &e.Type, &e.OccurredAt, &e.RecordedAt, &e.Actor.Account,
		&e.Actor.Role, &e.Actor.Unit, &e.Origin, &e.Status, &e.Reason, &e.LateReason, &e.Basis, &lateBy, &e.Irregular,
		&e.Changes, &e.Data)...)
	e.LateBy = time.Duration(lateBy) * time.Second
	e.OccurredAt, e.RecordedAt = e.OccurredAt.UTC(), e.RecordedAt.UTC()
	return e, err
}

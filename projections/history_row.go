package projections

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"dossier/domain/dossier"
)

// historyRow is what a moment is as a row of views.history_v1.
type historyRow struct {
	ID         uuid.UUID          `db:"id"`
	Version    int64              `db:"version"`
	Position   int64              `db:"position"`
	EventID    uuid.UUID          `db:"event_id"`
	Type       string             `db:"type"`
	OccurredAt pgtype.Timestamptz `db:"occurred_at"`
	RecordedAt pgtype.Timestamptz `db:"recorded_at"`
	Account    string             `db:"account"`
	Role       string             `db:"role"`
	Unit       string             `db:"unit"`
	Origin     string             `db:"origin"`
	Status     string             `db:"status"`
	Reason     string             `db:"reason"`
	LateReason string             `db:"late_reason"`
	Basis      string             `db:"basis"`
	LateBy     int64              `db:"late_by"`
	Irregular  string             `db:"irregular"`
	Changes    string             `db:"changes"`
	Data       string             `db:"data"`
}

func historyRowOf(m *Moment) (historyRow, error) {
	r, changes, err := entryRowOf(m)
	r.Changes, r.Data = string(changes), string(m.Event.Data)
	return r, err
}

// entryRowOf is historyRowOf but for the JSON columns, whose bytes need not become texts for COPY.
func entryRowOf(m *Moment) (r historyRow, changes []byte, err error) {
	e := entryOf(m)
	if changes, err = encodeChanges(e.Changes); err != nil {
		return historyRow{}, nil, fmt.Errorf("encode changes of event %d: %w", e.Position, err)
	}
	return historyRow{
		ID: m.Event.StreamID, Version: e.Version, Position: e.Position, EventID: e.EventID, Type: e.Type,
		OccurredAt: stamp(e.OccurredAt, pgtype.NegativeInfinity), RecordedAt: stamp(e.RecordedAt, pgtype.NegativeInfinity),
		Account: e.Actor.Account, Role: string(e.Actor.Role), Unit: e.Actor.Unit, Origin: string(e.Origin), Status: string(e.Status),
		Reason: e.Reason, LateReason: e.LateReason, Basis: e.Basis, LateBy: int64(e.LateBy / time.Second), Irregular: e.Irregular,
	}, changes, nil
}

// encodeChanges writes what encoding/json would; plain texts, nearly all there are, without it.
func encodeChanges(all []dossier.Change) ([]byte, error) {
	b := make([]byte, 0, 2+80*len(all))
	b = append(b, '[')
	for i, c := range all {
		if !plain(c.Field) || !plain(c.Kind) || !plain(c.Old) || !plain(c.New) {
			return json.Marshal(all)
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, `{"field":"`...), c.Field...)
		if c.Kind != "" {
			b = append(append(b, `","kind":"`...), c.Kind...)
		}
		b = append(append(b, `","old":"`...), c.Old...)
		b = append(append(b, `","new":"`...), c.New...)
		b = append(b, `"}`...)
	}
	return append(b, ']'), nil
}

// plain says whether encoding/json writes a text as it is.
func plain(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ', c > '~', c == '"', c == '\\', c == '<', c == '>', c == '&':
			return false
		}
	}
	return true
}

// entry adds a row of views.history_v1.
func (t *tuples) entry(r *historyRow, changes, data []byte, columns int) {
	t.begin(columns)
	t.uuid(r.ID)
	t.int64(r.Version)
	t.int64(r.Position)
	t.uuid(r.EventID)
	t.text(r.Type)
	t.instants(r.OccurredAt, r.RecordedAt)
	t.texts(r.Account, r.Role, r.Unit, r.Origin, r.Status, r.Reason, r.LateReason, r.Basis)
	t.int64(r.LateBy)
	t.text(r.Irregular)
	t.bytes(changes)
	t.bytes(data)
}

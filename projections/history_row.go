package projections

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
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
	e := entryOf(m)
	changes := []byte("[]")
	if len(e.Changes) > 0 {
		var err error
		if changes, err = json.Marshal(e.Changes); err != nil {
			return historyRow{}, fmt.Errorf("encode changes of event %d: %w", e.Position, err)
		}
	}
	return historyRow{
		ID: m.Event.StreamID, Version: e.Version, Position: e.Position, EventID: e.EventID, Type: e.Type,
		OccurredAt: stamp(e.OccurredAt, pgtype.NegativeInfinity), RecordedAt: stamp(e.RecordedAt, pgtype.NegativeInfinity),
		Account: e.Actor.Account, Role: string(e.Actor.Role), Unit: e.Actor.Unit, Origin: string(e.Origin), Status: string(e.Status),
		Reason: e.Reason, LateReason: e.LateReason, Basis: e.Basis, LateBy: int64(e.LateBy / time.Second), Irregular: e.Irregular,
		Changes: string(changes), Data: string(e.Data),
	}, nil
}

// historyColumns are history rows by column, as unnest takes them. The types are those that pgx encodes without reflection.
type historyColumns struct {
	id, event                                pgtype.FlatArray[pgtype.UUID]
	version, position, lateBy                []int64
	typ, account, role, unit, origin, status []string
	reason, lateReason, basis, irregular     []string
	occurred, recorded                       pgtype.FlatArray[pgtype.Timestamptz]
	changes, data                            []string
}

func newHistoryColumns(n int) historyColumns {
	text := func() []string { return make([]string, 0, n) }
	number := func() []int64 { return make([]int64, 0, n) }
	return historyColumns{
		id: make([]pgtype.UUID, 0, n), event: make([]pgtype.UUID, 0, n), version: number(), position: number(), lateBy: number(),
		typ: text(), account: text(), role: text(), unit: text(), origin: text(), status: text(), reason: text(),
		lateReason: text(), basis: text(), irregular: text(), changes: text(), data: text(),
		occurred: make([]pgtype.Timestamptz, 0, n), recorded: make([]pgtype.Timestamptz, 0, n),
	}
}

func (c *historyColumns) add(r *historyRow) {
	c.id = append(c.id, pgtype.UUID{Bytes: r.ID, Valid: true})
	c.event = append(c.event, pgtype.UUID{Bytes: r.EventID, Valid: true})
	c.version, c.position, c.lateBy = append(c.version, r.Version), append(c.position, r.Position), append(c.lateBy, r.LateBy)
	c.typ, c.account, c.role = append(c.typ, r.Type), append(c.account, r.Account), append(c.role, r.Role)
	c.unit, c.origin, c.status = append(c.unit, r.Unit), append(c.origin, r.Origin), append(c.status, r.Status)
	c.reason, c.lateReason = append(c.reason, r.Reason), append(c.lateReason, r.LateReason)
	c.basis, c.irregular = append(c.basis, r.Basis), append(c.irregular, r.Irregular)
	c.occurred, c.recorded = append(c.occurred, r.OccurredAt), append(c.recorded, r.RecordedAt)
	c.changes, c.data = append(c.changes, r.Changes), append(c.data, r.Data)
}

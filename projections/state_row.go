package projections

import (
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
)

// stateRow is what a moment is as a row: the columns of views.dossiers_v1 and of views.dossier_versions_v1, which share most.
type stateRow struct {
	ID          uuid.UUID          `db:"id"`
	Version     int64              `db:"version"`
	Position    int64              `db:"position"`
	Code        string             `db:"code"`
	Status      string             `db:"status"`
	Outcome     string             `db:"outcome"`
	Procedure   string             `db:"procedure"`
	Channel     string             `db:"channel"`
	Unit        string             `db:"unit"`
	Officer     string             `db:"officer"`
	Applicant   string             `db:"applicant"`
	Origin      string             `db:"origin"`
	OccurredAt  pgtype.Timestamptz `db:"occurred_at"`
	RecordedAt  pgtype.Timestamptz `db:"recorded_at"`
	SubmittedAt pgtype.Timestamptz `db:"submitted_at"`
	Due         pgtype.Timestamptz `db:"due"`
	UpdatedAt   pgtype.Timestamptz `db:"updated_at"`
	Backdated   bool               `db:"backdated"`
	State       string             `db:"state"`
}

func stateRowOf(m *Moment) stateRow {
	s := m.After
	return stateRow{
		ID: m.Event.StreamID, Version: m.Event.Version, Position: m.Event.Position, Code: s.ExternalCode,
		Status: string(s.Status), Outcome: string(s.Outcome), Procedure: s.Procedure, Channel: string(s.Channel),
		Unit: s.Unit, Officer: s.Officer, Applicant: s.Applicant, Origin: string(s.Origin),
		OccurredAt:  stamp(m.Event.OccurredAt, pgtype.NegativeInfinity),
		RecordedAt:  stamp(m.Event.RecordedAt, pgtype.NegativeInfinity),
		SubmittedAt: stamp(s.Submitted.At, pgtype.NegativeInfinity),
		Due:         stamp(s.Due, pgtype.Infinity),
		UpdatedAt:   stamp(s.UpdatedAt, pgtype.NegativeInfinity),
		Backdated:   m.Backdated, State: string(m.State),
	}
}

// state adds a row of views.dossiers_v1 or of views.dossier_versions_v1: the first is known by its origin, the second by when each
// event happened.
func (t *tuples) state(r *stateRow, of table) {
	t.begin(len(of.columns))
	t.uuid(r.ID)
	t.int64(r.Version)
	t.int64(r.Position)
	t.orNull(r.Code)
	t.texts(r.Status, r.Outcome, r.Procedure, r.Channel, r.Unit, r.Officer, r.Applicant)
	if of.latest {
		t.text(r.Origin)
		t.instants(r.SubmittedAt, r.Due, r.UpdatedAt, r.RecordedAt)
	} else {
		t.instants(r.OccurredAt, r.RecordedAt, r.SubmittedAt, r.Due, r.UpdatedAt)
	}
	t.truth(r.Backdated)
	t.text(r.State)
}

// stamp is a time as a column, the zero time as an infinity: indexes and comparisons then need no special case.
func stamp(t time.Time, zero pgtype.InfinityModifier) pgtype.Timestamptz {
	if t.IsZero() {
		return pgtype.Timestamptz{InfinityModifier: zero, Valid: true}
	}
	return pgtype.Timestamptz{Time: t, Valid: true}
}

// stateColumns are state rows by column, as unnest takes them. The types are those that pgx encodes without reflection.
type stateColumns struct {
	id                                          pgtype.FlatArray[pgtype.UUID]
	version, position                           []int64
	code, status, outcome, procedure            []string
	channel, unit, officer, applicant, origin   []string
	occurred, recorded, submitted, due, updated pgtype.FlatArray[pgtype.Timestamptz]
	backdated                                   []bool
	state                                       []string
}

func newStateColumns(n int) stateColumns {
	text := func() []string { return make([]string, 0, n) }
	when := func() pgtype.FlatArray[pgtype.Timestamptz] { return make([]pgtype.Timestamptz, 0, n) }
	return stateColumns{
		id: make([]pgtype.UUID, 0, n), version: make([]int64, 0, n), position: make([]int64, 0, n),
		code: text(), status: text(), outcome: text(), procedure: text(), channel: text(), unit: text(), officer: text(),
		applicant: text(), origin: text(), occurred: when(), recorded: when(), submitted: when(), due: when(), updated: when(),
		backdated: make([]bool, 0, n), state: text(),
	}
}

func (c *stateColumns) add(r *stateRow) {
	c.id = append(c.id, pgtype.UUID{Bytes: r.ID, Valid: true})
	c.version, c.position = append(c.version, r.Version), append(c.position, r.Position)
	c.code, c.status = append(c.code, r.Code), append(c.status, r.Status)
	c.outcome, c.procedure = append(c.outcome, r.Outcome), append(c.procedure, r.Procedure)
	c.channel, c.unit = append(c.channel, r.Channel), append(c.unit, r.Unit)
	c.officer, c.applicant = append(c.officer, r.Officer), append(c.applicant, r.Applicant)
	c.origin = append(c.origin, r.Origin)
	c.occurred, c.recorded = append(c.occurred, r.OccurredAt), append(c.recorded, r.RecordedAt)
	c.submitted, c.due = append(c.submitted, r.SubmittedAt), append(c.due, r.Due)
	c.updated = append(c.updated, r.UpdatedAt)
	c.backdated, c.state = append(c.backdated, r.Backdated), append(c.state, r.State)
}

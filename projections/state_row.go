package projections

import (
	"strings"
	"time"

	"dossier/domain/dossier"

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
	PlaceSet    int64              `db:"place_set"` // this and the next of views.dossiers_v1 alone
	Sandbox     string             `db:"sandbox"`
	Places      string             `db:"-"` // what the set holds
}

func stateRowOf(m *Moment) stateRow {
	s := m.After
	return stateRow{
		ID: m.Event.StreamID, Version: m.Event.Version, Position: m.Event.Position, Code: s.KnownBy(),
		Status: string(s.Status), Outcome: string(s.Outcome), Procedure: s.Procedure, Channel: string(s.Channel),
		Unit: s.Unit, Officer: s.Officer, Applicant: s.Applicant, Origin: string(s.Origin),
		OccurredAt:  stamp(m.Event.OccurredAt, pgtype.NegativeInfinity),
		RecordedAt:  stamp(m.Event.RecordedAt, pgtype.NegativeInfinity),
		SubmittedAt: stamp(s.Submitted.At, pgtype.NegativeInfinity),
		Due:         stamp(s.Due, pgtype.Infinity),
		UpdatedAt:   stamp(s.UpdatedAt, pgtype.NegativeInfinity),
		Backdated:   m.Backdated, State: string(m.State), Sandbox: s.Sandbox,
	}
}

// place adds where the dossier has a part, which only its latest row says.
func (r *stateRow) place(s *dossier.State) {
	r.Places = strings.Join(s.Places(), " ")
	r.PlaceSet = placeSet(r.Places)
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
	if of.latest {
		t.int64(r.PlaceSet)
		t.text(r.Sandbox)
		t.met(r.PlaceSet, r.Places)
	}
}

// stamp is a time as a column, the zero time as an infinity: indexes and comparisons then need no special case.
func stamp(t time.Time, zero pgtype.InfinityModifier) pgtype.Timestamptz {
	if t.IsZero() {
		return pgtype.Timestamptz{InfinityModifier: zero, Valid: true}
	}
	return pgtype.Timestamptz{Time: t, Valid: true}
}

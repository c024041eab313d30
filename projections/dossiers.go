package projections

import (
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dossier/domain/dossier"
)

// Dossiers is the status view: one row per dossier, as it is now.
type Dossiers struct{}

// Name is part of the table's name.
func (Dossiers) Name() string { return "dossiers" }

// Version is part of the table's name.
func (Dossiers) Version() int { return 1 }

// Row is one dossier in a list.
type Row struct {
	ID         uuid.UUID     `json:"id"`
	Code       *string       `json:"code"` // the number under which another system knows it
	State      dossier.State `json:"state"`
	UpdatedAt  time.Time     `json:"updated_at"`  // when its last event happened
	RecordedAt time.Time     `json:"recorded_at"` // when that was recorded
	Position   int64         `json:"position"`    // of that event
	Stale      bool          `json:"stale"`       // the stream is parked: there are events that this row does not know
}

const dossiersInsert = `
insert into views.dossiers_v1 as d (id, code, version, position, status, outcome, procedure, channel, unit, officer, applicant,
       origin, submitted_at, due, updated_at, recorded_at, backdated, state)
select m.id, nullif(m.code, ''), m.version, m.position, m.status, m.outcome, m.procedure, m.channel, m.unit, m.officer, m.applicant,
       m.origin, m.submitted_at, m.due, m.updated_at, m.recorded_at, m.backdated, m.state::json
  from (
      select unnest($1::uuid[]) as id, unnest($2::text[]) as code, unnest($3::bigint[]) as version,
             unnest($4::bigint[]) as position, unnest($5::text[]) as status, unnest($6::text[]) as outcome,
             unnest($7::text[]) as procedure, unnest($8::text[]) as channel, unnest($9::text[]) as unit,
             unnest($10::text[]) as officer, unnest($11::text[]) as applicant, unnest($12::text[]) as origin,
             unnest($13::timestamptz[]) as submitted_at, unnest($14::timestamptz[]) as due,
             unnest($15::timestamptz[]) as updated_at, unnest($16::timestamptz[]) as recorded_at,
             unnest($17::boolean[]) as backdated, unnest($18::text[]) as state) m
    on conflict (id) do update
   set code = excluded.code, version = excluded.version, position = excluded.position, status = excluded.status,
       outcome = excluded.outcome, procedure = excluded.procedure, channel = excluded.channel, unit = excluded.unit,
       officer = excluded.officer, applicant = excluded.applicant, origin = excluded.origin, submitted_at = excluded.submitted_at,
       due = excluded.due, updated_at = excluded.updated_at, recorded_at = excluded.recorded_at, backdated = excluded.backdated,
       state = excluded.state`

// Apply writes the last state of each dossier.
func (Dossiers) Apply(b *pgx.Batch, moments []Moment) error {
	c := newStateColumns(len(moments))
	for i := range moments {
		if i+1 == len(moments) || moments[i+1].Event.StreamID != moments[i].Event.StreamID {
			r := stateRowOf(&moments[i])
			c.add(&r)
		}
	}
	if len(c.id) > 0 {
		b.Queue(dossiersInsert, c.id, c.code, c.version, c.position, c.status, c.outcome, c.procedure, c.channel, c.unit,
			c.officer, c.applicant, c.origin, c.submitted, c.due, c.updated, c.recorded, c.backdated, c.state)
	}
	return nil
}

package projections

import "github.com/jackc/pgx/v5"

// DossierVersions is what each dossier was after each of its events, for lists and reports about the past.
type DossierVersions struct{}

// Name is part of the table's name.
func (DossierVersions) Name() string { return "dossier_versions" }

// Version is part of the table's name.
func (DossierVersions) Version() int { return 1 }

const versionsInsert = `
insert into views.dossier_versions_v1 (id, version, position, occurred_at, recorded_at, backdated, code, status, outcome, procedure,
       channel, unit, officer, applicant, submitted_at, due, updated_at, state)
select m.id, m.version, m.position, m.occurred_at, m.recorded_at, m.backdated, nullif(m.code, ''), m.status, m.outcome, m.procedure,
       m.channel, m.unit, m.officer, m.applicant, m.submitted_at, m.due, m.updated_at, m.state::json
  from (
      select unnest($1::uuid[]) as id, unnest($2::bigint[]) as version, unnest($3::bigint[]) as position,
             unnest($4::timestamptz[]) as occurred_at, unnest($5::timestamptz[]) as recorded_at,
             unnest($6::boolean[]) as backdated, unnest($7::text[]) as code, unnest($8::text[]) as status,
             unnest($9::text[]) as outcome, unnest($10::text[]) as procedure, unnest($11::text[]) as channel,
             unnest($12::text[]) as unit, unnest($13::text[]) as officer, unnest($14::text[]) as applicant,
             unnest($15::timestamptz[]) as submitted_at, unnest($16::timestamptz[]) as due,
             unnest($17::timestamptz[]) as updated_at, unnest($18::text[]) as state) m`

// Apply writes one row per event.
func (DossierVersions) Apply(b *pgx.Batch, moments []Moment) error {
	if len(moments) == 0 {
		return nil
	}
	c := newStateColumns(len(moments))
	for i := range moments {
		r := stateRowOf(&moments[i])
		c.add(&r)
	}
	b.Queue(versionsInsert, c.id, c.version, c.position, c.occurred, c.recorded, c.backdated, c.code, c.status,
		c.outcome, c.procedure, c.channel, c.unit, c.officer, c.applicant, c.submitted, c.due, c.updated, c.state)
	return nil
}

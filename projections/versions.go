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
  from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::boolean[], $7::text[], $8::text[],
       $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::timestamptz[], $16::timestamptz[],
       $17::timestamptz[], $18::text[])
    as m(id, version, position, occurred_at, recorded_at, backdated, code, status,
       outcome, procedure, channel, unit, officer, applicant, submitted_at, due,
       updated_at, state)`

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

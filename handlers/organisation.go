package handlers

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/organisation"
	"dossier/eventstore"
	"dossier/handlers/yamltext"

	"github.com/google/uuid"
)

// OrganisationKind is the stream kind of the organisation.
const OrganisationKind = "organisation"

// OrganisationStream is where the organisation's history stands: there is one in an installation.
func OrganisationStream() uuid.UUID { return eventstore.StreamIDFor(OrganisationKind, "", "") }

// Organisations is the organisation, folded in memory from the journal and caught up as it is used: what another process applied binds this
// one within a second (fresh).
type Organisations struct {
	journal *eventstore.Journal
	memory  *memory[organisation.Organisation]
}

func newOrganisations(j *eventstore.Journal) *Organisations {
	return &Organisations{j, newMemory(j, evolveOrganisation)}
}

func evolveOrganisation(o organisation.Organisation, e eventstore.Event) (organisation.Organisation, error) {
	event, err := organisation.Decode(e.Type, e.TypeVersion, e.Data)
	if err != nil {
		return o, err
	}
	return organisation.Evolve(o, organisation.Fact{Version: e.Version, Event: event}), nil
}

// Recent returns the organisation as it was a moment ago, mostly from memory: commands go by it.
func (k *Organisations) Recent(ctx context.Context) (organisation.Organisation, error) {
	return k.memory.recent(ctx, OrganisationStream())
}

// Get returns the organisation as it is now; one that was never applied does not exist (Organisation.Exists).
func (k *Organisations) Get(ctx context.Context) (organisation.Organisation, error) {
	return k.memory.get(ctx, OrganisationStream())
}

// KnownAt returns the organisation as it was known at a moment: an instant, or just after a position.
func (k *Organisations) KnownAt(ctx context.Context, m Moment) (organisation.Organisation, error) {
	events, err := k.journal.Stream(ctx, OrganisationStream(), 0)
	if err != nil {
		return organisation.Organisation{}, err
	}
	n := 0
	for n < len(events) && (m.Position > 0 && events[n].Position <= m.Position || m.Position == 0 && !events[n].RecordedAt.After(m.Time)) {
		n++
	}
	have, err := k.memory.fold(kept[organisation.Organisation]{}, events[:n])
	return have.state, err
}

// Organisation is the one by which this executor knows who may act.
func (x *Executor) Organisation() *Organisations { return x.organisation }

// Admits says whether the organisation knows the actor in this role and unit now; a *domain.Refusal if not. While the database is away it goes by
// what it knew last: the catalogue, which lies in memory, can still be read, and nothing else.
func (x *Executor) Admits(ctx context.Context, a domain.Actor) error {
	o, err := x.organisation.Recent(ctx)
	if Away(err) {
		if last := x.organisation.memory.have(OrganisationStream()); !last.looked.IsZero() {
			o, err = last.state, nil
		}
	}
	if err != nil {
		return err
	}
	return o.Admits(a, x.o.Now())
}

// authorized is Authorize of an actor whom the organisation admits.
func (x *Executor) authorized(ctx context.Context, a domain.Actor, act Act) error {
	if err := Authorize(a, act); err != nil {
		return err
	}
	return x.Admits(ctx, a)
}

// Delegations are those of the organisation under which an account decides on a dossier at a moment.
func Delegations(o organisation.Organisation, s dossier.State, account string, at time.Time) (list []dossier.Delegation) {
	for _, d := range o.Delegated(account, s.Procedure, s.FiledAt, at) {
		one := dossier.Delegation{To: d.To, Block: dossier.SignatureBlock(d.Kind), By: d.By, Since: d.From.Start(o.Zone(d)), Until: noEnd}
		if d.Until != 0 {
			one.Until = d.Until.End(o.Zone(d))
		}
		list = append(list, one)
	}
	return list
}

var noEnd = time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC)

// counts is by which calendar, and by whose hours, limits are counted.
type counts struct {
	calendar *calendar.Calendar
	agency   string
}

// countsBy is how a dossier's limits are counted: by the calendar that is counted by already, else by that of the agency of its receiving
// unit; by the agency's hours, unless the calendar has hours of the unit itself.
func (x *Executor) countsBy(ctx context.Context, s dossier.State) (by counts, err error) {
	o, err := x.organisation.Recent(ctx)
	if err != nil {
		return by, err
	}
	agency, known := o.AgencyOf(s.FiledAt, calendar.DateOf(x.o.Now(), Zone()))
	c, err := x.calendars.recent(ctx, calendarFor(s, agency))
	if err != nil {
		return by, err
	}
	by.calendar = &c
	hours := func(code string) bool {
		return slices.ContainsFunc(c.Hours, func(h calendar.Hours) bool { return h.Agency == code })
	}
	if known && !hours(s.FiledAt) && hours(agency.Code) {
		by.agency = agency.Code
	}
	return by, nil
}

func calendarFor(s dossier.State, agency organisation.Agency) string {
	return cmp.Or(string(s.Clock.Term.Calendar), agency.Calendar, StandardCalendar)
}

// AppliedOrganisation says what applying a file changed, or would change.
type AppliedOrganisation struct {
	Code    string                     `json:"code"`
	Version int64                      `json:"version"`
	Changes []organisation.EntryChange `json:"changes"` // none: it stood so
}

// ReadOrganisation reads a file in YAML or JSON.
func ReadOrganisation(file []byte) (organisation.Text, Mistakes) {
	data, mistakes := yamltext.JSON(file)
	if len(mistakes) > 0 {
		return organisation.Text{}, mistakes
	}
	read, mistakes := organisation.Read(data)
	return read, mistakes
}

// CheckOrganisation tells all that is wrong with a file by itself, as of a day.
func CheckOrganisation(file []byte, today calendar.Date) Mistakes {
	read, mistakes := ReadOrganisation(file)
	if len(mistakes) > 0 {
		return mistakes
	}
	return read.Place(organisation.Check(read.Plan, today))
}

// PreviewOrganisation says what applying a file would change.
func (x *Executor) PreviewOrganisation(ctx context.Context, a domain.Actor, file []byte) (AppliedOrganisation, error) {
	if err := x.authorized(ctx, a, Act{Kind: Operate}); err != nil {
		return AppliedOrganisation{}, err
	}
	read, mistakes := ReadOrganisation(file)
	if len(mistakes) > 0 {
		return AppliedOrganisation{}, mistakes
	}
	o, err := x.organisation.Get(ctx)
	if err != nil {
		return AppliedOrganisation{}, err
	}
	events, err := x.planned(a, o, read)
	return AppliedOrganisation{read.Plan.Code, o.Version, organisation.EntryChanges(o, events)}, err
}

// ApplyOrganisation brings the organisation to what a file says, in one act; with a mistake in the file nothing changes.
func (x *Executor) ApplyOrganisation(ctx context.Context, a domain.Actor, file []byte, e Envelope) (done AppliedOrganisation, err error) {
	defer func() { err = x.Refused(ctx, a, e, applyOrganisation, uuid.Nil, err) }()
	if err := x.authorized(ctx, a, Act{Kind: Operate}); err != nil {
		return done, err
	}
	read, mistakes := ReadOrganisation(file)
	if len(mistakes) > 0 {
		return done, mistakes
	}
	done.Code, done.Changes = read.Plan.Code, []organisation.EntryChange{}
	stream := eventstore.Stream{Kind: OrganisationKind, ID: OrganisationStream()}
	result, err := x.rule(ctx, a, stream, "apply", e, file, func(history []eventstore.Event) (facts []encoded, err error) {
		have, err := x.organisation.memory.fold(kept[organisation.Organisation]{}, history)
		if err != nil {
			return nil, err
		}
		if err := have.state.Admits(a, x.o.Now()); err != nil { // by what stands in this very moment
			return nil, err
		}
		events, err := x.planned(a, have.state, read)
		if err != nil {
			return nil, err
		}
		done.Changes = organisation.EntryChanges(have.state, events)
		for _, event := range events {
			kind, version, data, err := organisation.Encode(event)
			if err != nil {
				return nil, err
			}
			facts = append(facts, encoded{kind, version, data})
		}
		return facts, nil
	})
	x.organisation.memory.forget(stream.ID)
	done.Version = result.Version
	return done, err
}

// planned is what the domain says to a file; what it finds stands in its lines.
func (x *Executor) planned(by domain.Actor, o organisation.Organisation, read organisation.Text) ([]organisation.Event, error) {
	wish := organisation.Apply{Plan: read.Plan, Today: calendar.DateOf(x.o.Now(), Zone())}
	if by.Role != domain.System {
		wish.By = by.Account
	}
	events, err := organisation.Decide(o, wish)
	var found organisation.Findings
	if errors.As(err, &found) {
		return nil, Mistakes(read.Place(found))
	}
	return events, err
}

// ShippedUnits are the units of the organisation that comes with the program, by which pages name them.
func ShippedUnits() []organisation.Unit { return shippedOrganisation().Units }

// shippedOrganisation is the example that comes with the program, as if it had just been applied.
var shippedOrganisation = sync.OnceValue(func() organisation.Organisation {
	read, mistakes := ReadOrganisation(organisation.Shipped())
	if len(mistakes) > 0 {
		panic("the shipped organisation: " + Mistakes(mistakes).Error()) // a broken file is a broken program
	}
	return organisation.Organisation{Version: 1, Plan: read.Plan}
})

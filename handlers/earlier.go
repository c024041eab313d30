package handlers

import (
	"context"
	"fmt"
	"slices"

	"dossier/domain/access"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/eventstore/vault"
	"dossier/projections"

	"github.com/google/uuid"
)

// Earlier is another dossier of the same person under the same procedure: perhaps the same wish, filed twice.
type Earlier struct {
	ID        uuid.UUID      `json:"id"`
	Code      *string        `json:"code"`
	Status    dossier.Status `json:"status"`
	Applicant string         `json:"applicant"` // another reference where the same number stands behind it
	Same      bool           `json:"same"`      // the same content too, as far as it is not personal
}

// mostEarlier is how many are told.
const mostEarlier = 20

// Earlier lists what the applicant of a dossier, or somebody with the same number, filed before under the same procedure. Nothing is refused
// for it: the one who receives it decides.
func (k *Persons) Earlier(ctx context.Context, by Accessor, id uuid.UUID) ([]Earlier, error) {
	facts, err := k.x.Facts(ctx, id)
	if err != nil {
		return nil, err
	}
	s := dossier.Fold(facts)
	if err := k.x.admitsReading(ctx, by.Actor, s); err != nil {
		return nil, k.x.Refused(ctx, by.Actor, Envelope{Traceparent: by.Traceparent}, readDossier, id, err)
	}
	if s.Applicant == "" {
		return []Earlier{}, nil
	}
	refs := []string{s.Applicant}
	if May(by.Actor, Act{Kind: People}) == nil && k.x.o.Vault != nil {
		twins, err := k.twins(ctx, by, s.Applicant)
		if err != nil {
			return nil, err
		}
		refs = append(refs, twins...)
	}
	sight, err := k.x.Sight(ctx, by.Actor)
	if err != nil {
		return nil, err
	}
	found := []Earlier{}
	for _, ref := range refs {
		page, err := k.views.List(ctx, projections.Filter{Applicant: ref, Procedure: s.Procedure, Sight: sight, Limit: mostEarlier + 1})
		if err != nil {
			return nil, err
		}
		for _, row := range page.Rows {
			if row.ID != id && len(found) < mostEarlier {
				found = append(found, Earlier{row.ID, row.Code, row.State.Status, ref, sameContent(row.State, s)})
			}
		}
	}
	return found, nil
}

// sameContent compares what a filing says of itself.
func sameContent(a, b dossier.State) bool {
	return len(a.Values) == len(b.Values) && !slices.ContainsFunc(a.Values, func(g dossier.Given) bool { return !slices.Contains(b.Values, g) }) &&
		len(a.Facts) == len(b.Facts) && !slices.ContainsFunc(a.Facts, func(f string) bool { return !slices.Contains(b.Facts, f) })
}

// twins are the references of others who have one of the numbers of a person.
func (k *Persons) twins(ctx context.Context, by Accessor, ref string) (refs []string, err error) {
	id := PersonStream(ref)
	known, err := k.x.o.Vault.Persons(ctx, []uuid.UUID{id})
	if err != nil {
		return nil, err
	}
	p, there := known[id]
	if !there || p.Unreadable {
		return nil, nil
	}
	shown := []uuid.UUID{id}
	for _, q := range []vault.Query{{IDNumber: p.IDNumber}, {TaxCode: p.TaxCode}} {
		if q.Empty() {
			continue
		}
		found, _, err := k.x.o.Vault.Find(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, other := range found {
			if other.ID != id && !slices.Contains(refs, other.Ref) {
				refs, shown = append(refs, other.Ref), append(shown, other.ID)
			}
		}
	}
	if err := k.x.o.Access.Record(ctx, by, access.PersonsRead{Persons: shown, Search: true, Purpose: "duplicates"}); err != nil {
		return nil, fmt.Errorf("record the search: %w", err)
	}
	return refs, nil
}

// Prefilled is what a form's field may be filled with.
type Prefilled struct {
	Field string     `json:"field"`
	Text  string     `json:"text"`
	From  *uuid.UUID `json:"from,omitempty"` // the dossier in which it was typed; none: what is known of the person
}

// knownAs are the fields of the shipped forms that say who somebody is.
func knownAs(p vault.Person) map[string]string {
	number := p.IDNumber
	if number == "" {
		number = p.TaxCode
	}
	return map[string]string{"owner_name": p.Name, "owner_id": number, "address": p.Address, "phone": p.Phone, "email": p.Email, "born": p.Born}
}

// Prefill is what the personal fields of a procedure's forms may be filled with: what the person typed there last, else what is known of it.
// The person itself asks for its own, the counter for everybody; it is a reading of personal data.
func (k *Persons) Prefill(ctx context.Context, by Accessor, ref string, procedure string, purpose dossier.Code) ([]Prefilled, error) {
	if !dossier.Ref(ref).Valid() {
		return nil, badRef()
	}
	if !purpose.Valid() {
		return nil, badPurpose()
	}
	if err := k.x.authorized(ctx, by.Actor, ofOneself(by.Actor, ref, People)); err != nil {
		return nil, k.x.Refused(ctx, by.Actor, Envelope{Traceparent: by.Traceparent}, readPerson, uuid.Nil, err)
	}
	if k.x.o.Vault == nil {
		return nil, noVault()
	}
	p, err := k.x.procedures.Get(ctx, procedure)
	if err == nil && !p.Exists() {
		err = ErrNoProcedure
	}
	if err != nil {
		return nil, err
	}
	day := calendar.DateOf(k.x.o.Now(), Zone())
	v, valid := p.On(day)
	if !valid {
		return nil, p.NotValid(day.String())
	}
	id := PersonStream(ref)
	if err := k.x.o.Access.Record(ctx, by, access.PersonsRead{Persons: []uuid.UUID{id}, Purpose: purpose}); err != nil {
		return nil, fmt.Errorf("record the reading: %w", err)
	}
	last, err := k.typedLast(ctx, by, ref, v.ID, purpose)
	if err != nil {
		return nil, err
	}
	known, err := k.x.o.Vault.Persons(ctx, []uuid.UUID{id})
	if err != nil {
		return nil, err
	}
	card, filled := knownAs(known[id].Person), []Prefilled{}
	for _, form := range v.Forms {
		for _, f := range form.Fields() {
			name := form.Code + "." + f.Name
			p, typed := last[name]
			if !typed && f.Personal {
				p = Prefilled{Field: name, Text: card[f.Name]}
			}
			if p.Text != "" && v.CheckEntry(name, p.Text, true) == nil {
				filled = append(filled, p)
			}
		}
	}
	return filled, nil
}

// typedLast is what stands in the fields of the newest dossier of the applicant under a procedure. It is a reading of that dossier's words.
func (k *Persons) typedLast(ctx context.Context, by Accessor, ref, procedure string, purpose dossier.Code) (map[string]Prefilled, error) {
	last := map[string]Prefilled{}
	sight, err := k.x.Sight(ctx, by.Actor)
	if err != nil {
		return nil, err
	}
	page, err := k.views.List(ctx, projections.Filter{Applicant: ref, Procedure: procedure, Sight: sight, Limit: 5})
	if err != nil {
		return nil, err
	}
	for _, row := range page.Rows {
		if len(row.State.Entered) == 0 {
			continue
		}
		facts, err := k.x.Facts(ctx, row.ID)
		if err != nil {
			return nil, err
		}
		if err := k.x.o.Access.Record(ctx, by, access.WordsRead{Dossier: row.ID, Purpose: purpose}); err != nil {
			return nil, fmt.Errorf("record the reading: %w", err)
		}
		said, err := k.x.said(ctx, row.ID, facts)
		if err != nil {
			return nil, err
		}
		for _, one := range said {
			if field, entry := dossier.EntryField(one.Place); entry && one.Why == "" {
				last[field] = Prefilled{field, one.Words, &row.ID}
			}
		}
		return last, nil
	}
	return last, nil
}

package handlers

import (
	"context"
	"slices"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/organisation"
	"dossier/projections"

	"github.com/google/uuid"
)

// Rows of one agency are not there for the staff of another. An agency has a part in a dossier by its units: the one where it was filed, the
// one where it lies, those it was sent to, those asked. What lies at no unit yet is anybody's of the staff to receive. An auditor sees what
// its agency sees, the machine all; who applied is asked for by its own name (Only), whatever the agency. A confidential
// dossier is for the units that have a part in it and for who decides, numbers and audits (wide). Without an organisation nothing is kept from
// anybody.

// elsewhere is what is said of a dossier of another agency: that there is none. It is recorded as what it is.
type elsewhere struct{}

func (elsewhere) Error() string { return ErrNotFound.Error() }
func (elsewhere) Unwrap() error { return ErrNotFound }

// refusal is how it stands in the access journal.
func (elsewhere) refusal() *domain.Refusal { return &domain.Refusal{Code: "other_agency"} }

// Sight is which dossiers somebody may see by where these have a part.
func (x *Executor) Sight(ctx context.Context, a domain.Actor) (projections.Sight, error) {
	o, err := x.organisation.Recent(ctx)
	if err != nil {
		return projections.Sight{}, err
	}
	return x.SightIn(o, a), nil
}

// SightIn is Sight under an organisation that the caller has read.
func (x *Executor) SightIn(o organisation.Organisation, a domain.Actor) projections.Sight {
	return sightOn(o, a, calendar.DateOf(x.o.Now(), Zone()))
}

func sightOn(o organisation.Organisation, a domain.Actor, day calendar.Date) projections.Sight {
	if !o.Exists() || a.Role == domain.System {
		return projections.Sight{}
	}
	if s, in := o.SandboxFor(a, day); in {
		_, others := o.Places(a.Unit, day)
		return inRound(s, others)
	}
	if a.Role == domain.Applicant {
		return projections.Sight{}
	}
	own, others := o.Places(a.Unit, day)
	own, others = closing(a, own, others)
	return projections.Sight{Own: own, Others: others}
}

// wide are the roles that see the confidential dossiers of their whole agency: who decides, who numbers and keeps papers, who looks at what was
// done. Others see those in which their own unit has a part.
var wide = []domain.Role{domain.Approver, domain.Clerk, domain.Auditor}

// closing adds which confidential dossiers somebody sees.
func closing(a domain.Actor, own, others []string) (seen, unseen []string) {
	seen, unseen = slices.Clone(own), slices.Clone(others)
	for _, place := range own {
		if place == a.Unit || slices.Contains(wide, a.Role) {
			seen = append(seen, dossier.Closed(place))
		} else {
			unseen = append(unseen, dossier.Closed(place))
		}
	}
	for _, place := range others {
		unseen = append(unseen, dossier.Closed(place))
	}
	return seen, unseen
}

// there says ErrNotFound of a dossier of another agency before anything of it is looked at. Who sees all is spared the reading.
func (x *Executor) there(ctx context.Context, a domain.Actor, id uuid.UUID) error {
	if sight, err := x.Sight(ctx, a); err != nil || sight.All() {
		return err
	}
	facts, err := x.Facts(ctx, id)
	if err != nil {
		return err
	}
	s := dossier.Fold(facts)
	return x.sees(ctx, a, &s)
}

// looksFirst are the commands that look at a file before the dossier is asked.
var looksFirst = map[string]bool{"attach-file": true, "sign-file": true, "sign": true}

// ahead authorizes an act on a dossier before anything of it is looked at. Who sees all is spared the reading: the decision asks again.
func (x *Executor) ahead(ctx context.Context, a domain.Actor, act Act, id uuid.UUID) error {
	if a.Role != domain.Applicant || !looksFirst[act.Name] {
		return x.there(ctx, a, id)
	}
	facts, err := x.Facts(ctx, id)
	if err != nil {
		return err
	}
	return x.AuthorizeOn(ctx, a, act, dossier.Fold(facts))
}

// sees says whether a dossier is there for somebody, by its newest state: by its places, or because the right to decide it was delegated to
// the actor, perhaps by the agency above.
func (x *Executor) sees(ctx context.Context, a domain.Actor, s *dossier.State) error {
	sight, err := x.Sight(ctx, a)
	if err != nil || sight.Sees(s) {
		return err
	}
	if sight.Alone {
		return elsewhere{}
	}
	o, err := x.organisation.Recent(ctx)
	if err != nil {
		return err
	}
	if len(o.Delegated(a.Account, s.Procedure, s.FiledAt, x.o.Now())) > 0 {
		return nil
	}
	return elsewhere{}
}

package handlers

import (
	"context"
	"errors"
	"slices"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/organisation"
	"dossier/eventstore"
	"dossier/projections"

	"github.com/google/uuid"
)

// A sandbox is an agency in which integrators try things out. Its dossiers go by the same rules as all others and carry its round, so that no
// report and no public figure counts them; they and real ones never meet in a list, at a unit, by a link, or under an applicant's name.

// inRound is the sight of who is at work in a sandbox: the dossiers of the open round, and of what is no dossier, nothing of other agencies.
func inRound(s organisation.Sandbox, others []string) projections.Sight {
	return projections.Sight{Own: []string{s.Name()}, Others: others, Alone: true}
}

// Sandbox is the round in which somebody is at work, if any.
func (x *Executor) Sandbox(ctx context.Context, a domain.Actor) (organisation.Sandbox, bool, error) {
	o, err := x.organisation.Recent(ctx)
	if err != nil {
		return organisation.Sandbox{}, false, err
	}
	s, in := o.SandboxFor(a, calendar.DateOf(x.o.Now(), Zone()))
	return s, in, nil
}

// round is the round in which a dossier is filed, none for a real one. Who files, the unit and the applicant are of the same.
func round(o organisation.Organisation, a domain.Actor, c dossier.SubmitDossier, day calendar.Date) (dossier.Code, error) {
	open := o.Sandboxes()
	if len(open) == 0 {
		return "", nil
	}
	at, inside := o.SandboxOf(string(c.Unit), day)
	by, works := o.SandboxFor(a, day)
	if a.Role == domain.System {
		by, works = at, inside
	}
	takes := func(s organisation.Sandbox) bool {
		return s.Takes(string(c.Applicant)) && (c.Submitter == "" || s.Takes(string(c.Submitter)))
	}
	switch {
	case inside && works && by == at && takes(at):
		return dossier.Code(at.Name()), nil
	case !inside && !works && !slices.ContainsFunc(open, func(s organisation.Sandbox) bool { return s.Takes(string(c.Applicant)) }):
		return "", nil
	}
	return "", apart(open)
}

// oneWorld says no to what would let a test and real work meet.
func oneWorld(o organisation.Organisation, s dossier.State, decided []Decided, day calendar.Date) error {
	open := o.Sandboxes()
	if len(open) == 0 {
		return nil
	}
	for _, d := range decided {
		s = dossier.Evolve(s, dossier.Fact{Version: s.Version + 1, Event: d.Event, OccurredAt: d.OccurredAt})
	}
	for _, place := range s.Places() {
		place = dossier.Opened(place)
		in, inside := o.SandboxOf(place, day)
		for _, one := range open {
			if place == one.Agency {
				in, inside = one, true
			}
		}
		if place != s.Sandbox && (inside != (s.Sandbox != "") || inside && in.Name() != s.Sandbox) {
			return apart(open)
		}
	}
	return nil
}

// otherOf is the dossier that a link or a complaint names, if it is one of ours by its form.
func otherOf(c dossier.Command) (id uuid.UUID, is bool) {
	var other dossier.Ref
	switch c := c.(type) {
	case dossier.LinkDossier:
		other = c.Other
	case dossier.OpenComplaint:
		other = c.Other
	}
	id, err := uuid.Parse(string(other))
	return id, err == nil
}

// oneWorldWith says no to naming a dossier of the other side.
func (x *Executor) oneWorldWith(ctx context.Context, open []organisation.Sandbox, sandbox string, other uuid.UUID) error {
	if len(open) == 0 {
		return nil
	}
	facts, err := x.Facts(ctx, other)
	if errors.Is(err, ErrNotFound) {
		return nil // of another system
	}
	if err == nil && dossier.Fold(facts).Sandbox != sandbox {
		err = apart(open)
	}
	return err
}

// SandboxApart is the code of every refusal of what would let tests and real work meet.
const SandboxApart = "sandbox_apart"

func apart(open []organisation.Sandbox) error {
	prefix := open[0].Agency + "-"
	return &domain.Refusal{Code: SandboxApart,
		VI: "Hồ sơ thử nghiệm và hồ sơ thật không gặp nhau. Trong môi trường thử nghiệm: đơn vị thuộc cơ quan thử nghiệm, mã người nộp bắt đầu bằng “" + prefix + "”; ngoài ra thì không.",
		EN: "Tests and real dossiers never meet. In the sandbox the unit is one of the sandbox's and the applicant begins with “" + prefix + "”; elsewhere neither is."}
}

// untried is what a sandbox has no part in: it would reach people or systems outside.
func untried(vi, en string) error {
	return &domain.Refusal{Code: "not_in_sandbox", VI: "Trong môi trường thử nghiệm không có " + vi + ".", EN: "In the sandbox there are no " + en + "."}
}

// noPersons keeps people out of a sandbox, and who works there away from the register of persons.
func (x *Executor) noPersons(ctx context.Context, a domain.Actor) error {
	_, in, err := x.Sandbox(ctx, a)
	if err == nil && in {
		err = untried("kho thông tin người: chỉ dùng mã người nộp", "persons, only references of applicants")
	}
	return err
}

// OpenSandboxes lists the open rounds.
func (x *Executor) OpenSandboxes(ctx context.Context) ([]organisation.Sandbox, error) {
	o, err := x.organisation.Get(ctx)
	return o.Sandboxes(), err
}

// ResetSandbox closes the open round of a sandbox and opens the next: what was filed is not there any more for anybody, and stays in the
// journal. The system administrator may, and whoever works there.
func (x *Executor) ResetSandbox(ctx context.Context, a domain.Actor, agency string, e Envelope) (opened organisation.Sandbox, err error) {
	defer func() { err = x.Refused(ctx, a, e, resetSandbox, uuid.Nil, err) }()
	act := Act{Kind: Try}
	if err := x.authorized(ctx, a, act); err != nil {
		return opened, err
	}
	if at, in, err := x.Sandbox(ctx, a); err != nil || a.Role != domain.SystemAdmin && (!in || at.Agency != agency) {
		if err == nil {
			err = notAllowed(a, act)
		}
		return opened, err
	}
	stream := eventstore.Stream{Kind: OrganisationKind, ID: OrganisationStream()}
	_, err = x.rule(ctx, a, stream, "reset-sandbox "+agency, e, []byte(agency), func(history []eventstore.Event) ([]encoded, error) {
		have, err := x.organisation.memory.fold(kept[organisation.Organisation]{}, history)
		if err != nil {
			return nil, err
		}
		events, err := organisation.Decide(have.state, organisation.ResetSandbox{Agency: agency})
		if err != nil {
			return nil, err
		}
		kind, version, data, err := organisation.Encode(events[0])
		return []encoded{{kind, version, data}}, err
	})
	x.organisation.memory.forget(stream.ID)
	if err != nil {
		return opened, err
	}
	open, err := x.OpenSandboxes(ctx)
	if i := slices.IndexFunc(open, func(s organisation.Sandbox) bool { return s.Agency == agency }); i >= 0 {
		opened = open[i]
	}
	return opened, err
}

package handlers

import (
	"context"
	"errors"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/code"
	"dossier/domain/dossier"
	"dossier/domain/escalation"
	"dossier/domain/procedure"
	"dossier/eventstore"
	"dossier/eventstore/blobs"
	"dossier/eventstore/vault"
	"dossier/handlers/signing"
	"dossier/internal/telemetry"

	"github.com/google/uuid"
)

// Executor is the one place where commands are decided.
type Executor struct {
	journal      *eventstore.Journal
	calendars    *Calendars
	procedures   *Procedures
	organisation *Organisations
	o            ExecutorOptions
}

// ExecutorOptions of an executor.
type ExecutorOptions struct {
	CommandKey []byte             // keys the hash of command bodies (COMMAND_KEY)
	Now        func() time.Time   // default time.Now
	Origin     domain.Origin      // of live commands: empty, or demo
	Codes      code.Rules         // how dossiers are numbered; default code.DefaultRules
	Timers     escalation.Rules   // who is told at which share of a limit; default those that ship
	Metrics    *telemetry.Metrics // may be nil
	Files      *blobs.Files       // what attach-file attaches; nil: nothing
	Vault      *vault.Vault       // where what people type is kept; nil: no command may bring words
	Registry   Registry           // where parts of a dossier are looked up; nil: nowhere
	Erasures   *vault.List        // where erasures are written down outside the database; nil: nowhere
	Signer     signing.Signer     // who signs for accounts; nil: results are signed on paper
	Verifier   signing.Verifier   // who proves signatures; nil: none is taken
	Access     *AccessLog         // where refusals are recorded; nil: nowhere (imports, demo dossiers, benches)
}

// NewExecutor returns the executor of a journal.
func NewExecutor(j *eventstore.Journal, o ExecutorOptions) *Executor {
	if o.Now == nil {
		o.Now = time.Now
	}
	if len(o.Timers.Rules) == 0 {
		o.Timers = shippedRules()
	}
	return &Executor{journal: j, calendars: newCalendars(j), procedures: newProcedures(j), organisation: newOrganisations(j), o: o}
}

// Calendars are those by which this executor counts.
func (x *Executor) Calendars() *Calendars { return x.calendars }

// counting lists the commands that set a limit running, let one go on, or have a window of their own, and so need a calendar.
var counting = namesOf(dossier.AcceptDossier{}, dossier.AcceptSupplement{}, dossier.RejectWithdrawal{}, dossier.RecomputeDeadline{}, dossier.ResolveAtOnce{},
	dossier.RefuseReception{}, dossier.RequestSupplement{}, dossier.ForwardDossier{}, dossier.TransferDossier{}, dossier.BeginWork{}, dossier.FinishWork{},
	dossier.ReportRemediation{}, dossier.ConfirmPayment{}, dossier.CancelPayment{}, dossier.ReportError{}, dossier.OpenComplaint{}, dossier.FireTimer{}, dossier.RecountComplaint{})

// decidedOn lists the commands that may only be sent for the version that was looked at: approve, sign, issue.
var decidedOn = namesOf(dossier.Approve{}, dossier.SignResult{}, dossier.IssueResult{})

// inPlace lists the commands that somebody may send in another's place.
var inPlace = namesOf(dossier.Approve{}, dossier.SignResult{})

func namesOf(commands ...dossier.Command) map[string]bool {
	names := map[string]bool{}
	for _, c := range commands {
		names[dossier.Kebab(c.Name())] = true
	}
	return names
}

// NeedsVersion says whether a command (kebab-case) must name the version it was decided on.
func NeedsVersion(command string) bool { return decidedOn[command] }

// Submit makes a dossier. Its id follows from who sends it and the key, so a repeat meets the dossier it made.
func (x *Executor) Submit(ctx context.Context, a domain.Actor, e Envelope, c dossier.SubmitDossier) (Receipt, error) {
	name := dossier.Kebab(c.Name())
	r, err := x.counted(name, func() (Receipt, error) {
		c, err := x.submitted(ctx, a, c, e.At(x.o.Now()))
		if err != nil {
			return Receipt{}, err
		}
		f, err := x.filing(ctx, c, e)
		if err != nil {
			return Receipt{}, err
		}
		e.Expected = nil
		codes := coding{x: x}
		opens := f.early == nil && f.closed == nil // else a repeat of what was granted before is looked for first
		id := eventstore.StreamIDFor(Kind, a.Account, e.Key)
		return x.update(ctx, a, id, name, e, x.o.Origin, opens, func(s dossier.State) ([]Decided, error) {
			if f.early != nil {
				return nil, f.early
			}
			decided, err := x.decideKept(ctx, s, c, a, e, f.version, counts{}, id, f.closed)
			if err != nil || len(decided) == 0 {
				return nil, err
			}
			return codes.give(ctx, s, decided)
		})
	})
	return r, x.Refused(ctx, a, e, name, uuid.Nil, err)
}

// Do decides a command on a dossier that exists.
func (x *Executor) Do(ctx context.Context, a domain.Actor, id uuid.UUID, e Envelope, c dossier.Command) (Receipt, error) {
	name := dossier.Kebab(c.Name())
	r, err := x.counted(name, func() (Receipt, error) {
		switch c := c.(type) {
		case dossier.OpenComplaint:
			if c.Other == "" && complaintOf[c.Kind] != "" {
				return x.openComplaint(ctx, a, id, e, c)
			}
			r, err := x.do(ctx, a, id, name, e, c)
			if err == nil {
				err = x.linkBack(ctx, a, id, e, c)
			}
			return r, err
		case dossier.CloseComplaint:
			if err := x.closable(ctx, id, c); err != nil {
				return Receipt{}, err
			}
		}
		return x.do(ctx, a, id, name, e, c)
	})
	if err == nil && endings[name] {
		x.settled(ctx, id)
	}
	return r, x.Refused(ctx, a, e, name, id, err)
}

// Try says what Do would answer now, by the same way, and does nothing: no event, no code taken, no refusal recorded.
func (x *Executor) Try(ctx context.Context, a domain.Actor, id uuid.UUID, e Envelope, c dossier.Command) (Receipt, error) {
	e.dry = true
	return x.do(ctx, a, id, dossier.Kebab(c.Name()), e, c)
}

func (x *Executor) do(ctx context.Context, a domain.Actor, id uuid.UUID, name string, e Envelope, c dossier.Command) (Receipt, error) {
	act := Act{Kind: Command, Name: name}
	if err := May(a, act); err != nil {
		return Receipt{}, err
	}
	if err := x.Admits(ctx, a); err != nil {
		return Receipt{}, err
	}
	if NeedsVersion(name) && e.Expected == nil {
		return Receipt{}, ErrVersionRequired
	}
	if err := x.ahead(ctx, a, act, id); err != nil {
		return Receipt{}, err
	}
	c, err := x.attached(ctx, id, c, e)
	if err != nil {
		return Receipt{}, err
	}
	if e, err = x.signed(ctx, a, id, name, e, c); err != nil {
		return Receipt{}, err
	}
	codes := coding{x: x}
	return x.update(ctx, a, id, name, e, x.o.Origin, false, func(s dossier.State) ([]Decided, error) {
		if s.Version == 0 {
			return nil, ErrNotFound
		}
		if err := x.AuthorizeOn(ctx, a, act, s); err != nil {
			return nil, err
		}
		rules, err := x.ruled(ctx, s, c)
		if err != nil {
			return nil, err
		}
		var by counts
		if counting[name] {
			if by, err = x.countsBy(ctx, s); err != nil {
				return nil, err
			}
		}
		decided, err := x.decideKept(ctx, s, c, a, e, rules, by, id, nil)
		if err != nil || e.dry || len(decided) == 0 {
			return decided, err
		}
		return codes.give(ctx, s, decided)
	})
}

// decideKept decides a command and puts the words and the signature it brings into the vault: only once the rules have said yes and nothing else stands
// against it, for what is refused leaves nothing there.
func (x *Executor) decideKept(ctx context.Context, s dossier.State, c dossier.Command, a domain.Actor, e Envelope, v *procedure.Version, by counts, id uuid.UUID, against error) ([]Decided, error) {
	c, err := answered(s, c, v) // before the words are away
	if err != nil {
		return nil, err
	}
	decided, err := x.decide(ctx, s, c, a, e, v, by)
	if err != nil || len(decided) == 0 {
		return nil, err
	}
	if against != nil || e.dry || !dossier.HasWords(c) && e.proof == nil {
		return decided, against
	}
	applicant, name := s.Applicant, dossier.Kebab(c.Name())
	if first, opens := c.(dossier.SubmitDossier); opens {
		applicant = string(first.Applicant)
	}
	if dossier.HasWords(c) {
		if c, err = x.deposit(ctx, a, id, applicant, name, e, c); err != nil {
			return nil, err
		}
	}
	if e.proof != nil {
		if err := x.keep(ctx, a, id, applicant, name, e); err != nil {
			return nil, err
		}
	}
	return x.decide(ctx, s, c, a, e, v, by)
}

// decide asks the domain.
func (x *Executor) decide(ctx context.Context, s dossier.State, c dossier.Command, a domain.Actor, e Envelope, v *procedure.Version, by counts) ([]Decided, error) {
	given := dossier.Context{Now: x.o.Now(), Actor: a, Origin: x.o.Origin, LateReason: e.LateReason, Procedure: v, Calendar: by.calendar, HoursOf: dossier.Code(by.agency), Group: e.group}
	if e.OccurredAt != nil {
		given.OccurredAt = *e.OccurredAt
	}
	switch {
	case e.proof != nil:
		given.Evidence = &e.proof.evidence
	case e.dry && x.Signs() && signs(c): // the signer is asked once the rest is known to hold
		given.Evidence = &dossier.Evidence{}
	}
	o, err := x.organisation.Recent(ctx)
	if err != nil {
		return nil, err
	}
	if other, is := otherOf(c); is {
		if err := x.oneWorldWith(ctx, o.Sandboxes(), s.Sandbox, other); err != nil {
			return nil, err
		}
	}
	day := calendar.DateOf(given.Now, Zone())
	if first, files := c.(dossier.SubmitDossier); files {
		if given.Sandbox, err = round(o, a, first, day); err != nil {
			return nil, err
		}
	}
	if inPlace[dossier.Kebab(c.Name())] {
		given.Delegations = Delegations(o, s, a.Account, given.At(s, c))
	}
	events, err := dossier.Decide(s, c, given)
	if err != nil {
		return nil, err
	}
	decided := make([]Decided, len(events))
	for i, event := range events {
		decided[i] = Decided{Event: event, OccurredAt: given.At(s, c), LateReason: e.LateReason}
	}
	return decided, oneWorld(o, s, decided, day)
}

// counted runs one command and counts it under its outcome.
func (x *Executor) counted(name string, run func() (Receipt, error)) (Receipt, error) {
	began := time.Now()
	r, err := run()
	x.o.Metrics.Command(name, outcome(r, err), time.Since(began))
	return r, err
}

func outcome(r Receipt, err error) string {
	var refusal *domain.Refusal
	var invalid *domain.Invalid
	var stale *Stale
	switch {
	case err == nil && r.Repeated:
		return "repeated"
	case err == nil && r.Events == 0:
		return "nothing"
	case err == nil:
		return "done"
	case errors.As(err, &refusal) && Forbids(refusal):
		return "forbidden"
	case errors.As(err, &refusal):
		return "refused"
	case errors.As(err, &invalid), errors.Is(err, eventstore.ErrCommandReused), errors.Is(err, ErrVersionRequired):
		return "invalid"
	case errors.As(err, &stale):
		return "stale"
	case errors.Is(err, ErrNotFound):
		return "not_found"
	case Away(err):
		return "busy"
	}
	return "failed"
}

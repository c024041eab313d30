package handlers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/domain/procedure"
	"dossier/eventstore"
	"dossier/internal/telemetry"

	"github.com/google/uuid"
)

// Executor is the one place where commands are decided.
type Executor struct {
	journal *eventstore.Journal
	o       ExecutorOptions
}

// ExecutorOptions of an executor.
type ExecutorOptions struct {
	CommandKey []byte             // keys the hash of command bodies (COMMAND_KEY)
	Now        func() time.Time   // default time.Now
	Origin     domain.Origin      // of live commands: empty, or demo
	Metrics    *telemetry.Metrics // may be nil
}

// NewExecutor returns the executor of a journal.
func NewExecutor(j *eventstore.Journal, o ExecutorOptions) *Executor {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Executor{journal: j, o: o}
}

// decidedOn lists the commands that may only be sent for the version that was looked at: approve, sign, issue.
var decidedOn = map[string]bool{
	dossier.Kebab(dossier.Approve{}.Name()):     true,
	dossier.Kebab(dossier.SignResult{}.Name()):  true,
	dossier.Kebab(dossier.IssueResult{}.Name()): true,
}

// NeedsVersion says whether a command (kebab-case) must name the version it was decided on.
func NeedsVersion(command string) bool { return decidedOn[command] }

// Submit makes a dossier. Its id follows from who sends it and the key, so a repeat meets the dossier it made.
func (x *Executor) Submit(ctx context.Context, a domain.Actor, e Envelope, c dossier.SubmitDossier) (Receipt, error) {
	name := dossier.Kebab(c.Name())
	return x.counted(name, func() (Receipt, error) {
		if err := Authorize(a, Act{Kind: Command, Name: name, Applicant: string(c.Applicant)}); err != nil {
			return Receipt{}, err
		}
		version, err := openFor(string(c.Procedure))
		if err != nil {
			return Receipt{}, err
		}
		e.Expected = nil
		return x.update(ctx, a, eventstore.StreamIDFor(Kind, a.Account, e.Key), name, e, x.o.Origin, func(s dossier.State) ([]Decided, error) {
			return x.decide(s, c, a, e, &version)
		})
	})
}

// Do decides a command on a dossier that exists.
func (x *Executor) Do(ctx context.Context, a domain.Actor, id uuid.UUID, e Envelope, c dossier.Command) (Receipt, error) {
	name := dossier.Kebab(c.Name())
	act := Act{Kind: Command, Name: name}
	return x.counted(name, func() (Receipt, error) {
		if err := May(a, act); err != nil {
			return Receipt{}, err
		}
		if NeedsVersion(name) && e.Expected == nil {
			return Receipt{}, ErrVersionRequired
		}
		return x.update(ctx, a, id, name, e, x.o.Origin, func(s dossier.State) ([]Decided, error) {
			if s.Version == 0 {
				return nil, ErrNotFound
			}
			act.Applicant = string(s.Applicant)
			if err := Authorize(a, act); err != nil {
				return nil, err
			}
			return x.decide(s, c, a, e, known(string(s.Procedure)))
		})
	})
}

// decide asks the domain.
func (x *Executor) decide(s dossier.State, c dossier.Command, a domain.Actor, e Envelope, v *procedure.Version) ([]Decided, error) {
	given := dossier.Context{Now: x.o.Now(), Actor: a, Origin: x.o.Origin, LateReason: e.LateReason, Procedure: v}
	if e.OccurredAt != nil {
		given.OccurredAt = *e.OccurredAt
	}
	events, err := dossier.Decide(s, c, given)
	if err != nil {
		return nil, err
	}
	decided := make([]Decided, len(events))
	for i, event := range events {
		decided[i] = Decided{Event: event, OccurredAt: given.When(s), LateReason: e.LateReason}
	}
	return decided, nil
}

// openFor finds the procedure a new dossier is filed under.
func openFor(id string) (procedure.Version, error) {
	v, ok := procedure.Lookup(id)
	if !ok {
		return v, &domain.Invalid{
			Code: "unknown_procedure", Field: "procedure",
			VI: fmt.Sprintf("Không có thủ tục “%s” trong danh mục; xem /v1/procedures", id),
			EN: fmt.Sprintf("There is no procedure “%s” in the catalogue; see /v1/procedures", id),
		}
	}
	if !v.OpenForFiling {
		return v, &domain.Refusal{
			Code: "closed_to_filing", Field: "procedure",
			VI: fmt.Sprintf("Chưa nộp được: thủ tục “%s” chỉ để tra cứu, chưa mở nhận hồ sơ. Có thể làm: chọn thủ tục khác hoặc hỏi Bộ phận Một cửa", v.NameVI),
			EN: fmt.Sprintf("Not submitted: “%s” is for information only and not open for filing. You can: choose another procedure or ask the one-stop unit", v.NameEN),
		}
	}
	return v, nil
}

func known(id string) *procedure.Version {
	if v, ok := procedure.Lookup(id); ok {
		return &v
	}
	return nil
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
	case errors.As(err, &refusal) && refusal.Code == NotAllowed:
		return "forbidden"
	case errors.As(err, &refusal):
		return "refused"
	case errors.As(err, &invalid), errors.Is(err, eventstore.ErrCommandReused), errors.Is(err, ErrVersionRequired):
		return "invalid"
	case errors.As(err, &stale):
		return "stale"
	case errors.Is(err, ErrNotFound):
		return "not_found"
	case errors.Is(err, eventstore.ErrBusy):
		return "busy"
	}
	return "failed"
}

package handlers

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/document"
	"dossier/domain/procedure"
	"dossier/eventstore"
	"dossier/handlers/conditions"

	"github.com/google/uuid"
)

// PublishedProcedure says what publishing a file changed.
type PublishedProcedure struct {
	ID        string `json:"id"`
	Number    int    `json:"number"` // of the version
	Decision  string `json:"decision"`
	ValidFrom string `json:"valid_from"`
	Events    int    `json:"events"` // 0: it was already so
}

// CheckProcedure reads a file and tells all that is wrong with it, each with its line, its path and, where it takes a dossier to see it,
// that dossier's way.
func CheckProcedure(file []byte) (procedure.Text, Mistakes) {
	read, mistakes := procedure.Read(file)
	if len(mistakes) == 0 {
		var findings []procedure.Finding
		read.Wish.Cases, findings = conditions.Try(read.Wish.Version)
		for _, f := range findings {
			mistakes = append(mistakes, read.Place(f))
		}
	}
	slices.SortStableFunc(mistakes, func(a, b document.Mistake) int { return a.Line - b.Line })
	return read, mistakes
}

// PublishProcedure publishes the version that a file brings, in one act; with a mistake in the file nothing changes.
func (x *Executor) PublishProcedure(ctx context.Context, a domain.Actor, file []byte, e Envelope) (_ PublishedProcedure, err error) {
	defer func() { err = x.Refused(ctx, a, e, publishProcedure, uuid.Nil, err) }()
	if err := x.authorized(ctx, a, Act{Kind: Rule}); err != nil {
		return PublishedProcedure{}, err
	}
	read, mistakes := CheckProcedure(file)
	if len(mistakes) > 0 {
		return PublishedProcedure{}, mistakes
	}
	if err := x.list(ctx, a, e, procedure.Listed{Procedure: read.Wish.Version.ID}); err != nil {
		return PublishedProcedure{}, err
	}
	return x.publish(ctx, a, read.Wish, file, e)
}

func (x *Executor) publish(ctx context.Context, a domain.Actor, w procedure.Publish, file []byte, e Envelope) (done PublishedProcedure, err error) {
	p, result, err := x.decideProcedure(ctx, a, w.Version.ID, w, "publish", file, e)
	v, _ := p.Newest()
	return PublishedProcedure{v.ID, v.Number, v.Decision.No, v.Decision.ValidFrom.String(), result.Events}, err
}

// PublishShipped publishes every procedure that comes with the program and was never published. They are checked by a test, not here.
func (x *Executor) PublishShipped(ctx context.Context, a domain.Actor, key string) (err error) {
	defer func() { err = x.Refused(ctx, a, Envelope{}, publishProcedure, uuid.Nil, err) }()
	if err := x.authorized(ctx, a, Act{Kind: Rule}); err != nil {
		return err
	}
	ids := slices.Sorted(maps.Keys(procedure.Shipped()))
	listed := make([]procedure.Listed, len(ids))
	for i, id := range ids {
		listed[i] = procedure.Listed{Procedure: id}
	}
	if err := x.list(ctx, a, Envelope{Key: key}, listed...); err != nil {
		return err
	}
	for _, id := range ids {
		if p, err := x.procedures.procedures.get(ctx, ProcedureStream(id)); err != nil || p.Exists() {
			if err != nil {
				return err
			}
			continue
		}
		file := procedure.Shipped()[id]
		read, mistakes := procedure.Read(file)
		if len(mistakes) > 0 {
			return Mistakes(mistakes)
		}
		if _, err := x.publish(ctx, a, read.Wish, file, Envelope{Key: key}); err != nil {
			return fmt.Errorf("publish procedure %s: %w", id, err)
		}
	}
	return nil
}

// WithdrawProcedure ends a procedure from a day on.
func (x *Executor) WithdrawProcedure(ctx context.Context, a domain.Actor, id, decision string, decided, from calendar.Date, e Envelope) (_ PublishedProcedure, err error) {
	defer func() { err = x.Refused(ctx, a, e, withdrawProcedure, uuid.Nil, err) }()
	if err := x.authorized(ctx, a, Act{Kind: Rule}); err != nil {
		return PublishedProcedure{}, err
	}
	w := procedure.Withdraw{Decision: decision, DecidedOn: decided, From: from}
	body, err := json.Marshal(w)
	if err != nil {
		return PublishedProcedure{}, err
	}
	p, result, err := x.decideProcedure(ctx, a, id, w, "withdraw", body, e)
	v, _ := p.Newest()
	return PublishedProcedure{id, v.Number, decision, from.String(), result.Events}, err
}

// decideProcedure asks the domain about a procedure's stream and returns the procedure after it.
func (x *Executor) decideProcedure(ctx context.Context, a domain.Actor, id string, w procedure.Command, name string, body []byte, e Envelope) (p procedure.Procedure, r eventstore.Result, err error) {
	stream := eventstore.Stream{Kind: ProcedureKind, ID: ProcedureStream(id)}
	r, err = x.rule(ctx, a, stream, name, e, body, func(history []eventstore.Event) ([]encoded, error) {
		have, err := x.procedures.procedures.fold(kept[procedure.Procedure]{}, history)
		if err != nil {
			return nil, err
		}
		events, err := procedure.Decide(have.state, w)
		if err != nil {
			return nil, err
		}
		p = have.state
		for _, event := range events {
			p = procedure.Evolve(p, procedure.Fact{Version: p.Position + 1, Event: event})
		}
		return encodeRules(events)
	})
	x.procedures.procedures.forget(stream.ID)
	x.procedures.forgetAll()
	if err == nil && r.Repeated {
		p, err = x.procedures.procedures.at(ctx, stream.ID, r.Version)
	}
	return p, r, err
}

// Turned says how a switch stands after it was turned.
type Turned struct {
	Procedure string           `json:"procedure"`
	Unit      string           `json:"unit"`
	Open      bool             `json:"open"`
	Reason    procedure.Reason `json:"reason"`
	Basis     string           `json:"basis"`
	Events    int              `json:"events"` // 0: it stood so
}

// TurnSwitch opens or closes the filing of a procedure at a unit.
func (x *Executor) TurnSwitch(ctx context.Context, a domain.Actor, w procedure.Turn, e Envelope) (_ Turned, err error) {
	defer func() { err = x.Refused(ctx, a, e, turnSwitch, uuid.Nil, err) }()
	if err := x.authorized(ctx, a, Act{Kind: Rule}); err != nil {
		return Turned{}, err
	}
	p, err := x.procedures.Get(ctx, w.Procedure)
	if err != nil {
		return Turned{}, err
	}
	if !p.Exists() {
		return Turned{}, ErrNoProcedure
	}
	if _, err := procedure.DecideSwitch(procedure.Switch{}, w); err != nil { // before anything is listed
		return Turned{}, err
	}
	if err := x.list(ctx, a, e, procedure.Listed{Procedure: w.Procedure, Switch: true, Unit: w.Unit}); err != nil {
		return Turned{}, err
	}
	body, err := json.Marshal(w)
	if err != nil {
		return Turned{}, err
	}
	stream := eventstore.Stream{Kind: SwitchKind, ID: SwitchStream(w.Procedure, w.Unit)}
	result, err := x.rule(ctx, a, stream, "turn", e, body, func(history []eventstore.Event) ([]encoded, error) {
		have, err := x.procedures.switches.fold(kept[procedure.Switch]{}, history)
		if err != nil {
			return nil, err
		}
		events, err := procedure.DecideSwitch(have.state, w)
		if err != nil {
			return nil, err
		}
		return encodeRules(events)
	})
	x.procedures.switches.forget(stream.ID)
	return Turned{w.Procedure, w.Unit, w.Open, w.Reason, w.Basis, result.Events}, err
}

// list enters what is not listed yet, before anything is written to its own stream: what is listed and empty is passed over, but what is
// not listed would never be found.
func (x *Executor) list(ctx context.Context, a domain.Actor, e Envelope, entries ...procedure.Listed) error {
	stream := eventstore.Stream{Kind: CatalogueKind, ID: CatalogueStream()}
	body, err := json.Marshal(entries)
	if err != nil {
		return err
	}
	e.Expected = nil
	_, err = x.rule(ctx, a, stream, "list "+string(eventstore.CommandHash(nil, body)), e, body, func(history []eventstore.Event) ([]encoded, error) {
		have, err := x.procedures.lists.fold(kept[listing]{}, history)
		if err != nil {
			return nil, err
		}
		var news []procedure.Event
		for _, entry := range entries {
			if !have.state.has(entry) {
				have.state, news = have.state.with(entry), append(news, entry)
			}
		}
		return encodeRules(news)
	})
	x.procedures.lists.forget(stream.ID)
	x.procedures.forgetAll()
	return err
}

func encodeRules(events []procedure.Event) (facts []encoded, err error) {
	for _, event := range events {
		kind, version, data, err := procedure.Encode(event)
		if err != nil {
			return nil, err
		}
		facts = append(facts, encoded{kind, version, data})
	}
	return facts, nil
}

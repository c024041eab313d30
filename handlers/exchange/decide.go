package exchange

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/handlers"
)

// afterEnd is why an act after the end is kept as a step.
const afterEnd = "after_end"

// decider puts the acts of a trace to the domain.
type decider struct {
	m     *Mapping
	file  string
	actor domain.Actor
	now   time.Time
}

// tally counts how the acts of one trace were decided.
type tally struct {
	commands  map[string]int
	irregular map[string]int
	steps     int
	events    int  // of the journal, were it new
	added     int  // to the journal, by this run
	fresh     bool // the dossier was made by this run
	rehearsed bool // nothing was to be added
}

// decide answers every act in order: with its events, or as an irregular step when the rules refuse it.
func (d *decider) decide(s dossier.State, made *plan, acts []act) ([]handlers.Decided, tally, error) {
	t := tally{commands: map[string]int{}, irregular: map[string]int{}}
	var all []handlers.Decided
	for i := range acts {
		a := &acts[i]
		events, why, err := d.one(s, a)
		if err != nil {
			return nil, t, d.fail(made, a, err)
		}
		t.count(a, why, len(events))
		for _, e := range events {
			all = append(all, handlers.Decided{Event: e, OccurredAt: a.At})
			s = dossier.Evolve(s, d.fact(s, e, a.At))
		}
	}
	return all, t, nil
}

// one decides an act; why is the reason when it became a step.
func (d *decider) one(s dossier.State, a *act) (events []dossier.Event, why string, err error) {
	if s.Status.Ended() {
		why = afterEnd
	} else {
		events, err = dossier.Decide(s, a.command(s), d.context(a))
		var refusal *domain.Refusal
		switch {
		case errors.As(err, &refusal) && s.Exists():
			why = refusal.Code
		case err != nil:
			return nil, "", err
		case len(events) == 0:
			why = string(dossier.AlreadyTrue)
		default:
			return events, "", nil
		}
	}
	step := a.Step
	step.Irregular = dossier.Irregular(why)
	events, err = dossier.Decide(s, step, d.context(a))
	if err == nil && len(events) == 0 {
		err = errors.New("the domain kept nothing of an irregular step")
	}
	return events, why, err
}

// command is the act's command; an answer without a number belongs to the oldest open request.
func (a *act) command(s dossier.State) dossier.Command {
	c, ok := a.Command.(dossier.RecordOpinion)
	if !ok || !a.Oldest {
		return a.Command
	}
	c.Number = len(s.Opinions) + 1 // nobody asked: the rules will say so
	if open := s.OpenOpinions(); len(open) > 0 {
		c.Number = open[0].Number
	}
	return c
}

func (d *decider) context(a *act) dossier.Context {
	return dossier.Context{
		Now: d.now, OccurredAt: a.At, Actor: d.actor, Origin: domain.Imported, Procedure: &d.m.Procedure, Source: a.Source,
	}
}

func (d *decider) fact(s dossier.State, e dossier.Event, at time.Time) dossier.Fact {
	return dossier.Fact{
		Version: s.Version + 1, Event: e, OccurredAt: at, RecordedAt: d.now,
		Meta: domain.Meta{Actor: d.actor.Account, ActorRole: d.actor.Role, ActorUnit: d.actor.Unit, Origin: domain.Imported},
	}
}

func (d *decider) fail(made *plan, a *act, err error) error {
	return &FormatError{Name: d.file, Line: a.line, Trace: made.trace.Number, Case: made.Case, Msg: a.Name, Err: err}
}

func (t *tally) count(a *act, why string, events int) {
	t.events += events
	switch {
	case why != "":
		t.irregular[why]++
	case a.Name == recordStep:
		t.steps++
	default:
		t.commands[a.Name]++
	}
}

// partBody is what a part of a trace says, as bytes that are equal when it is imported again. The number of all acts is in it, so
// that a trace which has grown is noticed at its first part.
func partBody(made *plan, from int, acts []act) ([]byte, error) {
	body, err := json.Marshal(struct {
		Case string `json:"case"`
		Acts int    `json:"acts"`
		From int    `json:"from"`
		Part []act  `json:"part"`
	}{made.Case, len(made.Acts), from, acts})
	if err != nil {
		return nil, fmt.Errorf("encode case %q: %w", made.Case, err)
	}
	return body, nil
}

package handlers

import (
	"context"
	"time"

	"dossier/domain/dossier"

	"github.com/google/uuid"
)

// TimerLine is a timer of a dossier, dated, with what is told of it next.
type TimerLine struct {
	ID       uuid.UUID         `json:"id"`
	Code     *string           `json:"code"`
	Timer    dossier.TimerKind `json:"timer"`
	Number   int               `json:"number,omitempty"`
	Unit     string            `json:"unit,omitempty"`
	From     time.Time         `json:"from"`
	Due      *time.Time        `json:"due" doc:"When the limit ends; null: the calendar does not tell yet."`
	Next     *time.Time        `json:"next" doc:"When somebody is told next; null: nothing is left to tell, or it is not known yet."`
	Share    int               `json:"share,omitempty" doc:"Percent of the limit that is used up then."`
	Notice   string            `json:"notice,omitempty" doc:"What is told."`
	Tells    []string          `json:"tells,omitempty" doc:"Roles that are told."`
	Rule     string            `json:"rule,omitempty" doc:"By which rule."`
	Proposes string            `json:"proposes,omitempty" doc:"The command that an officer may then confirm."`
	Basis    string            `json:"basis,omitempty"`
}

// TimerLines are the timers of a dossier as they run now.
func (x *Executor) TimerLines(ctx context.Context, id uuid.UUID, state dossier.State) ([]TimerLine, error) {
	running, err := x.Running(ctx, state)
	if err != nil {
		return nil, err
	}
	ahead, err := x.Upcoming(ctx, state)
	if err != nil {
		return nil, err
	}
	var lines []TimerLine
	for _, t := range running {
		l := TimerLine{ID: id, Code: Code(state), Timer: t.Kind, Number: t.Number, Unit: t.Unit, From: t.From, Due: moment(t.Due), Proposes: t.Proposes(), Basis: string(t.Basis())}
		for _, a := range ahead {
			if a.Timer.Kind == t.Kind && a.Timer.Number == t.Number {
				l.Next, l.Share, l.Notice, l.Tells, l.Rule = moment(a.At), a.Step.Share, a.Step.Notice, a.Step.Tells, a.Rule.Code
				break
			}
		}
		lines = append(lines, l)
	}
	return lines, nil
}

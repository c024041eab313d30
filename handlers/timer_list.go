package handlers

import (
	"context"
	"slices"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/projections"

	"github.com/google/uuid"
)

// TimerLine is a timer that runs: what a dossier waits for, and who is told next.
type TimerLine struct {
	ID       uuid.UUID         `json:"id" doc:"Of the dossier."`
	Code     *string           `json:"code"`
	Timer    dossier.TimerKind `json:"timer"`
	Number   int               `json:"number,omitempty" doc:"Of the request, the work, the payment, the message; missing where there is one at a time."`
	Unit     string            `json:"unit,omitempty"`
	From     time.Time         `json:"from"`
	Due      *time.Time        `json:"due" doc:"null: the calendar does not tell yet."`
	Next     *time.Time        `json:"next" doc:"When somebody is told next; null: nothing is left to tell, or not known yet."`
	Share    int               `json:"share,omitempty" doc:"Percent of the limit that is used up then."`
	Notice   string            `json:"notice,omitempty" doc:"What is told."`
	Tells    []string          `json:"tells,omitempty" doc:"Roles."`
	Rule     string            `json:"rule,omitempty" doc:"By which."`
	Proposes string            `json:"proposes,omitempty" doc:"The command that an officer may then confirm."`
	Basis    string            `json:"basis,omitempty"`
}

// TimerLines reads the timers that somebody may see, dated by the calendar and the rules as they are now; who is told next comes first.
func (x *Executor) TimerLines(ctx context.Context, v *projections.Views, a domain.Actor, f projections.TimerFilter) (lines []TimerLine, err error) {
	if err := Authorize(a, Act{Kind: Timers}); err != nil {
		return nil, err
	}
	if f.Sight, err = x.Sight(ctx, a); err != nil {
		return nil, err
	}
	entries, err := v.Timers(ctx, f)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		all, err := x.TimersOf(ctx, e.ID, e.State)
		if err != nil {
			return nil, err
		}
		for _, l := range all {
			late := !f.Until.IsZero() && (l.Next == nil || l.Next.After(f.Until)) // nobody has looked at the row yet
			if l.Timer == e.Kind && l.Number == e.Number && !late {
				lines = append(lines, l)
			}
		}
	}
	// By when somebody is told next, also of what the timekeeper has not looked at yet.
	next := func(l TimerLine) time.Time {
		if l.Next == nil {
			return time.Unix(1<<40, 0) // nothing is left to tell
		}
		return *l.Next
	}
	slices.SortStableFunc(lines, func(a, b TimerLine) int { return next(a).Compare(next(b)) })
	return lines, nil
}

// TimersOf are those of one dossier.
func (x *Executor) TimersOf(ctx context.Context, id uuid.UUID, state dossier.State) ([]TimerLine, error) {
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

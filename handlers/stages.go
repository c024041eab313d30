package handlers

import (
	"context"
	"slices"
	"time"

	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/procedure"
)

// DeadlineStage is a part of the limit that the law names, with the date that is its own.
type DeadlineStage struct {
	Code    string            `json:"code"`
	NameVI  string            `json:"name_vi"`
	NameEN  string            `json:"name_en"`
	LimitVI string            `json:"limit_vi"`
	LimitEN string            `json:"limit_en"`
	Trigger procedure.Trigger `json:"trigger" enum:"reception,previous_stage,inspection_started,laboratory_result,remediation_reported,council_concluded,opinion_received" doc:"What it counts from."`
	From    *time.Time        `json:"from" doc:"null: what it counts from has not happened."`
	Due     *time.Time        `json:"due" doc:"The last moment in time; null while it is not known."`
	Status  string            `json:"status" enum:"waiting,running,overdue,done" doc:"Where the stage stands now. What comes before the decision is done once the dossier is laid before it."`
}

// stages dates the named parts of the running limit over a calendar, as they hold under the dossier's facts.
func (x *Executor) stages(ctx context.Context, s dossier.State, c calendar.Calendar) []DeadlineStage {
	v, known := x.procedures.All(ctx).Version(s.Procedure, s.ProcedureVersion)
	if !known || s.Clock.From().IsZero() {
		return nil
	}
	var due []procedure.Stage
	for _, stage := range v.Stages {
		if stage.When == "" || slices.Contains(s.Facts, stage.When) {
			due = append(due, stage)
		}
	}
	var list []DeadlineStage
	var before time.Time // when the stage before ends
	for i, stage := range due {
		d := DeadlineStage{Code: stage.Code, NameVI: stage.NameVI, NameEN: stage.NameEN, LimitVI: stage.Limit.Text("vi"), LimitEN: stage.Limit.Text("en"), Trigger: stage.Trigger, Status: "waiting"}
		from := s.CountsFrom(stage.Trigger, before)
		before = time.Time{}
		if !from.IsZero() {
			if d.From = moment(from); !from.After(x.o.Now()) {
				d.Status = "running"
			}
			before = c.CountAll(string(s.Clock.Term.Agency), from, []calendar.Limit{stage.Limit}, calendar.Policy(s.Clock.Term.Policy), s.Clock.Pauses...).Due
			d.Due = moment(before)
		}
		switch {
		case s.Status.Ended(), i < len(due)-1 && laidBefore(s.Status):
			d.Status = "done"
		case d.Due != nil && s.Clock.StoppedAt.IsZero() && x.o.Now().After(*d.Due):
			d.Status = "overdue"
		}
		list = append(list, d)
	}
	return list
}

// laidBefore says whether the dossier lies before who decides.
func laidBefore(s dossier.Status) bool { return s == dossier.PendingApproval || s == dossier.Approved }

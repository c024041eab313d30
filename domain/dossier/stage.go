package dossier

import (
	"slices"
	"time"

	"dossier/domain/calendar"
	"dossier/domain/procedure"
)

// A limit that the law divides has stages, each with a limit of its own from an event of its own. What counts from reception, and what
// follows on it, is dated with the whole; the rest when its event has come.

// StageTerm is one of them as a clock event sets it running.
type StageTerm struct {
	Stage  Code      `json:"stage"`        // as the procedure's version names it
	Limit  Code      `json:"limit"`        // "3.working_day"
	Counts Code      `json:"counts"`       // from what (procedure.Trigger)
	Due    time.Time `json:"due,omitzero"` // the last moment in time; missing: not known yet
}

// stagesOf are those of a version that hold under a dossier's facts. A single one is the limit itself.
func stagesOf(v *procedure.Version, held []string) []StageTerm {
	var list []StageTerm
	for _, s := range v.Stages {
		if s.When == "" || slices.Contains(held, s.When) {
			list = append(list, StageTerm{Stage: Code(s.Code), Limit: Code(s.Limit.String()), Counts: Code(s.Trigger)})
		}
	}
	if len(list) < 2 {
		return nil
	}
	return list
}

// dated counts what can be counted from the moment from which the whole limit runs.
func (t Term) dated(c calendar.Calendar, from time.Time, pauses []calendar.Pause) []StageTerm {
	list := undated(t.Stages)
	var before time.Time
	for i, s := range list {
		begins := time.Time{}
		switch procedure.Trigger(s.Counts) {
		case procedure.OnReception:
			begins = from
		case procedure.OnStageBefore:
			begins = before
		}
		before = time.Time{}
		if l, ok := calendar.ParseLimit(string(s.Limit)); ok && !begins.IsZero() {
			before = c.CountAll(string(t.Agency), begins, []calendar.Limit{l}, calendar.Policy(t.Policy), pauses...).Due
			list[i].Due = instant(before)
		}
	}
	return list
}

func undated(list []StageTerm) []StageTerm {
	list = slices.Clone(list)
	for i := range list {
		list[i].Due = time.Time{}
	}
	return list
}

// CountsFrom is the moment from which a stage counts, zero where it has not come; before is when the stage before it ends.
func (s State) CountsFrom(t procedure.Trigger, before time.Time) (at time.Time) {
	work := func(kind WorkKind, when func(Work) time.Time) {
		for _, w := range s.Works {
			if w.Kind == kind {
				at = when(w)
			}
		}
	}
	begun, finished := func(w Work) time.Time { return w.BegunAt }, func(w Work) time.Time { return w.FinishedAt }
	switch t {
	case procedure.OnReception:
		return s.Clock.From()
	case procedure.OnStageBefore:
		return before
	case procedure.OnInspection:
		work(Inspection, begun)
	case procedure.OnLaboratory:
		work(Laboratory, finished)
	case procedure.OnRemediation:
		work(Remediation, finished)
	case procedure.OnCouncil:
		work(Council, finished)
	case procedure.OnOpinion:
		for _, o := range s.Opinions {
			at = o.ReceivedAt
		}
	}
	return at
}

// stageTimers are those of the stages that run, as numbers in their order. Once the dossier lies before who decides, only the last is left.
// A stage whose event has come after the limit began is still to be counted.
func (s State) stageTimers() []Timer {
	var all []Timer
	stages := s.Clock.Term.Stages
	var before time.Time
	for i, stage := range stages {
		from := s.CountsFrom(procedure.Trigger(stage.Counts), before)
		before = stage.Due
		l, ok := calendar.ParseLimit(string(stage.Limit))
		if !ok || from.IsZero() || i < len(stages)-1 && (s.Status == PendingApproval || s.Status == Approved) {
			continue
		}
		all = append(all, Timer{Kind: StageTimer, Number: i + 1, From: from, Due: stage.Due, Limit: l, Pauses: s.Clock.Pauses, Agency: s.FiledAt, Unit: s.Unit})
	}
	return all
}

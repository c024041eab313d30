package handlers

import (
	"context"
	"strings"
	"time"

	"dossier/domain/calendar"
	"dossier/domain/dossier"
)

// Deadline is a due date and the way that leads to it, day by day.
type Deadline struct {
	Due         *time.Time             `json:"due" doc:"The last moment that is in time; null while it is not known or the clock stands still."`
	Closes      *time.Time             `json:"closes,omitempty" doc:"What a receipt shows: the end of working hours on the due day."`
	Source      dossier.DeadlineSource `json:"source,omitempty" enum:"computed,extended,imported" doc:"Computed from limit and calendar, extended, or taken over from another system."`
	From        *time.Time             `json:"from,omitempty" doc:"The moment from which the running limit is counted."`
	Limit       string                 `json:"limit,omitempty" example:"15 calendar_day, 5 working_day" doc:"One after the other."`
	Policy      string                 `json:"policy,omitempty" enum:"whole_days,from_instant"`
	Calendar    string                 `json:"calendar,omitempty" example:"vn"`
	Version     int64                  `json:"calendar_version,omitempty" doc:"Of the calendar, as the last clock event names it."`
	MissingYear int                    `json:"missing_year,omitempty" doc:"The first year whose calendar is not published: the date waits for it."`
	StoppedAt   *time.Time             `json:"stopped_at,omitempty" doc:"The clock stands still since then."`
	Provisional bool                   `json:"provisional" doc:"Counted over a year that is only expected."`
	Assumed     bool                   `json:"assumed" doc:"Counted over a day, or by a limit, that no source confirms."`
	Original    *time.Time             `json:"original_due,omitempty" doc:"Where the limit itself ends, of a date that was extended: the steps lead there."`
	Stages      []DeadlineStage        `json:"stages,omitempty" doc:"The named parts of the limit, each with a date of its own."`
	Steps       []DeadlineStep         `json:"steps"`
}

// DeadlineStep is one day of the way.
type DeadlineStep struct {
	Date   string `json:"date" format:"date"`
	Effect string `json:"effect" enum:"starts,counts,skipped,paused,lands,moved,ends"`
	N      int    `json:"n,omitempty" doc:"Days counted up to and including this one."`
	Worked string `json:"worked,omitempty" example:"4h30m0s" doc:"Working time counted on this day, when hours are counted."`
	Reason string `json:"reason" example:"holiday" doc:"working, rest, holiday, compensatory_off, swapped_off, make_up_working or unknown."`
	Name   string `json:"name,omitempty" example:"tet"`
	Law    string `json:"law,omitempty" example:"blds-91-2015.148.5"`
	VI     string `json:"vi"`
	EN     string `json:"en"`

	Step calendar.Step `json:"-"`
}

// Deadline explains the due date of a dossier over the version of the calendar that its last clock event names.
func (x *Executor) Deadline(ctx context.Context, s dossier.State) (Deadline, error) {
	t := s.Clock.Term
	d := Deadline{
		Due: moment(s.Due), Source: s.DueSource, From: moment(s.Clock.From()), Policy: string(t.Policy), Calendar: string(t.Calendar),
		Version: int64(t.CalendarVersion), MissingYear: t.MissingYear, StoppedAt: moment(s.Clock.StoppedAt), Provisional: t.Provisional, Assumed: t.Assumed,
		Steps: []DeadlineStep{},
	}
	for _, l := range t.Limits {
		d.Limit = strings.TrimPrefix(d.Limit+", "+strings.Replace(string(l), ".", " ", 1), ", ")
	}
	extended := s.DueSource == dossier.ExtendedDeadline
	if s.DueSource != dossier.ComputedDeadline && !extended || t.CalendarVersion == 0 {
		return d, nil
	}
	c, err := x.calendars.At(ctx, string(t.Calendar), int64(t.CalendarVersion))
	if err != nil {
		return d, err
	}
	n := s.Deadline(c)
	if d.Closes = moment(n.Closes); extended {
		d.Closes, d.Original = nil, moment(s.Extension.Original)
	}
	d.Stages = x.stages(ctx, s, c)
	d.Steps = DescribeSteps(n.Steps)
	if !s.Clock.StoppedAt.IsZero() {
		d.Due, d.Closes = nil, nil
	}
	return d, nil
}

// DescribeSteps says a count day by day.
func DescribeSteps(steps []calendar.Step) []DeadlineStep {
	list := make([]DeadlineStep, len(steps))
	for i, s := range steps {
		list[i] = deadlineStep(s)
	}
	return list
}

func deadlineStep(s calendar.Step) DeadlineStep {
	d := DeadlineStep{
		Date: s.Date.String(), Effect: string(s.Effect), N: s.N, Reason: string(s.Reason), Name: s.Name, Law: s.Law, Step: s,
		VI: s.Says("vi") + "; " + s.Why("vi"), EN: s.Says("en") + "; " + s.Why("en"),
	}
	if s.Worked > 0 {
		d.Worked = s.Worked.String()
	}
	return d
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

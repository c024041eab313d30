package handlers

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/organisation"
	"dossier/projections"
)

// Recounter counts the due dates of open dossiers again when the calendar has changed. It is triggered by the level, not by the
// event: it looks for dossiers whose date is not what the calendar now says, until none is left. So nothing is missed, whoever
// was down, and a second one beside it finds nothing to do.
type Recounter struct {
	executor *Executor
	views    *projections.Views
	log      *slog.Logger
}

// NewRecounter returns the recounter of an executor.
func NewRecounter(x *Executor, v *projections.Views, log *slog.Logger) *Recounter {
	return &Recounter{x, v, log}
}

// The machine acts under an account of its own.
var clockwork = domain.Actor{Account: "clockwork", Role: domain.System}

const (
	lookEvery = 10 * time.Second // at the calendar
	passEvery = 5 * time.Minute  // over the dossiers, though the calendar stayed: a command may have counted by the one before
)

// Run looks until the context ends.
func (r *Recounter) Run(ctx context.Context) error {
	settled := map[string]pass{}
	for {
		o, err := r.executor.organisation.Recent(ctx)
		for _, code := range calendarsOf(o) {
			if err == nil {
				err = r.look(ctx, code, settled)
			}
		}
		if err != nil && ctx.Err() == nil {
			r.log.Warn("due dates could not be counted again", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(lookEvery):
		}
	}
}

// pass is the version of a calendar that all dossiers were held against, and when.
type pass struct {
	version int64
	at      time.Time
}

// calendarsOf are the standard one and those of the agencies.
func calendarsOf(o organisation.Organisation) []string {
	codes := []string{StandardCalendar}
	for _, a := range o.Agencies {
		if !slices.Contains(codes, a.Calendar) {
			codes = append(codes, a.Calendar)
		}
	}
	return codes
}

// look passes over the dossiers when a calendar is another than at the last pass, or that one was long ago.
func (r *Recounter) look(ctx context.Context, code string, settled map[string]pass) error {
	c, err := r.executor.calendars.Get(ctx, code)
	if err != nil || !c.Exists() || c.Version == settled[code].version && time.Since(settled[code].at) < passEvery {
		return err
	}
	changed, err := r.Pass(ctx, c)
	if err == nil {
		var complaints int
		complaints, err = r.Complaints(ctx, c)
		changed += complaints
	}
	if err == nil && changed == 0 {
		settled[code] = pass{c.Version, time.Now()}
	}
	return err
}

// Pass holds every open dossier that counts by a calendar against it, and returns how many dates it changed.
func (r *Recounter) Pass(ctx context.Context, c calendar.Calendar) (changed int, err error) {
	o, err := r.executor.organisation.Recent(ctx)
	if err != nil {
		return 0, err
	}
	for f := (projections.Filter{Status: dossier.Running(), Limit: 500}); ; {
		page, err := r.views.List(ctx, f)
		if err != nil {
			return changed, fmt.Errorf("list open dossiers: %w", err)
		}
		for _, row := range page.Rows {
			agency, _ := o.AgencyOf(row.State.FiledAt, calendar.DateOf(r.executor.o.Now(), Zone()))
			if calendarFor(row.State, agency) != c.Code || !row.State.Recounts(c) {
				continue
			}
			key := fmt.Sprintf("recount-%s-%d-%d", c.Code, c.Version, row.State.Version)
			done, err := r.executor.Do(ctx, clockwork, row.ID, Envelope{Key: key}, dossier.RecomputeDeadline{})
			if err != nil {
				return changed, fmt.Errorf("count dossier %s again: %w", row.ID, err)
			}
			if !done.Repeated {
				changed += done.Events
			}
		}
		if f.Cursor = page.Next; f.Cursor == "" {
			return changed, nil
		}
	}
}

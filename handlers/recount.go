package handlers

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
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
	var settled int64 // the calendar's version that all dossiers were held against
	var passed time.Time
	for {
		c, err := r.executor.calendars.Get(ctx, StandardCalendar)
		if err == nil && c.Exists() && (c.Version != settled || time.Since(passed) > passEvery) {
			var changed int
			if changed, err = r.Pass(ctx, c); err == nil && changed == 0 {
				settled, passed = c.Version, time.Now()
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

// Pass holds every open dossier against a calendar and returns how many dates it changed.
func (r *Recounter) Pass(ctx context.Context, c calendar.Calendar) (changed int, err error) {
	for f := (projections.Filter{Status: dossier.Running(), Limit: 500}); ; {
		page, err := r.views.List(ctx, f)
		if err != nil {
			return changed, fmt.Errorf("list open dossiers: %w", err)
		}
		for _, row := range page.Rows {
			if !row.State.Recounts(c) {
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

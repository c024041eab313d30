package projections

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// check compares rows with folds without end, a page at a time, so that somebody who changed a row by hand, or an error of ours,
// is found while it is fresh. It takes at most a tenth of one connection's time; a sweep that could be faster takes o.Check.
func (e *Engine) check(ctx context.Context) {
	if e.o.Check <= 0 {
		return
	}
	views := NewViews(e.pool, e.journal)
	for ctx.Err() == nil {
		found, err := e.checkOnce(ctx, views)
		if err != nil && ctx.Err() == nil {
			e.o.Log.Warn("projections: check of the rows failed, trying again", "error", err)
		}
		if err == nil && found == nil {
			e.report.drifted("")
		}
		e.counters.swept.Add(1)
		pauseFor(ctx, e.o.Check/10)
	}
}

// checkOnce is one sweep over all dossiers, up to the first difference.
func (e *Engine) checkOnce(ctx context.Context, views *Views) (*Difference, error) {
	c := compareLive(views)
	began := time.Now()
	s, err := views.Stamp(ctx)
	if err != nil {
		return nil, err
	}
	var d *Difference
	for after := uuid.Nil; after != uuid.Max; {
		page := time.Now()
		if d, after, err = c.page(ctx, after, uuid.Max); err != nil {
			return nil, err
		}
		if d != nil {
			break
		}
		share := time.Duration(0) // of the sweep's time, by how many events it has seen
		if s.Head > 0 {
			share = time.Duration(float64(e.o.Check) * 0.9 * float64(min(c.events, s.Head)) / float64(s.Head))
		}
		if !pauseFor(ctx, max(9*time.Since(page), min(share-time.Since(began), time.Second))) {
			return nil, ctx.Err()
		}
	}
	if d != nil && e.report.drifted(d.String()) {
		e.o.Log.Error("projections: a row is not what a fold of its stream says: find out who changed it, then rebuild the projection",
			"projection", d.Projection, "stream", d.Stream, "difference", d.String())
	}
	return d, nil
}

// pauseFor pauses; false when the context ended.
func pauseFor(ctx context.Context, pause time.Duration) bool {
	t := time.NewTimer(max(pause, time.Millisecond))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

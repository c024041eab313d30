package projections

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// check compares rows with folds without end, a page at a time, so that an error of ours is found while it is fresh. Before each page
// it looks at the streams whose rows somebody else changed: those are found at once, however long a sweep takes. It takes at most a
// tenth of one connection's time; a sweep that could be faster takes o.Check.
func (e *Engine) check(ctx context.Context) {
	if e.o.Check <= 0 {
		return
	}
	s := &sweep{e: e, views: NewViews(e.pool, e.journal), wrong: map[uuid.UUID]bool{}}
	for ctx.Err() == nil {
		began := time.Now()
		within, cancel := context.WithTimeoutCause(ctx, e.o.Answer, errHung)
		err := s.next(within)
		if cancel(); err != nil && ctx.Err() == nil {
			e.o.Log.Warn("projections: check of the rows failed, trying again", "error", err)
		}
		pauseFor(ctx, max(9*time.Since(began), s.ahead()))
	}
}

// sweep is one way through all rows after the other.
type sweep struct {
	e     *Engine
	views *Views

	c     *comparison // nil between two sweeps
	began time.Time
	head  int64
	after uuid.UUID
	wrong map[uuid.UUID]bool // streams that were reported, until they are whole again
}

// next looks at what is suspect and at one page more.
func (s *sweep) next(ctx context.Context) error {
	if err := s.suspects(ctx); err != nil {
		return err
	}
	if s.c == nil && time.Since(s.began) < s.e.o.Check {
		return nil
	}
	if s.c == nil {
		stamp, err := s.views.Stamp(ctx)
		if err != nil {
			return err
		}
		s.c, s.began, s.head, s.after = compareLive(s.views), time.Now(), stamp.Head, uuid.Nil
	}
	d, last, err := s.c.page(ctx, s.after, uuid.Max)
	if err != nil {
		return err
	}
	if s.after = last; d != nil {
		s.report(d)
	}
	if last == uuid.Max {
		s.c = nil
		s.e.counters.swept.Add(1)
	}
	return nil
}

// ahead is how much earlier than planned this place of the sweep was reached; a second at most, for the suspects.
func (s *sweep) ahead() time.Duration {
	share := 1.0
	if s.c != nil {
		share = float64(min(s.c.events, s.head)) / float64(max(s.head, 1))
	}
	return min(time.Duration(float64(s.e.o.Check)*share)-time.Since(s.began), time.Second)
}

// suspects looks at the streams that were touched and at the one that was reported. When all are whole nothing is wrong any more that
// is known.
func (s *sweep) suspects(ctx context.Context) error {
	all, err := s.touched(ctx)
	if err != nil {
		return err
	}
	for id := range s.wrong {
		all = append(all, touch{stream: id})
	}
	whole := true
	for _, t := range all {
		d, _, err := compareLive(s.views).page(ctx, before(t.stream), t.stream)
		switch {
		case err != nil:
			return err
		case d != nil:
			whole = false
			s.report(d, "changed_by", t.by, "changed_at", t.at)
		case t.by == "":
			delete(s.wrong, t.stream)
		default:
			if err := s.settle(ctx, t); err != nil {
				return err
			}
		}
	}
	if whole && len(all) > 0 {
		s.e.report.drifted("")
	}
	return nil
}

// touch is a stream whose rows somebody changed who is no projector.
type touch struct {
	projection string
	stream     uuid.UUID
	by         string
	at         time.Time
}

// suspectPage is how many touched streams are looked at before each page.
const suspectPage = 20

func (s *sweep) touched(ctx context.Context) ([]touch, error) {
	rows, err := s.e.pool.Query(ctx, `
		select projection, stream_id, touched_by, touched_at
		  from views.touched
		 where projection = any ($1)
		 order by touched_at
		 limit $2`, s.e.keys, suspectPage)
	if err != nil {
		return nil, fmt.Errorf("read touched streams: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t touch, err error) {
		err = row.Scan(&t.projection, &t.stream, &t.by, &t.at)
		return t, err
	})
	if err != nil {
		return nil, fmt.Errorf("read touched streams: %w", err)
	}
	return all, nil
}

// settle forgets a touch that did no harm, unless the stream was touched again since.
func (s *sweep) settle(ctx context.Context, t touch) error {
	_, err := s.e.pool.Exec(ctx, `
		delete from views.touched
		 where projection = $1
		   and stream_id = $2
		   and touched_at = $3`, t.projection, t.stream, t.at)
	if err != nil {
		return fmt.Errorf("forget a touched stream: %w", err)
	}
	return nil
}

func (s *sweep) report(d *Difference, more ...any) {
	if len(s.wrong) < suspectPage {
		s.wrong[d.Stream] = true
	}
	if s.e.report.drifted(d.String()) {
		s.e.o.Log.Error("projections: a row is not what a fold of its stream says: find out who changed it, then rebuild the projection",
			append([]any{"projection", d.Projection, "stream", d.Stream, "difference", d.String()}, more...)...)
	}
}

// before is the greatest id below this one.
func before(id uuid.UUID) uuid.UUID {
	for i := len(id) - 1; i >= 0; i-- {
		if id[i]--; id[i] != 0xff {
			break
		}
	}
	return id
}

func pauseFor(ctx context.Context, pause time.Duration) {
	t := time.NewTimer(max(pause, time.Millisecond))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

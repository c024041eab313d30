package projections

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dossier/eventstore"
)

// ErrNotYet says that the views have not reached the position that was asked for.
var ErrNotYet = errors.New("the views are not there yet")

// NotYetError is an ErrNotYet that says how far they are.
type NotYetError struct {
	Wanted, At int64
}

func (e *NotYetError) Error() string {
	return fmt.Sprintf("the views are at position %d, not yet at %d", e.At, e.Wanted)
}

// Is makes it an ErrNotYet.
func (e *NotYetError) Is(target error) bool { return target == ErrNotYet }

// The time between two looks at the database doubles from the first to the longest. Who waits beside the engine for one
// stream is woken by it as a rule, and need not load the database that is about to answer; least of all when the engine has
// lately been given the stream's lane, and a wait means that it is busy.
const (
	firstLook   = 2 * time.Millisecond
	besideLook  = 24 * time.Millisecond
	ownLook     = 200 * time.Millisecond
	longestLook = 64 * time.Millisecond
	lately      = 5 * time.Second
)

// Wait returns when the views hold everything up to the position, or with a stream, everything of the stream's lane up to
// there. When the context ends first it returns a *NotYetError.
func (v *Views) Wait(ctx context.Context, position int64, stream *uuid.UUID) error {
	err := v.wait(ctx, position, stream)
	if err == nil {
		v.stamps.renew()
		v.totals.renew()
	}
	return err
}

func (v *Views) wait(ctx context.Context, position int64, stream *uuid.UUID) error {
	w := waiting{v: v, wanted: position, lanes: allLanes}
	pause, first := firstLook, time.Duration(0)
	if stream != nil {
		lane := eventstore.Lane(*stream)
		w.lanes = []int16{int16(lane)}
		if v.engine != nil && v.engine.running.Load() {
			pause, first = besideLook, besideLook
			if time.Since(time.Unix(0, v.engine.heard[lane].Load())) < lately {
				first = ownLook
			}
		}
	}
	timer := time.NewTimer(first)
	defer timer.Stop()
	for {
		applied := v.engine.woken()
		if v.engine.holds(w.lanes, position) {
			return nil
		}
		select {
		case <-ctx.Done():
			return &NotYetError{Wanted: position, At: w.at}
		case <-applied:
			continue
		case <-timer.C:
		}
		if there, err := w.look(ctx); there || err != nil {
			return err
		}
		timer.Reset(pause)
		pause = min(2*pause, longestLook)
	}
}

type waiting struct {
	v      *Views
	wanted int64
	lanes  []int16
	at     int64 // how far the views were when last looked at
}

var allLanes = func() []int16 {
	all := make([]int16, eventstore.Lanes)
	for lane := range all {
		all[lane] = int16(lane)
	}
	return all
}()

// look asks the database: another process may be the one that applies, and a lane without events is true at any position that
// the journal has.
func (w *waiting) look(ctx context.Context) (bool, error) {
	seen, err := w.v.looks.look(ctx, w.v)
	if ctx.Err() != nil {
		return false, &NotYetError{Wanted: w.wanted, At: w.at}
	}
	if err != nil {
		return false, fmt.Errorf("read what the views are true at: %w", err)
	}
	w.at = math.MaxInt64
	for _, lane := range w.lanes {
		w.at = min(w.at, seen[lane])
	}
	return w.at >= w.wanted, nil
}

// looks lets any number of waiters share one look at the database at a time: whoever comes while one is under way takes part
// in the next.
type looks struct {
	turn  chan struct{}
	began time.Time
	seen  lanes
}

func newLooks() *looks { return &looks{turn: make(chan struct{}, 1)} }

func (l *looks) look(ctx context.Context, v *Views) (lanes, error) {
	came := time.Now()
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return lanes{}, ctx.Err()
	}
	defer func() { <-l.turn }()
	if l.began.After(came) {
		return l.seen, nil
	}
	began := time.Now()
	rows, err := v.pool.Query(ctx, `
		select u.lane, coalesce(u.next - 1, (select e.position from journal.events e order by e.position desc limit 1), 0)
		  from views.unseen_v1($1, $2) u`, v.keys, allLanes)
	if err != nil {
		return lanes{}, err
	}
	var seen lanes
	var lane int
	var at int64
	if _, err := pgx.ForEachRow(rows, []any{&lane, &at}, func() error { seen[lane] = at; return nil }); err != nil {
		return lanes{}, err
	}
	l.began, l.seen = began, seen
	return seen, nil
}

// woken is closed after the engine's next transaction. Without an engine it never is.
func (e *Engine) woken() <-chan struct{} {
	if e == nil {
		return nil
	}
	return e.signal.next()
}

// holds says whether this engine has seen all these lanes at or beyond the position.
func (e *Engine) holds(lanes []int16, position int64) bool {
	if e == nil {
		return false
	}
	for _, lane := range lanes {
		if e.least[lane].Load() < position {
			return false
		}
	}
	return true
}

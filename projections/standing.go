package projections

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"dossier/eventstore"
)

// lanes holds one position per lane.
type lanes [eventstore.Lanes]int64

func (l lanes) highest() int64 { return slices.Max(l[:]) }

// standing is where each live projection stands in each lane, as this process last read or moved it. Others may have moved
// since; the compare-and-set finds out.
type standing struct {
	at     []lanes // by projection, in the order of Engine.live
	newest []lanes // where the checkpoints that say so begin, 0 where that is not known
	least  lanes   // across projections
}

func newStanding(projections int) *standing {
	return &standing{at: make([]lanes, projections), newest: make([]lanes, projections)}
}

func (s *standing) settle() {
	for lane := range s.least {
		s.least[lane] = math.MaxInt64
		for p := range s.at {
			s.least[lane] = min(s.least[lane], s.at[p][lane])
		}
	}
}

// moves are the columns of views.move_v4: one element for each projection and lane that is not there yet.
type moves struct {
	projection []string
	lane       []int16
	newest     []int64
	previous   []int64
	position   []int64
}

func (s *standing) movesTo(to lanes, keys []string) moves {
	var m moves
	for lane, position := range to {
		for p := range s.at {
			if position > s.at[p][lane] {
				m.projection = append(m.projection, keys[p])
				m.lane = append(m.lane, int16(lane))
				m.newest = append(m.newest, s.newest[p][lane])
				m.previous = append(m.previous, s.at[p][lane])
				m.position = append(m.position, position)
			}
		}
	}
	return m
}

func (s *standing) move(to lanes) {
	for p := range s.at {
		for lane, position := range to {
			if position > s.at[p][lane] {
				s.newest[p][lane], s.at[p][lane] = s.at[p][lane], position
			}
		}
	}
	s.settle()
}

// load reads where the projections stand and what they have parked. It asks over the engine's own connection, so that each tick
// also finds out whether that is still there.
func (e *Engine) load(ctx context.Context) error {
	rows, err := e.conn.Query(ctx, `select projection, lane, at from views.newest_v1($1)`, e.keys)
	if err != nil {
		return fmt.Errorf("read checkpoints: %w", err)
	}
	var key string
	var lane int
	var at int64
	before := e.stand.least
	clear(e.stand.newest)
	clear(e.stand.at) // a lane without a checkpoint is at the beginning, wherever this process saw it before
	_, err = pgx.ForEachRow(rows, []any{&key, &lane, &at}, func() error {
		e.stand.at[slices.Index(e.keys, key)][lane] = at
		return nil
	})
	if err != nil {
		return fmt.Errorf("read checkpoints: %w", err)
	}
	if e.parked, err = readParked(ctx, e.conn, e.keys); err != nil {
		return err
	}
	e.stand.settle()
	if slices.ContainsFunc(allLanes, func(lane int16) bool { return e.stand.least[lane] < before[lane] }) {
		e.read = 0 // somebody took the views back
	}
	e.announce()
	return nil
}

// announce tells waiters of this process how far the views are.
func (e *Engine) announce() {
	for lane := range e.stand.least {
		e.least[lane].Store(e.stand.least[lane])
	}
	e.signal.wake()
}

// signal wakes any number of waiters at once.
type signal struct {
	mu sync.Mutex
	ch chan struct{}
}

// next is closed at the next wake. Take it before looking at what is waited for.
func (s *signal) next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	return s.ch
}

func (s *signal) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}

package projections

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/eventstore/relay"
)

// Status is what an engine says of itself. Reading it costs nothing: it is about a second old.
type Status struct {
	Projections []Progress
	Listening   bool   // Kafka answers
	Stale       string // why the views cannot be as new as the journal, "" when nothing is in the way
	Drift       string // the row found last that is not what a fold says, "" when the last sweep found none
	Err         string // what the engine is failing at now, "" when nothing
	Counters    Counters
}

// Healthy says whether the views are complete and follow the journal.
func (s Status) Healthy() bool {
	parked := slices.ContainsFunc(s.Projections, func(p Progress) bool { return p.Parked > 0 })
	return !parked && s.Stale == "" && s.Err == "" && s.Drift == ""
}

// Counters only grow.
type Counters struct {
	Applied      int64 // events whose rows are in
	Transactions int64
	Healed       int64 // events read from the journal because Kafka did not bring them
	Skipped      int64 // deliveries that were in already
	Refused      int64 // deliveries that the journal does not, or no longer, tell
	Unreadable   int64 // messages that are not ours
	Lost         int64 // transactions given up because another process had moved a lane
	Retried      int64 // transactions tried again after a fault that is no event's
	Parked       int64 // streams parked
	Resumed      int64 // parked streams that are whole again
	Swept        int64 // times that every row was compared with a fold
}

type counters struct {
	applied, transactions, healed, skipped, refused, unreadable, lost, retried, parked, resumed, swept atomic.Int64
}

// Progress is how far one projection has come.
type Progress struct {
	Name     string        `json:"name"`
	Version  int           `json:"version"`
	Position int64         `json:"position"` // everything up to here is in
	Behind   int64         `json:"behind"`   // events between that and the journal's head
	Lag      time.Duration `json:"lag"`      // how long the oldest of them has waited
	Parked   int           `json:"parked"`   // streams
	MovedAt  time.Time     `json:"moved_at"`
}

// Standing returns how far every live projection has come, read from the database: any process may ask.
func Standing(ctx context.Context, pool *pgxpool.Pool) ([]Progress, error) {
	return standingOf(ctx, pool, Live())
}

func standingOf(ctx context.Context, pool *pgxpool.Pool, live []Projection) ([]Progress, error) {
	all := unknownProgress(live)
	for i, p := range live {
		var moved *time.Time
		err := pool.QueryRow(ctx, `
			select s.at, s.head - s.at, coalesce(s.lag, '0'), s.parked,
			       (select max(n.moved_at) from views.newest_v1($1) n)
			  from views.stamp_v1($1) s`, []string{key(p)}).
			Scan(&all[i].Position, &all[i].Behind, &all[i].Lag, &all[i].Parked, &moved)
		if err != nil {
			return nil, fmt.Errorf("read the standing of %s: %w", p.Name(), err)
		}
		if moved != nil {
			all[i].MovedAt = *moved
		}
	}
	return all, nil
}

func unknownProgress(live []Projection) []Progress {
	all := make([]Progress, len(live))
	for i, p := range live {
		all[i] = Progress{Name: p.Name(), Version: p.Version()}
	}
	return all
}

// report is the status as last seen.
type report struct {
	mu       sync.Mutex
	status   Status
	cursor   int64 // the relay's, as last seen
	movedAt  time.Time
	faultyAt time.Time
}

func (r *report) listening(is bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.Listening = is
}

func (r *report) fault(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.Err = ""
	if err != nil {
		r.status.Err = err.Error()
	}
}

// drifted notes a difference, and says whether it is news.
func (r *report) drifted(what string) (news bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	news = what != "" && what != r.status.Drift
	r.status.Drift = what
	return news
}

// blind notes that no stock could be taken: the database is away, and what was seen last is old.
func (r *report) blind(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.Stale = err.Error()
}

// standstill, on top of the patience, is how long the relay may publish nothing with events waiting before the views are called
// stale.
const standstill = time.Second

// observe takes stock for Status.
func (e *Engine) observe(ctx context.Context) error {
	all, err := standingOf(ctx, e.pool, e.live)
	if err != nil {
		return err
	}
	var cursor int64
	if !e.o.NoKafka {
		if cursor, _, _, err = relay.Head(ctx, e.pool); err != nil {
			return fmt.Errorf("read what is published: %w", err)
		}
	}
	head, err := e.journal.Head(ctx)
	if err != nil {
		return err
	}
	e.report.observed(all, cursor, head, e.o.NoKafka, e.o.Patience+standstill)
	return nil
}

func (r *report) observed(all []Progress, cursor, head int64, noKafka bool, standstill time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.Projections = all
	r.status.Stale = ""
	if cursor != r.cursor || cursor >= head || noKafka {
		r.cursor, r.movedAt = cursor, time.Now()
	}
	if still := time.Since(r.movedAt); still > standstill {
		r.status.Stale = fmt.Sprintf("the relay has published nothing for %s and %d events wait: is Kafka away? The journal is read instead, seconds later", still.Round(time.Second), head-cursor)
	}
}

// Status says what the engine is doing.
func (e *Engine) Status() Status {
	e.report.mu.Lock()
	s := e.report.status
	s.Projections = slices.Clone(s.Projections)
	e.report.mu.Unlock()
	c := &e.counters
	s.Counters = Counters{
		Applied: c.applied.Load(), Transactions: c.transactions.Load(), Healed: c.healed.Load(), Skipped: c.skipped.Load(),
		Refused: c.refused.Load(), Unreadable: c.unreadable.Load(), Lost: c.lost.Load(), Retried: c.retried.Load(),
		Parked: c.parked.Load(), Resumed: c.resumed.Load(), Swept: c.swept.Load(),
	}
	return s
}

package projections

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Status is what an engine says of itself. Reading it costs nothing: it is at most a second old.
type Status struct {
	Projections []Progress
	Listening   bool   // Kafka answers
	Stale       string // why the views cannot be as new as the journal, "" when nothing is wrong
	Err         string // what the engine is failing at now, "" when nothing
	Counters    Counters
}

// Healthy says whether the views are complete and follow the journal.
func (s Status) Healthy() bool {
	for _, p := range s.Projections {
		if p.Parked > 0 {
			return false
		}
	}
	return s.Stale == "" && s.Err == ""
}

// Counters only grow.
type Counters struct {
	Applied      int64 // events whose rows are in
	Transactions int64
	Healed       int64 // events read from the journal because Kafka did not bring them
	Skipped      int64 // deliveries that were in already
	Refused      int64 // deliveries of an older generation
	Unreadable   int64 // messages that are not ours
	Lost         int64 // transactions given up because another process had moved a lane
	Retried      int64 // transactions tried again after a fault that is nobody's fault
	Parked       int64 // streams parked
	Resumed      int64 // parked streams that are whole again
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
func Standing(ctx context.Context, pool *pgxpool.Pool) ([]Progress, error) { return nil, errNotBuilt }

// Status says what the engine is doing.
func (e *Engine) Status() Status { return Status{} }

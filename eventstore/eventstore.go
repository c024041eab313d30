// Package eventstore is an append-only journal of events in Postgres. A stream is the history of one thing, numbered by
// version from 1; the journal is all streams in one table, numbered by position from 1 without gaps, in commit order.
package eventstore

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// Lanes is the fixed number of shares the journal is cut into for delivery. It never changes.
const Lanes = 64

// Event is one row of the journal: a fact, never changed.
type Event struct {
	Position    int64
	StreamID    uuid.UUID
	StreamKind  string
	Version     int64
	ID          uuid.UUID
	Type        string // "dossier.submitted"
	TypeVersion int
	Data        json.RawMessage
	Meta        json.RawMessage // flat object of strings, see domain.Meta
	OccurredAt  time.Time       // when it was true
	RecordedAt  time.Time       // when the journal knew it; never decreases along positions
	Lane        int
}

// NewEvent is a fact on its way into the journal. Its bytes must stay as they are when it has been appended.
type NewEvent struct {
	ID          uuid.UUID // UUIDv7; made when zero
	Type        string
	TypeVersion int
	Data        json.RawMessage
	Meta        json.RawMessage
	OccurredAt  time.Time
}

// Stream names one history: its kind ("dossier") and its id.
type Stream struct {
	Kind string
	ID   uuid.UUID
}

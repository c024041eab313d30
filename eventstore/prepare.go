package eventstore

import (
	"fmt"
	"time"

	"github.com/google/uuid"
)

// pending is a request on its way through the writer.
type pending struct {
	Request
	latest time.Time   // of its events' occurred_at
	bytes  int         // what it adds to a batch
	answer chan answer // buffered, so the writer never waits for a caller who left
}

type answer struct {
	result Result
	err    error
}

// eventOverhead is what a row costs beside its texts.
const eventOverhead = 128

// prepare checks everything that can be known about a request without the database, so that nothing in a batch fails for
// a reason its own caller could have been told, and gives ids to events that have none.
func (j *Journal) prepare(r Request) (*pending, error) {
	if len(r.Events) == 0 {
		return nil, errNoEvents
	}
	if err := checkStream(r); err != nil {
		return nil, err
	}
	if r.Expected == AnyVersion {
		r.Seen = 0 // the version must be found wherever it is
	}
	p := &pending{Request: r, answer: make(chan answer, 1)}
	copied := false
	for i := range r.Events {
		e := &r.Events[i]
		if err := checkEvent(i, e); err != nil {
			return nil, err
		}
		if e.ID == uuid.Nil {
			if !copied { // the caller's slice stays as it was
				r.Events, copied = append([]NewEvent(nil), r.Events...), true
				e = &r.Events[i]
			}
			id, err := uuid.NewV7()
			if err != nil {
				return nil, fmt.Errorf("make event id: %w", err)
			}
			e.ID = id
		}
		if e.OccurredAt.After(p.latest) {
			p.latest = e.OccurredAt
		}
		p.bytes += len(e.Data) + len(e.Meta) + len(e.Type) + eventOverhead
	}
	p.Events = r.Events
	if p.bytes > j.o.MaxBytes {
		return nil, &MalformedError{Event: len(r.Events) - 1, Field: "request", Why: fmt.Sprintf("is larger than %d bytes", j.o.MaxBytes)}
	}
	return p, nil
}

func checkStream(r Request) error {
	switch {
	case r.Stream.ID == uuid.Nil:
		return &MalformedError{Field: "stream", Why: "is missing"}
	case !isName(r.Stream.Kind):
		return &MalformedError{Field: "stream kind", Why: "is not a lower-case name"}
	case r.Expected < AnyVersion || r.Seen < 0:
		return &MalformedError{Field: "expected version", Why: "is negative"}
	}
	return nil
}

func checkEvent(i int, e *NewEvent) error {
	if !isName(e.Type) {
		return &MalformedError{i, "type", "is not a lower-case name"}
	}
	if e.TypeVersion < 1 || e.TypeVersion > 1<<15 {
		return &MalformedError{i, "type version", "is out of range"}
	}
	if y := e.OccurredAt.Year(); y < 1800 || y > 9999 {
		return &MalformedError{i, "occurred_at", "is missing or out of range"}
	}
	if why := checkJSON(e.Data); why != "" {
		return &MalformedError{i, "data", why}
	}
	if why := checkJSON(e.Meta); why != "" {
		return &MalformedError{i, "meta", why}
	}
	if e.Meta[0] != '{' {
		return &MalformedError{i, "meta", "is not an object"}
	}
	return nil
}

// isName tells kinds and types: "dossier", "dossier.supplement-requested".
func isName(s string) bool {
	if s == "" || len(s) > 100 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9' || i == 0) && ((c != '.' && c != '-' && c != '_') || i == 0) {
			return false
		}
	}
	return true
}

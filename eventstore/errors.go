package eventstore

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// ErrBusy says that nothing is known to be wrong with the request, only that the journal cannot take it now: the queue is
// full, the append lock was not granted in time, or the database is away. Try again later (503).
var ErrBusy = errors.New("journal is busy")

// ErrClosed is returned by every append after Close.
var ErrClosed = fmt.Errorf("journal is closed: %w", ErrBusy)

// ErrCommandReused says that the same command id came before with another body.
var ErrCommandReused = errors.New("command id was used before with another body")

// StaleError says that the caller acted on an old version of the stream.
type StaleError struct {
	Expected, Actual int64
}

func (e *StaleError) Error() string {
	return fmt.Sprintf("stream is at version %d, not %d", e.Actual, e.Expected)
}

// ConflictError says that another append to the stream came first.
type ConflictError struct {
	Stream           uuid.UUID
	Expected, Actual int64
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("stream %s is at version %d, append expected %d", e.Stream, e.Actual, e.Expected)
}

// OccurredAheadError says that an event claims to have happened more than 5 s after now.
type OccurredAheadError struct {
	OccurredAt, Now time.Time
}

func (e *OccurredAheadError) Error() string {
	return fmt.Sprintf("event occurred at %s, which is ahead of %s", e.OccurredAt.Format(time.RFC3339Nano), e.Now.Format(time.RFC3339Nano))
}

// ClockError says that the database's clock jumped ahead: nothing is appended until an operator accepts it.
type ClockError struct {
	Database, Caller time.Time
}

func (e *ClockError) Error() string {
	return fmt.Sprintf("database clock %s is more than 10 minutes ahead of this process (%s): set it right or accept it", e.Database.Format(time.RFC3339), e.Caller.Format(time.RFC3339))
}

// MalformedError says which event of a request can never be stored, and why.
type MalformedError struct {
	Event int // index in the request
	Field string
	Why   string
}

func (e *MalformedError) Error() string {
	return fmt.Sprintf("event %d: %s %s", e.Event, e.Field, e.Why)
}

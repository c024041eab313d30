// Package handlers is where wishes meet the journal: it asks who you are and whether you may, lets the domain decide, and
// appends what was decided. Every face (HTTP, pages, command line, import) goes through the same executor.
package handlers

import (
	"errors"
	"fmt"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"

	"github.com/google/uuid"
)

// Kind is the stream kind of dossiers.
const Kind = "dossier"

// ErrNotFound says that there is no such dossier.
var ErrNotFound = errors.New("no such dossier")

// ErrNoCalendar says that there is no such calendar, or not at that version.
var ErrNoCalendar = errors.New("no such calendar")

// ErrNoProcedure says that there is no such procedure, or not that version of it.
var ErrNoProcedure = errors.New("no such procedure")

// ErrNoOrganisation says that no organisation was ever applied, or not by then.
var ErrNoOrganisation = errors.New("no organisation was applied")

// ErrNoBatch says that there is no such batch.
var ErrNoBatch = errors.New("no such batch")

// ErrVersionRequired says that the act must name the version it was decided on (If-Match).
var ErrVersionRequired = errors.New("this act must name the version it was decided on")

// Stale says that the dossier changed since the caller saw it, and what happened in between.
type Stale struct {
	Expected, Actual int64
	Since            []Happened
	Rule             bool // it is no dossier, but a rule of the house
}

func (s *Stale) Error() string {
	return fmt.Sprintf("dossier is at version %d, the act was meant for %d", s.Actual, s.Expected)
}

// Happened is one event as a conflict shows it: what, who, when.
type Happened struct {
	Version    int64        `json:"version"`
	Position   int64        `json:"position"`
	Type       string       `json:"type" example:"dossier.opinion-received"`
	By         domain.Actor `json:"by"`
	OccurredAt time.Time    `json:"occurred_at"`
	RecordedAt time.Time    `json:"recorded_at"`
}

// Receipt is the answer to a command: where the dossier stands after it.
type Receipt struct {
	ID       uuid.UUID      `json:"id"`
	Code     *string        `json:"code"` // the dossier's code, or the external one it came with; null while the dossier has none
	Status   dossier.Status `json:"status"`
	Version  int64          `json:"version"`
	Position int64          `json:"position"` // of the command's last event; of the stream's last event when there was nothing to do
	Events   int            `json:"-"`        // how many the command made; 0 when it was already so
	Repeated bool           `json:"-"`        // the same command had been done before
	Verdict  string         `json:"-"`        // "late" or "out_of_flow": how it passed, as its events bear it
}

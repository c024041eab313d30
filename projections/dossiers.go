package projections

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dossier/domain/dossier"
)

// Dossiers is the status view: one row per dossier, as it is now.
type Dossiers struct{}

// Name is part of the table's name.
func (Dossiers) Name() string { return "dossiers" }

// Version is part of the table's name.
func (Dossiers) Version() int { return 1 }

// Apply writes the last state of each dossier.
func (Dossiers) Apply(b *pgx.Batch, moments []Moment) error { return errNotBuilt }

// Sort is the order of a list.
type Sort string

// The orders. Rows of equal rank stand by id.
const (
	SortUpdated Sort = "updated" // what happened last first; the default
	SortDue     Sort = "due"     // what is due first; what has no due date last
)

// Filter says which dossiers. Empty fields ask for nothing; several statuses mean any of them.
type Filter struct {
	Status    []dossier.Status
	Procedure string
	Channel   dossier.Channel
	Unit      string
	Officer   string
	Applicant string
	Outcome   dossier.Outcome
	Query     string // begins the external code or the id, or stands in the procedure's name, accents or not

	At            *time.Time // as it was then; nil: now
	KnownAt       *time.Time // as it was known then; nil: now
	KnownPosition int64      // as it was known at this position; 0: now

	Sort   Sort
	Limit  int    // 1 to 500, default 50
	Cursor string // Page.Next of the page before, under the same filter
}

// Page is one page of a list.
type Page struct {
	Rows        []Row
	Next        string // cursor of the next page, "" on the last
	Total       int    // of the whole list, exact up to 10,000
	TotalCapped bool   // there are more than Total
	Stamp       Stamp
}

// Row is one dossier in a list.
type Row struct {
	ID         uuid.UUID     `json:"id"`
	Code       *string       `json:"code"`
	State      dossier.State `json:"state"`
	UpdatedAt  time.Time     `json:"updated_at"`  // when its last event happened
	RecordedAt time.Time     `json:"recorded_at"` // when that was recorded
	Position   int64         `json:"position"`    // of that event
	Stale      bool          `json:"stale"`       // the stream is parked: there are events that this row does not know
}

// List returns a page of dossiers, now or as they were. A bad cursor, sort or limit is a *domain.Invalid.
func (v *Views) List(ctx context.Context, f Filter) (Page, error) { return Page{}, errNotBuilt }

// Get returns one dossier as it is now.
func (v *Views) Get(ctx context.Context, id uuid.UUID) (Row, bool, error) {
	return Row{}, false, errNotBuilt
}

// Find returns the dossier with this id or external code.
func (v *Views) Find(ctx context.Context, idOrCode string) (uuid.UUID, bool, error) {
	return uuid.UUID{}, false, errNotBuilt
}

// Counts says how many dossiers of the filter stand in each status. It ignores the filter's Status, Sort, Limit and Cursor.
func (v *Views) Counts(ctx context.Context, f Filter) (map[dossier.Status]int, error) {
	return nil, errNotBuilt
}

package projections

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"dossier/domain/dossier"
)

// Dossiers is the status view: one row per dossier, as it is now.
type Dossiers struct{}

// Name is part of the table's name.
func (Dossiers) Name() string { return "dossiers" }

// Version is part of the table's name.
func (Dossiers) Version() int { return 1 }

// Row is one dossier in a list.
type Row struct {
	ID         uuid.UUID     `json:"id"`
	Code       *string       `json:"code"` // the number under which another system knows it
	State      dossier.State `json:"state"`
	UpdatedAt  time.Time     `json:"updated_at"`  // when its last event happened
	RecordedAt time.Time     `json:"recorded_at"` // when that was recorded
	Position   int64         `json:"position"`    // of that event
	Stale      bool          `json:"stale"`       // the stream is parked: there are events that this row does not know
}

// Rows are deleted and written anew: every event changes a column that an index holds, so an update would not save writing to
// any index, and DELETE and COPY cost two thirds of an INSERT that looks for conflicts. A dossier's first event has no row to delete.
const dossiersDelete = `delete from views.dossiers_v1 where id = any ($1)`

// Apply writes the last state of each dossier.
func (Dossiers) Apply(ctx context.Context, f *flight, moments []Moment) error {
	var old pgtype.FlatArray[pgtype.UUID]
	f.rows.empty()
	for _, s := range streamsOf(moments) {
		if err := dossiersTable.add(&f.rows, &s[len(s)-1]); err != nil {
			return err
		}
		if s[0].Event.Version > 1 {
			old = append(old, pgtype.UUID{Bytes: s[0].Event.StreamID, Valid: true})
		}
	}
	if len(old) > 0 {
		f.exec(ctx, dossiersDelete, old)
	}
	f.send(ctx, dossiersTable)
	return nil
}

package projections

import "context"

// DossierVersions is what each dossier was after each of its events, for lists and reports about the past.
type DossierVersions struct{}

// Name is part of the table's name.
func (DossierVersions) Name() string { return "dossier_versions" }

// Version is part of the table's name.
func (DossierVersions) Version() int { return 1 }

// Apply adds one row per event.
func (DossierVersions) Apply(ctx context.Context, f *flight, moments []Moment) error {
	return f.copy(ctx, versionsTable, moments)
}

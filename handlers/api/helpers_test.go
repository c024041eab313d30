package api_test

import (
	"slices"
	"testing"

	"dossier/domain/procedure"
)

func contains(list []string, s string) bool { return slices.Contains(list, s) }

// closedProcedure is one of the catalogue that is information only.
func closedProcedure(t *testing.T) string {
	t.Helper()
	for _, v := range procedure.Catalogue() {
		if !v.OpenForFiling {
			return v.ID
		}
	}
	t.Skip("every procedure of the catalogue is open")
	return ""
}

package handlers_test

import (
	"testing"

	"dossier/domain/dossier"
	"dossier/domain/procedure"
)

// closedProcedure is one of the catalogue that is information only.
func closedProcedure(t *testing.T) dossier.Code {
	t.Helper()
	for _, v := range procedure.Catalogue() {
		if !v.OpenForFiling {
			return dossier.Code(v.ID)
		}
	}
	t.Skip("every procedure of the catalogue is open")
	return ""
}

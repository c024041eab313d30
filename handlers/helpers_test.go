package handlers_test

import (
	"testing"
	"time"

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

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		<-time.After(10 * time.Millisecond)
	}
}

package procedure_test

import (
	"slices"
	"testing"

	"dossier/domain/procedure"
)

func TestFieldsAreAskedForInTheOrderOfTheForm(t *testing.T) {
	v, _ := procedure.Lookup("seafood-export-health-cert")
	var names []string
	for _, f := range v.Forms[0].InOrder() {
		names = append(names, f.Name)
	}
	if want := []string{"owner_name", "owner_id", "address", "phone", "subject", "lot_weight_kg", "raw", "market"}; !slices.Equal(names, want) {
		t.Errorf("%v, want %v", names, want)
	}
}

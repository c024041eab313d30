package procedure_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dossier/domain/procedure"
)

func TestWhatProgramsAreToldOfAVersionIsTheWholeVersion(t *testing.T) {
	for _, v := range procedure.Catalogue() {
		raw, err := json.Marshal(v.Describe())
		if err != nil {
			t.Fatal(err)
		}
		var d procedure.Described
		if err := json.Unmarshal(raw, &d); err != nil {
			t.Fatalf("%s: %v", v.ID, err)
		}
		back, err := d.Whole()
		if err != nil {
			t.Fatalf("%s: %v", v.ID, err)
		}
		again, err := json.Marshal(back.Describe())
		if err != nil || back.Number != v.Number || back.LimitVI != v.LimitVI || back.OpenForFiling != v.OpenForFiling {
			t.Errorf("%s: %v %+v", v.ID, err, back)
		}
		if diff := cmp.Diff(string(raw), string(again)); diff != "" {
			t.Errorf("%s: %s", v.ID, diff)
		}
	}
}

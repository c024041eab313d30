package person

import (
	"testing"
	"time"

	"dossier/internal/goldentest"
)

var stored = map[string]Event{
	"person.registered.v1":           Registered{Citizen, "5f2c1e93d45e7a8a417c6d5e4f3a2b0b"},
	"person.corrected.v1":            Corrected{2, "spelling", "5f2c1e93d45e7a8a417c6d5e4f3a2b0c"},
	"person.personal-data-erased.v1": PersonalDataErased{"12-qd-snn-2026", "data-subject-request", 3, time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)},
}

func TestStoredFactsAreReadForEver(t *testing.T) {
	goldentest.Events(t, stored, TypeNames(), Encode, Decode, nil)
}

func TestAPersonIsRegisteredOnceCorrectedAndErasedOnceAndThenNothing(t *testing.T) {
	registered, corrected, erased := stored["person.registered.v1"], stored["person.corrected.v1"], stored["person.personal-data-erased.v1"]
	none := Person{}
	known := Evolve(none, registered)
	gone := Evolve(known, erased)
	for _, c := range []struct {
		name string
		p    Person
		e    Event
		may  bool
	}{
		{"register", none, registered, true}, {"correct nobody", none, corrected, false}, {"erase words of somebody unregistered", none, erased, true},
		{"register twice", known, registered, false}, {"correct", known, corrected, true}, {"erase", known, erased, true},
		{"register again", gone, registered, false}, {"correct the erased", gone, corrected, false}, {"erase twice", gone, erased, false},
	} {
		if err := c.p.May(c.e); (err == nil) != c.may {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if p := Evolve(known, corrected); p.Version != 2 || p.Kind != Citizen {
		t.Errorf("%+v", p)
	}
}

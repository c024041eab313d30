package procedure

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// catalogue is the shipped files as first versions, read when they are first asked for.
var catalogue = sync.OnceValue(func() map[string]Version {
	byID := map[string]Version{}
	for id, data := range Shipped() {
		t, mistakes := Read(data)
		if len(mistakes) > 0 || t.Wish.Version.ID != id {
			panic(fmt.Sprintf("read the embedded procedure %s: %v", id, mistakes)) // a broken file is a broken program
		}
		v := t.Wish.Version
		v.Number, v.Decision = 1, t.Wish.Decision
		byID[id] = v
	}
	return byID
})

// Catalogue lists the procedures that come with the program, by sector and id, each as the first version that its stream begins with.
func Catalogue() []Version { return Sorted(slices.Collect(maps.Values(catalogue()))) }

// Lookup finds a procedure that comes with the program. What was published since, and what an import brings, is not in it.
func Lookup(id string) (Version, bool) {
	v, found := catalogue()[id]
	return v, found
}

// Sorted puts versions in the order of the catalogue.
func Sorted(list []Version) []Version {
	slices.SortFunc(list, func(a, b Version) int {
		return cmp.Or(strings.Compare(a.Sector, b.Sector), strings.Compare(a.ID, b.ID))
	})
	return list
}

package projections

import (
	"slices"

	"dossier/domain/dossier"
)

// Sight is which dossiers somebody may see by where these have a part: those of the own places, and those that lie at nobody's yet. The
// zero value sees all.
type Sight struct {
	Own    []string // units of the own agency, and its code
	Others []string // those of all other agencies
	Alone  bool     // what lies at nobody's is not seen either
}

// All says whether nothing is kept from view.
func (s Sight) All() bool { return len(s.Others) == 0 && !s.Alone }

// Sees says whether a dossier is in sight, by its newest state.
func (s Sight) Sees(d *dossier.State) bool {
	return s.All() || s.sees(d.Places(), setOf(s.Own), setOf(s.Others))
}

func (s Sight) sees(places []string, own, others map[string]bool) bool {
	in := func(set map[string]bool) bool {
		return slices.ContainsFunc(places, func(place string) bool { return set[place] })
	}
	return in(own) || !s.Alone && !in(others)
}

// sight asks for rows of views.dossiers_v1 under a name by their sets of places.
func (c *conditions) sight(shown *[]int64, table string) {
	if shown != nil {
		c.add(table+`.place_set = any (?)`, *shown)
	}
}

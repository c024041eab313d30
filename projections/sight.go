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
	if s.All() {
		return true
	}
	has := func(list []string) func(string) bool {
		return func(place string) bool { return slices.Contains(list, place) }
	}
	places := d.Places()
	return slices.ContainsFunc(places, has(s.Own)) || !s.Alone && !slices.ContainsFunc(places, has(s.Others))
}

// sight asks the same of rows of views.dossiers_v1 under a name.
func (c *conditions) sight(s Sight, table string) {
	switch {
	case s.Alone:
		c.add(table+`.places && ?`, noNull(s.Own))
	case !s.All():
		c.add(`(`+table+`.places && ? or not `+table+`.places && ?)`, noNull(s.Own), s.Others)
	}
}

// others is null where all is seen.
func (s Sight) others() []string {
	if s.All() {
		return nil
	}
	return noNull(s.Others)
}

func noNull(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

package organisation

import (
	"slices"

	"dossier/domain/calendar"
)

// Places are the units and agencies by whether they are of the agency of a unit, on a day: each list in order. A unit that is no more counts
// to the agency that it was of last.
func (p Plan) Places(unit string, d calendar.Date) (own, others []string) {
	mine := p.agencyOf(unit, d)
	put := func(place, agency string) {
		if agency == mine {
			own = append(own, place)
		} else {
			others = append(others, place)
		}
	}
	for _, a := range p.Agencies {
		put(a.Code, a.Code)
	}
	for _, u := range p.Units {
		put(u.Code, p.agencyOf(u.Code, d))
	}
	for _, list := range []*[]string{&own, &others} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return own, slices.DeleteFunc(others, func(place string) bool { return slices.Contains(own, place) })
}

// agencyOf is the code of the agency that a unit is of on a day, else of the one it was of last.
func (p Plan) agencyOf(unit string, d calendar.Date) (agency string) {
	for _, u := range p.Units { // in the order of days
		if u.Code != unit {
			continue
		}
		if agency == "" || u.From <= d {
			agency = u.Agency
		}
	}
	return agency
}

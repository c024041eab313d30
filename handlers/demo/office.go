package demo

import (
	"slices"

	"dossier/domain"
	"dossier/domain/procedure"
	"dossier/handlers"
)

// login finds a demo account; the development login and the demo data know the same people.
func login(name string) domain.Actor {
	a, _ := handlers.NewDevLogin().Account(name)
	return a.Actor()
}

// officeFor says who handles the dossiers of a sector: animals and food, or plants and forests.
func officeFor(sector string) office {
	o := office{
		reception: login("reception"), consulted: login("consulted"), approver: login("approver"),
		clerk: login("clerk"), returns: login("return"), head: login("head-2"), officer: login("officer-2"),
	}
	switch sector {
	case "animal-health", "livestock", "quality":
		o.head, o.officer = login("head"), login("officer-1")
	}
	return o
}

// popular procedures come first; what follows is rarer the later it stands.
var popular = []string{
	"vet-practice-cert-renew", "animal-quarantine-out-of-province", "vet-drug-trade-cert", "pesticide-trade-cert",
	"plant-import-quarantine-permit", "food-safety-facility-cert", "vet-practice-cert-issue", "fertilizer-trade-cert",
	"timber-list-confirm", "plant-quarantine-cert",
}

// demand lists what people file for, the most wanted first.
func demand() []procedure.Version {
	var open []procedure.Version
	for _, v := range procedure.Catalogue() {
		if v.OpenForFiling {
			open = append(open, v)
		}
	}
	rank := func(v procedure.Version) int {
		if i := slices.Index(popular, v.ID); i >= 0 {
			return i
		}
		return len(popular)
	}
	slices.SortStableFunc(open, func(a, b procedure.Version) int { return rank(a) - rank(b) })
	return open
}

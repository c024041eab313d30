package organisation

import (
	"dossier/domain/calendar"
	"dossier/domain/code"
)

// CodeRuleOf is how dossiers that a unit receives on a day are numbered: as its agency says, or the nearest agency above that says it.
func (o Organisation) CodeRuleOf(unit string, d calendar.Date) (code.Rule, bool) {
	a, known := o.AgencyOf(unit, d)
	for range o.Agencies {
		if !known {
			break
		}
		if a.Codes != nil {
			r, err := a.Codes.rule(unit)
			return r, err == nil
		}
		a, known = o.AgencyOn(a.Parent, d)
	}
	return code.Rule{}, false
}

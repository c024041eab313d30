package handlers

import (
	"maps"
	"slices"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/domain/procedure"
	"dossier/handlers/conditions"
)

// answered lets a command say which conditions hold by the values it gives together with those that the dossier has: what the values
// decide need not be said, and may not be said otherwise. Of what lies in the vault it looks at what this command brings, while it has the words.
func answered(s dossier.State, c dossier.Command, v *procedure.Version) (dossier.Command, error) {
	facts, denied, values := dossier.Stated(c)
	entries := dossier.Entries(c)
	if len(values)+len(entries) == 0 || v == nil {
		return c, nil
	}
	all := map[string]string{}
	for _, g := range entries {
		if bad := v.CheckEntry(string(g.Field), g.Said(), g.Said() != ""); bad != nil {
			return c, bad
		}
		if g.Said() != "" {
			all[string(g.Field)] = g.Said()
		}
	}
	for _, g := range slices.Concat(s.Values, values) {
		if bad := v.CheckValue(string(g.Field), string(g.Value)); bad != nil {
			return c, bad
		}
		all[string(g.Field)] = string(g.Value)
	}
	said := map[string]bool{}
	for _, f := range facts {
		said[string(f)] = true
	}
	for _, f := range denied {
		said[string(f)] = false
	}
	answers, err := conditions.Answer(*v, all, said)
	if err != nil {
		return c, err
	}
	for _, name := range slices.Sorted(maps.Keys(answers)) {
		holds, fact := answers[name], dossier.Code(name)
		if claimed, is := said[name]; is && claimed != holds {
			return c, contradicts(name, claimed)
		}
		switch _, first := c.(dossier.SubmitDossier); {
		case holds && !slices.Contains(facts, fact):
			facts = append(facts, fact)
		case !holds && !first && !slices.Contains(denied, fact):
			denied = append(denied, fact)
		}
	}
	return dossier.Stating(c, facts, denied), nil
}

func contradicts(fact string, claimed bool) *domain.Invalid {
	field := map[bool]string{true: "facts", false: "denied"}[claimed]
	return &domain.Invalid{Code: "fact_contradicts", Field: field,
		VI: "Điều kiện “" + fact + "” được ghi trái với các giá trị của biểu mẫu. Sửa giá trị, hoặc bỏ điều kiện này: hệ thống tự xác định.",
		EN: "The condition “" + fact + "” is said otherwise than the values of the forms decide. Put the values right, or leave it out: it follows by itself."}
}

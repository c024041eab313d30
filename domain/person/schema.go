package person

import (
	"reflect"

	"dossier/domain/document"
)

var closed = map[reflect.Type][]string{
	reflect.TypeFor[Kind]():     texts(Kinds()),
	reflect.TypeFor[Evidence](): texts(Evidences()),
	reflect.TypeFor[Wish]():     texts(Wishes()),
	reflect.TypeFor[Answer]():   {string(GrantedAnswer), string(RefusedAnswer)},
}

func texts[T ~string](list []T) (all []string) {
	for _, one := range list {
		all = append(all, string(one))
	}
	return all
}

// EventSchemas are the contracts of these events, by stored name.
func EventSchemas() map[string]map[string]any {
	all := map[string]map[string]any{}
	for _, k := range kinds {
		name := kinds.TypeName(k.Event)
		s := document.Schema(reflect.TypeOf(k.Event), closed)
		members, _ := s["properties"].(map[string]any)
		for _, moment := range []string{"final", "answer_by", "done_by"} {
			if members[moment] != nil {
				members[moment] = map[string]any{"type": "string", "format": "date-time"}
			}
		}
		s["$schema"], s["$id"], s["title"] = document.Dialect, "/schemas/"+name, name
		all[name] = s
	}
	return all
}

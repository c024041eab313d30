package person

import (
	"reflect"

	"dossier/domain/document"
)

// EventSchemas are the contracts of these events, by stored name.
func EventSchemas() map[string]map[string]any {
	all := map[string]map[string]any{}
	for _, k := range kinds {
		name := kinds.TypeName(k.Event)
		s := document.Schema(reflect.TypeOf(k.Event), map[reflect.Type][]string{reflect.TypeFor[Kind](): {string(Citizen), string(Organisation)}})
		if members, ok := s["properties"].(map[string]any); ok && members["final"] != nil {
			members["final"] = map[string]any{"type": "string", "format": "date-time"}
		}
		s["$schema"], s["$id"], s["title"] = document.Dialect, "/schemas/"+name, name
		all[name] = s
	}
	return all
}

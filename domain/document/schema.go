package document

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
)

// Dialect is the one in which all schemas are written.
const Dialect = "https://json-schema.org/draft/2020-12/schema"

// Schema is the JSON Schema of what Read reads into a type. Closed lists say the values of a type of texts. Members are titled by the tags vi
// and en of their fields, where there are any.
func Schema(t reflect.Type, closed map[reflect.Type][]string) map[string]any {
	if list, is := closed[t]; is {
		return map[string]any{"type": "string", "enum": list}
	}
	switch {
	case t == reflect.TypeFor[json.RawMessage]():
		return map[string]any{"type": "object"}
	case t.Kind() == reflect.Pointer:
		return Schema(t.Elem(), closed)
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()): // a day
		return map[string]any{"type": "string", "format": "date"}
	}
	switch t.Kind() {
	case reflect.Struct:
		return objectOf(t, closed)
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": Schema(t.Elem(), closed)}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": Schema(t.Elem(), closed)}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.String:
		return map[string]any{"type": "string"}
	}
	return map[string]any{"type": "integer"}
}

// objectOf lists the members as encoding/json knows them; those without omitempty or omitzero are required.
func objectOf(t reflect.Type, closed map[reflect.Type][]string) map[string]any {
	members, needed := map[string]any{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		member := Schema(f.Type, closed)
		if vi := f.Tag.Get("vi"); vi != "" {
			member["title"], member["x-title-en"] = vi, f.Tag.Get("en")
		}
		members[name] = member
		if required(f) {
			needed = append(needed, name)
		}
	}
	return map[string]any{"type": "object", "properties": members, "required": needed, "additionalProperties": false}
}

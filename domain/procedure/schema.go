package procedure

import (
	"reflect"

	"dossier/domain"
	"dossier/domain/document"
)

const dialect = document.Dialect

// FileSchema is the JSON Schema of a procedure file, made of the types that read it.
func FileSchema() map[string]any {
	s := schemaOf(reflect.TypeFor[file]())
	s["$schema"], s["title"] = dialect, "procedure"
	return s
}

// DescribedSchema is the JSON Schema of a version as programs are told of it.
func DescribedSchema() map[string]any { return schemaOf(reflect.TypeFor[Described]()) }

// EventSchemas are the contracts of the events of procedures, switches and the list of all, by type name.
func EventSchemas() map[string]map[string]any {
	all := map[string]map[string]any{}
	for _, k := range kinds {
		name := TypeName(k.Event)
		s := schemaOf(reflect.TypeOf(k.Event))
		s["$schema"], s["$id"], s["title"] = dialect, "/schemas/"+name, name
		all[name] = s
	}
	return all
}

// FormSchema is the JSON Schema of all that is filled in for this version: an object with one member for each form.
func (v Version) FormSchema() map[string]any {
	forms, codes := map[string]any{}, []string{}
	for _, f := range v.Forms {
		forms[f.Code], codes = f.Schema, append(codes, f.Code)
	}
	return map[string]any{"$schema": dialect, "title": v.NameVI, "x-title-en": v.NameEN, "type": "object", "properties": forms, "required": codes, "additionalProperties": false}
}

// choices are the closed lists, by the type that holds one of their values.
var choices = map[reflect.Type][]string{
	reflect.TypeFor[Archetype]():     strs(Archetypes()),
	reflect.TypeFor[Mark]():          strs(marks()),
	reflect.TypeFor[Trigger]():       strs(triggers()),
	reflect.TypeFor[ComponentKind](): strs(componentKinds()),
	reflect.TypeFor[FeeKind]():       strs([]FeeKind{Charge, Levy}),
	reflect.TypeFor[FeeDue]():        strs([]FeeDue{DueAtReception, DueAtSupplement, DueAtProcessing, DueAtReturn}),
	reflect.TypeFor[Channel]():       strs([]Channel{Online, Counter, Post}),
	reflect.TypeFor[Reason]():        strs(append(OpenReasons(), CloseReasons()...)),
	reflect.TypeFor[StepKind]():      strs([]StepKind{DeskCheck, Inspection, Laboratory, Council, Opinion, Remediation, Publication}),
	reflect.TypeFor[Effect]():        strs([]Effect{Runs, Stops}),
	reflect.TypeFor[Silence]():       strs([]Silence{Late, Agreed, Nothing, Granted, Refused}),
	reflect.TypeFor[domain.Role]():   strs(domain.Roles()),
}

func schemaOf(t reflect.Type) map[string]any { return document.Schema(t, choices) }

func strs[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

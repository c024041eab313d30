package organisation

import (
	"embed"
	"fmt"
	"reflect"
	"slices"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/document"
)

// Text is a file that was read: it knows on which line each of its values stands.
type Text struct {
	Plan Plan
	doc  document.Document
}

// Read reads a plan from JSON; files in YAML are rewritten line by line before. With a mistake in its form there is no plan; what is wrong
// with its content, Decide tells, and Place puts in its line.
func Read(data []byte) (t Text, mistakes []document.Mistake) {
	t.doc, mistakes = document.Read(data, &t.Plan)
	return t, mistakes
}

// Place puts what Decide found in its lines, in their order.
func (t Text) Place(found Findings) []document.Mistake {
	var mistakes []document.Mistake
	for _, f := range found {
		m := document.Mistake{Line: t.doc.Line(f.Path), Path: f.Path, VI: f.VI, EN: f.EN}
		if f.Basis != "" {
			m.VI, m.EN = m.VI+" ("+f.Basis+")", m.EN+" ("+f.Basis+")"
		}
		mistakes = append(mistakes, m)
	}
	slices.SortStableFunc(mistakes, func(a, b document.Mistake) int { return a.Line - b.Line })
	return mistakes
}

var choices = map[reflect.Type][]string{
	reflect.TypeFor[domain.Role](): texts(Roles()),
	reflect.TypeFor[Rank]():        texts(Ranks()),
	reflect.TypeFor[Kind]():        texts(DelegationKinds()),
	reflect.TypeFor[Entry]():       texts(Entries()),
}

// FileSchema is the JSON Schema of an organisation file, made of the types that read it.
func FileSchema() map[string]any {
	s := document.Schema(reflect.TypeFor[Plan](), choices)
	s["$schema"], s["title"], s["x-title-en"] = document.Dialect, "Tổ chức", "Organisation"
	return s
}

// DescribedSchema is the JSON Schema of what holds, as programs are told of it.
func DescribedSchema() map[string]any { return document.Schema(reflect.TypeFor[Described](), choices) }

// Described is what holds on a day, as it was known then.
type Described struct {
	Version int64         `json:"version"`
	On      calendar.Date `json:"on"`
	Plan
}

// Describe is the part of the organisation that holds on a day.
func (o Organisation) Describe(d calendar.Date) Described { return Described{o.Version, d, o.On(d)} }

// EventSchemas are the contracts of the events, by type name.
func EventSchemas() map[string]map[string]any {
	all := map[string]map[string]any{}
	for _, k := range kinds {
		name := TypeName(k.Event)
		s := document.Schema(reflect.TypeOf(k.Event), choices)
		s["$schema"], s["$id"], s["title"] = document.Dialect, "/schemas/"+name, name
		all[name] = s
	}
	return all
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

//go:embed shipped/mae.yaml
var shipped embed.FS

// Shipped is the example that comes with the program: a ministry with its departments and two provinces.
func Shipped() []byte {
	data, err := shipped.ReadFile("shipped/mae.yaml")
	if err != nil {
		panic(fmt.Sprintf("read the embedded organisation: %v", err)) // a broken file is a broken program
	}
	return data
}

package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"dossier/domain/dossier"
	"dossier/handlers"

	"github.com/danielgtaylor/huma/v2"
)

// schemaOf is the JSON Schema of a command's body or an event's data, made of what the domain itself checks.
func schemaOf(members []dossier.Member) *huma.Schema {
	no := false
	s := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{}, AdditionalProperties: no}
	for _, m := range members {
		s.Properties[m.Name] = memberSchema(m)
		if m.Required {
			s.Required = append(s.Required, m.Name)
		}
	}
	return s
}

func memberSchema(m dossier.Member) *huma.Schema {
	switch m.Kind {
	case dossier.TextsMember:
		if m.Required {
			least := 1
			return &huma.Schema{Type: huma.TypeArray, MinItems: &least, MaxItems: &m.Most, UniqueItems: true, Items: textMember(m)}
		}
		return &huma.Schema{Type: huma.TypeArray, MaxItems: &m.Most, UniqueItems: true, Items: textMember(m)}
	case dossier.WordsMember:
		least := 0
		if m.Required {
			least = 1
		}
		return &huma.Schema{Type: huma.TypeString, MinLength: &least, MaxLength: &m.Most, Pattern: wordsPattern, Description: "What a person writes. It goes to the vault; the event holds a pointer and a commitment."}
	case dossier.TimeMember:
		return &huma.Schema{Type: huma.TypeString, Format: "date-time"}
	case dossier.NumberMember:
		from, to := float64(m.From), float64(m.To)
		return &huma.Schema{Type: huma.TypeInteger, Minimum: &from, Maximum: &to}
	case dossier.TruthMember:
		return &huma.Schema{Type: huma.TypeBoolean}
	case dossier.ObjectMember:
		return schemaOf(m.Members)
	case dossier.ListMember:
		return &huma.Schema{Type: huma.TypeArray, MaxItems: &m.Most, Items: schemaOf(m.Members)}
	}
	s := textMember(m)
	for _, v := range m.Values {
		s.Enum = append(s.Enum, v)
	}
	return s
}

func textMember(m dossier.Member) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, Pattern: exactly(m.Pattern)}
	if s.Pattern == codePattern {
		most := 64
		s.MaxLength = &most
	}
	return s
}

// bodySchema is a command as callers send it: with what surrounds it.
func bodySchema(name string) *huma.Schema {
	s := schemaOf(dossier.CommandMembers(name))
	for member, imported := range importedValues[name] {
		s.Properties[member].Enum = slices.DeleteFunc(s.Properties[member].Enum, func(v any) bool { return v == imported })
	}
	for _, imported := range importedAlone[name] {
		delete(s.Properties, imported)
	}
	s.Properties["occurred_at"] = &huma.Schema{Type: huma.TypeString, Format: "date-time",
		Description: "When it was true, if not now. More than 5 minutes ago needs late_reason."}
	late := &huma.Schema{Type: huma.TypeString, Description: "Why it is entered later than it happened."}
	for _, v := range dossier.LateReasons() {
		late.Enum = append(late.Enum, v)
	}
	s.Properties["late_reason"] = late
	nullable(s)
	return s
}

// importedAlone are members that only an import may give.
var importedAlone = map[string][]string{"submit": {"external_code"}, "record-step": {"activity", "case", "group", "irregular", "officer", "resource", "unit"}}

// importedValues are values that only an import may give.
var importedValues = map[string]map[string]string{"record-opinion": {"verdict": "unknown"}}

// nullable lets members that need not be there be null, empty or 0, which says the same.
func nullable(s *huma.Schema) {
	for name, member := range s.Properties {
		if slices.Contains(s.Required, name) {
			continue
		}
		if member.Ref != "" {
			continue
		}
		if member.Nullable = true; len(member.Enum) > 0 {
			member.Enum = append(slices.Clone(member.Enum), nil)
		}
		if inner, is := strings.CutPrefix(member.Pattern, "^"); is && member.Type == huma.TypeString { // empty, too
			member.Pattern = "^(" + strings.TrimSuffix(inner, "$") + ")?$"
		}
		if member.Minimum != nil && *member.Minimum > 0 { // 0, too
			none := float64(0)
			member.Minimum = &none
		}
		if member.Type == huma.TypeObject {
			nullable(member)
		}
		if member.Type == huma.TypeArray && member.Items.Type == huma.TypeObject {
			nullable(member.Items)
		}
	}
}

// exactly is a pattern of the domain as far as it goes.
func exactly(pattern string) string {
	if pattern == loosely {
		return codePattern
	}
	return pattern
}

// document puts a command's body into the OpenAPI document. Huma only takes it as bytes: the domain reads it, strictly.
func (s *server) document(path, name string) {
	op := s.api.OpenAPI().Paths[path].Post
	schema := bodySchema(name)
	s.api.OpenAPI().Components.Schemas.Map()[name] = schema
	op.RequestBody.Required = len(schema.Required) > 0
	op.RequestBody.Content = map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Ref: "#/components/schemas/" + name}}}
	op.Tags = []string{commands}
}

// eventSchemas are the contracts of all event types: /schemas/dossier.submitted.v2.
func eventSchemas() map[string][]byte {
	all := calendarSchemas()
	maps.Copy(all, procedureSchemas())
	maps.Copy(all, organisationSchemas())
	maps.Copy(all, personSchemas())
	maps.Copy(all, accessSchemas())
	maps.Copy(all, batchSchemas())
	maps.Copy(all, moneySchemas())
	for _, typ := range dossier.EventTypes() {
		version, members := dossier.EventMembers(typ)
		name := fmt.Sprintf("%s.v%d", typ, version)
		schema := map[string]any{
			"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "/schemas/" + name,
			"title": name, "description": dossier.Label("event", typ, "en") + " / " + dossier.Label("event", typ, "vi"),
		}
		inner, _ := json.Marshal(schemaOf(members)) // of plain values: cannot fail
		json.Unmarshal(inner, &schema)
		all[name], _ = json.MarshalIndent(schema, "", "  ")
	}
	return all
}

func (s *server) schema(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimSuffix(r.PathValue("type"), ".json")
	b, ok := s.schemas[name]
	if !ok {
		s.fail(w, r, &handlers.Failure{Status: http.StatusNotFound, Code: "unknown_schema",
			VI: "Không có loại sự kiện “" + name + "”; xem danh sách ở /schemas/", EN: "There is no event type “" + name + "”; see the list at /schemas/"})
		return
	}
	w.Header().Set("Content-Type", "application/schema+json")
	w.Write(b)
}

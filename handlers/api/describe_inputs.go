package api

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"dossier/domain/batch"
	"dossier/domain/dossier"
	"dossier/domain/money"
	"dossier/handlers"

	"github.com/danielgtaylor/huma/v2"
)

// What a request may hold is said here as exactly as it is read. Patterns stand in the document alone: the domain holds a request against
// them, and says better what is wrong.
const (
	// codePattern is dossier.Code.Valid: letters and digits, and nothing that could be an identity or telephone number.
	codePattern    = `^([a-z][a-z0-9._:-]*|[0-9][0-9._:-]*[a-z][a-z0-9._:-]*|[0-9]([._:-]*[0-9]){0,7}[._:-]*)$`
	wordsPattern   = `^[^\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F` + "\uFFFD]*$"
	matchPattern   = `^(\*|"[1-9][0-9]{0,17}")?$`
	versionPattern = `^"[1-9][0-9]{0,17}"$`
	keyPattern     = `^[!-~]*$`
	numberPattern  = `^[0-9]{0,18}$`
	momentPattern  = `^@[1-9][0-9]{0,17}$`
	digestPattern  = `^([0-9a-fA-F]{64})?$`
)

// loosely is the pattern of a code as the domain tells it, which leaves the identity numbers to a second look.
const loosely = `^[a-z0-9][a-z0-9._:-]{0,63}$`

func text(pattern string, most int) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, Pattern: pattern}
	if most > 0 {
		s.MaxLength = &most
	}
	return s
}

// orEmpty also takes a parameter that is there and empty, which is as if it were not.
func orEmpty(s ...*huma.Schema) *huma.Schema {
	none := 0
	return &huma.Schema{AnyOf: append(s, &huma.Schema{Type: huma.TypeString, MaxLength: &none})}
}

func formatted(format string) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: format}
}

// describeInputs completes parameters and bodies.
func describeInputs(doc *huma.OpenAPI) {
	seen := map[string]bool{}
	for path, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Head, item.Post, item.Patch} {
			if op == nil {
				continue
			}
			for _, p := range op.Parameters {
				describeParameter(path, p)
			}
			if op.RequestBody != nil {
				for _, media := range op.RequestBody.Content {
					describeBody(doc, media.Schema, !op.SkipValidateBody, seen)
				}
			}
		}
	}
	for path, schema := range map[string]string{"/v1/procedures": "A procedure file, as docs/procedures.md tells it.", "/v1/calendars": "A calendar file: code, zone, hours and years, as dossier calendars publish takes it.", "/v1/organisation": "An organisation file, as docs/organisation.md tells it.",
		"/v1/procedures/{id}/facts": "What was filled in: a member for each form of the procedure."} {
		doc.Paths[path].Post.RequestBody.Content = map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Type: huma.TypeObject, Description: schema, AdditionalProperties: true}}}
	}
}

func describeParameter(path string, p *huma.Param) {
	if p.Schema == nil {
		return
	}
	own := *p.Schema // huma reads the one it made
	switch {
	case p.Name == "If-Match" && p.Required:
		own = *text(versionPattern, 0)
	case p.Name == "If-Match":
		own = *text(matchPattern, 0)
	case p.Name == "Idempotency-Key":
		own = *text(keyPattern, 255)
	case p.Name == "Last-Event-ID":
		own = *text(numberPattern, 0)
	case p.Name == "purpose":
		own, p.Required = *text(codePattern, 64), true
	case p.Name == "ref":
		own = *text(codePattern, 64)
	case p.Name == "series":
		own = *text(`^[0-9A-Z]{1,16}$`, 16)
	case p.In == "query" && own.Format == "date":
		own = *orEmpty(formatted("date"))
	case p.Name == "since":
		own = *orEmpty(formatted("date-time"), formatted("date"))
	case p.Name == "from" && strings.HasSuffix(path, "/count"):
		own = huma.Schema{AnyOf: []*huma.Schema{formatted("date-time"), formatted("date"), text(momentPattern, 0)}, Examples: own.Examples}
	case p.Name == "at" || p.Name == "known_at":
		own = *orEmpty(formatted("date-time"), formatted("date"), text(momentPattern, 0))
	case p.In == "path" && p.Name == "id" && (strings.HasPrefix(path, "/v1/files/") || strings.HasSuffix(path, "/files") || path == "/v1/dossiers/{id}/signatures"), p.Name == "reference":
		own = *formatted("uuid")
	case p.Name == "outcome" && strings.HasPrefix(path, "/v1/bulk/"):
		own = huma.Schema{Type: huma.TypeString, Enum: []any{""}}
		for _, o := range batch.Outcomes() {
			own.Enum = append(own.Enum, string(o))
		}
	case p.In == "path" && own.Type == huma.TypeInteger:
		one := float64(1)
		own.Minimum = &one
	}
	own.Description = p.Schema.Description
	p.Schema = &own
}

// describeBody says of a body and all in it that it is read strictly: no further members, no amounts beyond what is kept. To huma, null is as if a member were absent.
func describeBody(doc *huma.OpenAPI, s *huma.Schema, absent bool, seen map[string]bool) {
	if s == nil {
		return
	}
	if s.Ref != "" {
		name := strings.TrimPrefix(s.Ref, "#/components/schemas/")
		if seen[name] || slices.Contains(dossier.CommandNames(), name) {
			return
		}
		seen[name] = true
		s = doc.Components.Schemas.Map()[name]
	}
	if s.Type == huma.TypeArray {
		s.Nullable = false
		describeBody(doc, s.Items, absent, seen)
	}
	if s.Type != huma.TypeObject || len(s.Properties) == 0 {
		return
	}
	s.AdditionalProperties = false
	for name, member := range s.Properties {
		describeMember(name, member)
		describeBody(doc, member, absent, seen)
	}
	s.PrecomputeMessages()
	for name, member := range s.Properties { // after what huma looks at
		if pattern, known := patterns[name]; known && member.Type == huma.TypeString && member.Pattern == "" && len(member.Enum) == 0 && fits(member.Examples, pattern) {
			member.Pattern = pattern
		}
		if (name == "procedures" || name == "refs") && member.Items != nil {
			member.Items.Pattern = codePattern
		}
	}
	if absent {
		nullable(s)
	}
}

// patterns are those of members of bodies, by name.
var patterns = map[string]string{
	"purpose": codePattern, "reason": codePattern, "to": codePattern, "component": codePattern, "basis": codePattern, "decision": `^[A-Za-z0-9][A-Za-z0-9._:/-]*$`,
	"name": `\S`, "sha256": digestPattern, "subject": `\S`,
}

// fits says whether examples are such texts: a basis is a code here, and the number of a document there.
func fits(examples []any, pattern string) bool {
	is := regexp.MustCompile(pattern)
	return !slices.ContainsFunc(examples, func(e any) bool {
		text, written := e.(string)
		return written && !is.MatchString(text)
	})
}

func describeMember(name string, s *huma.Schema) {
	switch {
	case name == "amount" || name == "counted" || name == "float":
		most := float64(money.Most)
		s.Maximum = &most
	case name == "dossier":
		s.Format = "uuid"
	case name == "reason" && slices.Contains(s.Examples, any("wrong_content")):
		for _, v := range dossier.Values("undo_reason") {
			s.Enum = append(s.Enum, v)
		}
	case name == "status" && s.Items != nil:
		for _, v := range dossier.Statuses() {
			s.Items.Enum = append(s.Items.Enum, string(v))
		}
	case name == "arguments":
		s.Type, s.AdditionalProperties = huma.TypeObject, true
	case name == "command":
		for _, c := range handlers.BulkCommands() {
			s.Enum = append(s.Enum, c)
		}
	case s.Type == huma.TypeBoolean:
		s.Nullable = false
	}
}

// typed says whether huma reads the body of an input, and so may check it.
func typed[I any]() bool {
	_, has := reflect.TypeFor[I]().FieldByName("Body")
	return has
}

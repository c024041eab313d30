package api

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"

	"dossier/handlers"
	"dossier/handlers/identity"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed docs.html
var docsPage string

//go:embed docs.css
var docsStyle []byte

// publish serves what describes the API: the OpenAPI document, a page that reads it aloud, and a schema for each event type.
func (s *server) publish() {
	doc := s.api.OpenAPI()
	describe(doc)
	s.paths = documentedPaths(doc)
	spec, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		panic(err) // of types that stand in this package: any test would meet it
	}
	s.spec, s.schemas = append(spec, '\n'), eventSchemas()
	page := s.page(doc)
	s.mux.HandleFunc("GET /openapi.json", serve("application/openapi+json", s.spec, ""))
	s.mux.HandleFunc("GET /docs", serve("text/html; charset=utf-8", page, "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"))
	s.mux.HandleFunc("GET /docs/docs.css", serve("text/css; charset=utf-8", docsStyle, ""))
	s.mux.HandleFunc("GET /schemas/{type}", s.schema)
	s.mux.HandleFunc("GET /schemas/{$}", s.schemaList)
}

func serve(contentType string, body []byte, csp string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", contentType)
		h.Set("Cache-Control", "no-cache")
		if csp != "" {
			h.Set("Content-Security-Policy", csp)
		}
		w.Write(body)
	}
}

func (s *server) schemaList(w http.ResponseWriter, r *http.Request) {
	names := make([]string, 0, len(s.schemas))
	for name := range s.schemas {
		names = append(names, "/schemas/"+name)
	}
	slices.Sort(names)
	answerJSON(w, http.StatusOK, map[string][]string{"schemas": names})
}

// chapter is a subject as the page shows it.
type chapter struct {
	subject
	Routes []route
}

// route is one operation as the page shows it.
type route struct {
	ID, Method, Path, VI, EN string
	Params                   []param
	Body                     []param
	Answer                   []param // members of the JSON of an answer that went well
	Answers                  []answerOf
}

type answerOf struct{ Status, Means string }

type param struct {
	Name, In, Type, Doc string
	Required            bool
}

// page renders the document once: it never changes while the program runs.
func (s *server) page(doc *huma.OpenAPI) []byte {
	chapters := make([]chapter, len(subjects))
	for i, about := range subjects {
		chapters[i].subject = about
		for _, path := range slices.Sorted(keys(doc.Paths)) {
			for _, op := range operationsOf(doc.Paths[path]) {
				if slices.Contains(op.Tags, about.tag) {
					chapters[i].Routes = append(chapters[i].Routes, describeRoute(doc, path, op))
				}
			}
		}
	}
	var b bytes.Buffer
	t := template.Must(template.New("docs").Parse(docsPage))
	if err := t.Execute(&b, map[string]any{
		"Chapters": chapters, "Version": s.Version, "Description": doc.Info.Description, "Schemas": slices.Sorted(keys(s.schemas)), "Accounts": s.accounts(),
	}); err != nil {
		panic(err) // of a template that stands in this package
	}
	return b.Bytes()
}

// accounts lists the demo logins when the development login is in use.
func (s *server) accounts() []handlers.Account {
	ways, several := s.Auth.(identity.Any)
	if !several {
		ways = identity.Any{s.Auth}
	}
	for _, way := range ways {
		if dev, ok := way.(*handlers.DevLogin); ok {
			return dev.Accounts()
		}
	}
	return nil
}

func describeRoute(doc *huma.OpenAPI, path string, op *huma.Operation) route {
	r := route{ID: op.OperationID, Method: op.Method, Path: path}
	r.EN, r.VI, _ = strings.Cut(op.Summary, " / ")
	for _, p := range op.Parameters {
		r.Params = append(r.Params, param{p.Name, p.In, typeName(doc, p.Schema), p.Description, p.Required})
	}
	if op.RequestBody != nil {
		for _, m := range op.RequestBody.Content {
			r.Body = members(doc, m.Schema)
		}
	}
	for _, status := range slices.Sorted(keys(op.Responses)) {
		if means := op.Responses[status].Description; status != "default" && means != "" {
			types := slices.Sorted(keys(op.Responses[status].Content))
			if status < "400" && len(types) > 0 {
				means += ": " + strings.Join(types, ", ")
			}
			if body := op.Responses[status].Content["application/json"]; status < "300" && body != nil && body.Schema != nil {
				r.Answer = members(doc, body.Schema)
			}
			r.Answers = append(r.Answers, answerOf{status, means})
		}
	}
	return r
}

func members(doc *huma.OpenAPI, s *huma.Schema) []param {
	s = resolve(doc, s)
	var list []param
	for _, name := range slices.Sorted(keys(s.Properties)) {
		list = append(list, param{name, "body", typeName(doc, s.Properties[name]), s.Properties[name].Description, slices.Contains(s.Required, name)})
	}
	slices.SortStableFunc(list, func(a, b param) int { return int(truth(b.Required) - truth(a.Required)) })
	return list
}

func resolve(doc *huma.OpenAPI, s *huma.Schema) *huma.Schema {
	if s.Ref != "" {
		return doc.Components.Schemas.Map()[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
	}
	return s
}

// typeName says in a word or two what a value is.
func typeName(doc *huma.OpenAPI, s *huma.Schema) string {
	s = resolve(doc, s)
	switch {
	case len(s.Enum) > 0:
		values := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			values[i], _ = v.(string)
		}
		return strings.Join(values, " | ")
	case s.Type == huma.TypeArray && s.Items != nil:
		return typeName(doc, s.Items) + " []"
	case s.Format != "":
		return s.Format
	case s.Pattern != "":
		return s.Pattern
	}
	return s.Type
}

func keys[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }

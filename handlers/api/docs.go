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

	"github.com/danielgtaylor/huma/v2"
)

//go:embed docs.html
var docsPage string

//go:embed docs.css
var docsStyle []byte

// publish serves what describes the API: the OpenAPI document, a page that reads it aloud, and a schema for each event type.
func (s *server) publish() {
	doc := s.api.OpenAPI()
	for _, unused := range []string{"ErrorModel", "ErrorDetail"} { // huma's own errors never leave: problems.go
		delete(doc.Components.Schemas.Map(), unused)
	}
	s.describeStreams(doc)
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

// describeStreams says what huma cannot see: the bodies of routes that write their answer themselves.
func (s *server) describeStreams(doc *huma.OpenAPI) {
	entry := huma.SchemaFromType(doc.Components.Schemas, typeOf[historyEntry]())
	history := huma.SchemaFromType(doc.Components.Schemas, typeOf[historyBody]())
	event := &huma.Schema{Type: huma.TypeObject, Description: "A CloudEvent 1.0; its data follows /schemas/{type}.",
		AdditionalProperties: true, Properties: map[string]*huma.Schema{}}
	for _, name := range []string{"specversion", "id", "source", "type", "subject", "time", "dataschema", "sequence", "position", "lane", "prevposition", "recordedtime", "generation"} {
		event.Properties[name] = &huma.Schema{Type: huma.TypeString}
		event.Required = append(event.Required, name)
	}
	event.Properties["data"] = &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
	doc.Components.Schemas.Map()["CloudEvent"] = event
	one := &huma.Schema{Ref: "#/components/schemas/CloudEvent"}
	answers(doc, "/v1/dossiers/{id}/history", map[string]*huma.Schema{"application/json": history, ndjson: entry})
	answers(doc, "/v1/events", map[string]*huma.Schema{batch: {Type: huma.TypeArray, Items: one}, ndjson: one})
	answers(doc, "/v1/events/stream", map[string]*huma.Schema{"text/event-stream": one})
}

func answers(doc *huma.OpenAPI, path string, bodies map[string]*huma.Schema) {
	content := map[string]*huma.MediaType{}
	for mediaType, schema := range bodies {
		content[mediaType] = &huma.MediaType{Schema: schema}
	}
	doc.Paths[path].Get.Responses["200"] = &huma.Response{Description: http.StatusText(http.StatusOK), Content: content}
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

// route is one operation as the page shows it.
type route struct {
	ID, Method, Path, Summary string
	Params                    []param
	Body                      []param
	Answers                   []string
}

type param struct {
	Name, In, Type, Doc string
	Required            bool
}

// page renders the document once: it never changes while the program runs.
func (s *server) page(doc *huma.OpenAPI) []byte {
	var routes []route
	for _, path := range slices.Sorted(keys(doc.Paths)) {
		item := doc.Paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Post} {
			if op != nil {
				routes = append(routes, describeRoute(doc, path, op))
			}
		}
	}
	var b bytes.Buffer
	t := template.Must(template.New("docs").Parse(docsPage))
	if err := t.Execute(&b, map[string]any{
		"Routes": routes, "Version": s.Version, "Description": doc.Info.Description, "Schemas": slices.Sorted(keys(s.schemas)), "Accounts": s.accounts(),
	}); err != nil {
		panic(err) // of a template that stands in this package
	}
	return b.Bytes()
}

// accounts lists the demo logins when the development login is in use.
func (s *server) accounts() []handlers.Account {
	if dev, ok := s.Auth.(*handlers.DevLogin); ok {
		return dev.Accounts()
	}
	return nil
}

func describeRoute(doc *huma.OpenAPI, path string, op *huma.Operation) route {
	r := route{ID: op.OperationID, Method: op.Method, Path: path, Summary: op.Summary}
	for _, p := range op.Parameters {
		r.Params = append(r.Params, param{p.Name, p.In, typeName(doc, p.Schema), p.Description, p.Required})
	}
	if op.RequestBody != nil {
		for _, m := range op.RequestBody.Content {
			r.Body = members(doc, m.Schema)
		}
	}
	for _, status := range slices.Sorted(keys(op.Responses)) {
		for _, mediaType := range slices.Sorted(keys(op.Responses[status].Content)) {
			r.Answers = append(r.Answers, status+" "+mediaType)
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

package api

import (
	"net/http"
	"reflect"

	"dossier/domain/dossier"
	"dossier/handlers"

	"github.com/danielgtaylor/huma/v2"
)

// describe says in the OpenAPI document what huma cannot see: routes and bodies that it does not write, and closed lists.
func describe(doc *huma.OpenAPI) {
	for _, unused := range []string{"ErrorModel", "ErrorDetail"} { // huma's own errors never leave: problems.go
		delete(doc.Components.Schemas.Map(), unused)
	}
	describeFeeds(doc)
	describeInputs(doc)
	describeLists(doc)
	for _, r := range []struct{ path, id, summary, body string }{
		{"/livez", "livez", "The process lives", "application/json"},
		{"/readyz", "readyz", "Each thing that must hold before traffic is sent here: 200 green, 503 red", "application/json"},
		{"/metrics", "metrics", "Figures for Prometheus", "text/plain"},
		{"/version", "version", "What program this is", "application/json"},
		{"/schemas/{type}", "event-schema", "JSON Schema of an event type's data", "application/schema+json"},
	} {
		describePublic(doc, r.path, r.id, r.summary, r.body)
	}
	describeAnswers(doc)
	describeSubjects(doc)
}

// describeAnswers adds the statuses that only some operations have.
func describeAnswers(doc *huma.OpenAPI) {
	problem := doc.Paths["/v1/dossiers"].Get.Responses["default"]
	doc.Paths["/v1/dossiers/{id}"].Get.Responses["304"] = &huma.Response{Description: "Nothing changed since the ETag in If-None-Match"}
	doc.Paths["/v1/persons/{ref}"].Get.Responses["410"] = &huma.Response{Description: "Erased: who decided it and when", Content: doc.Paths["/v1/persons/{ref}"].Get.Responses["200"].Content}
	doc.Paths["/schemas/{type}"].Get.Responses["404"] = problem
	doc.Paths["/readyz"].Get.Responses["503"] = &huma.Response{Description: "Red", Content: doc.Paths["/readyz"].Get.Responses["200"].Content}
	version := doc.Components.Schemas.Map()["ProcedureOutputBody"].Properties
	version["version"] = &huma.Schema{Description: version["version"].Description, AnyOf: []*huma.Schema{version["version"], {Type: "null"}}}
}

// describePublic adds a route that needs no login.
func describePublic(doc *huma.OpenAPI, path, id, summary, mediaType string) {
	op := &huma.Operation{
		Method: http.MethodGet, Path: path, OperationID: id, Summary: summary, Security: []map[string][]string{},
		Responses: map[string]*huma.Response{
			"200":     {Description: http.StatusText(http.StatusOK), Content: map[string]*huma.MediaType{mediaType: {}}},
			"default": {Description: "A problem (RFC 9457)"},
		},
	}
	if path == "/schemas/{type}" {
		op.Parameters = []*huma.Param{{Name: "type", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}, Example: "dossier.accepted.v1"}}
	}
	doc.AddOperation(op)
}

func describeFeeds(doc *huma.OpenAPI) {
	event := &huma.Schema{Type: huma.TypeObject, Description: "A CloudEvent 1.0, the same as in Kafka; its data follows /schemas/{type}.",
		AdditionalProperties: true, Properties: map[string]*huma.Schema{}}
	for _, name := range []string{"specversion", "id", "source", "type", "subject", "time", "dataschema", "sequence", "position", "lane", "prevposition", "recordedtime", "generation"} {
		event.Properties[name] = &huma.Schema{Type: huma.TypeString}
		event.Required = append(event.Required, name)
	}
	event.Properties["data"] = &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
	doc.Components.Schemas.Map()["CloudEvent"] = event
	one := &huma.Schema{Ref: "#/components/schemas/CloudEvent"}
	entry := doc.Components.Schemas.Schema(typeOf[historyEntry](), true, "")
	history := doc.Components.Schemas.Schema(typeOf[historyBody](), true, "")
	answers(doc, "/v1/dossiers/{id}/history", map[string]*huma.Schema{"application/json": history, ndjson: entry})
	for _, l := range []struct {
		path       string
		page, line any
	}{
		{"/v1/dossiers", listBody{}, dossierBody{}}, {"/v1/results", resultsBody{}, resultLine{}}, {"/v1/access", handlers.AccessPage{}, handlers.AccessEntry{}},
		{"/v1/bulk/{id}/items", handlers.BulkItems{}, handlers.BulkItem{}},
	} {
		schema := func(v any) *huma.Schema { return doc.Components.Schemas.Schema(reflect.TypeOf(v), true, "") }
		answers(doc, l.path, map[string]*huma.Schema{"application/json": schema(l.page), ndjson: schema(l.line)})
		doc.Paths[l.path].Get.Responses["200"].Headers = map[string]*huma.Param{
			"Link": {Schema: &huma.Schema{Type: huma.TypeString}, Description: "rel=next, where there is a page after this one."}}
	}
	answers(doc, "/v1/events", map[string]*huma.Schema{severalEvents: {Type: huma.TypeArray, Items: one}, ndjson: one})
	answers(doc, "/v1/events/stream", map[string]*huma.Schema{"text/event-stream": {Type: huma.TypeObject, Required: []string{"id", "event", "data"}, Properties: map[string]*huma.Schema{
		"id": {Type: huma.TypeString, Description: "Position of the event."}, "event": {Type: huma.TypeString, Description: "Its type."},
		"data": {Type: huma.TypeString, Description: "A CloudEvent as JSON.", Extensions: map[string]any{"contentMediaType": "application/json", "contentSchema": one}},
	}}})
}

func answers(doc *huma.OpenAPI, path string, bodies map[string]*huma.Schema) {
	content := map[string]*huma.MediaType{}
	for mediaType, schema := range bodies {
		content[mediaType] = &huma.MediaType{Schema: schema}
	}
	doc.Paths[path].Get.Responses["200"] = &huma.Response{Description: http.StatusText(http.StatusOK), Content: content}
}

// describeLists names the values of the members that hold one of a closed list.
func describeLists(doc *huma.OpenAPI) {
	var statuses []any
	for _, s := range dossier.Statuses() {
		statuses = append(statuses, string(s))
	}
	lists := map[string][]any{"status": statuses}
	for _, kind := range []string{"channel", "outcome", "proposal", "stage", "verdict", "refusal_reason"} {
		for _, v := range dossier.Values(kind) {
			lists[kind] = append(lists[kind], v)
		}
	}
	for _, name := range []string{"Receipt", "DossierBody", "HistoryEntry", "Supplement", "Opinion"} {
		schema := doc.Components.Schemas.Map()[name]
		for member, values := range lists {
			if p := schema.Properties[member]; p != nil && p.Type == huma.TypeString {
				p.Enum = values
			}
		}
		if id := schema.Properties["id"]; id != nil {
			id.Format = "uuid"
		}
	}
}

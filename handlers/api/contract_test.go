package api_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"dossier/domain/calendar"
	"dossier/domain/procedure"
)

// contract is a set of published schemas that answers are held to.
type contract struct {
	t        *testing.T
	compiler *jsonschema.Compiler
}

func newContract(t *testing.T) *contract { return &contract{t, jsonschema.NewCompiler()} }

func (c *contract) publish(name string, raw []byte) {
	c.t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err == nil {
		err = c.compiler.AddResource(name, doc)
	}
	if err != nil {
		c.t.Fatalf("read schema %s: %v", name, err)
	}
}

// holds fails the test when a value is not what the schema says.
func (c *contract) holds(schema string, raw []byte) {
	c.t.Helper()
	compiled, err := c.compiler.Compile(schema)
	if err != nil {
		c.t.Fatalf("compile %s: %v", schema, err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err == nil {
		err = compiled.Validate(value)
	}
	if err != nil {
		c.t.Errorf("%s: %v\n%s", schema, err, raw)
	}
}

func TestAnswersAreWhatTheOpenAPIDocumentSays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := newContract(t)
	c.publish("openapi.json", h.get("", "/openapi.json").is(200).body)
	body := func(name string) string { return "openapi.json#/components/schemas/" + name }

	r := h.appraised()
	c.holds(body("DossierBody"), h.get("auditor", "/v1/dossiers/"+r.ID+"?"+h.seen(r)).is(200).body)
	c.holds(body("DossierBody"), h.get("auditor", "/v1/dossiers/"+r.ID+"?version=1").is(200).body)
	c.holds(body("ListBody"), h.get("auditor", "/v1/dossiers").is(200).body)
	c.holds(body("ListBody"), h.get("auditor", "/v1/dossiers?status=returned").is(200).body)
	c.holds(body("HistoryBody"), h.get("auditor", "/v1/dossiers/"+r.ID+"/history").is(200).body)
	c.holds(body("ProceduresOutputBody"), h.get("auditor", "/v1/procedures").is(200).body)
	c.holds(body("Receipt"), h.post("applicant-1", "/v1/dossiers", filing).is(201).body)
	c.holds(body("ProblemBody"), h.get("auditor", "/v1/dossiers/"+uuid.NewString()).is(404).body)
	c.holds(body("ProblemBody"), h.post("approver", "/v1/dossiers/"+r.ID+"/approve", `{"outcome":"grant"}`, `If-Match: "1"`).is(412).body)
	c.holds(body("ProblemBody"), h.get("auditor", "/v1/dossiers?limit=x").is(422).body)
	c.holds(body("submit"), []byte(filing))
	var events []json.RawMessage
	h.get("auditor", "/v1/events").is(200).into(&events)
	for _, e := range events {
		c.holds(body("CloudEvent"), e)
	}
}

func TestEventsFollowTheirPublishedSchemas(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.submitted().ID
	h.done("reception", id, "request-supplement", `{"items":["tp-1","tp-2"],"reason":"missing"}`)
	h.done("applicant-1", id, "submit-supplement", "")
	h.publish(string(calendar.Shipped()["vn"]))
	h.done("reception", id, "accept", "")
	h.appraised()
	h.post("catalogue", "/v1/procedures", string(procedure.Shipped()["cites-breeding-code-app23"])).is(200)
	h.post("catalogue", "/v1/procedures/cites-breeding-code-app23/switch", `{"unit": "one-stop", "open": true, "reason": "pilot", "basis": "13/QĐ"}`).is(200)
	h.post("catalogue", "/v1/procedures/cites-breeding-code-app23/switch", `{"unit": "one-stop", "open": false, "reason": "pilot_ended", "basis": "14/QĐ"}`).is(200)
	c := newContract(t)
	seen := map[string]bool{}
	var events []struct {
		Type, DataSchema string
		Data             json.RawMessage
	}
	h.get("auditor", "/v1/events?limit=100").is(200).into(&events)
	for _, e := range events {
		if e.DataSchema != "/schemas/"+e.Type {
			t.Errorf("%s names schema %s", e.Type, e.DataSchema)
		}
		name := strings.TrimPrefix(e.DataSchema, "/schemas/") + ".json"
		if !seen[e.Type] {
			seen[e.Type] = true
			schema := h.get("", e.DataSchema).is(200).body
			c.publish(name, bytes.Replace(schema, []byte(`"$id": "/schemas/`+e.Type+`",`), nil, 1))
		}
		c.holds(name, e.Data)
	}
	if len(seen) < 12 {
		t.Errorf("only %d types were looked at", len(seen))
	}
}

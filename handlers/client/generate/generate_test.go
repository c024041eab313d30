package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

func TestTheClientIsThatOfTheDocument(t *testing.T) {
	raw, err := os.ReadFile("../../api/testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	want, err := Generate(raw)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../client_gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("handlers/client/client_gen.go is not what the document gives: make client")
	}
	if n := bytes.Count(got, []byte("\n")); n > 6000 {
		t.Errorf("the client has %d lines: small is meant", n)
	}
}

const small = `{"paths": {"/v1/trees/{id}": {
	"get": {"operationId": "get-tree", "summary": "One tree.", "parameters": [
		{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}},
		{"name": "from", "in": "query", "required": true, "schema": {"type": "integer"}}],
		"responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Tree"}}}}}},
	"post": {"operationId": "fell", "parameters": [{"name": "id", "in": "path", "schema": {"type": "string"}}, {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string"}}],
		"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/fell"}}}}, "responses": {"204": {}}}}},
	"components": {"schemas": {
		"Tree": {"type": "object", "required": ["id", "age"], "properties": {"id": {"type": "string"}, "above": {"$ref": "#/components/schemas/Tree"}, "kind": {"type": "string", "enum": ["oak", "ash"]},
			"age": {"type": ["integer", "null"]}, "extra": {}, "rings": {"type": ["array", "null"], "items": {"type": "object", "properties": {"year": {"type": "integer"}}}}, "by": {"type": "object", "additionalProperties": {"type": "number"}}}},
		"fell": {"type": "object", "properties": {"at": {"type": "string", "format": "date-time"}, "what": {"oneOf": [{"type": "string"}, {"type": "integer"}]}}}}}}`

func TestEachKindOfSchemaHasItsTypeOfGo(t *testing.T) {
	got, err := Generate([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	flat := strings.Join(strings.Fields(string(got)), " ")
	for _, want := range []string{
		"func (c *Client) GetTree(ctx context.Context, id string, p GetTreeParams) (*Answer[Tree], error)",
		"func (c *Client) Fell(ctx context.Context, id string, p Once, body FellCommand) (*Answer[Nothing], error)",
		"From int64 `query:\"from\" required:\"true\"`",
		"Above *Tree `json:\"above,omitzero\"`", "ID string `json:\"id\"`", "Age *int64 `json:\"age\"`", "Extra json.RawMessage", "Rings []TreeRings", "By map[string]float64",
		"// One of: oak, ash.", "At time.Time `json:\"at,omitzero\"`", "What json.RawMessage",
	} {
		if !strings.Contains(flat, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

func TestWhatCannotBeAClientIsToldByName(t *testing.T) {
	for change, want := range map[[2]string]string{
		{`"operationId": "get-tree"`, `"operationId": "fell"`}:                        "would both be method Fell",
		{`"operationId": "get-tree"`, `"operationId": ""`}:                            "has no operationId",
		{`"$ref": "#/components/schemas/fell"`, `"$ref": "#/components/schemas/sow"`}: "leads nowhere",
		{`"schemas": {`, `"schemas": {"Client": {"type": "object"}, `}:                "the client itself",
	} {
		doc := strings.Replace(small, change[0], change[1], 1)
		if _, err := Generate([]byte(doc)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", change[1], err, want)
		}
	}
}

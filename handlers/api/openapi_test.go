package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"dossier/domain/dossier"
	"dossier/handlers"
	"dossier/handlers/api"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata/openapi.json anew")

func httptestServer(t *testing.T, d api.Deps) string {
	t.Helper()
	server := httptest.NewServer(api.New(d))
	t.Cleanup(server.Close)
	return server.URL
}

func document(t *testing.T) []byte {
	t.Helper()
	w := httptest.NewRecorder()
	api.New(api.Deps{Auth: handlers.Nobody{}, Version: "frozen"}).ServeHTTP(w, httptest.NewRequest("GET", "/openapi.json", nil))
	return w.Body.Bytes()
}

// A change here changes what other people's programs were made from: review it, then run with -update.
func TestTheOpenAPIDocumentChangesOnlyOnPurpose(t *testing.T) {
	t.Parallel()
	got := document(t)
	const file = "testdata/openapi.json"
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the document differs from %s; if that is meant: go test ./handlers/api -run OpenAPI -update\n%s",
			file, cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")))
	}
}

// TestTheOpenAPIDocumentIsWhole checks what a reader needs: every reference leads somewhere, every operation has a name of its
// own, a summary, an answer and a problem, every path parameter is declared.
func TestTheOpenAPIDocumentIsWhole(t *testing.T) {
	t.Parallel()
	var doc struct {
		OpenAPI    string
		Paths      map[string]map[string]operation
		Components struct{ Schemas map[string]any }
	}
	raw := document(t)
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("version %s", doc.OpenAPI)
	}
	names := map[string]bool{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			op.check(t, method+" "+path, path)
			if names[op.OperationID] {
				t.Errorf("two operations are called %s", op.OperationID)
			}
			names[op.OperationID] = true
		}
	}
	for _, ref := range references(t, raw) {
		if _, ok := doc.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")]; !ok {
			t.Errorf("%s leads nowhere", ref)
		}
	}
	for _, command := range dossier.CommandNames() {
		_, own := doc.Paths["/v1/dossiers/{id}/"+command]
		if wants := command != "submit" && command != "record-deadline" && command != "record-outcome"; own != wants {
			t.Errorf("command %s has an operation of its own: %v", command, own)
		}
	}
}

type operation struct {
	OperationID string
	Summary     string
	Parameters  []struct{ Name, In string }
	Responses   map[string]any
}

func (op operation) check(t *testing.T, name, path string) {
	t.Helper()
	if op.OperationID == "" || op.Summary == "" {
		t.Errorf("%s has no name or summary", name)
	}
	if _, ok := op.Responses["default"]; !ok || len(op.Responses) < 2 {
		t.Errorf("%s documents %v", name, op.Responses)
	}
	if strings.Contains(path, "{id}") && (len(op.Parameters) == 0 || op.Parameters[0].Name != "id" || op.Parameters[0].In != "path") {
		t.Errorf("%s does not declare its id", name)
	}
}

// references are the values of all $ref.
func references(t *testing.T, raw []byte) (refs []string) {
	t.Helper()
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, inner := range v {
				if ref, ok := inner.(string); ok && name == "$ref" {
					refs = append(refs, ref)
				}
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	var doc any
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	walk(doc)
	return refs
}

// routesOf lists the operations of the document: "GET /v1/dossiers".
func routesOf(t *testing.T) (routes []string) {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]any
	}
	if err := json.Unmarshal(document(t), &doc); err != nil {
		t.Fatal(err)
	}
	for path, operations := range doc.Paths {
		for method := range operations {
			routes = append(routes, strings.ToUpper(method)+" "+path)
		}
	}
	return routes
}

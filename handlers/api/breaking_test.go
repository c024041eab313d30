package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var release = flag.Bool("release", false, "write testdata/released.json anew: what callers rely on from now on")

// released is the document that other people's programs were made from.
const released = "testdata/released.json"

// broken is what in a document would break programs made from another one; empty: nothing.
func broken(t *testing.T, before, after string) string {
	t.Helper()
	run := exec.CommandContext(t.Context(), "go", "tool", "-modfile=../../internal/apidiff/go.mod", "oasdiff", "breaking", "--color", "never", "--fail-on", "ERR", before, after)
	var told, talk bytes.Buffer
	run.Stdout, run.Stderr = &told, &talk
	err := run.Run()
	if exit, failed := err.(*exec.ExitError); failed && exit.ExitCode() == 1 {
		return told.String()
	}
	if err != nil {
		t.Fatalf("oasdiff: %v\n%s", err, talk.String())
	}
	return ""
}

// What callers rely on is only added to. A break that is meant needs a new version of the route beside the old one; before the first
// release: go test ./handlers/api -run TakenAway -release, and a line in CHANGELOG.
func TestNothingThatCallersRelyOnIsTakenAway(t *testing.T) {
	long(t)
	t.Parallel()
	now := filepath.Join(t.TempDir(), "now.json")
	if err := os.WriteFile(now, document(t), 0o600); err != nil {
		t.Fatal(err)
	}
	if *release {
		if err := os.WriteFile(released, document(t), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if told := broken(t, released, now); told != "" {
		t.Errorf("programs that were made from %s would break:\n%s", released, told)
	}
}

func TestATakenAwayThingIsFound(t *testing.T) {
	long(t)
	t.Parallel()
	for name, change := range map[string]func(doc map[string]any){
		"a route": func(doc map[string]any) { delete(doc["paths"].(map[string]any), "/v1/dossiers/{id}/deadline") },
		"a member of an answer": func(doc map[string]any) {
			schema := doc["components"].(map[string]any)["schemas"].(map[string]any)["Receipt"].(map[string]any)
			delete(schema["properties"].(map[string]any), "position")
			var left []any
			for _, r := range schema["required"].([]any) {
				if r != "position" {
					left = append(left, r)
				}
			}
			schema["required"] = left
		},
		"room in what is sent": func(doc map[string]any) {
			for _, p := range doc["paths"].(map[string]any)["/v1/dossiers"].(map[string]any)["get"].(map[string]any)["parameters"].([]any) {
				if p := p.(map[string]any); p["name"] == "q" {
					p["schema"].(map[string]any)["maxLength"] = 3
				}
			}
		},
		"a parameter nobody had to send": func(doc map[string]any) {
			get := doc["paths"].(map[string]any)["/v1/dossiers"].(map[string]any)["get"].(map[string]any)
			get["parameters"] = append(get["parameters"].([]any), map[string]any{"name": "reason", "in": "query", "required": true, "schema": map[string]any{"type": "string"}})
		},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			var doc map[string]any
			if err := json.Unmarshal(document(t), &doc); err != nil {
				t.Fatal(err)
			}
			change(doc)
			changed, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			before, after := filepath.Join(dir, "before.json"), filepath.Join(dir, "after.json")
			if err := os.WriteFile(before, document(t), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(after, changed, 0o600); err != nil {
				t.Fatal(err)
			}
			if broken(t, before, after) == "" {
				t.Error("nothing is flagged")
			}
		})
	}
}

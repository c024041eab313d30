// Package docs_test holds the documents against the code: the account of features, the import rules, the opening sentences.
package docs_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// row is one line of docs/features.md: a promised sentence, where to see it, the tests that show it, and how far it is.
type row struct {
	line    int
	promise string
	tests   []string // "package/folder.TestName"
	state   string
}

var namedTest = regexp.MustCompile("`([a-z0-9_/]+)\\.((?:Test|Example|Fuzz)[A-Za-z0-9_]*)`")

func readAccount(t *testing.T) []row {
	t.Helper()
	b, err := os.ReadFile("features.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	for i, line := range strings.Split(string(b), "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if !strings.HasPrefix(line, "| ") || len(cells) != 5 || cells[0] == "no." || strings.HasPrefix(cells[0], "--") {
			continue
		}
		r := row{line: i + 1, promise: cells[1], state: strings.TrimSpace(cells[4])}
		for _, m := range namedTest.FindAllStringSubmatch(cells[3], -1) {
			r.tests = append(r.tests, m[1]+"."+m[2])
		}
		rows = append(rows, r)
	}
	return rows
}

func TestTheAccountNamesATestForEveryShownRow(t *testing.T) {
	rows := readAccount(t)
	if len(rows) < 40 {
		t.Fatalf("docs/features.md has %d rows: the table was not understood", len(rows))
	}
	for _, r := range rows {
		switch {
		case r.state == "shown" && len(r.tests) == 0:
			t.Errorf("features.md:%d says shown and names no test: %s", r.line, r.promise)
		case r.state != "shown" && r.state != "not yet" && !strings.HasPrefix(r.state, "partly: "):
			t.Errorf("features.md:%d: state %q is none of shown, partly: …, not yet", r.line, r.state)
		}
		for _, name := range r.tests {
			mustExist(t, r, name)
		}
	}
}

// mustExist looks for the function in the folder's test files.
func mustExist(t *testing.T, r row, name string) {
	t.Helper()
	dir, fn, _ := strings.Cut(name, ".")
	files, _ := filepath.Glob(filepath.Join("..", dir, "*_test.go"))
	for _, f := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range tree.Decls {
			if decl, ok := d.(*ast.FuncDecl); ok && decl.Name.Name == fn {
				return
			}
		}
	}
	t.Errorf("features.md:%d names %s, which is not there", r.line, name)
}

// In `make test` the results of the whole run are at hand: a named test that was skipped, failed or did not run is a broken promise.
func TestTheAccountHoldsInThisRun(t *testing.T) {
	file := os.Getenv("DOSSIER_TEST_RESULTS")
	if file == "" {
		return // `make test` runs this package a second time with the results
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var results map[string]string
	if err := json.Unmarshal(b, &results); err != nil {
		t.Fatal(err)
	}
	for _, r := range readAccount(t) {
		for _, name := range r.tests {
			if got := results["dossier/"+name]; got != "pass" {
				t.Errorf("features.md:%d rests on %s, which in this run was %q", r.line, name, got)
			}
		}
	}
}

// Package docs_test holds the documents against the code: the account of features, the import rules, the opening sentences.
package docs_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// row is one line of docs/features.md: a promised sentence, where to see it, the tests that show it, and how far it is.
type row struct {
	line    int
	promise string
	tests   []named
	state   string
}

// named is a test that a row rests on, and the target of the Makefile that runs it.
type named struct{ target, folder, test string } // the test as go test prints it, "TestParent/sub_test"

func (n named) String() string { return "make " + n.target + ": " + n.folder + "." + n.test }

var (
	quoted  = regexp.MustCompile("`[^`]*`")
	notated = regexp.MustCompile("^`(?:make ([a-z-]+): )?([a-z0-9_/]+)\\.((?:Test|Example|Fuzz)[A-Za-z0-9_]*)((?:/[^ ]+)(?: /[^ ]+)*)?`$")
)

// readAccount reads the table. What it does not understand is wrong: a test that nobody looks for would be a promise for nothing.
func readAccount(text string) (rows []row, wrong []string) {
	for i, line := range strings.Split(text, "\n") {
		cells := strings.Split(strings.ReplaceAll(line, `\|`, "/"), "|")
		switch {
		case !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "| no. ") || strings.HasPrefix(line, "|--"):
			continue
		case len(cells) != 5+2: // before the first bar and after the last
			wrong = append(wrong, fmt.Sprintf("features.md:%d has %d cells, not 5", i+1, len(cells)-2))
			continue
		}
		r := row{line: i + 1, promise: cells[2], state: strings.TrimSpace(cells[5])}
		for _, q := range quoted.FindAllString(cells[4], -1) {
			m := notated.FindStringSubmatch(q)
			if m == nil {
				wrong = append(wrong, fmt.Sprintf("features.md:%d: %s does not name a test", r.line, q))
				continue
			}
			if m[1] == "" {
				m[1] = "test"
			}
			for _, subtest := range subtests(m[4]) {
				r.tests = append(r.tests, named{m[1], m[2], m[3] + subtest})
			}
		}
		switch unquoted := quoted.ReplaceAllString(cells[4], ""); {
		case strings.ContainsAny(unquoted, "`.:"):
			wrong = append(wrong, fmt.Sprintf("features.md:%d: %s stands outside the quotes", r.line, strings.TrimSpace(unquoted)))
		case r.state == "shown" && len(r.tests) == 0:
			wrong = append(wrong, fmt.Sprintf("features.md:%d says shown and names no test: %s", r.line, r.promise))
		case r.state != "shown" && r.state != "not yet" && !strings.HasPrefix(r.state, "partly: ") && !strings.HasPrefix(r.state, "not yet: "):
			wrong = append(wrong, fmt.Sprintf("features.md:%d: state %q is none of shown, partly: …, not yet", r.line, r.state))
		}
		rows = append(rows, r)
	}
	return rows, wrong
}

// subtests are those of "/one /another", or "" for the whole test.
func subtests(listed string) []string {
	if listed == "" {
		return []string{""}
	}
	return strings.Fields(listed)
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile("../" + file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// account is the one of this repository.
func account(t *testing.T) []row {
	t.Helper()
	rows, wrong := readAccount(read(t, "docs/features.md"))
	for _, w := range wrong {
		t.Error(w)
	}
	if len(rows) < 40 {
		t.Fatalf("docs/features.md has %d rows: the table was not understood", len(rows))
	}
	return rows
}

func TestTheAccountNamesATestForEveryShownRow(t *testing.T) {
	makefile, sources := read(t, "Makefile"), map[string]source{}
	for _, r := range account(t) {
		for _, n := range r.tests {
			if _, known := sources[n.folder]; !known {
				sources[n.folder] = readSource(t, "../"+n.folder)
			}
			if !sources[n.folder].has(n.test) {
				t.Errorf("features.md:%d names %s, which is not there", r.line, n)
			}
			if !holdsAccount(makefile, n.target) {
				t.Errorf("features.md:%d names %s, but make %s does not run through internal/gotest %s", r.line, n, n.target, n.target)
			}
		}
	}
}

// holdsAccount says that a target's tests run through the command that holds the account against them.
func holdsAccount(makefile, target string) bool {
	recipe := regexp.MustCompile(`(?m)^` + target + `:.*\n((?:\t.*\n)+)`).FindString(makefile)
	return strings.Contains(recipe, "go run ./internal/gotest "+target+" ")
}

// source is what a folder's code has: tests, and texts that subtests may be called by.
type source map[string]bool

func readSource(t *testing.T, folder string) source {
	t.Helper()
	s := source{}
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil && strings.HasSuffix(file, "_test.go") {
					s[n.Name.Name] = true
				}
			case *ast.BasicLit:
				if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
					s["/"+strings.ReplaceAll(text, " ", "_")] = true
				}
			}
			return true
		})
	}
	return s
}

// has looks for a test's function and, as texts, for the names of its subtests.
func (s source) has(test string) bool {
	names := strings.Split(test, "/")
	found := s[names[0]]
	for _, subtest := range names[1:] {
		found = found && s["/"+subtest]
	}
	return found
}

// In a target that runs through internal/gotest the results of the whole run are at hand: a test named for that target that was
// skipped, failed or did not run is a broken promise.
func TestTheAccountHoldsInThisRun(t *testing.T) {
	file := os.Getenv("DOSSIER_TEST_RESULTS")
	if file == "" {
		return // internal/gotest runs this package a second time with the results
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var run struct {
		Target  string
		Results map[string]string // by "dossier/folder.TestName"
	}
	if err := json.Unmarshal(b, &run); err != nil {
		t.Fatal(err)
	}
	for _, r := range account(t) {
		for _, n := range r.tests {
			if n.target != run.Target {
				continue
			}
			if got := outcome("dossier/"+n.folder+"."+n.test, run.Results); got != "pass" {
				t.Errorf("features.md:%d rests on %s, which in this run was %q", r.line, n, got)
			}
		}
	}
}

// outcome is a test's result, or that of a subtest that did not pass: Go lets a test pass whose subtests were skipped.
func outcome(name string, results map[string]string) string {
	for test, result := range results {
		if result != "pass" && strings.HasPrefix(test, name+"/") {
			return result
		}
	}
	return results[name]
}

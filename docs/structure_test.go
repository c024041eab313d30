package docs_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mayImport is DESIGN's table: what a part may use of ours. A folder stands for everything below it.
var mayImport = map[string][]string{
	"domain":     {"domain"},
	"eventstore": {"eventstore", "domain", "migrations", "internal/telemetry"},
	"projections": {
		"projections", "eventstore", "domain", "migrations", "internal/telemetry",
	},
	"handlers": {
		"handlers", "projections", "eventstore", "domain", "migrations", "internal/telemetry",
	},
	"cmd": {
		"cmd", "handlers", "projections", "eventstore", "domain", "migrations", "internal/telemetry", "internal/config",
		"internal/devstack",
	},
	"migrations":         {"migrations", "internal/telemetry"},
	"migrations/dbtest":  {"migrations", "internal/devstack"},
	"internal":           {},
	"internal/devstack":  {"internal/devstack"},
	"internal/telemetry": {},
}

// knowsWatermill lists who may speak watermill: the relay, the projections' engine, the reactions and the composition root.
var knowsWatermill = []string{"eventstore/relay", "projections", "handlers/reactions", "cmd"}

// onlyForTests lists packages that production code must not import.
var onlyForTests = []string{"migrations/dbtest", "internal/goldentest"}

type imported struct{ file, folder, path string }

func TestImportsOnlyRunDown(t *testing.T) {
	for _, i := range imports(t) {
		own, ours := strings.CutPrefix(i.path, "dossier/")
		isTest := strings.HasSuffix(i.file, "_test.go")
		switch {
		case ours && slices.Contains(onlyForTests, own) && !isTest:
			t.Errorf("%s imports %s, which is for tests only", i.file, own)
		case ours && isTest && (within(own, "internal/devstack") || within(own, "migrations") || within(own, "internal/config") || within(own, "internal/goldentest")):
			// tests may set the stage
		case ours && !allowed(i.folder, own):
			t.Errorf("%s imports %s: imports only run down (CONTRIBUTING.md)", i.file, own)
		case strings.HasPrefix(i.path, "github.com/ThreeDotsLabs/") && !slices.ContainsFunc(knowsWatermill, func(p string) bool { return within(i.folder, p) }):
			t.Errorf("%s imports watermill: only %v may", i.file, knowsWatermill)
		}
	}
}

func TestTheDomainIsPureGo(t *testing.T) {
	for _, i := range imports(t) {
		if !within(i.folder, "domain") || strings.HasSuffix(i.file, "_test.go") {
			continue
		}
		std := !strings.Contains(strings.SplitN(i.path, "/", 2)[0], ".")
		if !std && i.path != "github.com/google/uuid" {
			t.Errorf("%s imports %s: the domain uses the standard library and uuid", i.file, i.path)
		}
		if slices.Contains([]string{"os", "net", "net/http", "database/sql", "math/rand", "math/rand/v2"}, i.path) {
			t.Errorf("%s imports %s: the domain does no input, output or chance", i.file, i.path)
		}
	}
}

func TestEveryPackageOpensWithASentence(t *testing.T) {
	opens := map[string]bool{}
	walkGo(t, func(file, folder string) {
		if strings.HasSuffix(file, "_test.go") {
			return
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		said := tree.Doc != nil && (strings.HasPrefix(tree.Doc.Text(), "Package ") || strings.HasPrefix(tree.Doc.Text(), "Command "))
		opens[folder] = opens[folder] || said
	})
	for folder, ok := range opens {
		if !ok {
			t.Errorf("package %s does not open with a sentence", folder)
		}
	}
}

func allowed(folder, own string) bool {
	best := ""
	for rule := range mayImport {
		if within(folder, rule) && len(rule) > len(best) {
			best = rule
		}
	}
	return slices.ContainsFunc(mayImport[best], func(p string) bool { return within(own, p) })
}

func within(folder, of string) bool { return folder == of || strings.HasPrefix(folder, of+"/") }

func imports(t *testing.T) (all []imported) {
	t.Helper()
	walkGo(t, func(file, folder string) {
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range tree.Imports {
			all = append(all, imported{file, folder, strings.Trim(s.Path.Value, `"`)})
		}
	})
	return all
}

// walkGo visits the product's Go files; bench/ is a module of its own.
func walkGo(t *testing.T, visit func(file, folder string)) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(".."), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (path == "bench" || path == "bin" || strings.HasPrefix(path, ".") && path != "." || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if strings.HasSuffix(path, ".go") && path != "docs" {
			visit(filepath.Join("..", path), filepath.Dir(path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

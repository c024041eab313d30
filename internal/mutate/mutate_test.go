package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// root goes to the root of the repository, where the program runs.
func root(t *testing.T) {
	t.Helper()
	t.Chdir("../..")
}

// A row of the list must name something that is there: lines may move, code that goes takes its row with it.
func TestEveryListedSurvivorIsInTheCode(t *testing.T) {
	root(t)
	listed, err := readList("docs/mutation.md")
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]map[[2]string]bool{}
	for n := range listed {
		if there[n.Package] == nil {
			sites, err := sitesOf(n.Package)
			if err != nil {
				t.Fatal(err)
			}
			there[n.Package] = map[[2]string]bool{}
			for _, s := range sites {
				there[n.Package][[2]string{s.function, s.expression}] = true
			}
		}
		if !there[n.Package][[2]string{n.Function, n.Expression}] {
			t.Errorf("docs/mutation.md lists what is not there: %s", n)
		}
	}
}

func TestAPlaceIsKnownByItsFunctionAndItsExpression(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.go", "package a\n\ntype T[E any] struct{ n int }\n\nfunc (t *T[E]) less(s string) bool {\n\tt.n++\n\treturn t.n <\n\t\t-3 && s+\"x\" != \"\"\n}\n\nvar day = 24 * 60\n")
	t.Chdir(dir)
	sites, err := sitesOf(".")
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[place]site{
		{"a.go", 6, 5}: {"T.less", "t.n++", false}, {"a.go", 7, 13}: {"T.less", "t.n < -3", false}, {"a.go", 8, 3}: {"T.less", "-3", false},
		{"a.go", 8, 10}: {"T.less", `s + "x"`, true}, {"a.go", 8, 15}: {"T.less", `s+"x" != ""`, false}, {"a.go", 11, 14}: {"", "24 * 60", false},
	} {
		if sites[at] != want {
			t.Errorf("%+v: %+v, want %+v", at, sites[at], want)
		}
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

var (
	known   = named{"domain/code", "Pattern.check", "CONDITIONALS_BOUNDARY", "a > 1 || b"}
	unknown = named{"domain/code", "", "ARITHMETIC_BASE", "24 * 60"}
)

func many(n int, status string) (all []mutant) {
	for range n {
		all = append(all, mutant{named{"domain/code", "f", "x", "y"}, status, "f.go", 1})
	}
	return all
}

func TestARunFailsForTooFewKilledAndForSurvivorsThatNobodyExplains(t *testing.T) {
	listed := map[named]int{known: 1}
	for name, c := range map[string]struct {
		mutants []mutant
		want    string
	}{
		"all killed":                    {many(10, "KILLED"), ""},
		"nine of ten, one explained":    {append(many(9, "KILLED"), mutant{known, "LIVED", "f.go", 1}), ""},
		"one by time":                   {append(many(8, "KILLED"), mutant{known, "LIVED", "f.go", 1}, mutant{unknown, "TIMED OUT", "f.go", 1}), ""},
		"eight of nine":                 {append(many(8, "KILLED"), mutant{known, "LIVED", "f.go", 1}), "fewer than 90 %"},
		"one that nobody explains":      {append(many(20, "KILLED"), mutant{unknown, "LIVED", "f.go", 7}), "domain/code/f.go:7: lived and no test fails"},
		"one that no test reaches":      {append(many(20, "KILLED"), mutant{unknown, "NOT COVERED", "f.go", 7}), "domain/code/f.go:7: not covered and no test fails"},
		"two of which one is explained": {append(many(20, "KILLED"), mutant{known, "LIVED", "f.go", 7}, mutant{known, "LIVED", "f.go", 8}), "Pattern.check"},
		"a package without mutants":     {nil, ""},
	} {
		err := judge(c.mutants, listed)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestARowOfTheListIsReadAsItIsPrinted(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "list.md", "# x\n\n| a | b | c | d | e |\n\n## Survivors\n\n| package | function | mutation | expression | why |\n|--|--|--|--|--|\n"+
		known.String()+" equal |\n"+known.String()+" equal too |\n"+unknown.String()+" a constant |\n")
	listed, err := readList(filepath.Join(dir, "list.md"))
	if err != nil || len(listed) != 2 || listed[known] != 2 || listed[unknown] != 1 {
		t.Errorf("%v, %v", listed, err)
	}
	for _, text := range []string{"# no list\n", "# x\n## Survivors\n" + known.String() + " |\n", "# x\n## Survivors\n| a | b |\n"} {
		write(t, dir, "list.md", text)
		if listed, err := readList(filepath.Join(dir, "list.md")); err == nil {
			t.Errorf("%q is read as %v", text, listed)
		}
	}
}

// The copy has another module name, so that gremlins finds a package that is called as the module is; its tests pass as they did.
func TestTheCopyOfAPackageIsAModuleOfItsOwn(t *testing.T) {
	root(t)
	dir := t.TempDir()
	if err := copyPackage("domain/code", dir); err != nil {
		t.Fatal(err)
	}
	test := exec.Command("go", "test", "-short", "./domain/code")
	test.Dir = dir
	if out, err := test.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "ok  \tmutated.example/module/domain/code") {
		t.Errorf("%v: %s", err, out)
	}
	if _, err := os.Stat(filepath.Join(dir, "handlers")); err == nil {
		t.Error("the copy has more than the package needs")
	}
}

func TestEveryLineCountsAsCoveredAndTestsHaveTenTimesTheirTime(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.go", "package a\n")
	write(t, dir, "a_test.go", "package a\n")
	t.Chdir(dir)
	if err := coverAll("profile", "."); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile("profile"); string(b) != "mode: set\n"+module+"/a.go:1.1,1000000.1 1 1\n" {
		t.Errorf("%s", b)
	}
	if got := allowed(1500 * time.Millisecond); got != 25*time.Second {
		t.Errorf("tests of 1.5 s may take %s", got)
	}
}

// make mutate leaves the fate of every mutant behind; this holds the report and the account against it.
func TestNineOfTenMutantsOfTheDomainAreKilledAndTheOthersExplained(t *testing.T) {
	results := os.Getenv("DOSSIER_MUTANTS")
	if results == "" {
		t.Skip("make mutate runs it")
	}
	root(t)
	listed, err := readList("docs/mutation.md")
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(results, "*.json"))
	if len(files) == 0 {
		t.Fatalf("%s holds no results", results)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var mutants []mutant
		if err := json.Unmarshal(b, &mutants); err != nil || len(mutants) == 0 {
			t.Fatalf("%s: %d mutants, %v", f, len(mutants), err)
		}
		if err := judge(mutants, listed); err != nil {
			t.Error(err)
		}
	}
}

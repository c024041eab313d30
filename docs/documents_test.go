package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheRepositoryHasItsParts(t *testing.T) {
	for _, part := range []string{
		"cmd/dossier", "domain", "eventstore", "projections", "handlers", "migrations", "internal/devstack", "internal/config",
		"internal/telemetry", "docs/adr", "docs/life-of-a-dossier.md", "docs/features.md", "docs/benchmarks.md",
		"docker-compose.yml", "Dockerfile", "Makefile", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "go.mod", "go.sum", ".ci/run",
	} {
		if _, err := os.Stat("../" + part); err != nil {
			t.Errorf("%s is missing", part)
		}
	}
	if !strings.Contains(read(t, ".ci/run"), "make test") {
		t.Error(".ci/run does not call make test")
	}
	if mod := read(t, "go.mod"); !strings.HasPrefix(mod, "module dossier\n") || !strings.Contains(mod, "\ngo 1.26") {
		t.Error("go.mod is not module dossier on Go 1.26")
	}
}

func TestTheMakefileExplainsItself(t *testing.T) {
	out, err := exec.Command("make", "-s", "-C", "..").CombinedOutput()
	if err != nil {
		t.Fatalf("make: %v\n%s", err, out)
	}
	for _, target := range []string{"dev", "test", "test-faults", "test-long", "test-bench", "kafka", "test-kafka", "receipt", "bench"} {
		if !strings.Contains(string(out), "make "+target+" ") {
			t.Errorf("`make` does not explain %s:\n%s", target, out)
		}
	}
}

func TestTheReadmeOpensWithTheTwoCommands(t *testing.T) {
	lines := strings.Split(read(t, "README.md"), "\n")
	first := strings.Join(lines[:min(45, len(lines))], "\n")
	for _, want := range []string{"make dev", "make test", "Kafka", "Postgres"} {
		if !strings.Contains(first, want) {
			t.Errorf("the first screen of the README lacks %q", want)
		}
	}
}

// The checker itself is checked: an account that names a test which did not pass must fail.
func TestABrokenPromiseIsNoticed(t *testing.T) {
	if os.Getenv("DOSSIER_TEST_RESULTS") != "" {
		return // this is the checking run itself
	}
	results := t.TempDir() + "/results.json"
	if err := os.WriteFile(results, []byte(`{"target":"test","results":{"dossier/docs.TestImportsOnlyRunDown":"skip"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestTheAccountHoldsInThisRun$", "-test.count=1")
	cmd.Env = append(os.Environ(), "DOSSIER_TEST_RESULTS="+results)
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), `rests on make test: docs.TestImportsOnlyRunDown, which in this run was "skip"`) {
		t.Errorf("a skipped test passed as shown: %v\n%s", err, out)
	}
}

// A row that is not understood must not pass for one that promises nothing.
func TestAnAccountThatIsNotUnderstoodIsWrong(t *testing.T) {
	for line, want := range map[string]string{
		"| 1 | a | b | `docs.TestA` | shown |":                          "",
		"| 1 | a | | `docs.TestA` `make test-x: cmd/x.TestB` | shown |": "",
		"| 1 | a \\| b | | `docs.TestA/one /two_three` | shown |":       "",
		"| 1 | a | b | | not yet |":                                     "",
		"| 1 | a | b | | shown |":                                       "names no test",
		"| 1 | a | b | docs.TestA | shown |":                            "outside the quotes",
		"| 1 | a | b | `docs.TestA` `docs.TestB | shown |":              "outside the quotes",
		"| 1 | a | b | `docs.TestA/one two` | shown |":                  "does not name a test",
		"| 1 | a | b | `make: docs.TestA` | shown |":                    "does not name a test",
		"| 1 | a | b | `docs.testA` | shown |":                          "does not name a test",
		"| 1 | a | b | `docs.TestA` | done |":                           "none of",
		"| 1 | a | b | `docs.TestA` | shown | more |":                   "6 cells",
		"| 1 | a | b | `docs.TestA` | shown":                            "4 cells",
	} {
		rows, wrong := readAccount(line)
		if said := strings.Join(wrong, "; "); !strings.Contains(said, want) || (said == "") != (want == "") || said == "" && len(rows) != 1 {
			t.Errorf("%s: %d rows, %q", line, len(rows), said)
		}
	}
}

// Documents link to files that exist.
func TestLinksInTheDocumentsLeadSomewhere(t *testing.T) {
	for _, file := range []string{"README.md", "CONTRIBUTING.md", "docs/life-of-a-dossier.md", "docs/adr/README.md"} {
		dir := ""
		if i := strings.LastIndex(file, "/"); i >= 0 {
			dir = file[:i+1]
		}
		for _, link := range links(read(t, file)) {
			if _, err := os.Stat("../" + dir + link); err != nil {
				t.Errorf("%s links to %s, which is not there", file, link)
			}
		}
	}
}

func links(text string) (found []string) {
	for _, part := range strings.Split(text, "](")[1:] {
		target, _, _ := strings.Cut(part, ")")
		target, _, _ = strings.Cut(target, "#")
		if target != "" && !strings.Contains(target, "://") {
			found = append(found, target)
		}
	}
	return found
}

// The threat model names tests: one that is gone would leave a defence that nobody holds.
func TestTheThreatModelNamesTestsThatAreThere(t *testing.T) {
	text, err := os.ReadFile("security.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, q := range quoted.FindAllString(string(text), -1) {
		m := notated.FindStringSubmatch(q)
		if m == nil {
			continue
		}
		found++
		files, _ := filepath.Glob(filepath.Join("..", m[2], "*_test.go"))
		there := false
		for _, file := range files {
			code, err := os.ReadFile(file)
			there = there || err == nil && strings.Contains(string(code), "\nfunc "+m[3]+"(")
		}
		if !there {
			t.Errorf("security.md names %s, which is not there", q)
		}
	}
	if found < 20 {
		t.Errorf("only %d tests are named", found)
	}
}

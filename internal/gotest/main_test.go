package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The test binary is also the program.
func TestMain(m *testing.M) {
	if os.Getenv("DOSSIER_GOTEST_AS_PROGRAM") == "1" {
		main()
		return
	}
	os.Exit(m.Run())
}

const slowTests = `package slow

import (
	"fmt"
	"os"
	"testing"
)

func TestPasses(t *testing.T) {}
func TestSkips(t *testing.T)  { t.Skip("not here") }
func TestFails(t *testing.T)  { t.Error("broken") }
func TestEnds(t *testing.T)   { fmt.Println("last words"); os.Exit(1) }
func TestParent(t *testing.T) {
	t.Run("one thing", func(t *testing.T) {})
	t.Run("another", func(t *testing.T) { t.Skip("not here") })
}
`

const makefile = "test:\n\t@go run ./internal/gotest test ./...\n\n" +
	"test-slow: ## The long ones\n\t@SLOW=1 \\\n\t\tgo run ./internal/gotest test-slow ./slow\n\n" +
	"test-bare: ## Nobody looks\n\t@go test ./slow\n"

// module is a repository of its own with the account's checker and an account whose rows name these tests.
func module(t *testing.T, tests ...string) (dir string) {
	t.Helper()
	checker, err := os.ReadFile("../../docs/account_test.go")
	if err != nil {
		t.Fatal(err)
	}
	account := ""
	for _, test := range tests {
		account += "| 1 | promise | | " + test + " | shown |\n"
	}
	account += strings.Repeat("| 1 | promise | | | not yet |\n", 40)
	dir = t.TempDir()
	for file, content := range map[string]string{
		"go.mod": "module dossier\n\ngo 1.26\n", "Makefile": makefile, "slow/slow_test.go": slowTests,
		"docs/features.md": account, "docs/account_test.go": string(checker),
	} {
		name := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func gotest(t *testing.T, dir string, args ...string) (said string, code int) {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "DOSSIER_GOTEST_AS_PROGRAM=1")
	out, _ := cmd.CombinedOutput()
	return string(out), cmd.ProcessState.ExitCode()
}

func TestARunThatDoesNotShowWhatItsAccountNamesFails(t *testing.T) {
	t.Parallel()
	shown := []string{"`make test-slow: slow.TestPasses`", "`make test-slow: slow.TestParent/one_thing`", "`slow.TestSkips`"} // the last is another target's
	said, code := gotest(t, module(t, shown...), "test-slow", "-skip", "Fails|Ends", "./slow")
	if code != 0 || !strings.Contains(said, "3 passed, 0 failed, 2 skipped") {
		t.Errorf("everything named was shown: exit %d\n%s", code, said)
	}

	lies := []struct{ test, complaint string }{
		{"`make test-slow: slow.TestSkips`", `in this run was "skip"`},
		{"`make test-slow: slow.TestParent/one_thing /another`", `in this run was "skip"`},
		{"`make test-slow: slow.TestParent`", `in this run was "skip"`},
		{"`make test-slow: slow.TestFails`", `in this run was ""`}, // left out
		{"`make test-slow: slow.TestGone`", "which is not there"},
		{"`make test-slow: slow.TestParent/third`", "which is not there"},
		{"`make test-bare: slow.TestPasses`", "does not run through internal/gotest test-bare"},
		{"`make test-none: slow.TestPasses`", "does not run through internal/gotest test-none"},
	}
	var named []string
	for _, l := range lies {
		named = append(named, l.test)
	}
	said, code = gotest(t, module(t, append(named, shown...)...), "test-slow", "-skip", "Fails|Ends", "./slow")
	if code == 0 {
		t.Errorf("lies passed:\n%s", said)
	}
	for i := range append(named, shown...) {
		line, complaint := fmt.Sprintf("features.md:%d ", i+1), ""
		if i < len(lies) {
			complaint = lies[i].complaint
		}
		if about := linesWith(said, line); (about == "") != (complaint == "") || !strings.Contains(about, complaint) {
			t.Errorf("%s: %q, want %q", append(named, shown...)[i], about, complaint)
		}
	}

	if said, code = gotest(t, module(t, shown...), "test-slow", "-skip", "Ends", "./slow"); code == 0 || !strings.Contains(said, "broken") {
		t.Errorf("a failed test passed: exit %d\n%s", code, said)
	}
	if said, code = gotest(t, module(t, shown...), "test-slow", "-skip", "Fails", "./slow"); code == 0 || !strings.Contains(said, "last words") {
		t.Errorf("a test that never ended: exit %d\n%s", code, said)
	}
}

func linesWith(text, part string) (found string) {
	for line := range strings.Lines(text) {
		if strings.Contains(line, part) {
			found += line
		}
	}
	return found
}

func TestGotestWantsToKnowItsTarget(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"test"}, {"-race", "./..."}} {
		if said, code := gotest(t, t.TempDir(), args...); code == 0 || !strings.Contains(said, "usage") {
			t.Errorf("%v: exit %d, %s", args, code, said)
		}
	}
}

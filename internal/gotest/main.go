// Command gotest runs `go test` for a target of the Makefile, prints what a reader needs of it, and holds docs/features.md against
// what really ran: a row that names a test for this target which did not pass in this very run fails the run.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// event is one line of `go test -json`.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
	Elapsed float64 // seconds
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 || strings.HasPrefix(args[0], "-") {
		return errors.New("usage: gotest TARGET ARGUMENT-OF-GO-TEST...")
	}
	began := time.Now()
	cmd := exec.Command("go", append(append([]string{"test"}, args[1:]...), "-json")...) // -C, if given, must come first
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start go test: %w", err)
	}
	results, counts, slowest := follow(out)
	failed := cmd.Wait()

	account := checkAccount(args[0], results)
	for _, t := range slowest {
		fmt.Printf("%6.1f s  %s.%s\n", t.Elapsed, t.Package, t.Test)
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", counts["pass"], counts["fail"], counts["skip"])
	fmt.Printf("took %s\n", time.Since(began).Round(time.Second))
	if failed != nil {
		return fmt.Errorf("go test: %w", failed)
	}
	return account
}

// follow prints package lines as they come and a test's output only when it fails. The slowest tests are those that passed, with the time they
// took beside the others.
func follow(r io.Reader) (results map[string]string, counts map[string]int, slowest []event) {
	results, counts = map[string]string{}, map[string]int{}
	held := map[string][]string{}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Println(lines.Text()) // what the compiler or linker says is not JSON
			continue
		}
		key := e.Package + "." + e.Test
		switch {
		case e.Action == "output" && e.Test == "":
			if !strings.HasPrefix(e.Output, "PASS") {
				fmt.Print(e.Output)
			}
		case e.Action == "build-output":
			fmt.Print(e.Output)
		case e.Action == "output":
			held[key] = append(held[key], e.Output)
		case e.Action == "fail" && e.Test == "":
			for _, test := range slices.Sorted(maps.Keys(held)) { // tests that never ended: what they said last tells why
				if strings.HasPrefix(test, e.Package+".") {
					fmt.Print(strings.Join(held[test], ""))
				}
			}
		case e.Test != "" && (e.Action == "pass" || e.Action == "fail" || e.Action == "skip"):
			results[key] = e.Action
			counts[e.Action]++
			if e.Action == "pass" && !strings.Contains(e.Test, "/") {
				slowest = append(slowest, e)
			}
			if e.Action != "pass" {
				fmt.Print(strings.Join(held[key], ""))
			}
			delete(held, key)
		}
	}
	slices.SortFunc(slowest, func(a, b event) int { return cmp.Compare(b.Elapsed, a.Elapsed) })
	return results, counts, slowest[:min(len(slowest), 15)]
}

// checkAccount hands the results to the test that reads docs/features.md.
func checkAccount(target string, results map[string]string) error {
	dir, err := os.MkdirTemp("", "dossier-results-")
	if err != nil {
		return fmt.Errorf("make results folder: %w", err)
	}
	defer os.RemoveAll(dir)
	body, err := json.Marshal(map[string]any{"target": target, "results": results})
	if err != nil {
		return fmt.Errorf("encode results: %w", err)
	}
	file := filepath.Join(dir, "results.json")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	cmd := exec.Command("go", "test", "-count=1", "-run", "^TestTheAccount", "./docs")
	cmd.Env = append(os.Environ(), "DOSSIER_TEST_RESULTS="+file)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("docs/features.md does not hold:\n%s", out)
	}
	return nil
}

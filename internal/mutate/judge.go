package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// mutant is one change and what became of it.
type mutant struct {
	named
	Status string // as gremlins says: KILLED, TIMED OUT, LIVED, NOT COVERED
	File   string
	Line   int
}

// named tells a mutant from the others, whatever line it stands on.
type named struct {
	Package    string // domain/calendar
	Function   string // Date.End
	Kind       string // CONDITIONALS_BOUNDARY
	Expression string // the one that is changed
}

func (n named) String() string {
	return fmt.Sprintf("| %s | %s | %s | `%s` |", strings.TrimPrefix(n.Package, "domain/"), n.Function, n.Kind, strings.ReplaceAll(n.Expression, "|", `\|`))
}

func (m mutant) killed() bool { return m.Status == "KILLED" || m.Status == "TIMED OUT" }

// share is how many of a hundred mutants the tests must kill, in every package.
const share = 90

// tally counts fates.
type tally struct{ all, killed, timedOut, lived, notCovered int }

func tallyOf(mutants []mutant) (t tally) {
	for _, m := range mutants {
		t.all++
		switch m.Status {
		case "KILLED":
			t.killed++
		case "TIMED OUT":
			t.timedOut++
		case "NOT COVERED":
			t.notCovered++
		default:
			t.lived++
		}
	}
	return t
}

func (t tally) enough() bool { return 100*(t.killed+t.timedOut) >= share*t.all }

func (t tally) String() string {
	percent := 100.0
	if t.all > 0 {
		percent = 100 * float64(t.killed+t.timedOut) / float64(t.all)
	}
	return fmt.Sprintf("%4d mutants: %4d killed (%d by time), %3d lived, %3d not covered: %5.1f %%", t.all, t.killed+t.timedOut, t.timedOut, t.lived, t.notCovered, percent)
}

// judge refuses packages in which too few mutants are killed, and survivors that docs/mutation.md does not explain.
func judge(mutants []mutant, listed map[named]int) error {
	byPackage := map[string][]mutant{}
	survivors := map[named][]mutant{}
	var wrong []string
	for _, m := range mutants {
		byPackage[m.Package] = append(byPackage[m.Package], m)
		if !m.killed() {
			survivors[m.named] = append(survivors[m.named], m)
		}
	}
	for pkg, all := range byPackage {
		if !tallyOf(all).enough() {
			wrong = append(wrong, fmt.Sprintf("%s: fewer than %d %% of its mutants are killed: write tests that state the rules the survivors break", pkg, share))
		}
	}
	for n, all := range survivors {
		if len(all) > listed[n] {
			wrong = append(wrong, fmt.Sprintf("%s/%s:%d: %s and no test fails: write one, or list it in docs/mutation.md:\n  %s …why… |", n.Package, all[0].File, all[0].Line, strings.ToLower(all[0].Status), n))
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	slices.Sort(wrong)
	return fmt.Errorf("%s", strings.Join(wrong, "\n"))
}

// readList reads the table of survivors in the report: how many of each are explained.
func readList(file string) (map[named]int, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the list of survivors: %w", err)
	}
	_, text, found := strings.Cut(string(b), "\n## Survivors\n")
	if !found {
		return nil, fmt.Errorf("%s has no part “## Survivors”", file)
	}
	listed := map[named]int{}
	for i, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|--") || strings.HasPrefix(line, "| package ") {
			continue
		}
		const bar = "\x00"
		cells := strings.Split(strings.ReplaceAll(line, `\|`, bar), "|")
		if len(cells) != 7 || strings.TrimSpace(cells[5]) == "" {
			return nil, fmt.Errorf("%s, row %d of the survivors: write | package | function | mutation | `expression` | why |", file, i)
		}
		for j, cell := range cells {
			cells[j] = strings.ReplaceAll(strings.TrimSpace(cell), bar, "|")
		}
		n := named{"domain/" + cells[1], cells[2], cells[3], strings.Trim(cells[4], "`")}
		if cells[1] == "domain" {
			n.Package = "domain"
		}
		listed[n]++
	}
	return listed, nil
}

package main

import (
	"fmt"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// operated uses every operator that is changed, on what the domain uses them on.
const operated = `package main

import "time"

const fixed = 2 + 3

type cents int64

var before = 24 * 60

func f() (all []any) {
	x, y, d, p := 7, 3, 1.5, []int{1, 2, 3}
	m := map[string]cents{"a": 4}
	all = append(all, x < y, x <= 7, x > y, x >= 8, x == y, x != y, "a" < "b", -y == -3)
	all = append(all, x+y, x-y, x*y, x/y, x%y, -x, d-0.5, 2*time.Second, -1, p[x-5], len(p)-1, x+y*2-
		1, 24*60, cents(x)*3)
	for i := 0; i < 3 && len(all) < 99; i++ {
		all = append(all, i)
	}
	m["a"]++
	x--
	var none error
	if none == nil && m["a"] != 4 || d > 1 {
		all = append(all, m["a"], x)
	}
	switch {
	case x < y:
		all = append(all, "less")
	case x-y == 3:
		all = append(all, "three", [fixed]int{}, "a"+"b", before)
	}
	return all
}
`

// told runs f and says what it gives, or how it fails.
const told = `
func told(f func() []any) (text string) {
	defer func() {
		if r := recover(); r != nil {
			text = fmt.Sprint("panic: ", r)
		}
	}()
	return fmt.Sprint(f()...)
}
`

// changes are those of gremlins.
var changes = map[token.Token][]token.Token{
	token.LSS: {token.LEQ, token.GEQ}, token.LEQ: {token.LSS, token.GTR}, token.GTR: {token.GEQ, token.LEQ}, token.GEQ: {token.GTR, token.LSS}, token.EQL: {token.NEQ}, token.NEQ: {token.EQL},
	token.ADD: {token.SUB}, token.SUB: {token.ADD}, token.MUL: {token.QUO}, token.QUO: {token.MUL}, token.REM: {token.MUL}, token.INC: {token.DEC}, token.DEC: {token.INC},
}

func TestAnOperatorDoesInTheProgramWhatItDoesWhenItIsBuilt(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.go", operated)
	t.Chdir(dir)
	set, files, info, err := parse(".")
	if err != nil {
		t.Fatal(err)
	}
	s := switchboard{Package: ".", Sites: map[string]int{}}
	switched := s.replace(set, files[0], info, []byte(operated), nil)

	// Every change of the function, made in the source, one function for each.
	type change struct {
		key string
		to  token.Token
	}
	var made []change
	body := operated[strings.Index(operated, "func f"):]
	start := len(operated) - len(body)
	functions := operated + told
	for _, w := range tokens([]byte(operated)) {
		for _, to := range changes[w.is] {
			key := fmt.Sprintf("a.go:%d:%d", w.at.Line, w.at.Column)
			site, known := s.Sites[key]
			switch fits := w.at.Line != 5; { // the constant
			case !fits && known:
				t.Errorf("%s: a constant is made a call", key)
			case fits && !known:
				t.Errorf("%s: %s is not in the program", key, w.is)
			case site == 0 || w.at.Offset < start:
				continue
			}
			changed := operated[start:w.at.Offset] + to.String() + operated[w.at.Offset+len(w.is.String()):]
			functions += strings.Replace(changed, "func f()", fmt.Sprintf("func f%d()", len(made)), 1)
			made = append(made, change{key, to})

			write(t, dir, "mutant.go", operated[:start]+changed)
			os.MkdirAll("mutant", 0o755)
			os.Rename("mutant.go", "mutant/a.go")
			if got, is, err := s.changed("mutant"); err != nil || got != key || is != to {
				t.Errorf("%s became %s: seen as %s, %s, %v", key, to, got, is, err)
			}
		}
	}
	functions += "\nfunc main() {\n\tfmt.Println(told(f))\n"
	for i := range made {
		functions += fmt.Sprintf("\tfmt.Println(told(f%d))\n", i)
	}
	want := strings.Split(output(t, build(t, strings.Replace(functions+"}\n", `import "time"`, "import (\n\t\"fmt\"\n\t\"time\"\n)", 1)), ""), "\n")
	program := build(t, strings.Replace(string(switched)+told+"\nfunc main() { fmt.Println(told(f)) }\n", `import "time"`, "import (\n\t\"fmt\"\n\t\"time\"\n)", 1), "package main\n"+operators)
	if len(made) < 40 || len(want) != len(made)+2 {
		t.Fatalf("%d changes, %d lines", len(made), len(want))
	}
	if got := output(t, program, ""); got != want[0]+"\n" {
		t.Errorf("with nothing changed: %q, want %q", got, want[0])
	}
	for i, c := range made {
		if got := output(t, program, strconv.Itoa(s.Sites[c.key])+" "+strconv.Itoa(int(c.to))); got != want[i+1]+"\n" {
			t.Errorf("%s %s: %q, want %q", c.key, c.to, got, want[i+1])
		}
	}
}

// build makes a program of these sources.
func build(t *testing.T, sources ...string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "go.mod", "module m\n\ngo "+"1.26\n")
	for i, text := range sources {
		if text != "" {
			write(t, dir, fmt.Sprintf("s%d.go", i), text)
		}
	}
	cmd := exec.Command("go", "build", "-o", "program", ".")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return filepath.Join(dir, "program")
}

func output(t *testing.T, program, mutant string) string {
	t.Helper()
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), selected+"="+mutant)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestTheQuickTestsAreAskedFirst(t *testing.T) {
	s := switchboard{Slow: slow([]byte("=== RUN   TestA\n--- PASS: TestA (0.04s)\n    --- PASS: TestB/x (2.00s)\n--- PASS: TestB (2.00s)\n--- PASS: TestC (0.05s)\n"))}
	if got, want := s.rounds(), []string{"-test.skip=^(TestB|TestC)$", "-test.run=^(TestB|TestC)$"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := (&switchboard{}).rounds(); !slices.Equal(got, []string{"-test.run=."}) {
		t.Errorf("%q", got)
	}
}

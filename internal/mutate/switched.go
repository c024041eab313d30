package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/scanner"
	"go/token"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A build for each mutant takes ten times as long as its tests. So the tests are built once, with every operator replaced by a function
// that does as the operator does, or as another one when the environment says so. What cannot be replaced (a constant's value, an
// array's length) is still built for each mutant.

// switchboard tells the stand-in for go which program holds the changes, and which of them.
type switchboard struct {
	Program string         // the tests of the package with all changes in them
	Package string         // the folder with the unchanged package
	Slow    []string       // the tests that take long: the others are asked first
	Sites   map[string]int // the number of the operator at "file.go:12:7"; 0: every change of it is refused by the compiler
}

const (
	board    = "DOSSIER_MUTATE_BOARD" // the file that holds it
	selected = "DOSSIER_MUTANT"       // "17 40": operator 17 does as token 40 of go/token
)

// build makes the program of a package that was copied into dir.
func (s *switchboard) build(pkg, dir string) error {
	set, files, info, err := parse(pkg)
	if err != nil {
		return err
	}
	unfit := map[string]bool{} // lines on which the compiler does not take a call for an operator
	for range 10 {
		s.Sites = map[string]int{}
		for _, tree := range files {
			path := set.Position(tree.Pos()).Filename
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text = s.replace(set, tree, info, text, unfit)
			text = ours.ReplaceAll(text, []byte("${1}"+module+"/"))
			if err := os.WriteFile(filepath.Join(dir, path), text, 0o644); err != nil {
				return err
			}
		}
		name := files[0].Name.Name
		if err := os.WriteFile(filepath.Join(dir, pkg, "switched_operators.go"), []byte("package "+name+"\n"+operators), 0o644); err != nil {
			return err
		}
		compile := exec.Command("go", "test", "-c", "-vet=off", "-trimpath", "-gcflags="+module+"/"+pkg+"=-e", "-ldflags=-w", "-o", s.Program, "./"+pkg)
		compile.Dir, compile.Env = dir, append(os.Environ(), "GOWORK=off", "GOFLAGS=")
		out, err := compile.CombinedOutput()
		if err == nil {
			return nil
		}
		known := len(unfit)
		for _, m := range complaint.FindAllStringSubmatch(string(out), -1) {
			unfit[filepath.Base(m[1])+":"+m[2]] = true
		}
		if len(unfit) == known {
			return fmt.Errorf("build the tests with all changes in them: %w\n%s", err, out)
		}
	}
	return errors.New("build the tests with all changes in them: the compiler refuses more each time")
}

var complaint = regexp.MustCompile(`(?m)^(\S+\.go):(\d+):\d+: `)

// edit is text that comes in place of the `over` bytes at an offset.
type edit struct {
	at, over int
	text     string
}

// replace writes a file with calls for its operators; no line moves.
func (s *switchboard) replace(set *token.FileSet, tree *ast.File, info *types.Info, text []byte, unfit map[string]bool) []byte {
	var edits []edit
	offset := func(p token.Pos) int { return set.Position(p).Offset }
	in := func(t types.Type) string {
		return types.TypeString(t, func(p *types.Package) string {
			if p.Name() == tree.Name.Name {
				return ""
			}
			return p.Name()
		})
	}
	// A fixed value takes the type that the place wants; it is the constant's no more.
	typed := func(e ast.Expr) string {
		t := info.TypeOf(e)
		if t == nil {
			return ""
		}
		if basic, is := t.(*types.Basic); is && basic.Info()&types.IsUntyped != 0 {
			t = types.Default(t)
		}
		return "[" + in(t) + "]"
	}
	fixed := func(e ast.Expr) bool { return info.Types[e].Value != nil }
	place := func(p token.Pos) (key string, fit bool) {
		at := set.Position(p)
		line := fmt.Sprintf("%s:%d", filepath.Base(at.Filename), at.Line)
		return fmt.Sprintf("%s:%d", line, at.Column), !unfit[line]
	}
	number := func(key string) int {
		s.Sites[key] = len(s.Sites) + 1
		return s.Sites[key]
	}
	var after []func() // what follows a node, when it is left
	ast.Inspect(tree, func(n ast.Node) bool {
		if n == nil {
			after[len(after)-1]()
			after = after[:len(after)-1]
			return true
		}
		leave := func() {}
		around := func(first, last token.Pos, begin string, op token.Pos, length int, middle, end string) {
			edits = append(edits, edit{offset(first), 0, begin})
			leave = func() { edits = append(edits, edit{offset(op), length, middle}, edit{offset(last), 0, end}) }
		}
		switch n := n.(type) {
		case *ast.GenDecl:
			if n.Tok == token.CONST {
				return false
			}
		case *ast.BinaryExpr:
			key, fit := place(n.OpPos)
			operand := ""
			if fixed(n.X) && fixed(n.Y) {
				operand = typed(n.X)
			}
			switch n.Op {
			case token.EQL, token.NEQ:
				if fit {
					around(n.X.Pos(), n.Y.End(), fmt.Sprintf("(mutantHere(%d) != (", number(key)), n.OpPos, 2, n.Op.String(), "))")
				}
			case token.LSS, token.LEQ, token.GTR, token.GEQ:
				if fit {
					around(n.X.Pos(), n.Y.End(), fmt.Sprintf("mutantOrder%s(%d, %d, ", operand, number(key), n.Op), n.OpPos, len(n.Op.String()), ",", ")")
				}
			case token.ADD, token.SUB, token.MUL, token.QUO, token.REM:
				if isText(info.TypeOf(n)) {
					s.Sites[key] = 0
				} else if fit {
					name := "mutantSum"
					if n.Op == token.REM {
						name = "mutantRest"
					}
					around(n.X.Pos(), n.Y.End(), fmt.Sprintf("%s%s(%d, %d, ", name, operand, number(key), n.Op), n.OpPos, 1, ",", ")")
				}
			}
		case *ast.UnaryExpr:
			if key, fit := place(n.OpPos); fit && n.Op == token.SUB {
				around(n.OpPos, n.End(), "", n.OpPos, 1, fmt.Sprintf("mutantMinus%s(%d, ", typed(n), number(key)), ")")
			}
		case *ast.IncDecStmt:
			if key, fit := place(n.TokPos); fit {
				around(n.X.Pos(), n.TokPos, "", n.TokPos, 2, fmt.Sprintf(" += mutantStep%s(%d, %d)", typed(n.X), number(key), n.Tok), "")
			}
		}
		after = append(after, leave)
		return true
	})
	// At one place what begins outside stands first, and what ends inside: the order in which they were written.
	slices.SortStableFunc(edits, func(a, b edit) int { return a.at - b.at })
	var b bytes.Buffer
	done := 0
	for _, e := range edits {
		if e.over == 0 && e.text == "" {
			continue
		}
		b.Write(text[done:e.at])
		b.WriteString(e.text)
		done = e.at + e.over
	}
	b.Write(text[done:])
	return b.Bytes()
}

// operators are the functions that stand for them.
var operators = fmt.Sprintf(`
import (
	"cmp"
	"fmt"
	"os"
)

type mutantWhole interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr
}

type mutantNumber interface{ mutantWhole | ~float32 | ~float64 }

var mutantSite, mutantTo = mutantSelected()

func mutantSelected() (site, to int) {
	fmt.Sscan(os.Getenv(%q), &site, &to)
	return site, to
}

func mutantHere(site int) bool { return site == mutantSite }

func mutantOrder[T cmp.Ordered](site, op int, x, y T) bool {
	if site == mutantSite {
		op = mutantTo
	}
	switch op {
	case %d:
		return x < y
	case %d:
		return x <= y
	case %d:
		return x > y
	case %d:
		return x >= y
	}
	panic("no such order")
}

func mutantSum[T mutantNumber](site, op int, x, y T) T {
	if site == mutantSite {
		op = mutantTo
	}
	switch op {
	case %d:
		return x + y
	case %d:
		return x - y
	case %d:
		return x * y
	case %d:
		return x / y
	}
	panic("no such sum")
}

func mutantRest[T mutantWhole](site, op int, x, y T) T {
	if site == mutantSite {
		return x * y
	}
	return x %% y
}

func mutantMinus[T mutantNumber](site int, x T) T {
	if site == mutantSite {
		return x
	}
	return -x
}

func mutantStep[T mutantNumber](site, op int) T {
	one := T(1)
	if (op == %d) == (site == mutantSite) {
		return -one
	}
	return one
}
`, selected, token.LSS, token.LEQ, token.GTR, token.GEQ, token.ADD, token.SUB, token.MUL, token.QUO, token.INC)

// changed finds the one token in which the package in a folder differs from the unchanged one.
func (s *switchboard) changed(folder string) (key string, to token.Token, err error) {
	files, err := sources(s.Package)
	if err != nil {
		return "", 0, err
	}
	for _, file := range files {
		before, err := os.ReadFile(file)
		if err != nil {
			return "", 0, err
		}
		now, err := os.ReadFile(filepath.Join(folder, filepath.Base(file)))
		if err != nil {
			return "", 0, err
		}
		if bytes.Equal(before, now) {
			continue
		}
		a, b := tokens(before), tokens(now)
		if len(a) != len(b) {
			return "", 0, fmt.Errorf("%s: not one operator is changed but more", file)
		}
		for i := range a {
			if a[i].is != b[i].is || a[i].text != b[i].text {
				if key != "" {
					return "", 0, fmt.Errorf("%s: two operators are changed", file)
				}
				key, to = fmt.Sprintf("%s:%d:%d", filepath.Base(file), a[i].at.Line, a[i].at.Column), b[i].is
			}
		}
	}
	return key, to, nil
}

type word struct {
	at   token.Position
	is   token.Token
	text string
}

func tokens(source []byte) (all []word) {
	set := token.NewFileSet()
	file := set.AddFile("", -1, len(source))
	var s scanner.Scanner
	s.Init(file, source, nil, 0)
	for {
		pos, is, text := s.Scan()
		if is == token.EOF {
			return all
		}
		if is != token.SEMICOLON {
			all = append(all, word{set.Position(pos), is, text})
		}
	}
}

func readBoard() (s switchboard, err error) {
	b, err := os.ReadFile(os.Getenv(board))
	if err != nil {
		return s, fmt.Errorf("read which program holds the changes: %w", err)
	}
	return s, json.Unmarshal(b, &s)
}

// try runs the tests of a changed package; false: its change is not in the program, it has to be built.
func try(folder, timeout string) (exit int, tried bool) {
	s, err := readBoard()
	if err != nil {
		return 0, false
	}
	key, to, err := s.changed(folder)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 0, false
	}
	site, known := s.Sites[key]
	switch {
	case !known:
		if f, err := os.OpenFile(os.Getenv(board)+".built", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644); err == nil {
			fmt.Fprintln(f, key, to)
			f.Close()
		}
		return 0, false
	case site == 0:
		return 1, true
	}
	for _, tests := range s.rounds() {
		cmd := s.command(folder, timeout, tests)
		cmd.Env = append(cmd.Env, selected+"="+strconv.Itoa(site)+" "+strconv.Itoa(int(to)))
		if cmd.Run() != nil { // a panic exits with 2, which gremlins takes for a change that does not compile
			return 1, true
		}
	}
	return 0, true
}

// rounds are all tests: first those that take no time, then the others.
func (s *switchboard) rounds() []string {
	if len(s.Slow) == 0 {
		return []string{"-test.run=."}
	}
	slow := "=^(" + strings.Join(s.Slow, "|") + ")$"
	return []string{"-test.skip" + slow, "-test.run" + slow}
}

// slow are the tests that took a twentieth of a second and more.
func slow(out []byte) (names []string) {
	for _, m := range passed.FindAllSubmatch(out, -1) {
		if seconds, _ := strconv.ParseFloat(string(m[2]), 64); seconds >= 0.05 {
			names = append(names, string(m[1]))
		}
	}
	return names
}

var passed = regexp.MustCompile(`(?m)^--- PASS: (\w+) \(([0-9.]+)s\)`)

// command runs the program as go test does.
func (s *switchboard) command(folder, timeout string, more ...string) *exec.Cmd {
	cmd := exec.Command(s.Program, "-test.short", "-test.failfast", "-test.paniconexit0", "-test.timeout="+timeout)
	cmd.Args = append(cmd.Args, more...)
	cmd.Dir = folder
	cmd.Env = cmd.Environ()
	return cmd
}

// switchAll builds the program for a package copied into dir, sees that its tests pass, and writes down where it is; it returns the file.
func switchAll(pkg, dir, copied string) (string, error) {
	s := switchboard{Program: filepath.Join(dir, "tests"), Package: filepath.Join(copied, pkg)}
	module := filepath.Join(dir, "module")
	if err := os.Mkdir(module, 0o755); err != nil {
		return "", err
	}
	if err := copyPackage(pkg, module); err != nil {
		return "", err
	}
	if err := s.build(pkg, module); err != nil {
		return "", err
	}
	out, err := s.command(s.Package, "10m", "-test.v").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("the tests fail although nothing is changed: %w\n%s", err, out)
	}
	s.Slow = slow(out)
	b, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "board.json")
	return file, os.WriteFile(file, b, 0o644)
}

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dossier/domain/procedure"
)

const archetypes = "../../docs/examples/archetypes/"

// One dossier of each archetype goes its whole way on the command line. Every due date stands in the script, worked out by hand from the law.
func TestADossierOfEachArchetypeGoesItsWholeWay(t *testing.T) {
	long(t)
	t.Parallel()
	files, err := filepath.Glob(archetypes + "*.txt")
	if err != nil || len(files) != len(procedure.Archetypes()) {
		t.Fatalf("%d scripts for %d archetypes, %v", len(files), len(procedure.Archetypes()), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := &script{t: t}
			for n, line := range strings.Split(string(text), "\n") {
				s.at = fmt.Sprintf("%s:%d", filepath.Base(file), n+1)
				s.play(line)
			}
			if out := s.run("show", "$ID"); !strings.Contains(out, "returned") {
				t.Errorf("the script ends before the dossier does:\n%s", out)
			}
			if out := s.run("verify"); !strings.Contains(out, "holds") {
				t.Errorf("verify: %s", out)
			}
			t.Log("\n" + s.told.String())
		})
	}
}

// Each archetype has its script, and what the scripts do is what the archetypes are known for.
func TestTheScriptsAreOfTheSevenArchetypes(t *testing.T) {
	var have []string
	for _, a := range procedure.Archetypes() {
		name := strings.ReplaceAll(string(a), "+", "-")
		text, err := os.ReadFile(archetypes + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(text), "procedure=")
		id := strings.Fields(rest)[0]
		v, ships := procedure.Lookup(id)
		if !ships || v.Archetype != a || slices.Contains(have, id) {
			t.Errorf("%s.txt files %s, which is of %q", name, id, v.Archetype)
		}
		have = append(have, id)
		for _, want := range []string{"dossier deadline $ID", "\n> due 2026-"} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s.txt lacks %q", name, want)
			}
		}
	}
}

// script plays lines as a reader would type them: `$ dossier …` must succeed, `! dossier …` must be refused, `> …` must stand in what was said
// last. $ID is the dossier filed last, $VERSION where it stands, $FILE the file added last, $OUT a folder for what is written.
type script struct {
	t    *testing.T
	dev  *dev
	at   string
	id   string
	file string
	out  string
	said string
	told strings.Builder

	server bool // what a server answers is asked of it
}

func (s *script) play(line string) {
	s.t.Helper()
	mark, rest, _ := strings.Cut(line, " ")
	switch mark {
	case "", "#":
		fmt.Fprintln(&s.told, line)
	case ">":
		if !strings.Contains(s.said, rest) {
			s.t.Fatalf("%s: not said: %s\n%s", s.at, rest, s.said)
		}
	case "$", "!":
		words := wordsOf(s.t, rest)
		fmt.Fprintln(&s.told, line)
		if words[1] == "dev" {
			s.dev = startDev(s.t, words[2:]...)
			return
		}
		code := s.command(words[1:])
		fmt.Fprintln(&s.told, s.said)
		if (code == 0) != (mark == "$") {
			s.t.Fatalf("%s: exit %d\n%s\n%s", s.at, code, s.said, s.dev.out)
		}
		if s.server && words[1] == "clock" {
			<-time.After(time.Second) // a running server reads the clock four times a second, and nothing it answers tells that it has
		}
		if words[1] == "submit" && code == 0 {
			lines := strings.Split(strings.TrimSpace(s.said), "\n")
			s.id = strings.Fields(lines[len(lines)-1])[0]
		}
		if len(words) > 2 && words[1] == "file" && words[2] == "add" && code == 0 {
			lines := strings.Split(strings.TrimSpace(s.said), "\n")
			s.file = strings.Fields(lines[len(lines)-1])[0]
		}
	default:
		s.t.Fatalf("%s: no line of a script: %s", s.at, line)
	}
}

// command runs one; where the dossier went on by itself since its version was read (a timer told something), once more.
func (s *script) command(args []string) (code int) {
	s.t.Helper()
	for range 3 {
		var out, talk string
		code, out, talk = here(nil, s.filledIn(args)...)
		s.said = out + talk
		if code == 0 || !slices.Contains(args, "$VERSION") || strings.Contains(s.said, "refused (") {
			return code
		}
	}
	return code
}

func (s *script) run(args ...string) string {
	s.t.Helper()
	return s.must(s.filledIn(args)...)
}

func (s *script) must(args ...string) string {
	s.t.Helper()
	code, out, talk := here(nil, args...)
	if code != 0 {
		s.t.Fatalf("%s: dossier %s: exit %d\n%s%s", s.at, strings.Join(args, " "), code, out, talk)
	}
	return out
}

func (s *script) filledIn(args []string) []string {
	s.t.Helper()
	var full []string
	for _, a := range args {
		switch a {
		case "$ID":
			a = s.id
		case "$FILE":
			a = s.file
		case "$VERSION":
			_, rest, _ := strings.Cut(s.must("show", s.id, "-o", "json", "--data", s.dev.folder), `"version": `)
			a, _, _ = strings.Cut(rest, ",")
		}
		if strings.HasPrefix(a, "docs/examples/") {
			a = "../../" + a
		}
		if rest, is := strings.CutPrefix(a, "$OUT/"); is {
			if s.out == "" {
				s.out = s.t.TempDir()
			}
			a = filepath.Join(s.out, rest)
		}
		full = append(full, a)
	}
	if s.server {
		if rest, asked := overServerFrom(full); asked {
			return append(rest[1:], s.dev.server(rest[0])...)
		}
	}
	return append(full, "--data", s.dev.folder)
}

// wordsOf splits a line as a shell would, as far as scripts need it: single quotes hold words together.
func wordsOf(t *testing.T, line string) (words []string) {
	t.Helper()
	quoted := strings.Split(line, "'")
	if len(quoted)%2 == 0 {
		t.Fatalf("a quote is not closed: %s", line)
	}
	word, open := "", false
	for i, part := range quoted {
		if i%2 == 1 {
			word, open = word+part, true
			continue
		}
		for j, piece := range strings.Split(part, " ") {
			if j > 0 && (word != "" || open) {
				words, word, open = append(words, word), "", false
			}
			word += piece
		}
	}
	if word != "" || open {
		words = append(words, word)
	}
	return words
}

func TestOneReceptionTakesInLinkedProceduresOnTheCommandLine(t *testing.T) {
	t.Parallel()
	d := startDev(t, "--empty")
	args := []string{"submit", "--as", "reception", "--key", "group-1", "--set", "procedure=vet-practice-cert-renew", "--set", "channel=counter", "--set", "applicant=applicant-1", "--set", "unit=one-stop",
		"--with", "vet-drug-trade-cert", "-o", "jsonl", "--data", d.folder}
	out := must(t, args...)
	if lines := strings.Split(strings.TrimSpace(out), "\n"); len(lines) != 2 || strings.Count(out, "-0001") != 1 || strings.Count(out, "-0002") != 1 {
		t.Errorf("two dossiers with a code each: %s", out)
	}
	if n := d.ofDossiers(); n != 4 {
		t.Errorf("%d events, want two filings and two links", n)
	}
	must(t, args...)
	if n := d.ofDossiers(); n != 4 {
		t.Errorf("sent again: %d events", n)
	}
	var lead struct{ ID string }
	if err := json.Unmarshal([]byte(out[strings.LastIndex(strings.TrimSpace(out), "\n")+1:]), &lead); err != nil {
		t.Fatal(err)
	}
	paper := must(t, "receipt", lead.ID, "--data", d.folder)
	for _, want := range []string{"vet-practice-cert-renew", "vet-drug-trade-cert", "-0001", "-0002", "answer by"} {
		if !strings.Contains(paper, want) {
			t.Errorf("the receipt does not say %q:\n%s", want, paper)
		}
	}
}

package exchange

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"sort"
	"strings"

	"gopkg.in/yaml.v3"
)

// A Problem is one thing wrong with a mapping, at a line of its file.
type Problem struct {
	Line int
	Msg  string
}

// A MappingError lists everything wrong with a mapping, so that one look mends it.
type MappingError struct {
	Name     string
	Problems []Problem
}

func (e *MappingError) Error() string {
	lines := make([]string, 0, len(e.Problems))
	for _, p := range e.Problems {
		lines = append(lines, fmt.Sprintf("%s:%d: %s", e.Name, p.Line, p.Msg))
	}
	return strings.Join(lines, "\n")
}

// problems gathers while the file is read.
type problems struct{ list []Problem }

func (p *problems) at(n *yaml.Node, format string, args ...any) {
	p.list = append(p.list, Problem{Line: n.Line, Msg: fmt.Sprintf(format, args...)})
}

func (p *problems) err(name string) error {
	if len(p.list) == 0 {
		return nil
	}
	sort.SliceStable(p.list, func(i, j int) bool { return p.list[i].Line < p.list[j].Line })
	return &MappingError{Name: name, Problems: slices.Compact(p.list)}
}

var yamlLine = regexp.MustCompile(`^yaml: line (\d+): (.*)$`)

// parseYAML returns the one document of a file, or what is wrong with it as text.
func parseYAML(name string, text []byte) (*yaml.Node, error) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	if err := d.Decode(&doc); err != nil {
		return nil, syntaxProblem(name, err)
	}
	var more yaml.Node
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, &MappingError{Name: name, Problems: []Problem{{Line: secondLine(text), Msg: "a mapping is one document: nothing may follow ---"}}}
	}
	return doc.Content[0], nil
}

// secondLine is the line of the marker that begins a second document.
func secondLine(text []byte) int {
	before, _, _ := bytes.Cut(text[1:], []byte("\n---"))
	return bytes.Count(before, []byte("\n")) + 2
}

func syntaxProblem(name string, err error) error {
	if errors.Is(err, io.EOF) {
		return &MappingError{Name: name, Problems: []Problem{{Line: 1, Msg: "the mapping is empty"}}}
	}
	p := Problem{Line: 1, Msg: strings.TrimPrefix(err.Error(), "yaml: ")}
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		_, _ = fmt.Sscan(m[1], &p.Line)
		p.Msg = m[2]
	}
	p.Msg = "broken YAML: " + p.Msg
	return &MappingError{Name: name, Problems: []Problem{p}}
}

// part is one key of a YAML map with what reads its value.
type part struct {
	key      string
	required bool
	read     func(*yaml.Node)
}

// walk reads a map of known keys; what is unknown, double or missing becomes a problem.
func (p *problems) walk(n *yaml.Node, what string, parts ...part) {
	if n.Kind != yaml.MappingNode {
		p.at(n, "%s must be a map of keys, not %s", what, kindOf(n))
		return
	}
	known := make([]string, 0, len(parts))
	for _, x := range parts {
		known = append(known, x.key)
	}
	seen := map[string]bool{}
	p.each(n, func(key, value *yaml.Node) {
		seen[key.Value] = true
		i := slices.Index(known, key.Value)
		if i < 0 {
			p.at(key, "unknown key %q in %s%s", key.Value, what, didYouMean(key.Value, known))
			return
		}
		parts[i].read(value)
	})
	for _, x := range parts {
		if x.required && !seen[x.key] {
			p.at(n, "%s: key %q is missing", what, x.key)
		}
	}
}

// each calls f for every key and value of a map, in the order of the file.
func (p *problems) each(n *yaml.Node, f func(key, value *yaml.Node)) {
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			p.at(key, "a key must be plain text: anchors, aliases and merges are not read")
			continue
		}
		if first, twice := seen[key.Value]; twice {
			p.at(key, "key %q stands already at line %d", key.Value, first)
			continue
		}
		seen[key.Value] = key.Line
		f(key, value)
	}
}

// text returns a part that reads one non-empty text.
func (p *problems) text(what string, to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || strings.TrimSpace(n.Value) == "" {
			p.at(n, "%s must be a text, not %s", what, kindOf(n))
			return
		}
		*to = n.Value
	}
}

func kindOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a map"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.AliasNode:
		return "an alias (write it out)"
	case n.Tag == "!!null", n.Value == "":
		return "nothing"
	}
	return fmt.Sprintf("%q", n.Value)
}

// didYouMean is the closest known word as the end of a sentence, or all of them when none is close.
func didYouMean(word string, known []string) string {
	best, distance := "", len(word)/2+1
	for _, k := range known {
		d := editDistance(word, k)
		if strings.HasPrefix(word, k+"-") || strings.HasPrefix(word, k+"_") {
			d = 1 // "accept-dossier" is "accept"
		}
		if d < distance {
			best, distance = k, d
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf(": did you mean %q?", best)
	case len(known) == 0:
		return ""
	case len(known) > 30:
		return fmt.Sprintf(" (%d are known)", len(known))
	}
	sorted := slices.Sorted(slices.Values(known))
	return " (known: " + strings.Join(sorted, ", ") + ")"
}

// editDistance counts the letters to change, add or drop (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			before, row[j] = row[j], min(row[j]+1, row[j-1]+1, before+cost)
		}
	}
	return row[len(b)]
}

// Package yamltext rewrites a YAML file as JSON in which every value stands on the line it stood on, so that files of rules in YAML are read
// as strictly as those in JSON, and their mistakes told with the right line.
package yamltext

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"dossier/domain/document"

	"gopkg.in/yaml.v3"
)

// JSON is the one document of a file. JSON itself is YAML, and comes through as it is.
func JSON(data []byte) ([]byte, []document.Mistake) {
	var doc, more yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(data))
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, []document.Mistake{{Line: 1, VI: "tệp trống", EN: "the file is empty"}}
	case err != nil:
		return nil, []document.Mistake{broken(err)}
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, []document.Mistake{{Line: max(more.Line, doc.Line), VI: "chỉ được có một tài liệu YAML", EN: "only one YAML document may stand here"}}
	}
	w := &writer{line: 1}
	w.value(doc.Content[0], "")
	return w.out.Bytes(), w.mistakes
}

var said = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

func broken(err error) document.Mistake {
	m := document.Mistake{Line: 1, VI: "không phải YAML đúng: " + err.Error(), EN: "not well-formed YAML: " + err.Error()}
	if found := said.FindStringSubmatch(err.Error()); found != nil {
		_, _ = fmt.Sscan(found[1], &m.Line) // none: the first
		m.VI, m.EN = "không phải YAML đúng: "+found[2], "not well-formed YAML: "+found[2]
	}
	return m
}

type writer struct {
	out      bytes.Buffer
	line     int
	mistakes []document.Mistake
}

// down goes on to a line; nodes come in the order of their lines.
func (w *writer) down(line int) {
	for ; w.line < line; w.line++ {
		w.out.WriteByte('\n')
	}
}

func (w *writer) wrong(n *yaml.Node, path, vi, en string) {
	w.mistakes = append(w.mistakes, document.Mistake{Line: n.Line, Path: path, VI: vi, EN: en})
	w.out.WriteString("null")
}

func (w *writer) value(n *yaml.Node, path string) {
	w.down(n.Line)
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		w.wrong(n, path, "không nhận & và *: ghi đầy đủ ở mỗi chỗ", "anchors and aliases are not read: write it out in each place")
	case n.Kind == yaml.MappingNode:
		w.object(n, path)
	case n.Kind == yaml.SequenceNode:
		w.out.WriteByte('[')
		for i, one := range n.Content {
			if i > 0 {
				w.out.WriteByte(',')
			}
			w.value(one, fmt.Sprintf("%s[%d]", path, i))
		}
		w.out.WriteByte(']')
	default:
		w.scalar(n)
	}
}

func (w *writer) object(n *yaml.Node, path string) {
	w.out.WriteByte('{')
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if i > 0 {
			w.out.WriteByte(',')
		}
		w.down(key.Line)
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			w.mistakes = append(w.mistakes, document.Mistake{Line: key.Line, Path: path, VI: "tên mục phải là chữ", EN: "the name of a member is plain text"})
			key = &yaml.Node{Value: fmt.Sprint("?", i)}
		}
		w.text(key.Value)
		w.out.WriteByte(':')
		w.value(n.Content[i+1], strings.TrimPrefix(path+"."+key.Value, "."))
	}
	w.out.WriteByte('}')
}

// scalar keeps whole numbers, truths and nothing; everything else is a text, a day such as 2026-11-24 too.
func (w *writer) scalar(n *yaml.Node) {
	switch n.Tag {
	case "!!null":
		w.out.WriteString("null")
		return
	case "!!int", "!!bool":
		if json.Valid([]byte(n.Value)) {
			w.out.WriteString(n.Value)
			return
		}
	}
	w.text(n.Value)
}

func (w *writer) text(s string) {
	b, _ := json.Marshal(s) // a string: cannot fail
	w.out.Write(b)
}

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/format"
	"maps"
	"slices"
	"strings"
	"text/template"
)

// Generate gives the Go source of a document.
func Generate(raw []byte) ([]byte, error) {
	var d document
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, fmt.Errorf("read document: %w", err)
	}
	w := &writer{schemas: d.Components.Schemas, names: map[string]string{}, taken: map[string]string{}}
	for _, name := range ours {
		w.taken[name] = "the client itself"
	}
	for _, name := range slices.Sorted(maps.Keys(w.schemas)) {
		w.names[name] = typeName(name)
	}
	operations, err := d.operations()
	if err != nil {
		return nil, err
	}
	for _, o := range operations {
		w.operation(o)
	}
	for _, name := range slices.Sorted(maps.Keys(w.schemas)) {
		w.declare(w.names[name], w.schemas[name], "schema "+name)
	}
	if w.err != nil {
		return nil, w.err
	}
	slices.SortFunc(w.types, func(a, b declared) int { return strings.Compare(a.Name, b.Name) })
	var b bytes.Buffer
	if err := page.Execute(&b, w); err != nil {
		return nil, fmt.Errorf("write client: %w", err)
	}
	source, err := format.Source(b.Bytes())
	if err != nil {
		return nil, fmt.Errorf("format client: %w\n%s", err, b.Bytes())
	}
	return source, nil
}

// ours are the types that the client has without the document.
var ours = []string{"Answer", "Client", "Content", "Nothing", "Once", "Options", "Problem"}

// writer collects what the page shows.
type writer struct {
	schemas map[string]*schema
	names   map[string]string // of a schema, in Go
	taken   map[string]string // by whom a name of Go was taken
	types   []declared
	within  string // the schema that is being read
	err     error

	Methods []method
}

// Types are those declared, by name.
func (w *writer) Types() []declared { return w.types }

// declared is a type of the client.
type declared struct {
	Name, Is, Doc string // Is: what it is, when it is no struct
	Fields        []field
}

type field struct {
	Name, Type, Tag, Doc string
}

// method is an operation of the client.
type method struct {
	Name, Doc, Arguments, Gives, Call string
	Pages                             *pages
}

// pages says how the method that goes through all pages of a list asks for the next.
type pages struct {
	Name, Arguments, Passed, Item, List, Cursor, More, Next string
}

// operation makes a method, and the type of its parameters where it has some of its own.
func (w *writer) operation(o operation) {
	m := method{Name: camel(o.ID), Doc: sentence(o.Summary)}
	w.within = o.ID
	arguments, passed, path := []string{"ctx context.Context"}, []string{"ctx"}, o.path
	for _, p := range o.in("path") {
		name := unexported(camel(p.Name))
		arguments, passed = append(arguments, name+" "+w.plain(p.Schema)), append(passed, name)
		path = strings.ReplaceAll(path, "{"+p.Name+"}", `" + segment(`+name+`) + "`)
	}
	request := fmt.Sprintf("method: %q, path: %s", o.method, strings.TrimSuffix(`"`+path+`"`, ` + ""`))
	params := w.params(o, m.Name)
	if params != "" {
		arguments, passed, request = append(arguments, "p "+params), append(passed, "p"), request+", params: p"
	}
	if kind, s := body(o); s != nil && kind == "application/json" && s.Format != "binary" {
		arguments, request = append(arguments, "body "+w.typeOf(s, m.Name+"Body")), request+", body: body"
	} else if kind != "" {
		arguments, request = append(arguments, "body []byte"), request+fmt.Sprintf(", body: content{%q, body}", kind)
	}
	m.Arguments = strings.Join(arguments, ", ")
	all := o.answer()
	answer, isJSON := all["application/json"]
	lines, isLines := all["application/x-ndjson"]
	stream, isStream := all["text/event-stream"]
	switch {
	case isStream:
		w.add(m, "iter.Seq2[*Answer["+w.typeOf(stream.Schema.carried(), m.Name+"Event")+"], error]", "follow", request)
	case isJSON:
		of := "json.RawMessage"
		if answer.Schema != nil {
			of = w.typeOf(answer.Schema, m.Name+"Answer")
		}
		if o.method == "GET" && params != "" {
			m.Pages = w.pages(o, m, answer.Schema, passed)
		}
		w.add(m, "(*Answer["+of+"], error)", "ask["+of+"]", request)
		if isLines {
			m.Name, m.Pages = m.Name+"Lines", nil
			m.Doc = "The same, a line at a time: as much as one line is held in memory."
			w.add(m, "iter.Seq2[*Answer["+w.typeOf(lines.Schema, m.Name)+"], error]", "lines", request)
		}
	case isLines:
		w.add(m, "iter.Seq2[*Answer["+w.typeOf(lines.Schema, m.Name+"Line")+"], error]", "lines", request)
	case o.method == "GET":
		w.add(m, "(*Content, error)", "fetch", request)
	default:
		w.add(m, "(*Answer[Nothing], error)", "ask[Nothing]", request)
	}
}

func (w *writer) add(m method, gives, by, request string) {
	if of, generic := strings.CutPrefix(gives, "iter.Seq2[*Answer["); generic {
		by += "[" + strings.TrimSuffix(of, "], error]") + "]"
	}
	w.take("method "+m.Name, m.Name)
	m.Gives, m.Call = gives, by+"(ctx, c, request{"+request+"})"
	w.Methods = append(w.Methods, m)
}

func (w *writer) take(name, by string) {
	if before, taken := w.taken[name]; taken && w.err == nil {
		w.err = fmt.Errorf("%s and %s would both be %s in Go: give one another name", before, by, name)
	}
	w.taken[name] = by
}

// params is the type of what goes with a request beside its path and body: Once, where that is all there is.
func (w *writer) params(o operation, name string) string {
	list, own := slices.Concat(o.in("query"), o.in("header")), false
	for _, p := range list {
		own = own || p.Name != "Idempotency-Key" && p.Name != "If-Match"
	}
	switch {
	case len(list) == 0:
		return ""
	case !own:
		return "Once"
	}
	t := declared{Name: name + "Params", Doc: "goes with " + name + "."}
	for _, p := range list {
		tag := fmt.Sprintf("%s:%q", p.In, p.Name)
		if p.Required {
			tag += ` required:"true"`
		}
		t.Fields = append(t.Fields, field{Name: camel(p.Name), Type: w.plain(p.Schema), Tag: tag, Doc: explained(p.Description, p.Schema)})
	}
	w.take(t.Name, "parameters of "+o.ID)
	w.types = append(w.types, t)
	return t.Name
}

// pages finds out whether an answer is one page of several: it has next, which the parameter of a cursor takes, and one list.
func (w *writer) pages(o operation, m method, answer *schema, passed []string) *pages {
	s := w.resolve(answer)
	if s == nil || s.Properties["next"] == nil {
		return nil
	}
	p := &pages{Arguments: m.Arguments, Passed: strings.Join(passed, ", "), Name: "All" + strings.TrimPrefix(m.Name, "List")}
	for _, q := range o.in("query") {
		if slices.Contains([]string{"cursor", "before", "from"}, q.Name) && q.Schema.Type.name == s.Properties["next"].Type.name {
			p.Cursor = camel(q.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if is := s.Properties[name]; is.Type.name == "array" {
			p.List, p.Item = camel(name), w.typeOf(is.Items, m.Name+camel(name))
		}
	}
	if p.Cursor == "" || p.List == "" {
		return nil
	}
	switch next := s.Properties["next"].Type; {
	case next.null:
		p.More, p.Next = "next != nil", "*next"
	case next.name == "integer":
		p.More, p.Next = "next != 0", "next"
	default:
		p.More, p.Next = `next != ""`, "next"
	}
	w.take("method "+p.Name, "the pages of "+o.ID)
	return p
}

// body is what a request carries.
func body(o operation) (kind string, s *schema) {
	content := o.RequestBody.Content
	if m, is := content["application/json"]; is {
		return "application/json", m.Schema
	}
	for _, kind := range slices.Sorted(maps.Keys(content)) {
		return kind, content[kind].Schema
	}
	return "", nil
}

// declare gives a schema a type of that name.
func (w *writer) declare(name string, s *schema, by string) {
	w.take(name, by)
	if w.within = strings.TrimPrefix(by, "schema "); strings.HasPrefix(by, "a part") {
		w.within = strings.TrimPrefix(by, "a part of ")
	}
	t := declared{Name: name, Doc: "is " + by + " of the document."}
	if s.Type.name != "object" || s.open() || len(s.Properties) == 0 {
		if t.Is = w.typeOf(s, name+"Item"); t.Is == "struct{}" {
			t.Is = ""
		}
		w.types = append(w.types, t)
		return
	}
	for _, member := range slices.Sorted(maps.Keys(s.Properties)) {
		is, option := s.Properties[member], ",omitzero"
		if slices.Contains(s.Required, member) {
			option = ""
		} else if is.Type.null { // what may be left out need not be said to be nothing
			left := *is
			left.Type.null, is = false, &left
		}
		f := field{Name: camel(member), Type: w.typeOf(is, name+camel(member)), Tag: fmt.Sprintf("json:%q", member+option), Doc: explained(is.Description, is)}
		if is.Ref != "" && w.reaches(is, name, map[string]bool{}) {
			f.Type = "*" + f.Type // a struct cannot hold itself
		}
		t.Fields = append(t.Fields, f)
	}
	w.types = append(w.types, t)
}

// reaches says whether a value of the schema holds one of the named type, other than in a list.
func (w *writer) reaches(s *schema, name string, seen map[string]bool) bool {
	if s.Ref != "" {
		ref := refName(s.Ref)
		if w.names[ref] == name {
			return true
		}
		if seen[ref] || w.schemas[ref] == nil {
			return false
		}
		seen[ref], s = true, w.schemas[ref]
	}
	for _, is := range s.Properties {
		if w.reaches(is, name, seen) {
			return true
		}
	}
	return false
}

// typeOf is the type of Go that holds what the schema lets pass. A type without a name gets the one given.
func (w *writer) typeOf(s *schema, name string) string {
	switch {
	case s == nil:
		return "json.RawMessage"
	case s.Ref != "":
		if is, known := w.names[refName(s.Ref)]; known {
			return is
		}
		if w.err == nil {
			w.err = fmt.Errorf("%s leads nowhere", s.Ref)
		}
		return "json.RawMessage"
	case s.open():
		return "json.RawMessage"
	}
	is := "json.RawMessage"
	switch s.Type.name {
	case "array":
		return "[]" + w.typeOf(s.Items, name)
	case "object":
		if len(s.Properties) > 0 {
			if _, again := w.taken[name]; !again {
				w.declare(name, s, "a part of "+w.within)
			}
			is = name
			break
		}
		if of := s.values(); of != nil {
			return "map[string]" + w.typeOf(of, name+"Value")
		}
		if len(s.Additional) > 0 && string(s.Additional) == "false" {
			is = "struct{}"
		}
	case "string", "integer", "number", "boolean":
		is = w.plain(s)
	}
	if s.Type.null && is != "json.RawMessage" {
		return "*" + is
	}
	return is
}

// plain is the type of a value that is no object.
func (w *writer) plain(s *schema) string {
	switch {
	case s.Type.name == "array":
		return "[]" + w.plain(s.Items)
	case s.Type.name == "integer":
		return "int64"
	case s.Type.name == "number":
		return "float64"
	case s.Type.name == "boolean":
		return "bool"
	case s.Format == "date-time":
		return "time.Time"
	}
	return "string"
}

func (w *writer) resolve(s *schema) *schema {
	if s != nil && s.Ref != "" {
		return w.schemas[refName(s.Ref)]
	}
	return s
}

func refName(ref string) string { return strings.TrimPrefix(ref, "#/components/schemas/") }

var page = template.Must(template.New("client").Parse(`// Code generated by handlers/client/generate from handlers/api/testdata/openapi.json; DO NOT EDIT.

package client

import (
	"context"
	"encoding/json"
	"iter"
	"time"
)
{{range .Methods}}
// {{.Name}}: {{.Doc}}
func (c *Client) {{.Name}}({{.Arguments}}) {{.Gives}} {
	return {{.Call}}
}
{{with .Pages}}
// {{.Name}} goes through all pages.
func (c *Client) {{.Name}}({{.Arguments}}) iter.Seq2[{{.Item}}, error] {
	return pages(func() ([]{{.Item}}, bool, error) {
		got, err := c.{{$.MethodOf .}}({{.Passed}})
		if err != nil {
			return nil, false, err
		}
		next := got.Value.Next
		if {{.More}} {
			p.{{.Cursor}} = {{.Next}}
		}
		return got.Value.{{.List}}, {{.More}}, nil
	})
}
{{end}}{{end}}{{range .Types}}
// {{.Name}} {{.Doc}}
type {{.Name}} {{if .Is}}{{.Is}}{{else}}struct {
{{- range .Fields}}{{if .Doc}}
	// {{.Doc}}{{end}}
	{{.Name}} {{.Type}} ` + "`{{.Tag}}`" + `{{end}}
}{{end}}
{{end}}`))

// MethodOf is the method whose pages are gone through.
func (w *writer) MethodOf(p *pages) string {
	for _, m := range w.Methods {
		if m.Pages == p {
			return m.Name
		}
	}
	return ""
}

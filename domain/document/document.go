// Package document reads rules from JSON files strictly and says of every mistake where it stands: file line and path.
//
// Rules are data that people write and the law depends on. So nothing is passed over: an unknown member, a member given twice, a
// wrong type or a value that its type refuses is a mistake, and all mistakes of a file are told at once.
package document

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A Mistake is one thing that is wrong with a document.
type Mistake struct {
	Line   int
	Path   string // "years[2].days[0].kind"
	VI, EN string
}

func (m Mistake) Error() string {
	return fmt.Sprintf("line %d, %s: %s", m.Line, m.Path, m.EN)
}

// Document knows on which line each of its values stands.
type Document struct {
	lines map[string]int
}

// Line is where the value of a path stands; where its nearest holder stands when the value itself is missing.
func (d Document) Line(path string) int {
	for {
		if line, known := d.lines[path]; known {
			return line
		}
		if path == "" {
			return 1
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
}

// Read fills the struct that into points to.
func Read(data []byte, into any) (Document, []Mistake) {
	r := &reader{data: data, dec: json.NewDecoder(bytes.NewReader(data)), lines: map[string]int{}}
	r.dec.UseNumber()
	if err := r.value(reflect.ValueOf(into).Elem(), ""); err != nil {
		r.broken(err)
	} else if _, err := r.dec.Token(); !errors.Is(err, io.EOF) {
		r.wrong("", "chỉ được có một đối tượng JSON", "only one JSON object may stand here")
	}
	return Document{r.lines}, r.mistakes
}

type reader struct {
	data     []byte
	dec      *json.Decoder
	lines    map[string]int
	mistakes []Mistake
}

// line is where the decoder stands.
func (r *reader) line() int {
	at := min(int(r.dec.InputOffset()), len(r.data))
	return 1 + bytes.Count(r.data[:at], []byte("\n"))
}

func (r *reader) wrong(path, vi, en string) {
	line, known := r.lines[path]
	if !known {
		line = r.line()
	}
	r.mistakes = append(r.mistakes, Mistake{line, path, vi, en})
}

// broken ends the reading: what follows a fault in the JSON itself cannot be judged.
func (r *reader) broken(err error) {
	line := r.line()
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		line = 1 + bytes.Count(r.data[:min(int(syntax.Offset), len(r.data))], []byte("\n"))
	}
	r.mistakes = append(r.mistakes, Mistake{line, "", "không phải JSON đúng: " + err.Error(), "not well-formed JSON: " + err.Error()})
}

// value reads the next value into v. An error is a fault of the JSON itself.
func (r *reader) value(v reflect.Value, path string) error {
	t, err := r.dec.Token()
	if err != nil {
		return err
	}
	r.lines[path] = r.line()
	return r.fill(v, t, path)
}

func (r *reader) fill(v reflect.Value, t json.Token, path string) error {
	if t == nil {
		r.wrong(path, "không nhận null", "null is not accepted")
		return nil
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		return r.fill(v.Elem(), t, path)
	}
	if raw, is := v.Addr().Interface().(*json.RawMessage); is {
		return r.raw(raw, t, path)
	}
	if text, is := v.Addr().Interface().(encoding.TextUnmarshaler); is {
		return r.text(text, t, path)
	}
	switch v.Kind() {
	case reflect.Struct:
		return r.object(v, t, path)
	case reflect.Map:
		return r.table(v, t, path)
	case reflect.Slice:
		return r.list(v, t, path)
	case reflect.String:
		if s, is := t.(string); is {
			v.SetString(s)
			return nil
		}
		return r.other(t, path, "một chuỗi", "a text")
	case reflect.Bool:
		if b, is := t.(bool); is {
			v.SetBool(b)
			return nil
		}
		return r.other(t, path, "true hoặc false", "true or false")
	case reflect.Int, reflect.Int64, reflect.Int32:
		if n, is := t.(json.Number); is {
			if i, err := n.Int64(); err == nil && !v.OverflowInt(i) {
				v.SetInt(i)
				return nil
			}
		}
		return r.other(t, path, "một số nguyên", "a whole number")
	}
	panic("document: a rule may not hold a " + v.Type().String())
}

func (r *reader) text(v encoding.TextUnmarshaler, t json.Token, path string) error {
	s, is := t.(string)
	if !is {
		return r.other(t, path, "một chuỗi", "a text")
	}
	if err := v.UnmarshalText([]byte(s)); err != nil {
		r.wrong(path, err.Error(), err.Error())
	}
	return nil
}

// raw keeps a value as it is written, and knows on which line each of its parts stands.
func (r *reader) raw(v *json.RawMessage, t json.Token, path string) error {
	end := int(r.dec.InputOffset()) // behind the token
	start := end - 1
	if _, opens := t.(json.Delim); !opens {
		return r.other(t, path, "một đối tượng", "an object")
	}
	if err := r.inside(t, path); err != nil {
		return err
	}
	*v = append((*v)[:0], r.data[start:r.dec.InputOffset()]...)
	return nil
}

// inside walks over a value that began with t.
func (r *reader) inside(t json.Token, path string) error {
	switch t {
	case json.Delim('{'):
		seen := map[string]bool{}
		for r.dec.More() {
			name, err := r.key()
			if err != nil {
				return err
			}
			at := join(path, name)
			if seen[name] {
				r.wrong(at, "có hai lần", "stands there twice")
			}
			seen[name] = true
			if err := r.part(at); err != nil {
				return err
			}
		}
	case json.Delim('['):
		for i := 0; r.dec.More(); i++ {
			if err := r.part(path + "[" + strconv.Itoa(i) + "]"); err != nil {
				return err
			}
		}
	default:
		return nil
	}
	_, err := r.dec.Token()
	return err
}

func (r *reader) part(path string) error {
	t, err := r.dec.Token()
	if err != nil {
		return err
	}
	r.lines[path] = r.line()
	return r.inside(t, path)
}

// other notes a wrong type and passes over the value.
func (r *reader) other(t json.Token, path, vi, en string) error {
	r.wrong(path, "không đúng kiểu; nhận "+vi, "the wrong type; give "+en)
	return r.skip(t)
}

// skip passes over the rest of a value that began with t.
func (r *reader) skip(t json.Token) error {
	for depth := 0; ; {
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
		var err error
		if t, err = r.dec.Token(); err != nil {
			return err
		}
	}
}

func (r *reader) object(v reflect.Value, t json.Token, path string) error {
	if t != json.Delim('{') {
		return r.other(t, path, "một đối tượng", "an object")
	}
	fields := fieldsOf(v.Type())
	seen := map[string]bool{}
	for r.dec.More() {
		name, err := r.key()
		if err != nil {
			return err
		}
		at := join(path, name)
		f, known := fields[name]
		switch {
		case !known:
			names := listed(fields)
			r.wrong(at, "không có mục này; nhận: "+names, "there is no such member; known are: "+names)
		case seen[name]:
			r.wrong(at, "có hai lần", "stands there twice")
		}
		if !known || seen[name] {
			if err := r.pass(); err != nil {
				return err
			}
			continue
		}
		seen[name] = true
		if err := r.value(v.FieldByIndex(f.Index), at); err != nil {
			return err
		}
	}
	for _, name := range sortedNames(fields) {
		if !seen[name] && required(fields[name]) {
			r.wrong(path, "thiếu “"+name+"”", "“"+name+"” is missing")
		}
	}
	_, err := r.dec.Token()
	return err
}

// table reads an object whose members have names of their own.
func (r *reader) table(v reflect.Value, t json.Token, path string) error {
	if t != json.Delim('{') {
		return r.other(t, path, "một đối tượng", "an object")
	}
	v.Set(reflect.MakeMap(v.Type()))
	for r.dec.More() {
		name, err := r.key()
		if err != nil {
			return err
		}
		at := join(path, name)
		key := reflect.New(v.Type().Key()).Elem()
		if mistake := keyOf(key, name); mistake != "" {
			r.wrong(at, mistake, mistake)
		} else if v.MapIndex(key).IsValid() {
			r.wrong(at, "có hai lần", "stands there twice")
		}
		one := reflect.New(v.Type().Elem()).Elem()
		if err := r.value(one, at); err != nil {
			return err
		}
		v.SetMapIndex(key, one)
	}
	_, err := r.dec.Token()
	return err
}

func keyOf(key reflect.Value, name string) string {
	if text, is := key.Addr().Interface().(encoding.TextUnmarshaler); is {
		if err := text.UnmarshalText([]byte(name)); err != nil {
			return err.Error()
		}
		return ""
	}
	key.SetString(name)
	return ""
}

func (r *reader) list(v reflect.Value, t json.Token, path string) error {
	if t != json.Delim('[') {
		return r.other(t, path, "một danh sách", "a list")
	}
	for i := 0; r.dec.More(); i++ {
		one := reflect.New(v.Type().Elem()).Elem()
		if err := r.value(one, path+"["+strconv.Itoa(i)+"]"); err != nil {
			return err
		}
		v.Set(reflect.Append(v, one))
	}
	_, err := r.dec.Token()
	return err
}

func (r *reader) key() (string, error) {
	t, err := r.dec.Token()
	if err != nil {
		return "", err
	}
	return t.(string), nil
}

// pass reads a value that nothing is made of.
func (r *reader) pass() error {
	t, err := r.dec.Token()
	if err != nil {
		return err
	}
	return r.skip(t)
}

func fieldsOf(t reflect.Type) map[string]reflect.StructField {
	fields := map[string]reflect.StructField{}
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			fields[name] = f
		}
	}
	return fields
}

func required(f reflect.StructField) bool {
	_, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	return options == ""
}

func sortedNames(fields map[string]reflect.StructField) []string {
	var names []string
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func listed(fields map[string]reflect.StructField) string {
	return strings.Join(sortedNames(fields), ", ")
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

package document_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"dossier/domain/document"
)

// colour is a value that knows its own mistakes.
type colour string

func (c *colour) UnmarshalText(text []byte) error {
	if string(text) != "red" && string(text) != "blue" {
		return errors.New("known are: blue, red")
	}
	*c = colour(text)
	return nil
}

type desk struct {
	Code   string          `json:"code"`
	Number int32           `json:"number,omitempty"`
	Open   bool            `json:"open,omitempty"`
	Paint  colour          `json:"paint,omitempty"`
	Next   *desk           `json:"next,omitempty"`
	Parts  []desk          `json:"parts,omitempty"`
	Names  map[string]int  `json:"names,omitempty"`
	Paints map[colour]bool `json:"paints,omitempty"`
	Schema json.RawMessage `json:"schema,omitempty"`
	Hidden string          `json:"-"`
	Unsaid string
}

func TestARuleIsReadAsItStands(t *testing.T) {
	text := `{"code": "a", "number": -7, "open": true, "paint": "red",
		"next": {"code": "b"},
		"parts": [{"code": "c"}, {"code": "d", "number": 1}],
		"names": {"x": 1, "y": 2}, "paints": {"blue": true},
		"schema": {"type": "object", "enum": [1,
			{"a": []}]}}`
	var got desk
	doc, mistakes := document.Read([]byte(text), &got)
	want := desk{
		Code: "a", Number: -7, Open: true, Paint: "red", Next: &desk{Code: "b"}, Parts: []desk{{Code: "c"}, {Code: "d", Number: 1}},
		Names: map[string]int{"x": 1, "y": 2}, Paints: map[colour]bool{"blue": true}, Schema: json.RawMessage("{\"type\": \"object\", \"enum\": [1,\n\t\t\t{\"a\": []}]}"),
	}
	if len(mistakes) > 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got, mistakes, want)
	}
	for path, line := range map[string]int{
		"": 1, "code": 1, "next": 2, "next.code": 2, "next.number": 2, "parts": 3, "parts[1].number": 3, "parts[7].code": 3, "names.y": 4, "paints.blue": 4,
		"schema.enum[0]": 5, "schema.enum[1].a": 6, "schema.properties.a": 5, "unknown": 1,
	} {
		if got := doc.Line(path); got != line {
			t.Errorf("%q stands on line %d, not %d", path, got, line)
		}
	}
	doc, _ = document.Read([]byte("\n"+text), &got)
	if root, part, unknown := doc.Line(""), doc.Line("[7]"), doc.Line("unknown"); root != 2 || part != 2 || unknown != 2 {
		t.Errorf("an object from line 2 on stands on line %d, its parts on %d and %d", root, part, unknown)
	}
	if got := (document.Document{}).Line("parts[1].code"); got != 1 {
		t.Errorf("of a document that was not read, a part stands on line %d", got)
	}
}

func TestEveryMistakeIsToldWithLineAndPathAndTheRestIsRead(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"a missing member", "{\n\"open\": true}", []string{"line 1, : “code” is missing"}},
		{"a missing member of a part", "{\"code\": \"a\",\n\"parts\": [{\"code\": \"b\"},\n{}]}", []string{"line 3, parts[1]: “code” is missing"}},
		{"an unknown member", "{\"code\": \"a\",\n\"colour\": {\"deep\": [1, {\"er\": 2}]}, \"number\": \"x\"}", []string{
			"line 2, colour: there is no such member; known are: code, names, next, number, open, paint, paints, parts, schema",
			"line 2, number: the wrong type; give a whole number"}},
		{"a member that no name in the file has", `{"code": "a", "Hidden": "x", "Unsaid": "y"}`, []string{"line 1, Hidden: there is no such member", "line 1, Unsaid: there is no such member"}},
		{"a member given twice", "{\"code\": \"a\",\n\"code\": [\"b\"],\n\"number\": true}", []string{"line 1, code: stands there twice", "line 3, number: the wrong type"}},
		{"null", `{"code": null}`, []string{"line 1, code: null is not accepted"}},
		{"a list for a text", "{\"code\": [[1], 2],\n\"number\": \"7\"}", []string{"line 1, code: the wrong type; give a text", "line 2, number: the wrong type; give a whole number"}},
		{"an object for a list", "{\"code\": \"a\", \"parts\": {\"a\": {\"b\": 1}},\n\"open\": 1}", []string{"line 1, parts: the wrong type; give a list", "line 2, open: the wrong type; give true or false"}},
		{"a text for an object", `{"code": "a", "next": "b", "names": [1], "schema": "s"}`, []string{
			"line 1, next: the wrong type; give an object", "line 1, names: the wrong type; give an object", "line 1, schema: the wrong type; give an object"}},
		{"a fraction", `{"code": "a", "number": 1.5}`, []string{"line 1, number: the wrong type; give a whole number"}},
		{"a number that has no room", `{"code": "a", "number": 2147483648}`, []string{"line 1, number: the wrong type; give a whole number"}},
		{"a value that its type refuses", "{\"code\": \"a\",\n\"paint\": \"green\"}", []string{"line 2, paint: known are: blue, red"}},
		{"a value of another type than its own", `{"code": "a", "paint": 7}`, []string{"line 1, paint: the wrong type; give a text"}},
		{"a name that its type refuses", "{\"code\": \"a\", \"paints\": {\n\"green\": true}}", []string{"line 2, paints.green: known are: blue, red"}},
		{"a name given twice", "{\"code\": \"a\", \"names\": {\"x\": 1,\n\"x\": 2}}", []string{"line 1, names.x: stands there twice"}},
		{"a part of a schema given twice", "{\"code\": \"a\", \"schema\": {\"x\": {\"y\": 1,\n\"y\": 2}}}", []string{"line 1, schema.x.y: stands there twice"}},
		{"two objects", "{\"code\": \"a\"}\n{}", []string{"line 1, : only one JSON object may stand here"}},
		{"no object", `[1]`, []string{"line 1, : the wrong type; give an object"}},
	} {
		var into desk
		_, mistakes := document.Read([]byte(c.text), &into)
		var told []string
		for _, m := range mistakes {
			told = append(told, m.Error())
			if m.VI == "" || m.EN == "" {
				t.Errorf("%s: %+v lacks a language", c.name, m)
			}
		}
		if !slices.EqualFunc(told, c.want, strings.HasPrefix) {
			t.Errorf("%s: %q, want %q", c.name, told, c.want)
		}
	}
}

// What follows a fault in the JSON itself cannot be judged, so it is the last thing told, on the line where it is.
func TestBrokenJSONIsToldWithItsLineWhereverItBreaks(t *testing.T) {
	whole := "{\"code\": \"a\",\n\"colour\": [{\"a\": [1]}],\n\"code\": {\"b\": 2},\n\"next\": {\"code\": \"b\"},\n\"parts\": [{\"code\": \"c\"}],\n\"names\": {\"x\": 1},\n\"schema\": {\"p\": [1, {\"q\": 2}]},\n\"paint\": [1]}"
	for cut := range len(whole) {
		var into desk
		_, mistakes := document.Read([]byte(whole[:cut]), &into)
		if len(mistakes) == 0 {
			t.Fatalf("%q is read", whole[:cut])
		}
		last := mistakes[len(mistakes)-1]
		if !strings.HasPrefix(last.EN, "not well-formed JSON: ") || !strings.HasPrefix(last.VI, "không phải JSON đúng: ") {
			t.Errorf("%q: %v", whole[:cut], last)
		}
		at := 1 + strings.Count(whole[:cut], "\n")
		if last.Line > at || last.Line < at-1 {
			t.Errorf("%q breaks on line %d, told is %d", whole[:cut], at, last.Line)
		}
	}
	for _, c := range []struct {
		text string
		line int
	}{
		{"{\"code\": \"a\",\n\n\"open\": treu}", 3},
		{"{\"code\": \"a\",\n\"open\": true,}", 2},
		{"{\"code\": \"a\",\n\"parts\": [{\"code\": \"b\"}\n{\"code\": \"c\"}]}", 3},
		{"{\"code\": \"a\",\n\"schema\": {\"p\": 1\n\"q\": 2}}", 3},
		{"{\"code\": \"a\",\n\"colour\": {\"p\": 1\n\"q\": 2}}", 3},
	} {
		var into desk
		_, mistakes := document.Read([]byte(c.text), &into)
		if len(mistakes) == 0 || mistakes[len(mistakes)-1].Line != c.line || !strings.HasPrefix(mistakes[len(mistakes)-1].EN, "not well-formed") {
			t.Errorf("%q: %v, want line %d", c.text, mistakes, c.line)
		}
	}
}

// A type that no rule can have is a mistake of the program, not of the file.
func TestARuleMayNotHoldAFraction(t *testing.T) {
	defer func() {
		if told := fmt.Sprint(recover()); told != "document: a rule may not hold a float64" {
			t.Errorf("told %s", told)
		}
	}()
	var into struct {
		Share float64 `json:"share"`
	}
	document.Read([]byte(`{"share": 0.5}`), &into)
}

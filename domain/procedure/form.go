package procedure

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Field is one thing that a form asks.
type Field struct {
	Name     string
	Type     string // string, integer, number or boolean
	Choices  []string
	VI, EN   string
	Personal bool // its value belongs into the vault, never into an event
	Required bool
	Format   string   // date
	Pattern  string   // of texts
	Least    *float64 // of numbers
	Most     *float64
	Longest  int // characters; 0: as many as any text
}

// schema is the part of a JSON Schema that the catalogue itself reads; what else it says, the validator of handlers knows.
type schema struct {
	Type       string            `json:"type"`
	Title      string            `json:"title"`
	TitleEN    string            `json:"x-title-en"`
	Personal   *bool             `json:"x-personal"`
	Enum       []string          `json:"enum"`
	Format     string            `json:"format"`
	Pattern    string            `json:"pattern"`
	MaxLength  int               `json:"maxLength"`
	Minimum    *float64          `json:"minimum"`
	Maximum    *float64          `json:"maximum"`
	Required   []string          `json:"required"`
	Additional *bool             `json:"additionalProperties"`
	Properties map[string]schema `json:"properties"`
}

// Fields lists what the form asks, by name.
func (f Form) Fields() []Field {
	var s schema
	if json.Unmarshal(f.Schema, &s) != nil {
		return nil // Check has told
	}
	var fields []Field
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		fields = append(fields, Field{name, p.Type, p.Enum, p.Title, p.TitleEN, p.Personal != nil && *p.Personal, slices.Contains(s.Required, name), p.Format, p.Pattern, p.Minimum, p.Maximum, p.MaxLength})
	}
	return fields
}

// InOrder lists what the form asks in the order in which the form has it, as people fill it in.
func (f Form) InOrder() []Field {
	fields := f.Fields()
	var s struct {
		Properties json.RawMessage `json:"properties"`
	}
	if json.Unmarshal(f.Schema, &s) != nil {
		return fields
	}
	place := map[string]int{}
	d, depth := json.NewDecoder(bytes.NewReader(s.Properties)), 0
	for {
		token, err := d.Token()
		if err != nil {
			break
		}
		switch t := token.(type) {
		case json.Delim:
			if t == '{' || t == '[' {
				depth++
			} else {
				depth--
			}
		case string:
			if depth == 1 { // a name: what it stands for is an object
				place[t] = len(place)
			}
		}
	}
	slices.SortStableFunc(fields, func(a, b Field) int { return place[a.Name] - place[b.Name] })
	return fields
}

// checkForm wants an object whose every property has a label in both languages and says whether it is personal.
func (c *checker) checkForm(at string, f Form) {
	at += ".schema"
	var s schema
	switch err := json.Unmarshal(f.Schema, &s); {
	case err != nil:
		c.add("bad_schema", at, "không phải JSON Schema của một biểu mẫu: "+err.Error(), "no JSON Schema of a form: "+err.Error())
		return
	case s.Type != "object" || len(s.Properties) == 0:
		c.add("bad_schema", at, `biểu mẫu là "type": "object" có properties`, `a form is "type": "object" with properties`)
	case s.Additional == nil || *s.Additional:
		c.add("bad_schema", at, `thêm "additionalProperties": false để không nhận mục lạ`, `add "additionalProperties": false, so that nothing unknown is taken`)
	}
	for _, field := range slices.Sorted(maps.Keys(s.Properties)) {
		p, at := s.Properties[field], at+".properties."+field
		if !name(field) {
			c.add("bad_code", at, "tên mục gồm a–z, 0–9 và gạch dưới", "a field's name of a–z, 0–9 and underscores")
		}
		if !slices.Contains([]string{"string", "integer", "number", "boolean"}, p.Type) {
			c.add("bad_schema", at+".type", "string, integer, number hoặc boolean", "string, integer, number or boolean")
		}
		if p.Title == "" || p.TitleEN == "" {
			c.add("label_missing", at, `thiếu nhãn: "title" (tiếng Việt) và "x-title-en"`, `a label is missing: "title" (Vietnamese) and "x-title-en"`)
		}
		if p.Personal == nil {
			c.add("personal_missing", at, `ghi rõ "x-personal": true hoặc false`, `say "x-personal": true or false`)
		}
	}
	for i, field := range s.Required {
		if _, known := s.Properties[field]; !known {
			c.add("unknown_field", fmt.Sprintf("%s.required[%d]", at, i), "biểu mẫu không có mục “"+field+"”", "the form has no field “"+field+"”")
		}
	}
}

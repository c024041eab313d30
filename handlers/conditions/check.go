package conditions

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"dossier/domain/procedure"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// mostForms is how many filled-in forms are tried; where there are more kinds, every combination of facts is taken to be possible.
const mostForms = 4096

// Check tells all that is wrong with a version: what the domain sees, whether its forms are JSON Schemas, whether its questions fit them,
// and, over the forms that can be filled in, what can never be reached or ended.
func Check(v procedure.Version) []procedure.Finding {
	_, findings := Try(v)
	return findings
}

// Try is Check that also returns the combinations of facts that the forms can give; nil stands for all.
func Try(v procedure.Version) ([]procedure.Case, []procedure.Finding) {
	findings := procedure.CheckParts(v)
	for i := range v.Forms {
		if _, err := compileForm(v.Forms[i].Schema); err != nil {
			findings = append(findings, procedure.Finding{Code: "bad_schema", Path: fmt.Sprintf("forms[%d].schema", i), VI: "không phải JSON Schema 2020-12: " + err.Error(), EN: "no JSON Schema 2020-12: " + err.Error()})
		}
	}
	set, wrong := Compile(v)
	if findings = append(findings, wrong...); len(findings) > 0 {
		return nil, findings
	}
	cases, failed := set.cases()
	if len(failed) > 0 {
		return nil, failed
	}
	return cases, procedure.Check(v, cases)
}

// cases fills in the forms in every way that its questions could tell apart and returns the combinations of facts that came out.
func (s *Set) cases() (cases []procedure.Case, findings []procedure.Finding) {
	values, names := s.samples()
	total := 1
	for _, name := range names {
		if total *= len(values[name]); total > mostForms || total == 0 {
			return nil, nil
		}
	}
	seen, holds := map[string]bool{}, map[string]bool{}
	for n := range total {
		form := map[string]any{}
		for _, name := range names {
			form[name] = values[name][n%len(values[name])]
			n /= len(values[name])
		}
		facts, err := s.answers(form)
		if fail := (*failure)(nil); errors.As(err, &fail) {
			if !seen["!"+fail.fact] {
				seen["!"+fail.fact] = true
				findings = append(findings, s.fails(fail, form))
			}
			continue
		}
		for _, f := range facts {
			holds[f] = true
		}
		if key := strings.Join(facts, " "); !seen[key] {
			seen[key] = true
			cases = append(cases, facts)
		}
	}
	for i, c := range s.version.Facts {
		if !holds[c.Name] && !seen["!"+c.Name] {
			f := bad(i, "never_holds", "không có cách điền nào làm “"+c.Name+"” đúng", "no way to fill in the form makes “"+c.Name+"” hold")
			f.History = []string{fmt.Sprintf("tried %d forms over %s", total, strings.Join(names, ", "))}
			findings = append(findings, f)
		}
	}
	return cases, findings
}

func (s *Set) fails(fail *failure, form map[string]any) procedure.Finding {
	i := slices.IndexFunc(s.version.Facts, func(c procedure.Condition) bool { return c.Name == fail.fact })
	f := bad(i, "condition_fails", "điều kiện không trả lời được: "+fail.err.Error(), "the condition has no answer: "+fail.err.Error())
	f.History = []string{"filled in with " + shown(form)}
	return f
}

// shown writes the values of a form.
func shown(form map[string]any) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(form)) {
		b, _ := json.Marshal(form[name]) // of plain values: cannot fail
		parts = append(parts, name+"="+string(b))
	}
	return strings.Join(parts, ", ")
}

// samples lists, for each field that a question looks at, the values between which its answer can change.
func (s *Set) samples() (values map[string][]any, names []string) {
	values = map[string][]any{}
	for _, q := range s.asks {
		for _, name := range q.fields {
			f := s.fields[name]
			switch {
			case f.Type == "boolean":
				values[name] = []any{false, true}
			case len(f.Choices) > 0:
				values[name] = nil
				for _, choice := range f.Choices {
					values[name] = append(values[name], choice)
				}
			default:
				for _, v := range around(f.Type, q.values) {
					if !slices.Contains(values[name], v) && s.admits(name, v) {
						values[name] = append(values[name], v)
					}
				}
			}
		}
	}
	return values, slices.Sorted(maps.Keys(values))
}

// around is what a value is compared with, and a little less and more.
func around(kind string, literals []any) []any {
	var list []any
	switch kind {
	case "integer":
		list = append(list, int64(0), int64(1))
	case "number":
		list = append(list, 0.0, 1.0)
	default:
		list = append(list, "", "x")
	}
	for _, v := range literals {
		switch v := v.(type) {
		case int64:
			if kind == "integer" {
				list = append(list, v-1, v, v+1)
			}
		case float64:
			if kind == "number" {
				list = append(list, v-1, v, v+1)
			}
		case string:
			if kind == "string" {
				list = append(list, v)
			}
		}
	}
	return list
}

// admits says whether the form takes a value for this field.
func (s *Set) admits(name string, v any) bool {
	code, field, _ := strings.Cut(strings.TrimPrefix(name, "form."), ".")
	for _, f := range s.version.Forms {
		if f.Code != code {
			continue
		}
		var whole struct {
			Properties map[string]json.RawMessage `json:"properties"`
		}
		if json.Unmarshal(f.Schema, &whole) != nil {
			return false
		}
		schema, err := compileForm(whole.Properties[field])
		if n, is := v.(int64); is {
			v = float64(n)
		}
		return err == nil && schema.Validate(v) == nil
	}
	return false
}

func compileForm(raw json.RawMessage) (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(raw)))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(nowhere{})
	if err := c.AddResource("form:///form", doc); err != nil {
		return nil, err
	}
	return c.Compile("form:///form")
}

// nowhere loads nothing: a form does not reach into files or the net.
type nowhere struct{}

func (nowhere) Load(url string) (any, error) {
	return nil, fmt.Errorf("a form may not refer to %s", url)
}

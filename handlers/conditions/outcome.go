package conditions

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"dossier/domain"
	"dossier/domain/procedure"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// Outcome is what a procedure asks of one dossier: which facts hold, and what follows from them. It holds nothing personal.
type Outcome struct {
	Facts      []string              `json:"facts"`
	Components []procedure.Component `json:"components"`
	Fees       []procedure.Fee       `json:"fees"`
	Total      int                   `json:"total" doc:"Of the fees, in đồng."`
	Limits     []string              `json:"limits" example:"5.working_day"`
	Steps      []string              `json:"steps" doc:"Codes of the work steps that are due."`
}

// Ask validates the forms (an object with one member for each form) and answers the questions over them. What the forms do not take is a
// *domain.Invalid that names the field.
func Ask(v procedure.Version, forms []byte) (Outcome, error) {
	values, err := fill(v, forms)
	if err != nil {
		return Outcome{}, err
	}
	set, findings := Compile(v)
	if len(findings) > 0 {
		return Outcome{}, fmt.Errorf("procedure %s version %d: %s: %s", v.ID, v.Number, findings[0].Path, findings[0].EN)
	}
	facts, err := set.answers(values)
	if err != nil {
		return Outcome{}, &domain.Invalid{Code: "condition_fails", Field: "forms", VI: "Không trả lời được điều kiện của thủ tục: " + err.Error(), EN: "A condition of the procedure has no answer: " + err.Error()}
	}
	return follow(v, facts), nil
}

// follow is what these facts lead to.
func follow(v procedure.Version, facts procedure.Case) Outcome {
	holds := func(f string) bool { return f == "" || slices.Contains(facts, f) }
	o := Outcome{Facts: facts, Limits: []string{}, Steps: []string{}}
	o.Components, o.Fees = v.ComponentsUnder(holds), v.FeesUnder(holds)
	for _, f := range o.Fees {
		o.Total += f.Amount
	}
	for _, l := range v.LimitsUnder(holds) {
		o.Limits = append(o.Limits, l.String())
	}
	for _, s := range v.Flow.Steps {
		if holds(s.When) {
			o.Steps = append(o.Steps, s.Code)
		}
	}
	return o
}

// fill validates what was filled in and returns it by "form.CODE.FIELD", as the engine wants it.
func fill(v procedure.Version, forms []byte) (map[string]any, error) {
	schema, err := json.Marshal(v.FormSchema())
	if err != nil {
		return nil, fmt.Errorf("encode forms of %s: %w", v.ID, err)
	}
	whole, err := compileForm(schema)
	if err != nil {
		return nil, fmt.Errorf("forms of %s: %w", v.ID, err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(forms)))
	if err != nil {
		return nil, &domain.Invalid{Code: "malformed_json", Field: "forms", VI: "Không phải JSON: " + err.Error(), EN: "Not JSON: " + err.Error()}
	}
	if err := whole.Validate(doc); err != nil {
		return nil, refused(err)
	}
	values := map[string]any{}
	for _, f := range v.Forms {
		filled := doc.(map[string]any)[f.Code].(map[string]any)
		for _, field := range f.Fields() {
			if value, given := filled[field.Name]; given {
				values["form."+f.Code+"."+field.Name] = plain(field.Type, value)
			}
		}
	}
	return values, nil
}

// plain turns a number into what the engine compares it with.
func plain(typ string, v any) any {
	n, is := v.(json.Number)
	switch {
	case !is:
		return v
	case typ == "integer":
		if i, err := n.Int64(); err == nil {
			return i
		}
	}
	f, _ := n.Float64() // the schema has seen that it is a number
	return f
}

// refused names the field that the form does not take and the rule it breaks; the value itself is not repeated.
func refused(err error) error {
	bad := err.(*jsonschema.ValidationError)
	for len(bad.Causes) > 0 {
		bad = bad.Causes[0]
	}
	field := strings.Join(append([]string{"forms"}, bad.InstanceLocation...), ".")
	rule := strings.Join(bad.ErrorKind.KeywordPath(), ".")
	if missing, is := bad.ErrorKind.(*kind.Required); is {
		field += "." + missing.Missing[0]
		return &domain.Invalid{Code: "missing", Field: field, VI: "Mục này bắt buộc.", EN: "This is required."}
	}
	return &domain.Invalid{Code: "form_invalid", Field: field,
		VI: "Giá trị không đạt quy tắc “" + rule + "” của biểu mẫu (dossier procedures schema).", EN: "The value breaks the form's rule “" + rule + "” (dossier procedures schema)."}
}

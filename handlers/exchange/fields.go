package exchange

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"dossier/domain"
	"dossier/domain/dossier"

	"gopkg.in/yaml.v3"
)

// The commands the import itself knows by name.
const (
	submit        = "submit"
	recordStep    = "record-step"
	recordOpinion = "record-opinion"
)

// own are the fields that the import fills in: a mapping must not.
var own = map[string][]string{
	submit:     {"procedure", "external_code"},
	recordStep: {"activity", "resource", "group", "case", "irregular"},
}

func (r *mappingReader) fields(n *yaml.Node, to *rule, where place, at *yaml.Node) {
	nodes := map[string]*yaml.Node{}
	switch {
	case n == nil:
	case n.Kind != yaml.MappingNode:
		r.at(n, "fields must be a map of the command's fields, not %s", kindOf(n))
	default:
		r.each(n, func(key, value *yaml.Node) {
			if slices.Contains(own[to.Command], key.Value) {
				r.at(key, "field %q of %s is filled in by the import itself", key.Value, to.Command)
				return
			}
			nodes[key.Value] = key
			if f, ok := r.field(key, value, where); ok {
				to.Fields = append(to.Fields, f)
			}
		})
	}
	if to.Command != "" {
		r.nodes = append(r.nodes, ruleNode{r: to, node: at, fields: nodes, where: where})
	}
}

// field reads a constant, or a map that names the attribute.
func (r *mappingReader) field(key, n *yaml.Node, where place) (field, bool) {
	f := field{Line: key.Line, Name: key.Value}
	if n.Kind != yaml.MappingNode {
		var ok bool
		f.Constant, ok = r.constant(n)
		return f, ok
	}
	before := len(r.list)
	var attribute, event string
	r.walk(n, fmt.Sprintf("field %q", key.Value),
		part{"attribute", false, r.text("attribute", &attribute)},
		part{"event", false, r.text("event", &event)},
		part{"values", false, r.values(&f)},
	)
	switch {
	case attribute != "" && event != "", attribute == "" && event == "":
		r.at(key, "field %q comes either from an attribute of the trace (attribute:) or of the event (event:)", key.Value)
	case event != "" && where == inAttributes:
		r.at(key, "field %q: a trace's attribute has no event to read %q from", key.Value, event)
	}
	f.From = scoped{event: event != "", key: attribute + event}
	r.m.consumed[f.From] = true
	return f, len(r.list) == before
}

func (r *mappingReader) values(f *field) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.MappingNode || len(n.Content) == 0 {
			r.at(n, "values must be a map of the log's values to ours, not %s", kindOf(n))
			return
		}
		f.Values = map[string]json.RawMessage{}
		r.each(n, func(key, value *yaml.Node) {
			if v, ok := r.constant(value); ok {
				f.Values[key.Value] = v
			}
		})
	}
}

// constant writes a YAML value as JSON.
func (r *mappingReader) constant(n *yaml.Node) (json.RawMessage, bool) {
	var v any
	switch {
	case n.Kind == yaml.ScalarNode && n.Tag == "!!int":
		var i int64
		if n.Decode(&i) == nil {
			v = i
			break
		}
		v = n.Value
	case n.Kind == yaml.ScalarNode && n.Tag != "!!null":
		v = n.Value
	case n.Kind == yaml.SequenceNode:
		list := make([]string, 0, len(n.Content))
		for _, x := range n.Content {
			if x.Kind != yaml.ScalarNode {
				r.at(x, "a list holds plain values, not %s", kindOf(x))
				return nil, false
			}
			list = append(list, x.Value)
		}
		v = list
	default:
		r.at(n, "a value is missing here: found %s", kindOf(n))
		return nil, false
	}
	text, err := json.Marshal(v)
	if err != nil {
		r.at(n, "value cannot be written as JSON: %v", err)
	}
	return text, err == nil
}

// check holds every rule against the domain's own command decoder: its fields, its constants, each value it may map to.
func (r *mappingReader) check(root *yaml.Node) {
	starts := 0
	for _, n := range r.nodes {
		if n.r.Command == submit {
			starts++
		}
		if n.r.Command == submit && starts > 1 {
			r.at(n.node, "a second submit: a dossier begins once")
		}
		r.checkRule(n)
	}
	if starts == 0 {
		r.at(root, "nothing becomes submit: name the attribute or the activity that begins a dossier")
	}
}

func (r *mappingReader) checkRule(n ruleNode) {
	sample := r.sample(n.r)
	for i := range n.r.Fields {
		f := &n.r.Fields[i]
		switch {
		case f.Constant != nil:
			sample[f.Name] = f.Constant
		case f.Values != nil:
			r.checkValues(n, sample, f)
		default:
			r.chooseKind(n, sample, f)
		}
	}
	// One complaint at a time comes from the decoder: mend the sample and ask again.
	for range len(fieldNames(n.r.Command)) + len(n.r.Fields) {
		invalid := decodeSample(n.r.Command, sample)
		if invalid == nil {
			return
		}
		at, named := n.fields[invalid.Field]
		if !named {
			at = n.node
		}
		r.at(at, "%s: %s", n.r.Command, r.explain(n.r.Command, invalid))
		if !mend(n.r.Command, sample, invalid.Field) {
			return
		}
	}
}

// mend puts something right in place of a wrong or missing field, so that the next complaint is about another one.
func mend(command string, sample map[string]json.RawMessage, name string) bool {
	delete(sample, name)
	for _, text := range []string{"", `"ext:sample"`, `"2001-02-03T04:05:06Z"`, `1`, `["ext:sample"]`} {
		if text != "" {
			sample[name] = json.RawMessage(text)
		}
		invalid := decodeSample(command, sample)
		if invalid == nil || invalid.Field != name {
			return true
		}
		if _, list, ok := strings.Cut(invalid.EN, "one of: "); ok { // the answer names the closed list
			first, _, _ := strings.Cut(strings.TrimSuffix(list, "."), ",")
			sample[name] = quote(first)
			return true
		}
	}
	return false
}

// sample holds what the import itself will fill in, so that only the mapping's part is judged.
func (r *mappingReader) sample(to *rule) map[string]json.RawMessage {
	switch to.Command {
	case submit:
		return map[string]json.RawMessage{"procedure": quote(r.m.Procedure.ID)}
	case recordStep:
		return map[string]json.RawMessage{"code": quote("ext:sample")}
	case recordOpinion:
		return map[string]json.RawMessage{"number": json.RawMessage("1")}
	}
	return map[string]json.RawMessage{}
}

func (r *mappingReader) checkValues(n ruleNode, sample map[string]json.RawMessage, f *field) {
	for _, from := range sortedKeys(f.Values) {
		with := cloneWith(sample, f.Name, f.Values[from])
		if invalid := decodeSample(n.r.Command, with); invalid != nil && invalid.Field == f.Name {
			r.at(n.fields[f.Name], "%s: value %q becomes %s: %s", n.r.Command, from, f.Values[from], r.explain(n.r.Command, invalid))
			continue
		}
		sample[f.Name] = f.Values[from]
	}
}

// chooseKind finds how the field wants an attribute's value: the first form its type takes.
func (r *mappingReader) chooseKind(n ruleNode, sample map[string]json.RawMessage, f *field) {
	forms := []struct {
		as   kind
		text string
	}{{asCode, `"ext:sample"`}, {asTime, `"2001-02-03T04:05:06Z"`}, {asNumber, `1`}}
	for _, form := range forms {
		with := cloneWith(sample, f.Name, json.RawMessage(form.text))
		if invalid := decodeSample(n.r.Command, with); invalid == nil || invalid.Field != f.Name {
			f.As = form.as
			sample[f.Name] = json.RawMessage(form.text)
			return
		}
	}
	invalid := decodeSample(n.r.Command, cloneWith(sample, f.Name, json.RawMessage(`"ext:sample"`)))
	if invalid.Code == "unknown_field" {
		sample[f.Name] = json.RawMessage(`""`)
		return
	}
	r.at(n.fields[f.Name], "%s: field %q takes values of a closed list: say under values what becomes what", n.r.Command, f.Name)
	mend(n.r.Command, sample, f.Name)
}

func (r *mappingReader) explain(command string, invalid *domain.Invalid) string {
	if invalid.Code == "unknown_field" {
		return fmt.Sprintf("there is no field %q%s", invalid.Field, didYouMean(invalid.Field, fieldNames(command)))
	}
	return invalid.EN
}

// decodeSample returns what the domain finds wrong with a body, nil when it is fine.
func decodeSample(command string, fields map[string]json.RawMessage) *domain.Invalid {
	body, err := json.Marshal(fields)
	if err != nil {
		return &domain.Invalid{Code: "malformed_json", EN: err.Error()}
	}
	_, err = dossier.DecodeCommand(command, body)
	var invalid *domain.Invalid
	switch {
	case err == nil:
		return nil
	case errors.As(err, &invalid):
		return invalid
	}
	return &domain.Invalid{Code: "malformed_json", EN: err.Error()}
}

// templates are the commands whose fields a mapping may name.
var templates = dossier.Commands()

func fieldNames(command string) []string {
	var names []string
	for _, c := range templates {
		if dossier.Kebab(c.Name()) != command {
			continue
		}
		t := reflect.TypeOf(c)
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			names = append(names, name)
		}
	}
	return names
}

func quote(s string) json.RawMessage {
	b, _ := json.Marshal(s) // a string never fails
	return b
}

func cloneWith(m map[string]json.RawMessage, key string, value json.RawMessage) map[string]json.RawMessage {
	c := make(map[string]json.RawMessage, len(m)+1)
	for k, v := range m {
		c[k] = v
	}
	c[key] = value
	return c
}

func sortedKeys(m map[string]json.RawMessage) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

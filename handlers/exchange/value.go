package exchange

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
)

// command builds the body as a caller would send it and lets the domain read it: one decoder for everybody.
func (p *planner) command(made *plan, r *rule, e *XESEvent, line int) (dossier.Command, error) {
	fields := p.base(made, r)
	for i := range r.Fields {
		f := &r.Fields[i]
		value, err := p.value(made, f, e)
		if err != nil {
			return nil, err
		}
		if value != nil {
			fields[f.Name] = value
		}
	}
	body, err := json.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", r.Command, err)
	}
	c, err := dossier.DecodeCommand(r.Command, body)
	var invalid *domain.Invalid
	if errors.As(err, &invalid) {
		return nil, p.fail(made, line, "", fmt.Sprintf("%s (mapping line %d), field %q: %s", r.Command, r.Line, invalid.Field, invalid.EN))
	}
	return c, err
}

// base holds what the import itself fills in.
func (p *planner) base(made *plan, r *rule) map[string]json.RawMessage {
	switch r.Command {
	case submit:
		return map[string]json.RawMessage{"procedure": quote(p.Procedure.ID), "external_code": quote(string(made.Code))}
	case recordOpinion:
		return map[string]json.RawMessage{"number": json.RawMessage("1")}
	}
	return map[string]json.RawMessage{}
}

// value is what a field gets: nil when its attribute is missing.
func (p *planner) value(made *plan, f *field, e *XESEvent) (json.RawMessage, error) {
	if f.Constant != nil {
		return f.Constant, nil
	}
	attributes := made.trace.Attributes
	if f.From.event {
		if e == nil {
			return nil, nil
		}
		attributes = e.Attributes
	}
	a, err := p.only(made, attributes, f.From.key)
	if err != nil || strings.TrimSpace(a.Value) == "" {
		return nil, err
	}
	switch {
	case f.Values != nil:
		v, known := f.Values[a.Value]
		if !known {
			return nil, p.fail(made, a.Line, a.Key, fmt.Sprintf("value %q is not in the mapping (%s:%d)%s", a.Value, p.Name, f.Line, didYouMean(a.Value, sortedKeys(f.Values))))
		}
		return v, nil
	case f.As == asTime:
		at, err := p.parse(made, a)
		return quote(at.Format(time.RFC3339Nano)), err
	case f.As == asNumber:
		if !json.Valid([]byte(a.Value)) {
			return nil, p.fail(made, a.Line, a.Key, fmt.Sprintf("%q is no number", a.Value))
		}
		return json.RawMessage(a.Value), nil
	}
	code, err := p.code(made, f.From, a)
	return quote(string(code)), err
}

// code writes a value as a code. Cases are no closed list: they are not watched.
func (p *planner) code(made *plan, from scoped, a Attribute) (dossier.Code, error) {
	if from == (scoped{key: p.Case.Attribute}) {
		return made.ext, nil
	}
	where := "attribute " + from.key
	if from.event {
		where = "event attribute " + from.key
	}
	code, err := p.codes.of(where, a.Value)
	if err != nil {
		return "", p.fail(made, a.Line, a.Key, err.Error())
	}
	return dossier.Code(code), nil
}

// only finds an attribute that may stand once. A missing one is the zero Attribute.
func (p *planner) only(made *plan, attributes []Attribute, key string) (found Attribute, err error) {
	if key == "" {
		return found, nil
	}
	for _, a := range attributes {
		switch {
		case a.Key != key:
		case found.Key != "":
			return found, p.fail(made, a.Line, key, fmt.Sprintf("stands twice, first at line %d", found.Line))
		default:
			found = a
		}
	}
	return found, nil
}

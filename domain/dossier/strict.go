package dossier

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"reflect"
	"slices"
	"time"
	"unicode/utf8"

	"dossier/domain"
)

// read fills a new value of type t from one JSON object, strictly: each member is known and stands there once, has its
// type, and nothing follows. encoding/json alone would take any letter case, the last of two equal members, and what follows.
func read(t reflect.Type, body []byte) (reflect.Value, *domain.Invalid) {
	v := reflect.New(t).Elem()
	members, bad := membersOf(body)
	if bad != nil {
		return v, bad
	}
	for _, f := range schemas[t] {
		raw, given := members[f.name]
		delete(members, f.name)
		if !given || string(raw) == "null" {
			continue
		}
		if bad := readValue(f, v.FieldByIndex(f.index), raw); bad != nil {
			return v, bad
		}
	}
	if len(members) > 0 {
		return v, unknownField(slices.Min(slices.Collect(maps.Keys(members))), schemas[t])
	}
	return v, checkStruct(v)
}

func readValue(f field, v reflect.Value, raw json.RawMessage) *domain.Invalid {
	if v.Type() == reflect.TypeFor[Source]() {
		source, bad := read(v.Type(), raw)
		v.Set(source)
		return bad
	}
	if err := json.Unmarshal(raw, v.Addr().Interface()); err != nil {
		return wrongType(f.name, v.Interface())
	}
	switch x := v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(instant(x)))
	case []Code:
		if len(x) == 0 {
			v.SetZero() // an empty list is no list: both are written as nothing
		}
	}
	return nil
}

// membersOf splits an object into its members.
func membersOf(body []byte) (map[string]json.RawMessage, *domain.Invalid) {
	if !utf8.Valid(body) {
		return nil, malformed("not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, malformed("not an object")
	}
	members := map[string]json.RawMessage{}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, malformed(err.Error())
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, malformed(err.Error())
		}
		if _, before := members[name.(string)]; before {
			return nil, duplicate(name.(string))
		}
		members[name.(string)] = value
	}
	if _, err := dec.Token(); err != nil {
		return nil, malformed(err.Error())
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, malformed("something follows the object")
	}
	return members, nil
}

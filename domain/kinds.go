package domain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// Kinds is the one map of the stored names of a sealed set of events, each with its newest version. A name never changes and never goes.
type Kinds[E any] map[string]Kind[E]

// Kind is one event's newest version, and a zero value of it.
type Kind[E any] struct {
	Version int
	Event   E
}

// Encode returns the stored name, its newest version and the stored data.
func (k Kinds[E]) Encode(e E) (typ string, version int, data json.RawMessage, err error) {
	for name, kind := range k {
		if reflect.TypeOf(kind.Event) == reflect.TypeOf(e) {
			data, err = json.Marshal(e)
			return name, kind.Version, data, err
		}
	}
	return "", 0, nil, fmt.Errorf("encode event: %T is no stored event", e)
}

// Decode is the inverse of Encode; it is strict, for guessing would falsify the record.
func (k Kinds[E]) Decode(typ string, version int, data []byte) (e E, err error) {
	kind, known := k[typ]
	if !known || version != kind.Version {
		return e, fmt.Errorf("decode %s version %d: unknown", typ, version)
	}
	v := reflect.New(reflect.TypeOf(kind.Event))
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v.Interface()); err != nil {
		return e, fmt.Errorf("decode %s: %w", typ, err)
	}
	if d.More() {
		return e, fmt.Errorf("decode %s: something follows", typ)
	}
	return v.Elem().Interface().(E), nil
}

// TypeName is the stored name with its newest version, as subscribers know it: "calendar.opened.v1"; "" for what is not of the set.
func (k Kinds[E]) TypeName(e E) string {
	for name, kind := range k {
		if reflect.TypeOf(kind.Event) == reflect.TypeOf(e) {
			return fmt.Sprintf("%s.v%d", name, kind.Version)
		}
	}
	return ""
}

// TypeNames lists them all.
func (k Kinds[E]) TypeNames() []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(k)) {
		all = append(all, fmt.Sprintf("%s.v%d", name, k[name].Version))
	}
	return all
}

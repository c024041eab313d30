package access

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// kinds is the one map of stored names, each with its newest version. A name never changes and never goes.
var kinds = map[string]struct {
	version int
	event   Event
}{
	"access.command-refused": {1, CommandRefused{}},
	"access.entries-missed":  {1, EntriesMissed{}},
}

// TypeNames lists the stored names with their newest versions, as subscribers know them: "access.command-refused.v1".
func TypeNames() []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		all = append(all, fmt.Sprintf("%s.v%d", name, kinds[name].version))
	}
	return all
}

// TypeName is the stored name of an entry's kind with its newest version.
func TypeName(e Event) string {
	for name, k := range kinds {
		if reflect.TypeOf(k.event) == reflect.TypeOf(e) {
			return fmt.Sprintf("%s.v%d", name, k.version)
		}
	}
	return ""
}

// Encode returns the stored name, its newest version and the stored data. It refuses an entry that could hold more than codes and ids.
func Encode(e Event) (typ string, version int, data json.RawMessage, err error) {
	if err := check(e); err != nil {
		return "", 0, nil, err
	}
	for name, k := range kinds {
		if reflect.TypeOf(k.event) == reflect.TypeOf(e) {
			data, err = json.Marshal(e)
			return name, k.version, data, err
		}
	}
	return "", 0, nil, fmt.Errorf("encode entry: %T is no stored entry", e)
}

// Decode is the inverse of Encode; it is strict, for guessing would falsify the record.
func Decode(typ string, version int, data []byte) (Event, error) {
	k, known := kinds[typ]
	if !known || version != k.version {
		return nil, fmt.Errorf("decode %s version %d: unknown", typ, version)
	}
	v := reflect.New(reflect.TypeOf(k.event))
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v.Interface()); err != nil {
		return nil, fmt.Errorf("decode %s: %w", typ, err)
	}
	if d.More() {
		return nil, fmt.Errorf("decode %s: something follows", typ)
	}
	return v.Elem().Interface().(Event), nil
}

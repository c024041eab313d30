package procedure

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// kinds is the one map of stored names, each with its newest version. A name never changes and never goes.
var kinds = map[string]struct {
	version int
	event   Event
}{
	"procedure.published": {1, Published{}},
	"procedure.withdrawn": {1, Withdrawn{}},
	"switch.opened":       {1, SwitchOpened{}},
	"switch.closed":       {1, SwitchClosed{}},
	"catalogue.listed":    {1, Listed{}},
}

// TypeName is the stored name with its newest version, as subscribers know it: "procedure.published.v1".
func TypeName(e Event) string {
	typ, version, _, _ := Encode(e)
	return fmt.Sprintf("%s.v%d", typ, version)
}

// Encode returns the stored name, its newest version and the stored data.
func Encode(e Event) (typ string, version int, data json.RawMessage, err error) {
	for name, k := range kinds {
		if reflect.TypeOf(k.event) == reflect.TypeOf(e) {
			data, err = json.Marshal(e)
			return name, k.version, data, err
		}
	}
	return "", 0, nil, fmt.Errorf("encode event: %T is no stored event", e)
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

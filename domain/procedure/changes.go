package procedure

import (
	"encoding/json"
	"maps"
	"slices"
)

// Difference is one member in which two versions differ, as JSON; empty where a version does not have it.
type Difference struct {
	Member string          `json:"member"` // "limits"
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
}

// Changes lists in what two versions differ, by member.
func Changes(before, after Version) []Difference {
	a, b := members(before), members(after)
	names := map[string]bool{}
	for name := range a {
		names[name] = true
	}
	for name := range b {
		names[name] = true
	}
	list := []Difference{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if string(a[name]) != string(b[name]) {
			list = append(list, Difference{name, a[name], b[name]})
		}
	}
	return list
}

func members(v Version) map[string]json.RawMessage {
	var all map[string]json.RawMessage
	if b, err := json.Marshal(v); err == nil { // what was published can be written
		_ = json.Unmarshal(b, &all)
	}
	return all
}

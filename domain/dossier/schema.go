package dossier

import (
	"reflect"
	"strconv"
	"strings"
	"time"

	"dossier/domain"
)

// field is what a command's or an event's struct says about one of its JSON members.
type field struct {
	name     string
	index    []int
	required bool // no omitempty, no omitzero
	lo, hi   int  // of numbers
}

// schemas holds the fields of every command and event, read once from the struct tags.
var schemas = func() map[reflect.Type][]field {
	all := map[reflect.Type][]field{}
	for _, c := range commands {
		all[reflect.TypeOf(c)] = fieldsOf(reflect.TypeOf(c))
	}
	for _, k := range kinds {
		all[reflect.TypeOf(k.event)] = fieldsOf(reflect.TypeOf(k.event))
	}
	all[reflect.TypeFor[Source]()] = fieldsOf(reflect.TypeFor[Source]())
	return all
}()

func fieldsOf(t reflect.Type) []field {
	var fields []field
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous {
			continue // its members are listed themselves
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		lo, hi := bounds(f.Tag.Get("range"))
		fields = append(fields, field{name, f.Index, options == "", lo, hi})
	}
	return fields
}

func bounds(tag string) (lo, hi int) {
	from, to, given := strings.Cut(tag, "-")
	if !given {
		return 1, 1 << 30
	}
	lo, _ = strconv.Atoi(from)
	hi, _ = strconv.Atoi(to)
	return lo, hi
}

// maxItems is how many entries a list may have.
const maxItems = 50

// check finds the first value of a command or event that its type does not admit, nil if there is none.
func check(v any) *domain.Invalid { return checkStruct(reflect.ValueOf(v)) }

func checkStruct(v reflect.Value) *domain.Invalid {
	for _, f := range schemas[v.Type()] {
		m := v.FieldByIndex(f.index)
		if m.IsZero() || m.Kind() == reflect.Slice && m.Len() == 0 {
			if f.required {
				return missing(f.name, m.Interface())
			}
			continue
		}
		if bad := checkValue(f, m); bad != nil {
			return bad
		}
	}
	return nil
}

func checkValue(f field, v reflect.Value) *domain.Invalid {
	switch x := v.Interface().(type) {
	case interface{ values() []string }:
		if !has(x.values(), v.String()) {
			return notInList(f.name, x.values())
		}
	case interface{ Valid() bool }:
		if !x.Valid() {
			return badCode(f.name)
		}
	case []Code:
		return checkItems(f, x)
	case time.Time:
		if y := x.UTC().Year(); y < 1900 || y > 9998 {
			return badTime(f.name)
		}
	case int:
		if x < f.lo || x > f.hi {
			return outOfRange(f.name, f.lo, f.hi)
		}
	case Source:
		return checkStruct(v)
	}
	return nil
}

func checkItems(f field, items []Code) *domain.Invalid {
	if len(items) > maxItems {
		return tooMany(f.name, maxItems)
	}
	seen := map[Code]bool{}
	for _, item := range items {
		switch {
		case !item.Valid():
			return badCode(f.name)
		case seen[item]:
			return twice(f.name, string(item))
		}
		seen[item] = true
	}
	return nil
}

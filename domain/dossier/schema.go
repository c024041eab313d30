package dossier

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"dossier/domain"
)

// field is what a command's or an event's struct says about one of its JSON members.
type field struct {
	name     string
	index    []int
	shape    shape
	required bool // no omitempty, no omitzero
	lo, hi   int  // of numbers
	values   []string
}

// shape is what a member can hold.
type shape int

const (
	isTruth shape = iota
	isNumber
	isMoment
	isCode
	isExternal
	isValue // of a form's field
	isCodes
	isListed  // one of a closed list
	isObject  // a source, evidence, a text of an event
	isText    // of a command: what is typed
	isObjects // parts of a supplement, values of a form
)

// schemas holds the fields of every command and event, read once from the struct tags.
var schemas = func() map[reflect.Type][]field {
	_ = guards // their codes are a closed list: they must be there first
	all := map[reflect.Type][]field{}
	for _, c := range commands {
		all[reflect.TypeOf(c)] = fieldsOf(reflect.TypeOf(c))
	}
	for _, k := range kinds {
		all[reflect.TypeOf(k.event)] = pointing(fieldsOf(reflect.TypeOf(k.event)))
	}
	for _, t := range []reflect.Type{reflect.TypeFor[Source](), reflect.TypeFor[Text](), reflect.TypeFor[Part](), reflect.TypeFor[Given](), reflect.TypeFor[Evidence](), reflect.TypeFor[Enclosure](), reflect.TypeFor[StageTerm]()} {
		all[t] = pointing(fieldsOf(t))
	}
	for _, t := range []reflect.Type{reflect.TypeFor[Entry]()} { // of commands too, which bring words
		all[t] = fieldsOf(t)
	}
	return all
}()

// pointing are the fields of what is stored: it holds pointers to texts and never words.
func pointing(fields []field) []field {
	for i := range fields {
		if fields[i].shape == isText {
			fields[i].shape = isObject
		}
	}
	return fields
}

func fieldsOf(t reflect.Type) []field {
	var fields []field
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || !f.IsExported() {
			continue // its members are listed themselves; words are no member
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		lo, hi := bounds(f.Tag.Get("range"))
		var values []string // of a closed list
		if list, is := reflect.Zero(f.Type).Interface().(lister); is {
			values = list.values()
		}
		fields = append(fields, field{name, f.Index, shapeOf(f.Type), options == "", lo, hi, values})
	}
	return fields
}

func shapeOf(t reflect.Type) shape {
	switch reflect.Zero(t).Interface().(type) {
	case bool:
		return isTruth
	case int:
		return isNumber
	case time.Time:
		return isMoment
	case Code, Ref:
		return isCode
	case External, DossierCode:
		return isExternal
	case []Code:
		return isCodes
	case Source, Evidence:
		return isObject
	case Text:
		return isText
	case Value:
		return isValue
	case []Part, []Given, []Entry, []Enclosure, []StageTerm:
		return isObjects
	case lister:
		return isListed
	}
	panic("schema: a field may not be a " + t.String())
}

// lister is a closed list.
type lister interface{ values() []string }

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
		if m.IsZero() || (f.shape == isCodes || f.shape == isObjects) && m.Len() == 0 {
			if f.required {
				return missing(f.name, m.Interface())
			}
			continue
		}
		if bad := f.check(m); bad != nil {
			return bad
		}
	}
	return nil
}

func (f field) check(v reflect.Value) *domain.Invalid {
	switch f.shape {
	case isListed:
		if !slices.Contains(f.values, v.String()) {
			return notInList(f.name, f.values)
		}
	case isCode:
		if !Code(v.String()).Valid() {
			return badCode(f.name)
		}
	case isExternal:
		if !External(v.String()).Valid() {
			return badCode(f.name)
		}
	case isValue:
		if !Value(v.String()).Valid() {
			return badValue(f.name)
		}
	case isCodes:
		return checkItems(f, v.Interface().([]Code))
	case isMoment:
		if y := v.Interface().(time.Time).UTC().Year(); y < 1900 || y > 9998 {
			return badTime(f.name)
		}
	case isNumber:
		if n := int(v.Int()); n < f.lo || n > f.hi {
			return outOfRange(f.name, f.lo, f.hi)
		}
	case isText:
		if t := v.Interface().(Text); t.words != "" {
			return checkWords(f.name, t.words)
		}
		return checkStruct(v)
	case isObject:
		return checkStruct(v)
	case isObjects:
		return checkObjects(f, v)
	}
	return nil
}

func checkObjects(f field, v reflect.Value) *domain.Invalid {
	if v.Len() > maxItems {
		return tooMany(f.name, maxItems)
	}
	for i := range v.Len() {
		if bad := checkStruct(v.Index(i)); bad != nil {
			return bad
		}
	}
	return nil
}

func checkItems(f field, items []Code) *domain.Invalid {
	if len(items) > maxItems {
		return tooMany(f.name, maxItems)
	}
	for i, item := range items {
		switch {
		case !item.Valid():
			return badCode(f.name)
		case slices.Contains(items[:i], item):
			return twice(f.name, string(item))
		}
	}
	return nil
}

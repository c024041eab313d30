package dossier

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"

	"dossier/domain"
)

// read fills a new value of type t from one JSON object, strictly: each member is known and stands there once, has its
// type, and nothing follows. encoding/json alone would take any letter case, the last of two equal members, and what follows.
func read(t reflect.Type, body []byte) (reflect.Value, *domain.Invalid) {
	v := reflect.New(t).Elem()
	if bad := wellFormed(body); bad != nil {
		return v, bad
	}
	return v, readObject(v, body)
}

// wellFormed says whether the body is exactly one JSON object.
func wellFormed(body []byte) *domain.Invalid {
	switch start := bytes.TrimLeft(body, " \t\r\n"); {
	case !utf8.Valid(body):
		return malformed("not UTF-8")
	case !json.Valid(body):
		return malformed(json.Unmarshal(body, new(json.RawMessage)).Error())
	case start[0] != '{':
		return malformed("not an object")
	}
	return nil
}

// readObject fills v from an object that is known to be well-formed.
func readObject(v reflect.Value, body []byte) (bad *domain.Invalid) {
	fields := schemas[v.Type()]
	var seen uint64 // one bit a field
	each(body, func(name string, raw []byte) bool {
		i := indexOf(fields, name)
		switch {
		case i < 0:
			bad = unknownField(name, fields)
		case seen&(1<<i) != 0:
			bad = duplicate(name)
		default:
			seen |= 1 << i
			bad = readValue(fields[i], v.FieldByIndex(fields[i].index), raw)
		}
		return bad == nil
	})
	if bad != nil {
		return bad
	}
	return checkStruct(v)
}

func indexOf(fields []field, name string) int {
	for i := range fields {
		if fields[i].name == name {
			return i
		}
	}
	return -1
}

// readValue reads one member. Plain texts and numbers, nearly all there is, take a short way past encoding/json.
func readValue(f field, v reflect.Value, raw []byte) *domain.Invalid {
	switch text, plain := plainText(raw); {
	case string(raw) == "null":
		return nil // as if it were not there
	case f.shape == isSource:
		if raw[0] != '{' {
			return wrongType(f.name, v.Interface())
		}
		return readObject(v, raw)
	case plain && v.Kind() == reflect.String:
		v.SetString(text)
		return nil
	}
	if err := json.Unmarshal(raw, v.Addr().Interface()); err != nil {
		return wrongType(f.name, v.Interface())
	}
	switch f.shape {
	case isMoment:
		v.Set(reflect.ValueOf(instant(v.Interface().(time.Time))))
	case isCodes:
		if v.Len() == 0 {
			v.SetZero() // an empty list is no list: both are written as nothing
		}
	}
	return nil
}

// plainText returns a JSON string that has no escapes.
func plainText(raw []byte) (string, bool) {
	if raw[0] != '"' || bytes.IndexByte(raw, '\\') >= 0 {
		return "", false
	}
	return string(raw[1 : len(raw)-1]), true
}

// each walks over the members of a well-formed object until do says no.
func each(object []byte, do func(name string, raw []byte) bool) {
	rest := object[bytes.IndexByte(object, '{')+1:]
	for {
		rest = bytes.TrimLeft(rest, " \t\r\n,")
		if rest[0] == '}' {
			return
		}
		key := rest[:lengthOf(rest)]
		rest = bytes.TrimLeft(rest[len(key):], " \t\r\n:")
		raw := rest[:lengthOf(rest)]
		rest = rest[len(raw):]
		if !do(keyOf(key), raw) {
			return
		}
	}
}

func keyOf(raw []byte) string {
	if text, plain := plainText(raw); plain {
		return text
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return strconv.Quote(string(raw))
	}
	return text
}

// lengthOf measures the well-formed JSON value at the start of s.
func lengthOf(s []byte) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			for i++; s[i] != '"'; i++ {
				if s[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
			continue
		case '}', ']':
			if depth--; depth < 0 {
				return i // the end of what holds a number or a word
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(s)
}

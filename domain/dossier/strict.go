package dossier

import (
	"bytes"
	"encoding/json"
	"iter"
	"math"
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

// wellFormed says whether the body is exactly one JSON object. What Encode writes is seen at a glance, and that is nearly all there is.
func wellFormed(body []byte) *domain.Invalid {
	if rest, is := simple(body); is && len(rest) == 0 && body[0] == '{' {
		return nil
	}
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

// simple cuts a JSON value off the front of s if it is plain ASCII without spaces, escapes, signs and fractions.
func simple(s []byte) (rest []byte, is bool) {
	if len(s) == 0 {
		return nil, false
	}
	switch s[0] {
	case '{', '[':
		return simpleMembers(s)
	case '"':
		for i, c := range s[1:] {
			switch {
			case c == '"':
				return s[i+2:], true
			case c < ' ' || c == '\\' || c > '~':
				return nil, false
			}
		}
		return nil, false
	}
	for _, word := range []string{"true", "false", "null", "0"} {
		if bytes.HasPrefix(s, []byte(word)) {
			return s[len(word):], true
		}
	}
	rest = bytes.TrimLeft(s, "0123456789")
	return rest, len(rest) < len(s)
}

func simpleMembers(s []byte) (rest []byte, is bool) {
	object, end := s[0] == '{', s[0]+2 // both closing brackets stand two places after their opening ones
	if rest = s[1:]; len(rest) > 0 && rest[0] == end {
		return rest[1:], true
	}
	for {
		if object {
			if len(rest) == 0 || rest[0] != '"' {
				return nil, false
			}
			if rest, is = simple(rest); !is || len(rest) == 0 || rest[0] != ':' {
				return nil, false
			}
			rest = rest[1:]
		}
		if rest, is = simple(rest); !is || len(rest) == 0 {
			return nil, false
		}
		switch rest[0] {
		case end:
			return rest[1:], true
		case ',':
			rest = rest[1:]
		default:
			return nil, false
		}
	}
}

// readObject fills v from an object that is known to be well-formed.
func readObject(v reflect.Value, body []byte) (bad *domain.Invalid) {
	fields := schemas[v.Type()]
	var seen uint64 // one bit a field
	each(body, func(name, raw []byte) bool {
		i := indexOf(fields, name)
		switch {
		case i < 0:
			bad = unknownField(string(name), fields)
		case seen&(1<<i) != 0:
			bad = duplicate(string(name))
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

func indexOf(fields []field, name []byte) int {
	for i := range fields {
		if fields[i].name == string(name) {
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
	case f.shape == isText:
		return readText(f, v, raw)
	case f.shape == isObject:
		if raw[0] != '{' {
			return wrongType(f.name, v.Interface())
		}
		return readObject(v, raw)
	case f.shape == isObjects:
		return readObjects(f, v, raw)
	case plain && f.shape == isMoment:
		var at time.Time
		if at.UnmarshalText(text) != nil {
			return wrongType(f.name, v.Interface())
		}
		v.Set(reflect.ValueOf(instant(at)))
		return nil
	case plain && v.Kind() == reflect.String:
		v.SetString(string(text))
		return nil
	}
	if f.shape == isCodes {
		if codes, plain := readCodes(raw); plain {
			v.Set(reflect.ValueOf(codes))
			return nil
		}
	}
	if n, err := strconv.Atoi(string(raw)); err == nil && f.shape == isNumber {
		v.SetInt(int64(n))
		return nil
	}
	if n, err := strconv.ParseFloat(string(raw), 64); err == nil && f.shape == isNumber && n == math.Trunc(n) && math.Abs(n) < 1<<53 { // 1.0 is a whole number, too
		v.SetInt(int64(n))
		return nil
	}
	if err := json.Unmarshal(raw, v.Addr().Interface()); err != nil {
		return wrongType(f.name, v.Interface())
	}
	if f.shape == isMoment {
		v.Set(reflect.ValueOf(instant(v.Interface().(time.Time))))
	}
	return nil
}

// readText takes words, or a pointer to them.
func readText(f field, v reflect.Value, raw []byte) *domain.Invalid {
	if raw[0] == '{' {
		return readObject(v, raw)
	}
	var words string
	if raw[0] != '"' || json.Unmarshal(raw, &words) != nil {
		return wrongType(f.name, v.Interface())
	}
	if words != "" {
		v.Set(reflect.ValueOf(Typed(words)))
	}
	return nil
}

func readObjects(f field, v reflect.Value, raw []byte) *domain.Invalid {
	if raw[0] != '[' {
		return wrongType(f.name, v.Interface())
	}
	for one := range items(raw) {
		n := v.Len()
		if one[0] != '{' || n == maxItems {
			v.SetZero()
			return wrongType(f.name, v.Interface())
		}
		v.Grow(1)
		v.SetLen(n + 1)
		if bad := readObject(v.Index(n), one); bad != nil {
			return bad
		}
	}
	return nil // an empty list is no list
}

// readCodes reads a list of plain texts; any other is left to encoding/json. An empty list is no list: both are written as nothing.
func readCodes(raw []byte) (codes []Code, plain bool) {
	if raw[0] != '[' {
		return nil, false
	}
	for one := range items(raw) {
		text, plain := plainText(one)
		if !plain {
			return nil, false
		}
		codes = append(codes, Code(text))
	}
	return codes, true
}

// items goes through the entries of a well-formed list.
func items(list []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for rest := list[1:]; ; {
			if rest = bytes.TrimLeft(rest, " \t\r\n,"); rest[0] == ']' {
				return
			}
			one := rest[:lengthOf(rest)]
			if rest = rest[len(one):]; !yield(one) {
				return
			}
		}
	}
}

// plainText returns a JSON string that has no escapes.
func plainText(raw []byte) ([]byte, bool) {
	if raw[0] != '"' || bytes.ContainsRune(raw, '\\') {
		return nil, false
	}
	return raw[1 : len(raw)-1], true
}

// each walks over the members of a well-formed object until do says no.
func each(object []byte, do func(name, raw []byte) bool) {
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

func keyOf(raw []byte) []byte {
	if text, plain := plainText(raw); plain {
		return text
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return strconv.AppendQuote(nil, string(raw))
	}
	return []byte(text)
}

// lengthOf measures the well-formed JSON value at the start of s, which does not end with it.
func lengthOf(s []byte) int {
	depth := 0
	for i := 0; ; i++ {
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
}

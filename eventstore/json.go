package eventstore

import (
	"encoding/json"
	"unicode/utf8"
)

// maxDepth is far below what Postgres' parser can take on its default stack.
const maxDepth = 500

// checkJSON says why Postgres, or a reader that casts to jsonb, would refuse b: "" when it would not.
func checkJSON(b []byte) string {
	switch {
	case len(b) == 0:
		return "is missing"
	case !utf8.Valid(b):
		return "is not UTF-8"
	case !json.Valid(b):
		return "is not JSON"
	}
	return checkText(b)
}

// checkText looks for what is JSON by its grammar and still cannot be text in Postgres: U+0000, unpaired surrogates, and nesting
// without end. b is valid JSON.
func checkText(b []byte) string {
	depth, inString := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			inString = !inString
		case inString && c == '\\':
			i++
			if b[i] != 'u' {
				continue
			}
			n, why := checkEscape(b[i+1:])
			if why != "" {
				return why
			}
			i += n
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return "is nested too deeply"
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return ""
}

// checkEscape judges what follows `\u` and returns how many bytes belong to it.
func checkEscape(b []byte) (int, string) {
	switch r := hex4(b); {
	case r == 0:
		return 0, "contains U+0000"
	case r >= 0xdc00 && r <= 0xdfff:
		return 0, "contains half a surrogate pair"
	case r >= 0xd800 && r <= 0xdbff:
		if len(b) < 10 || b[4] != '\\' || b[5] != 'u' {
			return 0, "contains half a surrogate pair"
		}
		if low := hex4(b[6:]); low < 0xdc00 || low > 0xdfff {
			return 0, "contains half a surrogate pair"
		}
		return 10, ""
	}
	return 4, ""
}

func hex4(b []byte) rune {
	var r rune
	for _, c := range b[:4] {
		switch {
		case c <= '9':
			c -= '0'
		case c <= 'F':
			c -= 'A' - 10
		default:
			c -= 'a' - 10
		}
		r = r<<4 | rune(c)
	}
	return r
}

package eventstore

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// metaAttributes makes an extension attribute of every key of meta. Meta that would not come back byte for byte (the ledger
// hashes it) travels whole in one attribute called meta.
func metaAttributes(meta json.RawMessage) []attribute {
	if a, ok := plainMeta(meta); ok {
		return a
	}
	var fields map[string]string
	if json.Unmarshal(meta, &fields) != nil {
		return []attribute{{"meta", string(meta)}}
	}
	a := make([]attribute, 0, len(fields))
	for name, value := range fields {
		if !extensionName(name) {
			return []attribute{{"meta", string(meta)}}
		}
		a = append(a, attribute{name, value})
	}
	slices.SortFunc(a, byName)
	if !bytes.Equal(encodeMeta(a), meta) {
		return []attribute{{"meta", string(meta)}}
	}
	return a
}

func byName(a, b attribute) int { return strings.Compare(a.name, b.name) }

// encodeMeta writes what domain.Meta.Encode writes: no white space, keys in order, Go's escapes.
func encodeMeta(a []attribute) []byte {
	b := make([]byte, 0, 64+32*len(a))
	b = append(b, '{')
	for i, field := range a {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendPair(b, field)
	}
	return append(b, '}')
}

func appendPair(b []byte, a attribute) []byte {
	b = append(b, '"')
	b = append(b, a.name...)
	b = append(b, '"', ':')
	if plainText(a.value) {
		b = append(b, '"')
		b = append(b, a.value...)
		return append(b, '"')
	}
	escaped, _ := json.Marshal(a.value) // a string always encodes
	return append(b, escaped...)
}

// plainMeta reads the usual meta (sorted keys, nothing to escape) in one pass: the relay does this for every event, and
// decoding, sorting and encoding again would cost it a third of its speed.
func plainMeta(meta []byte) ([]attribute, bool) {
	if len(meta) < 2 || meta[0] != '{' || meta[len(meta)-1] != '}' {
		return nil, false
	}
	rest := string(meta[1 : len(meta)-1])
	a := make([]attribute, 0, 8)
	for len(rest) > 0 {
		if len(a) > 0 {
			if rest[0] != ',' {
				return nil, false
			}
			rest = rest[1:]
		}
		name, after, ok := quoted(rest)
		if !ok || !extensionName(name) || !strings.HasPrefix(after, ":") {
			return nil, false
		}
		value, after, ok := quoted(after[1:])
		if !ok || len(a) > 0 && a[len(a)-1].name >= name {
			return nil, false
		}
		a = append(a, attribute{name, value})
		rest = after
	}
	return a, true
}

func quoted(s string) (text, after string, ok bool) {
	if len(s) == 0 || s[0] != '"' {
		return "", "", false
	}
	end := strings.IndexByte(s[1:], '"')
	if end < 0 || !plainText(s[1:1+end]) {
		return "", "", false
	}
	return s[1 : 1+end], s[2+end:], true
}

// plainText says that JSON writes the text as it is.
func plainText(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < 0x20, c > 0x7e, c == '"', c == '\\', c == '<', c == '>', c == '&':
			return false
		}
	}
	return true
}

// extensionName is what CloudEvents allows as an attribute's name and what we do not use ourselves.
func extensionName(s string) bool {
	if _, own := ownAttributes[s]; own || s == "" {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

package exchange

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// codePattern is the domain's: lower-case ASCII, at most 64 characters.
var codePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9._:-]{0,63}$`)

const maxCode = 64

// extPrefix marks a code that another system gave, so that it never meets one of ours.
const extPrefix = "ext:"

// slug writes a text of the log as a code: lower case, ASCII, what is between words becomes "-". It depends on the text
// alone, so the same log gives the same codes for ever. A long text keeps its beginning and a hash of the whole; a text without
// one letter or digit of ASCII is all hash.
func slug(text string, room int) string {
	var b strings.Builder
	gap := false
	for _, r := range norm.NFD.String(strings.TrimSpace(text)) {
		c, keep := asciiRune(r)
		switch {
		case keep:
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(c)
		case !unicode.Is(unicode.Mn, r):
			gap = true
		}
	}
	s := strings.TrimLeft(b.String(), "._:-")
	if s == "" {
		return "x-" + shortHash(text)
	}
	if len(s) > room {
		s = strings.TrimRight(s[:room-9], "._:-") + "-" + shortHash(text)
	}
	return s
}

func asciiRune(r rune) (rune, bool) {
	switch {
	case r >= 'A' && r <= 'Z':
		return r + ('a' - 'A'), true
	case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '_', r == ':', r == '-':
		return r, true
	case r == 'đ' || r == 'Đ':
		return 'd', true
	}
	return 0, false
}

func shortHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:4])
}

// extCode is a value of the log as a code of its own space: "Group 1" → "ext:group-1".
func extCode(text string) string { return extPrefix + slug(text, maxCode-len(extPrefix)) }

// caseCode is a case as the external code of its dossier: "case-10011" stays as it is.
func caseCode(text string) string { return slug(text, maxCode) }

// maxCodes bounds the distinct values of one kind that are watched for collisions. Beyond it a log has no closed list there.
const maxCodes = 100_000

// codes gives out ext: codes and notices when two values of one kind would share one.
type codes struct {
	fixed map[string]string // value → code, from the mapping
	kinds map[string]*codeList
}

// codeList is what one kind has given out, both ways.
type codeList struct{ byValue, byCode map[string]string }

func newCodes(fixed map[string]string) *codes {
	return &codes{fixed: fixed, kinds: map[string]*codeList{}}
}

// of returns the code of a value. Kind parts activities from officers: they may share a code.
func (c *codes) of(kind, value string) (string, error) {
	list := c.kinds[kind]
	if list == nil {
		list = &codeList{map[string]string{}, map[string]string{}}
		c.kinds[kind] = list
	}
	if code, met := list.byValue[value]; met {
		return code, nil
	}
	code, fixed := c.fixed[value]
	if !fixed {
		code = extCode(value)
	}
	if other, taken := list.byCode[code]; taken {
		return "", fmt.Errorf("%q and %q would both be written %s: give one of them a code of its own under codes", other, value, code)
	}
	if len(list.byCode) >= maxCodes {
		return "", fmt.Errorf("more than %d different values of %s: a code is for a closed list", maxCodes, kind)
	}
	list.byValue[value], list.byCode[code] = code, value
	return code, nil
}

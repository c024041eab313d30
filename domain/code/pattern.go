// Package code writes the code of a dossier, the number on its receipt: an agency, a day and the number of that day, set into a pattern
// that is data.
package code

import (
	"fmt"
	"strconv"
	"strings"

	"dossier/domain"
	"dossier/domain/calendar"
)

// A Pattern is a text with fields: {agency}, {yyyy} or {yy}, {mm}, {dd}, and {number:4}, the order number of the day with at least so
// many digits. All three, agency, day and number, must be there, once each and in any order, so that no two of them ever give the same
// text; what stands between them is written as it is.
type Pattern struct {
	text  string
	parts []part
}

// part is a field, or a literal when it has no name.
type part struct {
	field   string
	literal string
	width   int // of a number
	at      int // its first character in the pattern, from 1
}

// The limits: a code fits one line of a receipt and every list that holds codes.
const (
	longest  = 64
	agencies = 32 // characters of an agency's identifier
	digits   = 12 // of a number, however many dossiers there are
)

// Parse reads a pattern. A *domain.Invalid says what is wrong with it and at which character.
func Parse(text string) (Pattern, error) {
	p := Pattern{text: text}
	for at := 0; at < len(text); {
		length := strings.IndexByte(text[at:], '{')
		switch {
		case length < 0:
			length = len(text) - at
			fallthrough
		case length > 0:
			p.parts = append(p.parts, part{literal: text[at : at+length], at: at + 1})
		default:
			name, _, closed := strings.Cut(text[at+1:], "}")
			if !closed {
				return Pattern{}, wrong(text, at+1, "dấu { không có dấu } đóng", "the { is not closed")
			}
			length = len("{") + len(name) + len("}")
			field, bad := fieldOf(text, name, at+1)
			if bad != nil {
				return Pattern{}, bad
			}
			p.parts = append(p.parts, field)
		}
		at += length
	}
	if bad := p.check(); bad != nil {
		return Pattern{}, bad
	}
	return p, nil
}

func fieldOf(text, name string, at int) (part, error) {
	name, width, sized := strings.Cut(name, ":")
	switch name {
	case "agency", "yyyy", "yy", "mm", "dd":
		if sized {
			return part{}, wrong(text, at, "chỉ {number} mới ghi số chữ số", "only {number} says how many digits it has")
		}
		return part{field: name, at: at}, nil
	case "number":
		n, err := strconv.Atoi(width)
		if !sized {
			n, err = 1, nil
		}
		if err != nil || n < 1 || n > 9 {
			return part{}, wrong(text, at, "{number} có từ 1 đến 9 chữ số, ví dụ {number:4}", "{number} has 1 to 9 digits, as in {number:4}")
		}
		return part{field: name, width: n, at: at}, nil
	}
	return part{}, wrong(text, at, "không có trường {"+name+"}: dùng {agency}, {yyyy} hoặc {yy}, {mm}, {dd}, {number:4}",
		"there is no field {"+name+"}: use {agency}, {yyyy} or {yy}, {mm}, {dd}, {number:4}")
}

// check finds what would let two dossiers have one code, or a code look like the number of a person.
func (p Pattern) check() error {
	seen := map[string]int{}
	for _, f := range p.parts {
		name := f.field
		if name == "yy" {
			name = "yyyy"
		}
		if name == "" {
			if bad := p.checkLiteral(f); bad != nil {
				return bad
			}
			continue
		}
		if seen[name] > 0 {
			return wrong(p.text, f.at, "{"+f.field+"} nói lại điều đã có", "{"+f.field+"} says again what stands there already")
		}
		seen[name] = f.at
	}
	for _, name := range []string{"agency", "yyyy", "mm", "dd", "number"} {
		if seen[name] == 0 {
			return wrong(p.text, len(p.text)+1, "thiếu {"+name+"}: hai hồ sơ có thể trùng mã", "{"+name+"} is missing: two dossiers could have one code")
		}
	}
	return p.checkBetween(seen["agency"], seen["number"])
}

func (p Pattern) checkLiteral(f part) error {
	for i := range len(f.literal) {
		c := f.literal[i]
		ok := inAgency(c) && c != '.' || f.at+i > 1 && (c == '.' || separates(c))
		if !ok {
			return wrong(p.text, f.at+i, "mã chỉ có chữ cái không dấu, chữ số và . - _ : /, và không bắt đầu bằng dấu",
				"a code has letters without accents, digits and . - _ : / only, and begins with none of these marks")
		}
	}
	return nil
}

// checkBetween wants a mark between agency and number, both of which have no fixed length, that neither can hold: it says where one ends.
func (p Pattern) checkBetween(agency, number int) error {
	between := false
	for _, f := range p.parts {
		switch {
		case f.field == "agency" || f.field == "number":
			between = !between
		case between && strings.ContainsFunc(f.literal, func(r rune) bool { return separates(byte(r)) }):
			return nil
		}
	}
	return wrong(p.text, max(agency, number), "giữa {agency} và {number} phải có một trong các dấu - _ : /", "one of the marks - _ : / must stand between {agency} and {number}")
}

func separates(c byte) bool { return c == '-' || c == '_' || c == ':' || c == '/' }

func inAgency(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '.'
}

// CheckAgency refuses what cannot stand for {agency}: letters, digits and dots, as in 000.00.01.H22.
func CheckAgency(agency string) error {
	ok := agency != "" && len(agency) <= agencies && agency[0] != '.'
	for i := range len(agency) {
		ok = ok && inAgency(agency[i])
	}
	if ok {
		return nil
	}
	return &domain.Invalid{Code: "bad_agency", Field: "agency",
		VI: fmt.Sprintf("“%s” không phải mã định danh cơ quan: từ 1 đến %d chữ cái không dấu, chữ số và dấu chấm, ví dụ 000.00.01.H22.", agency, agencies),
		EN: fmt.Sprintf("“%s” is no identifier of an agency: 1 to %d letters without accents, digits and dots, as in 000.00.01.H22.", agency, agencies)}
}

// A Blank is a code without its number: what stands before it and after it, and with how many digits it is written at least.
type Blank struct {
	Agency        string
	Day           calendar.Date
	Before, After string
	Width         int
}

// Blank sets agency and day. Only days of the years 2000 to 2099 have codes: {yy} says no more than that.
func (p Pattern) Blank(agency string, day calendar.Date) (Blank, error) {
	b := Blank{Agency: agency, Day: day}
	if err := CheckAgency(agency); err != nil {
		return b, err
	}
	name := day.String() // 2026-11-25
	if y := day.Year(); y < 2000 || y > 2099 {
		return b, &domain.Invalid{Code: "bad_day", Field: "occurred_at", VI: "Mã hồ sơ chỉ có cho các năm 2000 đến 2099, không có cho ngày " + name + ".",
			EN: "Dossiers have codes in the years 2000 to 2099, not on " + name + "."}
	}
	values := map[string]string{"agency": agency, "yyyy": name[:4], "yy": name[2:4], "mm": name[5:7], "dd": name[8:]}
	for _, f := range p.parts {
		switch {
		case f.field == "number":
			b.Width, b.Before, b.After = f.width, b.After, ""
		case f.field == "":
			b.After += f.literal
		default:
			b.After += values[f.field]
		}
	}
	if len(b.Before)+digits+len(b.After) > longest {
		return b, wrong(p.text, 1, fmt.Sprintf("mã với cơ quan %s có thể dài hơn %d ký tự", agency, longest), fmt.Sprintf("a code of agency %s could have more than %d characters", agency, longest))
	}
	return b, nil
}

// With is the code that bears a number.
func (b Blank) With(number int64) string {
	return fmt.Sprintf("%s%0*d%s", b.Before, b.Width, number, b.After)
}

func (p Pattern) String() string { return p.text }

func wrong(text string, at int, vi, en string) error {
	return &domain.Invalid{Code: "bad_pattern", Field: "pattern",
		VI: fmt.Sprintf("Mẫu mã hồ sơ “%s”, ký tự %d: %s.", text, at, vi), EN: fmt.Sprintf("Code pattern “%s”, character %d: %s.", text, at, en)}
}

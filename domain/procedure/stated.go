package procedure

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"dossier/domain"
	"dossier/domain/calendar"
)

// A filing may say of itself what is not personal: which conditions of its version hold, and the values of those fields of its forms that
// are marked not personal and take numbers, truth values, dates or codes. What is typed into the others lies in the vault.

// Field is the field of that name, "application.head_count".
func (v Version) Field(name string) (Field, bool) {
	code, field, _ := strings.Cut(name, ".")
	for _, f := range v.Forms {
		if f.Code != code {
			continue
		}
		fields := f.Fields()
		if at := slices.IndexFunc(fields, func(one Field) bool { return one.Name == field }); at >= 0 {
			return fields[at], true
		}
	}
	return Field{}, false
}

// Declares says whether a fact is one of the version's conditions.
func (v Version) Declares(fact string) bool {
	return slices.ContainsFunc(v.Facts, func(c Condition) bool { return c.Name == fact })
}

// CheckFacts refuses the first fact that the version does not know; member is where they were named.
func (v Version) CheckFacts(member string, facts []string) *domain.Invalid {
	for _, f := range facts {
		if !v.Declares(f) {
			return &domain.Invalid{Code: "unknown_fact", Field: member,
				VI: "Thủ tục không có điều kiện “" + f + "”. Nhận: " + v.factNames("vi") + ".",
				EN: "The procedure has no condition “" + f + "”. It takes: " + v.factNames("en") + "."}
		}
	}
	return nil
}

func (v Version) factNames(lang string) string {
	var names []string
	for _, c := range v.Facts {
		names = append(names, c.Name)
	}
	return orNone(names, lang)
}

// FactWords names a condition; one that the version does not know by its code.
func (v Version) FactWords(fact, lang string) string {
	for _, c := range v.Facts {
		if c.Name == fact {
			return map[string]string{"vi": c.NameVI, "en": c.NameEN}[lang]
		}
	}
	return fact
}

// FieldWords names a field of the forms; one that the version does not know by its code.
func (v Version) FieldWords(name, lang string) string {
	if f, known := v.Field(name); known {
		return map[string]string{"vi": f.VI, "en": f.EN}[lang]
	}
	return name
}

// stateable are the fields whose values a filing may carry.
func (v Version) stateable() []string {
	var names []string
	for _, f := range v.Forms {
		for _, field := range f.Fields() {
			if !field.Personal && !field.words() {
				names = append(names, f.Code+"."+field.Name)
			}
		}
	}
	return names
}

func orNone(names []string, lang string) string {
	switch {
	case len(names) > 0:
		return strings.Join(names, ", ")
	case lang == "vi":
		return "không có gì"
	}
	return "nothing"
}

// words says whether a field takes what a person types: a text that is neither chosen from a list, nor a date, nor kept to a pattern.
func (f Field) words() bool {
	return f.Type == "string" && len(f.Choices) == 0 && f.Format != "date" && !(strings.HasPrefix(f.Pattern, "^") && strings.HasSuffix(f.Pattern, "$"))
}

// CheckValue refuses a value that the version's forms do not take there.
func (v Version) CheckValue(name, value string) *domain.Invalid {
	at := "values." + name
	f, known := v.Field(name)
	switch {
	case !known:
		return &domain.Invalid{Code: "unknown_field", Field: at,
			VI: "Biểu mẫu của thủ tục không có mục này. Nhận: " + orNone(v.stateable(), "vi") + ".",
			EN: "The procedure's forms have no such field. They take: " + orNone(v.stateable(), "en") + "."}
	case f.Personal, f.words():
		return &domain.Invalid{Code: "not_stateable", Field: at,
			VI: "Mục “" + f.VI + "” là dữ liệu cá nhân hoặc lời văn, không ghi vào sự kiện: ghi trong “entries”. Ở đây nhận: " + orNone(v.stateable(), "vi") + ".",
			EN: "“" + f.EN + "” is personal or free text, which no event holds: give it in “entries”. Here are taken: " + orNone(v.stateable(), "en") + "."}
	}
	vi, en, fits := f.takes(value)
	switch {
	case fits == wrongType:
		return &domain.Invalid{Code: "wrong_type", Field: at, VI: "“" + f.VI + "” nhận " + vi + ".", EN: "“" + f.EN + "” takes " + en + "."}
	case fits == outOfRange:
		return &domain.Invalid{Code: "out_of_range", Field: at, VI: "“" + f.VI + "” nhận " + vi + ".", EN: "“" + f.EN + "” takes " + en + "."}
	}
	return nil
}

// CheckEntry refuses what the version's forms do not take for a field whose values lie in the vault. Its answer never holds what was typed;
// what is in the vault already is not looked at again.
func (v Version) CheckEntry(name, typed string, look bool) *domain.Invalid {
	at := "entries." + name
	f, known := v.Field(name)
	switch {
	case !known:
		return &domain.Invalid{Code: "unknown_field", Field: at,
			VI: "Biểu mẫu của thủ tục không có mục này. Nhận: " + orNone(v.enterable(), "vi") + ".",
			EN: "The procedure's forms have no such field. They take: " + orNone(v.enterable(), "en") + "."}
	case !f.Personal && !f.words():
		return &domain.Invalid{Code: "not_personal", Field: at,
			VI: "Mục “" + f.VI + "” không phải dữ liệu cá nhân: ghi trong “values”.", EN: "“" + f.EN + "” is not personal: give it in “values”."}
	case !look:
		return nil
	}
	vi, en, fits := f.takes(typed)
	if f.Longest > 0 && utf8.RuneCountInString(typed) > f.Longest {
		vi, en, fits = fmt.Sprintf("tối đa %d ký tự", f.Longest), fmt.Sprintf("at most %d characters", f.Longest), outOfRange
	}
	if fits != fitting {
		return &domain.Invalid{Code: map[fit]string{wrongType: "wrong_type", outOfRange: "out_of_range"}[fits], Field: at,
			VI: "“" + f.VI + "” nhận " + vi + ".", EN: "“" + f.EN + "” takes " + en + "."}
	}
	return nil
}

// Entered says whether the values of a field lie in the vault: it is personal, or takes words.
func (v Version) Entered(name string) bool {
	f, known := v.Field(name)
	return known && (f.Personal || f.words())
}

// enterable are the fields whose values lie in the vault.
func (v Version) enterable() []string {
	var names []string
	for _, f := range v.Forms {
		for _, field := range f.Fields() {
			if v.Entered(f.Code + "." + field.Name) {
				names = append(names, f.Code+"."+field.Name)
			}
		}
	}
	return names
}

type fit int

const (
	fitting fit = iota
	wrongType
	outOfRange
)

// takes says what a field takes and whether a value is that.
func (f Field) takes(value string) (vi, en string, is fit) {
	switch {
	case f.Type == "boolean":
		if value != "true" && value != "false" {
			is = wrongType
		}
		return "true hoặc false", "true or false", is
	case f.Type == "integer":
		n, err := strconv.ParseInt(value, 10, 64)
		return "số nguyên" + f.between("vi"), "a whole number" + f.between("en"), f.fits(float64(n), err)
	case f.Type == "number":
		n, err := strconv.ParseFloat(value, 64)
		return "số" + f.between("vi"), "a number" + f.between("en"), f.fits(n, err)
	case len(f.Choices) > 0:
		if !slices.Contains(f.Choices, value) {
			is = outOfRange
		}
		return "một trong: " + strings.Join(f.Choices, ", "), "one of: " + strings.Join(f.Choices, ", "), is
	case f.Format == "date":
		if _, err := calendar.ParseDate(value); err != nil {
			is = wrongType
		}
		return "ngày, ví dụ 2026-11-26", "a date, such as 2026-11-26", is
	}
	if f.Pattern == "" {
		return "lời văn", "words", is
	}
	if fits, err := regexp.MatchString(f.Pattern, value); err != nil || !fits {
		is = outOfRange
	}
	return "mã theo mẫu " + f.Pattern, "a code of the pattern " + f.Pattern, is
}

func (f Field) fits(n float64, err error) fit {
	switch {
	case err != nil, math.IsNaN(n), math.IsInf(n, 0):
		return wrongType
	case f.Least != nil && n < *f.Least, f.Most != nil && n > *f.Most:
		return outOfRange
	}
	return fitting
}

func (f Field) between(lang string) string {
	words := map[string][2]string{"vi": {" từ %v", " đến %v"}, "en": {" from %v", " up to %v"}}[lang]
	text := ""
	if f.Least != nil {
		text += fmt.Sprintf(words[0], *f.Least)
	}
	if f.Most != nil {
		text += fmt.Sprintf(words[1], *f.Most)
	}
	return text
}

// FeesUnder is what is due when these facts hold: of the rows of one code the first that counts.
func (v Version) FeesUnder(holds func(fact string) bool) []Fee {
	due := []Fee{}
	for _, f := range v.Fees {
		if (f.When == "" || holds(f.When)) && !slices.ContainsFunc(due, func(one Fee) bool { return one.Code == f.Code }) {
			due = append(due, f)
		}
	}
	return due
}

// ComponentsUnder is what is to be brought when these facts hold.
func (v Version) ComponentsUnder(holds func(fact string) bool) []Component {
	due := []Component{}
	for _, c := range v.Components {
		if c.When == "" || holds(c.When) {
			due = append(due, c)
		}
	}
	return due
}

package code

import (
	"fmt"
	"slices"
	"strings"

	"dossier/domain"
)

// Shipped is a pattern that comes with the program, with where it is written.
type Shipped struct {
	Name, Pattern string
	Example       string
	VI, EN        string // the source
	Certain       bool   // the text of the rule was read; else it is what portals print
}

// ShippedPatterns are the public ones. Decree 118/2025, Article 28, says what a code is made of; the circular that now rules its form
// (03/2025/TT-VPCP) hands on to a ministry, so a form is chosen and never fixed.
func ShippedPatterns() []Shipped {
	return []Shipped{
		{"circular-01-2018", "{agency}-{yy}{mm}{dd}-{number:4}", "000.00.01.H22-220215-0001",
			"Thông tư 01/2018/TT-VPCP, Điều 19", "Circular 01/2018/TT-VPCP, Article 19", true},
		{"agriculture-2026", "{agency}-{yy}{mm}{dd}-10{number:5}", "G10.02-261008-1000975",
			"Cổng của bộ năm 2026: số thứ tự bắt đầu bằng số của bộ (10 là nông nghiệp)", "Ministry portals of 2026: the order number begins with that of the ministry (10 is agriculture)", false},
	}
}

// A Rule says how the dossiers of one receiving unit are numbered. No unit: all that have no rule of their own.
type Rule struct {
	Unit, Agency string
	Pattern      Pattern
	AtAcceptance bool // until then a tracking reference stands for the code
}

// Rules are those of an installation.
type Rules struct {
	list []Rule
	said bool
}

// DefaultRules is how an installation that says nothing numbers: the identifier belongs to no agency and shows it.
const DefaultRules = "*=000.00.00.H00 circular-01-2018"

// ParseRules reads rules as configuration writes them, separated by semicolons or lines: "*=000.00.01.H22 circular-01-2018" for all units,
// "one-stop=H15.50.05.13 {agency}-{yyyy}{mm}{dd}-{number:6} at-acceptance" for one. A pattern is the name of a shipped one or a text of
// fields. Empty: DefaultRules.
func ParseRules(text string) (Rules, error) {
	var r Rules
	if r.said = strings.TrimSpace(text) != ""; !r.said {
		text = DefaultRules
	}
	for n, line := range strings.FieldsFunc(text, func(c rune) bool { return c == ';' || c == '\n' }) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		rule, err := parseRule(line)
		if err != nil {
			return Rules{}, err
		}
		if slices.ContainsFunc(r.list, func(other Rule) bool { return other.Unit == rule.Unit }) {
			return Rules{}, &domain.Invalid{Code: "bad_rule", Field: "codes", VI: fmt.Sprintf("Quy tắc mã hồ sơ thứ %d: đơn vị đã có quy tắc.", n+1),
				EN: fmt.Sprintf("Rule %d of codes: the unit has a rule already.", n+1)}
		}
		r.list = append(r.list, rule)
	}
	if !slices.ContainsFunc(r.list, func(rule Rule) bool { return rule.Unit == "" }) {
		all, err := parseRule(DefaultRules)
		if err != nil {
			return Rules{}, err
		}
		r.list = append(r.list, all)
	}
	return r, nil
}

func parseRule(line string) (Rule, error) {
	unit, rest, said := strings.Cut(strings.TrimSpace(line), "=")
	words := strings.Fields(rest)
	ok := said && strings.TrimSpace(unit) != "" && (len(words) == 2 || len(words) == 3 && words[2] == "at-acceptance")
	if !ok {
		return Rule{}, &domain.Invalid{Code: "bad_rule", Field: "codes",
			VI: fmt.Sprintf("Không hiểu quy tắc mã hồ sơ “%s”: ghi ĐƠN_VỊ=CƠ_QUAN MẪU, thêm at-acceptance nếu cấp mã khi tiếp nhận; * là mọi đơn vị.", line),
			EN: fmt.Sprintf("“%s” is no rule of codes: write UNIT=AGENCY PATTERN, and at-acceptance if codes are given at acceptance; * is every unit.", line)}
	}
	if unit = strings.TrimSpace(unit); unit == "*" {
		unit = ""
	}
	return NewRule(unit, words[0], words[1], len(words) == 3)
}

// NewRule is the rule of a unit whose dossiers bear an agency's identifier, by the name of a shipped pattern or by a text of fields.
func NewRule(unit, agency, pattern string, atAcceptance bool) (rule Rule, err error) {
	if err := CheckAgency(agency); err != nil {
		return Rule{}, err
	}
	for _, s := range ShippedPatterns() {
		if s.Name == pattern {
			pattern = s.Pattern
		}
	}
	rule = Rule{Unit: unit, Agency: agency, AtAcceptance: atAcceptance}
	if rule.Pattern, err = Parse(pattern); err != nil {
		return Rule{}, err
	}
	_, err = rule.Pattern.Blank(agency, anyDay)
	return rule, err
}

// anyDay is as long as every other.
const anyDay = 20000

// List is every rule once, as it was written; that of all units is always there.
func (r Rules) List() []Rule { return slices.Clone(r.list) }

// Said says whether anybody wrote rules; those of the default go after what an organisation says.
func (r Rules) Said() bool { return r.said }

// Of is the rule of a receiving unit. Without any rules it is that of the default.
func (r Rules) Of(unit string) Rule {
	var all Rule
	for _, rule := range r.list {
		switch rule.Unit {
		case unit:
			return rule
		case "":
			all = rule
		}
	}
	if all.Agency == "" {
		all, _ = parseRule(DefaultRules)
	}
	return all
}

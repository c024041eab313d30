package procedure

import (
	"fmt"
	"slices"
	"strings"
)

// A Case is the facts that hold in one kind of dossier.
type Case []string

func (c Case) holds(fact string) bool { return fact == "" || slices.Contains(c, fact) }

// AllCases lists every combination of the facts of a version.
func AllCases(v Version) []Case {
	cases := make([]Case, 0, 1<<len(v.Facts))
	for bits := range 1 << len(v.Facts) {
		c := Case{}
		for i, f := range v.Facts {
			if bits>>i&1 == 1 {
				c = append(c, f.Name)
			}
		}
		cases = append(cases, c)
	}
	return cases
}

// walk sends one dossier of each case through the steps and tells where one stands still for ever, what no dossier ever reaches, and
// where no limit counts.
//
// A step that is finished stays finished, so the order in which steps are taken never closes a way: taking each as soon as it can
// be taken reaches all that can be reached. A test compares this with every possible order.
func walk(v Version, cases []Case) (findings []Finding) {
	reached, stuck := map[string]bool{}, map[string]bool{}
	counted, unlimited := map[string]bool{}, false
	for _, c := range cases {
		done := c.finish(v.Flow.Steps)
		for _, code := range done {
			reached[code] = true
		}
		for i, s := range v.Flow.Steps {
			if s.Required && c.holds(s.When) && !slices.Contains(done, s.Code) && !stuck[s.Code] {
				stuck[s.Code] = true
				findings = append(findings, v.deadEnd(c, i, done))
			}
		}
		if len(v.LimitsUnder(func(f string) bool { return c.holds(f) })) == 0 && !unlimited {
			unlimited = true
			findings = append(findings, v.noLimit(c))
		}
		for _, row := range v.rows() {
			if row.counts(c) {
				counted[row.path] = true
			}
		}
	}
	for i, s := range v.Flow.Steps {
		if !reached[s.Code] && !stuck[s.Code] {
			findings = append(findings, Finding{Code: "unreachable", Path: fmt.Sprintf("flow.steps[%d]", i), History: v.tried(cases),
				VI: "không hồ sơ nào tới được bước “" + s.Code + "”: " + v.why(nil, s, nil, "vi"),
				EN: "no dossier ever reaches the step “" + s.Code + "”: " + v.why(nil, s, nil, "en")})
		}
	}
	for _, row := range v.rows() {
		if !counted[row.path] {
			findings = append(findings, Finding{Code: "unreachable", Path: row.path, History: v.tried(cases),
				VI: "không hồ sơ nào dùng tới: điều kiện không bao giờ đúng, hoặc dòng trước đã che", EN: "no dossier ever uses it: its condition never holds, or a row before it always comes first"})
		}
	}
	return findings
}

// finish takes every step as soon as it can be taken.
func (c Case) finish(steps []WorkStep) (done []string) {
	for again := true; again; {
		again = false
		for _, s := range steps {
			if !slices.Contains(done, s.Code) && c.holds(s.When) && !slices.ContainsFunc(s.After, func(a string) bool { return !slices.Contains(done, a) }) {
				done, again = append(done, s.Code), true
			}
		}
	}
	return done
}

// deadEnd tells of a required step that a dossier waits for in vain.
func (v Version) deadEnd(c Case, i int, done []string) Finding {
	s := v.Flow.Steps[i]
	history := append(v.beginning(c), "appraisal-started")
	for _, code := range done {
		history = append(history, "step "+code+" finished")
	}
	history = append(history, "step "+s.Code+" waits for ever: "+v.why(c, s, done, "en"))
	return Finding{Code: "dead_end", Path: fmt.Sprintf("flow.steps[%d]", i), History: history,
		VI: "bước bắt buộc “" + s.Code + "” không bao giờ xong: " + v.why(c, s, done, "vi"),
		EN: "the required step “" + s.Code + "” never ends: " + v.why(c, s, done, "en")}
}

// why says what a step waits for: a step that is not due, itself in a circle, or the next that waits. Without a case it speaks of all.
func (v Version) why(c Case, s WorkStep, done []string, lang string) string {
	if c == nil && s.When != "" && len(s.After) == 0 {
		return words{"điều kiện “" + s.When + "” không bao giờ đúng", "its condition “" + s.When + "” never holds"}.in(lang)
	}
	way := []string{s.Code}
	for {
		next := ""
		for _, a := range s.After {
			if !slices.Contains(done, a) {
				next = a
				break
			}
		}
		i := slices.IndexFunc(v.Flow.Steps, func(o WorkStep) bool { return o.Code == next })
		if i < 0 {
			return words{"các bước " + strings.Join(way, " → ") + " không cùng đến hạn trong một hồ sơ nào", "the steps " + strings.Join(way, " → ") + " are never due in one dossier"}.in(lang)
		}
		circle := slices.Contains(way, next)
		way, s = append(way, next), v.Flow.Steps[i]
		switch {
		case circle:
			return words{"vòng tròn " + strings.Join(way, " → "), "the circle " + strings.Join(way, " → ")}.in(lang)
		case c != nil && !c.holds(s.When):
			return words{strings.Join(way, " chờ ") + ", mà bước này chỉ làm khi có “" + s.When + "”", strings.Join(way, " waits for ") + ", which is only due under “" + s.When + "”"}.in(lang)
		}
	}
}

func (v Version) noLimit(c Case) Finding {
	return Finding{Code: "missing_limit", Path: "limits", History: append(v.beginning(c), "accepted: no limit counts"),
		VI: "có hồ sơ không có thời hạn: " + c.text(v, "vi") + ". Ghi limits, hoặc information_only: true nếu chưa biết thời hạn",
		EN: "some dossiers have no limit: " + c.text(v, "en") + ". Give limits, or information_only: true while none is known"}
}

// beginning is a dossier of that case on its way to appraisal.
func (v Version) beginning(c Case) []string {
	return []string{"filed with " + c.text(v, "en"), "submitted", "accepted", "forwarded", "officer-assigned"}
}

func (c Case) text(v Version, lang string) string {
	if len(v.Facts) == 0 {
		return words{"mọi hồ sơ", "any content"}.in(lang)
	}
	var parts []string
	for _, f := range v.Facts {
		parts = append(parts, fmt.Sprintf("%s=%v", f.Name, c.holds(f.Name)))
	}
	return strings.Join(parts, ", ")
}

// tried is what an unreachable place was looked for with.
func (v Version) tried(cases []Case) []string {
	return []string{fmt.Sprintf("tried all %d kinds of dossiers that its conditions tell apart", len(cases))}
}

// row is a line of a table of which the first that holds counts.
type row struct {
	path   string
	when   string
	before []string // the facts of the rows that come first
}

func (r row) counts(c Case) bool {
	return c.holds(r.when) && !slices.ContainsFunc(r.before, c.holds)
}

// rows are the lines of the limit cases and of the fee table.
func (v Version) rows() (rows []row) {
	var before []string
	for i, l := range v.LimitCases {
		rows = append(rows, row{fmt.Sprintf("limit_cases[%d]", i), l.When, before})
		before = append(slices.Clone(before), l.When)
	}
	byCode := map[string][]string{}
	for i, f := range v.Fees {
		rows = append(rows, row{fmt.Sprintf("fees[%d]", i), f.When, byCode[f.Code]})
		byCode[f.Code] = append(slices.Clone(byCode[f.Code]), f.When)
	}
	return rows
}

func (w words) in(lang string) string {
	if lang == "en" {
		return w.en
	}
	return w.vi
}

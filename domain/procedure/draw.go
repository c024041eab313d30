package procedure

import (
	"fmt"
	"slices"
	"strings"
)

// Diagram draws the way of a dossier under this version as a Mermaid state diagram, in a language.
func (v Version) Diagram(lang string) string {
	d := &drawing{lang: lang}
	d.b.WriteString("stateDiagram-v2\n    direction TB\n")
	fmt.Fprintf(&d.b, "    %%%% %s, %d\n", v.ID, v.Number)
	d.state("submitted", "đã nộp", "submitted")
	d.arrow("[*]", "submitted", "")
	if v.InformationOnly {
		d.b.Reset()
		fmt.Fprintf(&d.b, "stateDiagram-v2\n    information: %s\n    [*] --> information\n", words{"chỉ để tra cứu", "information only"}.in(lang))
		return d.b.String()
	}
	d.state("supplement_at_reception", "bổ sung khi tiếp nhận", "supplement at reception")
	d.state("accepted", "đã tiếp nhận", "accepted")
	d.state("appraising", "đang thẩm định", "appraising")
	d.state("supplement_requested", "bổ sung khi thẩm định", "supplement in appraisal")
	d.arrow("submitted", "supplement_at_reception", words{"một lần", "once"}.in(lang))
	d.arrow("supplement_at_reception", "submitted", fmt.Sprintf(words{"trong %d ngày", "within %d days"}.in(lang), v.SupplementDays))
	d.arrow("submitted", "accepted", v.limit(lang))
	d.arrow("accepted", "appraising", "")
	d.arrow("appraising", "supplement_requested", "")
	d.arrow("supplement_requested", "appraising", words{"tính lại từ đầu", "the limit begins again"}.in(lang))
	d.steps(v)
	d.ending(v)
	return d.b.String()
}

type drawing struct {
	b    strings.Builder
	lang string
}

func (d *drawing) state(id, vi, en string) {
	fmt.Fprintf(&d.b, "    %s: %s\n", id, words{vi, en}.in(d.lang))
}

func (d *drawing) arrow(from, to, why string) {
	if why != "" {
		why = ": " + strings.ReplaceAll(why, ":", ",")
	}
	fmt.Fprintf(&d.b, "    %s --> %s%s\n", from, to, why)
}

func (v Version) limit(lang string) string {
	text := words{v.LimitVI, v.LimitEN}.in(lang)
	for _, c := range v.LimitCases {
		text += "; " + v.fact(c.When, lang) + " " + inWords(c.Limits, lang)
	}
	if v.Assumed {
		text += " (*)"
	}
	return text
}

// fact is a fact in words.
func (v Version) fact(name, lang string) string {
	for _, f := range v.Facts {
		if f.Name == name {
			return words{f.NameVI, f.NameEN}.in(lang)
		}
	}
	return name
}

// steps draws the work inside appraisal: those that wait for none begin there.
func (d *drawing) steps(v Version) {
	for _, s := range v.Flow.Steps {
		id := stepID(s.Code)
		why := inWords(s.Limits, d.lang)
		if s.When != "" {
			why = strings.TrimPrefix(why+"; "+v.fact(s.When, d.lang), "; ")
		}
		d.state(id, s.NameVI, s.NameEN)
		if len(s.After) == 0 {
			d.arrow("appraising", id, why)
		}
		for _, after := range s.After {
			d.arrow(stepID(after), id, why)
		}
	}
}

func stepID(code string) string {
	return "step_" + strings.NewReplacer("-", "_", ".", "_", ":", "_").Replace(code)
}

// ending draws what follows the last steps: approvals and result, or publication.
func (d *drawing) ending(v Version) {
	var last []string
	for _, s := range v.Flow.Steps {
		if !slices.ContainsFunc(v.Flow.Steps, func(o WorkStep) bool { return slices.Contains(o.After, s.Code) }) {
			last = append(last, stepID(s.Code))
		}
	}
	if len(last) == 0 {
		last = []string{"appraising"}
	}
	if v.Flow.Notification {
		d.state("published", "đã đăng tải", "published")
		d.join(last, "published")
		d.arrow("published", "[*]", "")
		return
	}
	levels := v.Flow.Approvals
	if len(levels) == 0 {
		levels = []Approval{{Level: 1, NameVI: "người có thẩm quyền duyệt", NameEN: "approver"}}
	}
	for _, a := range levels {
		id := fmt.Sprintf("approval_%d", a.Level)
		d.state(id, a.NameVI, a.NameEN)
		d.join(last, id)
		last = []string{id}
	}
	for i, r := range v.Flow.Results {
		id := fmt.Sprintf("result_%d", i+1)
		d.state(id, r.NameVI, r.NameEN)
		d.join(last, id)
		d.arrow(id, "[*]", "")
	}
	d.state("refused", "từ chối, có văn bản", "refused in writing")
	d.join(last, "refused")
	d.arrow("refused", "[*]", "")
}

func (d *drawing) join(from []string, to string) {
	for _, f := range from {
		d.arrow(f, to, "")
	}
}

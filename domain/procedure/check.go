package procedure

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"dossier/domain"
	"dossier/domain/calendar"
)

// A Finding is one thing that is wrong with a version. Where it takes a certain kind of dossier to see it, History is the way of such a
// dossier up to where it stands still: the counter-example.
type Finding struct {
	Code    string   `json:"code"`
	Path    string   `json:"path"` // "flow.steps[2].after[0]"
	VI      string   `json:"vi"`
	EN      string   `json:"en"`
	History []string `json:"history,omitempty"`
}

// MostFacts is how many facts a version may name: every combination of them is walked.
const MostFacts = 10

// MostSteps is how many work steps a version may prescribe.
const MostSteps = 40

// ShortName is how many characters a short name may have.
const ShortName = 45

// Check tells all that is wrong with a version: its parts, then, when they are right, what a walk through them finds. Cases are the
// combinations of facts that can occur, as found by trying the conditions; nil stands for all combinations.
func Check(v Version, cases []Case) []Finding {
	findings := CheckParts(v)
	if len(findings) > 0 || v.InformationOnly {
		return findings
	}
	if cases == nil {
		cases = AllCases(v)
	}
	return walk(v, cases)
}

// CheckParts tells what is wrong with the parts of a version, each by itself.
func CheckParts(v Version) []Finding {
	c := &checker{v: v, facts: map[string]bool{}}
	c.heading()
	c.conditions()
	c.limits()
	c.papers()
	c.money()
	c.flow()
	c.ending()
	return c.findings
}

type checker struct {
	v        Version
	facts    map[string]bool
	findings []Finding
}

func (c *checker) add(code, path, vi, en string) {
	c.findings = append(c.findings, Finding{Code: code, Path: path, VI: vi, EN: en})
}

// code wants a code that is not taken within its list.
func (c *checker) code(at, s string, seen map[string]bool) {
	if !code(s) {
		c.add("bad_code", at, "mã gồm a–z, 0–9, chấm và gạch nối", "a code of a–z, 0–9, dots and hyphens")
	} else if seen[s] {
		c.add("duplicate", at, "mã “"+s+"” có hai lần", "the code “"+s+"” stands there twice")
	}
	seen[s] = true
}

func (c *checker) names(at, vi, en string) {
	if vi == "" || en == "" {
		c.add("label_missing", at, "thiếu name_vi hoặc name_en", "name_vi or name_en is missing")
	}
}

// when wants a fact that is declared.
func (c *checker) when(at, fact string) {
	if fact != "" && !c.facts[fact] {
		c.add("unknown_fact", at, "“"+fact+"” không có trong facts", "“"+fact+"” is not among the facts")
	}
}

func oneOf[T ~string](c *checker, at string, v T, list []T) {
	if !slices.Contains(list, v) {
		c.add("not_in_list", at, "nhận: "+listed(list), "known are: "+listed(list))
	}
}

func (c *checker) heading() {
	v := c.v
	c.code("id", v.ID, map[string]bool{})
	c.names("", v.NameVI, v.NameEN)
	for at, short := range map[string]string{"short_vi": v.ShortVI, "short_en": v.ShortEN} {
		if n := utf8.RuneCountInString(short); n == 0 || n > ShortName {
			c.add("short_name", at, fmt.Sprintf("tên ngắn từ 1 đến %d ký tự, đang có %d", ShortName, n), fmt.Sprintf("a short name has 1 to %d characters, this one %d", ShortName, n))
		}
	}
	oneOf(c, "archetype", v.Archetype, Archetypes())
	for what, mark := range v.Certainty {
		oneOf(c, "certainty."+what, mark, marks())
	}
	slices.SortFunc(c.findings, func(a, b Finding) int { return strings.Compare(a.Path, b.Path) }) // maps have no order
	for i, ch := range v.Channels {
		oneOf(c, fmt.Sprintf("channels[%d]", i), ch, []Channel{Online, Counter, Post})
	}
	if !v.InformationOnly && len(v.Channels) == 0 {
		c.add("missing", "channels", "ghi ít nhất một kênh nộp", "give at least one channel")
	}
}

func (c *checker) conditions() {
	if len(c.v.Facts) > MostFacts {
		c.add("too_many_facts", "facts", fmt.Sprintf("nhiều nhất %d", MostFacts), fmt.Sprintf("at most %d", MostFacts))
	}
	for i, f := range c.v.Facts {
		at := fmt.Sprintf("facts[%d]", i)
		switch {
		case !name(f.Name):
			c.add("bad_code", at+".name", "tên gồm a–z, 0–9 và gạch dưới", "a name of a–z, 0–9 and underscores")
		case c.facts[f.Name]:
			c.add("duplicate", at+".name", "“"+f.Name+"” có hai lần", "“"+f.Name+"” stands there twice")
		case f.When == "":
			c.add("missing", at+".when", "thiếu điều kiện CEL", "the CEL condition is missing")
		}
		c.names(at, f.NameVI, f.NameEN)
		c.facts[f.Name] = true
	}
}

func (c *checker) limits() {
	v := c.v
	if v.InformationOnly && len(v.Limits)+len(v.LimitCases) > 0 {
		c.add("information_only", "information_only", "thủ tục có thời hạn thì không chỉ để tra cứu", "a procedure with a limit is not information only")
	}
	c.limitList("limits", v.Limits)
	for i, l := range v.LimitCases {
		at := fmt.Sprintf("limit_cases[%d]", i)
		c.when(at+".when", l.When)
		if len(l.Limits) == 0 {
			c.add("missing_limit", at+".limits", "thiếu thời hạn", "the limit is missing")
		}
		c.limitList(at+".limits", l.Limits)
	}
	if v.Policy != "" {
		oneOf(c, "policy", v.Policy, []calendar.Policy{calendar.WholeDays, calendar.FromInstant})
	}
	seen := map[string]bool{}
	for i, s := range v.Stages {
		at := fmt.Sprintf("stages[%d]", i)
		c.code(at+".code", s.Code, seen)
		c.names(at, s.NameVI, s.NameEN)
		c.limitList(at+".limit", []calendar.Limit{s.Limit})
		oneOf(c, at+".trigger", s.Trigger, triggers())
		if i == 0 && s.Trigger == OnStageBefore {
			c.add("no_stage_before", at+".trigger", "giai đoạn đầu không có giai đoạn trước", "the first stage has none before it")
		}
		c.when(at+".when", s.When)
	}
	if n := v.Supplement; n.Days < 0 || n.Days > 365 || n.MostPerStage < 0 || n.MostPerStage > 9 {
		c.add("out_of_range", "supplement", "days từ 1 đến 365, most_per_stage từ 1 đến 9", "days from 1 to 365, most_per_stage from 1 to 9")
	}
	if l := v.CheckWithin; l != nil {
		c.limitList("check_within", []calendar.Limit{*l})
	}
	if l := v.Supplement.AskWithin; l != nil {
		c.limitList("supplement.ask_within", []calendar.Limit{*l})
	}
}

func (c *checker) limitList(at string, limits []calendar.Limit) {
	for i, l := range limits {
		if !l.Valid() {
			if len(limits) > 1 {
				at = fmt.Sprintf("%s[%d]", at, i)
			}
			c.add("bad_limit", at, "một số dương và một đơn vị: working_day, calendar_day, hour, working_hour, month, same_day", "a number above nothing and a unit: working_day, calendar_day, hour, working_hour, month, same_day")
		}
	}
}

// papers are components and forms.
func (c *checker) papers() {
	forms, seen := map[string]bool{}, map[string]bool{}
	for i, f := range c.v.Forms {
		at := fmt.Sprintf("forms[%d]", i)
		if !name(f.Code) {
			c.add("bad_code", at+".code", "mã gồm a–z, 0–9 và gạch dưới", "a code of a–z, 0–9 and underscores")
		} else if forms[f.Code] {
			c.add("duplicate", at+".code", "mã “"+f.Code+"” có hai lần", "the code “"+f.Code+"” stands there twice")
		}
		forms[f.Code] = true
		c.names(at, f.NameVI, f.NameEN)
		c.checkForm(at, f)
	}
	for i, p := range c.v.Components {
		at := fmt.Sprintf("components[%d]", i)
		c.code(at+".code", p.Code, seen)
		if p.NameVI == "" {
			c.add("label_missing", at+".name_vi", "thiếu tên", "the name is missing")
		}
		if p.Kind != "" {
			oneOf(c, at+".kind", p.Kind, componentKinds())
		}
		c.when(at+".when", p.When)
		for n, copies := range p.Copies {
			at := fmt.Sprintf("%s.copies[%d]", at, n)
			oneOf(c, at+".kind", copies.Kind, []ComponentKind{Original, CertifiedCopy, PlainCopy})
			if copies.Count < 1 || copies.Count > 99 {
				c.add("out_of_range", at+".count", "từ 1 đến 99", "from 1 to 99")
			}
		}
		if p.Form != "" && !forms[p.Form] {
			c.add("unknown_form", at+".form", "không có biểu mẫu “"+p.Form+"”", "there is no form “"+p.Form+"”")
		}
		if p.Lookup != "" && !code(p.Lookup) {
			c.add("bad_code", at+".lookup", "mã cơ sở dữ liệu", "the code of a register")
		}
	}
}

func (c *checker) money() {
	for i, f := range c.v.Fees {
		at := fmt.Sprintf("fees[%d]", i)
		c.code(at+".code", f.Code, map[string]bool{}) // one code, several branches
		c.names(at, f.NameVI, f.NameEN)
		oneOf(c, at+".kind", f.Kind, []FeeKind{Charge, Levy})
		oneOf(c, at+".due", f.Due, []FeeDue{DueAtReception, DueAtSupplement, DueAtProcessing, DueAtReturn})
		c.when(at+".when", f.When)
		if f.Amount < 0 {
			c.add("out_of_range", at+".amount", "số đồng, không âm", "an amount in đồng, not below nothing")
		}
		for k, r := range f.Reliefs {
			c.relief(fmt.Sprintf("%s.reliefs[%d]", at, k), r)
		}
	}
}

func (c *checker) relief(at string, r Relief) {
	c.when(at+".when", r.When)
	if r.Percent < 1 || r.Percent > 100 {
		c.add("out_of_range", at+".percent", "phần trăm được giảm, từ 1 đến 100; miễn là 100", "the percent taken off, from 1 to 100; an exemption is 100")
	}
	if r.Until != 0 && r.Until < r.From {
		c.add("out_of_range", at+".until", "ngày cuối, không trước ngày đầu (from)", "the last day, not before the first (from)")
	}
	if r.Basis == "" {
		c.add("missing", at+".basis", "số văn bản cho miễn, giảm", "the number of the document that grants it")
	}
}

// needsTime lists the kinds of steps that somebody else is waited for.
var needsTime = []StepKind{Inspection, Laboratory, Council, Opinion, Remediation, Publication}

func (c *checker) flow() {
	f, codes := c.v.Flow, map[string]bool{}
	if len(f.Steps) > MostSteps {
		c.add("too_many_steps", "flow.steps", fmt.Sprintf("nhiều nhất %d bước", MostSteps), fmt.Sprintf("at most %d steps", MostSteps))
	}
	for i, s := range f.Steps {
		c.code(fmt.Sprintf("flow.steps[%d].code", i), s.Code, codes)
	}
	for i, s := range f.Steps {
		at := fmt.Sprintf("flow.steps[%d]", i)
		c.names(at, s.NameVI, s.NameEN)
		oneOf(c, at+".kind", s.Kind, []StepKind{DeskCheck, Inspection, Laboratory, Council, Opinion, Remediation, Publication})
		c.when(at+".when", s.When)
		for n, after := range s.After {
			if !codes[after] {
				c.add("unknown_step", fmt.Sprintf("%s.after[%d]", at, n), "không có bước “"+after+"”", "there is no step “"+after+"”")
			}
		}
		c.limitList(at+".limits", s.Limits)
		if len(s.Limits) == 0 && slices.Contains(needsTime, s.Kind) {
			c.add("missing_limit", at+".limits", "bước “"+s.Code+"” phải chờ người khác nên cần thời hạn riêng", "the step “"+s.Code+"” waits for others and needs a limit of its own")
		}
		if s.Clock != "" {
			oneOf(c, at+".clock", s.Clock, []Effect{Runs, Stops})
		}
		switch {
		case s.Kind == Opinion:
			oneOf(c, at+".silence", s.Silence, []Silence{Late, Agreed})
		case s.Silence != "":
			oneOf(c, at+".silence", s.Silence, []Silence{Late})
		}
	}
	if f.OnSilence != "" {
		oneOf(c, "flow.on_silence", f.OnSilence, []Silence{Nothing, Granted, Refused})
	}
	for i, a := range f.Approvals {
		at := fmt.Sprintf("flow.approvals[%d]", i)
		c.names(at, a.NameVI, a.NameEN)
		if a.Level != i+1 {
			c.add("approval_gap", at+".level", fmt.Sprintf("cấp duyệt thứ %d phải là %d", i+1, i+1), fmt.Sprintf("approval number %d has level %d", i+1, i+1))
		}
		oneOf(c, at+".role", a.Role, []domain.Role{domain.DivisionHead, domain.Approver})
		if i == len(f.Approvals)-1 && a.Role != domain.Approver {
			c.add("no_approver", at+".role", "cấp duyệt cuối phải là approver", "the last level must be approver")
		}
	}
	if f.SameHand && !f.Immediate {
		c.add("same_hand", "flow.same_hand", "chỉ thủ tục giải quyết ngay mới cho một người làm cả hai việc", "only immediate procedures let one person do both")
	}
	if f.Notification && len(f.Approvals) > 0 {
		c.add("unreachable", "flow.approvals", "thông báo kết thúc khi đăng tải, không có bước duyệt nào tới được", "a notification ends as published: no approval is ever reached")
	}
	c.archetype()
}

// archetype wants the step that the kind of process is named for.
func (c *checker) archetype() {
	if c.v.InformationOnly {
		return
	}
	for _, kind := range map[Archetype][]StepKind{
		OnSite: {Inspection}, ByCouncil: {Council}, ByLaboratory: {Laboratory}, LaboratoryCouncil: {Laboratory, Council},
		MultiAgency: {Opinion}, Notice: {Publication},
	}[c.v.Archetype] {
		if !slices.ContainsFunc(c.v.Flow.Steps, func(s WorkStep) bool { return s.Kind == kind }) {
			c.add("step_missing", "flow.steps", "loại “"+Word("archetype", string(c.v.Archetype), "vi")+"” cần bước “"+Word("step", string(kind), "vi")+"”",
				"“"+Word("archetype", string(c.v.Archetype), "en")+"” needs the step “"+Word("step", string(kind), "en")+"”")
		}
	}
	if (c.v.Archetype == Notice) != c.v.Flow.Notification {
		c.add("notification", "flow.notification", "notification: true đi cùng loại notification", "notification: true goes with the archetype notification")
	}
}

// ending is what stays: results, retention, levels.
func (c *checker) ending() {
	v, seen := c.v, map[string]bool{}
	for i, r := range v.Flow.Results {
		at := fmt.Sprintf("flow.results[%d]", i)
		c.code(at+".code", r.Code, seen)
		c.names(at, r.NameVI, r.NameEN)
		if r.ValidMonths < 0 || r.RenewDays < 0 || r.ValidMonths > 0 && r.RenewDays > 31*r.ValidMonths {
			c.add("out_of_range", at, "valid_months và renew_days không âm, nhắc gia hạn trong thời hạn hiệu lực", "valid_months and renew_days not below nothing, the reminder within the validity")
		}
	}
	if !v.InformationOnly {
		if len(v.Flow.Results) == 0 {
			c.add("missing", "flow.results", "ghi ít nhất một kết quả", "give at least one result")
		}
		if v.Retention.Years == 0 && !v.Retention.Permanent {
			c.add("missing", "retention", "ghi thời hạn bảo quản: years, hoặc permanent: true", "say how long the file is kept: years, or permanent: true")
		}
	}
	if r := v.Retention; r.Years < 0 || r.Years > 70 || r.Permanent && r.Years > 0 {
		c.add("out_of_range", "retention", "years từ 1 đến 70, hoặc permanent", "years from 1 to 70, or permanent")
	}
	if v.Retention.Mark != "" {
		oneOf(c, "retention.certainty", v.Retention.Mark, marks())
	}
	for i, l := range v.Levels {
		at := fmt.Sprintf("service_levels[%d]", i)
		values := []string{"toan-trinh", "mot-phan"}
		if l.Scheme == "43/2011" {
			values = []string{"1", "2", "3", "4"}
		}
		oneOf(c, at+".scheme", l.Scheme, []string{"43/2011", "42/2022", "224/2026"})
		oneOf(c, at+".value", l.Value, values)
		if l.Scheme == "224/2026" && l.Value == "mot-phan" {
			oneOf(c, at+".reason", Reason(l.Reason), []Reason{PhysicalPresence, OnSiteCheck, TechnicalIncident, OtherTechnical})
		}
	}
}

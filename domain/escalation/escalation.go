// Package escalation says who is told at which share of a limit, by dated rules that an authority writes as data.
package escalation

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/document"
	"dossier/domain/dossier"
)

// Rules are a file of them.
type Rules struct {
	Code     string `json:"code"`
	Note     string `json:"note,omitempty"`     // for readers of the file
	Imported bool   `json:"imported,omitempty"` // dossiers that were imported are told of too, also of what was used up before
	Rules    []Rule `json:"rules"`

	sum string
}

// Rule says who is told about timers of a kind that begin on a day or later. Of two that fit, the one that names the procedure goes before
// the one that names the unit, and that before the one that names neither; then the later one.
type Rule struct {
	Code       string        `json:"code"`
	Timer      string        `json:"timer"`
	From       calendar.Date `json:"from"`
	Procedures []string      `json:"procedures,omitempty"`
	Units      []string      `json:"units,omitempty"`
	Basis      string        `json:"basis,omitempty"`
	Assumed    bool          `json:"assumed,omitempty"` // rests on no source
	Steps      []Step        `json:"steps"`
}

// Step is told once so much of the limit is used up.
type Step struct {
	Share  int      `json:"share"` // percent
	Notice string   `json:"notice"`
	Tells  []string `json:"tells"` // roles
}

//go:embed shipped/default.json
var shipped []byte

// Default are the rules that come with the program.
func Default() Rules {
	r, mistakes := Read(shipped)
	if len(mistakes) > 0 {
		panic("read the shipped rules: " + mistakes[0].Error()) // a broken file is a broken program
	}
	return r
}

// Read reads a file of rules and tells every mistake with line and path.
func Read(data []byte) (Rules, []document.Mistake) {
	var r Rules
	doc, mistakes := document.Read(data, &r)
	if len(mistakes) > 0 {
		return Rules{}, mistakes
	}
	c := check{doc: doc}
	c.rules(r)
	if len(c.mistakes) > 0 {
		return Rules{}, c.mistakes
	}
	sum := sha256.Sum256(data)
	r.sum = hex.EncodeToString(sum[:6])
	return r, nil
}

// Sum tells one file from another.
func (r Rules) Sum() string { return r.sum }

// Of is the rule for a timer of a dossier.
func (r Rules) Of(s dossier.State, t dossier.Timer) (Rule, bool) {
	best, found, rank := Rule{}, false, -1
	for _, rule := range r.Rules {
		fits, named := rule.fits(s, t)
		if fits && (named > rank || named == rank && rule.From >= best.From) {
			best, found, rank = rule, true, named
		}
	}
	return best, found
}

func (r Rule) fits(s dossier.State, t dossier.Timer) (fits bool, named int) {
	if r.Timer != string(t.Kind) || t.From.Before(r.From.Start(zone)) {
		return false, 0
	}
	if len(r.Procedures) > 0 {
		if !slices.Contains(r.Procedures, s.Procedure) {
			return false, 0
		}
		named += 2
	}
	if len(r.Units) > 0 {
		if !slices.Contains(r.Units, t.Unit) {
			return false, 0
		}
		named++
	}
	return true, named
}

// zone is where days of rules begin. It has had no summer time since 1975.
var zone = time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60)

// Ahead is a step that is still to be told, and when.
type Ahead struct {
	Timer dossier.Timer
	Rule  Rule
	Step  Step
	At    time.Time
}

// Ahead lists what is still to be told about a dossier, the earliest first, each timer's steps in order. What cannot be dated yet is left out.
func (r Rules) Ahead(s dossier.State, c *calendar.Calendar, hoursOf dossier.Code) []Ahead {
	if s.Origin == domain.Imported && !r.Imported {
		return nil
	}
	var all []Ahead
	for _, t := range dossier.Timers(s, c, hoursOf) {
		rule, found := r.Of(s, t)
		if !found {
			continue
		}
		for _, step := range rule.Steps {
			if at, known := t.At(step.Share, c); known && s.Owes(t, step.Share, at) {
				all = append(all, Ahead{t, rule, step, at})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Ahead) int { return a.At.Compare(b.At) })
	return all
}

// Command is what records that the step is told.
func (a Ahead) Command() dossier.FireTimer {
	c := dossier.FireTimer{
		Timer: a.Timer.Kind, Number: a.Timer.Number, Notice: dossier.Notice(a.Step.Notice), Share: a.Step.Share, Due: a.Timer.Due, Rule: dossier.Code(a.Rule.Code),
	}
	for _, role := range a.Step.Tells {
		c.Tells = append(c.Tells, dossier.Code(role))
	}
	return c
}

// check collects what is wrong with a file that could be read.
type check struct {
	doc      document.Document
	mistakes []document.Mistake
}

func (c *check) wrong(path, vi, en string) {
	c.mistakes = append(c.mistakes, document.Mistake{Line: c.doc.Line(path), Path: path, VI: vi, EN: en})
}

func (c *check) oneOf(path, value string, values []string) {
	if !slices.Contains(values, value) {
		all := strings.Join(values, ", ")
		c.wrong(path, "“"+value+"” không có trong danh sách: "+all, "“"+value+"” is not one of: "+all)
	}
}

func (c *check) code(path, value string) {
	if !dossier.Code(value).Valid() {
		c.wrong(path, "phải là một mã: chữ thường không dấu, chữ số, . _ : -", "must be a code: lower-case letters without accents, digits, . _ : -")
	}
}

func (c *check) rules(r Rules) {
	c.code("code", r.Code)
	if len(r.Rules) == 0 {
		c.wrong("rules", "phải có ít nhất một quy tắc", "at least one rule must stand here")
	}
	seen := map[string]int{}
	for i, rule := range r.Rules {
		path := fmt.Sprintf("rules[%d]", i)
		c.rule(path, rule)
		for _, key := range []string{"code " + rule.Code, "scope " + rule.Timer + " " + rule.From.String() + " " + fmt.Sprint(rule.Procedures, rule.Units)} {
			if first, twice := seen[key]; twice {
				c.wrong(path, fmt.Sprintf("trùng với rules[%d]: đổi mã, ngày bắt đầu hoặc phạm vi", first), fmt.Sprintf("says the same as rules[%d]: change its code, its first day or its scope", first))
				continue
			}
			seen[key] = i
		}
	}
}

func (c *check) rule(path string, r Rule) {
	c.code(path+".code", r.Code)
	c.oneOf(path+".timer", r.Timer, dossier.Values("timer"))
	if r.Basis != "" {
		c.code(path+".basis", r.Basis)
	} else if !r.Assumed {
		c.wrong(path, "thiếu căn cứ: ghi basis, hoặc assumed: true", "its basis is missing: give basis, or assumed: true")
	}
	for _, list := range []struct {
		name  string
		codes []string
	}{{"procedures", r.Procedures}, {"units", r.Units}} {
		for i, code := range list.codes {
			c.code(fmt.Sprintf("%s.%s[%d]", path, list.name, i), code)
		}
	}
	if len(r.Steps) == 0 {
		c.wrong(path+".steps", "phải có ít nhất một bậc", "at least one step must stand here")
	}
	last := 0
	for i, step := range r.Steps {
		at := fmt.Sprintf("%s.steps[%d]", path, i)
		c.step(at, step)
		if step.Share <= last {
			c.wrong(at+".share", "các bậc phải tăng dần", "steps must ascend")
		}
		last = step.Share
	}
}

// of says which shares a notice can be about.
var of = map[string]struct {
	lo, hi int
}{"alert": {1, 99}, "due_soon": {1, 99}, "due": {100, 100}, "overdue": {101, 1000}}

func (c *check) step(path string, s Step) {
	c.oneOf(path+".notice", s.Notice, dossier.Values("notice"))
	if is, known := of[s.Notice]; known && (s.Share < is.lo || s.Share > is.hi) {
		c.wrong(path+".share", fmt.Sprintf("“%s” dùng cho %d đến %d phần trăm", s.Notice, is.lo, is.hi), fmt.Sprintf("“%s” is about %d to %d percent", s.Notice, is.lo, is.hi))
	}
	if len(s.Tells) == 0 {
		c.wrong(path+".tells", "phải có ít nhất một vai trò được báo", "at least one role must be told")
	}
	var roles []string
	for _, r := range domain.Roles() {
		roles = append(roles, string(r))
	}
	for i, role := range s.Tells {
		c.oneOf(fmt.Sprintf("%s.tells[%d]", path, i), role, roles)
		if slices.Index(s.Tells, role) < i {
			c.wrong(fmt.Sprintf("%s.tells[%d]", path, i), "vai trò đã có", "this role stands there already")
		}
	}
}

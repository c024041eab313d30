package organisation

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/code"
	"dossier/domain/dossier"
)

// A Finding is one thing that is wrong with a plan.
type Finding struct {
	Path   string // "accounts[3].posts[0].unit"
	Code   string
	VI, EN string
	Basis  string
}

// Findings are all that is wrong.
type Findings []Finding

func (f Findings) Error() string {
	return fmt.Sprintf("%d mistakes, the first: %s: %s", len(f), f[0].Path, f[0].EN)
}

// signing is the article on signing in another's place.
const signing = "NĐ 30/2020, Điều 13"

// Check tells all that is wrong with a plan by itself.
func Check(p Plan, today calendar.Date) Findings {
	c := &check{Plan: p, today: today}
	c.name()
	c.agencies()
	c.units()
	c.accounts()
	c.heads()
	c.delegations()
	c.administrator()
	c.sandboxes()
	return c.found
}

type check struct {
	Plan
	today calendar.Date
	found Findings
}

func (c *check) say(path, code, vi, en string, args ...any) {
	c.found = append(c.found, Finding{Path: path, Code: code, VI: fmt.Sprintf(vi, args...), EN: fmt.Sprintf(en, args...)})
}

func (c *check) law(path, code, vi, en string, args ...any) {
	c.say(path, code, vi, en, args...)
	c.found[len(c.found)-1].Basis = signing
}

func (c *check) name() {
	c.code("code", c.Code)
	c.texts("", "name", c.NameVI, c.NameEN)
	if len(c.Agencies) == 0 {
		c.say("agencies", "missing", "Phải có ít nhất một cơ quan.", "There must be at least one agency.")
	}
}

func (c *check) code(path, s string) {
	if !dossier.Code(s).Valid() {
		c.say(path, "bad_code", "“%s” không phải mã; ghi a–z, 0–9, chấm, gạch nối, không phải số giấy tờ của người.", "“%s” is no code; write a–z, 0–9, dots and hyphens, and no number of a person.", s)
	}
}

var personal = regexp.MustCompile(`[0-9]{8,}|@`)

// texts are names of agencies, units and posts: they are public, and nobody's own name.
func (c *check) texts(path, field, vi, en string) {
	for _, t := range []struct{ field, text string }{{field + "_vi", vi}, {field + "_en", en}} {
		switch at := join(path, t.field); {
		case strings.TrimSpace(t.text) == "" || len(t.text) > 200:
			c.say(at, "bad_text", "Ghi tên từ 1 đến 200 byte.", "Write a name of 1 to 200 bytes.")
		case personal.MatchString(t.text):
			c.say(at, "personal", "Tên cơ quan, đơn vị, chức danh không chứa số giấy tờ, điện thoại hay địa chỉ thư của người.",
				"The name of an agency, a unit or a post holds no number and no address of a person.")
		}
	}
}

func (c *check) period(path string, p Period) {
	if p.To != 0 && p.To < p.From {
		c.say(join(path, "to"), "ends_before_it_begins", "Ngày kết thúc %s trước ngày bắt đầu %s.", "It ends on %s, before it begins on %s.", p.To, p.From)
	}
}

// terms looks at the terms of one code: one after the other, without overlap and without a gap.
func (c *check) terms(list, code string, i int, all []term) {
	before := -1
	for j, t := range all {
		if t.code == code && (t.From < all[i].From || t.From == all[i].From && j < i) && (before < 0 || t.From >= all[before].From) {
			before = j
		}
	}
	if before < 0 {
		return
	}
	path := fmt.Sprintf("%s[%d].from", list, i)
	switch last := all[before].last(); {
	case last >= all[i].From:
		c.say(path, "overlapping_terms", "“%s” đã có hiệu lực ngày %s theo %s[%d]; ghi ngày kết thúc ở đó.", "“%s” holds on %s already, by %s[%d]; end that one first.", code, all[i].From, list, before)
	case last+1 < all[i].From:
		c.say(path, "gap_of_validity", "“%s” không có hiệu lực từ %s đến %s; nối liền hai thời hạn, hoặc dùng mã khác.", "“%s” does not hold from %s to %s; let one term follow the other, or use another code.",
			code, last+1, all[i].From-1)
	}
}

type term struct {
	code string
	Period
}

func (c *check) agencies() {
	terms := agencyTerms(c.Agencies)
	for i, a := range c.Agencies {
		path := fmt.Sprintf("agencies[%d]", i)
		c.code(path+".code", a.Code)
		c.period(path, a.Period)
		c.texts(path, "name", a.NameVI, a.NameEN)
		c.terms("agencies", a.Code, i, terms)
		if _, err := time.LoadLocation(a.Zone); err != nil || a.Zone == "" || a.Zone == "Local" {
			c.say(path+".zone", "unknown_zone", "Không có múi giờ “%s”; ghi tên IANA, ví dụ Asia/Ho_Chi_Minh.", "There is no zone “%s”; give an IANA name, such as Asia/Ho_Chi_Minh.", a.Zone)
		}
		c.code(path+".calendar", a.Calendar)
		if a.Codes != nil {
			if _, err := a.Codes.rule(""); err != nil {
				c.refused(path+".codes", err)
			}
		}
		if a.Parent != "" {
			c.inside(path+".parent", "agency", a.Parent, a.Period, terms)
			c.circle(path+".parent", a.Code, a.From, func(code string, d calendar.Date) string { up, _ := c.AgencyOn(code, d); return up.Parent })
		}
	}
}

func agencyTerms(list []Agency) []term {
	terms := make([]term, len(list))
	for i, a := range list {
		terms[i] = term{a.Code, a.Period}
	}
	return terms
}

func unitTerms(list []Unit) []term {
	terms := make([]term, len(list))
	for i, u := range list {
		terms[i] = term{u.Code, u.Period}
	}
	return terms
}

// refused says what a rule of codes has against itself.
func (c *check) refused(path string, err error) {
	f := Finding{Path: path, Code: "bad_rule", VI: err.Error(), EN: err.Error()}
	if bad, is := err.(*domain.Invalid); is {
		f.Code, f.VI, f.EN = bad.Code, bad.VI, bad.EN
	}
	c.found = append(c.found, f)
}

func (c *check) units() {
	agencies, terms := agencyTerms(c.Agencies), unitTerms(c.Units)
	for i, u := range c.Units {
		path := fmt.Sprintf("units[%d]", i)
		c.code(path+".code", u.Code)
		c.period(path, u.Period)
		c.texts(path, "name", u.NameVI, u.NameEN)
		c.terms("units", u.Code, i, terms)
		c.inside(path+".agency", "agency", u.Agency, u.Period, agencies)
		if u.Parent != "" {
			c.inside(path+".parent", "unit", u.Parent, u.Period, terms)
			c.circle(path+".parent", u.Code, u.From, func(code string, d calendar.Date) string { up, _ := c.UnitOn(code, d); return up.Parent })
		}
	}
}

// inside wants what is named to exist on all days of a period.
func (c *check) inside(path, what, code string, p Period, terms []term) {
	var days []Period
	for _, t := range terms {
		if t.code == code {
			days = append(days, t.Period)
		}
	}
	switch missing, whole := uncovered(p, days); {
	case len(days) == 0:
		c.say(path, "unknown_"+what, "Không có "+words[what].vi+" “%s” trong tệp.", "There is no "+what+" “%s” in this file.", code)
	case !whole:
		c.say(path, "gap_of_validity", "Ngày %[2]s "+words[what].vi+" “%[1]s” không có hiệu lực, mà mục này còn hiệu lực. Sửa một trong hai thời hạn.",
			"On %[2]s the "+what+" “%[1]s” does not hold, while this does. Difference one of the two terms.", code, missing)
	}
}

// uncovered is the first day of a period on which none of the others holds.
func uncovered(p Period, days []Period) (missing calendar.Date, whole bool) {
	at := p.From
	for at <= p.last() {
		next := at
		for _, d := range days {
			if d.Has(at) {
				next = max(next, d.last()+1)
			}
		}
		if next == at {
			return at, false
		}
		at = next
	}
	return 0, true
}

// circle follows the parents on the day on which a term begins. A circle of terms has a day on which its last member begins.
func (c *check) circle(path, code string, d calendar.Date, parent func(string, calendar.Date) string) {
	way := []string{code}
	for up := parent(code, d); up != ""; up = parent(up, d) {
		if up == code {
			c.say(path, "circle", "Vòng lặp ngày %s: %s → %s. Bỏ một cấp trên.", "A circle on %s: %s → %s. Take one of the parents away.", d, strings.Join(way, " → "), code)
			return
		}
		if slices.Contains(way, up) {
			return // a circle further up, told there
		}
		way = append(way, up)
	}
}

// Roles are those that an account of an organisation may hold: those of staff.
func Roles() []domain.Role {
	return slices.DeleteFunc(domain.Roles(), func(r domain.Role) bool { return r == domain.Applicant || r == domain.System })
}

func (c *check) accounts() {
	units := unitTerms(c.Units)
	seen := map[string]int{}
	for i, a := range c.Accounts {
		path := fmt.Sprintf("accounts[%d]", i)
		c.code(path+".account", a.ID)
		if first, twice := seen[a.ID]; twice {
			c.say(path+".account", "twice", "Tài khoản “%s” đã có ở accounts[%d]; ghi các vai trò vào một chỗ.", "Account “%s” stands at accounts[%d] already; put its posts there.", a.ID, first)
		}
		seen[a.ID] = i
		c.period(path, a.Period)
		c.texts(path, "title", a.TitleVI, a.TitleEN)
		if len(a.Posts) == 0 {
			c.say(path+".posts", "missing", "Tài khoản phải giữ ít nhất một vai trò.", "An account holds at least one role.")
		}
		for j, p := range a.Posts {
			c.post(fmt.Sprintf("%s.posts[%d]", path, j), a, p, units)
		}
	}
}

func (c *check) post(path string, a Account, p Post, units []term) {
	if !slices.Contains(Roles(), p.Role) {
		c.say(path+".role", "unknown_role", "Không có vai trò “%s” của cơ quan; nhận: %s.", "There is no role “%s” of an authority; known are: %s.", p.Role, listed(Roles()))
	}
	if p.Rank != "" && !slices.Contains(Ranks(), p.Rank) {
		c.say(path+".rank", "not_in_list", "Không nhận “%s”; ghi head (đứng đầu), deputy (cấp phó) hoặc bỏ trống.", "“%s” is not accepted; write head, deputy or nothing.", p.Rank)
	}
	days := p.In(a)
	c.period(path, days)
	if !a.Holds(days) {
		c.say(path, "outside_validity", "Vai trò từ %s đến %s vượt ra ngoài hiệu lực của tài khoản (%s đến %s).", "The role, from %s to %s, goes beyond the account's validity (%s to %s).",
			days.From, end(days, "vi"), a.From, end(a.Period, "vi"))
		c.found[len(c.found)-1].EN = fmt.Sprintf("The role, from %s to %s, goes beyond the account's validity (%s to %s).", days.From, end(days, "en"), a.From, end(a.Period, "en"))
	}
	c.inside(path+".unit", "unit", p.Unit, days, units)
}

// heads wants one head of a unit at a time.
func (c *check) heads() {
	type head struct {
		path, account string
		Period
	}
	heads := map[string][]head{}
	for i, a := range c.Accounts {
		for j, p := range a.Posts {
			if p.Rank != Head {
				continue
			}
			h := head{fmt.Sprintf("accounts[%d].posts[%d].rank", i, j), a.ID, p.In(a)}
			for _, other := range heads[p.Unit] {
				if other.meets(h.Period) && other.account != h.account {
					c.say(h.path, "two_heads", "Đơn vị “%s” có hai người đứng đầu ngày %s: “%s” và “%s”. Ghi ngày kết thúc của người trước.",
						"Unit “%s” has two heads on %s: “%s” and “%s”. Say the day on which the first one ends.", p.Unit, max(h.From, other.From), other.account, h.account)
				}
			}
			heads[p.Unit] = append(heads[p.Unit], h)
		}
	}
}

// administrator wants somebody left who may apply the next plan.
func (c *check) administrator() {
	for _, a := range c.Accounts {
		for _, p := range a.Posts {
			if p.Role == domain.SystemAdmin && a.Has(c.today) && p.In(a).Has(c.today) {
				return
			}
		}
	}
	c.say("accounts", "no_administrator", "Ngày %s không ai giữ vai trò system_admin: sẽ không ai sửa được tổ chức nữa. Thêm một tài khoản.",
		"On %s nobody holds the role system_admin: nobody could change the organisation any more. Add an account.", c.today)
}

// rule reads how an agency numbers.
func (r CodeRule) rule(unit string) (code.Rule, error) {
	return code.NewRule(unit, r.Identifier, r.Pattern, r.AtAcceptance)
}

func end(p Period, lang string) string {
	if p.To == 0 {
		return map[string]string{"vi": "không thời hạn", "en": "no end"}[lang]
	}
	return p.To.String()
}

func listed[T ~string](list []T) string {
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = string(v)
	}
	return strings.Join(parts, ", ")
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

package organisation

import (
	"fmt"
	"slices"

	"dossier/domain"
	"dossier/domain/calendar"
)

// Signing in another's place, as Decree 30/2020, Article 13, has it. Power starts with the head of an authority, who holds the role approver;
// nobody hands on more than he has, for longer, or for other matters.

func (c *check) delegations() {
	seen := map[string]int{}
	for i, d := range c.Delegations {
		path := fmt.Sprintf("delegations[%d]", i)
		c.code(path+".code", d.Code)
		if first, twice := seen[d.Code]; twice {
			c.say(path+".code", "twice", "Việc giao “%s” đã có ở delegations[%d]; dùng mã khác.", "Delegation “%s” stands at delegations[%d] already; use another code.", d.Code, first)
		}
		seen[d.Code] = i
		if c.delegationForm(path, d) {
			c.power(path, d)
		}
	}
}

// delegationForm looks at what one can say without looking at posts.
func (c *check) delegationForm(path string, d Delegation) bool {
	before := len(c.found)
	if !slices.Contains(DelegationKinds(), d.Kind) {
		c.law(path+".kind", "not_in_list", "Không có cách ký “%s”; ghi kt (ký thay), tl (thừa lệnh) hoặc tuq (thừa ủy quyền).", "There is no such kind as “%s”; write kt, tl or tuq.", d.Kind)
	}
	if d.Until != 0 && d.Until < d.From {
		c.say(path+".until", "ends_before_it_begins", "Ngày kết thúc %s trước ngày bắt đầu %s.", "It ends on %s, before it begins on %s.", d.Until, d.From)
	}
	if d.By == d.To {
		c.law(path+".to", "delegates_to_self", "“%s” không thể giao cho chính mình.", "“%s” cannot delegate to itself.", d.By)
	}
	if d.Basis == "" || len(d.Basis) > 64 {
		c.law(path+".basis", "missing", "Ghi số văn bản giao (quyết định, quy chế làm việc).", "Give the number of the document: a decision, or the working rules.")
	}
	if d.Kind == TUQ && d.Until == 0 {
		c.law(path+".until", "needs_an_end", "Thừa ủy quyền phải có thời hạn: ghi ngày kết thúc.", "An authorisation (tuq) is for a time: say on which day it ends.")
	}
	if d.Kind == TUQ && len(d.Procedures) == 0 {
		c.law(path+".procedures", "needs_matters", "Thừa ủy quyền phải nêu rõ việc: ghi các thủ tục.", "An authorisation (tuq) names its matters: give the procedures.")
	}
	for j, p := range d.Procedures {
		c.code(fmt.Sprintf("%s.procedures[%d]", path, j), p)
	}
	for j, u := range d.Units {
		if !slices.ContainsFunc(c.Units, func(one Unit) bool { return one.Code == u }) {
			c.say(fmt.Sprintf("%s.units[%d]", path, j), "unknown_unit", "Không có đơn vị “%s” trong tệp.", "There is no unit “%s” in this file.", u)
		}
	}
	for _, end := range []struct{ field, name string }{{"by", d.By}, {"to", d.To}} {
		a, known := c.AccountOf(end.name)
		switch {
		case !known:
			c.say(path+"."+end.field, "unknown_account", "Không có tài khoản “%s” trong tệp.", "There is no account “%s” in this file.", end.name)
		case !a.Holds(d.Days()):
			c.law(path+"."+end.field, "outlives_account", "Tài khoản “%s” có hiệu lực từ %s đến %s, nhưng việc giao “%s” từ %s đến %s. Kết thúc việc giao trước, hoặc cùng ngày.",
				"Account “%s” is valid from %s to %s, but delegation “%s” is from %s to %s. End the delegation first, or on the same day.", a.ID, a.From, bound(a.Period), d.Code, d.From, bound(d.Days()))
		}
	}
	return len(c.found) == before
}

func bound(p Period) string {
	if p.To == 0 {
		return "…"
	}
	return p.To.String()
}

// power wants the giver to have what is given on every day, and the receiver the post that may take it.
func (c *check) power(path string, d Delegation) {
	by, _ := c.AccountOf(d.By)
	to, _ := c.AccountOf(d.To)
	whole := func(days []Period) (calendar.Date, bool) { return uncovered(d.Days(), days) }
	heads := by.days(func(p Post) bool { return p.Rank == Head && p.Role == domain.Approver })
	if d.Kind == KT {
		// A head of a unit who signs by order may let a deputy sign (13.4).
		heads = append(heads, c.ordered(d)...)
	}
	if day, ok := whole(heads); !ok {
		switch {
		case c.authorised(d):
			c.law(path+".by", "not_handed_on", "“%s” chỉ được ủy quyền nên không được giao tiếp.", "“%s” acts under an authorisation (tuq), which is never handed on.", d.By)
		default:
			c.law(path+".by", "no_power", "Ngày %s “%s” không phải người đứng đầu có thẩm quyền quyết định (approver, head) về các việc này, nên không giao được.",
				"On %s “%s” is not the head who decides (approver, head) on these matters, and so has nothing to give.", day, d.By)
		}
		return
	}
	c.beyond(path, d)
	if day, ok := whole(c.receives(d, by, to)); !ok {
		need := map[Kind]says{
			KT:  {"cấp phó của cùng đơn vị, vai trò approver hoặc division_head", "a deputy of the same unit, in the role approver or division_head"},
			TL:  {"người đứng đầu một đơn vị thuộc cùng cơ quan, vai trò division_head", "the head of a unit inside the same agency, in the role division_head"},
			TUQ: {"người đứng đầu một đơn vị thuộc cơ quan hoặc cơ quan cấp dưới trực tiếp, vai trò division_head hoặc approver", "the head of a unit inside the agency or one directly below, in the role division_head or approver"},
		}[d.Kind]
		c.found = append(c.found, Finding{Path: path + ".to", Code: "may_not_receive", Basis: signing,
			VI: fmt.Sprintf("Ngày %s “%s” không phải %s.", day, d.To, need.vi), EN: fmt.Sprintf("On %s “%s” is not %s.", day, d.To, need.en)})
	}
}

// beyond wants the units of a delegation to be the giver's own: of its agency, or below.
func (c *check) beyond(path string, d Delegation) {
	for j, u := range d.Units {
		if !c.reaches(d, u, d.From) {
			c.law(fmt.Sprintf("%s.units[%d]", path, j), "beyond_its_giver", "Đơn vị “%s” không thuộc cơ quan của “%s” nên không giao được.", "Unit “%s” is not of the agency of “%s”, who has nothing to give there.", u, d.By)
		}
	}
}

// reaches says whether a unit is of the giver's agency, or of one below it, on a day. Of a unit that is not of the organisation nobody can say.
func (p Plan) reaches(d Delegation, unit string, day calendar.Date) bool {
	at, known := p.AgencyOf(unit, day)
	if !known {
		return true
	}
	by, _ := p.AccountOf(d.By)
	for range p.Agencies { // a circle has an end
		for _, post := range by.Posts {
			if own, is := p.AgencyOf(post.Unit, day); is && post.Rank == Head && own.Code == at.Code {
				return true
			}
		}
		if at, known = p.AgencyOn(at.Parent, day); !known {
			return false
		}
	}
	return false
}

// days are those on which an account has a post of that sort.
func (a Account) days(sort func(Post) bool) (days []Period) {
	for _, p := range a.Posts {
		if sort(p) {
			days = append(days, p.In(a))
		}
	}
	return days
}

// ordered are the days on which the giver signs by order (tl) on all that this delegation is about.
func (c *check) ordered(d Delegation) (days []Period) {
	for _, o := range c.Delegations {
		if o.Kind == TL && o.To == d.By && o.By != d.To && o.contains(d) {
			days = append(days, o.Days())
		}
	}
	return days
}

// contains says whether it is about everything that another one is about.
func (d Delegation) contains(e Delegation) bool {
	return within(e.Procedures, d.Procedures) && within(e.Units, d.Units)
}

// restates says whether it gives nothing that another one did not give already.
func (d Delegation) restates(had Delegation) bool {
	return had.To == d.To && had.By == d.By && had.Kind == d.Kind && had.Days().Holds(d.Days()) && had.contains(d)
}

// within says whether a list is part of another; an empty one is everything.
func within(part, whole []string) bool {
	if len(whole) == 0 {
		return true
	}
	return len(part) > 0 && !slices.ContainsFunc(part, func(s string) bool { return !slices.Contains(whole, s) })
}

func (c *check) authorised(d Delegation) bool {
	return slices.ContainsFunc(c.Delegations, func(o Delegation) bool { return o.Kind == TUQ && o.To == d.By && o.Days().meets(d.Days()) })
}

// receives are the days on which the receiver has a post that may take what the giver's posts give.
func (c *check) receives(d Delegation, by, to Account) (days []Period) {
	for _, g := range by.Posts {
		for _, r := range to.Posts {
			if g.Rank != Head || !c.fits(d, g, r) {
				continue
			}
			gives, takes := g.In(by), r.In(to)
			if from, last := max(gives.From, takes.From), min(gives.last(), takes.last()); from <= last {
				p := Period{From: from, To: last}
				if last == forever {
					p.To = 0
				}
				days = append(days, p)
			}
		}
	}
	return days
}

func (c *check) fits(d Delegation, g, r Post) bool {
	decides := r.Role == domain.Approver || r.Role == domain.DivisionHead
	switch d.Kind {
	case KT:
		return r.Rank == Deputy && r.Unit == g.Unit && decides
	case TL:
		return r.Rank == Head && r.Role == domain.DivisionHead && c.related(g.Unit, r.Unit, d.From, false)
	case TUQ:
		return r.Rank == Head && decides && c.related(g.Unit, r.Unit, d.From, true)
	}
	return false
}

// related says whether a unit is of the same agency as another, or of an agency directly below.
func (c *check) related(above, unit string, day calendar.Date, below bool) bool {
	a, ok := c.AgencyOf(above, day)
	b, is := c.AgencyOf(unit, day)
	return ok && is && above != unit && (a.Code == b.Code || below && b.Parent == a.Code)
}

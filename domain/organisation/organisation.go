// Package organisation says who may act for an authority: in which unit and role, in whose place, and from which day to which.
//
// An organisation is a stream. Its facts name agencies, units, accounts and delegations, each with the days on which it holds, so one asks
// twice: what was known then, and what held on that day. People appear as accounts; their names belong to the vault.
package organisation

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
)

// Period is the days on which something holds, both included. Without To it has no end.
type Period struct {
	From calendar.Date `json:"from" vi:"Từ ngày" en:"From, a day"`
	To   calendar.Date `json:"to,omitzero" vi:"Đến hết ngày" en:"Until the end of that day"`
}

// Has says whether a day is one of them.
func (p Period) Has(d calendar.Date) bool { return p.From <= d && d <= p.last() }

func (p Period) last() calendar.Date {
	if p.To == 0 {
		return forever
	}
	return p.To
}

const forever calendar.Date = 1 << 30

// Holds says whether all days of another period are days of this one.
func (p Period) Holds(q Period) bool { return p.From <= q.From && q.last() <= p.last() }

func (p Period) meets(q Period) bool { return p.From <= q.last() && q.From <= p.last() }

// Agency is an authority with a seal of its own, from a day on. One that is renamed or moved has a further term under the same code.
type Agency struct {
	Code string `json:"code" vi:"Mã" en:"Code"`
	Period
	NameVI   string    `json:"name_vi" vi:"Tên tiếng Việt" en:"Name in Vietnamese"`
	NameEN   string    `json:"name_en" vi:"Tên tiếng Anh" en:"Name in English"`
	Parent   string    `json:"parent,omitempty" vi:"Cơ quan cấp trên" en:"The agency above"`
	Zone     string    `json:"zone" vi:"Múi giờ" en:"Time zone, such as Asia/Ho_Chi_Minh"`
	Calendar string    `json:"calendar" vi:"Lịch làm việc" en:"Code of the calendar by which it works; hours of its own stand there under its code"`
	Codes    *CodeRule `json:"codes,omitempty" vi:"Cách đánh mã hồ sơ" en:"How its dossiers are numbered"`
	Sandbox  bool      `json:"sandbox,omitempty" vi:"Cơ quan thử nghiệm: hồ sơ chỉ để thử" en:"A sandbox: its dossiers are tests"`
}

// CodeRule is how an agency numbers the dossiers that its units receive.
type CodeRule struct {
	Identifier   string `json:"identifier" vi:"Mã định danh" en:"Identifier of the agency in codes"`
	Pattern      string `json:"pattern" vi:"Mẫu mã" en:"Name of a shipped pattern, or a pattern"`
	AtAcceptance bool   `json:"at_acceptance,omitempty" vi:"Cấp mã khi tiếp nhận" en:"Codes are given at acceptance"`
}

// Unit is a part of an agency, from a day on. One that is renamed or moved has a further term under the same code.
type Unit struct {
	Code string `json:"code" vi:"Mã" en:"Code"`
	Period
	NameVI string `json:"name_vi" vi:"Tên tiếng Việt" en:"Name in Vietnamese"`
	NameEN string `json:"name_en" vi:"Tên tiếng Anh" en:"Name in English"`
	Agency string `json:"agency" vi:"Thuộc cơ quan" en:"The agency it is a part of"`
	Parent string `json:"parent,omitempty" vi:"Đơn vị cấp trên" en:"The unit above"`
}

// Account is somebody who works here, known by an id and the title of the post, never by name.
type Account struct {
	ID string `json:"account" vi:"Tài khoản" en:"Account id"`
	Period
	TitleVI string `json:"title_vi" vi:"Chức danh tiếng Việt" en:"Title of the post in Vietnamese"`
	TitleEN string `json:"title_en" vi:"Chức danh tiếng Anh" en:"Title of the post in English"`
	Posts   []Post `json:"posts" vi:"Vai trò giữ ở các đơn vị" en:"Roles held at units"`
}

// Post is a role that an account holds at a unit. Without a day of its own it holds as long as the account.
type Post struct {
	Role domain.Role   `json:"role" vi:"Vai trò" en:"Role"`
	Unit string        `json:"unit" vi:"Đơn vị" en:"Unit"`
	Rank Rank          `json:"rank,omitempty" vi:"Đứng đầu hay cấp phó" en:"Head or deputy of the unit"`
	From calendar.Date `json:"from,omitzero" vi:"Từ ngày" en:"From, a day"`
	To   calendar.Date `json:"to,omitzero" vi:"Đến hết ngày" en:"Until the end of that day"`
}

// Rank is where a post stands in its unit.
type Rank string

// The ranks that signing in another's place depends on (Decree 30/2020, Article 13). Most posts have none.
const (
	Head   Rank = "head"   // người đứng đầu
	Deputy Rank = "deputy" // cấp phó
)

// Ranks lists them.
func Ranks() []Rank { return []Rank{Head, Deputy} }

// In is the days of a post of that account.
func (p Post) In(a Account) Period {
	q := Period{p.From, p.To}
	if q.From == 0 {
		q.From = a.From
	}
	if q.To == 0 {
		q.To = a.To
	}
	return q
}

// Kind is the way in which somebody signs in another's place.
type Kind string

// The kinds (Decree 30/2020, Article 13).
const (
	KT  Kind = "kt"  // ký thay: a deputy for the head of the same unit (13.1)
	TUQ Kind = "tuq" // thừa ủy quyền: a head of a unit inside or directly below, in writing, for a time and for named matters; never handed on (13.3)
	TL  Kind = "tl"  // thừa lệnh: a head of a unit inside, as the working rules say (13.4)
)

// DelegationKinds lists them.
func DelegationKinds() []Kind { return []Kind{KT, TL, TUQ} }

// Delegation lets an account decide and sign in another's place.
type Delegation struct {
	Code       string        `json:"code" vi:"Mã" en:"Code"`
	Kind       Kind          `json:"kind" vi:"Cách ký: kt (ký thay), tl (thừa lệnh), tuq (thừa ủy quyền)" en:"kt, tl or tuq"`
	By         string        `json:"by" vi:"Người giao" en:"The account that gives"`
	To         string        `json:"to" vi:"Người được giao" en:"The account that receives"`
	From       calendar.Date `json:"from" vi:"Từ ngày" en:"From, a day"`
	Until      calendar.Date `json:"until,omitzero" vi:"Đến hết ngày" en:"Until the end of that day; required for tuq"`
	Procedures []string      `json:"procedures,omitempty" vi:"Thủ tục; để trống là tất cả" en:"Procedures; none: all"`
	Units      []string      `json:"units,omitempty" vi:"Đơn vị tiếp nhận hồ sơ; để trống là tất cả" en:"Units at which the dossier was filed; none: all"`
	Basis      string        `json:"basis" vi:"Số văn bản giao" en:"Number of the document it rests on"`
}

// Days are those on which it holds.
func (d Delegation) Days() Period { return Period{d.From, d.Until} }

// Over says whether it is about a procedure and the unit at which a dossier was filed.
func (d Delegation) Over(procedure, unit string) bool {
	return (len(d.Procedures) == 0 || slices.Contains(d.Procedures, procedure)) && (len(d.Units) == 0 || slices.Contains(d.Units, unit))
}

// Plan is an organisation as a file says it: all of it, what was before included.
type Plan struct {
	Code        string       `json:"code" vi:"Mã" en:"Code"`
	NameVI      string       `json:"name_vi" vi:"Tên tiếng Việt" en:"Name in Vietnamese"`
	NameEN      string       `json:"name_en" vi:"Tên tiếng Anh" en:"Name in English"`
	Agencies    []Agency     `json:"agencies" vi:"Các cơ quan" en:"Agencies"`
	Units       []Unit       `json:"units" vi:"Các đơn vị" en:"Units"`
	Accounts    []Account    `json:"accounts" vi:"Các tài khoản" en:"Accounts"`
	Delegations []Delegation `json:"delegations,omitempty" vi:"Việc giao ký thay, thừa lệnh, thừa ủy quyền" en:"Delegations"`
}

// Organisation is what the facts amount to: a plan in the order of codes and days, and the version it stands at. It is never changed:
// Evolve returns another.
type Organisation struct {
	Version int64
	Plan
	Rounds map[string]int `json:"-"` // of sandboxes that were reset: the one that is open
}

// Exists says whether the organisation was ever said.
func (o Organisation) Exists() bool { return o.Version > 0 }

// Fact is an event in its place.
type Fact struct {
	Version int64
	Event   Event
}

// Fold is the organisation after these facts, in the order of their versions.
func Fold(facts []Fact) (o Organisation) {
	for _, f := range facts {
		o = Evolve(o, f)
	}
	return o
}

// Evolve is the organisation after one more fact.
func Evolve(o Organisation, f Fact) Organisation {
	o.Version = f.Version
	switch e := f.Event.(type) {
	case Named:
		o.Code, o.NameVI, o.NameEN = e.Code, e.NameVI, e.NameEN
	case AgencySet:
		o.Agencies = with(o.Agencies, e.Agency, byAgency)
	case UnitSet:
		o.Units = with(o.Units, e.Unit, byUnit)
	case AccountSet:
		o.Accounts = with(o.Accounts, e.Account, byAccount)
	case DelegationSet:
		o.Delegations = with(o.Delegations, e.Delegation, byDelegation)
	case SandboxReset:
		return o.opened(e.Agency, e.Opens)
	case EntryWithdrawn:
		switch e.Entry {
		case AgencyEntry:
			o.Agencies = without(o.Agencies, Agency{Code: e.Code, Period: Period{From: e.From}}, byAgency)
		case UnitEntry:
			o.Units = without(o.Units, Unit{Code: e.Code, Period: Period{From: e.From}}, byUnit)
		case AccountEntry:
			o.Accounts = without(o.Accounts, Account{ID: e.Code}, byAccount)
		case DelegationEntry:
			o.Delegations = without(o.Delegations, Delegation{Code: e.Code}, byDelegation)
		}
	}
	return o
}

func byAgency(a, b Agency) int {
	return cmp.Or(strings.Compare(a.Code, b.Code), cmp.Compare(a.From, b.From))
}
func byUnit(a, b Unit) int {
	return cmp.Or(strings.Compare(a.Code, b.Code), cmp.Compare(a.From, b.From))
}
func byAccount(a, b Account) int       { return strings.Compare(a.ID, b.ID) }
func byDelegation(a, b Delegation) int { return strings.Compare(a.Code, b.Code) }

// with is the list with one entry in its place, in another array: who holds the list before keeps it.
func with[T any](list []T, one T, order func(a, b T) int) []T {
	at, there := slices.BinarySearchFunc(list, one, order)
	if there {
		list = slices.Clone(list)
		list[at] = one
		return list
	}
	return slices.Insert(slices.Clip(list), at, one)
}

func without[T any](list []T, one T, order func(a, b T) int) []T {
	at, there := slices.BinarySearchFunc(list, one, order)
	if !there {
		return list
	}
	return slices.Delete(slices.Clone(list), at, at+1)
}

// AgencyOn is an agency as it is on a day.
func (p Plan) AgencyOn(code string, d calendar.Date) (Agency, bool) {
	for _, a := range p.Agencies {
		if a.Code == code && a.Has(d) {
			return a, true
		}
	}
	return Agency{}, false
}

// UnitOn is a unit as it is on a day.
func (p Plan) UnitOn(code string, d calendar.Date) (Unit, bool) {
	for _, u := range p.Units {
		if u.Code == code && u.Has(d) {
			return u, true
		}
	}
	return Unit{}, false
}

// AgencyOf is the agency of a unit on a day; that of the unit's first or last day when it has none then.
func (p Plan) AgencyOf(unit string, d calendar.Date) (Agency, bool) {
	u, is := p.UnitOn(unit, d)
	if !is {
		return Agency{}, false
	}
	return p.AgencyOn(u.Agency, d)
}

// AccountOf is an account, whatever the day.
func (p Plan) AccountOf(name string) (Account, bool) {
	for _, a := range p.Accounts {
		if a.ID == name {
			return a, true
		}
	}
	return Account{}, false
}

// On is what holds on a day: entries of other days are left out, posts too.
func (p Plan) On(d calendar.Date) Plan {
	q := Plan{Code: p.Code, NameVI: p.NameVI, NameEN: p.NameEN, Agencies: []Agency{}, Units: []Unit{}, Accounts: []Account{}}
	for _, a := range p.Agencies {
		if a.Has(d) {
			q.Agencies = append(q.Agencies, a)
		}
	}
	for _, u := range p.Units {
		if u.Has(d) {
			q.Units = append(q.Units, u)
		}
	}
	for _, a := range p.Accounts {
		if a.Has(d) {
			a.Posts = slices.DeleteFunc(slices.Clone(a.Posts), func(post Post) bool { return !post.In(a).Has(d) })
			q.Accounts = append(q.Accounts, a)
		}
	}
	for _, g := range p.Delegations {
		if g.Days().Has(d) {
			q.Delegations = append(q.Delegations, g)
		}
	}
	return q
}

// zone is where a unit's days begin and end.
func (p Plan) zone(unit string) *time.Location {
	for _, u := range p.Units {
		if u.Code != unit {
			continue
		}
		for _, a := range p.Agencies {
			if a.Code == u.Agency {
				return located(a.Zone)
			}
		}
	}
	return hanoi
}

// zones are kept once they were looked up: each command asks, and a look-up reads a file.
var zones sync.Map

// located is a zone by its name, the usual one for a name that no file admits.
func located(name string) *time.Location {
	if loc, known := zones.Load(name); known {
		return loc.(*time.Location)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return hanoi
	}
	zones.Store(name, loc)
	return loc
}

// hanoi has had no summer time since 1975.
var hanoi = time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60)

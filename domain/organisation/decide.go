package organisation

import (
	"fmt"
	"reflect"
	"slices"

	"dossier/domain"
	"dossier/domain/calendar"
)

// Decide answers a command with facts, with nothing when it is already so, or with Findings that tell all that is wrong, each with its path
// in the plan.
func Decide(o Organisation, wish Command) ([]Event, error) {
	switch w := wish.(type) {
	case Apply:
		return apply(o, w)
	case ResetSandbox:
		return reset(o, w)
	}
	panic(fmt.Sprintf("decide: a command outside the sealed set: %T", wish))
}

func apply(o Organisation, w Apply) (events []Event, err error) {
	plan := w.Plan.sorted()
	if found := slices.Concat(Check(w.Plan, w.Today), vanished(o.Plan, plan, w.Today), turned(o.Plan, w.Plan), selfGiven(o.Plan, w.Plan, w.By)); len(found) > 0 {
		return nil, found
	}
	if named := (Named{plan.Code, plan.NameVI, plan.NameEN}); named != (Named{o.Code, o.NameVI, o.NameEN}) {
		events = append(events, named)
	}
	gone := func(e Entry, code string, from calendar.Date) { events = append(events, EntryWithdrawn{e, code, from}) }
	differ(o.Delegations, nil, plan.Delegations, byDelegation, func(d Delegation) { gone(DelegationEntry, d.Code, d.From) })
	differ(o.Accounts, nil, plan.Accounts, byAccount, func(a Account) { gone(AccountEntry, a.ID, a.From) })
	differ(o.Units, nil, plan.Units, byUnit, func(u Unit) { gone(UnitEntry, u.Code, u.From) })
	differ(o.Agencies, nil, plan.Agencies, byAgency, func(a Agency) { gone(AgencyEntry, a.Code, a.From) })
	differ(o.Agencies, func(a Agency) { events = append(events, AgencySet{a}) }, plan.Agencies, byAgency, nil)
	differ(o.Units, func(u Unit) { events = append(events, UnitSet{u}) }, plan.Units, byUnit, nil)
	differ(o.Accounts, func(a Account) { events = append(events, AccountSet{a}) }, plan.Accounts, byAccount, nil)
	differ(o.Delegations, func(d Delegation) { events = append(events, DelegationSet{d}) }, plan.Delegations, byDelegation, nil)
	return events, nil
}

// differ calls set for what is new or other in the list that is to be, and gone for what is not in it.
func differ[T any](is []T, set func(T), tobe []T, order func(a, b T) int, gone func(T)) {
	if set != nil {
		for _, one := range tobe {
			if at, there := slices.BinarySearchFunc(is, one, order); !there || !reflect.DeepEqual(is[at], one) {
				set(one)
			}
		}
		return
	}
	for _, one := range is {
		if _, stays := slices.BinarySearchFunc(tobe, one, order); !stays {
			gone(one)
		}
	}
}

// sorted is the plan as it is kept: in the order of codes and days, so that the order of a file means nothing.
func (p Plan) sorted() Plan {
	p.Agencies, p.Units, p.Accounts, p.Delegations = slices.Clone(p.Agencies), slices.Clone(p.Units), slices.Clone(p.Accounts), slices.Clone(p.Delegations)
	slices.SortStableFunc(p.Agencies, byAgency)
	slices.SortStableFunc(p.Units, byUnit)
	slices.SortStableFunc(p.Accounts, byAccount)
	slices.SortStableFunc(p.Delegations, byDelegation)
	for i, d := range p.Delegations {
		d.Procedures, d.Units = slices.Sorted(slices.Values(d.Procedures)), slices.Sorted(slices.Values(d.Units))
		p.Delegations[i] = d
	}
	return p
}

// selfGiven tells what the account that applies a plan would give itself: a post or a power that it does not have already. To look after the
// machine is all that it may: that decides nothing and reads nothing.
func selfGiven(is, tobe Plan, by string) Findings {
	if by == "" {
		return nil
	}
	c := &check{Plan: tobe}
	for i, a := range tobe.Accounts {
		for j, p := range a.Posts {
			if a.ID == by && p.Role != domain.SystemAdmin && !is.gives(by, p, p.In(a)) {
				c.say(fmt.Sprintf("accounts[%d].posts[%d]", i, j), "own_post", "Không ai tự giao cho mình vai trò “%s”: quản trị hệ thống khác áp dụng thay đổi này.",
					"Nobody gives himself the role “%s”: another system administrator applies this change.", p.Role)
			}
		}
	}
	for i, d := range tobe.Delegations {
		if d.To == by && !slices.ContainsFunc(is.Delegations, d.restates) {
			c.say(fmt.Sprintf("delegations[%d].to", i), "own_delegation", "Không ai tự giao cho mình quyền ký thay: quản trị hệ thống khác áp dụng thay đổi này.",
				"Nobody gives himself the power to sign for another: another system administrator applies this change.")
		}
	}
	return c.found
}

// gives says whether an account has a post on all those days already.
func (p Plan) gives(account string, wanted Post, days Period) bool {
	for _, a := range p.Accounts {
		for _, had := range a.Posts {
			if a.ID == account && had.Role == wanted.Role && had.Unit == wanted.Unit && had.Rank == wanted.Rank && had.In(a).Holds(days) {
				return true
			}
		}
	}
	return false
}

// vanished tells what has begun and is no longer in the plan: it is ended, never left out.
func vanished(is, tobe Plan, today calendar.Date) (found Findings) {
	say := func(what, code string, from calendar.Date) {
		if from > today {
			return
		}
		found = append(found, Finding{Code: "vanished", VI: fmt.Sprintf("“%s” (%s, từ %s) đã có hiệu lực nên không được bỏ khỏi tệp. Giữ lại và ghi ngày kết thúc.", code, words[what].vi, from),
			EN: fmt.Sprintf("“%s” (%s, from %s) has begun and must stay in the file. Keep it and say the day on which it ends.", code, what, from)})
	}
	differ(is.Agencies, nil, tobe.Agencies, byAgency, func(a Agency) { say("agency", a.Code, a.From) })
	differ(is.Units, nil, tobe.Units, byUnit, func(u Unit) { say("unit", u.Code, u.From) })
	differ(is.Accounts, nil, tobe.Accounts, byAccount, func(a Account) { say("account", a.ID, a.From) })
	differ(is.Delegations, nil, tobe.Delegations, byDelegation, func(d Delegation) { say("delegation", d.Code, d.From) })
	return found
}

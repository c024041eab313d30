package organisation

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// An EntryChange is what an event makes of one entry: which members had another value, "" for none.
type EntryChange struct {
	Event   string         `json:"event"`
	Entry   Entry          `json:"entry,omitempty"`
	Code    string         `json:"code"`
	From    string         `json:"from,omitempty"`
	Members []MemberChange `json:"members"`
}

// MemberChange is a member of an entry before and after, as JSON.
type MemberChange struct {
	Path   string `json:"path"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// EntryChanges are what events make of the organisation, one by one.
func EntryChanges(o Organisation, events []Event) []EntryChange {
	list := []EntryChange{}
	for _, e := range events {
		c := EntryChange{Event: TypeName(e)}
		var before any
		switch e := e.(type) {
		case Named:
			c.Code, before = e.Code, Named{o.Code, o.NameVI, o.NameEN}
		case AgencySet:
			c.Entry, c.Code, c.From, before = AgencyEntry, e.Code, e.From.String(), entry(o.Agencies, e.Agency, byAgency)
		case UnitSet:
			c.Entry, c.Code, c.From, before = UnitEntry, e.Code, e.From.String(), entry(o.Units, e.Unit, byUnit)
		case AccountSet:
			c.Entry, c.Code, c.From, before = AccountEntry, e.ID, e.From.String(), entry(o.Accounts, e.Account, byAccount)
		case DelegationSet:
			c.Entry, c.Code, c.From, before = DelegationEntry, e.Code, e.From.String(), entry(o.Delegations, e.Delegation, byDelegation)
		case EntryWithdrawn:
			c.Entry, c.Code, c.From = e.Entry, e.Code, e.From.String()
		}
		c.Members = members(before, e)
		list = append(list, c)
	}
	return list
}

// entry is the one of the same place, nil if there is none.
func entry[T any](list []T, one T, order func(a, b T) int) any {
	if at, there := slices.BinarySearchFunc(list, one, order); there {
		return list[at]
	}
	return nil
}

func members(before, after any) []MemberChange {
	was, is := flat(before), flat(after)
	all := map[string]bool{}
	for path := range was {
		all[path] = true
	}
	for path := range is {
		all[path] = true
	}
	changed := []MemberChange{}
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if was[path] != is[path] {
			changed = append(changed, MemberChange{path, was[path], is[path]})
		}
	}
	return changed
}

// flat is every value of an entry under its path.
func flat(v any) map[string]string {
	values := map[string]string{}
	b, err := json.Marshal(v)
	var tree any
	if err == nil {
		err = json.Unmarshal(b, &tree)
	}
	if err != nil {
		panic(fmt.Sprintf("flatten %T: %v", v, err)) // of plain values: cannot fail
	}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case nil:
		case map[string]any:
			for name, inner := range v {
				walk(join(path, name), inner)
			}
		case []any:
			for i, inner := range v {
				walk(fmt.Sprintf("%s[%d]", path, i), inner)
			}
		default:
			text, _ := json.Marshal(v) // of a plain value: cannot fail
			values[path] = strings.Trim(string(text), `"`)
		}
	}
	walk("", tree)
	return values
}

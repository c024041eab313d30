package dossier

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// A Member is one JSON member of a command or event, as documents for people and machines describe it.
type Member struct {
	Name     string
	Kind     MemberKind
	Required bool
	Pattern  string   // of texts
	Values   []string // of a closed list
	From, To int      // of numbers
	Most     int      // entries of a list, characters of words
	Members  []Member // of an object
	List     string   // of a closed list: the kind under which Label words its values
}

// MemberKind is what a member holds.
type MemberKind string

// The kinds of members.
const (
	TextMember   MemberKind = "text"
	TextsMember  MemberKind = "texts"
	TimeMember   MemberKind = "time"
	NumberMember MemberKind = "number"
	TruthMember  MemberKind = "truth"
	ObjectMember MemberKind = "object"
	ListMember   MemberKind = "list"  // of objects
	WordsMember  MemberKind = "words" // what a person types, for the vault
)

// CommandMembers describes the body of a command (kebab-case).
func CommandMembers(name string) []Member {
	for _, c := range commands {
		if Kebab(c.Name()) == name {
			return typed(describe(reflect.TypeOf(c)), reflect.TypeOf(c))
		}
	}
	return nil
}

// typed describes the texts of a command as what is typed.
func typed(members []Member, t reflect.Type) []Member {
	for i, f := range schemas[t] {
		switch m := t.FieldByIndex(f.index).Type; {
		case f.shape == isText:
			members[i] = Member{Name: f.name, Required: f.required, Kind: WordsMember, Most: maxWords}
		case f.shape == isObjects:
			members[i].Members = typed(members[i].Members, m.Elem())
		}
	}
	return members
}

// EventTypes lists the stored names of all events.
func EventTypes() []string { return slices.Sorted(maps.Keys(kinds)) }

// EventMembers describes the data of an event as its newest version holds it.
func EventMembers(typ string) (version int, members []Member) {
	k, known := kinds[typ]
	if !known {
		return 0, nil
	}
	return k.version, describe(reflect.TypeOf(k.event))
}

func describe(t reflect.Type) []Member {
	var members []Member
	for _, f := range schemas[t] {
		members = append(members, f.describe(t.FieldByIndex(f.index).Type))
	}
	return members
}

func (f field) describe(t reflect.Type) Member {
	m := Member{Name: f.name, Required: f.required, Kind: TextMember}
	switch x := reflect.Zero(t).Interface().(type) {
	case interface{ values() []string }:
		m.Values, m.List = x.values(), snake(t.Name())
	case Code, Ref:
		m.Pattern = codePattern
	case External, DossierCode:
		m.Pattern = externalPattern
	case Value:
		m.Pattern = valuePattern
	case []Code:
		m.Kind, m.Pattern, m.Most = TextsMember, codePattern, maxItems
	case time.Time:
		m.Kind = TimeMember
	case int:
		m.Kind, m.From, m.To = NumberMember, f.lo, f.hi
	case bool:
		m.Kind = TruthMember
	case Source, Text, Evidence:
		m.Kind, m.Members = ObjectMember, describe(t)
	case []Part, []Given, []Entry, []Enclosure, []StageTerm:
		m.Kind, m.Members, m.Most = ListMember, describe(t.Elem()), maxItems
	}
	return m
}

// snake is the kind of a list by the name of its type: WithdrawalRefusal is withdrawal_refusal.
func snake(name string) string { return strings.ReplaceAll(kebab(name), "-", "_") }

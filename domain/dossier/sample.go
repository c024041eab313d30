package dossier

import "encoding/json"

// Example is a body that the command (kebab-case) would be understood with: what it requires, invented.
func Example(command string) json.RawMessage {
	b, err := json.Marshal(exampleOf(CommandMembers(command)))
	if err != nil {
		return nil
	}
	return b
}

func exampleOf(members []Member) map[string]any {
	body := map[string]any{}
	for _, m := range members {
		if m.Required {
			body[m.Name] = m.example()
		}
	}
	return body
}

func (m Member) example() any {
	switch m.Kind {
	case TextsMember:
		return []string{"tp-1"}
	case TimeMember:
		return "2026-12-31T17:00:00+07:00"
	case NumberMember:
		if m.Name == "amount" {
			return 1_200_000
		}
		return 1
	case TruthMember:
		return true
	case ObjectMember:
		return exampleOf(m.Members)
	case WordsMember:
		return "Thiếu chữ ký ở trang 3."
	}
	if len(m.Values) > 0 {
		return m.Values[0]
	}
	if code, known := exampleCodes[m.Name]; known {
		return code
	}
	return "code-1"
}

// exampleCodes are what stands in open lists, by the name of the member.
var exampleCodes = map[string]string{
	"procedure": "vet-practice-cert-renew", "applicant": "ref-7f3a", "unit": "phong-thu-y", "officer": "nthoa", "to": "so-khac", "basis": "nd-118-2025.21",
	"component": "tp-1", "other": "0197f2aa-0000-7000-8000-00000000000a", "decision": "qd-12", "act": "accept", "part": "ten", "topic": "called", "code": "desk-check",
}

// Answer is what a refused square says, "" for one that is possible.
func (c Cell) Answer(lang string) string {
	for _, g := range guards {
		if g.Code != c.Refusal {
			continue
		}
		q := question{s: State{Status: c.From}, row: Transition{Command: nameOf(c.Command)}, stuck: true}
		r := q.refusal(g)
		if lang == "vi" {
			return r.VI
		}
		return r.EN
	}
	return ""
}

func nameOf(kebab string) string {
	for _, c := range commands {
		if Kebab(c.Name()) == kebab {
			return c.Name()
		}
	}
	return ""
}

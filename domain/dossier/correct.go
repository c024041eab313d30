package dossier

import (
	"fmt"
	"slices"
	"strings"

	"dossier/domain"
)

// When an act is taken back, whoever was told of it is told that it no longer holds: the applicant who has a paper in hand, the unit that was
// given the dossier, the roles that a timer told meanwhile. Each gets one fact that lists what is withdrawn.

// NoticeCorrected tells a role that what it was told no longer holds. What is withdrawn is named by the consequence that it was, as
// "timer:KIND:NUMBER" for what a timer told, and as "message:NUMBER" for what was written to the applicant while the act stood.
type NoticeCorrected struct {
	Act       Code   `json:"act"` // that was taken back
	To        Code   `json:"to"`  // a role
	Unit      Code   `json:"unit,omitempty"`
	Withdraws []Code `json:"withdraws"`
	Of
}

// Correction is who is told that an act no longer holds, and what of it.
type Correction struct {
	To        string   `json:"to"`
	Unit      string   `json:"unit,omitempty"`
	Withdraws []string `json:"withdraws"`
}

// hears says which role a consequence of an act was told to.
func hears(act string, c Consequence) []domain.Role {
	switch c {
	case ApplicantTold, ReceiptIssued, SupplementIssued, RefusalIssued, ClockChanges:
		return []domain.Role{domain.Applicant}
	case FeesTouched:
		return []domain.Role{domain.Applicant, domain.FeeOfficer}
	case SignatureVoid, NumberVoid:
		return []domain.Role{domain.Clerk}
	case UnitTold:
		return map[string][]domain.Role{
			"forward": {domain.DivisionHead}, "assign-officer": {domain.CaseOfficer}, "submit-for-approval": {domain.Approver}, "endorse": {domain.Approver},
			"approve": {domain.CaseOfficer, domain.Clerk},
		}[act]
	}
	return nil
}

// Corrections lists who would be told if the last act were taken back, the applicant first.
func (s State) Corrections() []Correction {
	u, can := s.Undoable()
	if !can {
		return nil
	}
	var list []Correction
	add := func(role domain.Role, what string) {
		at := slices.IndexFunc(list, func(c Correction) bool { return c.To == string(role) })
		if at < 0 {
			at, list = len(list), append(list, Correction{To: string(role)})
			if role != domain.Applicant {
				list[at].Unit = s.Unit
			}
		}
		list[at].Withdraws = with(list[at].Withdraws, what)
	}
	for _, c := range u.Consequences {
		for _, role := range hears(u.Act, c) {
			add(role, string(c))
		}
	}
	after := ActUndone{Act: Code(u.Act)}.evolve(s, Act{})
	running := after.Timers()
	for _, f := range s.Fired {
		runs := slices.ContainsFunc(running, func(t Timer) bool { return t.Kind == f.Timer && t.Number == f.Number })
		if runs || f.Told.Before(u.At) {
			continue
		}
		for _, role := range strings.Split(f.Tells, ", ") {
			add(domain.Role(role), f.name())
		}
	}
	for _, m := range s.Messages.Open {
		if m.By != s.Applicant && !m.SentAt.Before(u.At) {
			add(domain.Applicant, fmt.Sprintf("message:%d", m.Number))
		}
	}
	return append(left(list, func(c Correction) bool { return c.To != string(domain.Applicant) }), left(list, func(c Correction) bool { return c.To == string(domain.Applicant) })...)
}

// name is how a timer is named among what is withdrawn.
func (f Fired) name() string { return fmt.Sprintf("timer:%s:%d", f.Timer, f.Number) }

// corrected are the facts that follow an act that is taken back.
func (q question) corrected() (events []Event) {
	for _, c := range q.s.Corrections() {
		e := NoticeCorrected{Act: q.c.(UndoAct).Act, To: Code(c.To), Unit: Code(c.Unit), Of: q.of()}
		for _, w := range c.Withdraws {
			e.Withdraws = append(e.Withdraws, Code(w))
		}
		events = append(events, e)
	}
	return events
}

// evolve forgets what was told of timers, so that it is told again once it is true again.
func (e NoticeCorrected) evolve(s State, _ Act) State {
	s.Corrected = append(slices.Clone(s.Corrected), Correction{string(e.To), string(e.Unit), plain(e.Withdraws)})
	s.Fired = left(s.Fired, func(f Fired) bool { return has(e.Withdraws, Code(f.name())) })
	if s.Undone.Act == string(e.Act) {
		s.Undone.Version = s.Version // the notices are part of taking it back
	}
	return s
}

func (NoticeCorrected) beside() {}

// Words is what is withdrawn, in words.
func (c Correction) Words(lang string) string {
	var all []string
	for _, w := range c.Withdraws {
		all = append(all, withdrawnWords(w, lang))
	}
	return strings.Join(all, ", ")
}

func withdrawnWords(what, lang string) string {
	kind, rest, _ := strings.Cut(what, ":")
	switch kind {
	case "timer":
		timer, number, _ := strings.Cut(rest, ":")
		text := Label("timer", timer, lang)
		if number != "0" {
			text += " " + number
		}
		return map[bool]string{true: "Reminder: ", false: "Lời nhắc: "}[lang == "en"] + text
	case "message":
		return map[bool]string{true: "Message ", false: "Tin nhắn "}[lang == "en"] + rest
	}
	return Label("consequence", what, lang)
}

// correctionsWords says who is told of what.
func correctionsWords(list []Correction, lang string) string {
	var all []string
	for _, c := range list {
		all = append(all, Label("role", c.To, lang)+": "+c.Words(lang))
	}
	return strings.Join(all, "; ")
}

package dossier

import (
	"slices"
	"strings"

	"dossier/domain"
	"dossier/domain/calendar"
)

// A filing says of itself what is not personal: which conditions of its procedure hold, and values of fields of its forms. From these the
// limit, the papers, the fees and the steps of this dossier follow, and they still do when the forms are long erased.

// Value is what stands in a field of a form that is not personal: a number, a truth value, a date or a code, as the procedure's version says.
type Value string

const valuePattern = `^[A-Za-z0-9-][A-Za-z0-9._:+-]{0,63}$`

// Valid says whether the value fits the pattern and could not be a telephone, identity or tax number.
func (v Value) Valid() bool {
	for i := range len(v) {
		switch c := v[i]; {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', i > 0 && (c == '.' || c == '_' || c == ':' || c == '+'):
		default:
			return false
		}
	}
	return v != "" && len(v) <= 64 && !personal(string(v))
}

// Given is the value of one field of a form.
type Given struct {
	Field Code  `json:"field"` // "application.head_count"
	Value Value `json:"value"`
}

// Entry is what stands in a field of a form that is personal or takes words. It lies in the vault.
type Entry struct {
	Field Code `json:"field"` // "application.phone"
	Text  Text `json:"text"`
}

// place says which text of a command or event it is.
func (e Entry) place() string { return "entries." + string(e.Field) }

// EntryField is the field whose value stands at a place (TextsOf), if it is one.
func EntryField(place string) (field string, is bool) { return strings.CutPrefix(place, "entries.") }

// Said is what was typed, while it is not in the vault yet.
func (e Entry) Said() string { return e.Text.words }

// Holds says whether a condition of the procedure was found true.
func (s State) Holds(fact string) bool { return has(s.Facts, fact) }

// statement is what a command says of the dossier's facts.
type statement struct {
	facts   []Code // hold
	denied  []Code // do not hold
	values  []Given
	entries []Entry
}

func (s statement) empty() bool { return len(s.facts)+len(s.denied)+len(s.values)+len(s.entries) == 0 }

// states is what the command says; nothing for those that say nothing.
func states(c Command) statement {
	switch c := c.(type) {
	case SubmitDossier:
		return statement{c.Facts, nil, c.Values, c.Entries}
	case AcceptDossier:
		return statement{c.Facts, c.Denied, nil, nil}
	case SubmitSupplement:
		return statement{c.Facts, c.Denied, c.Values, c.Entries}
	case AdjustSubmission:
		return statement{c.Facts, c.Denied, c.Values, c.Entries}
	}
	return statement{}
}

// Stated returns what a command says of the dossier's facts: which conditions hold, which do not, and values of fields.
func Stated(c Command) (facts, denied []Code, values []Given) {
	s := states(c)
	return s.facts, s.denied, s.values
}

// Entries returns what a command brings for fields whose values lie in the vault.
func Entries(c Command) []Entry { return states(c).entries }

// Stating returns the command with other conditions that hold and do not hold.
func Stating(c Command, facts, denied []Code) Command {
	switch c := c.(type) {
	case SubmitDossier:
		c.Facts = facts
		return c
	case AcceptDossier:
		c.Facts, c.Denied = facts, denied
		return c
	case SubmitSupplement:
		c.Facts, c.Denied = facts, denied
		return c
	case AdjustSubmission:
		c.Facts, c.Denied = facts, denied
		return c
	}
	return c
}

// holding is which conditions hold once the command has said what it says.
func (q question) holding() []string {
	said := states(q.c)
	return heard(q.s.Facts, said.facts, said.denied)
}

// heard is what holds after something more was said.
func heard(held []string, facts, denied []Code) []string {
	if len(facts)+len(denied) == 0 {
		return held
	}
	for _, f := range facts {
		held = with(held, string(f))
	}
	return left(held, func(f string) bool { return has(denied, Code(f)) })
}

// filled is what stands in the fields after something more was given.
func filled(have []Given, more []Given) []Given {
	if len(more) == 0 {
		return have
	}
	have = left(have, func(g Given) bool { return slices.ContainsFunc(more, func(m Given) bool { return m.Field == g.Field }) })
	return append(have, more...)
}

// entered is which fields have a value in the vault after something more was typed.
func entered(have []string, more []Entry) []string {
	for _, e := range more {
		have = with(have, string(e.Field))
	}
	return have
}

// misstated refuses what the dossier's version does not know, or takes in another form.
func (q question) misstated() *domain.Invalid {
	said, v := states(q.c), q.x.Procedure
	if said.empty() || q.x.imports() || v == nil {
		return nil
	}
	if bad := v.CheckFacts("facts", plain(said.facts)); bad != nil {
		return bad
	}
	if bad := v.CheckFacts("denied", plain(said.denied)); bad != nil {
		return bad
	}
	for _, f := range said.denied {
		if has(said.facts, f) {
			return &domain.Invalid{Code: "fact_contradicts", Field: "denied",
				VI: "Điều kiện “" + string(f) + "” vừa được ghi là đúng, vừa được ghi là không đúng. Chỉ ghi ở một nơi.",
				EN: "The condition “" + string(f) + "” is said to hold and not to hold. Name it once."}
		}
	}
	for i, g := range said.values {
		if slices.ContainsFunc(said.values[:i], func(o Given) bool { return o.Field == g.Field }) {
			return twice("values", string(g.Field))
		}
		if bad := v.CheckValue(string(g.Field), string(g.Value)); bad != nil {
			return bad
		}
	}
	for i, e := range said.entries {
		if slices.ContainsFunc(said.entries[:i], func(o Entry) bool { return o.Field == e.Field }) {
			return twice("entries", string(e.Field))
		}
		if bad := v.CheckEntry(string(e.Field), e.Text.words, e.Text.Ref == ""); bad != nil {
			return bad
		}
	}
	return nil
}

// notDue lists the papers among these codes that the version asks for only under a condition that does not hold.
func (q question) notDue(codes []Code) []string {
	var list []string
	if q.x.Procedure == nil {
		return nil
	}
	for _, c := range q.x.Procedure.Components {
		if c.When != "" && !q.s.Holds(c.When) && has(codes, Code(c.Code)) {
			list = append(list, c.Code)
		}
	}
	return list
}

// charged is what the fee table asks under the dossier's facts for the codes named, and the codes it does not ask for. It says nothing of
// fees that the table does not know.
func (q question) charged(codes []Code) (amount int, all bool, notDue []string) {
	if q.x.Procedure == nil || len(codes) == 0 {
		return 0, false, nil
	}
	notice := q.x.Procedure.FeeNotice(q.s.Holds, calendar.DateOf(q.at, hanoi))
	all = true
	for _, code := range codes {
		known, owed := false, false
		for _, f := range q.x.Procedure.Fees {
			known = known || f.Code == string(code)
		}
		for _, l := range notice.Lines {
			if l.Code == string(code) {
				amount, owed = amount+l.Pay, true
			}
		}
		if known && !owed {
			notDue = append(notDue, string(code))
		}
		all = all && owed
	}
	return amount, all, notDue
}

// besideTable says whether an amount that names no fees is another than all that the fee table asks of the dossier, where it has one.
func (q question) besideTable() bool {
	c := q.c.(RequestPayment)
	return len(c.Fees) == 0 && q.x.Procedure != nil && len(q.x.Procedure.Fees) > 0 && c.Amount != q.tableTotal()
}

func (q question) tableTotal() int {
	return q.x.Procedure.FeeNotice(q.s.Holds, calendar.DateOf(q.at, hanoi)).Total
}

func (q question) toPay() []Code { return q.c.(RequestPayment).Fees }

var statedGuards = []Guard{
	{Code: "component_not_due", Live: true, On: []string{"RequestSupplement"}, Field: "items", Basis: "NĐ 118/2025, Điều 5 và 6",
		broken: func(q question) bool { return len(q.notDue(q.c.(RequestSupplement).Items)) > 0 },
		VI:     "Chưa gửi được: với hồ sơ này thủ tục không đòi {not_due}. Bỏ các mục đó, hoặc ghi nhận lại điều kiện của hồ sơ trước.",
		EN:     "Not sent: of this dossier the procedure does not ask {not_due}. Leave them out, or put the dossier's conditions right first."},
	{Code: "fee_not_due", Live: true, On: []string{"RequestPayment"}, Field: "fees", Basis: "NĐ 118/2025, Điều 24",
		broken: func(q question) bool { _, _, not := q.charged(q.toPay()); return len(not) > 0 },
		VI:     "Chưa gửi được: với hồ sơ này biểu phí không thu {fees_not_due}. Bỏ khoản đó, hoặc ghi nhận lại điều kiện của hồ sơ trước.",
		EN:     "Not sent: of this dossier the fee table does not ask {fees_not_due}. Leave it out, or put the dossier's conditions right first."},
	{Code: "fee_not_of_table", Live: true, On: []string{"RequestPayment"}, Field: "amount", Basis: "NĐ 118/2025, Điều 24",
		broken: func(q question) bool {
			amount, all, _ := q.charged(q.toPay())
			return all && amount != q.c.(RequestPayment).Amount
		},
		VI: "Chưa gửi được: theo biểu phí của thủ tục, sau miễn, giảm, các khoản này là {table_fee}. Ghi đúng số tiền đó.",
		EN: "Not sent: by the procedure's fee table, reliefs taken off, these are {table_fee}. Give that amount."},
	{Code: "step_not_due", Soft: true, OutOfFlow: true, Live: true, On: []string{"BeginWork"}, Field: "step", Basis: "NĐ 63/2010, Điều 8",
		broken: func(q question) bool { s, known := q.prescribed(); return known && s.When != "" && !q.s.Holds(s.When) },
		VI:     "Với hồ sơ này thủ tục không đòi bước đó. Vẫn làm được; việc này được đánh dấu ngoài trình tự.",
		EN:     "Of this dossier the procedure does not ask that step. It can be done all the same and is marked out of flow."},
}

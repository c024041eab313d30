package dossier

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"dossier/domain"
)

// hanoi is the zone in which people read times and in which days end. It has had no summer time since 1975.
var hanoi = time.FixedZone("Asia/Ho_Chi_Minh", 7*60*60)

// refusal fills a guard's texts with what this case is about.
func (q question) refusal(g Guard) *domain.Refusal {
	return &domain.Refusal{
		Code:  g.Code,
		Field: g.Field,
		VI:    fill(g.VI, func(word string) string { return q.explain(word, "vi") }),
		EN:    fill(g.EN, func(word string) string { return q.explain(word, "en") }),
		Basis: g.Basis,
	}
}

// fill replaces each {word} of a text.
func fill(text string, word func(string) string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, _ := strings.Cut(rest, "}")
		b.WriteString(word(name))
		text = after
	}
}

// explain gives the value of one {word}.
func (q question) explain(word, lang string) string {
	open, _ := q.s.OpenSupplement()
	switch word {
	case "command":
		return Label("command", Kebab(q.name()), lang)
	case "status":
		return q.s.Words(lang)
	case "next":
		return list(labels("command", nextActs(q.s), lang), lang)
	case "states":
		return list(labels("status", startsFrom(q.name()), lang), lang)
	case "role":
		return Label("role", string(q.x.Actor.Role), lang)
	case "actors":
		return list(labels("role", q.row.Actors, lang), lang)
	case "reasons":
		return list(labels("late_reason", LateReasons(), lang), lang)
	case "procedure":
		return map[string]string{"vi": q.x.Procedure.NameVI, "en": q.x.Procedure.NameEN}[lang]
	case "at":
		return moment(q.at, lang)
	case "now":
		return moment(q.x.Now, lang)
	case "oldest":
		return moment(q.x.Now.Add(-oldest), lang)
	case "last":
		return moment(q.s.LastChange, lang)
	case "until":
		return day(open.Until, lang)
	case "asked":
		asked, _ := q.s.SupplementAt(q.stage())
		return day(asked.RequestedAt, lang)
	case "items":
		return list(open.Items, lang)
	case "missing":
		return list(q.missing(), lang)
	case "extra":
		return string(q.notAsked()[0])
	case "most_asks":
		return times(q.mostAsks(), lang)
	case "ask_within":
		return q.askWithin().Text(lang)
	case "days":
		return strconv.Itoa(q.lawfulWindow())
	case "due":
		return day(q.s.Due, lang)
	case "extended":
		return day(q.s.Extension.Due, lang)
	case "officer":
		return q.s.Officer
	case "open":
		return list(openNumbers(q.s), lang)
	case "works":
		return list(numbers(q.s.OpenWorks(), func(w Work) (int, string) { return w.Number, Label("work_kind", string(w.Kind), lang) }), lang)
	case "before":
		return list(q.before(), lang)
	case "owed":
		return list(q.owed(), lang)
	case "disposal_after":
		return day(q.s.DisposalAfter, lang)
	case "kept_until":
		until, _, _ := q.kept()
		return day(until, lang)
	case "not_due":
		return list(q.notDue(q.c.(RequestSupplement).Items), lang)
	case "fees_not_due":
		_, _, not := q.charged(q.toPay())
		return list(not, lang)
	case "table_fee":
		amount, _, _ := q.charged(q.toPay())
		if len(q.toPay()) == 0 {
			amount = q.tableTotal()
		}
		return dong(amount, lang)
	case "insufficient":
		return list(q.s.Insufficient(), lang)
	case "owed_payments":
		return list(numbers(q.s.OwedPayments(), func(p Payment) (int, string) { return p.Number, dong(p.Amount, lang) }), lang)
	case "transfers":
		return list(numbers(q.s.OpenTransfers(), func(t Transfer) (int, string) { return t.Number, t.To }), lang)
	case "papers":
		return list(numbers(q.s.Papers, func(p Paper) (int, string) {
			return p.Number, p.Code + ", " + Label("paper_status", string(p.Status), lang)
		}), lang)
	case "level":
		l, _ := q.level()
		return Label("role", string(l.Role), lang)
	case "check_until":
		return moment(q.checkUntil(), lang)
	case "forward_until":
		return moment(q.forwardUntil(), lang)
	case "undoable":
		u, _ := q.s.Undoable()
		return Label("command", u.Act, lang)
	case "service_level":
		l, _ := q.serviceLevel()
		return l.Words(lang)
	case "check_within":
		return q.s.checkLimit().Text(lang)
	case "unattached":
		return strings.Join(q.unattached(), ", ")
	case "corrections":
		return correctionsWords(q.s.Corrections(), lang)
	case "consequences":
		u, _ := q.s.Undoable()
		return list(labels("consequence", u.Consequences, lang), lang)
	case "reached":
		_, at, _ := q.firing()
		return moment(at, lang)
	case "roles":
		return list(labels("role", domain.Roles(), lang), lang)
	case "unseen":
		var codes []string
		for _, c := range q.unseen() {
			codes = append(codes, string(c))
		}
		return strings.Join(codes, ", ")
	}
	panic("explain: a guard's text asks for an unknown word: " + word)
}

// nextActs lists the live commands that the state and its history admit, whoever does them.
func nextActs(s State) []string {
	var names []string
	for _, t := range transitions {
		open := t.Origin == domain.Live && !t.mechanical() && slices.Contains(t.From, s.Status)
		if q := (question{s: s, row: t}); open && !slices.ContainsFunc(guardsOn[q.name()], q.blockedBy) {
			names = append(names, Kebab(t.Command))
		}
	}
	return names
}

// startsFrom lists the states in which the command is possible at all.
func startsFrom(command string) []Status {
	var from []Status
	for _, t := range transitions {
		if t.Command == command {
			from = append(from, t.From...)
		}
	}
	return from
}

func openNumbers(s State) []string {
	var numbers []string
	for _, o := range s.OpenOpinions() {
		numbers = append(numbers, fmt.Sprintf("%d (%s)", o.Number, o.Unit))
	}
	return numbers
}

// numbers names numbered things: "2 (inspection)".
func numbers[T any](things []T, one func(T) (int, string)) []string {
	var names []string
	for _, t := range things {
		n, what := one(t)
		names = append(names, fmt.Sprintf("%d (%s)", n, what))
	}
	return names
}

// times says how often.
func times(n int, lang string) string {
	switch {
	case lang == "vi" && n == 1:
		return "một lần"
	case lang == "vi":
		return strconv.Itoa(n) + " lần"
	case n == 1:
		return "once"
	}
	return strconv.Itoa(n) + " times"
}

// dong writes an amount with its thousands: 1.200.000 đồng.
func dong(n int, lang string) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "." + digits[i:]
	}
	if lang == "en" {
		return strings.ReplaceAll(digits, ".", ",") + " dong"
	}
	return digits + " đồng"
}

func labels[T ~string](kind string, codes []T, lang string) []string {
	var words []string
	for _, c := range codes {
		if w := Label(kind, string(c), lang); !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	return words
}

// list joins words for reading; an empty list says so.
func list(words []string, lang string) string {
	switch {
	case len(words) > 0:
		return strings.Join(words, "; ")
	case lang == "vi":
		return "không có"
	}
	return "none"
}

func moment(t time.Time, lang string) string {
	return clock(t, "02/01/2006 15:04", "2 Jan 2006 15:04", lang)
}
func day(t time.Time, lang string) string { return clock(t, "02/01/2006", "2 Jan 2006", lang) }

func clock(t time.Time, vi, en, lang string) string {
	switch {
	case t.IsZero():
		return list(nil, lang)
	case lang == "vi":
		return t.In(hanoi).Format(vi)
	}
	return t.In(hanoi).Format(en)
}

package projections

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/domain/procedure"
)

// Sort is the order of a list.
type Sort string

// The orders. Rows of equal rank stand by id.
const (
	SortUpdated Sort = "updated" // what happened last first; the default
	SortDue     Sort = "due"     // what is due first; what has no due date last
)

// Filter says which dossiers. Empty fields ask for nothing; several statuses mean any of them.
type Filter struct {
	Status    []dossier.Status
	Procedure string
	Channel   dossier.Channel
	Unit      string
	Officer   string
	Applicant string
	Outcome   dossier.Outcome
	Portal    dossier.PortalOutcome // how telling the national portal went last; PortalUntold: it was told nothing
	Query     string                // begins the code or the id, or stands in the procedure's id or name, accents or not

	At            *time.Time // as it was then; nil: now
	KnownAt       *time.Time // as it was known then; nil: now
	KnownPosition int64      // as it was known at this position; 0: now

	Sort   Sort
	Limit  int    // 1 to 500, default 50
	Cursor string // Page.Next of the page before, under the same filter

	Sight Sight // of whoever asks

	rules func() []procedure.Version // whose names Query searches; nil: those that ship
}

// PortalUntold asks for dossiers of which the national portal was told nothing.
const PortalUntold dossier.PortalOutcome = "never"

const (
	defaultLimit = 50
	mostRows     = 500
)

// checked fills in what is left open and refuses what cannot be meant.
func (f Filter) checked() (Filter, error) {
	f.Sort, f.Limit = or(f.Sort, SortUpdated), or(f.Limit, defaultLimit)
	if f.Sort != SortUpdated && f.Sort != SortDue {
		return f, &domain.Invalid{Code: "not_in_list", Field: "sort",
			VI: fmt.Sprintf("Không có cách sắp xếp %q: dùng updated hoặc due.", f.Sort), EN: fmt.Sprintf("There is no order %q: use updated or due.", f.Sort)}
	}
	return f, limited(f.Limit)
}

// limited refuses a page that nobody can mean.
func limited(limit int) error {
	if limit >= 1 && limit <= mostRows {
		return nil
	}
	return &domain.Invalid{Code: "out_of_range", Field: "limit",
		VI: fmt.Sprintf("limit phải từ 1 đến %d.", mostRows), EN: fmt.Sprintf("limit must be from 1 to %d.", mostRows)}
}

// past says whether the filter asks for another moment than now.
func (f Filter) past() bool { return f.At != nil || f.KnownAt != nil || f.KnownPosition != 0 }

// conditions are SQL over the columns that the tables of dossiers and of their versions share, as table d.
type conditions struct {
	sql  []string
	args []any
}

// add appends a condition; each ? is the next argument.
func (c *conditions) add(sql string, args ...any) {
	for _, arg := range args {
		sql = strings.Replace(sql, "?", c.arg(arg), 1)
	}
	c.sql = append(c.sql, sql)
}

func (c *conditions) arg(v any) string {
	c.args = append(c.args, v)
	return fmt.Sprintf("$%d", len(c.args))
}

func (c *conditions) where() string {
	if len(c.sql) == 0 {
		return ""
	}
	return "\n where " + strings.Join(c.sql, "\n   and ")
}

// of turns a filter into conditions.
func (c *conditions) of(f Filter) {
	if len(f.Status) > 0 {
		c.add(`d.status = any (?)`, asText(f.Status))
	}
	for _, equal := range []struct{ column, value string }{
		{"procedure", f.Procedure}, {"channel", string(f.Channel)}, {"unit", f.Unit}, {"officer", f.Officer},
		{"applicant", f.Applicant}, {"outcome", string(f.Outcome)},
	} {
		if equal.value != "" {
			c.add(`d.`+equal.column+` = ?`, equal.value)
			if equal.column == "unit" || equal.column == "officer" {
				c.add(`d.` + equal.column + ` <> ''`) // what the partial index asks for
			}
		}
	}
	switch f.Portal { // no index holds it: it reads what the rest of the filter leaves
	case "":
	case PortalUntold:
		c.add(`(d.state -> 'portal') is null`)
	default:
		c.add(`d.state -> 'portal' ->> 'outcome' = ?`, string(f.Portal))
	}
	if q := newQuery(f.Query, f.rules); q.text != "" {
		c.ofQuery(q)
	}
}

func (c *conditions) ofQuery(q query) {
	sql := `(lower(d.code) like ?`
	args := []any{likePrefix(q.text)}
	if q.hasID {
		sql, args = sql+` or d.id between ? and ?`, append(args, q.from, q.to)
	}
	c.add(sql+` or d.procedure = any (?))`, append(args, q.procedures)...)
}

// open says that nothing is asked for but what is in sight.
func (f Filter) open() bool {
	if f.Query != "" { // known without looking through the catalogue
		return false
	}
	c := &conditions{}
	c.of(f)
	return len(c.sql) == 0
}

// matches is the same question to one state, for states that no table holds.
func (f Filter) matches(id uuid.UUID, s *dossier.State) bool {
	is := func(wanted, value string) bool { return wanted == "" || wanted == value }
	return (len(f.Status) == 0 || slices.Contains(f.Status, s.Status)) &&
		is(f.Procedure, s.Procedure) && is(string(f.Channel), string(s.Channel)) && is(f.Unit, s.Unit) &&
		is(f.Officer, s.Officer) && is(f.Applicant, s.Applicant) && is(string(f.Outcome), string(s.Outcome)) &&
		is(string(f.Portal), cmp.Or(string(s.Portal.Outcome), string(PortalUntold))) &&
		newQuery(f.Query, f.rules).matches(id, s)
}

// query is what somebody typed into the search box.
type query struct {
	text       string // folded to lower case
	hasID      bool
	from, to   uuid.UUID // ids that begin with it
	procedures []string
}

func newQuery(text string, rules func() []procedure.Version) query {
	q := query{text: strings.ToLower(strings.TrimSpace(text)), procedures: []string{}}
	if q.text == "" {
		return q
	}
	q.from, q.to, q.hasID = idsThatBegin(q.text)
	wanted := unaccented(q.text)
	if rules == nil {
		rules = procedure.Catalogue
	}
	for _, p := range rules() {
		if strings.Contains(unaccented(p.NameVI+"\n"+p.NameEN+"\n"+p.ID), wanted) {
			q.procedures = append(q.procedures, p.ID)
		}
	}
	if strings.HasPrefix(q.text, "ext:") {
		q.procedures = append(q.procedures, q.text)
	}
	return q
}

func (q query) matches(id uuid.UUID, s *dossier.State) bool {
	return q.text == "" ||
		s.KnownBy() != "" && strings.HasPrefix(strings.ToLower(s.KnownBy()), q.text) ||
		q.hasID && strings.HasPrefix(strings.ReplaceAll(id.String(), "-", ""), strings.ReplaceAll(q.text, "-", "")) ||
		slices.Contains(q.procedures, s.Procedure)
}

// shortestID is how many digits somebody must type before ids are searched: fewer would be found in many words.
const shortestID = 4

// idsThatBegin is the range of ids that begin with these hexadecimal digits.
func idsThatBegin(text string) (from, to uuid.UUID, ok bool) {
	digits := strings.ReplaceAll(text, "-", "")
	if len(digits) < shortestID || len(digits) > 32 {
		return from, to, false
	}
	if _, err := hex.Decode(from[:], []byte(digits+strings.Repeat("0", 32-len(digits)))); err != nil {
		return from, to, false
	}
	_, err := hex.Decode(to[:], []byte(digits+strings.Repeat("f", 32-len(digits))))
	return from, to, err == nil
}

func likePrefix(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}

func asText[T ~string](list []T) []string {
	all := make([]string, len(list))
	for i, v := range list {
		all[i] = string(v)
	}
	return all
}

// accents are the letters of Vietnamese by the letter people type instead.
var accents = func() *strings.Replacer {
	var pairs []string
	for _, line := range []string{
		"aàáảãạăằắẳẵặâầấẩẫậ", "eèéẻẽẹêềếểễệ", "iìíỉĩị", "oòóỏõọôồốổỗộơờớởỡợ", "uùúủũụưừứửữự", "yỳýỷỹỵ", "dđ",
	} {
		for _, letter := range line[1:] {
			pairs = append(pairs, string(letter), line[:1])
		}
	}
	for _, mark := range "\u0300\u0301\u0302\u0303\u0306\u0309\u031b\u0323" { // the same letters, written in parts
		pairs = append(pairs, string(mark), "")
	}
	return strings.NewReplacer(pairs...)
}()

func unaccented(text string) string { return accents.Replace(strings.ToLower(text)) }

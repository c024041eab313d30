package web

import (
	"net/http"
	"slices"
	"time"

	"dossier/domain"
	"dossier/domain/batch"
	"dossier/domain/dossier"
	"dossier/handlers"
	"dossier/projections"

	"github.com/google/uuid"
)

type listPage struct {
	Question                        question
	Tabs                            []tab
	Chips                           []chip
	Portals                         []option
	Statuses, Procedures, Channels  []option
	Units, Officers                 []option
	Rows                            []listRow
	Said                            string
	Empty                           *emptyList
	Next, First, CSV, JSON, LiveURL string
	Switch, Refresh, Reveal         string
	SortUpdated, SortDue            string
	Stamp                           stamp
	After                           int64
	Compact                         bool
	Acts                            []option // that may be done on many at once
}

type tab struct {
	Words, URL string
	Count      int
	Here       bool
}

type chip struct{ Name, Value, URL string }

type emptyList struct {
	Why  string
	Help []way
}

// listRow is one dossier in the list, worded.
type listRow struct {
	ID, URL, Code, Channel string
	Portal                 string // how the status that the national portal has stands to this one
	Procedure, Applicant   string
	Name                   string // of the applicant, where it was asked for
	Tag                    tag
	Step, Holder           string
	Due                    dueView
	Submitted              time.Time
	Changed                time.Time // set on a row that just changed under the reader
	Gone, Stale            bool
	Choose                 string // with the version seen; empty: it cannot be ticked
}

// The rows of a page: enough for a screen and a half.
const (
	rowsNormal  = 25
	rowsCompact = 40
)

func (s *site) list(w http.ResponseWriter, r *http.Request, v *visit) error {
	actor, err := v.known()
	if err != nil {
		return err
	}
	if err := handlers.Authorize(actor, listAct); err != nil {
		return err
	}
	q := readQuestion(r.URL.Query())
	p, err := s.listPage(r, v, actor, q)
	if err != nil {
		return err
	}
	if r.Header.Get("HX-Request") != "" {
		w.Header().Set("HX-Push-Url", q.url("/dossiers"))
	}
	w.Header().Add("Vary", "HX-Request")
	return s.render(w, r, v, http.StatusOK, "list", Words{"Hồ sơ", "Dossiers"}.In(v.lang), p)
}

func (s *site) listPage(r *http.Request, v *visit, actor domain.Actor, q question) (listPage, error) {
	limit := rowsNormal
	if v.Density == "compact" {
		limit = rowsCompact
	}
	found, err := s.Views.List(r.Context(), q.filter(actor, v.sight, limit))
	if err != nil {
		return listPage{}, err
	}
	counts, err := s.Views.Counts(r.Context(), q.filter(actor, v.sight, 1))
	if err != nil {
		return listPage{}, err
	}
	p := listPage{Question: q, Stamp: s.viewStamp(v, found.Stamp), After: found.Stamp.Position, Compact: v.Density == "compact", Acts: v.bulkChoices()}
	for _, row := range found.Rows {
		p.Rows = append(p.Rows, v.row(row, s.Now()))
	}
	s.listed(r, actor, found.Rows)
	if err := s.reveal(r, v, actor, q, p.Rows, found.Rows); err != nil {
		return listPage{}, err
	}
	p.Tabs = v.tabs(q, counts)
	p.Chips = v.chips(q)
	s.choicesFor(v, &p, counts)
	v.links(&p, found.Next)
	p.Said = v.total(found)
	if len(p.Rows) == 0 {
		p.Empty = v.nothing(p)
	}
	return p, nil
}

// listed records which rows somebody was shown.
func (s *site) listed(r *http.Request, actor domain.Actor, rows []projections.Row) {
	ids := make([]uuid.UUID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	s.Executor.Listed(r.Context(), handlers.Accessor{Actor: actor, Traceparent: handlers.CallOf(r.Context()).Traceparent}, ids)
}

// reveal puts names to the rows where they were asked for: one reading of the vault and one entry of the access journal for the page.
func (s *site) reveal(r *http.Request, v *visit, actor domain.Actor, q question, rows []listRow, found []projections.Row) error {
	if !q.Names || len(found) == 0 {
		return nil
	}
	refs := make([]string, len(found))
	for i, row := range found {
		refs[i] = row.State.Applicant
	}
	names, err := s.persons().Names(r.Context(), handlers.Accessor{Actor: actor}, refs, "worklist")
	if err != nil {
		return err
	}
	for i := range rows {
		rows[i].Name = names[refs[i]]
	}
	return nil
}

func (v *visit) total(found projections.Page) string {
	n := v.count(found.Total, "hồ sơ", "dossier")
	if found.TotalCapped {
		n = Words{"hơn %s", "more than %s"}.In(v.lang, n)
	}
	return n
}

func (v *visit) row(row projections.Row, now time.Time) listRow {
	st := row.State
	out := listRow{
		ID: row.ID.String(), URL: "/dossiers/" + row.ID.String(), Code: codeOf(row.ID, st), Channel: label("channel", string(st.Channel), v.lang),
		Procedure: v.titleOf(st.Procedure), Applicant: codeWords(st.Applicant), Tag: tag{st.Tone(), st.Words(string(v.lang))},
		Step: v.step(st), Holder: v.holder(st), Due: v.dueOf(st, now), Submitted: st.Submitted.At, Stale: row.Stale,
	}
	if sync := st.PortalSync(); sync != dossier.PortalNever {
		out.Portal = label("portal_sync", string(sync), v.lang)
	}
	if v.Actor != nil && v.Actor.Role != domain.Applicant && len(v.bulkChoices()) > 0 {
		out.Choose = batch.Item{ID: row.ID, Version: st.Version}.String()
	}
	return out
}

// step is the line under the tag: since when, and the last work noted.
func (v *visit) step(st dossier.State) string {
	if open, ok := st.OpenSupplement(); ok && answered(st) {
		return Words{"đã nộp đủ %s", "answered %s"}.In(v.lang, v.Date(open.AnsweredAt))
	} else if ok && st.Tone() == "applicant" {
		return Words{"chậm nhất hết %s", "by the end of %s"}.In(v.lang, v.Date(open.Until))
	}
	return Words{"từ %s", "since %s"}.In(v.lang, v.Moment(st.LastChange))
}

// holder is who has it now: the officer, or else the unit.
func (v *visit) holder(st dossier.State) string {
	switch {
	case st.Tone() == "applicant" && !answered(st):
		return Words{"người nộp", "the applicant"}.In(v.lang)
	case st.Tone() == "ended", st.Tone() == "negative" && st.Status.Terminal():
		return ""
	case st.Officer != "":
		return codeWords(st.Officer)
	case st.Unit == "":
		return unitWords(handlers.UnitOneStop, v.lang)
	default:
		return unitWords(st.Unit, v.lang)
	}
}

func (v *visit) tabs(q question, counts map[dossier.Status]int) []tab {
	var out []tab
	for _, g := range groups {
		n := 0
		for status, count := range counts {
			if g.Code == "" || slices.Contains(g.Tones, groupTone(status)) {
				n += count
			}
		}
		to := q
		to.Group, to.Status, to.Cursor = g.Code, nil, ""
		out = append(out, tab{g.In(v.lang), to.url("/dossiers"), n, q.Group == g.Code && len(q.Status) == 0})
	}
	return out
}

// chips name each chosen condition with a link that takes it off.
func (v *visit) chips(q question) []chip {
	var out []chip
	add := func(name Words, value string, off func(*question)) {
		if value != "" {
			to := q
			to.Cursor = ""
			off(&to)
			out = append(out, chip{name.In(v.lang), value, to.url("/dossiers")})
		}
	}
	for i, s := range q.Status {
		add(Words{"Trạng thái", "Status"}, label("status", s, v.lang), func(to *question) { to.Status = slices.Delete(slices.Clone(q.Status), i, i+1) })
	}
	if q.Procedure != "" {
		add(Words{"Thủ tục", "Procedure"}, v.titleOf(q.Procedure), func(to *question) { to.Procedure = "" })
	}
	add(Words{"Kênh", "Channel"}, label("channel", q.Channel, v.lang), func(to *question) { to.Channel = "" })
	add(Words{"Cổng quốc gia", "National portal"}, portalWords(q.Portal, v.lang), func(to *question) { to.Portal = "" })
	add(Words{"Đơn vị", "Unit"}, unitWords(q.Unit, v.lang), func(to *question) { to.Unit = "" })
	add(Words{"Người thụ lý", "Officer"}, codeWords(q.Officer), func(to *question) { to.Officer = "" })
	add(Words{"Tìm", "Search"}, q.Query, func(to *question) { to.Query = "" })
	return out
}

// choicesFor fills the selects of the filter form. A value that stands in the address is always among them.
func (s *site) choicesFor(v *visit, p *listPage, counts map[dossier.Status]int) {
	q := p.Question
	for _, status := range dossier.Statuses() {
		words := label("status", string(status), v.lang)
		if n := counts[status]; n > 0 {
			words += " (" + v.Num(int64(n)) + ")"
		}
		p.Statuses = append(p.Statuses, option{string(status), words, slices.Contains(q.Status, string(status))})
	}
	for _, version := range v.rules.Today() {
		p.Procedures = append(p.Procedures, option{version.ID, procedureName(version, v.lang), version.ID == q.Procedure})
	}
	for _, outcome := range append(dossier.Values("portal_outcome"), string(projections.PortalUntold)) {
		p.Portals = append(p.Portals, option{outcome, portalWords(outcome, v.lang), outcome == q.Portal})
	}
	for _, channel := range dossier.Values("channel") {
		p.Channels = append(p.Channels, option{channel, label("channel", channel, v.lang), channel == q.Channel})
	}
	if s.Dev != nil {
		p.Units, p.Officers = s.staff(v)
	}
	p.Procedures = withChosen(p.Procedures, q.Procedure, v.titleOf(q.Procedure))
}

func (s *site) staff(v *visit) (units, officers []option) {
	var in input
	s.suggest(v, &in, "unit")
	units, in.Options = in.Options, nil
	s.suggest(v, &in, "officer")
	return units, in.Options
}

func withChosen(options []option, value, words string) []option {
	for _, o := range options {
		if o.Value == value {
			return options
		}
	}
	if value == "" {
		return options
	}
	return append(options, option{value, words, true})
}

func (v *visit) links(p *listPage, next string) {
	q := p.Question
	with := func(path string, change func(*question)) string {
		to := q
		change(&to)
		return to.url(path)
	}
	if next != "" {
		p.Next = with("/dossiers", func(to *question) { to.Cursor = next })
	}
	if q.Cursor != "" {
		p.First = with("/dossiers", func(to *question) { to.Cursor = "" })
	}
	p.SortUpdated = with("/dossiers", func(to *question) { to.Sort, to.Cursor = "", "" })
	p.SortDue = with("/dossiers", func(to *question) { to.Sort, to.Cursor = string(projections.SortDue), "" })
	p.Switch = with("/dossiers", func(to *question) { to.Live, to.Names = !to.Live, false })
	if handlers.May(*v.Actor, handlers.Act{Kind: handlers.People}) == nil {
		p.Reveal = with("/dossiers", func(to *question) { to.Names = !to.Names; to.Live = !to.Names })
	}
	p.Refresh = with("/dossiers", func(to *question) { to.Cursor = "" })
	p.CSV = with("/dossiers.csv", func(to *question) { to.Cursor, to.Live = "", true })
	p.JSON = jsonURL(q)
	p.LiveURL = with("/dossiers/live", func(to *question) { to.Cursor = "" })
}

// nothing says why a list is empty and what helps.
func (v *visit) nothing(p listPage) *emptyList {
	if len(p.Chips) == 0 && p.Question.Group == "" {
		e := &emptyList{Why: Words{"Chưa có hồ sơ nào.", "There are no dossiers yet."}.In(v.lang)}
		if v.MaySubmit() {
			e.Help = append(e.Help, way{Words{"nộp hồ sơ đầu tiên", "file the first one"}.In(v.lang), "/dossiers/new"})
		}
		return e
	}
	n := len(p.Chips)
	if p.Question.Group != "" && len(p.Question.Status) == 0 {
		n++
	}
	e := &emptyList{Why: Words{"Không hồ sơ nào khớp %s.", "Nothing matches %s."}.In(v.lang, v.count(n, "điều kiện", "condition"))}
	for _, c := range p.Chips {
		e.Help = append(e.Help, way{Words{"bỏ “%s = %s”", "drop “%s = %s”"}.In(v.lang, c.Name, c.Value), c.URL})
	}
	e.Help = append(e.Help, way{Words{"bỏ tất cả điều kiện", "drop all conditions"}.In(v.lang), "/dossiers"})
	return e
}

// portalWords is how telling the national portal went last.
func portalWords(outcome string, l Lang) string {
	if outcome == string(projections.PortalUntold) {
		return label("portal_sync", outcome, l)
	}
	return label("portal_outcome", outcome, l)
}

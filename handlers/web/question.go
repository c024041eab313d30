package web

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/handlers"
	"dossier/projections"
)

// question is the filter form of the list: everything about a table's state is in its address.
type question struct {
	Query, Procedure, Channel, Unit, Officer, Portal, Group string
	Status                                                  []string
	Sort, Cursor                                            string
	Live                                                    bool
	Names                                                   bool // of the applicants: read from the vault, and recorded
}

// A queue is a share of the list by whose turn it is.
type queue struct {
	Code string
	Words
	Tones []string
}

// groups are the queues over the list, in the order of the tabs.
var groups = []queue{
	{"", Words{"Tất cả", "All"}, nil},
	{"authority", Words{"Lượt cơ quan", "With the authority"}, []string{"authority"}},
	{"applicant", Words{"Chờ người nộp", "With the applicant"}, []string{"applicant"}},
	{"decision", Words{"Chờ duyệt, ký", "For decision"}, []string{"decision"}},
	{"ready", Words{"Đã xử lý xong", "Resolved"}, []string{"good"}},
	{"ended", Words{"Đã khép lại", "Closed"}, []string{"ended", "negative"}},
}

// of returns the states of a group. A resolved dossier waits to be handed over, whatever its outcome.
func of(group string) []dossier.Status {
	var out []dossier.Status
	for _, g := range groups {
		for _, status := range dossier.Statuses() {
			if g.Code == group && slices.Contains(g.Tones, groupTone(status)) {
				out = append(out, status)
			}
		}
	}
	return out
}

func groupTone(s dossier.Status) string {
	if s == dossier.Resolved {
		return "good"
	}
	return dossier.State{Status: s}.Tone()
}

func readQuestion(q url.Values) question {
	get := func(name string) string { return strings.TrimSpace(q.Get(name)) }
	return question{
		Query: get("q"), Procedure: get("procedure"), Channel: get("channel"), Unit: get("unit"), Officer: get("officer"), Portal: get("portal"), Group: get("turn"),
		Status: statuses(q["status"]), Sort: get("sort"), Cursor: get("cursor"), Live: get("live") != "off" && get("names") == "", Names: get("names") != "",
	}
}

// statuses are those that were chosen, each once and no more than there are: each is a link with all the others on the page.
func statuses(chosen []string) (out []string) {
	for _, s := range chosen {
		if s != "" && !slices.Contains(out, s) && len(out) < len(dossier.Statuses()) {
			out = append(out, s)
		}
	}
	return out
}

// filter is the question as the views take it; an applicant only ever sees its own.
func (q question) filter(a domain.Actor, sight projections.Sight, limit int) projections.Filter {
	f := projections.Filter{
		Procedure: q.Procedure, Channel: dossier.Channel(q.Channel), Unit: q.Unit, Officer: q.Officer, Portal: dossier.PortalOutcome(q.Portal), Query: q.Query,
		Applicant: handlers.Only(a), Sight: sight, Sort: projections.Sort(q.Sort), Cursor: q.Cursor, Limit: limit,
	}
	for _, s := range q.Status {
		f.Status = append(f.Status, dossier.Status(s))
	}
	if len(f.Status) == 0 {
		f.Status = of(q.Group)
	}
	return f
}

// values is the question as an address, without what is empty, so that a copied link is short.
func (q question) values() url.Values {
	out := url.Values{}
	for name, value := range map[string]string{
		"q": q.Query, "procedure": q.Procedure, "channel": q.Channel, "unit": q.Unit, "officer": q.Officer, "portal": q.Portal, "turn": q.Group, "sort": q.Sort, "cursor": q.Cursor,
	} {
		if value != "" {
			out.Set(name, value)
		}
	}
	if len(q.Status) > 0 {
		out["status"] = q.Status
	}
	switch {
	case q.Names:
		out.Set("names", "on")
	case !q.Live:
		out.Set("live", "off")
	}
	return out
}

func (q question) url(path string) string {
	if v := q.values(); len(v) > 0 {
		return path + "?" + v.Encode()
	}
	return path
}

// holds says whether a row still answers the question, as far as the row itself can tell.
func (q question) holds(row projections.Row) bool {
	f := q.filter(domain.Actor{}, projections.Sight{}, 1)
	st := row.State
	for _, pair := range [][2]string{{f.Procedure, st.Procedure}, {string(f.Channel), string(st.Channel)}, {f.Unit, st.Unit}, {f.Officer, st.Officer}, {string(f.Portal), cmp.Or(string(st.Portal.Outcome), string(projections.PortalUntold))}} {
		if pair[0] != "" && pair[0] != pair[1] {
			return false
		}
	}
	for _, status := range f.Status {
		if status == st.Status {
			return true
		}
	}
	return len(f.Status) == 0
}

// jsonURL is the same question put to the API.
func jsonURL(q question) string {
	q.Cursor, q.Live, q.Names = "", true, false
	out := q.values()
	out.Del("turn")
	if len(q.Status) == 0 {
		for _, s := range of(q.Group) {
			out.Add("status", string(s))
		}
	}
	return (&url.URL{Path: "/v1/dossiers", RawQuery: out.Encode()}).String()
}

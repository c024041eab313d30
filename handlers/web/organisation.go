package web

import (
	"net/http"
	"slices"
	"strings"

	"dossier/domain/calendar"
	"dossier/domain/organisation"
	"dossier/handlers"
)

type organisationPage struct {
	On, KnownAt string // as asked for
	Day         string
	Exists      bool
	Name        string
	Said        string
	Agencies    []agencyView
	Delegations []delegationView
}

type agencyView struct {
	Name, Code, Parent, Zone, Calendar, Numbering, Days string
	Units                                               []unitView
}

type unitView struct {
	Name, Code, Days string
	Depth            int // below the agency's first units
	Posts            []postView
}

type postView struct{ Role, Rank, Title, Account, Days string }

type delegationView struct{ Kind, Code, By, To, Matters, Days, Basis string }

// organisation shows who may act on a day, as it is known now or was known then. People before the authority do not see it.
func (s *site) organisation(w http.ResponseWriter, r *http.Request, v *visit) error {
	actor, err := v.known()
	if err != nil {
		return err
	}
	if err := handlers.May(actor, handlers.Act{Kind: handlers.Roster}); err != nil {
		return err
	}
	q := r.URL.Query()
	p := organisationPage{On: strings.TrimSpace(q.Get("at")), KnownAt: strings.TrimSpace(q.Get("known_at"))}
	day := calendar.DateOf(s.Now(), s.Zone)
	if p.On != "" {
		if day, err = calendar.ParseDate(p.On); err != nil {
			return &handlers.Failure{Status: http.StatusUnprocessableEntity, Code: "malformed_day", Field: "at", VI: "Ghi ngày dạng 2026-11-24.", EN: "Give a day such as 2026-11-24."}
		}
	}
	p.On = day.String()
	o, err := s.knownOrganisation(r, p.KnownAt)
	if err != nil {
		return err
	}
	v.showOrganisation(&p, o, day)
	return s.render(w, r, v, http.StatusOK, "organisation", Words{"Tổ chức", "Organisation"}.In(v.lang), p)
}

func (s *site) knownOrganisation(r *http.Request, at string) (organisation.Organisation, error) {
	if at == "" {
		return s.Executor.Organisation().Get(r.Context())
	}
	m, err := handlers.ParseMoment(at, s.Zone)
	if err != nil {
		return organisation.Organisation{}, err
	}
	return s.Executor.Organisation().KnownAt(r.Context(), m)
}

func (v *visit) showOrganisation(p *organisationPage, o organisation.Organisation, day calendar.Date) {
	on := o.On(day)
	p.Exists, p.Day = o.Exists(), v.dayOf(day)
	p.Name = Words{o.NameVI, o.NameEN}.In(v.lang)
	p.Said = Words{"%s, %s, %s.", "%s, %s, %s."}.In(v.lang, v.agencies(len(on.Agencies)), v.count(len(on.Units), "đơn vị", "unit"), v.count(len(on.Accounts), "tài khoản", "account"))
	for _, a := range topFirst(on.Agencies) {
		view := agencyView{Name: Words{a.NameVI, a.NameEN}.In(v.lang), Code: a.Code, Parent: a.Parent, Zone: a.Zone, Calendar: a.Calendar, Days: v.days(a.Period)}
		if a.Codes != nil {
			view.Numbering = a.Codes.Identifier
		}
		v.unitsBelow(&view, on, a.Code, "", 0)
		p.Agencies = append(p.Agencies, view)
	}
	for _, d := range on.Delegations {
		p.Delegations = append(p.Delegations, delegationView{
			Kind: organisation.Word(string(d.Kind), string(v.lang)), Code: d.Code, By: d.By, To: d.To, Matters: v.matters(d), Days: v.days(d.Days()), Basis: d.Basis,
		})
	}
}

func (v *visit) agencies(n int) string {
	if v.lang == EN && n != 1 {
		return v.Num(int64(n)) + nb + "agencies"
	}
	return v.count(n, "cơ quan", "agency")
}

// topFirst puts agencies before those below them.
func topFirst(list []organisation.Agency) []organisation.Agency {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b organisation.Agency) int { return strings.Compare(a.Parent, b.Parent) })
	return list
}

// unitsBelow adds the units of an agency as a tree, each before those below it.
func (v *visit) unitsBelow(view *agencyView, on organisation.Plan, agency, parent string, depth int) {
	for _, u := range on.Units {
		up := u.Parent
		if above, is := on.UnitOn(up, u.From); is && above.Agency != agency {
			up = "" // begins anew in this agency
		}
		if u.Agency != agency || up != parent {
			continue
		}
		one := unitView{Name: Words{u.NameVI, u.NameEN}.In(v.lang), Code: u.Code, Days: v.days(u.Period), Depth: min(depth, 4)}
		for _, a := range on.Accounts {
			for _, post := range a.Posts {
				if post.Unit == u.Code {
					one.Posts = append(one.Posts, postView{label("role", string(post.Role), v.lang), rankWords(post.Rank, v.lang), Words{a.TitleVI, a.TitleEN}.In(v.lang), a.ID, v.days(post.In(a))})
				}
			}
		}
		view.Units = append(view.Units, one)
		v.unitsBelow(view, on, agency, u.Code, depth+1)
	}
}

func rankWords(r organisation.Rank, l Lang) string {
	if r == "" {
		return ""
	}
	return organisation.Word(string(r), string(l))
}

func (v *visit) matters(d organisation.Delegation) string {
	if len(d.Procedures) == 0 {
		return Words{"mọi thủ tục", "all procedures"}.In(v.lang)
	}
	names := make([]string, len(d.Procedures))
	for i, id := range d.Procedures {
		names[i] = v.titleOf(id)
	}
	return strings.Join(names, "; ")
}

func (v *visit) dayOf(d calendar.Date) string { return v.Date(d.Start(v.zone)) }

// days writes a period; one without an end only says when it began.
func (v *visit) days(p organisation.Period) string {
	if p.To == 0 {
		return Words{"từ %s", "from %s"}.In(v.lang, v.dayOf(p.From))
	}
	return Words{"%s – %s", "%s – %s"}.In(v.lang, v.dayOf(p.From), v.dayOf(p.To))
}

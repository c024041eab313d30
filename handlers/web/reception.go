package web

import (
	"net/http"
	"slices"
	"time"

	"dossier/domain/dossier"
	"dossier/handlers"
)

// withPicks offers every procedure that can be filed beside the first.
func (s *site) withPicks(v *visit, chosen []string) *input {
	in := &input{Name: "with", Kind: "checks", Label: Words{"Thủ tục nộp kèm", "Further procedures"}.In(v.lang),
		Hint: Words{"Mỗi thủ tục thành một hồ sơ riêng, có hạn và kết quả riêng; một giấy tiếp nhận chung.", "Each becomes a dossier of its own, with its own date and result; one receipt names them all."}.In(v.lang)}
	for _, version := range v.rules.Today() {
		if version.OpenForFiling {
			in.Options = append(in.Options, option{version.ID, procedureName(version, v.lang), slices.Contains(chosen, version.ID)})
		}
	}
	if len(chosen) > 0 {
		in.Value = chosen[0]
	}
	return in
}

// member is one dossier of a reception, with its own clock.
type member struct {
	ID, Code, Name, Limit string
	Lead, Here            bool
	Assumed               bool
	Tag                   tag
	Due                   dueView
}

func (s *site) members(v *visit, r handlers.Reception, here string) (list []member) {
	for _, d := range r.Dossiers {
		list = append(list, member{
			ID: d.ID.String(), Code: codeOf(d.ID, d.State), Name: Words{d.NameVI, d.NameEN}.In(v.lang), Limit: Words{d.LimitVI, d.LimitEN}.In(v.lang), Lead: d.Lead, Here: d.ID.String() == here,
			Assumed: d.Assumed, Tag: tag{d.State.Tone(), d.State.Words(string(v.lang))}, Due: v.dueOf(d.State, s.Now()),
		})
	}
	return list
}

// grouped says whether other dossiers were taken in together with this one.
func grouped(s dossier.State) bool {
	return slices.ContainsFunc(s.Links, func(l dossier.Link) bool { return l.Kind == dossier.GroupLead || l.Kind == dossier.GroupMember })
}

// receptionPage is the receipt on paper.
type receptionPage struct {
	ID, Code, Back, Agency string
	Unit, Channel          string
	FiledAt                time.Time
	AnswerBy               *time.Time
	Members                []member
	Assumed                bool
	Stamp                  stamp
}

func (s *site) reception(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, _, err := s.open(r, v)
	if err != nil {
		return err
	}
	got, err := s.Executor.Reception(r.Context(), *v.Actor, id)
	if err != nil {
		return err
	}
	p := receptionPage{ID: id.String(), Code: codeOf(got.Dossiers[0].ID, got.Dossiers[0].State), Back: "/dossiers/" + id.String(), Agency: s.Agency.In(v.lang),
		Unit: unitWords(got.Unit, v.lang), Channel: label("channel", string(got.Channel), v.lang), FiledAt: got.FiledAt, AnswerBy: got.AnswerBy,
		Members: s.members(v, got, "")}
	for _, m := range p.Members {
		p.Assumed = p.Assumed || m.Assumed
	}
	if p.Stamp, err = s.journalStamp(r.Context(), v); err != nil {
		return err
	}
	return s.render(w, r, v, http.StatusOK, "reception", Words{"Giấy tiếp nhận %s", "Receipt %s"}.In(v.lang, p.Code), p)
}

package web

import (
	"net/http"
	"net/url"
	"strings"

	"dossier/domain/dossier"
	"dossier/handlers"
)

type homePage struct {
	Sectors  []sectorCount
	Counted  bool
	Sentence string
	Stamp    stamp
}

// home is two boxes: find a procedure, open a dossier by its code.
func (s *site) home(w http.ResponseWriter, r *http.Request, v *visit) error {
	p := homePage{Sectors: v.countSectors("")}
	if v.Actor != nil && v.stranger == nil && handlers.Authorize(*v.Actor, listAct) == nil {
		stamp, err := s.Views.Stamp(r.Context())
		if err != nil {
			return err
		}
		counts, err := s.Views.Counts(r.Context(), question{}.filter(*v.Actor, v.sight, 1))
		if err != nil {
			return err
		}
		p.Counted, p.Sentence, p.Stamp = true, v.sentence(counts), s.viewStamp(v, stamp)
	}
	v.Roomy = true
	return s.render(w, r, v, http.StatusOK, "home", Words{"Trang đầu", "Front page"}.In(v.lang), p)
}

// sentence says the counts so that they add up.
func (v *visit) sentence(counts map[dossier.Status]int) string {
	total, by := 0, map[string]int{}
	for status, n := range counts {
		total += n
		by[groupTone(status)] += n
	}
	num := func(n int) string { return v.Num(int64(n)) }
	return Words{
		"%s hồ sơ = lượt cơ quan %s + chờ người nộp %s + chờ duyệt, ký %s + đã xử lý xong %s + đã khép lại %s.",
		"%s dossiers = with the authority %s + with the applicant %s + for decision %s + resolved %s + closed %s.",
	}.In(v.lang, num(total), num(by["authority"]), num(by["applicant"]), num(by["decision"]), num(by["good"]), num(by["ended"]+by["negative"]))
}

// track opens the dossier of a code, as it stands on a receipt.
func (s *site) track(w http.ResponseWriter, r *http.Request, v *visit) error {
	code := strings.TrimSpace(r.URL.Query().Get("code"))
	if code == "" {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	}
	http.Redirect(w, r, "/dossiers/"+url.PathEscape(code), http.StatusSeeOther)
	return nil
}

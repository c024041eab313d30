package web

import (
	"net/http"
	"time"

	"dossier/domain/dossier"
	"dossier/handlers"
)

// saidPage is what people typed in a dossier. It asks what it is read for first: that goes into the access journal.
type saidPage struct {
	Code, Back string
	Purposes   []option
	Purpose    string // as it was said; empty: not asked yet
	Said       []saidRow
	Stamp      stamp
}

type saidRow struct {
	At           time.Time
	What, By     string
	Words, Blank string // Blank: why there are none
}

// purposes are what staff reads words for; an applicant reads its own.
var purposes = []struct {
	code  string
	words Words
}{
	{"appraisal", Words{"Thẩm định, giải quyết hồ sơ", "To decide on the dossier"}},
	{"answer", Words{"Trả lời người nộp", "To answer the applicant"}},
	{"complaint", Words{"Giải quyết khiếu nại", "To decide on a complaint"}},
	{"inspection", Words{"Thanh tra, kiểm toán", "To inspect or audit"}},
}

var blanks = map[string]Words{
	"erased":     {"đã xóa theo quyết định", "erased by a decision"},
	"unreadable": {"không đọc được: mất khóa hoặc dữ liệu bị sửa", "cannot be read: the key is lost or the data were altered"},
	"missing":    {"không có trong kho", "missing from the vault"},
	"altered":    {"khác với dấu chứng trong lịch sử", "not what the history committed to"},
}

func (s *site) persons() *handlers.Persons { return handlers.NewPersons(s.Executor, s.Views) }

func (s *site) said(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, facts, err := s.open(r, v)
	if err != nil {
		return err
	}
	p := saidPage{Code: codeOf(id, dossier.Fold(facts)), Back: "/dossiers/" + id.String()}
	asked := r.URL.Query().Get("purpose")
	if handlers.Only(*v.Actor) != "" {
		asked = "own"
	}
	for _, one := range purposes {
		p.Purposes = append(p.Purposes, option{one.code, one.words.In(v.lang), one.code == asked})
		if one.code == asked {
			p.Purpose = one.words.In(v.lang)
		}
	}
	if asked == "own" {
		p.Purpose = Words{"Xem hồ sơ của mình", "Your own dossier"}.In(v.lang)
	}
	if asked != "" {
		said, err := s.Executor.Words(r.Context(), handlers.Accessor{Actor: *v.Actor}, id, dossier.Code(asked))
		if err != nil {
			return err
		}
		for _, one := range said {
			row := saidRow{What: label("event", one.Type, v.lang), Words: one.Words}
			if one.Why != "" {
				row.Blank = blanks[one.Why].In(v.lang)
			}
			for _, f := range facts {
				if f.Version == one.Version {
					row.At, row.By = f.OccurredAt, f.Meta.Actor
				}
			}
			p.Said = append(p.Said, row)
		}
	}
	if p.Stamp, err = s.journalStamp(r.Context(), v); err != nil {
		return err
	}
	return s.render(w, r, v, http.StatusOK, "said", Words{"Nội dung đã ghi trong hồ sơ %s", "What was written in dossier %s"}.In(v.lang, p.Code), p)
}

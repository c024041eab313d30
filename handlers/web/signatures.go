package web

import (
	"net/http"
	"strings"
	"time"

	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/handlers"

	"github.com/google/uuid"
)

// signedView is how the result is signed, as its dossier knows it: nothing is proved for it.
type signedView struct {
	Block, Of  string // "TUQ." and whose place, where somebody signed for another
	By, Words  string
	At         time.Time
	Digital    bool
	Over       string
	Signatures string // where each is held against what it is under
}

// signedOf is shown once something is signed.
func (v *visit) signedOf(s dossier.State, id uuid.UUID) *signedView {
	sig := s.Signature
	view := &signedView{By: s.Signed.By, At: s.Signed.At, Words: label("means", string(s.SignedBy()), v.lang), Digital: sig.Means == dossier.Digital}
	files := false
	for _, f := range s.Files {
		files = files || len(f.SignedBy) > 0
	}
	if !s.Signed.Done() && !files {
		return nil
	}
	if view.Digital || files {
		view.Signatures = "/dossiers/" + id.String() + "/signatures"
	}
	if sig.Block != "" {
		view.Block, view.Of = strings.ToUpper(string(sig.Block))+".", v.titled(sig.For, s.Signed.At)
	}
	if view.Digital {
		view.Over = Words{"trên chính quyết định", "over the decision itself"}.In(v.lang)
		if sig.File != "" {
			view.Over = Words{"trên tệp kết quả", "over the result file"}.In(v.lang)
		}
	}
	return view
}

// titled is the post of an account, as a signature block names it; the account where the organisation does not know it.
func (v *visit) titled(account string, at time.Time) string {
	for _, a := range v.house.On(calendar.DateOf(at, handlers.Zone())).Accounts {
		if a.ID == account {
			return Words{a.TitleVI, a.TitleEN}.In(v.lang)
		}
	}
	return account
}

// signaturesPage holds each signature of a dossier against what it is under.
type signaturesPage struct {
	Code, Back string
	Rows       []signatureRow
	Stamp      stamp
}

type signatureRow struct {
	Under, Signer, Block string
	At                   time.Time
	Tone, State          string
	Today                string // what would be said if it came today, where that is not good
	About                []fact
}

var signatureStates = map[string]Words{
	handlers.SignatureHolds:  {"Chữ ký đúng", "Holds"},
	handlers.SignaturePaper:  {"Ký tay trên giấy", "By hand, on paper"},
	handlers.SignatureErased: {"Đã xóa cùng dữ liệu cá nhân", "Erased with the personal data"},
	"signature_altered":      {"Nội dung đã bị thay đổi", "The content was altered"},
	"missing":                {"Không có trong kho", "Missing from the vault"},
	"unreadable":             {"Không đọc được", "Cannot be read"},
	"altered":                {"Khác với dấu chứng", "Not what the history committed to"},
	"file_unreadable":        {"Tệp không đọc được", "The file cannot be read"},
	"signature_differs":      {"Khác với bằng chứng đã ghi", "Not what was recorded of it"},
	"signature_revoked":      {"Chứng thư nay đã bị thu hồi", "The certificate is revoked now"},
	"signature_expired":      {"Chứng thư nay đã hết hạn", "The certificate has expired now"},
	"revocation_unknown":     {"Chưa hỏi được tình trạng thu hồi", "Nobody says now whether it is revoked"},
	"no_verifier":            {"Chưa biết tin tổ chức chứng thực nào", "No authority is trusted here"},
}

func signatureWords(code string, l Lang) string {
	if w, known := signatureStates[code]; known {
		return w.In(l)
	}
	return code
}

func (s *site) signatures(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, facts, err := s.open(r, v)
	if err != nil {
		return err
	}
	state := dossier.Fold(facts)
	p := signaturesPage{Code: codeOf(id, state), Back: "/dossiers/" + id.String()}
	lines, err := s.Executor.Signatures(r.Context(), handlers.Accessor{Actor: *v.Actor}, id, uuid.Nil)
	if err != nil {
		return err
	}
	for _, l := range lines {
		p.Rows = append(p.Rows, v.signatureRow(state, l))
	}
	if p.Stamp, err = s.journalStamp(r.Context(), v); err != nil {
		return err
	}
	return s.render(w, r, v, http.StatusOK, "signatures", Words{"Chữ ký trong hồ sơ %s", "Signatures of dossier %s"}.In(v.lang, p.Code), p)
}

func (v *visit) signatureRow(state dossier.State, l handlers.SignatureLine) signatureRow {
	row := signatureRow{Under: v.signedThing(state, l), Signer: l.Subject, Tone: "negative", State: signatureWords(l.State, v.lang)}
	if row.Signer == "" {
		row.Signer = l.By.Account
	}
	switch l.State {
	case handlers.SignatureHolds:
		row.Tone = "good"
	case handlers.SignaturePaper, handlers.SignatureErased:
		row.Tone = "ended"
	}
	if l.Today != "" && l.Today != "good" {
		row.Today = signatureWords(l.Today, v.lang)
	}
	if l.Block != "" {
		row.Block = strings.ToUpper(l.Block) + ". " + v.titled(l.For, state.Signed.At)
	}
	say := func(name Words, text string) {
		if text != "" {
			row.About = append(row.About, fact{Name: name.In(v.lang), Text: text})
		}
	}
	if l.SignedAt != nil {
		row.At = *l.SignedAt
		say(Words{"Thời điểm ký", "Signed"}, v.Seconds(*l.SignedAt)+", "+label("time_source", l.Time, v.lang))
		say(Words{"Thuật toán", "Algorithm"}, label("signature_algorithm", l.Algorithm, v.lang))
		say(Words{"Số chứng thư", "Certificate"}, strings.TrimPrefix(l.Serial, "sn:"))
		say(Words{"Khóa của tổ chức cấp", "Issuer’s key"}, strings.TrimPrefix(l.Issuer, "ki:"))
		say(Words{"Hỏi thu hồi lúc", "Revocation asked"}, v.Seconds(*l.AskedAt)+", "+label("certificate_state", "good", v.lang))
	}
	return row
}

// signedThing says what is under a signature.
func (v *visit) signedThing(state dossier.State, l handlers.SignatureLine) string {
	for i, f := range state.Files {
		if f.File != string(l.File) {
			continue
		}
		if l.Result {
			return Words{"Kết quả, tệp %d", "Result, file %d"}.In(v.lang, i+1)
		}
		if f.Kind != "" {
			return Words{"Tệp %d, %s", "File %d, %s"}.In(v.lang, i+1, label("file_kind", string(f.Kind), v.lang))
		}
		return Words{"Tệp %d", "File %d"}.In(v.lang, i+1)
	}
	return Words{"Kết quả, chính quyết định", "Result, the decision itself"}.In(v.lang)
}

package web

import (
	"errors"
	"net/http"
	"strings"

	"dossier/domain/dossier"
	"dossier/handlers"
)

// checkPage tells anybody whether a paper stands, and nothing of whose it is.
type checkPage struct {
	Number, Agency string
	Asked, Unknown bool
	Papers         []checkedPaper
}

type checkedPaper struct {
	handlers.CheckedResult
	Name, Procedure, Unit string
	Tone, Words, Why      string
}

func (s *site) check(w http.ResponseWriter, r *http.Request, v *visit) error {
	q := r.URL.Query()
	p := checkPage{Number: strings.TrimSpace(r.PathValue("number")), Agency: strings.TrimSpace(q.Get("agency"))}
	if p.Number == "" {
		p.Number = strings.TrimSpace(q.Get("number"))
	}
	v.Roomy = true
	title := Words{"Kiểm tra giấy tờ kết quả", "Check a paper"}.In(v.lang)
	if p.Number == "" {
		return s.render(w, r, v, http.StatusOK, "check", title, p)
	}
	if err := s.Checks.Enter(handlers.CallerOf(r)); err != nil {
		return err
	}
	p.Asked = true
	all, err := s.Executor.CheckResult(r.Context(), s.Views, p.Number, p.Agency)
	if errors.Is(err, handlers.ErrNoResult) {
		p.Unknown = true
		return s.render(w, r, v, http.StatusNotFound, "check", title, p)
	}
	if err != nil {
		return err
	}
	for _, c := range all {
		one := checkedPaper{CheckedResult: c, Name: Words{c.NameVI, c.NameEN}.In(v.lang), Procedure: v.titleOf(c.Procedure), Unit: unitWords(c.Unit, v.lang)}
		one.Tone, one.Words, one.Why = v.verdict(c)
		p.Papers = append(p.Papers, one)
	}
	return s.render(w, r, v, http.StatusOK, "check", title, p)
}

// papers are the dossier's lines of the register of results.
func (v *visit) papers(s dossier.State) (out []fact) {
	rules, _ := v.rules.Version(s.Procedure, s.ProcedureVersion)
	for _, p := range s.Papers {
		name := p.Code
		for _, r := range rules.Flow.Results {
			if r.Code == p.Code {
				name = Words{r.NameVI, r.NameEN}.In(v.lang)
			}
		}
		switch p.Code {
		case "result":
			name = Words{"Kết quả giải quyết", "Result"}.In(v.lang)
		case "refusal":
			name = Words{"Văn bản từ chối giải quyết", "Refusal"}.In(v.lang)
		}
		text := name + ": " + lower(label("paper_verdict", string(p.Verdict(v.Now)), v.lang))
		if !p.ValidUntil.IsZero() {
			text += Words{", giá trị đến %s", ", valid until %s"}.In(v.lang, v.Date(p.ValidUntil))
		}
		if at, assumed := p.Reminder(); !at.IsZero() {
			text += Words{", nhắc gia hạn %s", ", reminder on %s"}.In(v.lang, v.Date(at))
			if assumed {
				text += Words{" (giả định)", " (assumed)"}.In(v.lang)
			}
		}
		if s.KnownBy() != "" {
			text += Words{"; số %s", "; number %s"}.In(v.lang, handlers.ResultNumber(s.KnownBy(), p.Number))
		}
		out = append(out, fact{Name: Words{"Giấy tờ %d", "Paper %d"}.In(v.lang, p.Number), Text: text})
	}
	return out
}

// verdict is what the paper is, in words, and why.
func (v *visit) verdict(c handlers.CheckedResult) (tone, words, why string) {
	switch c.Verdict {
	case dossier.PaperRevoked:
		return "negative", Words{"Đã thu hồi", "Revoked"}.In(v.lang), Words{"Giấy này không còn giá trị. Thu hồi lúc %s theo quyết định %s.", "This paper is not good any more. It was revoked at %s by decision %s."}.In(v.lang, v.Moment(*c.EndedAt), c.Decision)
	case dossier.PaperReplaced:
		return "negative", Words{"Đã bị thay thế", "Replaced"}.In(v.lang), Words{"Giấy này không còn giá trị. Thay bằng %s lúc %s.", "This paper is not good any more. %s took its place at %s."}.In(v.lang, c.ReplacedBy, v.Moment(*c.EndedAt))
	case dossier.PaperExpired:
		return "ended", Words{"Đã hết hạn", "Expired"}.In(v.lang), Words{"Giấy này có giá trị đến %s.", "It was valid until %s."}.In(v.lang, v.Date(*c.ValidUntil))
	}
	why = Words{"Không ghi thời hạn.", "Without an end."}.In(v.lang)
	if c.ValidUntil != nil {
		why = Words{"Có giá trị đến hết %s.", "Valid until the end of %s."}.In(v.lang, v.Date(*c.ValidUntil))
	}
	if c.Corrected {
		why += " " + Words{"Đã đính chính: dùng bản đã sửa.", "It was corrected: the corrected paper counts."}.In(v.lang)
	}
	return "good", Words{"Còn hiệu lực", "Valid"}.In(v.lang), why
}

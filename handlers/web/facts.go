package web

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"dossier/domain/dossier"
)

// facts lists what is known of a dossier in the state shown, leaving out what is not known.
func (v *visit) facts(s dossier.State, id uuid.UUID) []fact {
	var out []fact
	say := func(name Words, text string) {
		if text != "" {
			out = append(out, fact{Name: name.In(v.lang), Text: text})
		}
	}
	when := func(name Words, t time.Time) {
		if !t.IsZero() {
			out = append(out, fact{Name: name.In(v.lang), Time: t})
		}
	}
	say(Words{"Người nộp", "Applicant"}, codeWords(s.Applicant))
	say(Words{"Người nộp thay", "Filed by"}, codeWords(s.Submitter))
	say(Words{"Kênh", "Channel"}, label("channel", string(s.Channel), v.lang))
	rules, _ := v.rules.Version(s.Procedure, s.ProcedureVersion)
	for _, f := range s.Facts {
		say(Words{"Điều kiện đúng", "Condition that holds"}, rules.FactWords(f, string(v.lang)))
	}
	for _, g := range s.Values {
		say(Words{rules.FieldWords(string(g.Field), "vi"), rules.FieldWords(string(g.Field), "en")}, string(g.Value))
	}
	say(Words{"Đơn vị", "Unit"}, unitWords(s.Unit, v.lang))
	say(Words{"Người thụ lý", "Officer"}, codeWords(s.Officer))
	when(Words{"Nộp", "Filed"}, s.Submitted.At)
	when(Words{"Tiếp nhận", "Accepted"}, s.Accepted.At)
	when(Words{"Tạm dừng từ", "Paused since"}, s.Clock.StoppedAt)
	when(Words{"Xin rút", "Withdrawal asked"}, s.Withdrawn.At)
	when(Words{"Dừng giải quyết", "Stopped"}, s.Stopped.At)
	say(Words{"Lý do dừng", "Why stopped"}, label("stopped_reason", string(s.StoppedReason), v.lang))
	when(Words{"Hạn ban đầu", "Original due date"}, s.Extension.Original)
	say(Words{"Lý do gia hạn", "Why extended"}, label("extension_reason", string(s.Extension.Reason), v.lang))
	when(Words{"Có kết quả", "Resolved"}, s.Resolved.At)
	when(Words{"Trả kết quả", "Returned"}, s.Returned.At)
	say(Words{"Đề xuất", "Proposal"}, label("proposal", string(s.Proposal), v.lang))
	say(Words{"Lý do không tiếp nhận", "Why not accepted"}, label("refusal_reason", string(s.RefusalReason), v.lang))
	say(Words{"Căn cứ", "Basis"}, label("basis", s.RefusalBasis, v.lang))
	out = append(out, v.requests(s)...)
	out = append(out, v.papers(s)...)
	if s.Steps > 0 {
		say(Words{"Bước đã ghi", "Steps noted"}, v.steps(s))
	}
	if n := s.Status.National(); n > 0 {
		say(Words{"Mã trạng thái quốc gia", "National status code"}, v.Num(int64(n)))
	}
	if p := s.Portal; p.Outcome != "" {
		text := Words{"mã %d, %s, %s", "code %d, %s, %s"}.In(v.lang, p.Code, lower(label("portal_outcome", string(p.Outcome), v.lang)), v.Moment(p.At))
		if p.Error != "" {
			text += " (" + p.Error + ")"
		}
		if p.Taken > 0 && p.Taken != p.Code {
			text += Words{"; cổng đang có mã %d từ %s", "; the portal has code %d since %s"}.In(v.lang, p.Taken, v.Moment(p.TakenAt))
		}
		say(Words{"Cổng quốc gia", "National portal"}, label("portal_sync", string(s.PortalSync()), v.lang)+": "+text)
	}
	say(Words{"Mã trong hệ thống", "Id in the system"}, id.String())
	return out
}

func (v *visit) steps(s dossier.State) string {
	if s.IrregularSteps == 0 {
		return v.Num(int64(s.Steps))
	}
	return Words{"%s, trong đó %s ngoài trình tự", "%s, of which %s out of order"}.In(v.lang, v.Num(int64(s.Steps)), v.Num(int64(s.IrregularSteps)))
}

// requests says what the applicant and other units were asked for, and what came.
func (v *visit) requests(s dossier.State) []fact {
	var out []fact
	for _, q := range s.Supplements {
		text := Words{"%s: %s. Chậm nhất hết %s", "%s: %s. By the end of %s"}.In(v.lang, label("supplement_reason", string(q.Reason), v.lang), strings.Join(q.Items, ", "), v.Date(q.Until))
		if !q.AnsweredAt.IsZero() {
			text += Words{". Đã nộp %s", ". Answered %s"}.In(v.lang, v.Moment(q.AnsweredAt))
		}
		out = append(out, fact{Name: Words{"Bổ sung %s", "Supplement %s"}.In(v.lang, lower(label("stage", string(q.Stage), v.lang))), Text: text})
	}
	for _, o := range s.Opinions {
		text := unitWords(o.Unit, v.lang) + ": "
		if o.Open() {
			text += Words{"chờ trả lời", "awaiting the answer"}.In(v.lang)
			if !o.Due.IsZero() {
				text += Words{", hạn %s", ", due %s"}.In(v.lang, v.Moment(o.Due))
			}
		} else {
			text += label("verdict", string(o.Verdict), v.lang) + Words{", %s", ", %s"}.In(v.lang, v.Moment(o.ReceivedAt))
		}
		out = append(out, fact{Name: Words{"Ý kiến số %d", "Opinion no. %d"}.In(v.lang, o.Number), Text: text})
	}
	return out
}

// lower makes words that stand inside a sentence begin small.
func lower(words string) string {
	first, size := utf8.DecodeRuneInString(words)
	return string(unicode.ToLower(first)) + words[size:]
}

package web

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"dossier/domain/dossier"
	"dossier/handlers"
)

// Words is one thing said in both languages.
type Words struct{ VI, EN string }

// In returns the words in a language, with values put in.
func (w Words) In(l Lang, args ...any) string {
	text := w.VI
	if l == EN {
		text = w.EN
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// Other is the language a page offers to switch to.
func (l Lang) Other() Lang {
	if l == EN {
		return VI
	}
	return EN
}

// label is the domain's word for one of its codes. A code without a word is shown with its joints opened, never raw.
func label(kind, code string, l Lang) string {
	if code == "" {
		return ""
	}
	if kind == "unit" {
		return unitWords(code, l)
	}
	if words := dossier.Label(kind, code, string(l)); words != "" && words != code {
		return words
	}
	return strings.NewReplacer("_", nb, "-", nb).Replace(code)
}

func noBreak(s string) string { return strings.ReplaceAll(s, " ", nb) }

func iso(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// icons are drawn here because the shipped fonts have no arrows, ticks or triangles.
var icons = map[string]string{
	"draft":     `<path d="M3 13l1-4 7-7 3 3-7 7z"/>`,
	"authority": `<path d="M2 6h12M4 6v8m8-8v8M6 6v4h4V6M8 2v4"/>`,
	"applicant": `<circle cx="8" cy="5" r="3"/><path d="M2 14c1-4 11-4 12 0"/>`,
	"decision":  `<path d="M2 14h12M4 11l1-3 6-6 2 2-6 6z"/>`,
	"good":      `<path d="M3 8.5l3.5 3.5L13 4.5"/>`,
	"negative":  `<path d="M3 8h10"/>`,
	"ended":     `<path d="M4 8h8"/>`,
	"search":    `<circle cx="7" cy="7" r="4.5"/><path d="M10.5 10.5L14 14"/>`,
	"close":     `<path d="M4 4l8 8m0-8l-8 8"/>`,
	"up":        `<path d="M8 13V3M4 7l4-4 4 4"/>`,
	"down":      `<path d="M8 3v10M4 9l4 4 4-4"/>`,
	"more":      `<path d="M4 6l4 4 4-4"/>`,
	"first":     `<path d="M12 3L7 8l5 5M4 3v10"/>`,
	"previous":  `<path d="M10 3L5 8l5 5"/>`,
	"next":      `<path d="M6 3l5 5-5 5"/>`,
	"last":      `<path d="M4 3l5 5-5 5M12 3v10"/>`,
	"right":     `<path d="M3 8h10M9 4l4 4-4 4"/>`,
	"warn":      `<path d="M8 2l6.5 12h-13zM8 6.5v3.5m0 1.8v.2"/>`,
}

func icon(name string) (template.HTML, error) {
	drawing, ok := icons[name]
	if !ok {
		return "", fmt.Errorf("draw icon %q: unknown", name)
	}
	return template.HTML(`<svg viewBox="0 0 16 16" aria-hidden="true">` + drawing + `</svg>`), nil
}

// turn says whose turn it is, in words, with the unit or account that holds the dossier.
func turn(s dossier.State, l Lang) string {
	text := turns(s).In(l)
	if s.Status == dossier.Assigned || s.Status == dossier.Appraising {
		if s.Officer != "" {
			text += " (" + codeWords(s.Officer) + ")"
		}
	} else if s.Status == dossier.Forwarded && s.Unit != "" {
		text += " (" + unitWords(s.Unit, l) + ")"
	}
	return text
}

func turns(s dossier.State) Words {
	switch s.Status {
	case dossier.Submitted:
		return Words{"cơ quan: Bộ phận Một cửa kiểm tra và tiếp nhận", "the authority: the one-stop unit checks and accepts"}
	case dossier.Accepted:
		return Words{"cơ quan: Bộ phận Một cửa chuyển xử lý", "the authority: the one-stop unit forwards it"}
	case dossier.Forwarded:
		return Words{"cơ quan: lãnh đạo phòng phân công", "the authority: the head of division assigns an officer"}
	case dossier.Assigned, dossier.Appraising:
		return Words{"cơ quan: chuyên viên thụ lý", "the authority: the case officer"}
	case dossier.Verifying:
		if mending(s) {
			return Words{"người nộp: khắc phục sau kiểm tra", "the applicant: mend what the inspection found"}
		}
		return Words{"cơ quan: đơn vị được hỏi ý kiến hoặc làm việc thẩm định", "the authority: the unit asked, or at work for the appraisal"}
	case dossier.AwaitingPayment:
		return Words{"người nộp: nộp phí, lệ phí", "the applicant: pay the fee"}
	case dossier.SupplementAtReception, dossier.SupplementRequestedStatus:
		if answered(s) {
			return Words{"cơ quan: kiểm tra phần bổ sung", "the authority: check the supplement"}
		}
		return Words{"người nộp: bổ sung hồ sơ", "the applicant: supplement the dossier"}
	case dossier.WithdrawalRequestedStatus:
		return Words{"cơ quan: Bộ phận Một cửa trả lời yêu cầu rút", "the authority: the one-stop unit answers the withdrawal"}
	case dossier.PendingApproval:
		return Words{"cơ quan: lãnh đạo duyệt", "the authority: the approver decides"}
	case dossier.Approved:
		if s.Numbered.Done() {
			return Words{"cơ quan: văn thư phát hành", "the authority: the clerk issues the result"}
		}
		if s.Signed.Done() {
			return Words{"cơ quan: văn thư cấp số, phát hành", "the authority: the clerk numbers and issues the result"}
		}
		return Words{"cơ quan: lãnh đạo ký kết quả", "the authority: the approver signs the result"}
	case dossier.Resolved:
		if s.Outcome == dossier.Unknown {
			return Words{"không còn ai, hồ sơ đã kết thúc ở hệ thống cũ", "nobody, the dossier ended in the other system"}
		}
		return Words{"cơ quan: trả kết quả cho người nộp", "the authority: return the result to the applicant"}
	default:
		return Words{"không còn ai, hồ sơ đã khép lại", "nobody, the dossier is closed"}
	}
}

// mending says whether nothing but the applicant's remediation is awaited.
func mending(s dossier.State) bool {
	works := s.OpenWorks()
	return len(works) == 1 && works[0].Kind == dossier.Remediation && len(s.OpenOpinions()) == 0
}

// verbs name an act with its object where the domain's word alone would make a bare button.
var verbs = map[string]Words{
	"approve": {"Duyệt hồ sơ", "Approve the dossier"}, "forward": {"Chuyển xử lý hồ sơ", "Forward the dossier"},
	"assign-officer": {"Phân công người thụ lý", "Assign an officer"}, "start-appraisal": {"Bắt đầu thẩm định hồ sơ", "Start the appraisal"},
	"submit-for-approval": {"Trình duyệt hồ sơ", "Submit the dossier for approval"}, "request-supplement": {"Yêu cầu bổ sung hồ sơ", "Request a supplement"},
	"request-opinion": {"Lấy ý kiến đơn vị khác", "Ask another unit"}, "number": {"Cấp số kết quả", "Number the result"}, "issue": {"Phát hành kết quả", "Issue the result"},
	"refuse-reception": {"Từ chối tiếp nhận hồ sơ", "Refuse reception"}, "submit-supplement": {"Nộp phần bổ sung", "Submit the supplement"},
	"accept-supplement": {"Tiếp nhận phần bổ sung", "Accept the supplement"}, "return-for-rework": {"Trả lại hồ sơ để thẩm định tiếp", "Return the dossier for rework"},
	"propose-extension": {"Đề nghị gia hạn hồ sơ", "Propose an extension"}, "approve-extension": {"Duyệt gia hạn hồ sơ", "Approve the extension"},
}

func verb(command string, l Lang) string {
	if w, ok := verbs[command]; ok {
		return w.In(l)
	}
	return label("command", command, l)
}

// unitWords is a unit by the name it ships with; one of another system keeps that system's code.
func unitWords(code string, l Lang) string {
	for _, u := range handlers.ShippedUnits() {
		if u.Code == code {
			return Words{u.NameVI, u.NameEN}.In(l)
		}
	}
	return codeWords(code)
}

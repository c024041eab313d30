package web

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"dossier/domain/dossier"
	"dossier/handlers"
)

// An input is one field of an act's form. Kinds: radio, select, code (with suggestions), codes, number, moment.
type input struct {
	Name, Kind    string
	Label, Hint   string
	Value         string
	Options       []option
	Required      bool
	Wrong         string // what is wrong with it, said at the field
	Min, Max      int
	Pattern       string
	Group         string // heading over it: the name of a form
	Opened, Yours string // on the conflict page: as it was when the form was opened, and as it was filled in
}

type option struct {
	Value, Words string
	Chosen       bool
}

// codePattern is what the domain accepts as a code, for the browser to say at once.
const codePattern = `[a-z0-9][a-z0-9._:\-]{0,63}`

// shape is how a command's field is asked for.
type shape struct {
	name, kind, list string // list is the kind of the closed list's labels
	words, hint      Words
	optional         bool
	min, max         int
	command          string // of forms that are read from the domain
}

var codeHint = Words{"Chữ thường, số, dấu . _ : -; không ghi họ tên, số điện thoại, số căn cước.", "Lower-case letters, digits and . _ : -; no names, telephone or identity numbers."}

// usualShapes lists the fields of the commands on the usual way. A command without fields is confirmed with a button.
var usualShapes = map[string][]shape{
	submitCommand: {
		{name: "procedure", kind: "select", words: Words{"Thủ tục", "Procedure"}},
		{name: "channel", kind: "radio", list: "channel", words: Words{"Kênh nộp", "Channel"}},
		{name: "applicant", kind: "code", words: Words{"Mã người nộp", "Applicant reference"}, hint: codeHint},
		{name: "unit", kind: "code", words: Words{"Nơi nhận", "Receiving unit"}, hint: Words{"Để trống nếu nộp trực tuyến.", "Leave empty for an online filing."}, optional: true},
	},
	"refuse-reception": {
		{name: "reason", kind: "radio", list: "refusal_reason", words: Words{"Lý do không tiếp nhận", "Why it is not accepted"}},
		{name: "basis", kind: "code", words: Words{"Căn cứ (mã điều, khoản)", "Legal basis (code of the article)"}, hint: Words{"Ví dụ nd-118-2025.17.1: Nghị định 118/2025, Điều 17 khoản 1.", "For example nd-118-2025.17.1: Decree 118/2025, Article 17.1."}},
	},
	"request-supplement": {
		{name: "items", kind: "codes", words: Words{"Mã các thành phần cần bổ sung", "Codes of the components needed"}, hint: Words{"Cách nhau bằng dấu phẩy; yêu cầu một lần, đủ các mục. Ví dụ: don-de-nghi, ban-thuyet-minh.", "Separated by commas; ask once, for everything. For example: application-form, site-plan."}},
		{name: "reason", kind: "radio", list: "supplement_reason", words: Words{"Lý do", "Reason"}},
		{name: "window_days", kind: "number", words: Words{"Số ngày để bổ sung", "Days to answer"}, hint: Words{"Để trống: theo thủ tục, không thì 15 ngày.", "Empty: as the procedure says, else 15 days."}, optional: true, min: 1, max: 365},
	},
	"submit-supplement": {
		{name: "items", kind: "checks", words: Words{"Các mục nộp lần này", "Items brought this time"}, hint: Words{"Không chọn mục nào: nộp đủ tất cả.", "None chosen: all of them."}, optional: true},
	},
	"forward":        {{name: "unit", kind: "code", words: Words{"Đơn vị giải quyết", "Resolving unit"}, hint: codeHint}},
	"assign-officer": {{name: "officer", kind: "code", words: Words{"Tài khoản người thụ lý", "Account of the officer"}, hint: codeHint}},
	"request-opinion": {
		{name: "unit", kind: "code", words: Words{"Đơn vị được hỏi", "Unit asked"}, hint: codeHint},
		{name: "subject", kind: "code", words: Words{"Mã nội dung hỏi", "Code of the question"}, hint: Words{"Chỉ cần khi hỏi một đơn vị hai việc.", "Only when one unit is asked two things."}, optional: true},
		{name: "due", kind: "moment", words: Words{"Trả lời trước", "Answer by"}, hint: Words{"Ngày/tháng/năm giờ:phút; chỉ ghi ngày là hết ngày đó.", "Day/month/year hour:minute; a date alone means its end."}},
	},
	"record-opinion": {
		{name: "number", kind: "opinion", words: Words{"Ý kiến số", "Opinion no."}},
		{name: "verdict", kind: "radio", list: "verdict", words: Words{"Trả lời", "Answer"}},
	},
	"submit-for-approval": {{name: "proposal", kind: "radio", list: "proposal", words: Words{"Đề xuất", "Proposal"}}},
	"approve":             {{name: "outcome", kind: "radio", list: "proposal", words: Words{"Quyết định", "Decision"}}},
	"sign":                {{name: "means", kind: "radio", list: "means", words: Words{"Cách ký", "How it is signed"}, hint: Words{"Không chọn: ký số nếu hệ thống có dịch vụ ký số, nếu không thì ký trên giấy.", "None chosen: digitally where there is a signing service, else on paper."}, optional: true}},
	"return": {
		{name: "way", kind: "radio", list: "channel", words: Words{"Trả qua", "Returned by"}},
		{name: "to", kind: "radio", list: "recipient", words: Words{"Người nhận", "Taken by"}},
	},
	"record-step": {
		{name: "code", kind: "code", words: Words{"Mã việc đã làm", "Code of the work done"}, hint: codeHint},
		{name: "unit", kind: "code", words: Words{"Đơn vị", "Unit"}, optional: true},
		{name: "officer", kind: "code", words: Words{"Tài khoản người làm", "Account of the officer"}, optional: true},
	},
	"return-for-rework": {{name: "reason", kind: "radio", list: "rework_reason", words: Words{"Lý do trả lại", "Why it goes back"}}},
	"propose-extension": {
		{name: "due", kind: "moment", words: Words{"Ngày hẹn trả mới", "New due date"}, hint: Words{"Ngày/tháng/năm; chỉ ghi ngày là hết ngày đó. Chỉ gia hạn được một lần.", "Day/month/year; a date alone means its end. It can be extended only once."}},
		{name: "reason", kind: "radio", list: "extension_reason", words: Words{"Lý do", "Reason"}},
	},
	"reject-withdrawal": {{name: "reason", kind: "radio", list: "withdrawal_refusal", words: Words{"Lý do không cho rút", "Why it is not accepted"}}},
	"stop": {
		{name: "reason", kind: "radio", list: "stopped_reason", words: Words{"Lý do dừng", "Why it is stopped"}},
		{name: "basis", kind: "code", words: Words{"Căn cứ (mã điều, khoản)", "Legal basis (code of the article)"}, hint: Words{"Ví dụ nd-118-2025.21: Nghị định 118/2025, Điều 21.", "For example nd-118-2025.21: Decree 118/2025, Article 21."}},
	},
	"move-to-version": {
		{name: "version", kind: "number", min: 1, max: 9999, words: Words{"Phiên bản mới của thủ tục", "New version of the procedure"}},
		{name: "ground", kind: "radio", list: "move_ground", words: Words{"Căn cứ chuyển", "Why it may be moved"}},
		{name: "basis", kind: "code", words: Words{"Văn bản (mã điều, khoản)", "Legal basis (code of the article)"}, hint: Words{"Ví dụ nd-309-2026.5: Nghị định 309/2026, Điều 5.", "For example nd-309-2026.5: Decree 309/2026, Article 5."}},
	},
	"expire-supplement": {}, "approve-extension": {}, "request-withdrawal": {}, "accept-withdrawal": {},
	"accept": {}, "accept-supplement": {}, "start-appraisal": {}, "issue": {},
}

// inputs builds the form of a command with what was typed kept in it.
func (s *site) inputs(v *visit, command string, state dossier.State, typed url.Values) []input {
	var out []input
	for _, sh := range shapes[command] {
		in := input{
			Name: sh.name, Kind: sh.kind, Label: sh.words.In(v.lang), Hint: sh.hint.In(v.lang), Required: !sh.optional,
			Value: typed.Get(sh.name), Min: sh.min, Max: sh.max, Pattern: codePattern,
		}
		s.fill(v, &in, sh, state, typed[sh.name])
		out = append(out, in)
	}
	return out
}

// fill gives a field its closed list, or the suggestions that save typing.
func (s *site) fill(v *visit, in *input, sh shape, state dossier.State, chosen []string) {
	add := func(value, words string) {
		in.Options = append(in.Options, option{value, words, oneOf(value, chosen)})
	}
	switch {
	case sh.name == "procedure":
		for _, version := range v.rules.Today() {
			if version.OpenForFiling {
				add(version.ID, procedureName(version, v.lang))
			}
		}
	case sh.kind == "opinion":
		in.Kind = "select"
		for _, o := range state.OpenOpinions() {
			add(strconv.Itoa(o.Number), strconv.Itoa(o.Number)+", "+unitWords(o.Unit, v.lang))
		}
	case sh.kind == "pick":
		in.Kind = "select"
		v.open(sh, state, add)
	case sh.kind == "checks" && sh.command != "":
		v.open(sh, state, add)
	case sh.kind == "checks":
		if open, ok := state.OpenSupplement(); ok {
			for _, item := range open.Items {
				add(item, codeWords(item))
			}
		}
	case sh.list != "":
		for _, code := range choices(sh.list) {
			add(code, label(sh.list, code, v.lang))
		}
	case sh.name == "unit", sh.name == "officer":
		s.suggest(v, in, sh.name)
	}
	if len(in.Options) == 1 && in.Required && in.Kind == "select" {
		in.Options[0].Chosen = true
	}
}

// choices are the values of a closed list that people may choose; what stands only on imported facts is left out.
func choices(list string) []string {
	var out []string
	for _, code := range dossier.Values(list) {
		if !slices.Contains([]string{"unknown", string(dossier.SupplementExpired), string(dossier.ApplicantWithdrew), string(dossier.PaymentExpired), string(dossier.Remediation), string(dossier.PaperByMessage)}, code) {
			out = append(out, code)
		}
	}
	return out
}

// suggest offers the demo units and accounts beside a code field. Any code may still be typed.
func (s *site) suggest(v *visit, in *input, what string) {
	if s.Dev == nil {
		return
	}
	seen := map[string]bool{}
	for _, a := range s.Dev.Accounts() {
		value, words := a.Account, Words{a.VI, a.EN}.In(v.lang)
		if what == "unit" {
			value, words = a.Unit, unitWords(a.Unit, v.lang)
		} else if a.Role != "case_officer" {
			continue
		}
		if value != "" && !seen[value] {
			in.Options = append(in.Options, option{Value: value, Words: words})
			seen[value] = true
		}
	}
}

// body turns what was typed into the command's JSON, as any other caller would send it. Empty fields are left out, so the
// domain itself says what is missing.
func body(command string, typed url.Values, z *time.Location) ([]byte, error) {
	m := map[string]any{}
	if command == submitCommand {
		filledIn(m, typed)
	}
	for _, sh := range shapes[command] {
		text := strings.TrimSpace(typed.Get(sh.name))
		if text == "" {
			continue
		}
		switch sh.kind {
		case "number", "opinion", "pick":
			m[sh.name] = numberOrText(text)
		case "codes":
			m[sh.name] = strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == ';' || r == '\n' || r == '\r' })
		case "checks":
			m[sh.name] = typed[sh.name]
		case "moment":
			m[sh.name] = momentOrText(text, z)
		default:
			m[sh.name] = text
		}
	}
	return json.Marshal(m)
}

func numberOrText(text string) any {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return text
}

func momentOrText(text string, z *time.Location) any {
	if m, err := parseMoment(text, z); err == nil && m.Position == 0 {
		return m.Time.UTC().Format(time.RFC3339)
	}
	return text
}

// envelope is what surrounds the command: the id made when the form was rendered, the version that was on the screen, and
// when it happened if that was earlier.
func envelope(typed url.Values, command []byte, z *time.Location) (handlers.Envelope, error) {
	e := handlers.Envelope{Key: typed.Get("key"), LateReason: typed.Get("late_reason")}
	if n, err := strconv.ParseInt(typed.Get("on_version"), 10, 64); err == nil {
		e.Expected = &n
	}
	m, err := readMoment("occurred_at", strings.TrimSpace(typed.Get("occurred_at")), z)
	if err != nil {
		return e, err
	}
	if m != nil {
		e.OccurredAt = &m.Time
	}
	e.Body = append(append([]byte{}, command...), []byte(typed.Get("occurred_at")+e.LateReason)...)
	return e, nil
}

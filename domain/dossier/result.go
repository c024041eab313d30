package dossier

import (
	"slices"
	"time"
)

// Results stand in a register: what was issued, until when it is valid, and what became of it. After issue nothing is undone: an error of
// the authority is corrected within three working days (Decree 118/2025, Article 23), or the paper is replaced or revoked by a new
// numbered decision. A paper that was replaced or revoked does not stand before the public.

// PaperStatus is what became of a paper.
type PaperStatus string

// The statuses. Whether a valid paper has run out is read from its date, never stored.
const (
	Valid     PaperStatus = "valid"
	Corrected PaperStatus = "corrected"
	Replaced  PaperStatus = "replaced"
	Revoked   PaperStatus = "revoked"
)

func (PaperStatus) values() []string { return []string{"valid", "corrected", "replaced", "revoked"} }

// ErrorOrigin is who made the error.
type ErrorOrigin string

func (ErrorOrigin) values() []string { return []string{"authority", "applicant"} }

// RevocationReason is why a paper no longer stands.
type RevocationReason string

func (RevocationReason) values() []string {
	return []string{"granted_unlawfully", "conditions_lost", "false_papers", "holder_asked", "overturned", "error_in_content", "lost_or_damaged", "content_changed"}
}

// ReportError says that an issued paper has an error.
type ReportError struct {
	Paper int         `json:"paper" range:"1-99"`
	Part  Code        `json:"part"`
	By    ErrorOrigin `json:"by"`
	Text  Text        `json:"text,omitzero"`
}

// CorrectResult puts the reported error right.
type CorrectResult struct {
	Number int `json:"number" range:"1-99"` // of the error
}

// ReplaceResult issues a paper in the place of another, by a new numbered decision.
type ReplaceResult struct {
	Paper    int              `json:"paper" range:"1-99"`
	Reason   RevocationReason `json:"reason"`
	Decision Code             `json:"decision"` // the number of the new decision
	Text     Text             `json:"text,omitzero"`
}

// RevokeResult takes a paper's force away, by a new numbered decision.
type RevokeResult struct {
	Paper    int              `json:"paper" range:"1-99"`
	Reason   RevocationReason `json:"reason"`
	Decision Code             `json:"decision"`
	Basis    Code             `json:"basis"`
	Text     Text             `json:"text,omitzero"`
}

// PaperRegistered enters an issued paper in the register. Numbers count from 1 within the dossier; the paper's own number may be built
// from an identity number and is not an event's to hold.
type PaperRegistered struct {
	Number     int       `json:"number"`
	Paper      Code      `json:"paper"` // as the procedure names it
	ValidUntil time.Time `json:"valid_until,omitzero"`
	RenewFrom  time.Time `json:"renew_from,omitzero"` // when the holder is reminded
	Replaces   int       `json:"replaces,omitempty"`
	Of
}

// ErrorReported says that an issued paper has an error, and by when it is to be corrected.
type ErrorReported struct {
	Number int         `json:"number"`
	Paper  int         `json:"paper"`
	Part   Code        `json:"part"`
	By     ErrorOrigin `json:"by"`
	Due    time.Time   `json:"due,omitzero"`
	Text   Text        `json:"text,omitzero"`
	Of
}

// ResultCorrected puts the error right.
type ResultCorrected struct {
	Number int  `json:"number"`
	Paper  int  `json:"paper"`
	Late   bool `json:"late,omitempty"`
	Of
}

// ResultReplaced says that another paper stands in the place of this one.
type ResultReplaced struct {
	Paper    int              `json:"paper"`
	Reason   RevocationReason `json:"reason"`
	Decision Code             `json:"decision"`
	Text     Text             `json:"text,omitzero"`
	Of
}

// ResultRevoked takes a paper's force away.
type ResultRevoked struct {
	Paper    int              `json:"paper"`
	Reason   RevocationReason `json:"reason"`
	Decision Code             `json:"decision"`
	Basis    Code             `json:"basis"`
	Text     Text             `json:"text,omitzero"`
	Of
}

// Paper is one line of the register of results.
type Paper struct {
	Number     int              `json:"number"`
	Code       string           `json:"code"`
	Status     PaperStatus      `json:"status"`
	IssuedAt   time.Time        `json:"issued_at"`
	ValidUntil time.Time        `json:"valid_until,omitzero"`
	RenewFrom  time.Time        `json:"renew_from,omitzero"`
	Replaces   int              `json:"replaces,omitempty"`
	EndedAt    time.Time        `json:"ended_at,omitzero"`
	Reason     RevocationReason `json:"reason,omitempty"`
	Decision   string           `json:"decision,omitempty"` // that replaced or revoked it
}

// Stands says whether the paper is good before the public at a moment.
func (p Paper) Stands(at time.Time) bool {
	return (p.Status == Valid || p.Status == Corrected) && !at.Before(p.IssuedAt) && (p.ValidUntil.IsZero() || !at.After(p.ValidUntil))
}

// Mistake is a reported error of a paper.
type Mistake struct {
	Number      int         `json:"number"`
	Paper       int         `json:"paper"`
	Part        string      `json:"part"`
	By          ErrorOrigin `json:"by"`
	ReportedAt  time.Time   `json:"reported_at"`
	Due         time.Time   `json:"due,omitzero"`
	CorrectedAt time.Time   `json:"corrected_at,omitzero"`
	Late        bool        `json:"late,omitempty"`
}

// papers enters what the procedure ends with; where it does not say, one paper. A refusal is a result too.
func (q question) papers(decision Proposal) []Event {
	var events []Event
	add := func(code Code, months, remind int) {
		e := PaperRegistered{Number: len(q.s.Papers) + len(events) + 1, Paper: code, Of: q.of()}
		if months > 0 {
			e.ValidUntil = instant(q.at.In(hanoi).AddDate(0, months, 0))
		}
		if months > 0 && remind > 0 {
			e.RenewFrom = e.ValidUntil.AddDate(0, 0, -remind)
		}
		events = append(events, e)
	}
	switch results := q.flow().Results; {
	case decision == Refuse:
		add("refusal", 0, 0)
	case len(results) == 0:
		add("result", 0, 0)
	default:
		for _, r := range results {
			add(Code(r.Code), r.ValidMonths, r.RenewDays)
		}
	}
	return events
}

// paper is the one that a command is about.
func (q question) paper() (Paper, bool) {
	number := 0
	switch c := q.c.(type) {
	case ReportError:
		number = c.Paper
	case ReplaceResult:
		number = c.Paper
	case RevokeResult:
		number = c.Paper
	}
	at := slices.IndexFunc(q.s.Papers, func(p Paper) bool { return p.Number == number })
	if at < 0 {
		return Paper{}, false
	}
	return q.s.Papers[at], true
}

func (q question) mistake() (Mistake, bool) {
	number := q.c.(CorrectResult).Number
	at := slices.IndexFunc(q.s.Mistakes, func(m Mistake) bool { return m.Number == number })
	if at < 0 {
		return Mistake{}, false
	}
	return q.s.Mistakes[at], true
}

func (c ReportError) already(q question) bool {
	return slices.ContainsFunc(q.s.Mistakes, func(m Mistake) bool {
		return m.CorrectedAt.IsZero() && m.Paper == c.Paper && m.Part == string(c.Part) && m.By == c.By
	})
}

func (c CorrectResult) already(q question) bool {
	m, known := q.mistake()
	return known && !m.CorrectedAt.IsZero()
}

func (c ReplaceResult) already(q question) bool {
	p, known := q.paper()
	return known && p.Status == Replaced && p.Decision == string(c.Decision)
}

func (c RevokeResult) already(q question) bool {
	p, known := q.paper()
	return known && p.Status == Revoked && p.Decision == string(c.Decision)
}

func (c ReportError) facts(q question) []Event {
	return []Event{ErrorReported{len(q.s.Mistakes) + 1, c.Paper, c.Part, c.By, q.workingDays(q.at, 3), c.Text, q.of()}}
}

func (c CorrectResult) facts(q question) []Event {
	m, _ := q.mistake()
	return []Event{ResultCorrected{c.Number, m.Paper, q.late, q.of()}}
}

func (c ReplaceResult) facts(q question) []Event {
	old, _ := q.paper()
	return []Event{ResultReplaced{c.Paper, c.Reason, c.Decision, c.Text, q.of()}, PaperRegistered{
		Number: len(q.s.Papers) + 1, Paper: Code(old.Code), ValidUntil: old.ValidUntil, RenewFrom: old.RenewFrom, Replaces: c.Paper, Of: q.of(),
	}}
}

func (c RevokeResult) facts(q question) []Event {
	return []Event{ResultRevoked{c.Paper, c.Reason, c.Decision, c.Basis, c.Text, q.of()}}
}

func (e PaperRegistered) evolve(s State, act Act) State {
	s.Papers = append(slices.Clone(s.Papers), Paper{
		Number: e.Number, Code: string(e.Paper), Status: Valid, IssuedAt: act.At, ValidUntil: instant(e.ValidUntil), RenewFrom: instant(e.RenewFrom), Replaces: e.Replaces,
	})
	return s
}

func (e ErrorReported) evolve(s State, act Act) State {
	s.Mistakes = append(slices.Clone(s.Mistakes), Mistake{Number: e.Number, Paper: e.Paper, Part: string(e.Part), By: e.By, ReportedAt: act.At, Due: instant(e.Due)})
	return s
}

func (e ResultCorrected) evolve(s State, act Act) State {
	s.Mistakes = slices.Clone(s.Mistakes)
	for i := range s.Mistakes {
		if m := &s.Mistakes[i]; m.Number == e.Number {
			m.CorrectedAt, m.Late = act.At, e.Late
		}
	}
	return s.paperNow(e.Paper, func(p *Paper) { p.Status = Corrected })
}

func (e ResultReplaced) evolve(s State, act Act) State {
	return s.paperNow(e.Paper, func(p *Paper) {
		p.Status, p.EndedAt, p.Reason, p.Decision = Replaced, act.At, e.Reason, string(e.Decision)
	})
}

func (e ResultRevoked) evolve(s State, act Act) State {
	return s.paperNow(e.Paper, func(p *Paper) {
		p.Status, p.EndedAt, p.Reason, p.Decision = Revoked, act.At, e.Reason, string(e.Decision)
	})
}

func (s State) paperNow(number int, change func(*Paper)) State {
	s.Papers = slices.Clone(s.Papers)
	for i := range s.Papers {
		if s.Papers[i].Number == number {
			change(&s.Papers[i])
		}
	}
	return s
}

func (PaperRegistered) beside() {}
func (ErrorReported) beside()   {}
func (ResultCorrected) beside() {}
func (ResultReplaced) beside()  {}
func (ResultRevoked) beside()   {}

func (ReportError) Name() string   { return "ReportError" }
func (CorrectResult) Name() string { return "CorrectResult" }
func (ReplaceResult) Name() string { return "ReplaceResult" }
func (RevokeResult) Name() string  { return "RevokeResult" }

func (ReportError) command()   {}
func (CorrectResult) command() {}
func (ReplaceResult) command() {}
func (RevokeResult) command()  {}

var resultGuards = []Guard{
	{Code: "no_such_paper", Whatever: true, On: []string{"ReportError", "ReplaceResult", "RevokeResult"}, Field: "paper", Basis: "NĐ 118/2025, Điều 22",
		broken: func(q question) bool {
			if q.offered() {
				return len(q.s.Papers) == 0
			}
			_, known := q.paper()
			return !known
		},
		VI: "Không có giấy tờ kết quả mang số này trong sổ. Trong sổ có: {papers}.",
		EN: "The register has no paper with this number. It has: {papers}."},
	{Code: "paper_ended", On: []string{"ReportError", "ReplaceResult", "RevokeResult"}, Field: "paper", Basis: "NĐ 118/2025, Điều 22",
		broken: func(q question) bool { p, _ := q.paper(); return p.Status == Replaced || p.Status == Revoked },
		VI:     "Giấy tờ này đã bị thay thế hoặc thu hồi. Chọn giấy tờ còn hiệu lực: {papers}.",
		EN:     "This paper was replaced or revoked. Choose one that stands: {papers}."},
	{Code: "no_reported_error", Whatever: true, On: []string{"CorrectResult"}, Field: "number", Basis: "NĐ 118/2025, Điều 23",
		broken: func(q question) bool {
			if q.offered() {
				return !slices.ContainsFunc(q.s.Mistakes, func(m Mistake) bool { return m.CorrectedAt.IsZero() })
			}
			_, known := q.mistake()
			return !known
		},
		VI: "Không có sai sót nào được ghi mang số này. Ghi sai sót trước, rồi đính chính.",
		EN: "No error was reported under this number. Report the error first, then correct it."},
	{Code: "error_of_applicant", Live: true, On: []string{"CorrectResult"}, Field: "number", Basis: "NĐ 118/2025, Điều 23",
		broken: func(q question) bool { m, _ := q.mistake(); return m.By == "applicant" },
		VI:     "Sai sót do người nộp không được đính chính. Người nộp đề nghị cấp lại; cơ quan thay thế giấy tờ bằng quyết định mới.",
		EN:     "An error of the applicant's is not corrected. The applicant asks for a new paper; the authority replaces it by a new decision."},
	{Code: "correction_late", Soft: true, On: []string{"CorrectResult"}, Basis: "NĐ 118/2025, Điều 23",
		broken: func(q question) bool { m, _ := q.mistake(); return !m.Due.IsZero() && q.at.After(m.Due) },
		VI:     "Đính chính quá 3 ngày làm việc sau khi phát hiện. Vẫn ghi nhận; việc này được đánh dấu muộn.",
		EN:     "The correction comes more than three working days after the report. It is recorded and marked late."},
}

package dossier

import "time"

// What goes on around a dossier and moves nothing: a part adjusted online, a unit urged, an apology with a promised date, a rating, and at
// the very end the disposal of the record.

// Grade is one answer of a rating (Circular 01/2018, Articles 13 to 15).
type Grade string

func (Grade) values() []string { return []string{"good", "fair", "poor"} }

// UrgeReason is why a unit is urged.
type UrgeReason string

// A dossier is urged when it is due soon, and when it is late.
const (
	UrgedSoon UrgeReason = "due_soon"
	UrgedLate UrgeReason = "overdue"
)

func (UrgeReason) values() []string { return []string{"due_soon", "overdue", "opinion_awaited"} }

// AdjustSubmission changes parts of a dossier that was filed online (Decree 118/2025, Article 21).
type AdjustSubmission struct {
	Parts   []Code  `json:"parts"`
	Facts   []Code  `json:"facts,omitempty"`  // conditions that hold now
	Denied  []Code  `json:"denied,omitempty"` // conditions that no longer hold
	Values  []Given `json:"values,omitempty"`
	Entries []Entry `json:"entries,omitempty"`
}

// UrgeUnit reminds the unit that has the dossier.
type UrgeUnit struct {
	Unit   Code       `json:"unit,omitempty"` // without it: who has it
	Reason UrgeReason `json:"reason"`
	Text   Text       `json:"text,omitzero"`
}

// ApologiseForDelay tells the applicant of a late dossier when the result will be there. It still counts as late.
type ApologiseForDelay struct {
	Promised time.Time       `json:"promised"`
	Reason   ExtensionReason `json:"reason"`
	Text     Text            `json:"text,omitzero"`
}

// RateService is what the applicant thinks of the service, once.
type RateService struct {
	Overall   Grade `json:"overall"`
	Attitude  Grade `json:"attitude,omitempty"`
	Publicity Grade `json:"publicity,omitempty"`
	Reception Grade `json:"reception,omitempty"`
	Text      Text  `json:"text,omitzero"`
}

// DisposeRecord ends the record when its retention is over, by a decision.
type DisposeRecord struct {
	Decision Code `json:"decision"` // its number
	Basis    Code `json:"basis"`    // the retention schedule
}

// SubmissionAdjusted changes parts of the dossier.
type SubmissionAdjusted struct {
	Parts   []Code  `json:"parts"`
	Facts   []Code  `json:"facts,omitempty"`
	Denied  []Code  `json:"denied,omitempty"`
	Values  []Given `json:"values,omitempty"`
	Entries []Entry `json:"entries,omitempty"`
	Of
}

// UnitUrged reminds a unit.
type UnitUrged struct {
	Unit   Code       `json:"unit,omitempty"`
	Reason UrgeReason `json:"reason"`
	Text   Text       `json:"text,omitzero"`
	Of
}

// ApologySent tells the applicant of a late dossier when the result will be there.
type ApologySent struct {
	Due      time.Time       `json:"due"` // that was not kept
	Promised time.Time       `json:"promised"`
	Reason   ExtensionReason `json:"reason"`
	Text     Text            `json:"text,omitzero"`
	Of
}

// ServiceRated is what the applicant thinks.
type ServiceRated struct {
	Overall   Grade `json:"overall"`
	Attitude  Grade `json:"attitude,omitempty"`
	Publicity Grade `json:"publicity,omitempty"`
	Reception Grade `json:"reception,omitempty"`
	Text      Text  `json:"text,omitzero"`
	Of
}

// RecordDisposed ends the record.
type RecordDisposed struct {
	Decision Code `json:"decision"`
	Basis    Code `json:"basis"`
	Of
}

// Apology is the last one sent, and how many there were.
type Apology struct {
	Count    int       `json:"count,omitempty"`
	Sent     Act       `json:"sent,omitzero"`
	Promised time.Time `json:"promised,omitzero"`
}

// Rating is what the applicant thinks.
type Rating struct {
	Done    Act   `json:"done,omitzero"`
	Overall Grade `json:"overall,omitempty"`
}

// soon is how long before the due date a unit may be urged (policy).
const soon = 3 * 24 * time.Hour

func (c AdjustSubmission) already(question) bool { return false }

func (c UrgeUnit) already(question) bool { return false }

func (c ApologiseForDelay) already(q question) bool {
	return q.mine(q.s.Apology.Sent) && q.s.Apology.Promised.Equal(instant(c.Promised))
}

func (c RateService) already(q question) bool {
	return q.mine(q.s.Rating.Done) && q.s.Rating.Overall == c.Overall
}

func (c DisposeRecord) already(q question) bool { return q.mine(q.s.Disposed) }

func (c AdjustSubmission) facts(q question) []Event {
	return []Event{SubmissionAdjusted{c.Parts, c.Facts, c.Denied, c.Values, c.Entries, q.of()}}
}

func (c UrgeUnit) facts(q question) []Event {
	if c.Unit == "" {
		c.Unit = Code(q.s.Unit)
	}
	return []Event{UnitUrged{c.Unit, c.Reason, c.Text, q.of()}}
}

func (c ApologiseForDelay) facts(q question) []Event {
	return []Event{ApologySent{q.s.Due, instant(c.Promised), c.Reason, c.Text, q.of()}}
}

func (c RateService) facts(q question) []Event {
	return []Event{ServiceRated{c.Overall, c.Attitude, c.Publicity, c.Reception, c.Text, q.of()}}
}

func (c DisposeRecord) facts(q question) []Event {
	return []Event{RecordDisposed{c.Decision, c.Basis, q.of()}}
}

// evolve forgets what was found of the parts: they are other ones now.
func (e SubmissionAdjusted) evolve(s State, act Act) State {
	for _, part := range e.Parts {
		s.Components = without(s.Components, part)
	}
	s.Facts, s.Values = heard(s.Facts, e.Facts, e.Denied), filled(s.Values, e.Values)
	s.Entered = entered(s.Entered, e.Entries)
	s.Adjusted = act
	return s
}

func (e UnitUrged) evolve(s State, act Act) State { s.Urged = act; s.Urges++; return s }

func (e ApologySent) evolve(s State, act Act) State {
	s.Apology = Apology{s.Apology.Count + 1, act, instant(e.Promised)}
	return s
}

func (e ServiceRated) evolve(s State, act Act) State { s.Rating = Rating{act, e.Overall}; return s }

func (e RecordDisposed) evolve(s State, act Act) State {
	s.Status, s.Disposed, s.DisposalDecision = Disposed, act, string(e.Decision)
	return s
}

func (SubmissionAdjusted) beside() {}
func (UnitUrged) beside()          {}
func (ApologySent) beside()        {}
func (ServiceRated) beside()       {}

func (AdjustSubmission) Name() string  { return "AdjustSubmission" }
func (UrgeUnit) Name() string          { return "UrgeUnit" }
func (ApologiseForDelay) Name() string { return "ApologiseForDelay" }
func (RateService) Name() string       { return "RateService" }
func (DisposeRecord) Name() string     { return "DisposeRecord" }

func (AdjustSubmission) command()  {}
func (UrgeUnit) command()          {}
func (ApologiseForDelay) command() {}
func (RateService) command()       {}
func (DisposeRecord) command()     {}

var serviceGuards = []Guard{
	{Code: "online_only", Live: true, Whatever: true, On: []string{"AdjustSubmission"}, Basis: "NĐ 118/2025, Điều 21",
		broken: func(q question) bool { return q.s.Channel != Online },
		VI:     "Chỉ hồ sơ nộp trực tuyến mới điều chỉnh được nội dung. Với hồ sơ giấy: chờ yêu cầu bổ sung, hoặc rút hồ sơ và nộp lại.",
		EN:     "Only a dossier filed online can be adjusted. With papers: wait for a request to supplement, or withdraw and file again."},
	{Code: "not_urgent", Live: true, On: []string{"UrgeUnit"}, Field: "reason", Basis: "NĐ 118/2025, Điều 8",
		broken: func(q question) bool {
			r := q.c.(UrgeUnit).Reason
			late := !q.s.Due.IsZero() && q.at.After(q.s.Due)
			near := !q.s.Due.IsZero() && q.at.After(q.s.Due.Add(-soon))
			return r == UrgedLate && !late || r == UrgedSoon && !near
		},
		VI: "Chưa đôn đốc được với lý do này: hạn là {due}. Đôn đốc khi hồ sơ sắp đến hạn (trong 3 ngày) hoặc đã quá hạn.",
		EN: "It cannot be urged for this reason: it is due {due}. Urge when it is due within 3 days, or late."},
	{Code: "not_late", Live: true, On: []string{"ApologiseForDelay"}, Basis: "NĐ 118/2025, Điều 19.6",
		broken: func(q question) bool { return q.s.Due.IsZero() || !q.at.After(q.s.Due) },
		VI:     "Hồ sơ chưa quá hạn (hạn: {due}) nên chưa phải xin lỗi. Nếu biết sẽ muộn: đề nghị gia hạn trước hạn ít nhất 1 ngày.",
		EN:     "The dossier is not late (due: {due}), so there is nothing to apologise for. If it will be late: propose an extension at least one day before."},
	{Code: "promise_in_past", On: []string{"ApologiseForDelay"}, Field: "promised", Basis: "NĐ 118/2025, Điều 19.6",
		broken: func(q question) bool { return !q.c.(ApologiseForDelay).Promised.After(q.at) },
		VI:     "Ngày hẹn lại phải sau lúc này ({at}). Ghi một ngày sau đó.",
		EN:     "The promised date must lie after now ({at}). Give a later one."},
	{Code: "rated_already", Whatever: true, On: []string{"RateService"}, Basis: "TT 01/2018, Điều 13",
		broken: func(q question) bool { return q.s.Rating.Done.Done() },
		VI:     "Hồ sơ này đã được đánh giá; mỗi hồ sơ đánh giá một lần. Có thể gửi phản ánh, kiến nghị nếu có ý kiến khác.",
		EN:     "This dossier was rated, and each is rated once. Send feedback if there is more to say."},
	{Code: "legal_hold", Whatever: true, On: []string{"DisposeRecord", "AnnounceDisposal"}, Basis: "Luật 33/2024",
		broken: func(q question) bool { return q.s.Held() },
		VI:     "Không hủy được: hồ sơ đang bị khiếu nại hoặc khởi kiện. Chờ vụ việc kết thúc, rồi lập lại quyết định hủy.",
		EN:     "It cannot be disposed of: it is contested. Wait until that has ended, then decide again."},
}

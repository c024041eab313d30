package dossier

import (
	"slices"
	"time"

	"dossier/domain"
)

// Before issue an act may be taken back, the last one first. Nothing is erased: a fact says what was taken back and bears the time of it,
// so the dossier reads, at every moment, as if the act had not been. It names its consequences, and whoever takes it back must have
// seen them. After issue a paper is corrected, replaced or revoked (result.go).

// UndoReason is why an act is taken back.
type UndoReason string

func (UndoReason) values() []string {
	return []string{"wrong_dossier", "wrong_content", "entered_twice", "no_authority", "system_error"}
}

// Consequence is what an act has already done outside the dossier.
type Consequence string

// The consequences: who was told, and which papers, fees and clocks are touched.
const (
	ApplicantTold    Consequence = "applicant_told"
	ReceiptIssued    Consequence = "receipt_issued"
	SupplementIssued Consequence = "supplement_slip_issued"
	RefusalIssued    Consequence = "refusal_issued"
	ClockChanges     Consequence = "clock_changes"
	FeesTouched      Consequence = "fees_touched"
	UnitTold         Consequence = "unit_told"
	SignatureVoid    Consequence = "signature_void"
	NumberVoid       Consequence = "number_void"
)

func (Consequence) values() []string {
	return []string{"applicant_told", "receipt_issued", "supplement_slip_issued", "refusal_issued", "clock_changes", "fees_touched", "unit_told", "signature_void", "number_void"}
}

// UndoAct takes the last act back. Seen names the consequences that the preview showed.
type UndoAct struct {
	Act    Code       `json:"act"` // "approve"
	Reason UndoReason `json:"reason"`
	Seen   []Code     `json:"seen,omitempty"`
	Text   Text       `json:"text,omitzero"`
}

// ActUndone takes an act back. Corrected notices follow from its consequences.
type ActUndone struct {
	Act          Code       `json:"act"`
	Reason       UndoReason `json:"reason"`
	Consequences []Code     `json:"consequences,omitempty"`
	OldDue       time.Time  `json:"old_due,omitzero"` // where the clock is touched
	Text         Text       `json:"text,omitzero"`
	Of
}

// Undone is the last act that was taken back.
type Undone struct {
	Act     string     `json:"act,omitempty"`
	By      string     `json:"by,omitempty"`
	Reason  UndoReason `json:"reason,omitempty"`
	Version int64      `json:"version,omitempty"`
}

// Undoing is the preview: which act would be taken back, when it was true, and what it has already done outside.
type Undoing struct {
	Act          string
	At           time.Time
	Consequences []Consequence
	OldDue       time.Time
}

// Undoable is the act that could be taken back now. It is the last one that changed the dossier, or there is none.
func (s State) Undoable() (Undoing, bool) {
	act, at := s.lastAct()
	if act == "" || at.Before(s.LastChange) {
		return Undoing{}, false
	}
	u := Undoing{Act: act, At: at, Consequences: s.did(act)}
	if has(u.Consequences, ClockChanges) {
		u.OldDue = s.Due
	}
	return u, true
}

// lastAct is the act that led to where the dossier stands.
func (s State) lastAct() (string, time.Time) {
	switch s.Status {
	case ReceptionRefusedStatus:
		if s.RefusalReason != SupplementExpired {
			return "refuse-reception", s.Refused.At
		}
	case SupplementAtReception, SupplementRequestedStatus:
		if open, waiting := s.OpenSupplement(); waiting && len(open.Answered) == 0 {
			return "request-supplement", open.RequestedAt
		}
	case Accepted:
		return "accept", s.Accepted.At
	case Forwarded:
		return "forward", s.Forwarded.At
	case Assigned:
		return "assign-officer", s.LastChange
	case Appraising:
		return "start-appraisal", s.Appraisal.At
	case PendingApproval:
		if n := len(s.Endorsed); n > 0 {
			return "endorse", s.Endorsed[n-1].At
		}
		return "submit-for-approval", s.Proposed.At
	case Approved:
		switch {
		case s.Numbered.Done():
			return "number", s.Numbered.At
		case s.Signed.Done():
			return "sign", s.Signed.At
		}
		return "approve", s.Decided.At
	}
	return "", time.Time{}
}

// did lists what an act has done outside the dossier.
func (s State) did(act string) []Consequence {
	var list []Consequence
	switch act {
	case "refuse-reception":
		list = []Consequence{ApplicantTold, RefusalIssued}
	case "request-supplement":
		list = []Consequence{ApplicantTold, SupplementIssued}
		if s.Status == SupplementRequestedStatus {
			list = append(list, ClockChanges)
		}
	case "accept":
		list = []Consequence{ApplicantTold, ReceiptIssued, ClockChanges}
	case "forward", "assign-officer", "submit-for-approval", "endorse", "approve":
		list = []Consequence{UnitTold}
	case "start-appraisal":
		list = []Consequence{ApplicantTold}
	case "sign":
		list = []Consequence{SignatureVoid}
	case "number":
		list = []Consequence{NumberVoid}
	}
	if len(s.Payments) > 0 && (act == "accept" || act == "refuse-reception") {
		list = append(list, FeesTouched)
	}
	return list
}

// ConsequencesOf lists all that an act may have done outside a dossier, and says whether it is ever taken back.
func ConsequencesOf(act string) ([]Consequence, bool) {
	list := State{Status: SupplementRequestedStatus, Payments: make([]Payment, 1)}.did(act)
	return list, len(list) > 0
}

func (c UndoAct) already(q question) bool {
	u := q.s.Undone
	return u.Version == q.s.Version && u.Act == string(c.Act) && u.By == q.x.Actor.Account && u.Reason == c.Reason
}

func (c UndoAct) facts(q question) []Event {
	u, _ := q.s.Undoable()
	return append([]Event{ActUndone{c.Act, c.Reason, u.codes(), u.OldDue, c.Text, q.of()}}, q.corrected()...)
}

func (u Undoing) codes() []Code {
	var codes []Code
	for _, c := range u.Consequences {
		codes = append(codes, Code(c))
	}
	return codes
}

// undoes says whether the command names the act that can be taken back.
func (q question) undoes() bool {
	u, can := q.s.Undoable()
	return can && u.Act == string(q.c.(UndoAct).Act)
}

// unseen lists the consequences that the command does not name.
func (q question) unseen() []Consequence {
	u, _ := q.s.Undoable()
	return slices.DeleteFunc(u.Consequences, func(c Consequence) bool { return has(q.c.(UndoAct).Seen, Code(c)) })
}

// notTheirs says whether the role could not have done the act itself.
func (q question) notTheirs() bool {
	return !slices.ContainsFunc(transitions, func(t Transition) bool {
		return Kebab(t.Command) == string(q.c.(UndoAct).Act) && t.Origin == domain.Live && has(t.Actors, q.x.Actor.Role)
	})
}

// evolve leads back. What the dossier has meanwhile become by other facts stays: then the act was not the last.
func (e ActUndone) evolve(s State, act Act) State {
	if was, _ := s.lastAct(); was != string(e.Act) {
		return s
	}
	switch e.Act {
	case "refuse-reception":
		s.Status, s.Refused, s.RefusalReason, s.RefusalBasis = Submitted, Act{}, "", ""
		if _, waiting := s.OpenSupplement(); waiting {
			s.Status = SupplementAtReception
		}
	case "request-supplement":
		s = s.unasked()
	case "accept":
		s.Status, s.Accepted, s.Clock, s.Facts = Submitted, Act{}, Clock{}, nil
		if s.DueSource == ComputedDeadline {
			s.Due, s.DueSource = time.Time{}, ""
		}
	case "forward":
		s.Status, s.Forwarded, s.Unit = Accepted, Act{}, s.FiledAt
	case "assign-officer":
		s.Status, s.Officer = Forwarded, ""
	case "start-appraisal":
		by := s.Appraisal.By
		s.Status, s.Appraisal = Assigned, Act{}
		s.Appraisers = left(s.Appraisers, func(a string) bool { return a == by })
	case "submit-for-approval":
		s.Status, s.Proposed, s.Proposal = Appraising, Act{}, ""
	case "endorse":
		last := len(s.Endorsed)
		s.Endorsed = left(s.Endorsed, func(one Endorsement) bool { return one.Level == last })
	case "approve":
		s.Status, s.Decided, s.Decision = PendingApproval, Act{}, ""
	case "sign":
		s.Signed, s.Signature = Act{}, Signature{}
	case "number":
		s.Numbered = Act{}
	}
	s.Undone, s.Corrected = Undone{string(e.Act), act.By, e.Reason, s.Version}, nil
	s.LastChange = s.latest()
	return s
}

// unasked takes the open request away; the stage may ask again, and a clock that it stopped was never stopped.
func (s State) unasked() State {
	open, _ := s.OpenSupplement()
	s.Supplements = left(s.Supplements, func(q Supplement) bool { return !q.Closed })
	s.Status = Submitted
	if open.Stage == AtAppraisal {
		s.Status, s.Clock.StoppedAt = Appraising, time.Time{}
	}
	return s
}

// latest is when the last act that still stands was true, as far as the state knows.
func (s State) latest() time.Time {
	var last time.Time
	see := func(t time.Time) {
		if t.After(last) {
			last = t
		}
	}
	for _, a := range []Act{s.Submitted, s.Accepted, s.Forwarded, s.Appraisal, s.Proposed, s.Decided, s.Signed, s.Kept, s.Reworked, s.Extension.Approved} {
		see(a.At)
	}
	for _, q := range s.Supplements {
		see(q.RequestedAt)
		see(q.AnsweredAt)
		see(q.Accepted.At)
	}
	for _, o := range s.Opinions {
		see(o.RequestedAt)
		see(o.ReceivedAt)
	}
	for _, w := range s.Works {
		see(w.BegunAt)
		see(w.FinishedAt)
	}
	for _, p := range s.Payments {
		see(p.RequestedAt)
		see(p.PaidAt)
	}
	for _, t := range s.Transfers {
		see(t.SentAt)
		see(t.ReceivedAt)
	}
	for _, e := range s.Endorsed {
		see(e.At)
	}
	return last
}

func (UndoAct) Name() string { return "UndoAct" }
func (UndoAct) command()     {}

var undoGuards = []Guard{
	{Code: "nothing_to_undo", Whatever: true, On: []string{"UndoAct"}, Basis: "NĐ 118/2025, Điều 23",
		broken: func(q question) bool { _, can := q.s.Undoable(); return !can },
		VI:     "Không có việc nào thu hồi được: từ việc gần nhất đã có việc khác tiếp theo. Có thể làm: {next}.",
		EN:     "Nothing can be taken back: something has followed the last act. You can: {next}."},
	{Code: "another_act", On: []string{"UndoAct"}, Field: "act", Basis: "NĐ 118/2025, Điều 23",
		broken: func(q question) bool { return !q.undoes() },
		VI:     "Chỉ thu hồi được việc gần nhất: “{undoable}”. Các việc trước đó thu hồi lần lượt sau.",
		EN:     "Only the last act can be taken back: “{undoable}”. Those before it follow one by one."},
	{Code: "not_yours_to_undo", Live: true, On: []string{"UndoAct"}, Field: "act", Basis: "NĐ 118/2025, Điều 23",
		broken: question.notTheirs,
		VI:     "Vai trò “{role}” không thu hồi được việc này. Người có vai trò làm việc đó thu hồi.",
		EN:     "The role “{role}” cannot take this act back. Hand it to somebody who could have done it."},
	{Code: "consequences_not_seen", Live: true, On: []string{"UndoAct"}, Field: "seen", Basis: "NĐ 118/2025, Điều 23",
		broken: func(q question) bool { return len(q.unseen()) > 0 },
		VI:     "Chưa thu hồi. Việc này đã kéo theo: {consequences}. Xác nhận từng hệ quả đã xem ({unseen}), rồi gửi lại. Sẽ gửi thông báo đính chính cho: {corrections}.",
		EN:     "Not taken back yet. The act has already led to: {consequences}. Confirm each of them as seen ({unseen}), then send again. Corrected notices will go to: {corrections}."},
}

package dossier

import (
	"slices"
	"time"
)

// Three agencies may have a part in a dossier (Decree 118/2025, Articles 15 and 20): the support point helps to file it, the receiving
// agency takes it in, the competent agency resolves it. Papers go on within one working day, with a slip that both sides bear. Before
// acceptance the dossier waits for the competent agency, whose acceptance starts the clock; after it a transfer never touches the clock.

// TransferMode is one after the other, on paper, or side by side under a lead.
type TransferMode string

// The modes of Article 20. A serial transfer makes the other agency the competent one.
const (
	Serial   TransferMode = "serial"
	Parallel TransferMode = "parallel"
)

func (TransferMode) values() []string { return []string{"serial", "parallel"} }

// TransferRefusal is why an agency does not take a dossier.
type TransferRefusal string

func (TransferRefusal) values() []string {
	return []string{"not_competent", "papers_missing", "sent_in_error"}
}

// TransferDossier sends the dossier to another agency.
type TransferDossier struct {
	To   Code         `json:"to"`
	Mode TransferMode `json:"mode"`
	Slip Code         `json:"slip,omitempty"` // the number of the transfer slip
}

// ReceiveTransfer takes the dossier in at the other agency.
type ReceiveTransfer struct {
	Number int `json:"number" range:"1-99"`
}

// RefuseTransfer sends it back.
type RefuseTransfer struct {
	Number int             `json:"number" range:"1-99"`
	Reason TransferRefusal `json:"reason"`
	Text   Text            `json:"text,omitzero"`
}

// DossierTransferred sends the dossier to another agency. Numbers count from 1 within the dossier.
type DossierTransferred struct {
	Number int          `json:"number"`
	Sender Code         `json:"sender,omitempty"`
	To     Code         `json:"to"`
	Mode   TransferMode `json:"mode"`
	Slip   Code         `json:"slip,omitempty"`
	Due    time.Time    `json:"due,omitzero"` // one working day; missing where the calendar is not known
	Of
}

// TransferReceived takes the dossier in at the other agency.
type TransferReceived struct {
	Number int  `json:"number"`
	Late   bool `json:"late,omitempty"`
	Of
}

// TransferRefused sends the dossier back.
type TransferRefused struct {
	Number int             `json:"number"`
	Reason TransferRefusal `json:"reason"`
	Text   Text            `json:"text,omitzero"`
	Of
}

// Transfer is one line of the transfer slip.
type Transfer struct {
	Number     int             `json:"number"`
	From       string          `json:"from,omitempty"`
	To         string          `json:"to"`
	Mode       TransferMode    `json:"mode"`
	Slip       string          `json:"slip,omitempty"`
	SentBy     string          `json:"sent_by"`
	SentAt     time.Time       `json:"sent_at"`
	Due        time.Time       `json:"due,omitzero"`
	ReceivedBy string          `json:"received_by,omitempty"`
	ReceivedAt time.Time       `json:"received_at,omitzero"`
	Late       bool            `json:"late,omitempty"`
	Refused    TransferRefusal `json:"refused,omitempty"`
}

// Open says whether nobody has answered yet.
func (t Transfer) Open() bool { return t.ReceivedAt.IsZero() && t.Refused == "" }

// Agencies are the roles beside the receiving one, which FiledAt names.
type Agencies struct {
	Support   string    `json:"support,omitempty"`
	Competent string    `json:"competent,omitempty"` // "": the receiving one
	Since     time.Time `json:"since,omitzero"`      // when the competent agency took it in
}

// Competent is the agency that resolves the dossier.
func (s State) Competent() string {
	if s.Agencies.Competent != "" {
		return s.Agencies.Competent
	}
	return s.FiledAt
}

// OpenTransfers returns what is on its way between agencies.
func (s State) OpenTransfers() []Transfer {
	return slices.DeleteFunc(slices.Clone(s.Transfers), func(t Transfer) bool { return !t.Open() })
}

func (s State) between() bool {
	return slices.ContainsFunc(s.Transfers, func(t Transfer) bool { return t.Open() && t.Mode == Serial })
}

func (q question) transfer() (Transfer, bool) {
	number := 0
	switch c := q.c.(type) {
	case ReceiveTransfer:
		number = c.Number
	case RefuseTransfer:
		number = c.Number
	}
	at := slices.IndexFunc(q.s.Transfers, func(t Transfer) bool { return t.Number == number })
	if at < 0 {
		return Transfer{}, false
	}
	return q.s.Transfers[at], true
}

func (c TransferDossier) already(q question) bool {
	return slices.ContainsFunc(q.s.Transfers, func(t Transfer) bool {
		return t.Open() && t.To == string(c.To) && t.Mode == c.Mode && t.Slip == string(c.Slip)
	})
}

func (c TransferDossier) facts(q question) []Event {
	return []Event{DossierTransferred{len(q.s.Transfers) + 1, Code(q.s.Competent()), c.To, c.Mode, c.Slip, q.workingDays(q.at, 1), q.of()}}
}

func (c ReceiveTransfer) already(q question) bool {
	t, known := q.transfer()
	return known && !t.ReceivedAt.IsZero() && t.ReceivedBy == q.x.Actor.Account
}

func (c ReceiveTransfer) facts(q question) []Event {
	return []Event{TransferReceived{c.Number, q.late, q.of()}}
}

func (c RefuseTransfer) already(q question) bool {
	t, known := q.transfer()
	return known && t.Refused == c.Reason
}

func (c RefuseTransfer) facts(q question) []Event {
	return []Event{TransferRefused{c.Number, c.Reason, c.Text, q.of()}}
}

func (e DossierTransferred) evolve(s State, act Act) State {
	s.Transfers = append(slices.Clone(s.Transfers), Transfer{
		Number: e.Number, From: string(e.Sender), To: string(e.To), Mode: e.Mode, Slip: string(e.Slip), SentBy: act.By, SentAt: act.At, Due: instant(e.Due),
	})
	return s
}

func (e TransferReceived) evolve(s State, act Act) State {
	s.Transfers = slices.Clone(s.Transfers)
	for i := range s.Transfers {
		t := &s.Transfers[i]
		if t.Number != e.Number {
			continue
		}
		t.ReceivedBy, t.ReceivedAt, t.Late = act.By, act.At, e.Late
		if t.Mode == Serial {
			s.Agencies.Competent, s.Agencies.Since = t.To, act.At
		}
	}
	return s
}

func (e TransferRefused) evolve(s State, _ Act) State {
	s.Transfers = slices.Clone(s.Transfers)
	for i := range s.Transfers {
		if t := &s.Transfers[i]; t.Number == e.Number {
			t.Refused = e.Reason
		}
	}
	return s
}

func (TransferDossier) Name() string { return "TransferDossier" }
func (ReceiveTransfer) Name() string { return "ReceiveTransfer" }
func (RefuseTransfer) Name() string  { return "RefuseTransfer" }

func (TransferDossier) command() {}
func (ReceiveTransfer) command() {}
func (RefuseTransfer) command()  {}

var transferGuards = []Guard{
	{Code: "transfer_open", Live: true, On: []string{"TransferDossier"}, Field: "mode", Basis: "NĐ 118/2025, Điều 20",
		broken: func(q question) bool { return q.c.(TransferDossier).Mode == Serial && q.s.between() },
		VI:     "Hồ sơ đang chuyển đến cơ quan khác ({transfers}). Chờ cơ quan đó nhận, hoặc chuyển song song.",
		EN:     "The dossier is on its way to another agency ({transfers}). Wait until it is taken in, or transfer it side by side."},
	{Code: "transfer_open", Live: true, Whatever: true, On: []string{"AcceptDossier", "ForwardDossier", "ResolveAtOnce"}, Basis: "NĐ 118/2025, Điều 17.3 và 20",
		broken: func(q question) bool { return q.s.between() },
		VI:     "Chưa làm được: hồ sơ đang chuyển đến cơ quan có thẩm quyền ({transfers}). Thời hạn tính từ khi cơ quan đó nhận; chờ nhận hồ sơ trước.",
		EN:     "Not yet: the dossier is on its way to the competent agency ({transfers}). The clock starts when that one receives it; take it in first."},
	{Code: "same_agency", On: []string{"TransferDossier"}, Field: "to", Basis: "NĐ 118/2025, Điều 20",
		broken: func(q question) bool { return string(q.c.(TransferDossier).To) == q.s.Competent() },
		VI:     "Hồ sơ đang ở chính cơ quan này. Chọn cơ quan khác, hoặc chuyển xử lý trong cơ quan.",
		EN:     "The dossier is with this agency already. Choose another, or forward it inside the agency."},
	{Code: "no_open_transfer", Whatever: true, On: []string{"ReceiveTransfer", "RefuseTransfer"}, Field: "number", Basis: "NĐ 118/2025, Điều 20",
		broken: func(q question) bool {
			if q.offered() {
				return !slices.ContainsFunc(q.s.Transfers, Transfer.Open)
			}
			t, known := q.transfer()
			return !known || !t.Open()
		},
		VI: "Không có lần chuyển nào đang chờ nhận mang số này. Đang chờ nhận: {transfers}.",
		EN: "No transfer with this number waits to be taken in. Waiting: {transfers}."},
	{Code: "sender_receives", Live: true, On: []string{"ReceiveTransfer"}, Field: "number", Basis: "NĐ 118/2025, Điều 20",
		broken: func(q question) bool { t, _ := q.transfer(); return t.SentBy == q.x.Actor.Account },
		VI:     "Phiếu chuyển phải có bên giao và bên nhận; người giao không tự nhận. Cán bộ của cơ quan nhận ghi nhận hồ sơ.",
		EN:     "A transfer slip has a giver and a receiver; who gave it does not receive it. An officer of the other agency takes it in."},
	{Code: "transfer_late", Soft: true, On: []string{"ReceiveTransfer"}, Basis: "NĐ 118/2025, Điều 20",
		broken: func(q question) bool { t, _ := q.transfer(); return !t.Due.IsZero() && q.at.After(t.Due) },
		VI:     "Hồ sơ đến quá 1 ngày làm việc sau khi chuyển. Vẫn nhận; việc này được đánh dấu muộn.",
		EN:     "The dossier came more than one working day after it was sent. It is taken in and marked late."},
}

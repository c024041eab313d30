package money

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

// Till is what an officer of an agency took on a day.
type Till struct {
	Version     int64            `json:"version"`
	Agency      string           `json:"agency"`
	Officer     string           `json:"officer"`
	Day         string           `json:"day"`
	Float       int              `json:"float"`
	Entries     []Entry          `json:"entries"`
	Closed      *TillClosed      `json:"closed,omitempty"`
	ClosedAt    time.Time        `json:"closed_at,omitzero"`
	Transferred *TillTransferred `json:"transferred,omitempty"`
}

// Entry is one movement of a till: money that came, or, when Back is set, went.
type Entry struct {
	Receipt string    `json:"receipt"`
	Amount  int       `json:"amount"`
	Method  Method    `json:"method,omitempty"`
	Back    string    `json:"given_back,omitempty"` // why
	At      time.Time `json:"at"`
	For
}

// Exists says whether the till was ever opened.
func (t Till) Exists() bool { return t.Version > 0 }

// Sums are what came as cash, what came as transfers, and what went back.
func (t Till) Sums() (cash, transfers, back int) {
	for _, e := range t.Entries {
		switch {
		case e.Back != "":
			back += e.Amount
		case e.Method == Cash:
			cash += e.Amount
		default:
			transfers += e.Amount
		}
	}
	return cash, transfers, back
}

// Net is what goes to the budget.
func (t Till) Net() int {
	cash, transfers, back := t.Sums()
	return cash + transfers - back
}

// Expected is the cash that ought to be in the till.
func (t Till) Expected() int {
	cash, _, back := t.Sums()
	return t.Float + cash - back
}

// OpenTill begins a day.
type OpenTill struct {
	Agency, Officer, Day string
	Float                int
}

// Take enters money that came over the counter.
type Take struct{ Taken }

// GiveBack enters money that went back over the counter.
type GiveBack struct{ GivenBack }

// CloseTill counts the till. TransferBy follows from the calendar.
type CloseTill struct {
	Counted    int
	TransferBy time.Time
}

// TransferTill sends what was taken to the budget, at a moment.
type TransferTill struct {
	Document string
	At       time.Time
}

var documents = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$`)

// DecideTill answers a wish about a till; one that is true already yields nothing.
func DecideTill(t Till, wish any) ([]Event, error) {
	if w, opens := wish.(OpenTill); opens {
		return t.open(w)
	}
	if !t.Exists() {
		return nil, refused("till_not_open", "", law, "Chưa mở quầy thu hôm nay. Mở trước: dossier till open.", "The till of today is not open. Open it first: dossier till open.")
	}
	switch w := wish.(type) {
	case Take:
		return t.take(w.Taken)
	case GiveBack:
		return t.giveBack(w.GivenBack)
	case CloseTill:
		return t.close(w)
	case TransferTill:
		return t.transfer(w)
	}
	return nil, fmt.Errorf("decide till: %T is no wish", wish)
}

func (t Till) open(w OpenTill) ([]Event, error) {
	switch {
	case w.Float < 0 || w.Float > Most:
		return nil, invalid("out_of_range", "float", "Tiền lẻ đầu ngày là số đồng, không âm.", "The change of the morning is in đồng, not below nothing.")
	case t.Exists() && t.Float == w.Float && t.Closed == nil:
		return nil, nil
	case t.Exists():
		return nil, refused("till_opened", "", law, "Quầy thu của ngày này đã mở rồi; mỗi cán bộ một quầy một ngày. Xem: dossier till show.",
			"The till of this day was opened already; an officer has one a day. Look: dossier till show.")
	}
	return []Event{TillOpened(w)}, nil
}

func (t Till) shut() error {
	if t.Closed == nil {
		return nil
	}
	return refused("till_closed", "", law, "Quầy thu đã khóa sổ, không thu chi thêm. Mở quầy của ngày làm việc sau.", "The till is closed and takes nothing more. Open that of the next working day.")
}

func (t Till) take(w Taken) ([]Event, error) {
	if err := checkAmount(w.Amount); err != nil {
		return nil, err
	}
	if w.Method != Cash && w.Method != Transfer {
		return nil, invalid("not_in_list", "method", "Cách nộp là cash hoặc transfer.", "The method is cash or transfer.")
	}
	if at := slices.IndexFunc(t.Entries, func(e Entry) bool { return e.Back == "" && e.Receipt == w.Receipt }); at >= 0 {
		if e := t.Entries[at]; e.Amount == w.Amount && e.For == w.For {
			return nil, nil
		}
		return nil, refused("receipt_used", "receipt", law, "Số biên lai này đã dùng cho khoản khác. Dùng số kế tiếp.", "This receipt was used for something else. Use the next number.")
	}
	return []Event{w}, t.shut()
}

func (t Till) giveBack(w GivenBack) ([]Event, error) {
	if err := first(checkAmount(w.Amount), checkReason(w.Reason)); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(t.Entries, func(e Entry) bool { return e.Back != "" && e.Receipt == w.Receipt }) {
		return nil, nil
	}
	if err := t.shut(); err != nil {
		return nil, err
	}
	if w.Amount > t.Expected() {
		return nil, refused("till_short", "amount", law, fmt.Sprintf("Trong quầy chỉ còn %d đồng tiền mặt. Trả bằng chuyển khoản, hoặc chờ có đủ tiền.", t.Expected()),
			fmt.Sprintf("Only %d đồng of cash are in the till. Give it back by transfer, or wait until there is enough.", t.Expected()))
	}
	return []Event{w}, nil
}

func (t Till) close(w CloseTill) ([]Event, error) {
	switch {
	case w.Counted < 0 || w.Counted > Most:
		return nil, invalid("out_of_range", "counted", "Tiền đếm được là số đồng, không âm.", "What was counted is in đồng, not below nothing.")
	case t.Closed != nil && t.Closed.Counted == w.Counted:
		return nil, nil
	}
	cash, transfers, back := t.Sums()
	return []Event{TillClosed{cash, transfers, back, t.Expected(), w.Counted, w.Counted - t.Expected(), w.TransferBy}}, t.shut()
}

func (t Till) transfer(w TransferTill) ([]Event, error) {
	switch {
	case !documents.MatchString(w.Document):
		return nil, invalid("bad_document", "document", "Ghi số giấy nộp tiền vào ngân sách, ví dụ GNT-2026/118.", "Give the number of the payment slip to the budget, such as GNT-2026/118.")
	case t.Closed == nil:
		return nil, refused("till_not_closed", "", law, "Khóa sổ quầy trước khi nộp ngân sách: dossier till close.", "Close the till before its money goes to the budget: dossier till close.")
	case t.Transferred != nil && t.Transferred.Document == w.Document:
		return nil, nil
	case t.Transferred != nil:
		return nil, refused("till_transferred", "document", law, "Tiền của quầy này đã nộp ngân sách theo giấy "+t.Transferred.Document+".", "The money of this till went to the budget by slip "+t.Transferred.Document+".")
	case t.Net() <= 0:
		return nil, refused("nothing_to_transfer", "", law, "Quầy này không có khoản nào phải nộp ngân sách.", "This till has nothing that goes to the budget.")
	}
	return []Event{TillTransferred{t.Net(), w.Document, !t.Closed.TransferBy.IsZero() && w.At.After(t.Closed.TransferBy)}}, nil
}

// EvolveTill is the till after one more fact.
func EvolveTill(t Till, f Fact) Till {
	t.Version = f.Version
	switch e := f.Event.(type) {
	case TillOpened:
		t.Agency, t.Officer, t.Day, t.Float, t.Entries = e.Agency, e.Officer, e.Day, e.Float, []Entry{}
	case Taken:
		t.Entries = append(slices.Clip(t.Entries), Entry{Receipt: e.Receipt, Amount: e.Amount, Method: e.Method, At: f.At, For: e.For})
	case GivenBack:
		t.Entries = append(slices.Clip(t.Entries), Entry{Receipt: e.Receipt, Amount: e.Amount, Back: e.Reason, At: f.At, For: e.For})
	case TillClosed:
		t.Closed, t.ClosedAt = &e, f.At
	case TillTransferred:
		t.Transferred = &e
	}
	return t
}

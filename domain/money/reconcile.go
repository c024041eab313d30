package money

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Day is why the differences of a day are what they are.
type Day struct {
	Version   int64             `json:"version"`
	Explained map[string]string `json:"explained"`
}

// Explain says why a difference is what it is.
type Explain struct{ DifferenceExplained }

// Causes are what a difference may be explained by.
func Causes() []string {
	return []string{"provider_error", "counting_error", "other_day", "being_refunded", "being_paid", "loss_reported", "told_late"}
}

// DecideDay answers a wish about a day.
func DecideDay(d Day, wish Explain) ([]Event, error) {
	switch {
	case !slices.Contains(Causes(), wish.Cause):
		return nil, invalid("not_in_list", "cause", "Nguyên nhân là một trong: provider_error, counting_error, other_day, being_refunded, being_paid, loss_reported, told_late.",
			"The cause is one of: provider_error, counting_error, other_day, being_refunded, being_paid, loss_reported, told_late.")
	case d.Explained[wish.Key] == wish.Cause:
		return nil, nil
	}
	return []Event{wish.DifferenceExplained}, nil
}

// EvolveDay is the day after one more fact.
func EvolveDay(d Day, f Fact) Day {
	d.Version = f.Version
	if e, is := f.Event.(DifferenceExplained); is {
		d.Explained = maps.Clone(d.Explained)
		if d.Explained == nil {
			d.Explained = map[string]string{}
		}
		d.Explained[e.Key] = e.Cause
	}
	return d
}

// Line is one line of a provider's statement.
type Line struct {
	Transaction string    `json:"transaction"`
	Reference   string    `json:"reference"` // of the order
	Amount      int       `json:"amount"`
	Refund      int       `json:"refund,omitempty"` // the number of the refund that it is; 0: a payment
	At          time.Time `json:"at"`
}

// Books are all that is held side by side for a day.
type Books struct {
	Day       string // "2026-11-26"
	Location  *time.Location
	Now       time.Time
	Orders    map[uuid.UUID]Order
	Tills     []Till
	Receipts  []Book
	Statement []Line                           // nil: none was given
	Has       func(f For) (paid, returned int) // what the dossier says
	Explained map[string]string
}

// Difference is one thing in which the books disagree, or that somebody has to see to.
type Difference struct {
	Key       string `json:"key"`
	Cause     string `json:"cause"`
	Ours      int    `json:"ours"`
	Theirs    int    `json:"theirs"`
	Explained string `json:"explained,omitempty"`
	VI        string `json:"vi"`
	EN        string `json:"en"`
}

// Report is what a day amounts to.
type Report struct {
	Day         string       `json:"day"`
	Counter     int          `json:"counter"`  // taken over the counter
	Receipted   int          `json:"receipts"` // by the receipt books
	Online      int          `json:"online"`
	Returned    int          `json:"returned"`
	Open        int          `json:"open"` // online money that is neither put to anything nor given back
	Differences []Difference `json:"differences"`
}

// Unexplained counts the differences that nobody has explained.
func (r Report) Unexplained() (n int) {
	for _, d := range r.Differences {
		if d.Explained == "" {
			n++
		}
	}
	return n
}

var causeWords = map[string][2]string{
	"callback_missing":   {"đơn vị thanh toán đã nhận tiền, chưa báo cho ta: dossier money settle", "the provider has the money and never told us: dossier money settle"},
	"unknown_reference":  {"sao kê có khoản không thuộc lệnh nào của ta", "the statement has what belongs to no order of ours"},
	"not_on_statement":   {"ta có, sao kê không có", "we have it, the statement does not"},
	"amount_differs":     {"số tiền của ta khác sao kê", "our amount is not that of the statement"},
	"wrong_amount":       {"tiền đến không đúng số phải nộp: còn treo", "what came is not what was owed: it is open"},
	"paid_late":          {"tiền đến sau hạn: phải hoàn", "it came after the window: it is to be refunded"},
	"not_owed":           {"khoản này không còn phải nộp (đã nộp cách khác, đã hủy hoặc hết hạn): phải hoàn", "nothing is owed any more (paid in another way, cancelled or expired): it is to be refunded"},
	"cancelled":          {"tiền đến cho lệnh đã hủy: phải hoàn", "it came for a cancelled order: it is to be refunded"},
	"not_booked":         {"đã thu, hồ sơ chưa ghi nhận: dossier money settle", "taken, and the dossier does not have it: dossier money settle"},
	"refund_pending":     {"đã lệnh hoàn, đơn vị thanh toán chưa hoàn: dossier money settle", "a refund was ordered and not done by the provider: dossier money settle"},
	"till_open":          {"quầy thu chưa khóa sổ", "the till is not closed"},
	"till_difference":    {"tiền đếm được khác sổ quầy", "what was counted is not what the till says"},
	"transfer_overdue":   {"quá 8 giờ làm việc chưa nộp ngân sách", "not with the budget within 8 working hours"},
	"transfer_late":      {"nộp ngân sách quá 8 giờ làm việc", "it went to the budget after 8 working hours"},
	"transfer_unknown":   {"chưa có lịch làm việc, không biết hạn nộp ngân sách", "no calendar is published: when it has to be with the budget is not known"},
	"receipt_unfinished": {"biên lai đã dùng, quầy chưa ghi khoản thu: thu lại với cùng số", "the receipt was used and the till does not have it: take it again"},
	"receipt_gap":        {"số biên lai bị bỏ trống: hủy số (dossier till book void)", "receipt numbers were passed over: void them (dossier till book void)"},
}

// CauseWords say what a difference is.
func CauseWords(cause string) (vi, en string) { return causeWords[cause][0], causeWords[cause][1] }

// Reconcile holds the books of a day side by side. It is a pure function: the same books give the same report.
func Reconcile(b Books) Report {
	r := &reconciling{Books: b, Report: Report{Day: b.Day, Differences: []Difference{}}}
	for _, id := range slices.SortedFunc(maps.Keys(b.Orders), func(a, c uuid.UUID) int { return cmp.Compare(a.String(), c.String()) }) {
		r.order(id, b.Orders[id])
	}
	r.statement()
	for _, t := range b.Tills {
		r.till(t)
	}
	for _, book := range b.Receipts {
		r.book(book)
	}
	return r.Report
}

type reconciling struct {
	Books
	Report
}

func (r *reconciling) on(at time.Time) bool {
	return at.In(r.Location).Format(time.DateOnly) == r.Books.Day
}

func (r *reconciling) tell(cause, of string, ours, theirs int) {
	key := cause + ":" + of
	vi, en := CauseWords(cause)
	r.Differences = append(r.Differences, Difference{key, cause, ours, theirs, r.Books.Explained[key], vi, en})
}

func (r *reconciling) order(id uuid.UUID, o Order) {
	for _, came := range o.Receipts {
		if r.on(came.PaidAt) {
			r.Online += came.Amount
		}
	}
	r.Open += o.Open()
	for _, back := range o.Refunds {
		if r.on(back.At) {
			r.Returned += back.Amount
		}
		if back.Transaction == "" {
			r.tell("refund_pending", fmt.Sprintf("%s-%d", id, back.Number), back.Amount, 0)
		}
	}
	if cause := o.Cause(); cause != "" {
		r.tell(cause, id.String(), o.Received(), o.Received()-o.Open())
	}
	if o.Applied > 0 && !o.Booked {
		r.tell("not_booked", id.String(), o.Applied, 0)
	}
}

// statement compares transaction by transaction, both ways.
func (r *reconciling) statement() {
	if r.Statement == nil {
		return
	}
	ours := map[string]int{}
	for _, o := range r.Orders {
		for _, came := range o.Receipts {
			if r.on(came.PaidAt) {
				ours[came.Transaction] = came.Amount
			}
		}
		for _, back := range o.Refunds {
			if back.Transaction != "" {
				ours[back.Transaction] = -back.Amount
			}
		}
	}
	theirs := map[string]bool{}
	for _, l := range r.Statement {
		theirs[l.Transaction] = true
		amount := l.Amount
		if l.Refund > 0 {
			amount = -amount
		}
		have, known := ours[l.Transaction]
		id, err := uuid.Parse(l.Reference)
		_, order := r.Orders[id]
		switch {
		case known && have == amount:
		case known:
			r.tell("amount_differs", l.Transaction, have, amount)
		case err != nil || !order:
			r.tell("unknown_reference", l.Transaction, 0, amount)
		case l.Refund > 0: // told as refund_pending
		default:
			r.tell("callback_missing", l.Transaction, 0, amount)
		}
	}
	for _, t := range slices.Sorted(maps.Keys(ours)) {
		if !theirs[t] && ours[t] > 0 {
			r.tell("not_on_statement", t, ours[t], 0)
		}
	}
}

func (r *reconciling) till(t Till) {
	of := t.Officer + "-" + t.Day
	cash, transfers, back := t.Sums()
	r.Counter, r.Returned = r.Counter+cash+transfers, r.Returned+back
	for _, e := range t.Entries {
		paid, returned := r.Has(e.For)
		switch {
		case e.Back == "" && paid < e.Amount:
			r.tell("not_booked", e.Receipt, e.Amount, paid)
		case e.Back != "" && returned < e.Amount:
			r.tell("not_booked", e.Receipt+"-back", e.Amount, returned)
		}
	}
	switch {
	case t.Closed == nil:
		r.tell("till_open", of, t.Expected(), 0)
	case t.Closed.Difference != 0:
		r.tell("till_difference", of, t.Closed.Expected, t.Closed.Counted)
	}
	switch {
	case t.Closed == nil || t.Net() <= 0:
	case t.Transferred != nil && t.Transferred.Late:
		r.tell("transfer_late", of, t.Net(), t.Net())
	case t.Transferred != nil:
	case t.Closed.TransferBy.IsZero():
		r.tell("transfer_unknown", of, t.Net(), 0)
	case r.Now.After(t.Closed.TransferBy):
		r.tell("transfer_overdue", of, t.Net(), 0)
	}
}

func (r *reconciling) book(b Book) {
	for _, n := range slices.Sorted(maps.Keys(b.Used)) {
		u := b.Used[n]
		if u.Day == r.Books.Day {
			r.Receipted += u.Amount
			if !r.entered(u.Officer, b.Receipt(n), false) {
				r.tell("receipt_unfinished", b.Receipt(n), u.Amount, 0)
			}
		}
		if u.Repaid != nil && u.Repaid.Day == r.Books.Day && !r.entered(u.Repaid.Officer, b.Receipt(n), true) {
			r.tell("receipt_unfinished", b.Receipt(n)+"-back", u.Repaid.Amount, 0)
		}
	}
	if gaps := b.Gaps(); len(gaps) > 0 {
		r.tell("receipt_gap", b.Receipt(gaps[0]), len(gaps), 0)
	}
}

func (r *reconciling) entered(officer, receipt string, back bool) bool {
	return slices.ContainsFunc(r.Tills, func(t Till) bool {
		return t.Officer == officer && slices.ContainsFunc(t.Entries, func(e Entry) bool { return e.Receipt == receipt && (e.Back != "") == back })
	})
}

package money

import (
	"fmt"
	"regexp"
	"slices"
	"time"
)

// Order is what was to be paid online, and everything that came for it. At any moment
// Received = Applied + Open() + Returned().
type Order struct {
	Version   int64      `json:"version"`
	Agency    string     `json:"agency"`
	Amount    int        `json:"amount"`
	Until     time.Time  `json:"until"`
	Receipts  []Received `json:"received"`
	Applied   int        `json:"applied"` // put to what is owed
	Booked    bool       `json:"booked"`  // the dossier has it
	Released  string     `json:"released,omitempty"`
	Cancelled string     `json:"cancelled,omitempty"`
	Refunds   []Refund   `json:"refunds"`
	For
}

// Received is one payment that came.
type Received struct {
	OrderReceived
	At time.Time `json:"at"` // when it was told
}

// Refund is money that goes back.
type Refund struct {
	RefundOrdered
	Transaction string    `json:"transaction,omitempty"` // empty: the provider has not done it yet
	At          time.Time `json:"at"`
}

// Exists says whether the order was ever opened.
func (o Order) Exists() bool { return o.Version > 0 }

// Received is everything that came.
func (o Order) Received() (sum int) {
	for _, r := range o.Receipts {
		sum += r.Amount
	}
	return sum
}

// Returned is everything that goes back, or went.
func (o Order) Returned() (sum int) {
	for _, r := range o.Refunds {
		sum += r.Amount
	}
	return sum
}

// Open is what came and is neither put to anything nor given back: somebody has to see to it.
func (o Order) Open() int { return o.Received() - o.Applied - o.Returned() }

// Cause is why something is open: not_owed, cancelled, paid_late, or wrong_amount.
func (o Order) Cause() string {
	switch {
	case o.Open() == 0:
		return ""
	case o.Released != "":
		return "not_owed"
	case o.Cancelled != "":
		return "cancelled"
	case slices.ContainsFunc(o.Receipts, func(r Received) bool { return r.Late }) && o.Applied == 0:
		return "paid_late"
	}
	return "wrong_amount"
}

// Pending are the refunds that the provider has not done yet.
func (o Order) Pending() []Refund {
	return slices.DeleteFunc(slices.Clone(o.Refunds), func(r Refund) bool { return r.Transaction != "" })
}

// OpenOrder asks for money online.
type OpenOrder struct{ OrderOpened }

// Receive enters money that the provider says has come. Its number makes it one payment however often it is told.
type Receive struct {
	Transaction string
	Amount      int
	PaidAt      time.Time
}

// BookOrder says that the dossier has it.
type BookOrder struct{}

// ReleaseOrder says that the dossier does not want it.
type ReleaseOrder struct{ Cause string }

// CancelOrder awaits nothing any more.
type CancelOrder struct{ Reason string }

// RefundOrder gives money back: open money, or, where Booked says so, what was put to the payment.
type RefundOrder struct {
	Amount int
	Reason string
	Booked bool
}

// FinishRefund says that the provider gave it back.
type FinishRefund struct{ RefundDone }

// DecideOrder answers a wish about an order; one that is true already yields nothing.
func DecideOrder(o Order, wish any) ([]Event, error) {
	if w, opens := wish.(OpenOrder); opens {
		return o.open(w.OrderOpened)
	}
	if !o.Exists() {
		return nil, refused("no_order", "reference", law, "Không có lệnh thanh toán mang mã này.", "There is no payment order of this reference.")
	}
	switch w := wish.(type) {
	case Receive:
		return o.receive(w)
	case BookOrder:
		if o.Booked || o.Applied == 0 {
			return nil, nil
		}
		return []Event{OrderBooked{}}, nil
	case ReleaseOrder:
		if o.Booked || o.Applied == 0 {
			return nil, nil
		}
		return []Event{OrderReleased{o.Applied, w.Cause}}, nil
	case CancelOrder:
		return o.cancel(w)
	case RefundOrder:
		return o.refund(w)
	case FinishRefund:
		at := slices.IndexFunc(o.Refunds, func(r Refund) bool { return r.Number == w.Number })
		if at < 0 || o.Refunds[at].Transaction != "" {
			return nil, nil
		}
		return []Event{w.RefundDone}, nil
	}
	return nil, fmt.Errorf("decide order: %T is no wish", wish)
}

func (o Order) open(w OrderOpened) ([]Event, error) {
	if err := checkAmount(w.Amount); err != nil || o.Exists() {
		return nil, err
	}
	return []Event{w}, nil
}

var transactions = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func (o Order) receive(w Receive) ([]Event, error) {
	if !transactions.MatchString(w.Transaction) {
		return nil, invalid("bad_transaction", "transaction", "Số giao dịch của đơn vị thanh toán gồm chữ và số, nhiều nhất 64 ký tự.", "The provider's transaction number is of letters and digits, at most 64.")
	}
	if err := checkAmount(w.Amount); err != nil {
		return nil, err
	}
	if at := slices.IndexFunc(o.Receipts, func(r Received) bool { return r.Transaction == w.Transaction }); at >= 0 {
		if o.Receipts[at].Amount == w.Amount {
			return nil, nil
		}
		return nil, refused("transaction_told_otherwise", "amount", law, fmt.Sprintf("Giao dịch này đã được báo với số tiền %d đồng. Đối soát với sao kê.", o.Receipts[at].Amount),
			fmt.Sprintf("This transaction was told before, with %d đồng. Reconcile it with the statement.", o.Receipts[at].Amount))
	}
	came := OrderReceived{w.Transaction, w.Amount, w.PaidAt.UTC(), w.PaidAt.After(o.Until)}
	events := []Event{came}
	if o.awaits() && !came.Late && min(o.Open(), o.inTime())+w.Amount >= o.Amount {
		events = append(events, OrderApplied{o.Amount})
	}
	return events, nil
}

// awaits says whether money that comes in time is put to what is owed.
func (o Order) awaits() bool {
	return o.Applied == 0 && o.Released == "" && o.Cancelled == "" && !o.PaidBack()
}

// PaidBack says whether some of what the dossier had goes back.
func (o Order) PaidBack() bool {
	return slices.ContainsFunc(o.Refunds, func(r Refund) bool { return r.Applied > 0 })
}

// inTime is what came within the window.
func (o Order) inTime() (sum int) {
	for _, r := range o.Receipts {
		if !r.Late {
			sum += r.Amount
		}
	}
	return sum
}

func (o Order) cancel(w CancelOrder) ([]Event, error) {
	if err := checkReason(w.Reason); err != nil {
		return nil, err
	}
	switch {
	case o.Cancelled != "":
		return nil, nil
	case o.Applied > 0:
		return nil, refused("order_paid", "", law, "Lệnh này đã được thanh toán. Hoàn tiền thay vì hủy.", "This order is paid. Refund it instead of cancelling it.")
	}
	return []Event{OrderCancelled(w)}, nil
}

func (o Order) refund(w RefundOrder) ([]Event, error) {
	if err := first(checkAmount(w.Amount), checkReason(w.Reason)); err != nil {
		return nil, err
	}
	have, applied := o.Open(), 0
	if w.Booked {
		have, applied = o.Applied, w.Amount
		if o.PaidBack() {
			have = 0 // once, as on the dossier
		}
	}
	if w.Amount > have {
		return nil, refused("nothing_to_refund", "amount", "NĐ 118/2025, Điều 21 và 24", fmt.Sprintf("Chỉ hoàn được tối đa %d đồng của lệnh này.", have),
			fmt.Sprintf("At most %d đồng of this order can be refunded.", have))
	}
	return []Event{RefundOrdered{len(o.Refunds) + 1, w.Amount, applied, w.Reason}}, nil
}

// EvolveOrder is the order after one more fact.
func EvolveOrder(o Order, f Fact) Order {
	o.Version = f.Version
	switch e := f.Event.(type) {
	case OrderOpened:
		o.Agency, o.Amount, o.Until, o.For = e.Agency, e.Amount, e.Until, e.For
		o.Receipts, o.Refunds = []Received{}, []Refund{}
	case OrderReceived:
		o.Receipts = append(slices.Clip(o.Receipts), Received{e, f.At})
	case OrderApplied:
		o.Applied = e.Amount
	case OrderBooked:
		o.Booked = true
	case OrderReleased:
		o.Applied, o.Released = o.Applied-e.Amount, e.Cause
	case OrderCancelled:
		o.Cancelled = e.Reason
	case RefundOrdered:
		o.Applied -= e.Applied
		o.Refunds = append(slices.Clip(o.Refunds), Refund{RefundOrdered: e, At: f.At})
	case RefundDone:
		o.Refunds = slices.Clone(o.Refunds)
		for i := range o.Refunds {
			if o.Refunds[i].Number == e.Number {
				o.Refunds[i].Transaction = e.Transaction
			}
		}
	}
	return o
}

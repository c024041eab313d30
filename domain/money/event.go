package money

import (
	"encoding/json"
	"time"

	"dossier/domain"
)

// An Event is a fact of one of the books. The set is closed.
type Event interface{ event() }

// TillOpened begins an officer's day. Float is the change that was in the till before.
type TillOpened struct {
	Agency  string `json:"agency"`
	Officer string `json:"officer"`
	Day     string `json:"day"`
	Float   int    `json:"float"`
}

// Taken says that money came over the counter, against a receipt.
type Taken struct {
	Receipt string `json:"receipt"`
	Amount  int    `json:"amount"`
	Method  Method `json:"method"`
	For
}

// GivenBack says that money went back over the counter. Receipt is the one it was taken against.
type GivenBack struct {
	Receipt string `json:"receipt"`
	Amount  int    `json:"amount"`
	Reason  string `json:"reason"`
	For
}

// TillClosed says what ought to be in the till and what was counted. TransferBy is when the money has to be with the budget; without it no
// calendar says.
type TillClosed struct {
	Cash       int       `json:"cash"`
	Transfers  int       `json:"transfers"`
	Back       int       `json:"given_back"`
	Expected   int       `json:"expected"`
	Counted    int       `json:"counted"`
	Difference int       `json:"difference"` // counted less expected
	TransferBy time.Time `json:"transfer_by,omitzero"`
}

// TillTransferred says that what was taken went to the budget.
type TillTransferred struct {
	Amount   int    `json:"amount"`
	Document string `json:"document"`
	Late     bool   `json:"late,omitempty"`
}

// BookIssued hands a run of receipt numbers to an officer.
type BookIssued struct {
	Agency string `json:"agency"`
	Series string `json:"series"`
	First  int    `json:"first"`
	Last   int    `json:"last"`
	Holder string `json:"holder"`
}

// BookHanded gives the rest of a book to another officer.
type BookHanded struct {
	To string `json:"to"`
}

// NumberUsed says what a number was given out for.
type NumberUsed struct {
	Number  int    `json:"number"`
	Officer string `json:"officer"`
	Day     string `json:"day"`
	Amount  int    `json:"amount"`
	Method  Method `json:"method"`
	For
}

// NumberRepaid says that money was given back on a receipt.
type NumberRepaid struct {
	Number  int    `json:"number"`
	Officer string `json:"officer"`
	Day     string `json:"day"`
	Amount  int    `json:"amount"`
	Reason  string `json:"reason"`
}

// NumberVoided says that a number was spoiled and stands for nothing.
type NumberVoided struct {
	Number int    `json:"number"`
	Reason string `json:"reason"`
}

// OrderOpened asks for money online, until the last instant of the window.
type OrderOpened struct {
	Agency string    `json:"agency"`
	Amount int       `json:"amount"`
	Until  time.Time `json:"until"`
	For
}

// OrderReceived says that money came for an order, under the provider's number.
type OrderReceived struct {
	Transaction string    `json:"transaction"`
	Amount      int       `json:"amount"`
	PaidAt      time.Time `json:"paid_at"`
	Late        bool      `json:"late,omitempty"`
}

// OrderApplied puts so much of what came to what is owed.
type OrderApplied struct {
	Amount int `json:"amount"`
}

// OrderBooked says that the dossier has it.
type OrderBooked struct{}

// OrderReleased says that the dossier does not want what was put to it: it is to be given back.
type OrderReleased struct {
	Amount int    `json:"amount"`
	Cause  string `json:"cause"` // the code of the dossier's refusal, or paid_twice
}

// OrderCancelled says that nothing is awaited any more.
type OrderCancelled struct {
	Reason string `json:"reason"`
}

// RefundOrdered says that money is to go back, before the provider is asked. Applied is how much of it had been put to what is owed.
type RefundOrdered struct {
	Number  int    `json:"number"`
	Amount  int    `json:"amount"`
	Applied int    `json:"applied,omitempty"`
	Reason  string `json:"reason"`
}

// RefundDone says that the provider gave it back, under its number.
type RefundDone struct {
	Number      int    `json:"number"`
	Transaction string `json:"transaction"`
}

// DifferenceExplained says why a difference of a day is what it is.
type DifferenceExplained struct {
	Key   string `json:"key"`
	Cause string `json:"cause"`
}

func (TillOpened) event()          {}
func (Taken) event()               {}
func (GivenBack) event()           {}
func (TillClosed) event()          {}
func (TillTransferred) event()     {}
func (BookIssued) event()          {}
func (BookHanded) event()          {}
func (NumberUsed) event()          {}
func (NumberRepaid) event()        {}
func (NumberVoided) event()        {}
func (OrderOpened) event()         {}
func (OrderReceived) event()       {}
func (OrderApplied) event()        {}
func (OrderBooked) event()         {}
func (OrderReleased) event()       {}
func (OrderCancelled) event()      {}
func (RefundOrdered) event()       {}
func (RefundDone) event()          {}
func (DifferenceExplained) event() {}

var kinds = domain.Kinds[Event]{
	"till.opened":                    {Version: 1, Event: TillOpened{}},
	"till.taken":                     {Version: 1, Event: Taken{}},
	"till.given-back":                {Version: 1, Event: GivenBack{}},
	"till.closed":                    {Version: 1, Event: TillClosed{}},
	"till.transferred":               {Version: 1, Event: TillTransferred{}},
	"receipt-book.issued":            {Version: 1, Event: BookIssued{}},
	"receipt-book.handed":            {Version: 1, Event: BookHanded{}},
	"receipt-book.number-used":       {Version: 1, Event: NumberUsed{}},
	"receipt-book.number-repaid":     {Version: 1, Event: NumberRepaid{}},
	"receipt-book.number-voided":     {Version: 1, Event: NumberVoided{}},
	"payment-order.opened":           {Version: 1, Event: OrderOpened{}},
	"payment-order.received":         {Version: 1, Event: OrderReceived{}},
	"payment-order.applied":          {Version: 1, Event: OrderApplied{}},
	"payment-order.booked":           {Version: 1, Event: OrderBooked{}},
	"payment-order.released":         {Version: 1, Event: OrderReleased{}},
	"payment-order.cancelled":        {Version: 1, Event: OrderCancelled{}},
	"payment-order.refund-ordered":   {Version: 1, Event: RefundOrdered{}},
	"payment-order.refund-done":      {Version: 1, Event: RefundDone{}},
	"money-day.difference-explained": {Version: 1, Event: DifferenceExplained{}},
}

// TypeName is the stored name with its newest version, as subscribers know it: "till.opened.v1".
func TypeName(e Event) string { return kinds.TypeName(e) }

// TypeNames lists them all.
func TypeNames() []string { return kinds.TypeNames() }

// Encode returns the stored name, its newest version and the stored data.
func Encode(e Event) (typ string, version int, data json.RawMessage, err error) {
	return kinds.Encode(e)
}

// Decode is the inverse of Encode; it is strict, for guessing would falsify the record.
func Decode(typ string, version int, data []byte) (Event, error) {
	return kinds.Decode(typ, version, data)
}

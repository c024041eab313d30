package api

import (
	"context"
	"time"

	"dossier/domain"
	"dossier/domain/money"
	"dossier/handlers"

	"github.com/google/uuid"
)

// Money at the counter, as `dossier till` and `dossier money` have it.

type tillOutput struct {
	Key  string `header:"Idempotency-Key" doc:"The key this act goes by."`
	Body money.Till
}

type openTillInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"The same key and act are done once."`
	Body struct {
		Float int `json:"float,omitempty" minimum:"0" doc:"Change that is in the till, in whole đồng." example:"200000"`
	}
}

func (s *server) openTill(ctx context.Context, in *openTillInput) (*tillOutput, error) {
	e := keyed(ctx, in.Key)
	t, err := s.Money.OpenTill(ctx, handlers.CallOf(ctx).Actor, in.Body.Float, e)
	return &tillOutput{e.Key, t}, err
}

type tillRead struct {
	Officer string `path:"officer" maxLength:"64" doc:"Account of whose till it is."`
	Day     string `path:"day" format:"date"`
}

type tillShown struct{ Body money.Till }

func (s *server) till(ctx context.Context, in *tillRead) (*tillShown, error) {
	if err := dayOf(in.Day); err != nil {
		return nil, err
	}
	t, err := s.Money.Till(ctx, handlers.CallOf(ctx).Actor, in.Officer, in.Day)
	return &tillShown{t}, err
}

type takeInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"The same key and act are done once."`
	Body struct {
		Dossier uuid.UUID    `json:"dossier"`
		Payment int          `json:"payment" minimum:"1" doc:"Number of the payment, as it was asked for." example:"1"`
		Amount  int          `json:"amount" minimum:"1" doc:"In whole đồng." example:"50000"`
		Method  money.Method `json:"method" enum:"cash,transfer"`
		Series  string       `json:"series" doc:"Of the receipt book." example:"BL26A"`
		Number  int          `json:"number,omitempty" minimum:"1" doc:"Of the receipt; the next of the book without it."`
	}
}

type slipOutput struct {
	Key  string `header:"Idempotency-Key" doc:"The key this act goes by."`
	Body handlers.Slip
}

func (s *server) takePayment(ctx context.Context, in *takeInput) (*slipOutput, error) {
	e, b := keyed(ctx, in.Key), in.Body
	slip, err := s.Money.Take(ctx, handlers.CallOf(ctx).Actor, handlers.CounterPayment{For: money.For{Dossier: b.Dossier, Payment: b.Payment}, Amount: b.Amount, Method: b.Method, Series: b.Series, Number: b.Number}, e)
	return &slipOutput{e.Key, slip}, err
}

type closeInput struct {
	Day  string `path:"day" format:"date"`
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"The same key and act are done once."`
	Body struct {
		Counted int `json:"counted" minimum:"0" doc:"Cash that was counted, in whole đồng." example:"250000"`
	}
}

func (s *server) closeTill(ctx context.Context, in *closeInput) (*tillOutput, error) {
	if err := dayOf(in.Day); err != nil {
		return nil, err
	}
	e := keyed(ctx, in.Key)
	t, err := s.Money.CloseTill(ctx, handlers.CallOf(ctx).Actor, in.Day, in.Body.Counted, e)
	return &tillOutput{e.Key, t}, err
}

type transferInput struct {
	Officer string `path:"officer" maxLength:"64" doc:"Account of whose till it is."`
	Day     string `path:"day" format:"date"`
	Key     string `header:"Idempotency-Key" maxLength:"255" doc:"The same key and act are done once."`
	Body    struct {
		Document string `json:"document" doc:"Number of the slip of the payment to the budget." example:"GNT-2026/118"`
	}
}

func (s *server) transferTill(ctx context.Context, in *transferInput) (*tillOutput, error) {
	if err := dayOf(in.Day); err != nil {
		return nil, err
	}
	e := keyed(ctx, in.Key)
	t, err := s.Money.TransferTill(ctx, handlers.CallOf(ctx).Actor, in.Officer, in.Day, in.Body.Document, e)
	return &tillOutput{e.Key, t}, err
}

type bookRead struct {
	Series string `path:"series" maxLength:"64" example:"BL26A"`
}

type bookOutput struct {
	Key  string `header:"Idempotency-Key" doc:"The key this act goes by."`
	Body receiptBook
}

type bookShown struct{ Body receiptBook }

// receiptBook is a book with what follows from its uses.
type receiptBook struct {
	money.Book
	Next int   `json:"next" doc:"The next number."`
	Gaps []int `json:"gaps" doc:"Numbers that were passed over and not voided."`
}

func bookOf(b money.Book) receiptBook {
	r := receiptBook{Book: b, Gaps: []int{}}
	if b.Exists() {
		r.Next, r.Gaps = b.Next(), append(r.Gaps, b.Gaps()...)
	}
	return r
}

func (s *server) receiptBook(ctx context.Context, in *bookRead) (*bookShown, error) {
	b, err := s.Money.Book(ctx, handlers.CallOf(ctx).Actor, in.Series)
	return &bookShown{bookOf(b)}, err
}

type issueInput struct {
	Series string `path:"series" maxLength:"64" example:"BL26A"`
	Key    string `header:"Idempotency-Key" maxLength:"255" doc:"The same key and act are done once."`
	Body   struct {
		First  int    `json:"first" minimum:"1" example:"1"`
		Last   int    `json:"last" minimum:"1" example:"50"`
		Holder string `json:"holder" doc:"Account of the officer." example:"fees"`
	}
}

func (s *server) issueBook(ctx context.Context, in *issueInput) (*bookOutput, error) {
	e := keyed(ctx, in.Key)
	b, err := s.Money.IssueBook(ctx, handlers.CallOf(ctx).Actor, money.BookIssued{Series: in.Series, First: in.Body.First, Last: in.Body.Last, Holder: in.Body.Holder}, e)
	return &bookOutput{e.Key, bookOf(b)}, err
}

type handInput struct {
	Series string `path:"series" maxLength:"64" example:"BL26A"`
	Key    string `header:"Idempotency-Key" maxLength:"255" doc:"The same key and act are done once."`
	Body   struct {
		To string `json:"to" doc:"Account of the officer." example:"fees"`
	}
}

func (s *server) handBook(ctx context.Context, in *handInput) (*bookOutput, error) {
	e := keyed(ctx, in.Key)
	b, err := s.Money.HandBook(ctx, handlers.CallOf(ctx).Actor, in.Series, in.Body.To, e)
	return &bookOutput{e.Key, bookOf(b)}, err
}

type voidInput struct {
	Series string `path:"series" maxLength:"64" example:"BL26A"`
	Number int    `path:"number" minimum:"1"`
	Key    string `header:"Idempotency-Key" maxLength:"255" doc:"The same key and act are done once."`
	Body   struct {
		Reason string `json:"reason" enum:"spoiled,misprinted,lost,skipped"`
	}
}

func (s *server) voidNumber(ctx context.Context, in *voidInput) (*bookOutput, error) {
	e := keyed(ctx, in.Key)
	b, err := s.Money.VoidNumber(ctx, handlers.CallOf(ctx).Actor, in.Series, in.Number, in.Body.Reason, e)
	return &bookOutput{e.Key, bookOf(b)}, err
}

type giveBackInput struct {
	Series string `path:"series" maxLength:"64" example:"BL26A"`
	Number int    `path:"number" minimum:"1"`
	Key    string `header:"Idempotency-Key" maxLength:"255" doc:"The same key and act are done once."`
	Body   struct {
		Amount int    `json:"amount" minimum:"1" doc:"Whole or a part, in whole đồng; once." example:"20000"`
		Reason string `json:"reason" enum:"exempt,reduced,wrong_amount,paid_twice,not_provided"`
	}
}

func (s *server) giveBack(ctx context.Context, in *giveBackInput) (*slipOutput, error) {
	e := keyed(ctx, in.Key)
	slip, err := s.Money.GiveBack(ctx, handlers.CallOf(ctx).Actor, in.Series, in.Number, in.Body.Amount, in.Body.Reason, e)
	return &slipOutput{e.Key, slip}, err
}

type refundInput struct {
	Reference uuid.UUID `path:"reference"`
	Key       string    `header:"Idempotency-Key" maxLength:"255" doc:"The same key and act are done once."`
	Body      struct {
		Amount int    `json:"amount" minimum:"1" doc:"In whole đồng." example:"20000"`
		Reason string `json:"reason" enum:"exempt,reduced,wrong_amount,paid_twice,not_provided"`
		Booked bool   `json:"booked,omitempty" doc:"Of what the dossier has; without it, of what is open."`
	}
}

func (s *server) refundOrder(ctx context.Context, in *refundInput) (*orderOutput, error) {
	e := keyed(ctx, in.Key)
	o, err := s.Money.RefundOrder(ctx, handlers.CallOf(ctx).Actor, in.Reference, in.Body.Amount, in.Body.Reason, in.Body.Booked, e)
	return &orderOutput{e.Key, o}, err
}

type cancelInput struct {
	Reference uuid.UUID `path:"reference"`
	Key       string    `header:"Idempotency-Key" maxLength:"255" doc:"The same key and act are done once."`
	Body      struct {
		Reason string `json:"reason" enum:"exempt,reduced,wrong_amount,paid_twice,not_provided"`
	}
}

func (s *server) cancelOrder(ctx context.Context, in *cancelInput) (*orderOutput, error) {
	e := keyed(ctx, in.Key)
	o, err := s.Money.CancelOrder(ctx, handlers.CallOf(ctx).Actor, in.Reference, in.Body.Reason, e)
	return &orderOutput{e.Key, o}, err
}

type moneyDay struct {
	Day string `path:"day" format:"date"`
}

// moneyDifference is a difference under a name of its own in the document: other journals have differences too.
type moneyDifference money.Difference

type moneyReport struct {
	Day         string            `json:"day" format:"date"`
	Counter     int               `json:"counter" doc:"Taken over the counter."`
	Receipted   int               `json:"receipts" doc:"By the receipt books."`
	Online      int               `json:"online"`
	Returned    int               `json:"returned"`
	Open        int               `json:"open" doc:"Online money that is neither put to anything nor given back."`
	Differences []moneyDifference `json:"differences"`
	Unexplained int               `json:"unexplained" doc:"Differences that nobody has explained."`
}

type reportOutput struct{ Body moneyReport }

func (s *server) reconcile(ctx context.Context, in *moneyDay) (*reportOutput, error) {
	if err := dayOf(in.Day); err != nil {
		return nil, err
	}
	r, err := s.Money.Reconcile(ctx, handlers.CallOf(ctx).Actor, in.Day)
	if err != nil {
		return nil, err
	}
	out := &reportOutput{moneyReport{r.Day, r.Counter, r.Receipted, r.Online, r.Returned, r.Open, []moneyDifference{}, r.Unexplained()}}
	for _, d := range r.Differences {
		out.Body.Differences = append(out.Body.Differences, moneyDifference(d))
	}
	return out, nil
}

type settleInput struct {
	Day string `path:"day" format:"date"`
	Key string `header:"Idempotency-Key" maxLength:"255"`
}

type settleOutput struct {
	Body struct {
		Told int `json:"told" doc:"Payments that the provider never told of, taken from its statement."`
	}
}

func (s *server) settleDay(ctx context.Context, in *settleInput) (*settleOutput, error) {
	if err := dayOf(in.Day); err != nil {
		return nil, err
	}
	n, err := s.Money.Settle(ctx, handlers.CallOf(ctx).Actor, in.Day, keyed(ctx, in.Key))
	out := &settleOutput{}
	out.Body.Told = n
	return out, err
}

type explainInput struct {
	Day  string `path:"day" format:"date"`
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"The same key and act are done once."`
	Body struct {
		Key   string `json:"key" doc:"Of the difference, as the day has it." example:"till_difference:fees-2026-11-26"`
		Cause string `json:"cause" example:"counting_error"`
	}
}

// explain answers with the day as it is then.
func (s *server) explain(ctx context.Context, in *explainInput) (*reportOutput, error) {
	if err := dayOf(in.Day); err != nil {
		return nil, err
	}
	if err := s.Money.Explain(ctx, handlers.CallOf(ctx).Actor, in.Day, in.Body.Key, in.Body.Cause, keyed(ctx, in.Key)); err != nil {
		return nil, err
	}
	return s.reconcile(ctx, &moneyDay{in.Day})
}

// dayOf refuses what is no day.
func dayOf(day string) error {
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return &domain.Invalid{Code: "malformed_time", Field: "day", VI: "Ghi ngày theo dạng 2026-11-26.", EN: "Write the day as 2026-11-26."}
	}
	return nil
}

func (s *server) tillRoutes() {
	post(s, "/v1/tills", "open-till", "Begin today's till of whoever acts", s.openTill)
	get(s, "/v1/tills/{officer}/{day}", "get-till", "A till with its movements", s.till)
	post(s, "/v1/tills/payments", "take-payment", "Take a payment that a dossier owes, over the counter, against a receipt", s.takePayment)
	post(s, "/v1/tills/{day}/close", "close-till", "Count one's own till of a day: it takes nothing more", s.closeTill)
	post(s, "/v1/tills/{officer}/{day}/transfer", "transfer-till", "Say that the money of a closed till went to the budget", s.transferTill)
	get(s, "/v1/receipt-books/{series}", "get-receipt-book", "A receipt book with its uses and gaps", s.receiptBook)
	post(s, "/v1/receipt-books/{series}", "issue-receipt-book", "Hand a new receipt book to an officer", s.issueBook)
	post(s, "/v1/receipt-books/{series}/hand", "hand-receipt-book", "Give the rest of a book to another officer", s.handBook)
	post(s, "/v1/receipt-books/{series}/{number}/void", "void-receipt-number", "Say that a number stands for nothing", s.voidNumber)
	post(s, "/v1/receipt-books/{series}/{number}/give-back", "give-back", "Give money back on a receipt, whole or a part, once", s.giveBack)
	post(s, "/v1/payment-orders/{reference}/refund", "refund-payment-order", "Give online money back", s.refundOrder)
	post(s, "/v1/payment-orders/{reference}/cancel", "cancel-payment-order", "Await nothing any more: what comes yet is to be refunded", s.cancelOrder)
	get(s, "/v1/money/days/{day}", "get-money-day", "The reconciliation of a day: tills, receipts and orders beside the provider's statement, each difference with its cause", s.reconcile)
	post(s, "/v1/money/days/{day}/settle", "settle-money-day", "Take from the provider's statement what it never told", s.settleDay)
	post(s, "/v1/money/days/{day}/explain", "explain-difference", "Explain a difference of a day", s.explain)
}

package handlers

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/domain/money"
	"dossier/eventstore"

	"github.com/google/uuid"
)

// PaymentProvider takes money online and gives it back. What it says by itself it signs (PaymentCallback); what it is asked it answers for
// ever: the same order and the same refund are known again by their reference.
type PaymentProvider interface {
	// Order tells it what is awaited and until when, and returns where the payer pays.
	Order(ctx context.Context, o PaymentOrder) (payAt string, err error)
	// Refund gives back so much of an order, once for each number, and returns its own number of that.
	Refund(ctx context.Context, reference string, number, amount int) (transaction string, err error)
	// Statement lists what came and went on a day ("2026-11-26").
	Statement(ctx context.Context, day string) ([]money.Line, error)
	// Key is the secret under which it signs.
	Key() []byte
}

// PaymentOrder is what a provider is told.
type PaymentOrder struct {
	Reference string    `json:"reference"`
	Amount    int       `json:"amount"`
	Until     time.Time `json:"until"`
}

// PaymentCallback is what a provider says by itself: this money has come.
type PaymentCallback struct {
	Transaction string    `json:"transaction"`
	Reference   string    `json:"reference"`
	Amount      int       `json:"amount"`
	PaidAt      time.Time `json:"paid_at"`
}

// SignatureHeader carries the signature of a callback.
const SignatureHeader = "Payment-Signature"

// SignCallback signs a body as of a moment: "t=1764126000,v1=…", HMAC-SHA256 over the seconds, a dot and the body.
func SignCallback(key, body []byte, at time.Time) string {
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(callbackSum(key, body, strconv.FormatInt(at.Unix(), 10))))
}

func callbackSum(key, body []byte, seconds string) []byte {
	sum := hmac.New(sha256.New, key)
	fmt.Fprintf(sum, "%s.%s", seconds, body)
	return sum.Sum(nil)
}

// ErrForged says that a callback does not bear the provider's signature (401). It is counted, and nothing else.
var ErrForged = errors.New("callback is not signed by the provider")

// checkCallback is the inverse of SignCallback. How old it is does not matter: a callback that is told again changes nothing.
func checkCallback(key, body []byte, signature string) error {
	seconds, sum, both := strings.Cut(strings.TrimPrefix(signature, "t="), ",v1=")
	given, err := hex.DecodeString(sum)
	if len(key) == 0 || !both || err != nil || !hmac.Equal(given, callbackSum(key, body, seconds)) {
		return ErrForged
	}
	return nil
}

type forgeries struct{ n atomic.Int64 }

// Forged counts the callbacks that were refused since this process began.
func (m *Money) Forged() int64 { return m.forged.n.Load() }

// Ordered is a payment order as it is shown.
type Ordered struct {
	Reference uuid.UUID `json:"reference"`
	money.Order
	Open  int    `json:"open"`
	Cause string `json:"open_cause,omitempty"`
	PayAt string `json:"pay_at,omitempty"`
}

func ordered(id uuid.UUID, o money.Order) Ordered { return Ordered{id, o, o.Open(), o.Cause(), ""} }

var errNoProvider = &domain.Refusal{Code: "no_payment_provider", VI: "Chưa nối với đơn vị thanh toán nào (PAYMENT_URL, PAYMENT_KEY). Thu tại quầy: dossier till take.",
	EN: "No payment provider is connected (PAYMENT_URL, PAYMENT_KEY). Take it at the counter: dossier till take."}

// OpenOrder opens the order for a payment that a dossier owes. There is one for each payment: asked again, it is the same.
func (m *Money) OpenOrder(ctx context.Context, a domain.Actor, f money.For, e Envelope) (done Ordered, err error) {
	defer func() { err = m.x.Refused(ctx, a, e, "payment-order", f.Dossier, err) }()
	if m.provider == nil {
		return done, errNoProvider
	}
	s, _, err := m.x.AsOf(ctx, f.Dossier, Asked{})
	if err != nil {
		return done, err
	}
	if err := m.x.admitsReading(ctx, a, s); err != nil {
		return done, err
	}
	if s.Sandbox != "" {
		return done, untried("thanh toán trực tuyến; xác nhận bằng confirm-payment", "payments online; confirm them by confirm-payment")
	}
	id := OrderStream(f)
	o, err := folded(ctx, m, id, money.EvolveOrder)
	if err != nil {
		return done, err
	}
	if !o.Exists() {
		if o, err = m.newOrder(ctx, a, s, f, id, e.Key); err != nil {
			return done, err
		}
	}
	payAt, err := m.provider.Order(ctx, PaymentOrder{id.String(), o.Amount, o.Until})
	if err != nil {
		return done, err
	}
	done = ordered(id, o)
	done.PayAt = payAt
	return done, nil
}

func (m *Money) newOrder(ctx context.Context, a domain.Actor, s dossier.State, f money.For, id uuid.UUID, key string) (money.Order, error) {
	var owed dossier.Payment
	for _, p := range s.OwedPayments() {
		if p.Number == f.Payment {
			owed = p
		}
	}
	if owed.Number == 0 {
		return money.Order{}, &domain.Refusal{Code: "no_open_payment", Field: "payment", Basis: "NĐ 118/2025, Điều 24",
			VI: "Không có khoản nào đang chờ nộp mang số này. Xem: dossier fee.", EN: "Nothing is owed under this number. Look: dossier fee."}
	}
	at := a
	at.Unit = s.FiledAt // the money is of the agency that asked for it
	agency, err := m.agency(ctx, at)
	if err != nil {
		return money.Order{}, err
	}
	if err := m.x.journal.ListMoney(ctx, agency.Code, m.today(), OrderKind, id); err != nil {
		return money.Order{}, err
	}
	return m.order(ctx, a, id, key, money.OpenOrder{OrderOpened: money.OrderOpened{Agency: agency.Code, Amount: owed.Amount, Until: owed.Until.UTC(), For: f}})
}

// Order reads a payment order.
func (m *Money) Order(ctx context.Context, a domain.Actor, id uuid.UUID) (Ordered, error) {
	o, err := folded(ctx, m, id, money.EvolveOrder)
	if err == nil && !o.Exists() {
		_, err = money.DecideOrder(o, money.BookOrder{})
	}
	if err != nil {
		return Ordered{}, err
	}
	s, _, err := m.x.AsOf(ctx, o.Dossier, Asked{})
	if err != nil {
		return Ordered{}, err
	}
	if err := m.x.admitsReading(ctx, a, s); errors.Is(err, ErrNotFound) { // of another agency: no such order either
		_, err = money.DecideOrder(money.Order{}, money.BookOrder{})
		return Ordered{}, err
	} else if err != nil {
		return Ordered{}, err
	}
	return ordered(id, o), nil
}

// Callback takes what the provider says by itself. It answers well only when the journal has it; told again it changes nothing and does
// what was left half done.
func (m *Money) Callback(ctx context.Context, body []byte, signature string) error {
	if m.provider == nil {
		return ErrForged
	}
	if err := checkCallback(m.provider.Key(), body, signature); err != nil {
		m.forged.n.Add(1)
		return err
	}
	var c PaymentCallback
	if err := json.Unmarshal(body, &c); err != nil {
		return malformed(err)
	}
	return m.receive(ctx, c)
}

func (m *Money) receive(ctx context.Context, c PaymentCallback) error {
	id, err := uuid.Parse(c.Reference)
	var o money.Order
	if err == nil {
		o, err = folded(ctx, m, id, money.EvolveOrder)
	}
	if err != nil || !o.Exists() {
		if err == nil || id == uuid.Nil {
			_, err = money.DecideOrder(money.Order{}, money.BookOrder{})
		}
		return err
	}
	wish := money.Receive{Transaction: c.Transaction, Amount: c.Amount, PaidAt: c.PaidAt.UTC()}
	if _, err := money.DecideOrder(o, wish); err != nil {
		return err
	}
	for _, day := range []string{dayOf(c.PaidAt), m.today()} {
		if err := m.x.journal.ListMoney(ctx, o.Agency, day, OrderKind, id); err != nil {
			return err
		}
	}
	if o, err = m.order(ctx, clockwork, id, c.Transaction+":"+strconv.Itoa(c.Amount), wish); err != nil {
		return err
	}
	return m.settle(ctx, id, o)
}

// settle does what an order still waits for: the dossier is told, refunds are done. Every step may be repeated.
func (m *Money) settle(ctx context.Context, id uuid.UUID, o money.Order) (err error) {
	if o.Applied > 0 && !o.Booked {
		has, code, err := m.booked(ctx, clockwork, o.Dossier, "order:"+id.String(), dossier.ConfirmPayment{Number: o.Payment, Amount: o.Applied, Method: "online", Receipt: dossier.Code(id.String())})
		if err != nil {
			return err
		}
		var wish any = money.BookOrder{}
		if !has {
			wish = money.ReleaseOrder{Cause: code}
		}
		if o, err = m.order(ctx, clockwork, id, "settle", wish); err != nil {
			return err
		}
	}
	for _, r := range o.Pending() {
		key := fmt.Sprintf("refund:%s:%d", id, r.Number)
		if r.Applied > 0 {
			if _, _, err := m.booked(ctx, clockwork, o.Dossier, key, dossier.RefundPayment{Number: o.Payment, Amount: r.Amount, Reason: dossier.PaymentReason(r.Reason)}); err != nil {
				return err
			}
		}
		if m.provider == nil {
			return errNoProvider
		}
		if err := m.before("provider refund"); err != nil {
			return err
		}
		transaction, err := m.provider.Refund(ctx, id.String(), r.Number, r.Amount)
		if err != nil {
			return providerAway(err)
		}
		if o, err = m.order(ctx, clockwork, id, key, money.FinishRefund{RefundDone: money.RefundDone{Number: r.Number, Transaction: transaction}}); err != nil {
			return err
		}
	}
	return nil
}

// providerAway says that the provider did not do its part. What was decided stands, so the same may be sent again.
func providerAway(err error) error {
	return &Failure{Status: http.StatusServiceUnavailable, Code: "provider_away", Retry: 30, Err: err,
		VI: "Đơn vị trung gian thanh toán chưa làm phần việc của mình. Việc đã ghi nhận; gửi lại đúng yêu cầu này sau, tiền không bị trả hai lần.",
		EN: "The payment provider did not do its part. What was decided is recorded; send the same again later, nothing is paid twice."}
}

// ownOrder is an order of an agency; one of another is not there.
func (m *Money) ownOrder(ctx context.Context, id uuid.UUID, agency string) (money.Order, error) {
	o, err := folded(ctx, m, id, money.EvolveOrder)
	if err == nil && o.Exists() && o.Agency != agency {
		o = money.Order{}
		_, err = money.DecideOrder(o, money.BookOrder{})
	}
	return o, err
}

// RefundOrder gives online money back: what is open, or, where booked says so, what the dossier has.
func (m *Money) RefundOrder(ctx context.Context, a domain.Actor, id uuid.UUID, amount int, reason string, booked bool, e Envelope) (done Ordered, err error) {
	defer func() { err = m.x.Refused(ctx, a, e, "payment-refund", uuid.Nil, err) }()
	agency, err := m.reconciling(ctx, a)
	if err != nil {
		return done, err
	}
	o, err := m.ownOrder(ctx, id, agency)
	if err != nil {
		return done, err
	}
	if booked && o.Exists() && o.Booked {
		if err := m.wanted(ctx, a, o.Dossier, dossier.RefundPayment{Number: o.Payment, Amount: amount, Reason: dossier.PaymentReason(reason)}); err != nil && !o.PaidBack() {
			return done, err
		}
	}
	if o.Exists() { // of one there is not, nothing is left behind
		if err := m.x.journal.ListMoney(ctx, agency, m.today(), OrderKind, id); err != nil {
			return done, err
		}
	}
	if o, err = m.order(ctx, a, id, e.Key, money.RefundOrder{Amount: amount, Reason: reason, Booked: booked}); err != nil {
		return done, err
	}
	if err := m.settle(ctx, id, o); err != nil {
		return done, err
	}
	return m.Order(ctx, a, id)
}

// CancelOrder awaits nothing any more: what comes yet is to be refunded.
func (m *Money) CancelOrder(ctx context.Context, a domain.Actor, id uuid.UUID, reason string, e Envelope) (done Ordered, err error) {
	defer func() { err = m.x.Refused(ctx, a, e, "payment-order-cancel", uuid.Nil, err) }()
	agency, err := m.reconciling(ctx, a)
	if err != nil {
		return done, err
	}
	if _, err := m.ownOrder(ctx, id, agency); err != nil {
		return done, err
	}
	o, err := m.order(ctx, a, id, e.Key, money.CancelOrder{Reason: reason})
	return ordered(id, o), err
}

// reconciling is the agency of somebody who looks after its money.
func (m *Money) reconciling(ctx context.Context, a domain.Actor) (string, error) {
	if err := m.x.authorized(ctx, a, Act{Kind: Reconcile}); err != nil {
		return "", err
	}
	agency, err := m.agency(ctx, a)
	return agency.Code, err
}

// Settle asks the provider for what it never told of a day, and does what orders of the day still wait for.
func (m *Money) Settle(ctx context.Context, a domain.Actor, day string, e Envelope) (told int, err error) {
	defer func() { err = m.x.Refused(ctx, a, e, "money-settle", uuid.Nil, err) }()
	agency, err := m.reconciling(ctx, a)
	if err != nil {
		return 0, err
	}
	books, err := m.books(ctx, agency, day)
	if err != nil {
		return 0, err
	}
	for _, l := range books.Statement {
		id, _ := uuid.Parse(l.Reference)
		o, known := books.Orders[id]
		if l.Refund > 0 || !known || hasTransaction(o, l.Transaction) {
			continue
		}
		if err := m.receive(ctx, PaymentCallback{l.Transaction, l.Reference, l.Amount, l.At}); err != nil {
			return told, err
		}
		told++
	}
	for id := range books.Orders {
		o, err := folded(ctx, m, id, money.EvolveOrder)
		if err == nil {
			err = m.settle(ctx, id, o)
		}
		if err != nil {
			return told, err
		}
	}
	return told, nil
}

func hasTransaction(o money.Order, transaction string) bool {
	for _, r := range o.Receipts {
		if r.Transaction == transaction {
			return true
		}
	}
	return false
}

// Reconcile holds the books of a day side by side with the provider's statement.
func (m *Money) Reconcile(ctx context.Context, a domain.Actor, day string) (money.Report, error) {
	agency, err := m.reconciling(ctx, a)
	if err != nil {
		return money.Report{}, err
	}
	b, err := m.books(ctx, agency, day)
	return money.Reconcile(b), err
}

// Explain says why a difference of a day is what it is. The difference must be there.
func (m *Money) Explain(ctx context.Context, a domain.Actor, day, key, cause string, e Envelope) (err error) {
	defer func() { err = m.x.Refused(ctx, a, e, "money-explain", uuid.Nil, err) }()
	r, err := m.Reconcile(ctx, a, day)
	if err != nil {
		return err
	}
	known := false
	for _, d := range r.Differences {
		known = known || d.Key == key
	}
	if !known {
		return &domain.Invalid{Code: "no_difference", Field: "key", VI: "Ngày này không có chênh lệch mang khóa đó. Xem: dossier money reconcile --day " + day + ".",
			EN: "This day has no difference of that key. Look: dossier money reconcile --day " + day + "."}
	}
	agency, err := m.agency(ctx, a)
	if err != nil {
		return err
	}
	wish := money.Explain{DifferenceExplained: money.DifferenceExplained{Key: key, Cause: cause}}
	_, err = entered(ctx, m, a, eventstore.Stream{Kind: DayKind, ID: DayStream(agency.Code, day)}, e.Key, wish, money.EvolveDay, func(d money.Day) ([]money.Event, error) { return money.DecideDay(d, wish) })
	return err
}

// books reads everything that is held side by side for a day.
func (m *Money) books(ctx context.Context, agency, day string) (b money.Books, err error) {
	b = money.Books{Day: day, Location: Zone(), Now: m.x.o.Now(), Orders: map[uuid.UUID]money.Order{}}
	listed, err := m.x.journal.MoneyOf(ctx, agency, day)
	if err != nil {
		return b, err
	}
	if m.provider != nil {
		if b.Statement, err = m.provider.Statement(ctx, day); err != nil {
			return b, err
		}
		if b.Statement == nil {
			b.Statement = []money.Line{}
		}
	}
	orders := listed[OrderKind]
	for _, l := range b.Statement { // also orders of which nothing was told that day
		if id, err := uuid.Parse(l.Reference); err == nil {
			orders = append(orders, id)
		}
	}
	for _, id := range orders {
		o, err := folded(ctx, m, id, money.EvolveOrder)
		if err != nil {
			return b, err
		}
		if o.Exists() && o.Agency == agency {
			b.Orders[id] = o
		}
	}
	for _, id := range listed[TillKind] {
		t, err := folded(ctx, m, id, money.EvolveTill)
		if err != nil {
			return b, err
		}
		if t.Exists() && t.Day == day {
			b.Tills = append(b.Tills, t)
		}
	}
	for _, id := range listed[BookKind] {
		book, err := folded(ctx, m, id, money.EvolveBook)
		if err != nil {
			return b, err
		}
		if book.Exists() {
			b.Receipts = append(b.Receipts, book)
		}
	}
	d, err := folded(ctx, m, DayStream(agency, day), money.EvolveDay)
	if err != nil {
		return b, err
	}
	b.Explained = d.Explained
	b.Has, err = m.dossiersHave(ctx, b.Tills)
	return b, err
}

// dossiersHave is what the dossiers say of the payments that tills took.
func (m *Money) dossiersHave(ctx context.Context, tills []money.Till) (func(money.For) (paid, returned int), error) {
	type sums struct{ paid, returned int }
	have := map[money.For]sums{}
	for _, t := range tills {
		for _, entry := range t.Entries {
			if _, read := have[entry.For]; read {
				continue
			}
			facts, err := m.x.Facts(ctx, entry.Dossier)
			if err != nil && !errors.Is(err, ErrNotFound) {
				return nil, err
			}
			var s sums
			for _, fact := range facts {
				switch e := fact.Event.(type) {
				case dossier.PaymentConfirmed:
					if e.Number == entry.Payment && e.Method != "online" {
						s.paid += e.Amount
					}
				case dossier.PaymentRefunded:
					if e.Number == entry.Payment {
						s.returned += e.Amount
					}
				}
			}
			have[entry.For] = s
		}
	}
	return func(f money.For) (int, int) { return have[f].paid, have[f].returned }, nil
}

// forgedFailure is what a forger is told: nothing that helps.
var forgedFailure = &Failure{Status: http.StatusUnauthorized, Code: "forged_callback",
	VI: "Chữ ký của thông báo thanh toán không đúng; không ghi nhận gì", EN: "The callback's signature is not the provider's; nothing was recorded"}

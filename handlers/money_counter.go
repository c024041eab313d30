package handlers

import (
	"context"
	"fmt"
	"strings"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/money"
	"dossier/eventstore"

	"github.com/google/uuid"
)

// OpenTill begins the day of whoever asks. Float is the change in the till.
func (m *Money) OpenTill(ctx context.Context, a domain.Actor, float int, e Envelope) (t money.Till, err error) {
	defer func() { err = m.x.Refused(ctx, a, e, "till-open", uuid.Nil, err) }()
	agency, err := m.collecting(ctx, a)
	if err != nil {
		return t, err
	}
	day := m.today()
	wish := money.OpenTill{Agency: agency, Officer: a.Account, Day: day, Float: float}
	if _, err := money.DecideTill(money.Till{}, wish); err != nil {
		return t, err
	}
	if err := m.x.journal.ListMoney(ctx, agency, day, TillKind, TillStream(agency, a.Account, day)); err != nil {
		return t, err
	}
	return m.till(ctx, a, agency, a.Account, day, e.Key, wish)
}

// collecting is the agency of somebody who may take money.
func (m *Money) collecting(ctx context.Context, a domain.Actor) (string, error) {
	if err := m.x.authorized(ctx, a, Act{Kind: Collect}); err != nil {
		return "", err
	}
	agency, err := m.agency(ctx, a)
	return agency.Code, err
}

// IssueBook hands a new receipt book to an officer.
func (m *Money) IssueBook(ctx context.Context, a domain.Actor, w money.BookIssued, e Envelope) (b money.Book, err error) {
	defer func() { err = m.x.Refused(ctx, a, e, "receipt-book-issue", uuid.Nil, err) }()
	if w.Agency, err = m.reconciling(ctx, a); err != nil {
		return b, err
	}
	if _, err := money.DecideBook(money.Book{}, money.IssueBook{BookIssued: w}); err != nil {
		return b, err
	}
	return m.book(ctx, a, w.Agency, w.Series, e.Key, money.IssueBook{BookIssued: w})
}

// HandBook gives the rest of a book to another officer.
func (m *Money) HandBook(ctx context.Context, a domain.Actor, series, to string, e Envelope) (b money.Book, err error) {
	defer func() { err = m.x.Refused(ctx, a, e, "receipt-book-hand", uuid.Nil, err) }()
	agency, err := m.reconciling(ctx, a)
	if err != nil {
		return b, err
	}
	if !dossier.Code(to).Valid() {
		return b, &domain.Invalid{Code: "bad_code", Field: "to", VI: "Ghi tài khoản cán bộ nhận quyển.", EN: "Give the account of the officer who gets it."}
	}
	return m.book(ctx, a, agency, series, e.Key, money.HandBook{To: to})
}

// VoidNumber says that a receipt number stands for nothing.
func (m *Money) VoidNumber(ctx context.Context, a domain.Actor, series string, number int, reason string, e Envelope) (b money.Book, err error) {
	defer func() { err = m.x.Refused(ctx, a, e, "receipt-void", uuid.Nil, err) }()
	agency, err := m.collecting(ctx, a)
	if err != nil {
		return b, err
	}
	return m.book(ctx, a, agency, series, e.Key, money.VoidNumber{NumberVoided: money.NumberVoided{Number: number, Reason: reason}})
}

// Book reads a receipt book of the actor's agency.
func (m *Money) Book(ctx context.Context, a domain.Actor, series string) (money.Book, error) {
	agency, err := m.collecting(ctx, a)
	if err != nil {
		return money.Book{}, err
	}
	b, err := folded(ctx, m, BookStream(agency, series), money.EvolveBook)
	if err == nil && !b.Exists() {
		_, err = money.DecideBook(b, money.HandBook{})
	}
	return b, err
}

// Till reads an officer's till of a day; today's of whoever asks, where nothing is said.
func (m *Money) Till(ctx context.Context, a domain.Actor, officer, day string) (money.Till, error) {
	agency, err := m.collecting(ctx, a)
	if err != nil {
		return money.Till{}, err
	}
	if officer == "" {
		officer = a.Account
	}
	if day == "" {
		day = m.today()
	}
	t, err := folded(ctx, m, TillStream(agency, officer, day), money.EvolveTill)
	if err == nil && !t.Exists() {
		_, err = money.DecideTill(t, money.CloseTill{})
	}
	return t, err
}

// CounterPayment is money on the counter. Number 0 is the next of the book.
type CounterPayment struct {
	money.For
	Amount int
	Method money.Method
	Series string
	Number int
}

// Slip is what a counter act came to.
type Slip struct {
	Receipt string `json:"receipt"`
	Amount  int    `json:"amount"`
	money.For
	Till int `json:"till"` // the cash that ought to be in the till now
}

// Take takes a payment over the counter: first the number, then the till, then the dossier. Sent again after a crash it goes on where it was.
func (m *Money) Take(ctx context.Context, a domain.Actor, p CounterPayment, e Envelope) (slip Slip, err error) {
	defer func() { err = m.x.Refused(ctx, a, e, "till-take", p.Dossier, err) }()
	agency, err := m.collecting(ctx, a)
	if err != nil {
		return slip, err
	}
	if err := m.x.there(ctx, a, p.Dossier); err != nil {
		return slip, err
	}
	day := m.today()
	entry := money.Take{Taken: money.Taken{Receipt: "?", Amount: p.Amount, Method: p.Method, For: p.For}}
	t, err := folded(ctx, m, TillStream(agency, a.Account, day), money.EvolveTill)
	if err != nil {
		return slip, err
	}
	if _, err := money.DecideTill(t, entry); err != nil {
		return slip, err
	}
	b, err := folded(ctx, m, BookStream(agency, p.Series), money.EvolveBook)
	if err != nil {
		return slip, err
	}
	confirm := dossier.ConfirmPayment{Number: p.Payment, Amount: p.Amount, Method: dossier.PaymentMethod(p.Method)}
	if _, _, begun := b.Of(p.For); !begun { // else it goes on, or the book refuses it
		if err := m.wanted(ctx, a, p.Dossier, confirm); err != nil {
			return slip, err
		}
	}
	use := money.UseNumber{NumberUsed: money.NumberUsed{Number: p.Number, Officer: a.Account, Day: day, Amount: p.Amount, Method: p.Method, For: p.For}}
	if b, err = m.book(ctx, a, agency, p.Series, e.Key, use); err != nil {
		return slip, err
	}
	number, used, _ := b.Of(p.For)
	if used.Day != day {
		return slip, &domain.Refusal{Code: "receipt_of_another_day", Field: "number", VI: "Biên lai " + b.Receipt(number) + " đã ghi ngày " + used.Day + " mà quầy ngày đó không có khoản này. Hoàn trên biên lai đó rồi thu lại.",
			EN: "The receipt " + b.Receipt(number) + " is of " + used.Day + " and the till of that day does not have it. Give it back on that receipt, then take it again."}
	}
	entry.Receipt = b.Receipt(number)
	if t, err = m.till(ctx, a, agency, a.Account, day, e.Key, entry); err != nil {
		return slip, err
	}
	confirm.Receipt = dossier.Code(strings.ToLower(entry.Receipt))
	slip = Slip{entry.Receipt, p.Amount, p.For, t.Expected()}
	has, code, err := m.booked(ctx, a, p.Dossier, "receipt:"+entry.Receipt, confirm)
	if err == nil && !has {
		err = &domain.Refusal{Code: code, Field: "payment", Basis: "NĐ 118/2025, Điều 24",
			VI: "Trong lúc thu, khoản này đã được nộp cách khác. Tiền đã vào quầy với biên lai " + entry.Receipt + ": hoàn lại ngay (dossier till give-back).",
			EN: "It was paid in another way meanwhile. The money is in the till under the receipt " + entry.Receipt + ": give it back now (dossier till give-back)."}
	}
	return slip, err
}

// wanted says whether the dossier would take this payment now.
func (m *Money) wanted(ctx context.Context, a domain.Actor, id uuid.UUID, c dossier.Command) error {
	r, err := m.x.Try(ctx, a, id, Envelope{Key: NewKey(), Body: []byte("{}")}, c)
	if err == nil && r.Events == 0 {
		err = &domain.Refusal{Code: "no_open_payment", Field: "payment", Basis: "NĐ 118/2025, Điều 24",
			VI: "Khoản này đã nộp hoặc đã hoàn rồi. Xem: dossier fee.", EN: "This was paid or given back already. Look: dossier fee."}
	}
	return err
}

// GiveBack gives money back over the counter on a receipt, whole or a part, once.
func (m *Money) GiveBack(ctx context.Context, a domain.Actor, series string, number, amount int, reason string, e Envelope) (slip Slip, err error) {
	defer func() { err = m.x.Refused(ctx, a, e, "till-give-back", uuid.Nil, err) }()
	b, err := m.Book(ctx, a, series)
	if err != nil {
		return slip, err
	}
	repay := money.RepayNumber{NumberRepaid: money.NumberRepaid{Number: number, Officer: a.Account, Day: m.today(), Amount: amount, Reason: reason}}
	if _, err := money.DecideBook(b, repay); err != nil {
		return slip, err
	}
	use, receipt := b.Used[number], b.Receipt(number)
	back := money.GiveBack{GivenBack: money.GivenBack{Receipt: receipt, Amount: amount, Reason: reason, For: use.For}}
	t, err := m.Till(ctx, a, "", "")
	if err != nil {
		return slip, err
	}
	if _, err := money.DecideTill(t, back); err != nil {
		return slip, err
	}
	refund := dossier.RefundPayment{Number: use.Payment, Amount: amount, Reason: dossier.PaymentReason(reason)}
	had, err := m.confirmedBy(ctx, use.For, receipt)
	if err != nil {
		return slip, err
	}
	if had && use.Repaid == nil {
		if err := m.wanted(ctx, a, use.Dossier, refund); err != nil {
			return slip, err
		}
	}
	if _, err := m.book(ctx, a, b.Agency, series, e.Key, repay); err != nil {
		return slip, err
	}
	if t, err = m.till(ctx, a, b.Agency, a.Account, m.today(), e.Key, back); err != nil {
		return slip, err
	}
	if had {
		_, _, err = m.booked(ctx, a, use.Dossier, "repay:"+receipt, refund)
	}
	return Slip{receipt, -amount, use.For, t.Expected()}, err
}

// confirmedBy says whether the dossier's payment was confirmed by this receipt.
func (m *Money) confirmedBy(ctx context.Context, f money.For, receipt string) (bool, error) {
	facts, err := m.x.Facts(ctx, f.Dossier)
	for _, fact := range facts {
		if e, is := fact.Event.(dossier.PaymentConfirmed); is && e.Number == f.Payment && string(e.Receipt) == strings.ToLower(receipt) {
			return true, nil
		}
	}
	return false, err
}

// transferWithin is the limit of Decree 118/2025, Article 24.
var transferWithin = calendar.Limit{Value: 8, Unit: calendar.WorkingHours}

// CloseTill counts the till of whoever asks, today's or that of another day that was left open.
func (m *Money) CloseTill(ctx context.Context, a domain.Actor, day string, counted int, e Envelope) (t money.Till, err error) {
	defer func() { err = m.x.Refused(ctx, a, e, "till-close", uuid.Nil, err) }()
	if _, err := m.collecting(ctx, a); err != nil {
		return t, err
	}
	agency, err := m.agency(ctx, a)
	if err != nil {
		return t, err
	}
	if day == "" {
		day = m.today()
	}
	code := agency.Calendar
	if code == "" {
		code = StandardCalendar
	}
	c, err := m.x.calendars.recent(ctx, code)
	if err != nil {
		return t, err
	}
	wish := money.CloseTill{Counted: counted}
	if n := c.Count(agency.Code, m.x.o.Now(), transferWithin, calendar.WholeDays); c.Exists() && n.Known() {
		wish.TransferBy = n.Due.UTC().Truncate(time.Microsecond)
	}
	return m.closing(ctx, a, agency.Code, day, wish, e)
}

func (m *Money) closing(ctx context.Context, a domain.Actor, agency, day string, wish money.CloseTill, e Envelope) (money.Till, error) {
	id := TillStream(agency, a.Account, day)
	return entered(ctx, m, a, eventstore.Stream{Kind: TillKind, ID: id}, e.Key, struct{ Counted int }{wish.Counted}, money.EvolveTill, func(t money.Till) ([]money.Event, error) { return money.DecideTill(t, wish) })
}

// TransferTill says that the money of a till went to the budget.
func (m *Money) TransferTill(ctx context.Context, a domain.Actor, officer, day, document string, e Envelope) (t money.Till, err error) {
	defer func() { err = m.x.Refused(ctx, a, e, "till-transfer", uuid.Nil, err) }()
	agency, err := m.reconciling(ctx, a)
	if err != nil {
		return t, err
	}
	if officer == "" || day == "" {
		return t, &domain.Invalid{Code: "missing", Field: "officer", VI: "Ghi quầy của ai và ngày nào.", EN: "Say whose till and of which day."}
	}
	id, at := TillStream(agency, officer, day), m.x.o.Now()
	return entered(ctx, m, a, eventstore.Stream{Kind: TillKind, ID: id}, e.Key, struct{ Document string }{document}, money.EvolveTill, func(t money.Till) ([]money.Event, error) {
		return money.DecideTill(t, money.TransferTill{Document: document, At: at})
	})
}

// ReceiptText is the receipt of a payment as it is printed, in both languages. Who paid is written by hand: the system does not hold it here.
func ReceiptText(b money.Book, number int) (string, error) {
	u, used := b.Used[number]
	if !used {
		return "", &domain.Refusal{Code: "receipt_not_used", Field: "number", VI: "Số biên lai này chưa thu khoản nào.", EN: "Nothing was taken against this receipt."}
	}
	method := map[money.Method]string{money.Cash: "tiền mặt / cash", money.Transfer: "chuyển khoản / transfer"}[u.Method]
	text := fmt.Sprintf(`BIÊN LAI THU TIỀN PHÍ, LỆ PHÍ / RECEIPT FOR FEES
Số / No.:          %s
Ngày / Date:       %s
Hồ sơ / Dossier:   %s, khoản / payment %d
Số tiền / Amount:  %d đồng
Cách nộp / By:     %s
Người thu / Taken: %s
`, b.Receipt(number), u.Day, u.Dossier, u.Payment, u.Amount, method, u.Officer)
	if u.Repaid != nil {
		text += fmt.Sprintf("Đã hoàn / Given back: %d đồng, %s\n", u.Repaid.Amount, u.Repaid.Day)
	}
	return text, nil
}

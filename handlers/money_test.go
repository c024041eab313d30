package handlers_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/money"
	"dossier/handlers"
	"dossier/handlers/localpay"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

const feeOf = 50_000 // the fee of openProcedure

// purse is a desk that takes money, with a provider on loopback that calls it back.
type purse struct {
	*desk
	*handlers.Money
	bank *localpay.Client
}

func newPurse(t *testing.T) *purse {
	t.Helper()
	p := &purse{desk: newDesk(t)}
	key := []byte("shared with the provider")
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = p.Callback(r.Context(), body, r.Header.Get(handlers.SignatureHeader))
		}
		status := http.StatusNoContent
		if err != nil {
			status, _ = handlers.Problem(err)
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(hook.Close)
	server, err := localpay.Start(localpay.Options{Key: key, Callback: hook.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	p.bank = localpay.NewClient(server.URL(), key)
	p.Money = handlers.NewMoney(p.Executor, p.bank)
	return p
}

// owing is a new dossier that owes its fee.
func (p *purse) owing() money.For {
	p.t.Helper()
	id := p.submitted()
	p.done("fees", id, dossier.RequestPayment{Amount: feeOf, Fees: []dossier.Code{"appraisal-fee"}})
	return money.For{Dossier: id, Payment: 1}
}

// ordered is one with its online order.
func (p *purse) ordered() (money.For, uuid.UUID) {
	p.t.Helper()
	f := p.owing()
	o, err := p.OpenOrder(p.t.Context(), p.as("applicant-1"), f, p.envelope(""))
	if err != nil {
		p.t.Fatal(err)
	}
	return f, o.Reference
}

func (p *purse) pay(reference uuid.UUID, amount int, misbehave string) localpay.Paid {
	p.t.Helper()
	paid, err := p.bank.Pay(p.t.Context(), localpay.Payment{Reference: reference.String(), Amount: amount, Misbehave: misbehave})
	if err != nil {
		p.t.Fatal(err)
	}
	return paid
}

func (p *purse) shows(reference uuid.UUID) handlers.Ordered {
	p.t.Helper()
	o, err := p.Order(p.t.Context(), p.as("fees"), reference)
	if err != nil {
		p.t.Fatal(err)
	}
	return o
}

// confirmed counts how often the dossier was told of its payment, and what went back.
func (p *purse) confirmed(f money.For) (times, returned int) {
	facts, err := p.Facts(context.Background(), f.Dossier)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, fact := range facts {
		switch e := fact.Event.(type) {
		case dossier.PaymentConfirmed:
			times++
		case dossier.PaymentRefunded:
			returned += e.Amount
		}
	}
	return times, returned
}

func (p *purse) book(series string) {
	p.t.Helper()
	if _, err := p.IssueBook(p.t.Context(), p.as("fees"), money.BookIssued{Series: series, First: 1, Last: 9000, Holder: "fees"}, p.envelope("")); err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.OpenTill(p.t.Context(), p.as("fees"), 1_000_000, p.envelope("")); err != nil {
		p.t.Fatal(err)
	}
}

func (p *purse) report() money.Report {
	p.t.Helper()
	r, err := p.Reconcile(context.Background(), p.as("fees"), p.Today())
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

func TestEveryMisbehaviourOfAProviderEndsInTheRightBooks(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	type books struct{ applied, open, confirmed int }
	for _, c := range []struct {
		name string
		pay  func(reference uuid.UUID) (told []int)
		want books
		open string
	}{
		{"once and true", func(r uuid.UUID) []int { return p.pay(r, 0, "").Told }, books{feeOf, 0, 1}, ""},
		{"told twice", func(r uuid.UUID) []int { return p.pay(r, 0, localpay.Twice).Told }, books{feeOf, 0, 1}, ""},
		{"told late", func(r uuid.UUID) []int {
			p.pay(r, 0, localpay.Late)
			paid, err := p.bank.Release(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return paid.Told
		}, books{feeOf, 0, 1}, ""},
		{"too little", func(r uuid.UUID) []int { return p.pay(r, feeOf-1, "").Told }, books{0, feeOf - 1, 0}, "wrong_amount"},
		{"too much", func(r uuid.UUID) []int { return p.pay(r, feeOf+7, "").Told }, books{feeOf, 7, 1}, "wrong_amount"},
		{"too little, then the rest", func(r uuid.UUID) []int { p.pay(r, 20_000, ""); return p.pay(r, 30_000, "").Told }, books{feeOf, 0, 1}, ""},
		{"paid two times", func(r uuid.UUID) []int { p.pay(r, 0, ""); return p.pay(r, 0, "").Told }, books{feeOf, feeOf, 1}, "wrong_amount"},
		{"the second told first", func(r uuid.UUID) []int {
			p.pay(r, 20_000, localpay.Reversed)
			return p.pay(r, 30_000, "").Told
		}, books{feeOf, 0, 1}, ""},
		{"forged", func(r uuid.UUID) []int { p.pay(r, 0, localpay.Forged); return nil }, books{0, 0, 0}, ""},
		{"never told", func(r uuid.UUID) []int { p.pay(r, 0, localpay.Never); return nil }, books{0, 0, 0}, ""},
		{"behind its window", func(r uuid.UUID) []int {
			paid, err := p.bank.Pay(t.Context(), localpay.Payment{Reference: r.String(), At: time.Now().AddDate(0, 0, 40)})
			if err != nil {
				t.Fatal(err)
			}
			return paid.Told
		}, books{0, feeOf, 0}, "paid_late"},
	} {
		f, reference := p.ordered()
		told := c.pay(reference)
		o := p.shows(reference)
		times, _ := p.confirmed(f)
		if got := (books{o.Applied, o.Open, times}); got != c.want || o.Cause != c.open || slices.ContainsFunc(told, func(status int) bool { return status != 204 }) {
			t.Errorf("%s: %+v open for %q, told %v; want %+v for %q", c.name, got, o.Cause, told, c.want, c.open)
		}
	}
	if p.Forged() != 1 {
		t.Errorf("%d forged callbacks counted", p.Forged())
	}
	if n, err := p.Settle(t.Context(), p.as("fees"), p.Today(), p.envelope("")); err != nil || n != 2 { // the forged one and the untold
		t.Errorf("%d taken from the statement, %v", n, err)
	}
	for _, d := range p.report().Differences {
		if d.Cause != "wrong_amount" && d.Cause != "paid_late" {
			t.Errorf("settled, and yet %+v", d)
		}
	}
}

// Who forges, or says what cannot be, changes nothing.
func TestACallbackThatIsNotTheProvidersChangesNothing(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	_, reference := p.ordered()
	before, err := p.journal.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	body := func(c handlers.PaymentCallback) []byte { b, _ := json.Marshal(c); return b }
	good := body(handlers.PaymentCallback{Transaction: "x", Reference: reference.String(), Amount: feeOf, PaidAt: time.Now()})
	signed := func(b []byte) string { return handlers.SignCallback(p.bank.Key(), b, time.Now()) }
	for _, c := range []struct {
		name, signature, code string
		body                  []byte
	}{
		{"no signature", "", "forged_callback", good},
		{"another key", handlers.SignCallback([]byte("x"), good, time.Now()), "forged_callback", good},
		{"another body", signed(good), "forged_callback", body(handlers.PaymentCallback{Transaction: "x", Reference: reference.String(), Amount: feeOf + 1})},
		{"another time", strings.Replace(signed(good), "t=", "t=1", 1), "forged_callback", good},
		{"no JSON", signed([]byte("{")), "malformed_json", []byte("{")},
		{"an order that is not", signed(body(handlers.PaymentCallback{Transaction: "x", Reference: uuid.NewString(), Amount: 1})), "no_order", body(handlers.PaymentCallback{Transaction: "x", Reference: uuid.NewString(), Amount: 1})},
		{"no amount", signed(body(handlers.PaymentCallback{Transaction: "x", Reference: reference.String()})), "out_of_range", body(handlers.PaymentCallback{Transaction: "x", Reference: reference.String()})},
	} {
		if c.code == "no_order" {
			c.signature = signed(c.body)
		}
		if err := p.Callback(t.Context(), c.body, c.signature); refusalCode(err) != c.code {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if after, err := p.journal.Head(t.Context()); err != nil || after != before {
		t.Errorf("%d events were written, %v", after-before, err)
	}
	if p.Forged() != 4 {
		t.Errorf("%d forged callbacks counted", p.Forged())
	}
	if err := p.Callback(t.Context(), good, signed(good)); err != nil {
		t.Error(err)
	}
}

// A process may die before any step of a callback: told again, or settled, the money is where it belongs, once.
func TestACrashBetweenAnyTwoStepsLosesNothingAndDoublesNothing(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	p.book("CR")
	died := errors.New("killed")
	for step := range 3 {
		f, reference := p.ordered()
		n := 0
		p.Before(func(string) error {
			if n++; n-1 == step {
				return died
			}
			return nil
		})
		paid := p.pay(reference, 0, "")
		p.Before(func(string) error { return nil })
		if paid.Told[0] == 204 {
			t.Fatalf("step %d: it was answered well", step)
		}
		if _, err := p.Settle(t.Context(), p.as("fees"), p.Today(), p.envelope("")); err != nil {
			t.Fatal(err)
		}
		o := p.shows(reference)
		if times, _ := p.confirmed(f); o.Applied != feeOf || !o.Booked || o.Open != 0 || times != 1 {
			t.Errorf("step %d: %+v, told %d times", step, o, times)
		}
	}
	for step := range 3 {
		f := p.owing()
		n := 0
		p.Before(func(string) error {
			if n++; n-1 == step {
				return died
			}
			return nil
		})
		take := handlers.CounterPayment{For: f, Amount: feeOf, Method: money.Cash, Series: "CR"}
		if _, err := p.Take(t.Context(), p.as("fees"), take, p.envelope("")); !errors.Is(err, died) {
			t.Fatal(err)
		}
		p.Before(func(string) error { return nil })
		if r := p.report(); step > 0 && !slices.ContainsFunc(r.Differences, func(d money.Difference) bool { return d.Cause == "receipt_unfinished" || d.Cause == "not_booked" }) {
			t.Errorf("step %d: nobody tells of it: %+v", step, r.Differences)
		}
		slip, err := p.Take(t.Context(), p.as("fees"), take, p.envelope(""))
		if times, _ := p.confirmed(f); err != nil || times != 1 || slip.Receipt != fmt.Sprintf("CR-%07d", step+1) {
			t.Errorf("step %d: %+v, told %d times, %v", step, slip, times, err)
		}
	}
	if r := p.report(); r.Counter != 3*feeOf || r.Receipted != r.Counter {
		t.Errorf("%+v", r)
	}
}

func TestWhatIsPaidAtTheCounterAndOnlineGoesBackOnce(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	p.book("TW")
	f, reference := p.ordered()
	if _, err := p.Take(t.Context(), p.as("fees"), handlers.CounterPayment{For: f, Amount: feeOf, Method: money.Cash, Series: "TW"}, p.envelope("")); err != nil {
		t.Fatal(err)
	}
	p.pay(reference, 0, "")
	o := p.shows(reference)
	if times, _ := p.confirmed(f); o.Applied != 0 || o.Open != feeOf || o.Cause != "not_owed" || times != 1 {
		t.Fatalf("%+v, told %d times", o, times)
	}
	for _, want := range []string{"", "nothing_to_refund"} {
		if _, err := p.RefundOrder(t.Context(), p.as("fees"), reference, feeOf, "paid_twice", false, p.envelope("")); refusal(err) != want {
			t.Errorf("refund: %v, want %q", err, want)
		}
	}
	if _, err := p.Take(t.Context(), p.as("fees"), handlers.CounterPayment{For: f, Amount: feeOf + 1, Method: money.Cash, Series: "TW"}, p.envelope("")); refusal(err) != "payment_has_receipt" {
		t.Errorf("taken again: %v", err)
	}
	for _, c := range []struct {
		amount int
		code   string
	}{{feeOf + 1, "more_than_taken"}, {20_000, ""}, {20_000, ""}, {1, "receipt_repaid"}} {
		if _, err := p.GiveBack(t.Context(), p.as("fees"), "TW", 1, c.amount, "reduced", p.envelope("")); refusal(err) != c.code {
			t.Errorf("give back %d: %v", c.amount, err)
		}
	}
	if _, returned := p.confirmed(f); returned != 20_000 {
		t.Errorf("the dossier says %d went back", returned)
	}
	if _, err := p.Take(t.Context(), p.as("reception"), handlers.CounterPayment{For: p.owing(), Amount: feeOf, Method: money.Cash, Series: "TW"}, p.envelope("")); refusal(err) != "till_not_open" {
		t.Errorf("a till that is not open: %v", err)
	}
	for _, account := range []string{"applicant-1", "officer-1", "auditor"} {
		if _, err := p.OpenTill(t.Context(), p.as(account), 0, p.envelope("")); refusalCode(err) != handlers.NotAllowed {
			t.Errorf("%s opened a till: %v", account, err)
		}
	}
}

func refusal(err error) string {
	var r *domain.Refusal
	if errors.As(err, &r) {
		return r.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func TestMoneyGoesToTheBudgetWithinEightWorkingHours(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	if _, err := p.publish("catalogue", "vn", string(calendar.Shipped()["vn"])); err != nil {
		t.Fatal(err)
	}
	p.desk.Executor = handlers.NewExecutor(p.journal, handlers.ExecutorOptions{CommandKey: []byte("test"), Now: func() time.Time { return time.Date(2026, time.May, 14, 9, 0, 0, 0, time.UTC) }}) // 16:00
	p.Money = handlers.NewMoney(p.Executor, nil)
	if _, err := p.OpenTill(t.Context(), p.as("fees"), 0, p.envelope("")); err != nil {
		t.Fatal(err)
	}
	till, err := p.CloseTill(t.Context(), p.as("fees"), "", 0, p.envelope(""))
	if want := time.Date(2026, time.May, 15, 9, 0, 0, 0, time.UTC); err != nil || !till.Closed.TransferBy.Equal(want) {
		t.Errorf("%+v, %v", till.Closed, err)
	}
}

// Random histories of orders, callbacks with every misbehaviour, counter payments and refunds: the books balance, nothing is paid twice, and
// the sums of the receipts are those of the tills.
func TestLawTheBooksBalanceWhateverHappens(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	p.book("LAW")
	online, counter, back := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		f, reference := p.ordered()
		receipt, till := 0, 0
		for range rapid.IntRange(1, 5).Draw(rt, "acts") {
			switch rapid.IntRange(0, 5).Draw(rt, "act") {
			case 0, 1, 2:
				amount := rapid.SampledFrom([]int{feeOf, feeOf, 20_000, 30_000, feeOf + 5}).Draw(rt, "amount")
				p.pay(reference, amount, rapid.SampledFrom([]string{"", localpay.Twice, localpay.Late, localpay.Forged, localpay.Reversed, localpay.Never}).Draw(rt, "misbehave"))
				online += amount
			case 3:
				slip, err := p.Take(context.Background(), p.as("fees"), handlers.CounterPayment{For: f, Amount: feeOf, Method: rapid.SampledFrom([]money.Method{money.Cash, money.Transfer}).Draw(rt, "method"), Series: "LAW"}, p.envelope(""))
				if err == nil && receipt == 0 {
					counter += feeOf
					_, _ = fmt.Sscanf(slip.Receipt, "LAW-%d", &receipt)
				}
			case 4:
				amount := rapid.SampledFrom([]int{1000, feeOf}).Draw(rt, "back")
				if _, err := p.GiveBack(context.Background(), p.as("fees"), "LAW", max(receipt, 1_000), amount, "reduced", p.envelope("")); err == nil && receipt > 0 && till == 0 {
					till, back = amount, back+amount
				}
			case 5:
				booked := rapid.Bool().Draw(rt, "booked")
				amount := rapid.SampledFrom([]int{5, 20_000, feeOf}).Draw(rt, "refund")
				if _, err := p.RefundOrder(context.Background(), p.as("fees"), reference, amount, "wrong_amount", booked, p.envelope("")); err == nil {
					back += amount
				}
			}
		}
		if _, err := p.bank.Release(context.Background()); err != nil {
			rt.Fatal(err)
		}
		if _, err := p.Settle(context.Background(), p.as("fees"), p.Today(), p.envelope("")); err != nil {
			rt.Fatal(err)
		}
		if times, returned := p.confirmed(f); times > 1 || returned > feeOf {
			rt.Fatalf("the dossier was told %d times, %d went back", times, returned)
		}
		o := p.shows(reference)
		if o.Received() != o.Applied+o.Open+o.Returned() || o.Open < 0 {
			rt.Fatalf("%+v", o)
		}
		r := p.report()
		if r.Online != online || r.Counter != counter || r.Receipted != r.Counter || r.Returned != back {
			rt.Fatalf("%+v; %d came online, %d over the counter, %d went back", r, online, counter, back)
		}
		for _, d := range r.Differences {
			switch d.Cause {
			case "wrong_amount", "not_owed", "till_open":
			default:
				rt.Fatalf("settled, and yet %+v", d)
			}
		}
	})
}

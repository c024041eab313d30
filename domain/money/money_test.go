package money_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/money"
	"dossier/internal/goldentest"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

var (
	of   = money.For{Dossier: uuid.MustParse("0b5f2c1e-93d4-5e7a-8a41-7c6d5e4f3a2b"), Payment: 1}
	noon = time.Date(2026, time.November, 26, 5, 0, 0, 0, time.UTC)
)

// stored is one event of each kind, as it went into a journal once. The files and their sums are never changed: what was stored is read
// for ever.
var stored = map[string]money.Event{
	"till.opened.v1":                    money.TillOpened{Agency: "mae", Officer: "fees", Day: "2026-11-26", Float: 200000},
	"till.taken.v1":                     money.Taken{Receipt: "BL26A-0000001", Amount: 50000, Method: money.Cash, For: of},
	"till.given-back.v1":                money.GivenBack{Receipt: "BL26A-0000001", Amount: 20000, Reason: "reduced", For: of},
	"till.closed.v1":                    money.TillClosed{Cash: 50000, Transfers: 10000, Back: 20000, Expected: 230000, Counted: 229000, Difference: -1000, TransferBy: noon},
	"till.transferred.v1":               money.TillTransferred{Amount: 40000, Document: "GNT-2026/118", Late: true},
	"receipt-book.issued.v1":            money.BookIssued{Agency: "mae", Series: "BL26A", First: 1, Last: 50, Holder: "fees"},
	"receipt-book.handed.v1":            money.BookHanded{To: "reception"},
	"receipt-book.number-used.v1":       money.NumberUsed{Number: 1, Officer: "fees", Day: "2026-11-26", Amount: 50000, Method: money.Cash, For: of},
	"receipt-book.number-repaid.v1":     money.NumberRepaid{Number: 1, Officer: "fees", Day: "2026-11-26", Amount: 20000, Reason: "reduced"},
	"receipt-book.number-voided.v1":     money.NumberVoided{Number: 2, Reason: "spoiled"},
	"payment-order.opened.v1":           money.OrderOpened{Agency: "mae", Amount: 50000, Until: noon, For: of},
	"payment-order.received.v1":         money.OrderReceived{Transaction: "lp-1", Amount: 50000, PaidAt: noon, Late: true},
	"payment-order.applied.v1":          money.OrderApplied{Amount: 50000},
	"payment-order.booked.v1":           money.OrderBooked{},
	"payment-order.released.v1":         money.OrderReleased{Amount: 50000, Cause: "paid_twice"},
	"payment-order.cancelled.v1":        money.OrderCancelled{Reason: "exempt"},
	"payment-order.refund-ordered.v1":   money.RefundOrdered{Number: 1, Amount: 20000, Applied: 20000, Reason: "reduced"},
	"payment-order.refund-done.v1":      money.RefundDone{Number: 1, Transaction: "lp-2"},
	"money-day.difference-explained.v1": money.DifferenceExplained{Key: "till_open:fees-2026-11-26", Cause: "other_day"},
}

func TestStoredEventsAreReadForEver(t *testing.T) {
	goldentest.Events(t, stored, money.TypeNames(), money.Encode, money.Decode, func(name string, event, read money.Event) {
		if !reflect.DeepEqual(read, event) {
			t.Errorf("%s reads %+v", name, read)
		}
	})
}

// after folds a wish that must be granted.
func after[S any](t interface {
	Helper()
	Fatalf(string, ...any)
}, s S, version *int64, wish any, decide func(S, any) ([]money.Event, error), evolve func(S, money.Fact) S) S {
	t.Helper()
	events, err := decide(s, wish)
	if err != nil {
		t.Fatalf("%T: %v", wish, err)
	}
	for _, e := range events {
		*version++
		s = evolve(s, money.Fact{Version: *version, At: noon, Event: e})
	}
	return s
}

func code(err error) string {
	var r *domain.Refusal
	var i *domain.Invalid
	switch {
	case errors.As(err, &r) && r.VI != "" && r.EN != "":
		return r.Code
	case errors.As(err, &i) && i.VI != "" && i.EN != "":
		return i.Code
	case err != nil:
		return err.Error()
	}
	return ""
}

func TestATillCountsStatesItsDifferenceAndTakesNothingMore(t *testing.T) {
	var v int64
	till := func(s money.Till, wish any) money.Till {
		t.Helper()
		return after(t, s, &v, wish, money.DecideTill, money.EvolveTill)
	}
	take := func(receipt string, amount int, method money.Method) money.Take {
		return money.Take{Taken: money.Taken{Receipt: receipt, Amount: amount, Method: method, For: of}}
	}
	s := till(money.Till{}, money.OpenTill{Agency: "mae", Officer: "fees", Day: "2026-11-26", Float: 100})
	s = till(till(s, take("A-1", 50, money.Cash)), take("A-2", 70, money.Transfer))
	s = till(s, money.GiveBack{GivenBack: money.GivenBack{Receipt: "A-1", Amount: 20, Reason: "reduced", For: of}})
	for _, c := range []struct {
		name string
		wish any
		code string
	}{
		{"the same receipt again is the same payment", take("A-1", 50, money.Cash), ""},
		{"a receipt is used once", take("A-1", 60, money.Cash), "receipt_used"},
		{"nothing is no amount", take("A-3", 0, money.Cash), "out_of_range"},
		{"a cheque is no method", take("A-3", 5, "cheque"), "not_in_list"},
		{"no more goes back than is there", money.GiveBack{GivenBack: money.GivenBack{Receipt: "A-2", Amount: 131, Reason: "reduced"}}, "till_short"},
		{"money does not go to the budget before the till is closed", money.TransferTill{Document: "X-1"}, "till_not_closed"},
		{"a till is opened once", money.OpenTill{Agency: "mae", Officer: "fees", Day: "2026-11-26", Float: 7}, "till_opened"},
	} {
		if events, err := money.DecideTill(s, c.wish); code(err) != c.code || len(events) > 0 {
			t.Errorf("%s: %v, %v", c.name, events, err)
		}
	}
	s = till(s, money.CloseTill{Counted: 120, TransferBy: noon})
	if want := (money.TillClosed{Cash: 50, Transfers: 70, Back: 20, Expected: 130, Counted: 120, Difference: -10, TransferBy: noon}); *s.Closed != want {
		t.Errorf("closed with %+v", *s.Closed)
	}
	for _, wish := range []any{take("A-3", 5, money.Cash), money.GiveBack{GivenBack: money.GivenBack{Receipt: "A-2", Amount: 1, Reason: "reduced"}}, money.CloseTill{Counted: 130}} {
		if _, err := money.DecideTill(s, wish); code(err) != "till_closed" {
			t.Errorf("%T of a closed till: %v", wish, err)
		}
	}
	s = till(s, money.TransferTill{Document: "GNT-1", At: noon.Add(time.Second)})
	if want := (money.TillTransferred{Amount: 100, Document: "GNT-1", Late: true}); *s.Transferred != want {
		t.Errorf("transferred %+v", *s.Transferred)
	}
	if _, err := money.DecideTill(s, money.TransferTill{Document: "GNT-2", At: noon}); code(err) != "till_transferred" {
		t.Errorf("transferred twice: %v", err)
	}
}

func TestLawANumberOfAReceiptBookIsUsedAtMostOnceAndGapsAreTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var v int64
		b := after(t, money.Book{}, &v, money.IssueBook{BookIssued: money.BookIssued{Agency: "mae", Series: "A", First: 3, Last: 12, Holder: "fees"}}, money.DecideBook, money.EvolveBook)
		used, void := map[int]int{}, map[int]bool{}
		for range rapid.IntRange(0, 30).Draw(t, "wishes") {
			n := rapid.IntRange(0, 14).Draw(t, "number")
			var wish any
			if rapid.Bool().Draw(t, "use") {
				wish = money.UseNumber{NumberUsed: money.NumberUsed{Number: n, Officer: rapid.SampledFrom([]string{"fees", "fees", "other"}).Draw(t, "officer"), Day: "2026-11-26", Amount: 5, Method: money.Cash,
					For: money.For{Dossier: of.Dossier, Payment: rapid.IntRange(1, 9).Draw(t, "payment")}}}
			} else {
				wish = money.VoidNumber{NumberVoided: money.NumberVoided{Number: n, Reason: "spoiled"}}
			}
			events, err := money.DecideBook(b, wish)
			if err != nil && code(err) == err.Error() {
				t.Fatal(err)
			}
			for _, e := range events {
				switch e := e.(type) {
				case money.NumberUsed:
					if used[e.Number]++; e.Officer != "fees" {
						t.Fatalf("used by %s", e.Officer)
					}
				case money.NumberVoided:
					void[e.Number] = true
				}
				v++
				b = money.EvolveBook(b, money.Fact{Version: v, Event: e})
			}
			if again, err := money.DecideBook(b, wish); len(events) > 0 && (err != nil || len(again) > 0) {
				t.Fatalf("%+v again: %v, %v", wish, again, err)
			}
		}
		highest, gaps := 2, []int{}
		for n := 3; n <= 12; n++ {
			if used[n] > 0 || void[n] {
				highest = n
			}
			if used[n] > 1 || used[n] > 0 && void[n] {
				t.Fatalf("%d was used %d times, voided %t", n, used[n], void[n])
			}
		}
		for n := 3; n < highest; n++ {
			if used[n] == 0 && !void[n] {
				gaps = append(gaps, n)
			}
		}
		if !slices.Equal(b.Gaps(), gaps) {
			t.Fatalf("gaps %v, want %v", b.Gaps(), gaps)
		}
	})
}

// Whatever comes in whatever order: received = put to what is owed + open + given back, it is put to it once, and a repeat changes nothing.
func TestLawTheBooksOfAnOrderBalance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var v int64
		o := after(t, money.Order{}, &v, money.OpenOrder{OrderOpened: money.OrderOpened{Agency: "mae", Amount: 100, Until: noon, For: of}}, money.DecideOrder, money.EvolveOrder)
		came, applied := map[string]int{}, 0
		for range rapid.IntRange(0, 25).Draw(t, "wishes") {
			var wish any
			switch rapid.IntRange(0, 6).Draw(t, "wish") {
			case 0, 1, 2:
				wish = money.Receive{Transaction: rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "transaction"), Amount: rapid.SampledFrom([]int{1, 40, 60, 100, 150}).Draw(t, "amount"),
					PaidAt: noon.Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, "late")) * time.Hour)}
			case 3:
				wish = money.BookOrder{}
			case 4:
				wish = money.ReleaseOrder{Cause: "paid_twice"}
			case 5:
				wish = money.RefundOrder{Amount: rapid.IntRange(1, 160).Draw(t, "refund"), Reason: "wrong_amount", Booked: rapid.Bool().Draw(t, "booked")}
			case 6:
				if rapid.IntRange(0, 4).Draw(t, "cancel") > 0 {
					continue
				}
				wish = money.CancelOrder{Reason: "exempt"}
			}
			events, err := money.DecideOrder(o, wish)
			if err != nil && code(err) == err.Error() {
				t.Fatal(err)
			}
			for _, e := range events {
				switch e := e.(type) {
				case money.OrderReceived:
					if _, before := came[e.Transaction]; before {
						t.Fatalf("%s came twice", e.Transaction)
					}
					came[e.Transaction] = e.Amount
				case money.OrderApplied:
					if applied++; e.Amount != 100 {
						t.Fatalf("%d put to 100", e.Amount)
					}
				}
				v++
				o = money.EvolveOrder(o, money.Fact{Version: v, At: noon, Event: e})
			}
			sum := 0
			for _, amount := range came {
				sum += amount
			}
			if o.Received() != sum || o.Open() < 0 || o.Applied < 0 || applied > 1 || sum != o.Applied+o.Open()+o.Returned() || (o.Open() > 0) != (o.Cause() != "") {
				t.Fatalf("%d came; %d put, %d open for %q, %d given back; put %d times", sum, o.Applied, o.Open(), o.Cause(), o.Returned(), applied)
			}
			if _, refunds := wish.(money.RefundOrder); !refunds {
				if again, err := money.DecideOrder(o, wish); err == nil && len(again) > 0 {
					t.Fatalf("%+v again: %+v", wish, again)
				}
			}
		}
	})
}

func TestADayListsEachDifferenceWithItsCause(t *testing.T) {
	order := func(facts ...money.Event) (o money.Order) {
		for i, e := range append([]money.Event{money.OrderOpened{Agency: "mae", Amount: 100, Until: noon, For: of}}, facts...) {
			o = money.EvolveOrder(o, money.Fact{Version: int64(i + 1), At: noon, Event: e})
		}
		return o
	}
	id := uuid.MustParse("11111111-1111-5111-8111-111111111111")
	in := money.OrderReceived{Transaction: "x", Amount: 100, PaidAt: noon}
	line := func(transaction string, amount int) money.Line {
		return money.Line{Transaction: transaction, Reference: id.String(), Amount: amount, At: noon}
	}
	whole := order(in, money.OrderApplied{Amount: 100}, money.OrderBooked{})
	for _, c := range []struct {
		name  string
		books money.Books
		want  []string
	}{
		{"all is well", money.Books{Orders: map[uuid.UUID]money.Order{id: whole}, Statement: []money.Line{line("x", 100)}}, nil},
		{"the callback never came", money.Books{Orders: map[uuid.UUID]money.Order{id: order()}, Statement: []money.Line{line("x", 100)}}, []string{"callback_missing:x"}},
		{"the statement has another amount", money.Books{Orders: map[uuid.UUID]money.Order{id: whole}, Statement: []money.Line{line("x", 90)}}, []string{"amount_differs:x"}},
		{"the statement has nothing", money.Books{Orders: map[uuid.UUID]money.Order{id: whole}, Statement: []money.Line{}}, []string{"not_on_statement:x"}},
		{"nobody knows the order", money.Books{Statement: []money.Line{line("x", 90)}}, []string{"unknown_reference:x"}},
		{"it came late", money.Books{Orders: map[uuid.UUID]money.Order{id: order(money.OrderReceived{Transaction: "x", Amount: 100, PaidAt: noon, Late: true})}}, []string{"paid_late:" + id.String()}},
		{"it was paid twice", money.Books{Orders: map[uuid.UUID]money.Order{id: order(in, money.OrderApplied{Amount: 100}, money.OrderReleased{Amount: 100, Cause: "paid_twice"})}}, []string{"not_owed:" + id.String()}},
		{"the dossier was not told", money.Books{Orders: map[uuid.UUID]money.Order{id: order(in, money.OrderApplied{Amount: 100})}}, []string{"not_booked:" + id.String()}},
		{"a refund hangs", money.Books{Orders: map[uuid.UUID]money.Order{id: order(in, money.RefundOrdered{Number: 1, Amount: 100, Reason: "exempt"})}}, []string{"refund_pending:" + id.String() + "-1"}},
		{"a receipt has no till", money.Books{Receipts: []money.Book{{Version: 2, Series: "A", First: 1, Last: 9, Used: map[int]money.Use{2: {NumberUsed: money.NumberUsed{Number: 2, Officer: "fees", Day: "2026-11-26", Amount: 5}}}}}},
			[]string{"receipt_unfinished:A-0000002", "receipt_gap:A-0000001"}},
		{"a till is open and its dossier has nothing", money.Books{Tills: []money.Till{{Version: 2, Officer: "fees", Day: "2026-11-26", Entries: []money.Entry{{Receipt: "A-1", Amount: 5, Method: money.Cash}}}}},
			[]string{"not_booked:A-1", "till_open:fees-2026-11-26"}},
		{"a till does not count and its money stays", money.Books{Tills: []money.Till{{Version: 2, Officer: "fees", Day: "2026-11-26", Entries: []money.Entry{}, Closed: &money.TillClosed{Expected: 5, Counted: 6, Difference: 1}}}},
			[]string{"till_difference:fees-2026-11-26"}},
	} {
		c.books.Day, c.books.Location, c.books.Now, c.books.Has = "2026-11-26", time.UTC, noon, func(money.For) (int, int) { return 0, 0 }
		r := money.Reconcile(c.books)
		var got []string
		for _, d := range r.Differences {
			got = append(got, d.Key)
			if d.VI == "" || d.EN == "" || d.VI == d.EN {
				t.Errorf("%s has no words", d.Cause)
			}
		}
		if !slices.Equal(got, c.want) || r.Unexplained() != len(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

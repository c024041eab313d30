package money_test

import (
	"slices"
	"testing"
	"time"

	"dossier/domain/money"

	"github.com/google/uuid"
)

// told is what a wish leads to: the number of its facts, or the code of its refusal.
type told struct {
	events int
	code   string
}

func tell(events []money.Event, err error) told { return told{len(events), code(err)} }

func bookOf(events ...money.Event) (b money.Book) {
	for i, e := range append([]money.Event{money.BookIssued{Agency: "mae", Series: "A", First: 3, Last: 5, Holder: "fees"}}, events...) {
		b = money.EvolveBook(b, money.Fact{Version: int64(i + 1), At: noon, Event: e})
	}
	return b
}

func paymentNumber(n int) money.For { return money.For{Dossier: of.Dossier, Payment: n} }

func given(number, amount int, f money.For) money.NumberUsed {
	return money.NumberUsed{Number: number, Officer: "fees", Day: "2026-11-26", Amount: amount, Method: money.Cash, For: f}
}

func TestAReceiptBookHasOneToTenThousandNumbersOfSevenDigitsAndIsIssuedOnce(t *testing.T) {
	issue := func(first, last int, holder string) money.IssueBook {
		return money.IssueBook{BookIssued: money.BookIssued{Agency: "mae", Series: "A", First: first, Last: last, Holder: holder}}
	}
	for _, c := range []struct {
		name string
		book money.Book
		wish money.IssueBook
		want told
	}{
		{"from zero", money.Book{}, issue(0, 5, "fees"), told{0, "out_of_range"}},
		{"one number, the first", money.Book{}, issue(1, 1, "fees"), told{1, ""}},
		{"the last below the first", money.Book{}, issue(5, 4, "fees"), told{0, "out_of_range"}},
		{"ten thousand numbers", money.Book{}, issue(1, money.MostNumbers, "fees"), told{1, ""}},
		{"one more", money.Book{}, issue(1, money.MostNumbers+1, "fees"), told{0, "out_of_range"}},
		{"ten thousand numbers from five on", money.Book{}, issue(5, money.MostNumbers+4, "fees"), told{1, ""}},
		{"the last number of seven digits", money.Book{}, issue(9_999_990, 9_999_999, "fees"), told{1, ""}},
		{"eight digits", money.Book{}, issue(9_999_990, 10_000_000, "fees"), told{0, "out_of_range"}},
		{"in nobody's hand", money.Book{}, issue(1, 5, ""), told{0, "missing"}},
		{"the same again", bookOf(), issue(3, 5, "fees"), told{0, ""}},
		{"again from another number", bookOf(), issue(2, 5, "fees"), told{0, "book_issued"}},
		{"again to another number", bookOf(), issue(3, 6, "fees"), told{0, "book_issued"}},
		{"again to another officer", bookOf(), issue(3, 5, "reception"), told{0, "book_issued"}},
	} {
		if got := tell(money.DecideBook(c.book, c.wish)); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestANumberStandsForOnePaymentUntilItIsGivenBackWhole(t *testing.T) {
	first := given(3, 50, of)
	repaid := func(amount int) money.NumberRepaid {
		return money.NumberRepaid{Number: 3, Officer: "fees", Day: "2026-11-26", Amount: amount, Reason: "reduced"}
	}
	full := bookOf(first, money.NumberVoided{Number: 5, Reason: "spoiled"})
	for _, c := range []struct {
		name string
		book money.Book
		wish any
		want told
	}{
		{"handed to its holder", bookOf(), money.HandBook{To: "fees"}, told{0, ""}},
		{"handed to nobody", bookOf(), money.HandBook{}, told{0, ""}},
		{"handed on", bookOf(), money.HandBook{To: "reception"}, told{1, ""}},
		{"used below its numbers", bookOf(), money.UseNumber{NumberUsed: given(2, 50, of)}, told{0, "not_of_book"}},
		{"used at its first", bookOf(), money.UseNumber{NumberUsed: given(3, 50, of)}, told{1, ""}},
		{"used at its last", bookOf(), money.UseNumber{NumberUsed: given(5, 50, of)}, told{1, ""}},
		{"used above its numbers", bookOf(), money.UseNumber{NumberUsed: given(6, 50, of)}, told{0, "not_of_book"}},
		{"the payment again, without a number", bookOf(first), money.UseNumber{NumberUsed: given(0, 50, of)}, told{0, ""}},
		{"the payment again, with its number", bookOf(first), money.UseNumber{NumberUsed: given(3, 50, of)}, told{0, ""}},
		{"the payment again with another number", bookOf(first), money.UseNumber{NumberUsed: given(4, 50, of)}, told{0, "payment_has_receipt"}},
		{"the payment again with another amount", bookOf(first), money.UseNumber{NumberUsed: given(3, 51, of)}, told{0, "payment_has_receipt"}},
		{"a full book", full, money.UseNumber{NumberUsed: given(0, 50, paymentNumber(2))}, told{0, "book_full"}},
		{"a full book still has the number that was passed over", full, money.UseNumber{NumberUsed: given(4, 50, paymentNumber(2))}, told{1, ""}},
		{"given back in part it still stands", bookOf(first, repaid(49)), money.UseNumber{NumberUsed: given(4, 50, of)}, told{0, "payment_has_receipt"}},
		{"given back whole the payment needs another", bookOf(first, repaid(50)), money.UseNumber{NumberUsed: given(0, 50, of)}, told{1, ""}},
		{"more given back than was taken", bookOf(first), money.RepayNumber{NumberRepaid: repaid(51)}, told{0, "more_than_taken"}},
		{"all given back", bookOf(first), money.RepayNumber{NumberRepaid: repaid(50)}, told{1, ""}},
		{"given back again", bookOf(first, repaid(20)), money.RepayNumber{NumberRepaid: repaid(20)}, told{0, ""}},
		{"given back twice", bookOf(first, repaid(20)), money.RepayNumber{NumberRepaid: repaid(30)}, told{0, "receipt_repaid"}},
		{"given back on an unused number", bookOf(), money.RepayNumber{NumberRepaid: repaid(20)}, told{0, "receipt_not_used"}},
		{"voided below its numbers", bookOf(), money.VoidNumber{NumberVoided: money.NumberVoided{Number: 2, Reason: "lost"}}, told{0, "not_of_book"}},
		{"its first is voided", bookOf(), money.VoidNumber{NumberVoided: money.NumberVoided{Number: 3, Reason: "lost"}}, told{1, ""}},
		{"its last is voided", bookOf(), money.VoidNumber{NumberVoided: money.NumberVoided{Number: 5, Reason: "lost"}}, told{1, ""}},
		{"voided above its numbers", bookOf(), money.VoidNumber{NumberVoided: money.NumberVoided{Number: 6, Reason: "lost"}}, told{0, "not_of_book"}},
		{"a book that was never issued", money.Book{}, money.HandBook{To: "fees"}, told{0, "no_receipt_book"}},
	} {
		if got := tell(money.DecideBook(c.book, c.wish)); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	if b := bookOf(); b.Next() != 3 || b.Receipt(b.Next()) != "A-0000003" {
		t.Errorf("the first number of a new book: %d", b.Next())
	}
	if b := bookOf(given(4, 50, of)); b.Next() != 5 || !slices.Equal(b.Gaps(), []int{3}) {
		t.Errorf("behind 4 comes %d, gaps %v", b.Next(), b.Gaps())
	}
}

func tillOf(float int, events ...money.Event) (s money.Till) {
	for i, e := range append([]money.Event{money.TillOpened{Agency: "mae", Officer: "fees", Day: "2026-11-26", Float: float}}, events...) {
		s = money.EvolveTill(s, money.Fact{Version: int64(i + 1), At: noon, Event: e})
	}
	return s
}

func TestATillHoldsToItsLimits(t *testing.T) {
	took := money.Taken{Receipt: "A-1", Amount: 50, Method: money.Cash, For: of}
	closed := func(by time.Time) money.TillClosed {
		return money.TillClosed{Cash: 50, Expected: 50, Counted: 50, TransferBy: by}
	}
	open := func(float int) money.OpenTill {
		return money.OpenTill{Agency: "mae", Officer: "fees", Day: "2026-11-26", Float: float}
	}
	take := func(receipt string, amount int, f money.For) money.Take {
		return money.Take{Taken: money.Taken{Receipt: receipt, Amount: amount, Method: money.Cash, For: f}}
	}
	back := func(receipt string, amount int) money.GiveBack {
		return money.GiveBack{GivenBack: money.GivenBack{Receipt: receipt, Amount: amount, Reason: "reduced"}}
	}
	for _, c := range []struct {
		name string
		till money.Till
		wish any
		want told
	}{
		{"opened without change", money.Till{}, open(0), told{1, ""}},
		{"opened with less than nothing", money.Till{}, open(-1), told{0, "out_of_range"}},
		{"opened with the most", money.Till{}, open(money.Most), told{1, ""}},
		{"opened with more", money.Till{}, open(money.Most + 1), told{0, "out_of_range"}},
		{"opened again as it was", tillOf(7), open(7), told{0, ""}},
		{"opened again when it is closed", tillOf(7, money.TillClosed{}), open(7), told{0, "till_opened"}},
		{"nothing is taken before it is opened", money.Till{}, take("A-1", 5, of), told{0, "till_not_open"}},
		{"the smallest amount", tillOf(0), take("A-1", 1, of), told{1, ""}},
		{"the largest amount", tillOf(0), take("A-1", money.Most, of), told{1, ""}},
		{"more than the largest amount", tillOf(0), take("A-1", money.Most+1, of), told{0, "out_of_range"}},
		{"a receipt for another payment", tillOf(0, took), take("A-1", 50, paymentNumber(2)), told{0, "receipt_used"}},
		{"money goes back on the receipt on which it came", tillOf(0, took), back("A-1", 50), told{1, ""}},
		{"nothing goes back", tillOf(0, took), back("A-1", 0), told{0, "out_of_range"}},
		{"money goes back for no reason", tillOf(0, took), money.GiveBack{GivenBack: money.GivenBack{Receipt: "A-1", Amount: 20, Reason: "mood"}}, told{0, "not_in_list"}},
		{"more than is there", tillOf(0, took), back("A-1", 51), told{0, "till_short"}},
		{"given back again", tillOf(0, took, money.GivenBack{Receipt: "A-1", Amount: 20, Reason: "reduced"}), back("A-1", 20), told{0, ""}},
		{"given back on another receipt", tillOf(0, took, money.GivenBack{Receipt: "A-1", Amount: 20, Reason: "reduced"}), back("A-2", 20), told{1, ""}},
		{"counted as nothing", tillOf(0), money.CloseTill{Counted: 0}, told{1, ""}},
		{"counted as less than nothing", tillOf(0), money.CloseTill{Counted: -1}, told{0, "out_of_range"}},
		{"counted as the most", tillOf(0), money.CloseTill{Counted: money.Most}, told{1, ""}},
		{"counted as more", tillOf(0), money.CloseTill{Counted: money.Most + 1}, told{0, "out_of_range"}},
		{"closed again with the same count", tillOf(0, took, closed(noon)), money.CloseTill{Counted: 50}, told{0, ""}},
		{"a slip without a number", tillOf(0, took, closed(noon)), money.TransferTill{}, told{0, "bad_document"}},
		{"the smallest sum goes to the budget", tillOf(0, money.Taken{Receipt: "A-1", Amount: 1, Method: money.Cash}, money.TillClosed{}), money.TransferTill{Document: "X-1"}, told{1, ""}},
		{"a till that took nothing", tillOf(7, money.TillClosed{}), money.TransferTill{Document: "X-1"}, told{0, "nothing_to_transfer"}},
		{"sent again by the same slip", tillOf(0, took, closed(noon), money.TillTransferred{Document: "X-1"}), money.TransferTill{Document: "X-1"}, told{0, ""}},
	} {
		if got := tell(money.DecideTill(c.till, c.wish)); got.events != c.want.events && c.want.code == "" || got.code != c.want.code {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	for _, c := range []struct {
		name   string
		by, at time.Time
		late   bool
	}{
		{"at its last moment", noon, noon, false}, {"after it", noon, noon.Add(1), true}, {"with no calendar nothing is late", time.Time{}, noon, false},
	} {
		events, err := money.DecideTill(tillOf(0, took, closed(c.by)), money.TransferTill{Document: "X-1", At: c.at})
		if want := (money.TillTransferred{Amount: 50, Document: "X-1", Late: c.late}); err != nil || len(events) != 1 || events[0] != want {
			t.Errorf("to the budget %s: %v, %v", c.name, events, err)
		}
	}
}

func orderOf(events ...money.Event) (o money.Order) {
	for i, e := range append([]money.Event{money.OrderOpened{Agency: "mae", Amount: 100, Until: noon, For: of}}, events...) {
		o = money.EvolveOrder(o, money.Fact{Version: int64(i + 1), At: noon, Event: e})
	}
	return o
}

func TestAnOrderHoldsToItsWindowAndGivesBackNoMoreThanItHas(t *testing.T) {
	came := func(transaction string, amount int, late bool) money.OrderReceived {
		return money.OrderReceived{Transaction: transaction, Amount: amount, PaidAt: noon, Late: late}
	}
	receive := func(transaction string, amount int, at time.Time) money.Receive {
		return money.Receive{Transaction: transaction, Amount: amount, PaidAt: at}
	}
	paid := []money.Event{came("x", 100, false), money.OrderApplied{Amount: 100}}
	ordered := money.RefundOrdered{Number: 1, Amount: 30, Reason: "wrong_amount"}
	for _, c := range []struct {
		name  string
		order money.Order
		wish  any
		want  told
	}{
		{"an order is opened", money.Order{}, money.OpenOrder{OrderOpened: money.OrderOpened{Amount: 100}}, told{1, ""}},
		{"and once", orderOf(), money.OpenOrder{OrderOpened: money.OrderOpened{Amount: 100}}, told{0, ""}},
		{"nothing comes for what was never ordered", money.Order{}, receive("x", 100, noon), told{0, "no_order"}},
		{"at the last moment of the window it is put to what is owed", orderOf(), receive("x", 100, noon), told{2, ""}},
		{"one short it is open", orderOf(), receive("x", 99, noon), told{1, ""}},
		{"a moment late it is open", orderOf(), receive("x", 100, noon.Add(1)), told{1, ""}},
		{"two parts make a whole", orderOf(came("x", 60, false)), receive("y", 40, noon), told{2, ""}},
		{"what was late makes no part of it", orderOf(came("x", 60, true)), receive("y", 40, noon), told{1, ""}},
		{"what goes back makes no part of it", orderOf(came("x", 60, false), ordered), receive("y", 40, noon), told{1, ""}},
		{"what was open and went back leaves it to be paid", orderOf(came("x", 30, false), ordered), receive("y", 100, noon), told{2, ""}},
		{"a cancelled order takes nothing", orderOf(money.OrderCancelled{Reason: "exempt"}), receive("x", 100, noon), told{1, ""}},
		{"a released order takes nothing more", orderOf(append(paid, money.OrderReleased{Amount: 100, Cause: "paid_twice"})...), receive("y", 100, noon), told{1, ""}},
		{"a transaction told again", orderOf(came("x", 60, false)), receive("x", 60, noon), told{0, ""}},
		{"a transaction told otherwise", orderOf(came("x", 60, false)), receive("x", 61, noon), told{0, "transaction_told_otherwise"}},
		{"a dossier cannot have what never came", orderOf(), money.BookOrder{}, told{0, ""}},
		{"a dossier has what was paid", orderOf(paid...), money.BookOrder{}, told{1, ""}},
		{"nothing is released that was never put to it", orderOf(), money.ReleaseOrder{Cause: "paid_twice"}, told{0, ""}},
		{"what the dossier does not want is released", orderOf(paid...), money.ReleaseOrder{Cause: "paid_twice"}, told{1, ""}},
		{"what the dossier has is not released", orderOf(append(paid, money.OrderBooked{})...), money.ReleaseOrder{Cause: "paid_twice"}, told{0, ""}},
		{"an open order is cancelled", orderOf(), money.CancelOrder{Reason: "exempt"}, told{1, ""}},
		{"a paid order is not cancelled", orderOf(paid...), money.CancelOrder{Reason: "exempt"}, told{0, "order_paid"}},
		{"all that is open goes back", orderOf(came("x", 60, false)), money.RefundOrder{Amount: 60, Reason: "wrong_amount"}, told{1, ""}},
		{"and no more", orderOf(came("x", 60, false)), money.RefundOrder{Amount: 61, Reason: "wrong_amount"}, told{0, "nothing_to_refund"}},
		{"what was put to the payment goes back", orderOf(paid...), money.RefundOrder{Amount: 100, Reason: "exempt", Booked: true}, told{1, ""}},
		{"and once", orderOf(append(paid, money.RefundOrdered{Number: 1, Amount: 1, Applied: 1, Reason: "reduced"})...), money.RefundOrder{Amount: 1, Reason: "exempt", Booked: true}, told{0, "nothing_to_refund"}},
		{"a refund is done", orderOf(came("x", 60, false), ordered), money.FinishRefund{RefundDone: money.RefundDone{Number: 1, Transaction: "y"}}, told{1, ""}},
		{"a refund is done once", orderOf(came("x", 60, false), ordered, money.RefundDone{Number: 1, Transaction: "y"}), money.FinishRefund{RefundDone: money.RefundDone{Number: 1, Transaction: "y"}}, told{0, ""}},
		{"a refund that was never ordered", orderOf(came("x", 60, false), ordered), money.FinishRefund{RefundDone: money.RefundDone{Number: 2, Transaction: "y"}}, told{0, ""}},
	} {
		if got := tell(money.DecideOrder(c.order, c.wish)); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	two := orderOf(came("x", 60, false), ordered, money.RefundOrdered{Number: 2, Amount: 30, Reason: "wrong_amount"}, money.RefundDone{Number: 2, Transaction: "y"})
	if p := two.Pending(); len(p) != 1 || p[0].Number != 1 {
		t.Errorf("the second refund is done, pending: %+v", p)
	}
	events, err := money.DecideOrder(orderOf(came("x", 60, false), ordered), money.RefundOrder{Amount: 30, Reason: "wrong_amount"})
	if want := (money.RefundOrdered{Number: 2, Amount: 30, Reason: "wrong_amount"}); err != nil || len(events) != 1 || events[0] != want {
		t.Errorf("the second refund is the second: %v, %v", events, err)
	}
}

func TestWhatIsOpenHasTheCauseThatIsToBeSeenToFirst(t *testing.T) {
	came := func(transaction string, late bool) money.OrderReceived {
		return money.OrderReceived{Transaction: transaction, Amount: 100, PaidAt: noon, Late: late}
	}
	for _, c := range []struct {
		name   string
		events []money.Event
		cause  string
	}{
		{"nothing came", nil, ""},
		{"it came late", []money.Event{came("x", true)}, "paid_late"},
		{"paid in time, and once more late", []money.Event{came("x", false), money.OrderApplied{Amount: 100}, came("y", true)}, "wrong_amount"},
		{"late for a cancelled order", []money.Event{money.OrderCancelled{Reason: "exempt"}, came("x", true)}, "cancelled"},
		{"released", []money.Event{came("x", false), money.OrderApplied{Amount: 100}, money.OrderReleased{Amount: 100, Cause: "paid_twice"}}, "not_owed"},
	} {
		if got := orderOf(c.events...).Cause(); got != c.cause {
			t.Errorf("%s: %q, want %q", c.name, got, c.cause)
		}
	}
}

func TestADifferenceIsExplainedByAListedCauseAndOnce(t *testing.T) {
	explain := func(cause string) money.Explain {
		return money.Explain{DifferenceExplained: money.DifferenceExplained{Key: "till_open:fees", Cause: cause}}
	}
	events, err := money.DecideDay(money.Day{}, explain("other_day"))
	if got := tell(events, err); got != (told{1, ""}) {
		t.Fatalf("%+v", got)
	}
	d := money.EvolveDay(money.Day{}, money.Fact{Version: 1, Event: events[0]})
	for cause, want := range map[string]told{"other_day": {0, ""}, "told_late": {1, ""}, "bad luck": {0, "not_in_list"}} {
		if got := tell(money.DecideDay(d, explain(cause))); got != want {
			t.Errorf("explained again by %s: %+v, want %+v", cause, got, want)
		}
	}
	d = money.EvolveDay(d, money.Fact{Version: 2, Event: money.DifferenceExplained{Key: "other", Cause: "told_late"}})
	if len(d.Explained) != 2 || d.Version != 2 {
		t.Errorf("%+v", d)
	}
}

func TestADayAddsUpWhatItsBooksSay(t *testing.T) {
	a, b := uuid.MustParse("11111111-1111-5111-8111-111111111111"), uuid.MustParse("22222222-2222-5222-8222-222222222222")
	yesterday := noon.AddDate(0, 0, -1)
	paid := orderOf(money.OrderReceived{Transaction: "x", Amount: 100, PaidAt: noon}, money.OrderApplied{Amount: 100}, money.OrderBooked{},
		money.RefundOrdered{Number: 1, Amount: 30, Applied: 30, Reason: "reduced"}, money.RefundDone{Number: 1, Transaction: "r"})
	before := orderOf(money.OrderReceived{Transaction: "w", Amount: 7, PaidAt: yesterday})
	line := func(transaction string, order uuid.UUID, amount, refund int) money.Line {
		return money.Line{Transaction: transaction, Reference: order.String(), Amount: amount, Refund: refund, At: noon}
	}
	used := money.Use{NumberUsed: given(1, 50, of), Repaid: &money.NumberRepaid{Number: 1, Officer: "fees", Day: "2026-11-26", Amount: 20, Reason: "reduced"}}
	other := money.Use{NumberUsed: money.NumberUsed{Number: 2, Officer: "fees", Day: "2026-11-25", Amount: 9}}
	r := money.Reconcile(money.Books{
		Day: "2026-11-26", Location: time.UTC, Now: noon, Has: func(money.For) (int, int) { return 50, 20 },
		Orders:    map[uuid.UUID]money.Order{a: paid, b: before},
		Statement: []money.Line{line("x", a, 100, 0), line("r", a, 30, 1), line("late", a, 5, 2)},
		Tills: []money.Till{tillOf(10, money.Taken{Receipt: "A-0000001", Amount: 50, Method: money.Cash, For: of}, money.Taken{Receipt: "A-0000003", Amount: 4, Method: money.Transfer, For: of},
			money.GivenBack{Receipt: "A-0000001", Amount: 20, Reason: "reduced", For: of}, money.TillClosed{Expected: 40, Counted: 40, TransferBy: noon})},
		Receipts:  []money.Book{{Version: 3, Series: "A", First: 1, Last: 9, Used: map[int]money.Use{1: used, 2: other}}},
		Explained: map[string]string{"wrong_amount:" + b.String(): "being_refunded"},
	})
	if r.Counter != 54 || r.Receipted != 50 || r.Online != 100 || r.Returned != 50 || r.Open != 7 {
		t.Errorf("%+v", r)
	}
	if len(r.Differences) != 1 || r.Differences[0].Ours != 7 || r.Differences[0].Theirs != 0 || r.Unexplained() != 0 {
		t.Errorf("%+v", r.Differences)
	}
}

func TestADayTellsWhatIsMissingInTheOtherBook(t *testing.T) {
	id := uuid.MustParse("11111111-1111-5111-8111-111111111111")
	refunded := orderOf(money.OrderReceived{Transaction: "x", Amount: 100, PaidAt: noon}, money.RefundOrdered{Number: 1, Amount: 100, Reason: "exempt"}, money.RefundDone{Number: 1, Transaction: "r"})
	entry := money.Taken{Receipt: "A-0000001", Amount: 50, Method: money.Cash, For: of}
	closed := func(by time.Time) money.TillClosed { return money.TillClosed{TransferBy: by} }
	used := func(officer, day string, repaid *money.NumberRepaid) []money.Book {
		u := given(1, 50, of)
		u.Officer, u.Day = officer, day
		return []money.Book{{Version: 2, Series: "A", First: 1, Last: 9, Used: map[int]money.Use{1: {NumberUsed: u, Repaid: repaid}}}}
	}
	for _, c := range []struct {
		name  string
		books money.Books
		want  []string
	}{
		{"a refund whose amount is another", money.Books{Orders: map[uuid.UUID]money.Order{id: refunded}, Statement: []money.Line{{Transaction: "x", Reference: id.String(), Amount: 100}, {Transaction: "r", Reference: id.String(), Amount: 99, Refund: 1}}}, []string{"amount_differs:r"}},
		{"a refund that is not on the statement yet", money.Books{Orders: map[uuid.UUID]money.Order{id: refunded}, Statement: []money.Line{{Transaction: "x", Reference: id.String(), Amount: 100}}}, nil},
		{"a line whose reference is no number", money.Books{Orders: map[uuid.UUID]money.Order{uuid.Nil: orderOf()}, Statement: []money.Line{{Transaction: "y", Reference: "?", Amount: 1}}}, []string{"unknown_reference:y"}},
		{"the till has less back than it gave", money.Books{Tills: []money.Till{tillOf(0, entry, money.GivenBack{Receipt: "A-0000001", Amount: 21, Reason: "reduced"}, money.TillTransferred{}, closed(noon))}}, []string{"not_booked:A-0000001-back"}},
		{"at the last moment it may still go to the budget", money.Books{Tills: []money.Till{tillOf(0, entry, closed(noon))}}, nil},
		{"a moment later it is overdue", money.Books{Now: noon.Add(1), Tills: []money.Till{tillOf(0, entry, closed(noon))}}, []string{"transfer_overdue:fees-2026-11-26"}},
		{"it went there late", money.Books{Tills: []money.Till{tillOf(0, entry, closed(noon), money.TillTransferred{Late: true})}}, []string{"transfer_late:fees-2026-11-26"}},
		{"it went there in time", money.Books{Now: noon.Add(time.Hour), Tills: []money.Till{tillOf(0, entry, closed(noon), money.TillTransferred{})}}, nil},
		{"nobody knows by when", money.Books{Tills: []money.Till{tillOf(0, entry, closed(time.Time{}))}}, []string{"transfer_unknown:fees-2026-11-26"}},
		{"a till that gave back all has nothing for the budget", money.Books{Now: noon.Add(1), Tills: []money.Till{tillOf(0, entry, money.GivenBack{Receipt: "A-0000001", Amount: 20, Reason: "reduced"}, money.GivenBack{Receipt: "A-0000002", Amount: 15, Reason: "reduced"}, money.GivenBack{Receipt: "A-0000003", Amount: 15, Reason: "reduced"}, closed(noon))}}, nil},
		{"a receipt in the till of another officer", money.Books{Receipts: used("other", "2026-11-26", nil), Tills: []money.Till{tillOf(0, entry, closed(noon))}}, []string{"receipt_unfinished:A-0000001"}},
		{"a receipt of another day", money.Books{Receipts: used("other", "2026-11-25", nil)}, nil},
		{"money given back that no till gave", money.Books{Receipts: used("fees", "2026-11-26", &money.NumberRepaid{Day: "2026-11-26", Officer: "fees", Amount: 5}), Tills: []money.Till{tillOf(0, entry, closed(noon))}}, []string{"receipt_unfinished:A-0000001-back"}},
		{"money given back on another day", money.Books{Receipts: used("fees", "2026-11-26", &money.NumberRepaid{Day: "2026-11-27", Officer: "fees", Amount: 5}), Tills: []money.Till{tillOf(0, entry, closed(noon))}}, nil},
	} {
		c.books.Day, c.books.Location, c.books.Has = "2026-11-26", time.UTC, func(money.For) (int, int) { return 50, 20 }
		if c.books.Now.IsZero() {
			c.books.Now = noon
		}
		var got []string
		for _, d := range money.Reconcile(c.books).Differences {
			got = append(got, d.Key)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

package handlers_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dossier/domain/money"
	"dossier/handlers"
)

func TestAnInvoiceIsSentOnceInEffectWhereverItDies(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	p.book("INV")
	f := p.owing()
	if _, err := p.Take(t.Context(), p.as("fees"), handlers.CounterPayment{For: f, Amount: feeOf, Method: money.Cash, Series: "INV"}, p.envelope("")); err != nil {
		t.Fatal(err)
	}
	_, reference := p.ordered()
	p.pay(reference, 0, "")
	dir := t.TempDir()
	service := map[string]handlers.Invoice{}
	died := errors.New("killed")
	for round := range 3 { // the first dies behind its first invoice, before that is filed
		spool, err := handlers.NewInvoiceSpool(dir)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := p.Invoices(t.Context(), p.as("fees"), p.Today(), spool); err != nil || n != 2 {
			t.Fatalf("round %d: %d invoices, %v", round, n, err)
		}
		n, err := spool.Send(t.Context(), func(_ context.Context, i handlers.Invoice) error {
			if had, known := service[i.Number]; known && had != i {
				t.Errorf("%s was another: %+v, %+v", i.Number, had, i)
			}
			service[i.Number] = i
			if round == 0 {
				return died
			}
			return nil
		})
		if want := []int{0, 2, 0}[round]; n != want || (round == 0) != errors.Is(err, died) {
			t.Errorf("round %d: %d sent, %v", round, n, err)
		}
	}
	if got := slices.Sorted(maps.Keys(service)); !slices.Contains(got, "INV-0000001") || !slices.Contains(got, reference.String()) || len(got) != 2 {
		t.Errorf("the service has %v", got)
	}
	spool, err := handlers.NewInvoiceSpool(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := spool.Put(t.Context(), handlers.Invoice{Number: "../x"}); err == nil {
		t.Error("an invoice left its folder")
	}
}

// The service fails, hangs up once it has taken one, and is told again: each invoice of a day that is over is there once, under its number.
func TestInvoicesOfADayThatIsOverAreSentByThemselvesAndOnceInEffect(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	p.book("SNT")
	for range 2 {
		if _, err := p.Take(t.Context(), p.as("fees"), handlers.CounterPayment{For: p.owing(), Amount: feeOf, Method: money.Cash, Series: "SNT"}, p.envelope("")); err != nil {
			t.Fatal(err)
		}
	}
	_, reference := p.ordered()
	p.pay(reference, 0, "")
	var mu sync.Mutex
	has, told := map[string]handlers.Invoice{}, 0
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		var i handlers.Invoice
		if err := json.NewDecoder(r.Body).Decode(&i); err != nil || r.Header.Get("Idempotency-Key") != i.Number || r.Header.Get("Authorization") != "Bearer hush" {
			t.Errorf("%+v, %v, %v", i, r.Header, err)
		}
		told++
		if had, known := has[i.Number]; known && had != i {
			t.Errorf("%s was another: %+v, %+v", i.Number, had, i)
		}
		switch {
		case told == 1: // fails
			w.WriteHeader(http.StatusBadGateway)
		case told == 2: // takes it and hangs up: it will be told again
			has[i.Number] = i
			panic(http.ErrAbortHandler)
		default:
			has[i.Number] = i
			w.WriteHeader(http.StatusCreated)
		}
	}))
	t.Cleanup(service.Close)
	dir := t.TempDir()
	sender := func(now time.Time) *handlers.InvoiceSender {
		x := handlers.NewExecutor(p.journal, handlers.ExecutorOptions{CommandKey: []byte("test"), Now: func() time.Time { return now }})
		s, err := handlers.NewInvoiceSender(handlers.NewMoney(x, p.bank), handlers.InvoiceOptions{URL: service.URL, Key: "hush", Spool: dir, Every: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if n, err := sender(time.Now()).Pass(t.Context()); n != 0 || err != nil {
		t.Errorf("the day is not over: %d sent, %v", n, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	s := sender(time.Now().AddDate(0, 0, 1))
	go func() { defer close(done); _ = s.Run(ctx) }()
	eventually(t, "all invoices are sent", func() bool {
		waiting, err := os.ReadDir(filepath.Join(dir, "waiting"))
		sent, other := os.ReadDir(filepath.Join(dir, "sent"))
		return err == nil && other == nil && len(waiting) == 0 && len(sent) == 3
	})
	stop()
	<-done
	if len(has) != 3 || told < 5 || has["SNT-0000001"].Amount != feeOf || has[reference.String()].Amount != feeOf {
		t.Errorf("told %d times, the service has %+v", told, has)
	}
	before := told
	if n, err := sender(time.Now().AddDate(0, 0, 1)).Pass(t.Context()); n != 0 || err != nil || told != before {
		t.Errorf("after a restart %d sent again, %v", n, err)
	}
	for _, o := range []handlers.InvoiceOptions{{URL: "over there", Spool: dir}, {URL: service.URL}} {
		if _, err := handlers.NewInvoiceSender(p.Money, o); err == nil || !strings.Contains(err.Error(), "INVOICE_") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// What is given back on a later day is told by an invoice of its own, below zero, that names the one it adjusts and never comes before it.
func TestWhatIsGivenBackOnALaterDayIsToldToTheInvoiceServiceBehindWhatItAdjusts(t *testing.T) {
	t.Parallel()
	p := newPurse(t)
	on := func(days int) *handlers.Executor {
		return handlers.NewExecutor(p.journal, handlers.ExecutorOptions{CommandKey: []byte("test"), Now: func() time.Time { return time.Now().AddDate(0, 0, days) }})
	}
	later := p.Money
	p.Executor = on(-3)
	p.Money = handlers.NewMoney(p.Executor, p.bank)
	p.book("BCK")
	if _, err := p.Take(t.Context(), p.as("fees"), handlers.CounterPayment{For: p.owing(), Amount: feeOf, Method: money.Cash, Series: "BCK"}, p.envelope("")); err != nil {
		t.Fatal(err)
	}
	_, reference := p.ordered()
	p.pay(reference, 0, "")
	if _, err := later.OpenTill(t.Context(), p.as("fees"), 1_000_000, p.envelope("")); err != nil {
		t.Fatal(err)
	}
	if _, err := later.GiveBack(t.Context(), p.as("fees"), "BCK", 1, 20_000, "reduced", p.envelope("")); err != nil {
		t.Fatal(err)
	}
	if _, err := later.RefundOrder(t.Context(), p.as("fees"), reference, feeOf, "not_provided", true, p.envelope("")); err != nil {
		t.Fatal(err)
	}
	var told []handlers.Invoice
	refused := "BCK-0000001"
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var i handlers.Invoice
		if err := json.NewDecoder(r.Body).Decode(&i); err != nil {
			t.Error(err)
		}
		if i.Number == refused {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		told = append(told, i)
	}))
	t.Cleanup(service.Close)
	dir := t.TempDir()
	pass := func(days int) (int, error) {
		// The service was put up after the money was taken: the days that it looks back at have the giving back alone.
		s, err := handlers.NewInvoiceSender(handlers.NewMoney(on(days), nil), handlers.InvoiceOptions{URL: service.URL, Spool: dir, Back: 2})
		if err != nil {
			t.Fatal(err)
		}
		return s.Pass(t.Context())
	}
	if n, err := pass(1); n != 2 || err == nil || !strings.Contains(err.Error(), "BCK-0000001-back") {
		t.Errorf("while one is refused: %d sent, %v", n, err)
	}
	refused = ""
	if n, err := pass(1); n != 2 || err != nil {
		t.Errorf("then: %d sent, %v", n, err)
	}
	if n, err := pass(2); n != 0 || err != nil {
		t.Errorf("on the day after: %d sent, %v", n, err)
	}
	for number, amount := range map[string]int{"BCK-0000001": feeOf, reference.String(): feeOf, "BCK-0000001-back": -20_000, reference.String() + "-back": -feeOf} {
		at := slices.IndexFunc(told, func(i handlers.Invoice) bool { return i.Number == number })
		if at < 0 || told[at].Amount != amount {
			t.Errorf("%s is not there with %d: %+v", number, amount, told)
			continue
		}
		adjusts, back := strings.CutSuffix(number, "-back")
		if !back {
			adjusts = ""
		}
		if told[at].Adjusts != adjusts || back && !slices.ContainsFunc(told[:at], func(i handlers.Invoice) bool { return i.Number == adjusts }) {
			t.Errorf("%+v, after %+v", told[at], told[:at])
		}
	}
}

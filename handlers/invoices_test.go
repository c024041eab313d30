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
	spool, _ := handlers.NewInvoiceSpool(dir)
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

package handlers_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

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

package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"dossier/domain"
	"dossier/domain/money"
)

// Invoice is what the tax authority's invoice service is told of a receipt, or of what was given back on one. Who paid is not in it: it is
// asked for where it is written. It never changes: what is given back, on the same day or years later, is told by another that adjusts it.
type Invoice struct {
	Number  string `json:"number"` // the receipt's, or the order's reference: the same number is the same invoice
	Day     string `json:"day"`
	Amount  int    `json:"amount"`            // below zero where it adjusts another
	Adjusts string `json:"adjusts,omitempty"` // the number of that
	money.For
}

// InvoiceSink is the hook for electronic invoices. What is put is known by its number: put again, it is the same.
type InvoiceSink interface {
	Put(ctx context.Context, i Invoice) error
}

// InvoiceSpool is an InvoiceSink of files: one for each invoice, whole or not there. What was sent is moved, not deleted, so it is not put
// again after a crash; what was sent and not yet moved is sent again under its number, which the service knows.
type InvoiceSpool struct{ dir string }

// NewInvoiceSpool returns the spool in a folder, which it makes.
func NewInvoiceSpool(dir string) (*InvoiceSpool, error) {
	for _, part := range []string{"waiting", "sent"} {
		if err := os.MkdirAll(filepath.Join(dir, part), 0o700); err != nil {
			return nil, fmt.Errorf("make invoice spool: %w", err)
		}
	}
	return &InvoiceSpool{dir}, nil
}

func (s *InvoiceSpool) file(part, number string) string {
	return filepath.Join(s.dir, part, number+".json")
}

// Put writes an invoice to disk, once.
func (s *InvoiceSpool) Put(_ context.Context, i Invoice) (err error) {
	if i.Number == "" || strings.ContainsAny(i.Number, `/\.`) {
		return fmt.Errorf("spool invoice: %q names no file", i.Number)
	}
	for _, part := range []string{"sent", "waiting"} {
		if _, err := os.Stat(s.file(part, i.Number)); err == nil || !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	b, err := json.Marshal(i)
	if err != nil {
		return fmt.Errorf("encode invoice: %w", err)
	}
	f, err := os.CreateTemp(s.dir, "new-*")
	if err != nil {
		return fmt.Errorf("spool invoice: %w", err)
	}
	defer func() { err = errors.Join(err, ignoreMissing(os.Remove(f.Name()))) }()
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("spool invoice: %w", err)
	}
	if err := os.Rename(f.Name(), s.file("waiting", i.Number)); err != nil {
		return fmt.Errorf("spool invoice: %w", err)
	}
	return syncFolder(filepath.Join(s.dir, "waiting"))
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("spool invoice: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// mostUnsent in a row say that the service is away.
const mostUnsent = 3

// Send gives every waiting invoice to a service, which must take a number that it knows as done, and returns how many went. One that does not go
// stays, and keeps no other back.
func (s *InvoiceSpool) Send(ctx context.Context, send func(context.Context, Invoice) error) (sent int, err error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, "waiting"))
	if err != nil {
		return 0, fmt.Errorf("read invoice spool: %w", err)
	}
	waiting := make([]string, len(entries))
	for i, e := range entries {
		waiting[i] = strings.TrimSuffix(e.Name(), ".json")
	}
	slices.Sort(waiting) // one that adjusts another, whose number it begins with, comes after that
	var failed []error
	for row := 0; len(waiting) > 0 && row < mostUnsent; waiting = waiting[1:] {
		if err := s.sendOne(ctx, waiting[0], send); err != nil {
			failed, row = append(failed, err), row+1
			continue
		}
		sent, row = sent+1, 0
	}
	return sent, errors.Join(append(failed, syncFolder(filepath.Join(s.dir, "sent")))...)
}

func (s *InvoiceSpool) sendOne(ctx context.Context, number string, send func(context.Context, Invoice) error) error {
	b, err := os.ReadFile(s.file("waiting", number))
	if err != nil {
		return fmt.Errorf("read invoice: %w", err)
	}
	var i Invoice
	if err := json.Unmarshal(b, &i); err != nil {
		return fmt.Errorf("read invoice %s: %w", number, err)
	}
	if _, err := os.Stat(s.file("waiting", i.Adjusts)); i.Adjusts != "" && err == nil {
		return fmt.Errorf("send invoice %s: %s, which it adjusts, has not gone yet", number, i.Adjusts)
	}
	if err := send(ctx, i); err != nil {
		return fmt.Errorf("send invoice %s: %w", number, err)
	}
	if err := os.Rename(s.file("waiting", number), s.file("sent", number)); err != nil {
		return fmt.Errorf("file invoice %s: %w", number, err)
	}
	return nil
}

// Invoices puts an invoice for every receipt of a closed day into a sink, from the books: so none is forgotten, and a day that is put again
// adds none.
func (m *Money) Invoices(ctx context.Context, a domain.Actor, day string, to InvoiceSink) (n int, err error) {
	agency, err := m.reconciling(ctx, a)
	if err != nil {
		return 0, err
	}
	all, err := m.invoicesOf(ctx, agency, day)
	if err != nil {
		return 0, err
	}
	for _, i := range all {
		if err := to.Put(ctx, i); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// invoicesOf are those of an agency and day, by number. What was given back that day comes with the invoice that it adjusts, of whatever day:
// the service may not have been there yet.
func (m *Money) invoicesOf(ctx context.Context, agency, day string) (all []Invoice, err error) {
	b, err := m.books(ctx, agency, day)
	if err != nil {
		return nil, err
	}
	for _, book := range b.Receipts {
		for number, u := range book.Used {
			taken := Invoice{Number: book.Receipt(number), Day: u.Day, Amount: u.Amount, For: u.For}
			back := u.Repaid != nil && u.Repaid.Day == day
			if u.Day == day || back {
				all = append(all, taken)
			}
			if back {
				all = append(all, taken.less(u.Repaid.Amount, day))
			}
		}
	}
	for id, o := range b.Orders {
		if !o.Booked || len(o.Receipts) == 0 {
			continue
		}
		taken := Invoice{Number: id.String(), Day: dayOf(o.Receipts[len(o.Receipts)-1].PaidAt), Amount: o.Amount, For: o.For}
		at := slices.IndexFunc(o.Refunds, func(r money.Refund) bool {
			return r.Applied > 0 && r.Transaction != "" && dayOf(r.At) == day
		})
		if taken.Day == day || at >= 0 {
			all = append(all, taken)
		}
		if at >= 0 {
			all = append(all, taken.less(o.Refunds[at].Applied, day))
		}
	}
	slices.SortFunc(all, func(x, y Invoice) int { return strings.Compare(x.Number, y.Number) })
	return all, nil
}

// less is what adjusts an invoice by what was given back, once for each.
func (i Invoice) less(amount int, day string) Invoice {
	return Invoice{Number: i.Number + "-back", Day: day, Amount: -amount, Adjusts: i.Number, For: i.For}
}

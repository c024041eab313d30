package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"dossier/domain/calendar"
)

// InvoiceSender sends the invoices of days that are over by itself: each a POST, with its number as idempotency key. A nil one sends none.
type InvoiceSender struct {
	money *Money
	spool *InvoiceSpool
	o     InvoiceOptions
	http  *http.Client
}

// InvoiceOptions say where invoices go.
type InvoiceOptions struct {
	URL   string        // takes a POST for each; a number that it knows it takes as done
	Key   string        // a bearer token; may be empty
	Spool string        // the folder that knows which were sent
	Back  int           // days looked back at, those that are over; default 10
	Every time.Duration // between passes; default a minute
	Log   *slog.Logger  // default: none
}

// NewInvoiceSender opens the spool.
func NewInvoiceSender(m *Money, o InvoiceOptions) (*InvoiceSender, error) {
	if u, err := url.Parse(o.URL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("INVOICE_URL: say where the service for electronic invoices takes them, as https://host/path")
	}
	if o.Spool == "" {
		return nil, errors.New("INVOICE_SPOOL: say in which folder it is kept what was sent; it must outlive the process")
	}
	if o.Back == 0 {
		o.Back = 10
	}
	if o.Every == 0 {
		o.Every = time.Minute
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	spool, err := NewInvoiceSpool(o.Spool)
	if err != nil {
		return nil, err
	}
	ours := &Money{x: m.x, before: m.before} // without the provider: our books alone say what was taken
	return &InvoiceSender{ours, spool, o, &http.Client{Timeout: 30 * time.Second}}, nil
}

// Run sends until the context ends. What does not go is tried again with the next pass.
func (s *InvoiceSender) Run(ctx context.Context) error {
	if s == nil {
		return nil
	}
	for {
		if n, err := s.Pass(ctx); err != nil && ctx.Err() == nil {
			s.o.Log.ErrorContext(ctx, "invoices were not sent and wait", "sent", n, "error", err)
		} else if n > 0 {
			s.o.Log.InfoContext(ctx, "invoices sent", "sent", n)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(s.o.Every):
		}
	}
}

// Pass spools what the days that are over have and sends what waits.
func (s *InvoiceSender) Pass(ctx context.Context) (sent int, err error) {
	o, err := s.money.x.organisation.Recent(ctx)
	if err != nil {
		return 0, err
	}
	if !o.Exists() {
		o = shippedOrganisation()
	}
	today := s.money.x.o.Now()
	for _, agency := range o.Agencies {
		if agency.Sandbox {
			continue
		}
		for back := s.o.Back; back > 0; back-- {
			all, err := s.money.invoicesOf(ctx, agency.Code, calendar.DateOf(today.AddDate(0, 0, -back), Zone()).String())
			if err != nil {
				return 0, err
			}
			for _, i := range all {
				if err := s.spool.Put(ctx, i); err != nil {
					return 0, err
				}
			}
		}
	}
	return s.spool.Send(ctx, s.send)
}

func (s *InvoiceSender) send(ctx context.Context, i Invoice) error {
	b, err := json.Marshal(i)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.o.URL, bytes.NewReader(b))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", i.Number)
	if s.o.Key != "" {
		r.Header.Set("Authorization", "Bearer "+s.o.Key)
	}
	answer, err := s.http.Do(r)
	if err != nil {
		return fmt.Errorf("ask the invoice service (INVOICE_URL): %w", err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10))
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("the invoice service answered %s", answer.Status)
	}
	return nil
}

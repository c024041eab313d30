package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"dossier/domain/money"
	"dossier/handlers"
	"dossier/handlers/client"
)

// today is the day where the agency is.
func today() string { return time.Now().In(agencyZone).Format(time.DateOnly) }

// owed is the dossier of a payment, whose routes ask for its id.
func (d *remote) owed(ctx context.Context, o owed) (f money.For, err error) {
	id, err := d.find(ctx, o.target)
	if err != nil {
		return f, err
	}
	f.Payment = o.number
	if f.Dossier, err = uuid.Parse(id); err != nil {
		err = fmt.Errorf("read id of the dossier: %w", err)
	}
	return f, err
}

func (d *remote) openTill(ctx context.Context, float int, key string) (money.Till, error) {
	got, err := d.OpenTill(ctx, client.Once{Key: key}, client.OpenTillInputBody{Float: int64(float)})
	return as[money.Till](got, err)
}

func (d *remote) till(ctx context.Context, officer, day string) (money.Till, error) {
	if officer == "" {
		return money.Till{}, usageError{errors.New("say whose till: --officer ACCOUNT; to a server the token alone says who asks")}
	}
	got, err := d.GetTill(ctx, officer, or(day, today()))
	return as[money.Till](got, err)
}

func (d *remote) closeTill(ctx context.Context, day string, counted int, key string) (money.Till, error) {
	got, err := d.CloseTill(ctx, or(day, today()), client.Once{Key: key}, client.CloseInputBody{Counted: int64(counted)})
	return as[money.Till](got, err)
}

func (d *remote) transferTill(ctx context.Context, officer, day, document, key string) (money.Till, error) {
	got, err := d.TransferTill(ctx, officer, day, client.Once{Key: key}, client.TransferInputBody{Document: document})
	return as[money.Till](got, err)
}

func (d *remote) takeMoney(ctx context.Context, o owed, p handlers.CounterPayment, key string) (handlers.Slip, error) {
	f, err := d.owed(ctx, o)
	if err != nil {
		return handlers.Slip{}, err
	}
	got, err := d.TakePayment(ctx, client.Once{Key: key}, client.TakeInputBody{Dossier: f.Dossier.String(), Payment: int64(f.Payment), Amount: int64(p.Amount), Method: string(p.Method), Series: p.Series, Number: int64(p.Number)})
	return as[handlers.Slip](got, err)
}

func (d *remote) giveBack(ctx context.Context, series string, number, amount int, reason, key string) (handlers.Slip, error) {
	got, err := d.GiveBack(ctx, series, int64(number), client.Once{Key: key}, client.GiveBackInputBody{Amount: int64(amount), Reason: reason})
	return as[handlers.Slip](got, err)
}

func (d *remote) book(ctx context.Context, series string) (money.Book, error) {
	got, err := d.GetReceiptBook(ctx, series)
	return as[money.Book](got, err)
}

func (d *remote) issueBook(ctx context.Context, b money.BookIssued, key string) (money.Book, error) {
	got, err := d.IssueReceiptBook(ctx, b.Series, client.Once{Key: key}, client.IssueInputBody{First: int64(b.First), Last: int64(b.Last), Holder: b.Holder})
	return as[money.Book](got, err)
}

func (d *remote) handBook(ctx context.Context, series, to, key string) (money.Book, error) {
	got, err := d.HandReceiptBook(ctx, series, client.Once{Key: key}, client.HandInputBody{To: to})
	return as[money.Book](got, err)
}

func (d *remote) voidNumber(ctx context.Context, series string, number int, reason, key string) (money.Book, error) {
	got, err := d.VoidReceiptNumber(ctx, series, int64(number), client.Once{Key: key}, client.VoidInputBody{Reason: reason})
	return as[money.Book](got, err)
}

func (d *remote) openOrder(ctx context.Context, o owed, key string) (handlers.Ordered, error) {
	f, err := d.owed(ctx, o)
	if err != nil {
		return handlers.Ordered{}, err
	}
	got, err := d.OpenPaymentOrder(ctx, f.Dossier.String(), int64(f.Payment), client.Once{Key: key})
	return as[handlers.Ordered](got, err)
}

func (d *remote) refundOrder(ctx context.Context, o owed, amount int, reason string, booked bool, key string) (handlers.Ordered, error) {
	f, err := d.owed(ctx, o)
	if err != nil {
		return handlers.Ordered{}, err
	}
	got, err := d.RefundPaymentOrder(ctx, handlers.OrderStream(f).String(), client.Once{Key: key}, client.RefundInputBody{Amount: int64(amount), Reason: reason, Booked: booked})
	return as[handlers.Ordered](got, err)
}

func (d *remote) cancelOrder(ctx context.Context, o owed, reason, key string) (handlers.Ordered, error) {
	f, err := d.owed(ctx, o)
	if err != nil {
		return handlers.Ordered{}, err
	}
	got, err := d.CancelPaymentOrder(ctx, handlers.OrderStream(f).String(), client.Once{Key: key}, client.CancelInputBody{Reason: reason})
	return as[handlers.Ordered](got, err)
}

func (d *remote) settleDay(ctx context.Context, day, key string) (int, error) {
	got, err := d.SettleMoneyDay(ctx, or(day, today()), client.Once{Key: key})
	told, err := as[struct{ Told int }](got, err)
	return told.Told, err
}

func (d *remote) reconcile(ctx context.Context, day string) (money.Report, error) {
	got, err := d.GetMoneyDay(ctx, or(day, today()))
	return as[money.Report](got, err)
}

func (d *remote) explain(ctx context.Context, day, difference, cause, key string) error {
	_, err := d.ExplainDifference(ctx, or(day, today()), client.Once{Key: key}, client.ExplainInputBody{Key: difference, Cause: cause})
	return err
}

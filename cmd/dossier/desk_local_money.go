package main

import (
	"context"

	"dossier/domain"
	"dossier/domain/money"
	"dossier/handlers"
)

// owed finds the dossier of a payment.
func (s *system) owed(ctx context.Context, o owed) (f money.For, err error) {
	f.Payment = o.number
	f.Dossier, err = s.find(ctx, o.target)
	return f, err
}

// atCounter is the system for an act that is done once under its key.
func atCounter[T any](ctx context.Context, d *local, key string, act func(*handlers.Money, domain.Actor, handlers.Envelope) (T, error)) (is T, err error) {
	s, actor, err := d.acting(ctx)
	if err != nil {
		return is, err
	}
	return act(s.money, actor, handlers.Envelope{Key: key})
}

// onOrder is atCounter, of the payment that a dossier owes.
func onOrder[T any](ctx context.Context, d *local, o owed, key string, act func(*handlers.Money, domain.Actor, money.For, handlers.Envelope) (T, error)) (T, error) {
	return atCounter(ctx, d, key, func(m *handlers.Money, by domain.Actor, e handlers.Envelope) (is T, err error) {
		f, err := d.s.owed(ctx, o)
		if err != nil {
			return is, err
		}
		return act(m, by, f, e)
	})
}

func (d *local) openTill(ctx context.Context, float int, key string) (money.Till, error) {
	return atCounter(ctx, d, key, func(m *handlers.Money, by domain.Actor, e handlers.Envelope) (money.Till, error) {
		return m.OpenTill(ctx, by, float, e)
	})
}

func (d *local) till(ctx context.Context, officer, day string) (money.Till, error) {
	return atCounter(ctx, d, "", func(m *handlers.Money, by domain.Actor, _ handlers.Envelope) (money.Till, error) {
		return m.Till(ctx, by, officer, day)
	})
}

func (d *local) closeTill(ctx context.Context, day string, counted int, key string) (money.Till, error) {
	return atCounter(ctx, d, key, func(m *handlers.Money, by domain.Actor, e handlers.Envelope) (money.Till, error) {
		return m.CloseTill(ctx, by, day, counted, e)
	})
}

func (d *local) transferTill(ctx context.Context, officer, day, document, key string) (money.Till, error) {
	return atCounter(ctx, d, key, func(m *handlers.Money, by domain.Actor, e handlers.Envelope) (money.Till, error) {
		return m.TransferTill(ctx, by, officer, day, document, e)
	})
}

func (d *local) takeMoney(ctx context.Context, o owed, p handlers.CounterPayment, key string) (handlers.Slip, error) {
	return onOrder(ctx, d, o, key, func(m *handlers.Money, by domain.Actor, f money.For, e handlers.Envelope) (handlers.Slip, error) {
		p.For = f
		return m.Take(ctx, by, p, e)
	})
}

func (d *local) giveBack(ctx context.Context, series string, number, amount int, reason, key string) (handlers.Slip, error) {
	return atCounter(ctx, d, key, func(m *handlers.Money, by domain.Actor, e handlers.Envelope) (handlers.Slip, error) {
		return m.GiveBack(ctx, by, series, number, amount, reason, e)
	})
}

func (d *local) book(ctx context.Context, series string) (money.Book, error) {
	return atCounter(ctx, d, "", func(m *handlers.Money, by domain.Actor, _ handlers.Envelope) (money.Book, error) {
		return m.Book(ctx, by, series)
	})
}

func (d *local) issueBook(ctx context.Context, b money.BookIssued, key string) (money.Book, error) {
	return atCounter(ctx, d, key, func(m *handlers.Money, by domain.Actor, e handlers.Envelope) (money.Book, error) {
		return m.IssueBook(ctx, by, b, e)
	})
}

func (d *local) handBook(ctx context.Context, series, to, key string) (money.Book, error) {
	return atCounter(ctx, d, key, func(m *handlers.Money, by domain.Actor, e handlers.Envelope) (money.Book, error) {
		return m.HandBook(ctx, by, series, to, e)
	})
}

func (d *local) voidNumber(ctx context.Context, series string, number int, reason, key string) (money.Book, error) {
	return atCounter(ctx, d, key, func(m *handlers.Money, by domain.Actor, e handlers.Envelope) (money.Book, error) {
		return m.VoidNumber(ctx, by, series, number, reason, e)
	})
}

func (d *local) openOrder(ctx context.Context, o owed, key string) (handlers.Ordered, error) {
	return onOrder(ctx, d, o, key, func(m *handlers.Money, by domain.Actor, f money.For, e handlers.Envelope) (handlers.Ordered, error) {
		return m.OpenOrder(ctx, by, f, e)
	})
}

func (d *local) refundOrder(ctx context.Context, o owed, amount int, reason string, booked bool, key string) (handlers.Ordered, error) {
	return onOrder(ctx, d, o, key, func(m *handlers.Money, by domain.Actor, f money.For, e handlers.Envelope) (handlers.Ordered, error) {
		return m.RefundOrder(ctx, by, handlers.OrderStream(f), amount, reason, booked, e)
	})
}

func (d *local) cancelOrder(ctx context.Context, o owed, reason, key string) (handlers.Ordered, error) {
	return onOrder(ctx, d, o, key, func(m *handlers.Money, by domain.Actor, f money.For, e handlers.Envelope) (handlers.Ordered, error) {
		return m.CancelOrder(ctx, by, handlers.OrderStream(f), reason, e)
	})
}

func (d *local) settleDay(ctx context.Context, day, key string) (int, error) {
	return atCounter(ctx, d, key, func(m *handlers.Money, by domain.Actor, e handlers.Envelope) (int, error) {
		return m.Settle(ctx, by, or(day, m.Today()), e)
	})
}

func (d *local) reconcile(ctx context.Context, day string) (money.Report, error) {
	return atCounter(ctx, d, "", func(m *handlers.Money, by domain.Actor, _ handlers.Envelope) (money.Report, error) {
		return m.Reconcile(ctx, by, or(day, m.Today()))
	})
}

func (d *local) explain(ctx context.Context, day, difference, cause, key string) error {
	_, err := atCounter(ctx, d, key, func(m *handlers.Money, by domain.Actor, e handlers.Envelope) (struct{}, error) {
		return struct{}{}, m.Explain(ctx, by, or(day, m.Today()), difference, cause, e)
	})
	return err
}

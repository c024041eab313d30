package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/money"
	"dossier/domain/organisation"
	"dossier/domain/procedure"
	"dossier/eventstore"

	"github.com/google/uuid"
)

// The stream kinds of money: tills, receipt books, payment orders, and days.
const (
	TillKind  = "till"
	BookKind  = "receipt-book"
	OrderKind = "payment-order"
	DayKind   = "money-day"
)

// Money is what is taken and given back. An act over several books goes from one to the next in a fixed order, each step once: the receipt
// number, the till, the dossier; or the order, the dossier, the provider. What a crash leaves half done is done when it is sent again, or by
// Settle, and the reconciliation tells of it until then.
type Money struct {
	x        *Executor
	provider PaymentProvider // nil: nothing is paid online
	forged   forgeries

	before func(step string) error // tests stop here
}

// NewMoney returns the money acts of an executor. Without a provider nothing is paid online.
func NewMoney(x *Executor, p PaymentProvider) *Money {
	return &Money{x: x, provider: p, before: func(string) error { return nil }}
}

// TillStream is where an officer's till of a day stands.
func TillStream(agency, officer, day string) uuid.UUID {
	return eventstore.StreamIDFor(TillKind, "", agency+"\n"+officer+"\n"+day)
}

// BookStream is where a receipt book stands.
func BookStream(agency, series string) uuid.UUID {
	return eventstore.StreamIDFor(BookKind, "", agency+"\n"+series)
}

// OrderStream is where the order for a payment stands: there is one for each.
func OrderStream(f money.For) uuid.UUID {
	return eventstore.StreamIDFor(OrderKind, "", f.Dossier.String()+"\n"+strconv.Itoa(f.Payment))
}

// DayStream is where the differences of a day are explained.
func DayStream(agency, day string) uuid.UUID {
	return eventstore.StreamIDFor(DayKind, "", agency+"\n"+day)
}

// OwedFee is what a dossier owes by its procedure's fee table, and what has been asked for.
type OwedFee struct {
	procedure.FeeNotice
	Asked []dossier.Payment `json:"asked"`
}

// Fee computes the notice of a dossier as of a day, 0 for today.
func (x *Executor) Fee(ctx context.Context, s dossier.State, day calendar.Date) (OwedFee, error) {
	if day == 0 {
		day = calendar.DateOf(x.o.Now(), Zone())
	}
	p, err := x.procedures.recent(ctx, s.Procedure)
	if err != nil {
		return OwedFee{}, err
	}
	v, _ := p.Version(s.ProcedureVersion)
	f := OwedFee{FeeNotice: v.FeeNotice(s.Holds, day), Asked: s.Payments}
	if f.Asked == nil {
		f.Asked = []dossier.Payment{}
	}
	return f, nil
}

func (m *Money) today() string { return dayOf(m.x.o.Now()) }

func dayOf(t time.Time) string { return calendar.DateOf(t, Zone()).String() }

// agency is whose money somebody takes: that of their unit.
func (m *Money) agency(ctx context.Context, a domain.Actor) (organisation.Agency, error) {
	o, err := m.x.organisation.Recent(ctx)
	if err != nil {
		return organisation.Agency{}, err
	}
	if !o.Exists() {
		o = shippedOrganisation()
	}
	if agency, known := o.AgencyOf(a.Unit, calendar.DateOf(m.x.o.Now(), Zone())); known {
		return agency, nil
	}
	return o.Agencies[0], nil // an organisation has one; what was filed at no unit is the first one's
}

// folded reads a book.
func folded[S any](ctx context.Context, m *Money, id uuid.UUID, evolve func(S, money.Fact) S) (s S, err error) {
	events, err := m.x.journal.Stream(ctx, id, 0)
	if err != nil {
		return s, fmt.Errorf("read a book of money: %w", err)
	}
	if len(events) > 0 && !slices.Contains([]string{TillKind, BookKind, OrderKind, DayKind}, events[0].StreamKind) {
		return s, nil // the id of something else
	}
	return foldMoney(events, evolve)
}

func foldMoney[S any](events []eventstore.Event, evolve func(S, money.Fact) S) (s S, err error) {
	for _, e := range events {
		event, err := money.Decode(e.Type, e.TypeVersion, e.Data)
		if err != nil {
			return s, fmt.Errorf("position %d: %w", e.Position, err)
		}
		s = evolve(s, money.Fact{Version: e.Version, At: e.OccurredAt, Event: event})
	}
	return s, nil
}

// entered decides a wish about a book and returns the book after it.
func entered[S any](ctx context.Context, m *Money, a domain.Actor, stream eventstore.Stream, key string, wish any, evolve func(S, money.Fact) S, decide func(S) ([]money.Event, error)) (s S, err error) {
	name := strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", wish), "money."))
	body, err := json.Marshal(wish)
	if err != nil {
		return s, fmt.Errorf("encode %s: %w", name, err)
	}
	if err := m.before(name); err != nil {
		return s, err
	}
	r, err := m.x.rule(ctx, a, stream, name, Envelope{Key: key}, body, func(history []eventstore.Event) (facts []encoded, err error) {
		if s, err = foldMoney(history, evolve); err != nil {
			return nil, err
		}
		events, err := decide(s)
		for i, e := range events {
			kind, version, data, err := money.Encode(e)
			if err != nil {
				return nil, err
			}
			facts = append(facts, encoded{kind, version, data})
			s = evolve(s, money.Fact{Version: int64(len(history) + i + 1), At: m.x.o.Now().UTC(), Event: e})
		}
		return facts, err
	})
	if err == nil && r.Repeated {
		return folded(ctx, m, stream.ID, evolve)
	}
	return s, err
}

func (m *Money) till(ctx context.Context, a domain.Actor, agency, officer, day, key string, wish any) (money.Till, error) {
	id := TillStream(agency, officer, day)
	return entered(ctx, m, a, eventstore.Stream{Kind: TillKind, ID: id}, key, wish, money.EvolveTill, func(t money.Till) ([]money.Event, error) { return money.DecideTill(t, wish) })
}

func (m *Money) book(ctx context.Context, a domain.Actor, agency, series, key string, wish any) (money.Book, error) {
	id := BookStream(agency, series)
	b, err := folded(ctx, m, id, money.EvolveBook)
	if err != nil {
		return b, err
	}
	if _, refused := money.DecideBook(b, wish); refused == nil { // what is refused leaves nothing behind; what was done before is answered below
		if err := m.x.journal.ListMoney(ctx, agency, m.today(), BookKind, id); err != nil {
			return b, err
		}
	}
	return entered(ctx, m, a, eventstore.Stream{Kind: BookKind, ID: id}, key, wish, money.EvolveBook, func(b money.Book) ([]money.Event, error) { return money.DecideBook(b, wish) })
}

func (m *Money) order(ctx context.Context, a domain.Actor, id uuid.UUID, key string, wish any) (money.Order, error) {
	return entered(ctx, m, a, eventstore.Stream{Kind: OrderKind, ID: id}, key, wish, money.EvolveOrder, func(o money.Order) ([]money.Event, error) { return money.DecideOrder(o, wish) })
}

// booked tells the dossier of money. False: it has it by another way, or its rules do not want it; code says which.
func (m *Money) booked(ctx context.Context, a domain.Actor, dossierID uuid.UUID, key string, c dossier.Command) (has bool, code string, err error) {
	if err := m.before("dossier " + c.Name()); err != nil {
		return false, "", err
	}
	body, err := json.Marshal(c)
	if err != nil {
		return false, "", err
	}
	r, err := m.x.Do(ctx, a, dossierID, Envelope{Key: key, Body: body}, c)
	var refusal *domain.Refusal
	switch {
	case errors.As(err, &refusal) && !Forbids(refusal):
		return false, refusal.Code, nil
	case err != nil:
		return false, "", err
	case r.Events == 0 && !r.Repeated:
		return false, "paid_twice", nil
	}
	return true, "", nil
}

// Today is the day on which money is taken now.
func (m *Money) Today() string { return m.today() }

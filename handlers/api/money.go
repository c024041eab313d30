package api

import (
	"context"
	"errors"
	"io"
	"net/http"

	"dossier/domain/calendar"
	"dossier/domain/money"
	"dossier/handlers"

	"github.com/google/uuid"
)

type feeInput struct {
	ID          string `path:"id" maxLength:"128" doc:"Id of the dossier, or its code."`
	On          string `query:"on" format:"date" doc:"As the fee table and its reliefs are in force on that day; today without it."`
	MinPosition int64  `query:"min_position" minimum:"0" doc:"Wait until the views hold this position of a receipt; 503 with Retry-After if they do not in 2 s."`
}

type feeOutput struct{ Body handlers.OwedFee }

// fee is what a dossier owes and the way that leads to it.
func (s *server) fee(ctx context.Context, in *feeInput) (*feeOutput, error) {
	var day calendar.Date
	var err error
	if in.On != "" {
		if day, err = s.day(in.On); err != nil {
			return nil, err
		}
	}
	id, err := s.reading(ctx, in.ID, in.MinPosition)
	if err != nil {
		return nil, err
	}
	b, err := s.state(ctx, id, handlers.Asked{})
	if err != nil {
		return nil, err
	}
	f, err := s.Executor.Fee(ctx, b.State, day)
	return &feeOutput{f}, err
}

type orderInput struct {
	ID     string `path:"id" format:"uuid"`
	Number int    `path:"number" minimum:"1" doc:"Number of the payment, as it was asked for."`
	Key    string `header:"Idempotency-Key" maxLength:"255" doc:"There is one order for each payment: asked again, it is the same."`
}

type orderOutput struct {
	Key  string `header:"Idempotency-Key" doc:"The key this act goes by."`
	Body handlers.Ordered
}

// openOrder opens the online order of a payment that is owed.
func (s *server) openOrder(ctx context.Context, in *orderInput) (*orderOutput, error) {
	id, err := uuid.Parse(in.ID)
	if err != nil {
		return nil, handlers.ErrNotFound
	}
	e := keyed(ctx, in.Key)
	o, err := s.Money.OpenOrder(ctx, handlers.CallOf(ctx).Actor, money.For{Dossier: id, Payment: in.Number}, e)
	return &orderOutput{e.Key, o}, err
}

type orderRead struct {
	Reference string `path:"reference" format:"uuid"`
}

type orderShown struct{ Body handlers.Ordered }

func (s *server) order(ctx context.Context, in *orderRead) (*orderShown, error) {
	id, err := uuid.Parse(in.Reference)
	if err != nil {
		return nil, handlers.ErrNotFound
	}
	o, err := s.Money.Order(ctx, handlers.CallOf(ctx).Actor, id)
	return &orderShown{o}, err
}

// callbackRoute is open to nobody by login: the provider signs what it says.
const callbackRoute = "POST /v1/payments/callbacks"

// largestCallback is more than a provider needs.
const largestCallback = 16 << 10

// paymentCallback answers 204 only when the journal has what the provider said.
func (s *server) paymentCallback(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), answerWithin)
	defer cancel()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestCallback))
	if err != nil {
		s.fail(w, r, &handlers.Failure{Status: http.StatusRequestEntityTooLarge, Code: "too_large", VI: "Thông báo thanh toán quá lớn", EN: "The callback is too large"})
		return
	}
	if err := s.Money.Callback(ctx, body, r.Header.Get(handlers.SignatureHeader)); err != nil {
		if errors.Is(err, handlers.ErrForged) {
			s.log.WarnContext(ctx, "a payment callback was not signed by the provider", "so_far", s.Money.Forged())
		}
		s.fail(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *server) moneyRoutes() {
	get(s, "/v1/dossiers/{id}/fee", "get-fee", "What a dossier owes by the fee table, its reliefs taken off, and how it was found", s.fee)
	get(s, "/v1/payment-orders/{reference}", "get-payment-order", "A payment order and everything that came for it", s.order)
	post(s, "/v1/dossiers/{id}/payments/{number}/order", "open-payment-order", "Open the online order of a payment that is owed", s.openOrder)
	s.mux.HandleFunc(callbackRoute, s.paymentCallback)
	s.tillRoutes()
}

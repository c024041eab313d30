package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"dossier/domain/money"
	"dossier/handlers"
	"dossier/handlers/localpay"
)

var paymentKey = []byte("shared with the provider")

// money is what a house takes: online by a provider on loopback, which is told to say nothing by itself.
func (h *house) money(x *handlers.Executor) *handlers.Money {
	h.t.Helper()
	bank, err := localpay.Start(localpay.Options{Key: paymentKey, Callback: "http://127.0.0.1:1"})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(bank.Close)
	return handlers.NewMoney(x, localpay.NewClient(bank.URL(), paymentKey))
}

func TestAFeeIsShownOrderedAndPaidOverHTTP(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	r := h.submitted()
	var fee handlers.OwedFee
	h.get("fees", "/v1/dossiers/"+r.ID+"/fee?"+h.seen(r)).is(http.StatusOK).into(&fee)
	if fee.Total != 50_000 || len(fee.Lines) != 1 || len(fee.Lines[0].Steps) == 0 || fee.Lines[0].Steps[0].VI == "" {
		t.Fatalf("%+v", fee)
	}
	h.post("applicant-1", "/v1/dossiers/"+r.ID+"/payments/1/order", "{}").is(http.StatusConflict)
	h.done("fees", r.ID, "request-payment", `{"amount":50000,"fees":["appraisal-fee"]}`)
	h.post("applicant-2", "/v1/dossiers/"+r.ID+"/payments/1/order", "{}").is(http.StatusForbidden)
	var o, again struct {
		Reference string `json:"reference"`
		Amount    int    `json:"amount"`
		Applied   int    `json:"applied"`
		Booked    bool   `json:"booked"`
		PayAt     string `json:"pay_at"`
	}
	h.post("applicant-1", "/v1/dossiers/"+r.ID+"/payments/1/order", "{}").is(http.StatusOK).into(&o)
	h.post("applicant-1", "/v1/dossiers/"+r.ID+"/payments/1/order", "{}").is(http.StatusOK).into(&again)
	if o.Amount != 50_000 || o.PayAt == "" || again != o {
		t.Fatalf("%+v, %+v", o, again)
	}
	body, _ := json.Marshal(handlers.PaymentCallback{Transaction: "lp-1", Reference: o.Reference, Amount: 50_000, PaidAt: time.Now()})
	for _, c := range []struct {
		signature string
		status    int
	}{
		{"", http.StatusUnauthorized},
		{handlers.SignCallback([]byte("another"), body, time.Now()), http.StatusUnauthorized},
		{handlers.SignCallback(paymentKey, body, time.Now()), http.StatusNoContent},
		{handlers.SignCallback(paymentKey, body, time.Now()), http.StatusNoContent},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+"/v1/payments/callbacks", strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set(handlers.SignatureHeader, c.signature)
		resp, err := h.client.Do(req) // signed in as nobody
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != c.status {
			t.Errorf("signed %.20s…: %d, want %d", c.signature, resp.StatusCode, c.status)
		}
	}
	h.get("applicant-1", "/v1/payment-orders/"+o.Reference).is(http.StatusOK).into(&o)
	if o.Applied != 50_000 || !o.Booked {
		t.Errorf("%+v", o)
	}
	h.get("applicant-2", "/v1/payment-orders/"+o.Reference).is(http.StatusForbidden)
	h.get("fees", "/v1/payment-orders/"+r.ID).is(http.StatusConflict) // a dossier is no order
	for _, name := range money.TypeNames() {
		h.get("auditor", "/schemas/"+name).is(http.StatusOK)
	}
}

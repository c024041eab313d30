package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
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
	h.bank = localpay.NewClient(bank.URL(), paymentKey)
	return handlers.NewMoney(x, h.bank)
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
	if figures := string(h.get("auditor", "/metrics").is(http.StatusOK).body); !strings.Contains(figures, "dossier_forged_callbacks_total 2\n") {
		t.Errorf("two forged callbacks are not counted:\n%s", figures)
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

// A day at the counter and online, as the script of the documents has it, over HTTP.
func TestADayOfMoneyGoesOverHTTPFromTheFeeToTheReconciliation(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	today := time.Now().In(handlers.Zone()).Format(time.DateOnly)
	owing := func(applicant string) string {
		r := h.post(applicant, "/v1/dossiers", strings.Replace(filing, "applicant-1", applicant, 1)).is(201).receipt()
		h.done("fees", r.ID, "request-payment", `{"amount": 50000, "fees": ["appraisal-fee"]}`)
		return r.ID
	}
	var book struct {
		Series, Holder string
		Next           int
		Gaps           []int
		Used           map[string]struct{ Amount int }
	}
	h.post("officer-1", "/v1/receipt-books/BL26A", `{"first": 1, "last": 50, "holder": "fees"}`).is(http.StatusForbidden)
	h.post("fees", "/v1/receipt-books/BL26A", `{"first": 9, "last": 5, "holder": "fees"}`).is(http.StatusUnprocessableEntity)
	h.post("fees", "/v1/receipt-books/BL26A", `{"first": 1, "last": 50, "holder": "fees"}`, "Idempotency-Key: book").is(http.StatusOK).into(&book)
	h.post("fees", "/v1/receipt-books/BL26A", `{"first": 1, "last": 50, "holder": "fees"}`, "Idempotency-Key: book").is(http.StatusOK).into(&book)
	if book.Next != 1 || book.Holder != "fees" || book.Gaps == nil {
		t.Errorf("%+v", book)
	}
	h.get("fees", "/v1/receipt-books/BL99").is(http.StatusConflict)

	h.post("applicant-1", "/v1/tills", `{"float": 200000}`).is(http.StatusForbidden)
	h.post("fees", "/v1/tills", `{"float": 200000}`).is(http.StatusOK)
	id := owing("applicant-1")
	take := `{"dossier": "` + id + `", "payment": 1, "amount": %d, "method": "cash", "series": "BL26A", "number": 2}`
	h.post("fees", "/v1/tills/payments", fmt.Sprintf(take, 40_000)).problem(http.StatusConflict, "wrong_amount")
	var slip struct {
		Receipt      string
		Amount, Till int
	}
	for range 2 {
		h.post("fees", "/v1/tills/payments", fmt.Sprintf(take, 50_000)).is(http.StatusOK).into(&slip)
		if slip.Receipt != "BL26A-0000002" || slip.Till != 250_000 {
			t.Errorf("%+v", slip)
		}
	}
	h.get("fees", "/v1/receipt-books/BL26A").is(http.StatusOK).into(&book)
	if len(book.Gaps) != 1 || book.Gaps[0] != 1 || book.Used["2"].Amount != 50_000 {
		t.Errorf("%+v", book)
	}
	h.post("fees", "/v1/receipt-books/BL26A/1/void", `{"reason": "skipped"}`).is(http.StatusOK).into(&book)
	if len(book.Gaps) > 0 {
		t.Errorf("%+v", book)
	}
	h.post("fees", "/v1/receipt-books/BL26A/2/give-back", `{"amount": 20000, "reason": "reduced"}`).is(http.StatusOK).into(&slip)
	h.post("fees", "/v1/receipt-books/BL26A/2/give-back", `{"amount": 20000, "reason": "exempt"}`).problem(http.StatusConflict, "receipt_repaid")
	for _, nobody := range []string{``, `@\u008b`, `Đỗ Thị Nghĩa`} {
		h.post("fees", "/v1/receipt-books/BL26A/hand", `{"to": "`+nobody+`"}`).problem(http.StatusUnprocessableEntity, "bad_code")
	}
	h.post("fees", "/v1/receipt-books/BL26A/2/give-back", `{"amount": 10000, "reason": "reduced"}`).problem(http.StatusConflict, "receipt_repaid")
	if slip.Amount != -20_000 || slip.Till != 230_000 {
		t.Errorf("%+v", slip)
	}

	online := owing("applicant-2") // 40,000 come instead of 50,000, and go back
	var o struct{ Reference string }
	h.post("applicant-2", "/v1/dossiers/"+online+"/payments/1/order", "{}").is(http.StatusOK).into(&o)
	body, _ := json.Marshal(handlers.PaymentCallback{Transaction: "lp-7", Reference: o.Reference, Amount: 40_000, PaidAt: time.Now()})
	h.send("", "POST", "/v1/payments/callbacks", string(body), handlers.SignatureHeader+": "+handlers.SignCallback(paymentKey, body, time.Now())).is(http.StatusNoContent)
	h.post("applicant-2", "/v1/payment-orders/"+o.Reference+"/cancel", `{"reason": "exempt"}`).is(http.StatusForbidden)
	h.post("fees", "/v1/payment-orders/"+o.Reference+"/cancel", `{"reason": "exempt"}`).is(http.StatusOK)
	h.post("fees", "/v1/payment-orders/"+o.Reference+"/refund", `{"amount": 40001, "reason": "wrong_amount"}`).is(http.StatusConflict)

	var till money.Till
	h.post("fees", "/v1/tills/"+today+"/close", `{"counted": 229000}`).is(http.StatusOK).into(&till)
	if till.Closed == nil || till.Closed.Difference != -1000 {
		t.Errorf("%+v", till.Closed)
	}
	h.post("fees", "/v1/tills", `{"float": 0}`).problem(http.StatusConflict, "till_opened")
	h.get("fees", "/v1/tills/fees/"+today).is(http.StatusOK).into(&till)
	if len(till.Entries) != 2 {
		t.Errorf("%+v", till)
	}
	h.get("fees", "/v1/tills/fees/yesterday").is(http.StatusUnprocessableEntity)

	var day struct {
		money.Report
		Unexplained int
	}
	h.get("officer-1", "/v1/money/days/"+today).is(http.StatusForbidden)
	h.get("fees", "/v1/money/days/"+today).is(http.StatusOK).into(&day)
	key := "till_difference:fees-" + today
	if day.Counter != 50_000 || day.Receipted != 50_000 || day.Online != 40_000 || day.Returned != 20_000 || day.Unexplained == 0 || !slices.ContainsFunc(day.Differences, func(d money.Difference) bool { return d.Key == key }) {
		t.Errorf("%+v", day)
	}
	before := day.Unexplained
	h.post("fees", "/v1/money/days/"+today+"/explain", `{"key": "nothing", "cause": "counting_error"}`).is(http.StatusUnprocessableEntity)
	h.post("fees", "/v1/money/days/"+today+"/explain", `{"key": "`+key+`", "cause": "counting_error"}`).is(http.StatusOK).into(&day)
	if day.Unexplained != before-1 {
		t.Errorf("%+v", day)
	}
	h.post("fees", "/v1/money/days/"+today+"/settle", "{}").is(http.StatusOK)
	h.post("fees", "/v1/tills/fees/"+today+"/transfer", `{"document": "GNT-2026/118"}`).is(http.StatusOK).into(&till)
	if till.Transferred == nil {
		t.Errorf("%+v", till)
	}
}

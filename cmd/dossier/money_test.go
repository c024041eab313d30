package main

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"dossier/internal/config"
)

// The script of the documents is played as it stands.
func TestADayWithMoneyGoesFromTheFeeToTheReconciliation(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/examples/money/day.txt")
	if err != nil {
		t.Fatal(err)
	}
	s := &script{t: t}
	for n, line := range strings.Split(string(text), "\n") {
		s.at = "day.txt:" + strconv.Itoa(n+1)
		s.play(line)
	}
	t.Log("\n" + s.told.String())
}

// The whole stack is killed -9 while payments come in and callbacks are answered. What the provider has is in the books after it.
func TestKill9BetweenCallbackAndAnswerLosesNoPayment(t *testing.T) {
	long(t)
	t.Parallel()
	d := startDev(t, "--empty")
	const dossiers = 6
	var ids []string
	for i := range dossiers {
		out := must(t, "submit", "--data", d.folder, "--key", "d"+strconv.Itoa(i), "--set", "procedure=vet-practice-cert-renew", "--set", "channel=online", "--set", "applicant=applicant-1", "--set", "unit=one-stop")
		lines := strings.Split(strings.TrimSpace(out), "\n")
		id := strings.Fields(lines[len(lines)-1])[0]
		must(t, "do", id, "request-payment", "--as", "fees", "--set", "amount=50000", "--set", `fees=["appraisal-fee"]`, "--data", d.folder)
		must(t, "money", "order", id, "1", "--data", d.folder)
		ids = append(ids, id)
	}
	done := make(chan struct{})
	for _, id := range ids {
		go func() {
			pay := command("money", "pay", id, "1", "--misbehave", "twice", "--data", d.folder)
			_ = pay.Run() // the stack goes away under some of them
			done <- struct{}{}
		}()
	}
	d.eventually("a payment has come", func() error {
		if n := d.number("select count(*) from journal.events where type = 'payment-order.received'"); n == 0 {
			return errorf("none")
		}
		return nil
	})
	d.kill()
	for range ids {
		<-done
	}
	d.start()
	must(t, "money", "settle", "--data", d.folder)
	out := must(t, "money", "reconcile", "--data", d.folder)
	if strings.Contains(out, "not_booked") {
		t.Error(out)
	}
	came, booked := d.number("select count(*) from journal.events where type = 'payment-order.received'"), d.number("select count(*) from journal.events where type = 'dossier.payment-confirmed'")
	if came == 0 || came != booked {
		t.Errorf("%d payments came, %d dossiers have one\n%s", came, booked, out)
	}
	if out := must(t, "verify", "--data", d.folder); !strings.Contains(out, "holds") {
		t.Error(out)
	}
}

func TestAProviderIsNamedByItsSettingsAndItsKeyIsMasked(t *testing.T) {
	env := map[string]string{"PAYMENT_URL": "http://127.0.0.1:1", "PAYMENT_KEY": "hush"}
	cfg, err := config.FromEnv(func(name string) string { return env[name] })
	if err != nil || providerOf(cfg) == nil || string(providerOf(cfg).Key()) != "hush" || cfg.Masked().Payment.Key == "hush" {
		t.Errorf("%+v, %v", cfg.Masked().Payment, err)
	}
	env = map[string]string{"INVOICE_URL": "http://127.0.0.1:1", "INVOICE_KEY": "hush", "INVOICE_SPOOL": "/srv/invoices"}
	if cfg, err = config.FromEnv(func(name string) string { return env[name] }); err != nil || cfg.Invoice.URL == "" || cfg.Invoice.Key != "hush" || cfg.Invoice.Spool == "" || cfg.Masked().Invoice.Key == "hush" {
		t.Errorf("%+v, %v", cfg.Masked().Invoice, err)
	}
	if providerOf(config.Config{}) != nil {
		t.Error("a provider without a URL")
	}
}

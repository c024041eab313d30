package main

import (
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"dossier/internal/devstack/apachekafka"
)

// threeBrokers starts them once.
var threeBrokers = sync.OnceValues(func() (*apache, error) {
	c, err := apachekafka.Start(os.Getenv("DOSSIER_TEST_APACHE_KAFKA"))
	if err != nil {
		return nil, err
	}
	afterAll = append(afterAll, c.Stop)
	return &apache{Cluster: c}, nil
})

// onApache leaves a test to `make test-faults-kafka`. The tests that ask for the brokers take turns: each may kill one.
func onApache(t *testing.T) *apache {
	t.Helper()
	if os.Getenv("DOSSIER_TEST_APACHE_KAFKA") == "" {
		t.Skip("one with real brokers: make test-faults-kafka")
	}
	kafka, err := threeBrokers()
	if err != nil {
		t.Fatal(err)
	}
	return kafka
}

// Every fault hits twice, and each time what was answered under it is in Kafka before it is taken away.
func TestEachFaultAloneOfThreeRealBrokersOnlyDelays(t *testing.T) {
	kafka := onApache(t)
	for _, f := range slices.Concat(apacheFaults, topicFaults, cuts) {
		t.Run(f.name, func(t *testing.T) { outlives(t, kafka, f) })
	}
}

func outlives(t *testing.T, kafka *apache, f fault) {
	w := start(t, settings{kafka: kafka})
	w.work(4, 20*time.Millisecond)
	w.answers(t, 100)
	w.publishes(t)
	for range 2 {
		mend, err := f.inject(w, w.dice())
		if err != nil {
			t.Fatal(err)
		}
		w.answers(t, 100)
		w.publishes(t)
		if err := mend(); err != nil {
			t.Fatal(err)
		}
		w.answers(t, 100)
	}
	v := w.holds(t)
	longest, _, red := w.stalls.figures()
	t.Logf("%d events, longest stall %s (%s), red at %d looks, %d alarms", v.events, longest.Round(time.Millisecond), w.stalls.worst, red, w.alarms.sum())
	if !unnoticed[f.name] && red == 0 && w.alarms.sum() == 0 {
		t.Error("nobody noticed")
	}
}

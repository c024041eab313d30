package devstack

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
)

var shared = sync.OnceValues(func() (*Postgres, error) {
	if url := os.Getenv(EnvTestPostgres); url != "" {
		return &Postgres{AdminURL: url}, nil
	}
	return StartPostgres(context.Background(), PostgresOptions{})
})

// TestPostgres returns the one Postgres of this test process: $DOSSIER_TEST_POSTGRES if set, else a private one, not
// durable, started at the first call and gone with the process. Tests make databases of their own in it.
func TestPostgres(t testing.TB) *Postgres {
	t.Helper()
	p, err := shared()
	if err != nil {
		t.Fatalf("start a Postgres for tests: %v", err)
	}
	return p
}

// TestKafka returns brokers for one test: those of $DOSSIER_TEST_KAFKA if set, which all tests share, so name topics and
// groups apart; else an in-process Kafka of the test's own, in memory, on a free port.
func TestKafka(t testing.TB) []string {
	t.Helper()
	if brokers := os.Getenv(EnvTestKafka); brokers != "" {
		return strings.Split(brokers, ",")
	}
	k, err := StartKafka(KafkaOptions{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatalf("start a Kafka for the test: %v", err)
	}
	t.Cleanup(k.Stop)
	return []string{k.Addr}
}

package main

import (
	"strings"
	"testing"

	"dossier/internal/devstack"
)

// The figures are for `make bench`, on a quiet machine; here only: each measurement runs to its end and prints its lines.
func TestTheBenchesRunToTheirEnd(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"append": "512 clients, against COPY", "replay": "payload undecoded", "relay": "commit to Kafka consumer", "project": "burst", "growth": "256 clients, old streams",
	} {
		code, out, stderr := here(nil, "bench", name, "--quick")
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("bench %s: exit %d\n%s%s", name, code, out, stderr)
		}
	}
}

func TestTheBenchesRunOverAnyKafka(t *testing.T) {
	t.Parallel()
	brokers := strings.Join(devstack.TestKafka(t), ",")
	for name, want := range map[string]string{"relay": "≥ 20000/s", "project": "rows of history, one for each event"} {
		code, out, stderr := here(map[string]string{"KAFKA_BROKERS": brokers}, "bench", name, "--quick")
		if code != 0 || !strings.Contains(out, want) || !strings.Contains(out, "copies of each record") || !strings.Contains(stderr, "2000 of 2000") {
			t.Errorf("bench %s: exit %d\n%s%s", name, code, out, stderr)
		}
	}
}

package main

import (
	"regexp"
	"strings"
	"testing"

	"dossier/internal/devstack"
)

// The figures are for `make bench`, on a quiet machine; here only: each measurement runs to its end and prints its lines.
func TestTheBenchesRunToTheirEnd(t *testing.T) {
	long(t)
	t.Parallel()
	for name, want := range map[string]string{
		"append": "512 clients, against COPY", "replay": "payload undecoded", "relay": "commit to Kafka consumer", "project": "burst", "growth": "256 clients, old streams", "api": "every item read, a line each",
	} {
		code, out, stderr := here(nil, "bench", name, "--quick")
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("bench %s: exit %d\n%s%s", name, code, out, stderr)
		}
	}
}

func TestTheBenchesRunOverAnyKafka(t *testing.T) {
	long(t)
	t.Parallel()
	brokers := strings.Join(devstack.TestKafka(t), ",")
	for name, want := range map[string]string{"relay": "20000/s", "project": "rows of history, one for each event"} {
		code, out, stderr := here(map[string]string{"KAFKA_BROKERS": brokers}, "bench", name, "--quick")
		if code != 0 || !strings.Contains(out, want) || !strings.Contains(out, "copies of each record") || !strings.Contains(stderr, "2000 of 2000") {
			t.Errorf("bench %s: exit %d\n%s%s", name, code, out, stderr)
		}
	}
}

// The long form is `dossier bench rebuild`: a rebuild, and the way back and forth, while commands and reads go on.
func TestARebuildUnderCommandsAndReadsServesNoWrongAnswer(t *testing.T) {
	long(t)
	t.Parallel()
	code, out, stderr := here(nil, "bench", "rebuild", "--quick")
	lines := regexp.MustCompile(`(?m)^(?:commands|reads) meanwhile, (?:failed|wrong) +(\d+) of (\d+)`).FindAllStringSubmatch(out, -1)
	if code != 0 || len(lines) != 5 {
		t.Fatalf("exit %d\n%s%s", code, out, stderr)
	}
	for _, line := range lines {
		if line[1] != "0" || line[2] == "0" {
			t.Errorf("%s\n%s", line[0], out)
		}
	}
}

package main

import (
	"strings"
	"testing"
)

// The figures are for `make bench`, on a quiet machine; here only: each measurement runs to its end and prints its lines.
func TestTheBenchesRunToTheirEnd(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"append": "512 clients, against COPY", "replay": "payload undecoded", "relay": "produce latency", "project": "burst", "growth": "256 clients, old streams",
	} {
		code, out, stderr := here(nil, "bench", name, "--quick")
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("bench %s: exit %d\n%s%s", name, code, out, stderr)
		}
	}
}

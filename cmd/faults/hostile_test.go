package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestAShortHostileRunJudgesEveryAnswer(t *testing.T) {
	t.Parallel()
	var out, talk bytes.Buffer
	if code := run(t.Context(), []string{"hostile", "-appends", "6000", "-cut", "100", "-kill", "1500"}, &out, &talk); code != 0 {
		t.Fatalf("exit %d\n%s%s", code, &out, &talk)
	}
	if strings.Contains(out.String(), " 0 times Postgres was killed") { // while one cut is on its way others are passed over
		t.Errorf("Postgres was never killed\n%s", &out)
	}
	for _, line := range []string{"lost           0\n", "doubled        0\n", "out of order   0\n", "not linearizable 0\n", "whole journal  verified"} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("no %q in\n%s", line, &out)
		}
	}
}

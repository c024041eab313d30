package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestAShortSoakLosesDoublesAndReordersNothing(t *testing.T) {
	t.Parallel()
	var out, talk bytes.Buffer
	if code := run(t.Context(), []string{"-minutes", "0.08", "-seed", "3"}, &out, &talk); code != 0 {
		t.Fatalf("exit %d\n%s%s", code, &out, &talk)
	}
	for _, line := range []string{"lost           0\n", "doubled effects 0\n", "reordered      0\n", "longest stall", "alarms raised", "faults", "events"} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("no %q in\n%s", line, &out)
		}
	}
}

func TestAWrongCommandLineOfFaultsExitsWith2(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-minutes", "0"}, {"-minutes", "x"}, {"more"}, {"hostile", "-appends", "0"}, {"hostile", "more"}, {"memory", "-minutes", "0.1"}, {"memory", "more"}} {
		var out, talk bytes.Buffer
		if code := run(t.Context(), args, &out, &talk); code != exitUsage || talk.Len() == 0 {
			t.Errorf("%v: exit %d, %q", args, code, &talk)
		}
	}
}

// Waiting for answers that were lost is what a link must be able to do.
func TestALinkLosesTheAnswerAndNotTheRequest(t *testing.T) {
	slow(t)
	t.Parallel()
	w := start(t, settings{})
	w.work(4, 5*time.Millisecond)
	w.answers(t, 50)
	for _, n := range w.nodes {
		n.db.lose(3, isAppend)
	}
	soon(t, "answers of commits are lost", func() bool { return w.nodes[0].db.lost() == 3 && w.nodes[1].db.lost() == 3 })
	w.answers(t, 50)
	w.holds(t)
	if lost := w.nodes[0].journal.Stats().Lost; lost == 0 {
		t.Error("the writer lost no connection")
	}
}

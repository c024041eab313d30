package main

import (
	"testing"
	"time"
)

func TestSilenceIsTheTimeOfAStallInWhichNobodySaysWhy(t *testing.T) {
	t.Parallel()
	var s stalls
	began := time.Now()
	nothing := func() string { return "" }
	at := func(second int, trouble string) {
		d := time.Duration(second) * time.Second
		s.look(began.Add(d), d, trouble, nothing)
	}
	at(2, "")
	at(3, "the disk is full")
	at(15, "the disk is full")
	at(19, "")
	if longest, silent, red := s.figures(); longest != 19*time.Second || silent != 4*time.Second || red != 2 {
		t.Errorf("longest %s, silent %s, red %d", longest, silent, red)
	}
	at(30, "")
	if _, silent, _ := s.figures(); silent != 15*time.Second {
		t.Errorf("silent %s after 15 s without a word", silent)
	}
}

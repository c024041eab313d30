package handlers_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"dossier/handlers"
)

func TestACallerAsksSoOftenAMinuteAndThenAgain(t *testing.T) {
	now := time.Now()
	l := handlers.NewLimiter(3, func() time.Time { return now })
	for i := range 3 {
		if err := l.Enter("a"); err != nil {
			t.Errorf("question %d: %v", i+1, err)
		}
	}
	if l.Enter("a") == nil {
		t.Error("a fourth question passed")
	}
	if err := l.Enter("b"); err != nil {
		t.Errorf("another caller: %v", err)
	}
	now = now.Add(20 * time.Second)
	if err := l.Enter("a"); err != nil {
		t.Errorf("after a third of a minute: %v", err)
	}
	if l.Enter("a") == nil {
		t.Error("only one question had come back")
	}
}

func TestOnlyOurOwnProxyIsBelievedWhoAsks(t *testing.T) {
	for _, c := range []struct{ remote, forwarded, want string }{
		{"127.0.0.1:4000", "", "127.0.0.1"},
		{"127.0.0.1:4000", "198.51.100.1, 203.0.113.7", "203.0.113.7"},
		{"10.1.2.3:4000", "nonsense", "10.1.2.3"},
		{"203.0.113.9:4000", "198.51.100.1", "203.0.113.9"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		if r.RemoteAddr = c.remote; c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := handlers.CallerOf(r); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

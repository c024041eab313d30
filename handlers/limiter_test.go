package handlers_test

import (
	"fmt"
	"net/http"
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

func TestOnlyListedProxiesAreBelievedWhoAsks(t *testing.T) {
	listed, err := handlers.ReadProxies([]string{"127.0.0.1", "10.0.0.0/8", "2001:db8::1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		proxies                 handlers.Proxies
		remote, forwarded, want string
	}{
		{nil, "127.0.0.1:4000", "203.0.113.7", "127.0.0.1"}, // none listed: nobody is believed
		{nil, "10.1.2.3:4000", "203.0.113.7", "10.1.2.3"},
		{listed, "127.0.0.1:4000", "", "127.0.0.1"},
		{listed, "127.0.0.1:4000", "198.51.100.1, 203.0.113.7", "203.0.113.7"}, // the first was written by the caller
		{listed, "127.0.0.1:4000", "198.51.100.1, 203.0.113.7, 10.9.9.9", "203.0.113.7"},
		{listed, "10.1.2.3:4000", "nonsense", "10.1.2.3"},
		{listed, "10.1.2.3:4000", "203.0.113.7, nonsense", "10.1.2.3"},
		{listed, "203.0.113.9:4000", "198.51.100.1", "203.0.113.9"},
		{listed, "192.168.1.1:4000", "198.51.100.1", "192.168.1.1"}, // private, not listed
		{listed, "[2001:db8::1]:4000", "2001:db8:1::7", "2001:db8:1::7"},
		{listed, "[::ffff:127.0.0.1]:4000", "203.0.113.7", "203.0.113.7"},
		{listed, "127.0.0.1:4000", "10.0.0.1, 10.0.0.2", "10.0.0.1"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		if r.RemoteAddr = c.remote; c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		r.Header.Set("Forwarded", "for=198.51.100.200")
		r.Header.Set("X-Real-Ip", "198.51.100.200")
		got := ""
		c.proxies.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = handlers.CallerOf(r) })).ServeHTTP(nil, r)
		if got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
	if _, err := handlers.ReadProxies([]string{"our-proxy"}); err == nil {
		t.Error("a name was taken for an address")
	}
}

func TestManyAddressesFillNoMemoryAndSetNobodyElseFree(t *testing.T) {
	now := time.Now()
	l := handlers.NewLimiter(1, func() time.Time { return now })
	free := 0
	for i := range 60_000 {
		_ = l.Enter(fmt.Sprint("a", i))
	}
	for i := range 60_000 {
		if l.Enter(fmt.Sprint("a", i)) == nil {
			free++
		}
	}
	if free < 40_000 || free == 60_000 { // up to 20,000 are remembered, and they were all new
		t.Errorf("%d of 60000 were free", free)
	}
	if handlers.Network("2001:db8:1:2:3::4") != handlers.Network("2001:db8:1:2:ffff::1") || handlers.Network("203.0.113.7") == handlers.Network("203.0.113.8") {
		t.Error("networks")
	}
}

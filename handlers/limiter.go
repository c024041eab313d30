package handlers

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// A Limiter lets each caller ask so many times a minute. Numbers that follow each other invite guessing; this makes it slow.
type Limiter struct {
	perMinute float64
	now       func() time.Time

	mu      sync.Mutex
	callers map[string]allowance
}

type allowance struct {
	left float64
	at   time.Time
}

// mostCallers is how many are remembered; above it those are forgotten who could ask freely again anyway, then all.
const mostCallers = 20_000

// ChecksPerMinute is how often one caller may check results without being signed in.
const ChecksPerMinute = 30

// NewLimiter returns a limiter; now is time.Now when nil.
func NewLimiter(perMinute int, now func() time.Time) *Limiter {
	if now == nil {
		now = time.Now
	}
	return &Limiter{perMinute: float64(perMinute), now: now, callers: map[string]allowance{}}
}

// Enter counts one question of a caller, or says when to come back (429).
func (l *Limiter) Enter(caller string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	a, known := l.callers[caller]
	if !known {
		l.forget(now)
		a = allowance{l.perMinute, now}
	}
	a.left = min(l.perMinute, a.left+now.Sub(a.at).Minutes()*l.perMinute)
	a.at = now
	if a.left < 1 {
		l.callers[caller] = a
		return &Failure{Status: http.StatusTooManyRequests, Code: "too_many_requests", Retry: 1 + int((1-a.left)*60/l.perMinute),
			VI: "Tra cứu quá nhanh. Chờ một phút rồi thử lại, hoặc đăng nhập.", EN: "Too many checks. Wait a minute and try again, or sign in."}
	}
	a.left--
	l.callers[caller] = a
	return nil
}

func (l *Limiter) forget(now time.Time) {
	if len(l.callers) < mostCallers {
		return
	}
	for caller, a := range l.callers {
		if now.Sub(a.at) >= time.Minute {
			delete(l.callers, caller)
		}
	}
	if len(l.callers) >= mostCallers {
		clear(l.callers)
	}
}

// CallerOf is the address of who asks. What stands in front of us on the same machine or in the same private network is taken for our own
// proxy, and then it is the address that this one added last to X-Forwarded-For.
func CallerOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if near, err := netip.ParseAddr(host); err == nil && (near.IsLoopback() || near.IsPrivate()) {
		said := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		if last, err := netip.ParseAddr(strings.TrimSpace(said[len(said)-1])); err == nil {
			return last.String()
		}
	}
	return host
}

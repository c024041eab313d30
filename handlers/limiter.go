package handlers

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Limiter lets each caller ask so many times a minute. Numbers that follow each other invite guessing; this makes it slow.
type Limiter struct {
	perMinute float64
	now       func() time.Time
	vi, en    string // what is said to who asks too often

	mu      sync.Mutex
	callers map[string]allowance
}

type allowance struct {
	left float64
	at   time.Time
}

// mostCallers is how many are remembered; above it those are forgotten who could ask freely again anyway, then some.
const mostCallers = 20_000

// ChecksPerMinute is how often one caller may check results without being signed in.
const ChecksPerMinute = 30

// NewLimiter returns a limiter; now is time.Now when nil.
func NewLimiter(perMinute int, now func() time.Time) *Limiter {
	if now == nil {
		now = time.Now
	}
	return &Limiter{perMinute: float64(perMinute), now: now, vi: "Tra cứu quá nhanh. Chờ một phút rồi thử lại, hoặc đăng nhập.", en: "Too many checks. Wait a minute and try again, or sign in.", callers: map[string]allowance{}}
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
			VI: l.vi, EN: l.en}
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
	for caller := range l.callers { // a twentieth at once, for the look above reads all; not all: many addresses of one caller must not set everybody free
		if len(l.callers) < mostCallers-mostCallers/20 {
			return
		}
		delete(l.callers, caller)
	}
}

// Proxies are those that stand in front of us, by network. Only what they say of who asks is believed.
type Proxies []netip.Prefix

// ReadProxies reads addresses and CIDRs.
func ReadProxies(list []string) (p Proxies, err error) {
	for _, s := range list {
		network, err := netip.ParsePrefix(s)
		if a, bad := netip.ParseAddr(s); err != nil && bad == nil {
			network, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%q is no address or CIDR, such as 10.0.0.5 or 10.0.0.0/24", s)
		}
		p = append(p, network)
	}
	return p, nil
}

func (p Proxies) has(a netip.Addr) bool {
	return slices.ContainsFunc(p, func(n netip.Prefix) bool { return n.Contains(a.Unmap().WithZone("")) })
}

type callerKey struct{}

// Handler finds out once for each request who asks: from the last hop backwards through X-Forwarded-For, as long as the hop is one of ours.
// What a caller wrote there itself stands further in front and is not reached.
func (p Proxies) Handler(next http.Handler) http.Handler {
	if len(p) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, p.caller(r))))
	})
}

func (p Proxies) caller(r *http.Request) string {
	said := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	at, err := netip.ParseAddr(remote(r))
	if err != nil {
		return remote(r)
	}
	for i := len(said) - 1; i >= 0 && p.has(at); i-- {
		before, err := netip.ParseAddr(strings.TrimSpace(said[i]))
		if err != nil {
			break
		}
		at = before.Unmap()
	}
	return at.String()
}

func remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// CallerOf is the address of who asks, as Proxies found it out; without any it is who connected.
func CallerOf(r *http.Request) string {
	if found, ok := r.Context().Value(callerKey{}).(string); ok {
		return found
	}
	return remote(r)
}

// Rates bound how often one account, key or address asks. A nil *Rates bounds nothing.
type Rates struct{ addresses, accounts *Limiter }

// NewRates returns bounds per minute.
func NewRates(address, account int) *Rates {
	const vi, en = "Gửi quá nhiều yêu cầu. Chờ hết thời gian trong Retry-After rồi gửi tiếp, chậm hơn.", "Too many requests. Wait for the time in Retry-After, then go on more slowly."
	r := &Rates{NewLimiter(address, nil), NewLimiter(account, nil)}
	r.addresses.vi, r.addresses.en, r.accounts.vi, r.accounts.en = vi, en, vi, en
	return r
}

// Address counts a request of an address.
func (r *Rates) Address(q *http.Request) error {
	if r == nil {
		return nil
	}
	return r.addresses.Enter(Network(CallerOf(q)))
}

// Account counts a request of an account, by whatever key or session it came.
func (r *Rates) Account(account string) error {
	if r == nil {
		return nil
	}
	return r.accounts.Enter(account)
}

// Network is what one customer of a provider has for itself: an IPv4 address, or a /64 of IPv6.
func Network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil || a.Unmap().Is4() {
		return address
	}
	p, _ := a.WithZone("").Prefix(64) // of IPv6: cannot fail
	return p.String()
}

package identity

import (
	"net/http"
	"sync"
	"time"

	"dossier/handlers"
)

// How many wrong secrets one address may send in which time before it is locked out for as long.
const (
	MostFailures  = 10
	FailureWindow = 15 * time.Minute
)

// mostAddresses is how many addresses are remembered.
const mostAddresses = 20_000

// A Lockout refuses an address that guesses. It is of one process; a right secret does not wipe out the wrong ones before it,
// for whoever has one key could then try others for ever.
type Lockout struct {
	now func() time.Time

	mu       sync.Mutex
	by       map[string]failures
	lockouts int64
	failed   map[string]int64 // by kind
}

type failures struct {
	count int
	since time.Time // of the first; of the lock once there are too many
}

// NewLockout returns one that remembers nobody; now is time.Now when nil.
func NewLockout(now func() time.Time) *Lockout {
	if now == nil {
		now = time.Now
	}
	return &Lockout{now: now, by: map[string]failures{}, failed: map[string]int64{}}
}

// Enter refuses a request from an address that is locked out (429).
func (l *Lockout) Enter(r *http.Request) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.by[handlers.Network(handlers.CallerOf(r))]
	left := FailureWindow - l.now().Sub(f.since)
	if f.count < MostFailures || left <= 0 {
		return nil
	}
	return &handlers.Failure{Status: http.StatusTooManyRequests, Code: "locked_out", Retry: 1 + int(left/time.Second),
		VI: "Địa chỉ này đã gửi sai khóa hoặc đăng nhập hỏng quá nhiều lần. Chờ hết thời gian trong Retry-After rồi thử lại với đúng khóa.",
		EN: "This address sent too many wrong keys or failed log-ins. Wait for the time in Retry-After, then try again with the right one."}
}

// Failed counts a wrong secret of a kind (key, login).
func (l *Lockout) Failed(r *http.Request, kind string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed[kind]++
	address, now := handlers.Network(handlers.CallerOf(r)), l.now()
	f, known := l.by[address]
	if !known {
		l.room(now)
	}
	if now.Sub(f.since) >= FailureWindow {
		f = failures{since: now}
	}
	if f.count++; f.count == MostFailures {
		f.since = now
		l.lockouts++
	}
	l.by[address] = f
}

// room forgets who is no longer held against, and if all are, a twentieth of them: memory stays bounded whoever comes, and who comes from many
// addresses does not have all of them looked through each time.
func (l *Lockout) room(now time.Time) {
	if len(l.by) < mostAddresses {
		return
	}
	for address, f := range l.by {
		if now.Sub(f.since) >= FailureWindow {
			delete(l.by, address)
		}
	}
	for address := range l.by {
		if len(l.by) < mostAddresses-mostAddresses/20 {
			return
		}
		delete(l.by, address)
	}
}

// Lockouts is how often an address was locked out, and Failures how many secrets of each kind were wrong.
func (l *Lockout) Lockouts() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lockouts
}

// Failures says how many secrets of a kind were wrong.
func (l *Lockout) Failures(kind string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed[kind]
}

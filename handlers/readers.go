package handlers

import (
	"net/http"
	"time"
)

// SlowestReader is how long a client may take for the next piece of an answer. Who stops reading holds a connection, and what it was answered, no longer.
const SlowestReader = 20 * time.Second

// piece is how much of an answer is handed over under one deadline.
const piece = 64 << 10

// CutOffSlowReaders gives each piece of an answer its time to be taken. The deadline moves on with what is taken, so a long answer may take long.
func CutOffSlowReaders(next http.Handler, within time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := &pieces{ResponseWriter: w, control: http.NewResponseController(w), within: within}
		_ = p.control.SetWriteDeadline(time.Time{}) // of the request before on this connection
		next.ServeHTTP(p, r)
		p.extend() // for what is still to be flushed
	})
}

// pieces is an answer that is written piece by piece.
type pieces struct {
	http.ResponseWriter
	control *http.ResponseController
	within  time.Duration
	own     bool // the handler sets deadlines of its own
}

func (p *pieces) extend() {
	if !p.own {
		_ = p.control.SetWriteDeadline(time.Now().Add(p.within)) // not every connection has one: tests
	}
}

func (p *pieces) Write(b []byte) (n int, err error) {
	for {
		part := b[n:min(n+piece, len(b))]
		p.extend()
		done, err := p.ResponseWriter.Write(part)
		if n += done; err != nil || n == len(b) {
			return n, err
		}
	}
}

// SetWriteDeadline leaves deadlines to a handler that knows better: a stream, a file.
func (p *pieces) SetWriteDeadline(t time.Time) error {
	p.own = true
	return p.control.SetWriteDeadline(t)
}

// FlushError hands over what was written.
func (p *pieces) FlushError() error {
	p.extend()
	return p.control.Flush()
}

// Flush is FlushError for who cannot be told.
func (p *pieces) Flush() { _ = p.FlushError() }

// Unwrap lets http.ResponseController reach what is not here.
func (p *pieces) Unwrap() http.ResponseWriter { return p.ResponseWriter }

package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// link is the wire between one part and one server: every connection of the part goes through it, so it can be cut, held up,
// slowed down, or lose an answer on the way back.
type link struct {
	dial func(ctx context.Context, network, addr string) (net.Conn, error)

	mu      sync.Mutex
	conns   map[*wire]struct{}
	down    func(addr string) bool // nil: nothing is cut
	gate    chan struct{}          // closed when bytes may pass
	delay   time.Duration          // before each answer
	swallow func(request []byte) bool
	left    int // answers still to swallow
	gone    int // answers swallowed
}

var errCut = errors.New("the link is cut")

func newLink(dial func(ctx context.Context, network, addr string) (net.Conn, error)) *link {
	open := make(chan struct{})
	close(open)
	return &link{dial: dial, conns: map[*wire]struct{}{}, gate: open}
}

// Dial is what Kafka's client asks of a dialer.
func (l *link) Dial(network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return l.DialContext(ctx, network, addr)
}

// DialContext is what Postgres' client asks of a dialer.
func (l *link) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	l.mu.Lock()
	down := l.isDown(addr)
	l.mu.Unlock()
	if down {
		return nil, &net.OpError{Op: "dial", Net: network, Err: errCut}
	}
	c, err := l.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	w := &wire{Conn: c, l: l, addr: addr}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isDown(addr) {
		_ = c.Close()
		return nil, &net.OpError{Op: "dial", Net: network, Err: errCut}
	}
	l.conns[w] = struct{}{}
	return w, nil
}

func (l *link) isDown(addr string) bool { return l.down != nil && l.down(addr) }

// cut ends every connection and refuses new ones until mend.
func (l *link) cut() { l.cutFrom(func(string) bool { return true }) }

// cutFrom does so with the servers at some addresses.
func (l *link) cutFrom(down func(addr string) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = down
	for c := range l.conns {
		if down(c.addr) {
			_ = c.Conn.Close()
			delete(l.conns, c)
		}
	}
}

// hold lets nothing pass in either direction and ends nothing: what is sent arrives when the link is mended.
func (l *link) hold() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.gate:
		l.gate = make(chan struct{})
	default:
	}
}

func (l *link) slow(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delay = d
}

// lose lets the next n requests that match arrive and be done, and ends the connection before their answer is heard.
func (l *link) lose(n int, match func(request []byte) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left, l.swallow = n, match
}

// lost is how many answers were swallowed.
func (l *link) lost() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.gone
}

func (l *link) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down, l.delay, l.left = nil, 0, 0
	select {
	case <-l.gate:
	default:
		close(l.gate)
	}
}

func (l *link) state() (gate chan struct{}, delay time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.gate, l.delay
}

// wire is one connection of a link.
type wire struct {
	net.Conn
	l    *link
	addr string

	mu     sync.Mutex
	doomed bool // the next answer is lost
}

func (w *wire) Write(b []byte) (int, error) {
	gate, _ := w.l.state()
	<-gate
	w.l.mu.Lock()
	doomed := w.l.left > 0 && w.l.swallow(b)
	if doomed {
		w.l.left--
	}
	w.l.mu.Unlock()
	if doomed {
		w.mu.Lock()
		w.doomed = true
		w.mu.Unlock()
	}
	return w.Conn.Write(b)
}

func (w *wire) Read(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	gate, delay := w.l.state()
	<-gate
	if delay > 0 {
		time.Sleep(delay)
	}
	w.mu.Lock()
	doomed := w.doomed
	w.mu.Unlock()
	if doomed && n > 0 {
		w.l.mu.Lock()
		w.l.gone++
		w.l.mu.Unlock()
		_ = w.Conn.Close()
		return 0, &net.OpError{Op: "read", Err: errCut}
	}
	return n, err
}

func (w *wire) Close() error {
	w.l.mu.Lock()
	delete(w.l.conns, w)
	w.l.mu.Unlock()
	return w.Conn.Close()
}

// isAppend knows a batch on its way to Postgres by the name of the prepared statement.
func isAppend(request []byte) bool { return bytes.Contains(request, []byte("dossier_append")) }

// isMove knows the transaction that moves checkpoints.
func isMove(request []byte) bool { return bytes.Contains(request, []byte("commit")) }

// isProduce knows a produce request by its API key, behind four bytes of length.
func isProduce(request []byte) bool {
	return len(request) > 8 && request[4] == 0 && request[5] == 0
}

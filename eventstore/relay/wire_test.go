package relay

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

// wire is what a relay reaches Kafka through.
type wire struct {
	ctx   context.Context // of the test
	mu    sync.Mutex
	conns []net.Conn
	down  bool   // every connection is refused
	deaf  bool   // nothing that is sent arrives
	page  func() // before each page
}

// wired gives the relays that are made from here on a wire.
func (w *world) wired() *wire {
	l := &wire{ctx: w.Context()}
	w.o.Kafka = func(c *sarama.Config) {
		c.Net.Proxy.Enable, c.Net.Proxy.Dialer = true, l
		c.Net.ReadTimeout = 3 * time.Second
	}
	return l
}

func (l *wire) Dial(network, addr string) (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return nil, errors.New("the wire is cut")
	}
	c, err := net.Dial(network, addr)
	if err != nil {
		return nil, err
	}
	l.conns = append(l.conns, c)
	return end{c, l}, nil
}

func (l *wire) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = true
	for _, c := range l.conns {
		_ = c.Close()
	}
}

func (l *wire) silence() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deaf = true
}

func (l *wire) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down, l.deaf = false, false
}

// hold stops the next page on its way, and all that follow, until they are let go.
func (l *wire) hold() (arrived <-chan struct{}, letGo func()) {
	on, free := make(chan struct{}), make(chan struct{})
	first := sync.OnceFunc(func() { close(on) })
	l.mu.Lock()
	defer l.mu.Unlock()
	l.page = func() {
		first()
		select {
		case <-free:
		case <-l.ctx.Done():
		}
	}
	return on, sync.OnceFunc(func() { close(free) })
}

// end is one connection.
type end struct {
	net.Conn
	l *wire
}

func (e end) Write(b []byte) (int, error) {
	e.l.mu.Lock()
	deaf, page := e.l.deaf, e.l.page
	e.l.mu.Unlock()
	produces := len(b) > 6 && b[4] == 0 && b[5] == 0 // the API key stands behind four bytes of length
	switch {
	case deaf:
		return len(b), nil
	case produces && page != nil:
		page()
	}
	return e.Conn.Write(b)
}

// said keeps what a relay logs.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *world) listen() *said {
	s := &said{}
	w.o.Log = slog.New(slog.NewTextHandler(s, nil))
	return s
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

package projections

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// hanging returns a pool, and what makes all its connections lead to a server that takes everything and answers nothing any more.
// New connections find one that answers.
func hanging(t *testing.T, url string) (pool *pgxpool.Pool, hang func()) {
	t.Helper()
	c, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	var servers atomic.Int64
	c.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, network, address)
		return &wire{conn, servers.Load(), &servers}, err
	}
	if pool, err = pgxpool.NewWithConfig(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool, func() { servers.Add(1) }
}

type wire struct {
	net.Conn
	server int64
	now    *atomic.Int64
}

func (w *wire) Write(b []byte) (int, error) {
	if w.server != w.now.Load() {
		return len(b), nil
	}
	return w.Conn.Write(b)
}

func TestAServerThatHangsIsGivenUpForOneThatAnswers(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	pool, hang := hanging(t, s.db.AppURL)
	e := NewEngine(pool, s.journal, s.options(Options{NoKafka: true, Answer: 100 * time.Millisecond}))
	s.run(e.Run)
	for range 3 {
		s.live(10)
		s.arrive()
		hang()
	}
	s.holds()
	if e.Status().Counters.Retried == 0 {
		t.Error("nothing hung")
	}
}

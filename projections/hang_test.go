package projections

import (
	"context"
	"net"
	"sync"
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
	e := NewEngine(pool, s.journal, s.options(Options{NoKafka: true, Answer: time.Second}))
	s.run(e.Run)
	s.live(10)
	s.arrive()
	hang()
	s.live(10)
	s.arrive()
	s.holds()
	if e.Status().Counters.Retried == 0 {
		t.Error("nothing hung")
	}
}

func TestWhatKafkaBringsWhilePostgresStandsStillIsBounded(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.live(300)
	o := s.options(Options{Bytes: 20_000})
	e := NewEngine(s.db.App, s.journal, o)
	e.o.NoKafka = false // it is told by hand
	bringing, stop := context.WithCancel(s.ctx())
	var brought sync.WaitGroup
	brought.Go(func() {
		for bringing.Err() == nil {
			for _, d := range s.messages() {
				e.put(bringing, d)
			}
		}
	})
	defer brought.Wait()
	defer stop()
	tx, err := s.db.Owner.Begin(s.ctx())
	if err == nil {
		_, err = tx.Exec(s.ctx(), `lock table views.checkpoints in access exclusive mode`)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.run(e.Run)
	s.eventually("no more is taken", func() bool {
		room := e.room.TryAcquire(1000)
		if room {
			e.room.Release(1000)
		}
		return !room
	})
	if n := len(e.queue); n > 40 { // each weighs more than 500
		t.Errorf("%d events are queued", n)
	}
	if err := tx.Rollback(s.ctx()); err != nil {
		t.Fatal(err)
	}
	s.arrive()
	s.holds()
}

package eventstore_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/eventstore"
	"dossier/migrations/dbtest"
)

// cutter is a connection whose answers can be cut off after the server has sent them: it has committed, nobody hears of it.
type cutter struct {
	net.Conn
	cut *atomic.Int32 // how many answers still to cut
}

func (c *cutter) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && c.cut.Load() > 0 && c.cut.Add(-1) >= 0 {
		c.Conn.Close()
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

// cutting returns a pool whose connections lose the next answers when told to.
func cutting(t *testing.T, url string) (*pgxpool.Pool, *atomic.Int32) {
	t.Helper()
	c, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	var cut atomic.Int32
	c.ConnConfig.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		var d net.Dialer
		conn, err := d.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &cutter{conn, &cut}, nil
	}
	p, err := pgxpool.NewWithConfig(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p, &cut
}

func TestAnAnswerLostAfterTheCommitIsNeitherALossNorADouble(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	pool, cut := cutting(t, dbtest.New(t).AppURL)
	j := open(t, pool, eventstore.Options{})
	if _, err := j.Append(ctx, eventstore.Request{Stream: newStream(), Events: facts(1)}); err != nil {
		t.Fatal(err)
	}
	head := int64(1)
	for _, expected := range []int64{eventstore.NoStream, eventstore.AnyVersion} {
		for _, n := range []int{1, 3} {
			s := newStream()
			cut.Store(1)
			r, err := j.Append(ctx, eventstore.Request{Stream: s, Expected: expected, Events: facts(n)})
			head += int64(n)
			if err != nil || r.Last != head || r.First != head-int64(n)+1 || r.Version != int64(n) || r.Events != n || r.RecordedAt.IsZero() {
				t.Errorf("append of %d expecting %d = %+v, %v", n, expected, r, err)
			}
			if events, err := j.Stream(ctx, s.ID, 0); err != nil || len(events) != n {
				t.Errorf("%d events expecting %d, want %d: %v", len(events), expected, n, err)
			}
		}
	}
}

// terminate ends append sessions until it has ended n.
func terminate(ctx context.Context, t *testing.T, owner *pgxpool.Pool, n int) {
	t.Helper()
	tick := time.NewTicker(15 * time.Millisecond)
	defer tick.Stop()
	for n > 0 {
		select {
		case <-ctx.Done():
			t.Errorf("%d sessions still to end: this proved little", n)
			return
		case <-tick.C:
		}
		rows, err := owner.Query(ctx, `
			select pg_terminate_backend(pid)
			  from pg_stat_activity
			 where datname = current_database() and usename = 'dossier_app' and query like '%append_v2%'`)
		if err != nil {
			t.Error(err)
			return
		}
		done, err := pgx.CollectRows(rows, pgx.RowTo[bool])
		if err != nil {
			t.Error(err)
			return
		}
		n -= len(done)
	}
}

func TestSessionsEndedAtAnyMomentLoseNoAcknowledgedEventAndStoreNoneTwice(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	db := dbtest.New(t)
	j := open(t, db.App, eventstore.Options{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		terminate(ctx, t, db.Owner, 25)
	}()
	running := func() bool {
		select {
		case <-ended:
			return false
		default:
			return true
		}
	}

	var acknowledged sync.Map // event id → position
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			s, version := newStream(), int64(0)
			for i := 0; running(); i++ {
				events := facts(1 + i%2)
				for n := range events {
					events[n].ID = uuid.Must(uuid.NewV7())
				}
				r := eventstore.Request{Stream: s, Expected: version, Events: events}
				if w%4 == 0 {
					r.Expected = eventstore.AnyVersion
				}
				result, err := j.Append(ctx, r)
				if errors.Is(err, eventstore.ErrBusy) { // may have happened: go on elsewhere
					s, version = newStream(), 0
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if version += int64(len(events)); result.Version != version {
					t.Errorf("version %d, want %d", result.Version, version)
				}
				for n := range events {
					acknowledged.Store(events[n].ID, result.First+int64(n))
				}
			}
		})
	}
	wg.Wait()

	seen := map[uuid.UUID]bool{}
	head, err := j.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for after := int64(0); after < head; {
		page, err := j.Page(ctx, after, 1000)
		if err != nil || len(page) == 0 {
			t.Fatal("page", after, err)
		}
		for _, e := range page {
			if seen[e.ID] {
				t.Errorf("event of position %d is stored twice", e.Position)
			}
			seen[e.ID] = true
			if at, ok := acknowledged.Load(e.ID); ok && at != e.Position {
				t.Errorf("event was acknowledged at %d and stands at %d", at, e.Position)
			}
			after = e.Position
		}
	}
	acknowledged.Range(func(id, at any) bool {
		if !seen[id.(uuid.UUID)] {
			t.Errorf("event acknowledged at %d is lost", at)
		}
		return true
	})
	if d, err := j.Verify(ctx, nil); d != nil || err != nil {
		t.Errorf("verify = %v, %v", d, err)
	}
}

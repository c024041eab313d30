package eventstore

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/migrations/dbtest"
)

// An append whose connection is lost may still be on its way in its old session. Sent again, it must not come in twice: not even where
// the partition ends between the two, so that no index sees both, and any version will do, so that no version stands against it.
func TestAnAppendWhoseOldSessionComesLateIsStoredOnceWhereAPartitionEnds(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := dbtest.New(t)
	db.PartitionSize(t, 10)
	var mu sync.Mutex
	var wires []net.Conn
	config := db.App.Config()
	dial := config.ConnConfig.DialFunc
	config.ConnConfig.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		mu.Lock()
		defer mu.Unlock()
		wires = append(wires, c)
		return uncancelled{c}, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	j, err := Open(ctx, pool, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.Close)
	for range 9 {
		if _, err := j.Append(ctx, request(time.Now())); err != nil {
			t.Fatal(err)
		}
	}

	hold, err := db.App.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hold.Exec(ctx, `select pg_advisory_xact_lock(1685025651, 1)`); err != nil {
		t.Fatal(err)
	}
	r := request(time.Now())
	r.Expected = AnyVersion
	r.Events[0].ID = uuid.New()
	answered := make(chan error, 1)
	go func() {
		_, err := j.Append(context.Background(), r)
		answered <- err
	}()
	waiting := func() (sessions []int32) {
		if err := db.Owner.QueryRow(ctx, `
			select coalesce(array_agg(pid), '{}') from pg_locks where locktype = 'advisory' and classid = 1685025651 and objid = 1 and not granted
			   and database = (select oid from pg_database where datname = current_database())`).Scan(&sessions); err != nil {
			t.Fatal(err)
		}
		return sessions
	}
	until(t, "the append waits", func() bool { return len(waiting()) == 1 })
	old := waiting()[0]
	mu.Lock()
	for _, c := range wires {
		_ = c.Close()
	}
	mu.Unlock()
	until(t, "the append is sent again", func() bool {
		return slices.ContainsFunc(waiting(), func(pid int32) bool { return pid != old })
	})
	if err := hold.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	if err := <-answered; err != nil {
		t.Fatal(err)
	}
	until(t, "nothing is on its way any more", func() bool { return len(waiting()) == 0 })
	var n int
	if err := db.Owner.QueryRow(ctx, `select count(*) from journal.events where event_id = $1`, r.Events[0].ID).Scan(&n); err != nil || n != 1 {
		t.Errorf("stored %d times, %v", n, err)
	}
}

// uncancelled is a wire over which no statement can be cancelled: what pgx sends when a wire breaks does not always come in time.
type uncancelled struct{ net.Conn }

func (u uncancelled) Write(b []byte) (int, error) {
	if len(b) == 16 && binary.BigEndian.Uint32(b[4:]) == 80877102 {
		return 0, errors.New("no cancelling")
	}
	return u.Conn.Write(b)
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in 20 s: %s", what)
		}
	}
}

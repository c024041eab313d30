package relay

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/eventstore"
	"dossier/internal/devstack"
	"dossier/migrations/dbtest"
)

// elsewhere is the same journal in another process.
func (w *world) elsewhere() *world {
	w.Helper()
	other := *w
	other.j = w.opened(w.db.App, eventstore.Options{})
	return &other
}

// endLine ends the connection over which this process appends, as a failover does.
func (w *world) endLine() {
	w.Helper()
	var ended int
	err := w.db.Owner.QueryRow(context.Background(), `
		select count(pg_terminate_backend(pid))
		from pg_stat_activity
		where datname = current_database() and query like '%append_v2%' and pid <> pg_backend_pid()`).Scan(&ended)
	if err != nil || ended == 0 {
		w.Fatal(ended, err)
	}
}

// A failover that loses a tail is not always seen at once: what replaces the tail may have grown past it by then. Each case makes it
// happen where another read of the relay would be the first to see it; no renewal of the lease comes to its help.
func TestAHistoryThatRegrewPastWhatWasSentIsNotContinuedOverKafka(t *testing.T) {
	t.Parallel()
	many := streams(20)
	for name, c := range map[string]struct {
		kept     int64
		failOver func(w *world, kept int64) *Relay
	}{
		"read from the database": {70, func(w *world, kept int64) *Relay {
			r, letGo := w.onItsWay()
			w.loseTail(kept)
			w.elsewhere().write(50, many...)
			letGo()
			return r
		}},
		"read from memory": {99, func(w *world, kept int64) *Relay {
			r, letGo := w.onItsWay()
			w.loseTail(kept)
			w.endLine()
			w.writeTogether(2, many[0])
			letGo()
			return r
		}},
		"at the beginning of a session": {70, func(w *world, kept int64) *Relay {
			w.sentOnce()
			r, _ := w.run(w.db.App)
			eventually(w, "a session", func() bool { return r.Status().Generation == 1 })
			w.loseTail(kept)
			w.elsewhere().write(50, many...)
			return r
		}},
		"in front of what Kafka has": {90, func(w *world, kept int64) *Relay {
			w.sentOnce()
			if err := w.admin().CreatePartitions(w.o.Topic, int32(2*w.o.Partitions), nil, false); err != nil {
				w.Fatal(err)
			}
			w.o.Page = 10
			r, letGo := w.onItsWay()
			w.loseTail(kept)
			w.elsewhere().write(30, many...)
			letGo()
			return r
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, devstack.TestKafka(t))
			w.o.Lease, w.o.Page = time.Hour, 200
			w.write(100, many...)
			r := c.failOver(w, c.kept)
			eventually(t, "the relay halts", func() bool { return r.Status().Role == Halted })
			w.toldNone(c.kept)
		})
	}
}

// onItsWay runs a relay and stops its first page on the way to Kafka.
func (w *world) onItsWay() (r *Relay, letGo func()) {
	arrived, letGo := w.wired().hold()
	r, _ = w.run(w.db.App)
	<-arrived
	return r, letGo
}

// sentOnce runs a relay until Kafka has everything.
func (w *world) sentOnce() {
	w.Helper()
	r, stop := w.run(w.db.App)
	w.carried(r)
	stop()
}

// toldNone checks that Kafka has nothing of what the journal has after a position.
func (w *world) toldNone(after int64) {
	w.Helper()
	events, err := w.j.Page(context.Background(), after, 1000)
	if err != nil || len(events) == 0 {
		w.Fatal(len(events), err)
	}
	for _, messages := range w.stored() {
		for _, d := range messages {
			if i := d.Position - after - 1; i >= 0 && i < int64(len(events)) && events[i].ID == d.ID {
				w.Errorf("position %d was told a second time, as another event", d.Position)
			}
		}
	}
}

// flipping returns a pool that may reach another of the databases each time it is asked.
func (w *world) flipping(databases ...string) *pgxpool.Pool {
	w.Helper()
	c, err := pgxpool.ParseConfig(w.db.AppURL)
	if err != nil {
		w.Fatal(err)
	}
	c.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error {
		c.Database = databases[rand.N(len(databases))]
		return nil
	}
	c.AfterRelease = func(*pgx.Conn) bool { return false }
	pool, err := pgxpool.NewWithConfig(context.Background(), c)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(pool.Close)
	return pool
}

// share copies the first events of a journal into an empty one.
func (w *world) share(to *dbtest.DB, upTo int) {
	w.Helper()
	events, err := w.j.Page(context.Background(), 0, upTo)
	if err != nil {
		w.Fatal(err)
	}
	_, err = to.Owner.CopyFrom(context.Background(), pgx.Identifier{"journal", "events"}, strings.Split(eventstore.Columns, ", "),
		pgx.CopyFromSlice(len(events), func(i int) ([]any, error) {
			e := events[i]
			return []any{e.Position, e.StreamID, e.StreamKind, e.Version, e.ID, e.Type, e.TypeVersion, e.Data, e.Meta, e.OccurredAt, e.RecordedAt, e.Lane}, nil
		}))
	if err != nil {
		w.Fatal(err)
	}
}

func TestAComparisonIsWithOneDatabaseWhateverFailsOverMeanwhileOverKafka(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t, devstack.TestKafka(t))
	many := streams(20)
	w.write(100, many...)
	w.sentOnce()
	failed := &world{TB: t, db: dbtest.New(t), o: w.o}
	w.share(failed.db, 60)
	failed.j = failed.opened(failed.db.App, eventstore.Options{})
	failed.write(60, many...)

	kafka, err := connect(w.o.defaults(), false)
	if err != nil {
		t.Fatal(err)
	}
	defer kafka.close()
	tails, err := kafka.tails()
	if err != nil {
		t.Fatal(err)
	}
	cursor := mark{position: 100, topic: kafka.id}
	want, err := compare(ctx, w.j, kafka, tails, cursor)
	if err != nil || want.after.position != 100 {
		t.Fatal(want.after, err)
	}
	both := w.opened(w.flipping(w.db.Name, failed.db.Name), eventstore.Options{})
	met := map[bool]int{}
	for range 30 {
		got, err := compare(ctx, both, kafka, tails, cursor)
		fork := (*ForkError)(nil)
		met[errors.As(err, &fork)]++
		if fork == nil && (err != nil || !reflect.DeepEqual(got, want)) {
			t.Fatalf("compared with two histories at once: after %+v, %v", got.after, err)
		}
	}
	if len(met) != 2 {
		t.Errorf("only one of the databases was met: %v", met)
	}
}

package relay

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/goleak"

	"dossier/eventstore"
	"dossier/internal/devstack"
	"dossier/migrations/dbtest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"), // sarama's, one for the process
		goleak.IgnoreAnyFunction("dossier/internal/devstack.(*child).run"),              // the Postgres of the run,
	)
}

// world is a journal, a Kafka and a topic of one test.
type world struct {
	testing.TB
	db *dbtest.DB
	j  *eventstore.Journal
	o  Options
}

func newWorld(t testing.TB, brokers []string) *world {
	t.Helper()
	db := dbtest.New(t)
	w := &world{TB: t, db: db, o: Options{
		Brokers: brokers, Topic: "relay." + uuid.NewString(), Partitions: 8, Replication: 1, Lease: 600 * time.Millisecond, Page: 50,
	}}
	w.j = w.opened(db.App, eventstore.Options{})
	return w
}

func (w *world) opened(pool *pgxpool.Pool, o eventstore.Options) *eventstore.Journal {
	w.Helper()
	j, err := eventstore.Open(context.Background(), pool, o)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(j.Close)
	return j
}

// write appends n events, one after the other, to streams that take turns.
func (w *world) write(n int, streams ...uuid.UUID) {
	w.Helper()
	for i := range n {
		w.writeTogether(1, streams[i%len(streams)])
	}
}

// writeTogether appends n events at once.
func (w *world) writeTogether(n int, stream uuid.UUID) {
	w.Helper()
	events := make([]eventstore.NewEvent, n)
	for i := range events {
		events[i] = eventstore.NewEvent{
			Type: "dossier.step-recorded", TypeVersion: 1, OccurredAt: time.Now().Add(-time.Second),
			Data: fmt.Appendf(nil, `{"code":"step-%s"}`, uuid.NewString()), Meta: []byte(`{"actor":"an","actorrole":"clerk"}`),
		}
	}
	r := eventstore.Request{Stream: eventstore.Stream{Kind: "dossier", ID: stream}, Expected: eventstore.AnyVersion, Events: events}
	if _, err := w.j.Append(context.Background(), r); err != nil {
		w.Fatal(err)
	}
}

func streams(n int) []uuid.UUID {
	ids := make([]uuid.UUID, n)
	for i := range ids {
		ids[i] = uuid.New()
	}
	return ids
}

// run starts a relay. Stop ends it and waits.
func (w *world) run(pool *pgxpool.Pool) (r *Relay, stop func()) {
	w.Helper()
	r = New(pool, w.j, w.o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			cancel()
			if err := <-done; err != nil {
				w.Errorf("run: %v", err)
			}
		}
	}
	w.Cleanup(stop)
	return r, stop
}

// eventually waits for a condition, looking every few milliseconds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	limit := time.After(45 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-limit:
			t.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}

func (w *world) carried(r *Relay) {
	w.Helper()
	head, err := w.j.Head(context.Background())
	if err != nil {
		w.Fatal(err)
	}
	eventually(w, fmt.Sprintf("cursor at %d", head), func() bool { return r.Status().Cursor >= head })
}

// stored reads everything in the topic, by partition.
func (w *world) stored() [][]eventstore.Delivered {
	w.Helper()
	all, err := w.look()
	if err != nil {
		w.Fatal(err)
	}
	return all
}

func (w *world) look() ([][]eventstore.Delivered, error) {
	kafka, err := connect(w.o.defaults(), false)
	if err != nil {
		return nil, err
	}
	defer kafka.close()
	oldest, err := kafka.offsets(sarama.OffsetOldest)
	if err != nil {
		return nil, err
	}
	newest, err := kafka.offsets(sarama.OffsetNewest)
	if err != nil {
		return nil, err
	}
	all := make([][]eventstore.Delivered, kafka.partitions)
	for p := range all {
		err := kafka.read(int32(p), oldest[p], newest[p], func(d eventstore.Delivered) { all[p] = append(all[p], d) })
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// told checks what Kafka must hold of the journal from a position on: each event in its partition, first occurrences in order
// within their lane, each naming the one before. It returns how many messages there are beyond one for each event.
func (w *world) told(from int64, stored [][]eventstore.Delivered) (repeated int) {
	w.Helper()
	events, err := w.j.Page(context.Background(), from-1, 1_000_000)
	if err != nil {
		w.Fatal(err)
	}
	want := map[int64]eventstore.Event{}
	for _, e := range events {
		want[e.Position] = e
	}
	last := map[int]int64{}
	for p, messages := range stored {
		for _, d := range messages {
			e, known := want[d.Position]
			switch {
			case d.Position < from:
			case d.Lane%len(stored) != p:
				w.Errorf("position %d of lane %d is in partition %d of %d", d.Position, d.Lane, p, len(stored))
			case d.Position <= last[d.Lane]:
				repeated++
			case !known || e.ID != d.ID || string(e.Data) != string(d.Data) || string(e.Meta) != string(d.Meta):
				w.Errorf("position %d arrived as another event", d.Position)
			case last[d.Lane] != 0 && d.Prev != last[d.Lane]:
				w.Errorf("position %d follows %d in its lane and says %d", d.Position, last[d.Lane], d.Prev)
			default:
				last[d.Lane] = d.Position
				delete(want, d.Position)
			}
		}
	}
	if len(want) > 0 {
		w.Errorf("%d of %d events did not arrive", len(want), len(events))
	}
	return repeated
}

func TestKafkaGetsEveryEventOnceInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, devstack.TestKafka(t))
	many := streams(30)
	w.write(120, many...)
	r, _ := w.run(w.db.App)
	w.write(120, many...)
	w.carried(r)
	if repeated := w.told(1, w.stored()); repeated != 0 {
		t.Errorf("%d messages arrived twice", repeated)
	}
	if s := r.Status(); s.Role != Leader || s.Epoch != 1 || s.Lag() != 0 || s.Generation != 1 || s.Err != "" {
		t.Errorf("status is %+v", s)
	}
}

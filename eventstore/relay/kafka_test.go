package relay

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-kafka/v3/pkg/kafka"
	"github.com/ThreeDotsLabs/watermill/message"

	"dossier/eventstore"
	"dossier/internal/devstack"
)

func (w *world) admin() sarama.ClusterAdmin {
	w.Helper()
	a, err := sarama.NewClusterAdmin(w.o.Brokers, SaramaConfig(w.o))
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = a.Close() })
	return a
}

func TestATopicThatExistsIsUsedWhenItsPartitionsDivide64OverKafka(t *testing.T) {
	t.Parallel()
	brokers := devstack.TestKafka(t)
	for partitions, fits := range map[int32]bool{2: true, 64: true, 3: false} {
		w := newWorld(t, brokers)
		if err := w.admin().CreateTopic(w.o.Topic, &sarama.TopicDetail{NumPartitions: partitions, ReplicationFactor: 1}, false); err != nil {
			t.Fatal(err)
		}
		w.write(20, streams(10)...)
		r, _ := w.run(w.db.App)
		if !fits {
			eventually(t, "a clear refusal", func() bool { return strings.Contains(r.Status().Err, "use 1, 2, 4, 8, 16, 32 or 64") })
			continue
		}
		w.carried(r)
		if stored := w.stored(); len(stored) != int(partitions) || w.told(1, stored) != 0 {
			t.Errorf("%d partitions: arrived in %d", partitions, len(stored))
		}
	}
}

func TestATopicThatWasDeletedIsFilledAgainOverKafka(t *testing.T) {
	t.Parallel()
	w := newWorld(t, devstack.TestKafka(t))
	r, _ := w.run(w.db.App)
	many := streams(20)
	w.write(60, many...)
	w.carried(r)
	if err := w.admin().DeleteTopic(w.o.Topic); err != nil {
		t.Fatal(err)
	}
	w.write(10, many...)
	w.carried(r)
	var stored [][]eventstore.Delivered
	eventually(t, "all events in the new topic", func() bool {
		var err error
		if stored, err = w.look(); err != nil {
			return false // a broker may know the new topic before it has its partitions
		}
		n := 0
		for _, p := range stored {
			n += len(p)
		}
		return n >= 70
	})
	w.told(1, stored)
}

func TestATopicThatGetsMorePartitionsIsFilledAnewOverKafka(t *testing.T) {
	t.Parallel()
	w := newWorld(t, devstack.TestKafka(t))
	w.o.Partitions = 4
	many := streams(20)
	r, stop := w.run(w.db.App)
	w.write(40, many...)
	w.carried(r)
	stop()
	if err := w.admin().CreatePartitions(w.o.Topic, 8, nil, false); err != nil {
		t.Fatal(err)
	}
	r, _ = w.run(w.db.App)
	w.write(20, many...)
	w.carried(r)
	w.placed()
}

// placed waits until every event is in the partition of its lane, wherever else it was sent before, and checks it.
func (w *world) placed() {
	w.Helper()
	var stored [][]eventstore.Delivered
	eventually(w, "every event in the partition of its lane", func() bool {
		stored = w.stored()
		placed := map[int64]bool{}
		for p, messages := range stored {
			for _, d := range messages {
				placed[d.Position] = placed[d.Position] || d.Lane%len(stored) == p
			}
		}
		return !slices.Contains(slices.Collect(maps.Values(placed)), false)
	})
	for p := range stored {
		stored[p] = slices.DeleteFunc(stored[p], func(d eventstore.Delivered) bool { return d.Lane%len(stored) != p })
	}
	w.told(1, stored)
}

func TestRecordsThatExpiredAreNotSentAgainOverKafka(t *testing.T) {
	t.Parallel()
	w := newWorld(t, devstack.TestKafka(t))
	w.o.Partitions = 1
	r, stop := w.run(w.db.App)
	many := streams(5)
	w.write(20, many...)
	w.carried(r)
	stop()
	if err := w.admin().DeleteRecords(w.o.Topic, map[int32]int64{0: 20}); err != nil {
		t.Fatal(err)
	}
	r, _ = w.run(w.db.App)
	w.write(5, many...)
	w.carried(r)
	if stored := w.stored(); len(stored[0]) != 5 || stored[0][0].Position != 21 {
		t.Errorf("after position 20 came %d messages", len(stored[0]))
	}
}

func TestATailThatIsLostWhenAllRecordsHaveExpiredSkipsNothingInKafka(t *testing.T) {
	t.Parallel()
	w := newWorld(t, devstack.TestKafka(t))
	w.o.Partitions, w.o.Lease = 1, time.Hour
	many := streams(5)
	r, _ := w.run(w.db.App)
	w.write(40, many...)
	w.carried(r)
	if err := w.admin().DeleteRecords(w.o.Topic, map[int32]int64{0: 40}); err != nil {
		t.Fatal(err)
	}
	w.loseTail(20)
	there := w.elsewhere()
	there.write(30, many...)
	eventually(t, "everything is told again", func() bool { return len(w.stored()[0]) >= 50 })
	if repeated := w.told(1, w.stored()); repeated != 0 {
		t.Errorf("%d messages arrived twice", repeated)
	}
}

func TestACrashBetweenPublishAndCursorRepeatsNothingOverKafka(t *testing.T) {
	t.Parallel()
	w := newWorld(t, devstack.TestKafka(t))
	many := streams(20)
	r, stop := w.run(w.db.App)
	w.write(60, many...)
	w.carried(r)
	stop()
	if _, err := w.db.Owner.Exec(context.Background(), `update journal.relay_beats set cursor = 40 where cursor > 40`); err != nil {
		t.Fatal(err)
	}
	r, _ = w.run(w.db.App)
	w.write(20, many...)
	w.carried(r)
	if repeated := w.told(1, w.stored()); repeated != 0 {
		t.Errorf("%d messages arrived twice", repeated)
	}
}

func TestASubscriberSeesAForeignMessageAndGoesOnOverKafka(t *testing.T) {
	t.Parallel()
	w := newWorld(t, devstack.TestKafka(t))
	w.o.Partitions = 1
	many := streams(3)
	r, stop := w.run(w.db.App)
	w.write(5, many...)
	w.carried(r)
	stop()
	c := SaramaConfig(w.o)
	c.Producer.Partitioner = sarama.NewRandomPartitioner
	producer, err := sarama.NewSyncProducer(w.o.Brokers, c)
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	foreign := &sarama.ProducerMessage{Topic: w.o.Topic, Value: sarama.StringEncoder("\x00not ours"), Headers: []sarama.RecordHeader{{Key: []byte("ce_id")}}}
	if _, _, err := producer.SendMessage(foreign); err != nil {
		t.Fatal(err)
	}
	r, _ = w.run(w.db.App)
	w.write(5, many...)
	w.carried(r)

	decoded, refused := w.subscribe(11)
	if len(decoded) != 10 || len(refused) != 1 {
		t.Fatalf("%d decoded, refused: %v", len(decoded), refused)
	}
	for i, d := range decoded {
		if d.Position != int64(i+1) {
			t.Errorf("message %d is position %d", i, d.Position)
		}
	}
}

// subscribe reads n messages by watermill's own subscriber.
func (w *world) subscribe(n int) (decoded []eventstore.Delivered, refused []error) {
	w.Helper()
	s, err := kafka.NewSubscriber(kafka.SubscriberConfig{
		Brokers: w.o.Brokers, Unmarshaler: Marshaler{}, OverwriteSaramaConfig: SaramaConfig(w.o),
	}, watermill.NopLogger{})
	if err != nil {
		w.Fatal(err)
	}
	defer s.Close()
	messages, err := s.Subscribe(context.Background(), w.o.Topic)
	if err != nil {
		w.Fatal(err)
	}
	limit := time.After(20 * time.Second)
	for range n {
		var m *message.Message
		select {
		case m = <-messages:
		case <-limit:
			w.Fatalf("only %d of %d messages came", len(decoded)+len(refused), n)
		}
		d, err := Decode(m)
		var undecodable *UndecodableError
		switch {
		case err == nil:
			decoded = append(decoded, d)
		case errors.As(err, &undecodable):
			refused = append(refused, err)
		default:
			w.Fatal(err)
		}
		m.Ack()
	}
	return decoded, refused
}

func TestABrokerThatIsAwayAtFirstAndAgainLaterOnlyDelays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	broker, err := devstack.StartKafka(devstack.KafkaOptions{Dir: dir, Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	addr := broker.Addr
	broker.Stop()
	w := newWorld(t, []string{addr})
	many := streams(20)
	w.write(50, many...)
	r, _ := w.run(w.db.App)
	for range 2 {
		eventually(t, "a status that says so", func() bool { return strings.Contains(r.Status().Err, "kafka") })
		if broker, err = devstack.StartKafka(devstack.KafkaOptions{Dir: dir, Addr: addr}); err != nil {
			t.Fatal(err)
		}
		w.carried(r)
		eventually(t, "no complaint", func() bool { return r.Status().Err == "" })
		w.told(1, w.stored())
		broker.Stop()
		w.write(30, many...)
	}
	if broker, err = devstack.StartKafka(devstack.KafkaOptions{Dir: dir, Addr: addr}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Stop)
	w.carried(r)
	w.told(1, w.stored())
}

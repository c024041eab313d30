package relay

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-kafka/v3/pkg/kafka"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"dossier/eventstore"
	"dossier/internal/devstack"
)

func TestALaneIsThePartitionThatAStockClientChooses(t *testing.T) {
	stock := sarama.NewMurmur2Partitioner("x")
	for range 500 {
		d := eventstore.Delivered{Event: eventstore.Event{StreamID: uuid.New(), Position: 1}}
		d.Lane = eventstore.Lane(d.StreamID)
		m, err := Marshaler{}.Marshal("x", Message(d, "/dossier"))
		if err != nil {
			t.Fatal(err)
		}
		for _, partitions := range []int32{1, 2, 4, 8, 16, 32, 64} {
			want, err := stock.Partition(m, partitions)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := (byLane{}).Partition(m, partitions); err != nil || got != want {
				t.Fatalf("%s over %d partitions: %d, a stock client says %d (%v)", d.StreamID, partitions, got, want, err)
			}
		}
	}
}

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
	for partitions, fits := range map[int32]bool{1: true, 2: true, 64: true, 3: false, 128: false} {
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
	eventually(t, "all events in the new topic", func() bool {
		n := 0
		for _, p := range w.stored() {
			n += len(p)
		}
		return n >= 70
	})
	w.told(1, w.stored())
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
	stored := w.stored()
	for p := range 4 { // what stands where it no longer belongs was sent before
		stored[p] = slices.DeleteFunc(stored[p], func(d eventstore.Delivered) bool { return d.Lane%8 != p })
	}
	w.told(1, stored)
}

func TestLargeEventsTravelInSeveralRequestsOverKafka(t *testing.T) {
	t.Parallel()
	w := newWorld(t, devstack.TestKafka(t))
	w.o.Partitions = 1
	id := uuid.New()
	for _, size := range []int{400_000, 400_000, 400_000, 2_500_000, 10, 400_000} {
		_, err := w.j.Append(context.Background(), eventstore.Request{
			Stream: eventstore.Stream{Kind: "dossier", ID: id}, Expected: eventstore.AnyVersion,
			Events: []eventstore.NewEvent{{
				Type: "dossier.step-recorded", TypeVersion: 1, OccurredAt: time.Now().Add(-time.Second),
				Data: fmt.Appendf(nil, `"%s"`, rand.Text()+strings.Repeat("x", size)), Meta: []byte(`{}`),
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	r, _ := w.run(w.db.App)
	w.carried(r)
	if repeated := w.told(1, w.stored()); repeated != 0 {
		t.Errorf("%d messages arrived twice", repeated)
	}
}

func TestAPublisherSendsNothingMoreAfterAFailure(t *testing.T) {
	t.Parallel()
	broker, err := devstack.StartKafka(devstack.KafkaOptions{Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Stop)
	if err := broker.Cluster.CreateTopic("x", 1, nil); err != nil {
		t.Fatal(err)
	}
	refuse(broker, sendAttempts)
	p, err := NewPublisher(Options{Brokers: []string{broker.Addr}})
	if err != nil {
		t.Fatal(err)
	}
	d := eventstore.Delivered{Event: eventstore.Event{Position: 1, Data: []byte(`{}`), Meta: []byte(`{}`)}, Generation: 1}
	d.Lane = eventstore.Lane(d.StreamID)
	for range 2 {
		if err := p.Publish("x", Message(d, "/dossier")); !errors.Is(err, sarama.ErrNotEnoughReplicas) {
			t.Errorf("publish says %v", err)
		}
	}
	if n := broker.Cluster.PartitionInfo("x", 0).HighWatermark; n != 0 {
		t.Errorf("%d records arrived", n)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
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

func TestACrashBetweenPublishAndCursorOnlyRepeatsOverKafka(t *testing.T) {
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
	if repeated := w.told(1, w.stored()); repeated != 20 {
		t.Errorf("%d messages arrived twice, not 20", repeated)
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

// refuse makes the broker refuse the next n produce requests before it stores anything.
func refuse(broker *devstack.Kafka, n int) {
	broker.Cluster.ControlKey(int16(kmsg.Produce), func(request kmsg.Request) (kmsg.Response, error, bool) {
		if n--; n < 0 {
			return nil, nil, false
		}
		broker.Cluster.KeepControl()
		response := request.ResponseKind().(*kmsg.ProduceResponse)
		for _, topic := range request.(*kmsg.ProduceRequest).Topics {
			refused := kmsg.NewProduceResponseTopic()
			refused.Topic = topic.Topic
			for _, partition := range topic.Partitions {
				p := kmsg.NewProduceResponseTopicPartition()
				p.Partition, p.ErrorCode = partition.Partition, kerr.NotEnoughReplicas.Code
				refused.Partitions = append(refused.Partitions, p)
			}
			response.Topics = append(response.Topics, refused)
		}
		return response, nil, true
	})
}

func TestABrokerThatRefusesForAWhileGetsEachEventOnce(t *testing.T) {
	t.Parallel()
	for name, times := range map[string]int{"shorter than a page is tried": 2, "longer than a page is tried": 6} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broker, err := devstack.StartKafka(devstack.KafkaOptions{Addr: "127.0.0.1:0"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(broker.Stop)
			refuse(broker, times)
			w := newWorld(t, []string{broker.Addr})
			w.write(120, streams(20)...)
			r, _ := w.run(w.db.App)
			w.carried(r)
			if repeated := w.told(1, w.stored()); repeated != 0 {
				t.Errorf("%d messages arrived twice", repeated)
			}
		})
	}
}

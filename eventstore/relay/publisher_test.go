package relay

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
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
		for _, partitions := range []int32{0, 3, 65, 128} {
			if _, err := (byLane{}).Partition(m, partitions); err == nil {
				t.Fatalf("%d partitions were accepted", partitions)
			}
		}
	}
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

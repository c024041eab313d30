package relay

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill-kafka/v3/pkg/kafka"
	"github.com/ThreeDotsLabs/watermill/message"

	"dossier/eventstore"
)

// Marshaler is the one place where watermill's messages become Kafka's and back: metadata are headers, the payload is the
// value, the stream id is the key.
type Marshaler struct{}

var _ kafka.MarshalerUnmarshaler = Marshaler{}

// lane rides in ProducerMessage.Metadata, from Marshal to the partitioner.
type lane int32

// Message makes of an event what travels. Decode is its inverse.
func Message(d eventstore.Delivered, source string) *message.Message {
	m := message.NewMessage(d.ID.String(), message.Payload(d.Data))
	m.Metadata = d.Headers(source)
	return m
}

// Decode returns the event of a message, or says why there is none. It never panics, whoever wrote to the topic.
func Decode(m *message.Message) (eventstore.Delivered, error) {
	d, err := eventstore.FromHeaders(m.Metadata, m.Payload)
	if err != nil {
		return eventstore.Delivered{}, &UndecodableError{UUID: m.UUID, err: err}
	}
	return d, nil
}

// UndecodableError says that a message is not one of ours. Trying it again makes no sense.
type UndecodableError struct {
	UUID string
	err  error
}

func (e *UndecodableError) Error() string { return fmt.Sprintf("message %q: %v", e.UUID, e.err) }

// Unwrap returns the reason.
func (e *UndecodableError) Unwrap() error { return e.err }

// Marshal makes the Kafka message. Headers are sorted, so equal events make equal bytes.
func (Marshaler) Marshal(topic string, m *message.Message) (*sarama.ProducerMessage, error) {
	key := m.Metadata[eventstore.HeaderSubject]
	if key == "" {
		return nil, fmt.Errorf("marshal message %s: no %s", m.UUID, eventstore.HeaderSubject)
	}
	n, err := strconv.Atoi(m.Metadata[eventstore.HeaderLane])
	if err != nil || n < 0 || n >= eventstore.Lanes {
		return nil, fmt.Errorf("marshal message %s: %s is %q", m.UUID, eventstore.HeaderLane, m.Metadata[eventstore.HeaderLane])
	}
	headers := make([]sarama.RecordHeader, 0, len(m.Metadata))
	for _, name := range slices.Sorted(maps.Keys(m.Metadata)) {
		headers = append(headers, sarama.RecordHeader{Key: []byte(name), Value: []byte(m.Metadata[name])})
	}
	return &sarama.ProducerMessage{
		Topic: topic, Key: sarama.StringEncoder(key), Value: sarama.ByteEncoder(m.Payload), Headers: headers, Metadata: lane(n),
	}, nil
}

// Unmarshal never fails: an error here would make watermill's subscriber reconnect for ever on the same record. A message that
// is not ours comes through as it is and Decode refuses it.
func (Marshaler) Unmarshal(r *sarama.ConsumerMessage) (*message.Message, error) {
	metadata := make(message.Metadata, len(r.Headers))
	for _, h := range r.Headers {
		if h != nil {
			metadata[string(h.Key)] = string(h.Value)
		}
	}
	m := message.NewMessage(metadata[eventstore.HeaderID], r.Value)
	m.Metadata = metadata
	return m, nil
}

// byLane puts a lane where lane mod partitions says. Over any count that divides 64 a stock client's murmur2 partitioner puts
// the same key into the same place; other counts would not, so they are refused.
type byLane struct{}

func newByLane(string) sarama.Partitioner { return byLane{} }

func (byLane) RequiresConsistency() bool { return true }

func (byLane) Partition(m *sarama.ProducerMessage, partitions int32) (int32, error) {
	n, ok := m.Metadata.(lane)
	if !ok {
		return 0, errors.New("message without a lane")
	}
	if err := dividesLanes(int(partitions)); err != nil {
		return 0, err
	}
	return int32(n) % partitions, nil
}

func dividesLanes(partitions int) error {
	if partitions < 1 || eventstore.Lanes%partitions != 0 {
		return fmt.Errorf("%d partitions cannot keep %d lanes in order: use 1, 2, 4, 8, 16, 32 or 64", partitions, eventstore.Lanes)
	}
	return nil
}

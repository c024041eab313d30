package relay

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"strings"

	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill-kafka/v3/pkg/kafka"
	"github.com/ThreeDotsLabs/watermill/message"

	"dossier/eventstore"
)

// Marshaler is the one place where watermill's messages become Kafka's and back: the stream id is the key, the payload is the value.
type Marshaler struct{}

var _ kafka.MarshalerUnmarshaler = Marshaler{}

// lane rides in ProducerMessage.Metadata, from Marshal to the partitioner.
type lane int32

// carried is the event a message was made of. It rides in the message's context: as metadata each event would be a map of twenty
// texts, made to be taken apart by the next.
type carried struct {
	eventstore.Delivered
	source string
}

type carriedKey struct{}

// Message makes of an event what travels.
func Message(d eventstore.Delivered, source string) *message.Message {
	m := message.NewMessage(d.ID.String(), message.Payload(d.Data))
	m.SetContext(context.WithValue(context.Background(), carriedKey{}, &carried{d, source}))
	return m
}

// Marshal makes the Kafka message; equal events make equal bytes. Unmarshal and Decode are its inverse.
func (Marshaler) Marshal(topic string, m *message.Message) (*sarama.ProducerMessage, error) {
	c, ok := m.Context().Value(carriedKey{}).(*carried)
	if !ok {
		return nil, fmt.Errorf("marshal message %s: it carries no event", m.UUID)
	}
	headers := make([]sarama.RecordHeader, 0, 24)
	all := make([]byte, 0, 1024) // the headers' bytes are pieces of it
	piece := func(text string) []byte {
		from := len(all)
		all = append(all, text...)
		return all[from:len(all):len(all)]
	}
	for name, value := range c.Headers(c.source) {
		headers = append(headers, sarama.RecordHeader{Key: piece(name), Value: piece(value)})
	}
	return &sarama.ProducerMessage{
		Topic: topic, Key: sarama.StringEncoder(c.StreamID.String()), Value: sarama.ByteEncoder(m.Payload), Headers: headers, Metadata: lane(c.Lane),
	}, nil
}

// Unmarshal never fails: an error here would make watermill's subscriber reconnect for ever on the same record. A message that
// is not ours comes through as it is and Decode refuses it.
func (Marshaler) Unmarshal(r *sarama.ConsumerMessage) (*message.Message, error) {
	metadata := message.Metadata(maps.Collect(headers(r.Headers)))
	m := message.NewMessage(metadata[eventstore.HeaderID], r.Value)
	m.Metadata = metadata
	return m, nil
}

// Decode returns the event of a message that a subscriber got, or says why there is none. It never panics, whoever wrote to
// the topic.
func Decode(m *message.Message) (eventstore.Delivered, error) {
	return decode(m.UUID, maps.All(m.Metadata), m.Payload)
}

// DecodeRecord is Decode without watermill between.
func DecodeRecord(r *sarama.ConsumerMessage) (eventstore.Delivered, error) {
	return decode("", headers(r.Headers), r.Value)
}

func decode(id string, headers iter.Seq2[string, string], value []byte) (eventstore.Delivered, error) {
	d, err := eventstore.FromHeaders(headers, value)
	if err != nil {
		return eventstore.Delivered{}, &UndecodableError{UUID: id, err: err}
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

// headers are the texts of a record's headers, all of them pieces of one.
func headers(all []*sarama.RecordHeader) iter.Seq2[string, string] {
	size := 0
	for _, h := range all {
		if h != nil {
			size += len(h.Key) + len(h.Value)
		}
	}
	var b strings.Builder
	b.Grow(size)
	for _, h := range all {
		if h != nil {
			b.Write(h.Key)
			b.Write(h.Value)
		}
	}
	rest := b.String()
	return func(yield func(name, value string) bool) {
		for _, h := range all {
			if h == nil {
				continue
			}
			name, value := rest[:len(h.Key)], rest[len(h.Key):len(h.Key)+len(h.Value)]
			rest = rest[len(name)+len(value):]
			if !yield(name, value) {
				return
			}
		}
	}
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

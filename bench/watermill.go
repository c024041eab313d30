package main

import (
	"context"
	stdsql "database/sql"
	"fmt"
	"time"

	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-kafka/v3/pkg/kafka"
	"github.com/ThreeDotsLabs/watermill-sql/v3/pkg/sql"
	"github.com/ThreeDotsLabs/watermill/components/forwarder"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
)

// outbox is watermill's: messages are rows of one table, written by watermill-sql, moved to Kafka by the stock forwarder.
// It checks no versions, so its appends are a measure of the machine, not a rival.
type outbox struct {
	db        *stdsql.DB
	publisher *sql.Publisher
}

const (
	outboxTopic = "outbox"
	peerTopic   = "peer"
)

func openOutbox(ctx context.Context, s *stack, database string) (*outbox, error) {
	url, err := s.database(ctx, database)
	if err != nil {
		return nil, err
	}
	db, err := openSQL(url)
	if err != nil {
		return nil, err
	}
	publisher, err := sql.NewPublisher(db, sql.PublisherConfig{SchemaAdapter: sql.DefaultPostgreSQLSchema{}, AutoInitializeSchema: true}, watermill.NopLogger{})
	if err != nil {
		return nil, fmt.Errorf("make outbox: %w", err)
	}
	o := &outbox{db, publisher}
	if err := publisher.Publish("append", newMessages(1)...); err != nil { // two first publishers at once fail to make the table
		return nil, fmt.Errorf("make outbox table: %w", err)
	}
	return o, o.fill(1)
}

func newMessages(n int) []*message.Message {
	out := make([]*message.Message, n)
	for i := range out {
		out[i] = message.NewMessage(uuid.Must(uuid.NewV7()).String(), []byte(`{"data":`+eventData+`,"meta":`+eventMeta+`}`))
	}
	return out
}

func (o *outbox) append(_ context.Context, writers, batch int, span time.Duration) (float64, error) {
	return throughput(writers, batch, span, func() error { return o.publisher.Publish("append", newMessages(batch)...) })
}

// wrapped is the publisher that its documentation gives to the application: an envelope that names the topic in Kafka.
func (o *outbox) wrapped() *forwarder.Publisher {
	return forwarder.NewPublisher(o.publisher, forwarder.PublisherConfig{ForwarderTopic: outboxTopic})
}

func (o *outbox) fill(n int) error {
	p := o.wrapped()
	for ; n > 0; n -= 500 {
		if err := p.Publish(peerTopic, newMessages(min(n, 500))...); err != nil {
			return fmt.Errorf("fill outbox: %w", err)
		}
	}
	return nil
}

// forward runs the stock forwarder, with the defaults of its parts, until stop is called.
func (o *outbox) forward(ctx context.Context, brokers []string, group string) (stop func(), err error) {
	subscriber, err := sql.NewSubscriber(o.db, sql.SubscriberConfig{
		ConsumerGroup: group, SchemaAdapter: sql.DefaultPostgreSQLSchema{}, OffsetsAdapter: sql.DefaultPostgreSQLOffsetsAdapter{}, InitializeSchema: true,
	}, watermill.NopLogger{})
	if err != nil {
		return nil, fmt.Errorf("make outbox subscriber: %w", err)
	}
	publisher, err := kafka.NewPublisher(kafka.PublisherConfig{Brokers: brokers, Marshaler: kafka.DefaultMarshaler{}, OverwriteSaramaConfig: sameAcks()}, watermill.NopLogger{})
	if err != nil {
		return nil, fmt.Errorf("make Kafka publisher: %w", err)
	}
	f, err := forwarder.NewForwarder(subscriber, publisher, watermill.NopLogger{}, forwarder.Config{ForwarderTopic: outboxTopic})
	if err != nil {
		return nil, fmt.Errorf("make forwarder: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	<-f.Running()
	return func() { f.Close(); <-ended; publisher.Close(); subscriber.Close() }, nil
}

// sameAcks is watermill-kafka's default with the same promise as ours, acks from all, and a protocol that brokers still speak.
func sameAcks() *sarama.Config {
	c := kafka.DefaultSaramaSyncPublisherConfig()
	c.Version = sarama.V2_8_0_0
	c.Producer.RequiredAcks = sarama.WaitForAll
	return c
}

func (o *outbox) close() { o.db.Close() }

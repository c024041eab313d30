package projections

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-kafka/v3/pkg/kafka"

	"dossier/eventstore"
	"dossier/eventstore/relay"
)

// listen hears Kafka until the context ends. Whatever goes wrong here costs speed, never an event.
func (e *Engine) listen(ctx context.Context) {
	for ctx.Err() == nil {
		err := e.hear(ctx)
		e.report.listening(false)
		if ctx.Err() != nil {
			return
		}
		e.o.Log.Debug("projections: not listening to Kafka", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// hear is a member of the group until something fails.
func (e *Engine) hear(ctx context.Context) error {
	s, err := kafka.NewSubscriber(kafka.SubscriberConfig{
		Brokers:               e.o.Brokers,
		Unmarshaler:           relay.Marshaler{},
		OverwriteSaramaConfig: e.saramaConfig(),
		ConsumerGroup:         e.o.Group,
		ReconnectRetrySleep:   300 * time.Millisecond,
		Tracer:                session{e: e},
	}, quiet{e.o.Log})
	if err != nil {
		return fmt.Errorf("subscribe to %s: %w", e.o.Topic, err)
	}
	defer s.Close() //nolint:errcheck // it always returns nil
	messages, err := s.Subscribe(ctx, e.o.Topic)
	if err != nil {
		return fmt.Errorf("subscribe to %s: %w", e.o.Topic, err)
	}
	for range messages { // none: ConsumeClaim takes them before
	}
	return errors.New("the subscription ended")
}

// take queues what arrives.
func (e *Engine) take(ctx context.Context, m *sarama.ConsumerMessage) {
	d, err := relay.DecodeRecord(m)
	if err != nil {
		e.counters.unreadable.Add(1)
		return
	}
	e.put(ctx, d)
}

func (e *Engine) put(ctx context.Context, d eventstore.Delivered) {
	e.heard[d.Lane].Store(time.Now().UnixNano())
	if e.room.Acquire(ctx, e.weight(d)) != nil {
		return // the session has ended
	}
	select {
	case e.queue <- d:
	case <-ctx.Done():
		e.room.Release(e.weight(d))
	}
}

// saramaConfig bounds what 64 partitions may hold in memory, and notices soon when a topic was made again.
func (e *Engine) saramaConfig() *sarama.Config {
	c := relay.SaramaConfig(relay.Options{Brokers: e.o.Brokers, Topic: e.o.Topic, Kafka: e.o.Kafka})
	c.ChannelBufferSize = 64
	c.Consumer.Offsets.Initial = sarama.OffsetOldest
	c.Consumer.Offsets.AutoCommit.Enable = true // off, watermill would commit after every message
	c.Consumer.Return.Errors = true
	c.Consumer.Fetch.Default = 64 << 10
	c.Metadata.RefreshFrequency = 10 * time.Second
	return c
}

// session lets the engine see the group's sessions and take their messages. It is watermill's only way in.
type session struct {
	kafka.SaramaTracer
	e *Engine
}

// WrapConsumerGroupHandler puts the engine before watermill's own handler.
func (s session) WrapConsumerGroupHandler(h sarama.ConsumerGroupHandler) sarama.ConsumerGroupHandler {
	return watched{h, s.e}
}

type watched struct {
	sarama.ConsumerGroupHandler
	e *Engine
}

// Setup is called when the group has given out its partitions.
func (w watched) Setup(s sarama.ConsumerGroupSession) error {
	w.e.report.listening(true)
	return w.ConsumerGroupHandler.Setup(s)
}

// Cleanup is called when the session ends.
func (w watched) Cleanup(s sarama.ConsumerGroupSession) error {
	w.e.report.listening(false)
	return w.ConsumerGroupHandler.Cleanup(s)
}

// ConsumeClaim takes the messages of a partition. One is acked when it is queued: the checkpoints say what is in, not the group's
// offsets, and what is lost between the two is read from the journal. Watermill's own would hand over one at a time to another
// goroutine and wait for its ack, which costs as much as decoding it.
func (w watched) ConsumeClaim(s sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for m := range claim.Messages() {
		w.e.take(s.Context(), m)
		s.MarkMessage(m, "")
	}
	return nil
}

// quiet is watermill's log. What goes wrong with Kafka is seen in the status; here it is for debugging.
type quiet struct{ log *slog.Logger }

func (q quiet) Error(msg string, err error, _ watermill.LogFields) {
	q.log.Debug("kafka: "+msg, "error", err)
}
func (quiet) Info(string, watermill.LogFields)                   {}
func (quiet) Debug(string, watermill.LogFields)                  {}
func (quiet) Trace(string, watermill.LogFields)                  {}
func (q quiet) With(watermill.LogFields) watermill.LoggerAdapter { return q }

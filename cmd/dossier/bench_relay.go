package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-kafka/v3/pkg/kafka"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"dossier/eventstore"
	"dossier/eventstore/relay"
)

// produceLatency is what the in-process broker adds to each produce request, as a broker over a network would.
const produceLatency = 3 * time.Millisecond

// benchRelay: the backlog of a journal to Kafka, against watermill-kafka's own publisher called once per message.
func benchRelay(ctx context.Context, b *bench) error {
	j, pool, err := b.stack.journal(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	defer j.Close()
	n, alone := 100_000, 2_000
	if b.quick {
		n, alone = 2_000, 50
	}
	b.say("filling the journal with %d events", n)
	if err := fill(ctx, j, n); err != nil {
		return err
	}
	sample, err := j.Page(ctx, 0, alone)
	if err != nil {
		return fmt.Errorf("read sample: %w", err)
	}
	m, err := b.inTurns(
		func() (float64, error) { return b.drain(ctx, pool, j, int64(n)) },
		func() (float64, error) { return oneByOne(sample) },
	)
	if err != nil {
		return err
	}
	b.atLeast(fmt.Sprintf("relay, %d events, %s produce latency", n, produceLatency), perSecond(m[0]), perSecond(m[1]), m[0]/m[1], 5)
	b.note("baseline: watermill-kafka v3.0.6 Publisher, one call per message, acks all, measured over %d messages. Broker: in-process (kfake), in memory.", alone)
	b.note("bottleneck: marshaling pages and the broker, both on the same two cores.")
	return nil
}

// slowBroker is an in-process broker that takes 3 ms more for every produce request.
func slowBroker() (*kfake.Cluster, error) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(eventstore.Lanes, "baseline"))
	if err != nil {
		return nil, fmt.Errorf("start broker: %w", err)
	}
	c.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		c.SleepControl(func() { time.Sleep(produceLatency) })
		return nil, nil, false
	})
	return c, nil
}

// drain measures from taking the lead to the last event being in Kafka, on a broker and a lease of its own.
func (b *bench) drain(ctx context.Context, pool *pgxpool.Pool, j *eventstore.Journal, n int64) (float64, error) {
	broker, err := slowBroker()
	if err != nil {
		return 0, err
	}
	defer broker.Close()
	if _, err := b.stack.admin.Exec(ctx, "truncate journal.relay_beats"); err != nil {
		return 0, fmt.Errorf("forget the last round: %w", err)
	}
	r := relay.New(pool, j, relay.Options{Brokers: broker.ListenAddrs(), Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	began := time.Now()
	go func() { ended <- r.Run(ctx) }()
	for r.Status().Cursor < n && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	took := time.Since(began)
	cancel()
	<-ended
	return float64(n) / took.Seconds(), nil
}

// oneByOne publishes as watermill-kafka's documentation shows: one call, one message, one acknowledgement.
func oneByOne(events []eventstore.Event) (float64, error) {
	broker, err := slowBroker()
	if err != nil {
		return 0, err
	}
	defer broker.Close()
	publisher, err := kafka.NewPublisher(kafka.PublisherConfig{
		Brokers: broker.ListenAddrs(), Marshaler: kafka.DefaultMarshaler{}, OverwriteSaramaConfig: baselineConfig(),
	}, watermill.NopLogger{})
	if err != nil {
		return 0, fmt.Errorf("make baseline publisher: %w", err)
	}
	defer publisher.Close()
	began := time.Now()
	for _, e := range events {
		if err := publisher.Publish("baseline", message.NewMessage(e.ID.String(), message.Payload(e.Data))); err != nil {
			return 0, fmt.Errorf("publish baseline: %w", err)
		}
	}
	return float64(len(events)) / time.Since(began).Seconds(), nil
}

// baselineConfig is watermill-kafka's default with the same promises as ours: acks from all replicas, a protocol that brokers speak.
func baselineConfig() *sarama.Config {
	c := kafka.DefaultSaramaSyncPublisherConfig()
	c.Version = sarama.V2_8_0_0
	c.Producer.RequiredAcks = sarama.WaitForAll
	return c
}

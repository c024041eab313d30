package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
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
	"dossier/internal/devstack"
)

// produceLatency is what the in-process broker adds to each produce request, as a broker over a network would.
const produceLatency = 3 * time.Millisecond

// benchRelay: the backlog of a journal to Kafka, against watermill-kafka's own publisher called once per message; then from the
// commit of one event to a consumer of Kafka.
func benchRelay(ctx context.Context, b *bench) error {
	if err := b.scale(ctx); err != nil {
		return err
	}
	j, pool, err := b.stack.journal(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	defer j.Close()
	if err := b.warm(ctx); err != nil {
		return err
	}
	if err := b.backlog(ctx, pool, j); err != nil {
		return err
	}
	return b.commitToConsumer(ctx, pool, j)
}

func (b *bench) backlog(ctx context.Context, pool *pgxpool.Pool, j *eventstore.Journal) error {
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
		func() (float64, error) { return b.oneByOne(ctx, sample) },
	)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("relay, %d events", n)
	if b.kafka.real {
		b.rateAtLeast(what+", acks all", m[0], 20_000)
		b.note("bottleneck: the brokers, and marshaling pages, all on the same two cores.")
	} else {
		what += fmt.Sprintf(", %s produce latency", produceLatency)
		b.note("bottleneck: marshaling pages and the broker, both on the same two cores. Broker: in-process (kfake), in memory.")
	}
	b.atLeast(what, perSecond(m[0]), perSecond(m[1]), m[0]/m[1], 5)
	b.note("baseline: watermill-kafka v3.0.6 Publisher, one call per message, acks all, measured over %d messages.", alone)
	return nil
}

// slowBroker is an in-process broker that takes so much more for every produce request.
func slowBroker(latency time.Duration) (*kfake.Cluster, error) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{"default.replication.factor": "1"}))
	if err != nil {
		return nil, fmt.Errorf("start broker: %w", err)
	}
	if latency > 0 {
		c.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
			c.KeepControl()
			c.SleepControl(func() { time.Sleep(latency) })
			return nil, nil, false
		})
	}
	return c, nil
}

// drain measures from taking the lead to the last event being in Kafka, on a topic and a lease of its own.
func (b *bench) drain(ctx context.Context, pool *pgxpool.Pool, j *eventstore.Journal, n int64) (float64, error) {
	broker, end, err := b.kafka.start(produceLatency)
	if err != nil {
		return 0, err
	}
	defer end()
	t, err := broker.topic(ctx, eventstore.Lanes)
	if err != nil {
		return 0, err
	}
	defer t.remove()
	began := time.Now()
	r, stop, err := b.relay(ctx, pool, j, t)
	if err != nil {
		return 0, err
	}
	defer stop()
	for r.Status().Cursor < n && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	return float64(n) / time.Since(began).Seconds(), ctx.Err()
}

// relay starts one that begins at the first event.
func (b *bench) relay(ctx context.Context, pool *pgxpool.Pool, j *eventstore.Journal, t *benchTopic) (r *relay.Relay, stop func(), err error) {
	if _, err := b.stack.admin.Exec(ctx, "truncate journal.relay_beats"); err != nil {
		return nil, nil, fmt.Errorf("forget the last round: %w", err)
	}
	r = relay.New(pool, j, t.options(t.name))
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	return r, func() { cancel(); <-ended }, nil
}

// oneByOne publishes as watermill-kafka's documentation shows: one call, one message, one acknowledgement.
func (b *bench) oneByOne(ctx context.Context, events []eventstore.Event) (float64, error) {
	broker, end, err := b.kafka.start(produceLatency)
	if err != nil {
		return 0, err
	}
	defer end()
	t, err := broker.topic(ctx, eventstore.Lanes)
	if err != nil {
		return 0, err
	}
	defer t.remove()
	publisher, err := kafka.NewPublisher(kafka.PublisherConfig{
		Brokers: t.brokers, Marshaler: kafka.DefaultMarshaler{}, OverwriteSaramaConfig: baselineConfig(t.access),
	}, watermill.NopLogger{})
	if err != nil {
		return 0, fmt.Errorf("make baseline publisher: %w", err)
	}
	defer publisher.Close()
	began := time.Now()
	for _, e := range events {
		if err := publisher.Publish(t.name, message.NewMessage(e.ID.String(), message.Payload(e.Data))); err != nil {
			return 0, fmt.Errorf("publish baseline: %w", err)
		}
	}
	return float64(len(events)) / time.Since(began).Seconds(), nil
}

// baselineConfig is watermill-kafka's default with the same promises as ours: acks from all replicas, a protocol that brokers speak.
func baselineConfig(access func(*sarama.Config)) *sarama.Config {
	c := kafka.DefaultSaramaSyncPublisherConfig()
	c.Version = sarama.V2_8_0_0
	c.Producer.RequiredAcks = sarama.WaitForAll
	access(c)
	return c
}

// commitToConsumer appends 1,000 events a second beside a relay and measures from each acknowledged commit to a consumer.
func (b *bench) commitToConsumer(ctx context.Context, pool *pgxpool.Pool, j *eventstore.Journal) error {
	const rate = 1000
	span := 10 * time.Second
	if b.quick {
		span = 300 * time.Millisecond
	}
	broker, end, err := b.kafka.start(0)
	if err != nil {
		return err
	}
	defer end()
	partitions := devstack.KafkaPartitions
	if b.kafka.real {
		partitions = eventstore.Lanes
	}
	t, err := broker.topic(ctx, partitions)
	if err != nil {
		return err
	}
	defer t.remove()
	a := &arrivals{at: map[string]time.Time{}}
	deaf, err := t.consume(a.see)
	if err != nil {
		return err
	}
	defer deaf()
	r, stop, err := b.relay(ctx, pool, j, t)
	if err != nil {
		return err
	}
	defer stop()
	b.say("warming up the way from commit to consumer")
	if err := caughtUp(ctx, r, j); err != nil {
		return err
	}
	if _, err := a.delays(ctx, j, rate, span/2); err != nil {
		return err
	}
	b.say("commit to Kafka consumer at %d events/s for %s", rate, span)
	took, err := a.delays(ctx, j, rate, span)
	if err != nil {
		return err
	}
	p50, p99 := t.goals()
	b.below(fmt.Sprintf("commit to Kafka consumer, %d/s, p50", rate), percentile(took, 0.50), p50)
	b.below(fmt.Sprintf("commit to Kafka consumer, %d/s, p99", rate), percentile(took, 0.99), p99)
	return nil
}

// caughtUp waits until all that is in the journal now is in Kafka.
func caughtUp(ctx context.Context, r *relay.Relay, j *eventstore.Journal) error {
	head, err := j.Head(ctx)
	if err != nil {
		return fmt.Errorf("read head: %w", err)
	}
	for r.Status().Cursor < head && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	return ctx.Err()
}

// goals of a commit's way to a consumer. Three copies wait for two more brokers.
func (t *benchTopic) goals() (p50, p99 time.Duration) {
	switch {
	case !t.real:
		return 3 * time.Millisecond, 15 * time.Millisecond
	case t.copies < 3:
		return 5 * time.Millisecond, 25 * time.Millisecond
	}
	return 15 * time.Millisecond, 75 * time.Millisecond
}

// arrivals are the moments at which events came to a consumer first.
type arrivals struct {
	mu sync.Mutex
	at map[string]time.Time // by event id
}

func (a *arrivals) see(m *sarama.ConsumerMessage) {
	now := time.Now()
	for _, h := range m.Headers {
		if string(h.Key) == eventstore.HeaderID {
			a.mu.Lock()
			defer a.mu.Unlock()
			if _, twice := a.at[string(h.Value)]; !twice {
				a.at[string(h.Value)] = now
			}
			return
		}
	}
}

// delays appends at a rate and returns the sorted times from each acknowledged commit to its arrival, 0 for what overtook its
// acknowledgement.
func (a *arrivals) delays(ctx context.Context, j *eventstore.Journal, rate int, span time.Duration) ([]time.Duration, error) {
	var mu sync.Mutex
	committed := map[string]time.Time{}
	var failed error
	atRate(rate, span, func(time.Time) {
		e := benchEvent()
		err := appendEvent(ctx, j, e)
		mu.Lock()
		defer mu.Unlock()
		committed[e.ID.String()] = time.Now()
		failed = errors.Join(failed, err)
	})
	if failed != nil {
		return nil, failed
	}
	for limit := time.Now().Add(time.Minute); time.Now().Before(limit) && ctx.Err() == nil; time.Sleep(time.Millisecond) {
		if took := a.since(committed); len(took) == len(committed) {
			slices.Sort(took)
			return took, nil
		}
	}
	return nil, fmt.Errorf("%d of %d events came to the consumer", len(a.since(committed)), len(committed))
}

func (a *arrivals) since(committed map[string]time.Time) []time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	took := make([]time.Duration, 0, len(committed))
	for id, at := range committed {
		if came, is := a.at[id]; is {
			took = append(took, max(0, came.Sub(at)))
		}
	}
	return took
}

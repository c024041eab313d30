package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/IBM/sarama"
	"github.com/google/uuid"
	"github.com/urfave/cli/v3"

	"dossier/eventstore"
	"dossier/eventstore/relay"
	"dossier/internal/config"
)

// benchKafka is where a bench publishes to: brokers that were named, or one in this process.
type benchKafka struct {
	brokers []string
	real    bool // they were named
	access  func(*sarama.Config)
}

func kafkaFlag() cli.Flag {
	return &cli.StringFlag{Name: "kafka", Usage: "brokers of a Kafka to measure on, instead of one in this process", DefaultText: "$KAFKA_BROKERS"}
}

// benchKafka takes everything but the topic from the settings: a bench makes topics of its own and deletes them.
func (a *app) benchKafka(cmd *cli.Command) (benchKafka, error) {
	cfg, err := config.FromEnv(a.getenv)
	if err != nil {
		return benchKafka{}, usageError{err}
	}
	k := benchKafka{brokers: cfg.Kafka.Brokers, access: kafkaAccess(cfg)}
	if named := cmd.String("kafka"); named != "" {
		k.brokers = strings.Split(named, ",")
	}
	k.real = len(k.brokers) > 0
	return k, nil
}

// start returns the same with brokers that can be reached, and what ends them. In this process each produce request takes so much longer.
func (k benchKafka) start(latency time.Duration) (benchKafka, func(), error) {
	if k.real {
		return k, func() {}, nil
	}
	c, err := slowBroker(latency)
	if err != nil {
		return k, nil, err
	}
	k.brokers = c.ListenAddrs()
	return k, c.Close, nil
}

func (k benchKafka) options(topic string) relay.Options {
	return relay.Options{Brokers: k.brokers, Topic: topic, Kafka: k.access, Log: slog.New(slog.DiscardHandler)}
}

func (k benchKafka) client() (sarama.Client, error) {
	c, err := sarama.NewClient(k.brokers, relay.SaramaConfig(k.options("")))
	if err != nil {
		return nil, fmt.Errorf("reach Kafka at %s: %w", strings.Join(k.brokers, ","), err)
	}
	return c, nil
}

// benchTopic is one that only this bench uses. Making it, and finding leaders for all its partitions, is not measured.
type benchTopic struct {
	benchKafka
	name       string
	partitions int
	copies     int // of each record
}

func (k benchKafka) topic(ctx context.Context, partitions int) (*benchTopic, error) {
	client, err := k.client()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	admin, err := sarama.NewClusterAdminFromClient(client)
	if err != nil {
		return nil, fmt.Errorf("make topic: %w", err)
	}
	t := &benchTopic{benchKafka: k, name: "dossier.bench." + uuid.NewString(), partitions: partitions}
	if err := admin.CreateTopic(t.name, &sarama.TopicDetail{NumPartitions: int32(partitions), ReplicationFactor: -1}, false); err != nil {
		return nil, fmt.Errorf("make topic: %w", err)
	}
	for limit := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		err := t.led(client)
		if err == nil {
			return t, nil
		}
		if time.Now().After(limit) || ctx.Err() != nil {
			t.remove()
			return nil, fmt.Errorf("find leaders of topic %s: %w", t.name, err)
		}
	}
}

// led asks the leader of every partition: it may be the last to hear that it leads.
func (t *benchTopic) led(client sarama.Client) error {
	if err := client.RefreshMetadata(t.name); err != nil {
		return err
	}
	for p := range t.partitions {
		if _, err := client.GetOffset(t.name, int32(p), sarama.OffsetNewest); err != nil {
			return err
		}
	}
	replicas, err := client.Replicas(t.name, 0)
	t.copies = len(replicas)
	return err
}

func (t *benchTopic) remove() {
	client, err := t.client()
	if err != nil {
		return
	}
	defer client.Close()
	if admin, err := sarama.NewClusterAdminFromClient(client); err == nil {
		_ = admin.DeleteTopic(t.name)
	}
}

// consume gives every message of the topic to seen, from many goroutines, until stop.
func (t *benchTopic) consume(seen func(*sarama.ConsumerMessage)) (stop func(), err error) {
	c := relay.SaramaConfig(t.options(t.name))
	c.Consumer.Return.Errors = false // it tries again by itself
	consumer, err := sarama.NewConsumer(t.brokers, c)
	if err != nil {
		return nil, fmt.Errorf("make consumer: %w", err)
	}
	var hearing sync.WaitGroup
	var parts []sarama.PartitionConsumer
	stop = func() {
		for _, p := range parts {
			p.AsyncClose()
		}
		hearing.Wait()
		_ = consumer.Close()
	}
	for partition := range t.partitions {
		p, err := consumer.ConsumePartition(t.name, int32(partition), sarama.OffsetOldest)
		if err != nil {
			stop()
			return nil, fmt.Errorf("consume partition %d: %w", partition, err)
		}
		parts = append(parts, p)
		hearing.Go(func() {
			for m := range p.Messages() {
				seen(m)
			}
		})
	}
	return stop, nil
}

// warmMessages is after how many a broker's JVM has compiled what it does all day (measured: with three, latencies fall to a tenth).
const warmMessages = 300_000

// warm sends and reads as much as brokers need to be warm. One in this process is.
func (b *bench) warm(ctx context.Context) error {
	if !b.kafka.real {
		return nil
	}
	total := warmMessages
	if b.quick {
		total = 2_000
	}
	t, err := b.kafka.topic(ctx, eventstore.Lanes)
	if err != nil {
		return err
	}
	defer t.remove()
	stop, err := t.consume(func(*sarama.ConsumerMessage) {})
	if err != nil {
		return err
	}
	defer stop()
	b.note("Kafka: %d brokers, %d copies of each record, acks all; warmed up with %d messages.", t.size(), t.copies, total)
	b.say("warming up Kafka (its JVM needs some %d messages):", total)
	for sent := 0; sent < total && ctx.Err() == nil; {
		n, err := t.pump(min(total-sent, total/10))
		sent += n
		b.say("  %d of %d", sent, total)
		if err != nil {
			b.say("  %v: trying again", err)
			time.Sleep(time.Second)
		}
	}
	return ctx.Err()
}

func (t *benchTopic) size() int {
	client, err := t.client()
	if err != nil {
		return len(t.brokers)
	}
	defer client.Close()
	return len(client.Brokers())
}

// pump sends n messages in pages and returns how many arrived.
func (t *benchTopic) pump(n int) (sent int, err error) {
	c := relay.SaramaConfig(t.options(t.name))
	c.Producer.Partitioner = sarama.NewRoundRobinPartitioner
	producer, err := sarama.NewSyncProducer(t.brokers, c)
	if err != nil {
		return 0, fmt.Errorf("make producer: %w", err)
	}
	defer producer.Close()
	page := make([]*sarama.ProducerMessage, 1000)
	for ; sent < n; sent += len(page) {
		for i := range page {
			e := benchEvent()
			page[i] = &sarama.ProducerMessage{Topic: t.name, Key: sarama.StringEncoder(e.ID.String()), Value: sarama.ByteEncoder(append(e.Data, e.Meta...))}
		}
		if err := producer.SendMessages(page); err != nil {
			return sent, fmt.Errorf("send: %w", err)
		}
	}
	return sent, nil
}

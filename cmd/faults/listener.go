package main

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/IBM/sarama"
	"github.com/google/uuid"

	"dossier/eventstore"
	"dossier/eventstore/relay"
)

// listener is a consumer of somebody else: it knows the headers and nothing more, and skips a sequence that is not above the
// last it saw of a stream.
type listener struct {
	v           *verdict
	events      []uuid.UUID // the journal's, by position
	generations eventstore.Generations
	heard       []bool // by position

	partition int32
	cut       bool                // records before the first were deleted
	last      map[uuid.UUID]int64 // sequence by stream, within the partition
	lanes     map[int]int64       // position by lane, within the partition
}

// judgeKafka reads the whole topic. Every event must be there, unless records were deleted on purpose.
func (w *world) judgeKafka(ctx context.Context, v *verdict, events []uuid.UUID) error {
	l := &listener{v: v, events: events, heard: make([]bool, len(events))}
	var err error
	if l.generations, err = w.truth.Generations(ctx); err != nil {
		return err
	}
	if err := l.listen(ctx, w.kafka.addresses(), w.topic); err != nil {
		return err
	}
	if w.truncated.Load() {
		return nil
	}
	for position, is := range l.heard {
		if position > 0 && !is {
			v.note(&v.lost, "position %d never came to Kafka", position)
		}
	}
	return nil
}

func (l *listener) listen(ctx context.Context, addrs []string, topic string) error {
	client, err := sarama.NewClient(addrs, relay.SaramaConfig(relay.Options{}))
	if err != nil {
		return fmt.Errorf("reach Kafka: %w", err)
	}
	defer client.Close() //nolint:errcheck // nothing to lose
	consumer, err := sarama.NewConsumerFromClient(client)
	if err != nil {
		return fmt.Errorf("listen to Kafka: %w", err)
	}
	defer consumer.Close() //nolint:errcheck // nothing to lose
	parts, err := openParts(client, consumer, topic)
	defer func() {
		for _, p := range parts {
			p.AsyncClose()
		}
	}()
	if err != nil {
		return fmt.Errorf("listen to Kafka: %w", err)
	}
	for _, p := range parts {
		if err := l.listenTo(ctx, p); err != nil {
			return fmt.Errorf("listen to partition %d: %w", p.number, err)
		}
	}
	return nil
}

// part is one partition as it stands now.
type part struct {
	number         int32
	oldest, newest int64
	sarama.PartitionConsumer
}

// openParts starts reading all partitions at once: one after the other would take half a second each. Close them all, also after an error.
func openParts(client sarama.Client, consumer sarama.Consumer, topic string) (parts []part, err error) {
	all, err := client.Partitions(topic)
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		oldest, err := client.GetOffset(topic, p, sarama.OffsetOldest)
		if err != nil {
			return parts, err
		}
		newest, err := client.GetOffset(topic, p, sarama.OffsetNewest)
		if err != nil {
			return parts, err
		}
		if newest == oldest {
			continue
		}
		records, err := consumer.ConsumePartition(topic, p, oldest)
		if err != nil {
			return parts, err
		}
		parts = append(parts, part{p, oldest, newest, records})
	}
	return parts, nil
}

func (l *listener) listenTo(ctx context.Context, p part) error {
	l.partition, l.cut = p.number, p.oldest > 0
	l.last, l.lanes = map[uuid.UUID]int64{}, map[int]int64{}
	limit := time.After(time.Minute)
	for {
		select {
		case m := <-p.Messages():
			l.hear(m)
			if m.Offset >= p.newest-1 {
				return nil
			}
		case <-limit:
			return fmt.Errorf("nothing more came before offset %d", p.newest)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (l *listener) hear(m *sarama.ConsumerMessage) {
	headers := map[string]string{}
	for _, h := range m.Headers {
		headers[string(h.Key)] = string(h.Value)
	}
	d, err := eventstore.FromHeaders(maps.All(headers), m.Value)
	if err != nil {
		l.v.note(&l.v.lost, "partition %d, offset %d is no event: %v", m.Partition, m.Offset, err)
		return
	}
	if l.generations.Refuses(d) {
		return
	}
	if d.Position >= int64(len(l.events)) || l.events[d.Position] != d.ID {
		l.v.note(&l.v.lost, "Kafka tells event %s at position %d, the journal does not", d.ID, d.Position)
		return
	}
	l.heard[d.Position] = true
	l.inOrder(d)
}

// inOrder: whoever skips what is not new must have missed nothing in between.
func (l *listener) inOrder(d eventstore.Delivered) {
	last, known := l.last[d.StreamID]
	if d.Version > last {
		if known && d.Version != last+1 || !known && !l.cut && d.Version != 1 {
			l.v.note(&l.v.reordered, "partition %d: stream %s went from sequence %d to %d", l.partition, d.StreamID, last, d.Version)
		}
		l.last[d.StreamID] = d.Version
	}
	before, known := l.lanes[d.Lane]
	if d.Position > before {
		if known && d.Prev != before || !known && !l.cut && d.Prev != 0 {
			l.v.note(&l.v.reordered, "partition %d: position %d says it follows %d in lane %d, and came after %d", l.partition, d.Position, d.Prev, d.Lane, before)
		}
		l.lanes[d.Lane] = d.Position
	}
}

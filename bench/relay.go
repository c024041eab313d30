package main

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"dossier/eventstore/relay"
)

const partitions = 8 // as in the in-process Kafka of `dossier dev`

func newBroker() (*kfake.Cluster, error) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(partitions, relay.DefaultTopic, peerTopic))
	if err != nil {
		return nil, fmt.Errorf("start broker: %w", err)
	}
	return c, nil
}

// consume calls seen with each message's id and the moment it arrived; the same consumer for both relays.
func consume(ctx context.Context, brokers []string, topic, idHeader string, seen func(id string, at time.Time)) (stop func(), err error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return nil, fmt.Errorf("make consumer: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			fetched := client.PollFetches(ctx)
			at := time.Now()
			fetched.EachRecord(func(r *kgo.Record) {
				for _, h := range r.Headers {
					if h.Key == idHeader {
						seen(string(h.Value), at)
					}
				}
			})
		}
	}()
	return func() { cancel(); <-ended; client.Close() }, nil
}

// relayed starts our relay on a lease of its own, from the first event.
func (o *ours) relayed(ctx context.Context, brokers []string) (stop func(), err error) {
	c, err := pgx.Connect(ctx, o.owner)
	if err != nil {
		return nil, err
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, "truncate journal.relay_beats"); err != nil {
		return nil, fmt.Errorf("forget the last round: %w", err)
	}
	r := relay.New(o.pool, o.journal, relay.Options{Brokers: brokers, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	return func() { cancel(); <-ended }, nil
}

const (
	oursID = "ce_id"
	peerID = "_watermill_message_uuid"
)

// drained measures from the start of a relay to the arrival of the last of n messages at a consumer.
func drained(ctx context.Context, n int, topic, header string, start func(brokers []string) (func(), error)) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	broker, err := newBroker()
	if err != nil {
		return 0, err
	}
	defer broker.Close()
	last := make(chan time.Time, 1)
	count := 0
	quiet, err := consume(ctx, broker.ListenAddrs(), topic, header, func(_ string, at time.Time) {
		if count++; count == n {
			last <- at
		}
	})
	if err != nil {
		return 0, err
	}
	defer quiet()
	began := time.Now()
	stop, err := start(broker.ListenAddrs())
	if err != nil {
		return 0, err
	}
	defer stop()
	select {
	case at := <-last:
		return float64(n) / at.Sub(began).Seconds(), nil
	case <-ctx.Done():
		return 0, fmt.Errorf("relay to %s: %w", topic, ctx.Err())
	}
}

// delays appends at a fixed rate, whatever the answers take, and returns the sorted times from acknowledged commit to consumer.
// A message that overtakes the acknowledgement counts as 0.
func delays(ctx context.Context, perSecond int, span time.Duration, topic, header string, start func([]string) (func(), error), add func(id uuid.UUID) error) ([]time.Duration, error) {
	broker, err := newBroker()
	if err != nil {
		return nil, err
	}
	defer broker.Close()
	var mu sync.Mutex
	arrived, committed := map[string]time.Time{}, map[string]time.Time{}
	quiet, err := consume(ctx, broker.ListenAddrs(), topic, header, func(id string, at time.Time) {
		mu.Lock()
		defer mu.Unlock()
		if _, twice := arrived[id]; !twice {
			arrived[id] = at
		}
	})
	if err != nil {
		return nil, err
	}
	defer quiet()
	stop, err := start(broker.ListenAddrs())
	if err != nil {
		return nil, err
	}
	defer stop()
	warm := span / 3
	began := time.Now()
	var failed error
	var wg sync.WaitGroup
	measured := map[string]bool{}
	for i := 0; time.Since(began) < warm+span; i++ {
		time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(perSecond))))
		id := uuid.Must(uuid.NewV7())
		if time.Since(began) > warm {
			measured[id.String()] = true
		}
		wg.Go(func() {
			err := add(id)
			mu.Lock()
			defer mu.Unlock()
			committed[id.String()] = time.Now()
			if err != nil {
				failed = err
			}
		})
	}
	wg.Wait()
	if failed != nil {
		return nil, failed
	}
	return await(ctx, &mu, measured, arrived, committed)
}

func await(ctx context.Context, mu *sync.Mutex, measured map[string]bool, arrived, committed map[string]time.Time) ([]time.Duration, error) {
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		mu.Lock()
		var took []time.Duration
		for id := range measured {
			if at, ok := arrived[id]; ok {
				took = append(took, max(0, at.Sub(committed[id])))
			}
		}
		mu.Unlock()
		if len(took) == len(measured) {
			slices.Sort(took)
			return took, nil
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			return nil, fmt.Errorf("%d of %d messages arrived", len(took), len(measured))
		}
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"dossier/internal/devstack/apachekafka"
)

// apache is three real brokers that worlds share. Who kills one of them has them for itself.
type apache struct {
	*apachekafka.Cluster
	down [apachekafka.Brokers + 1]atomic.Bool // by number
}

func (a *apache) addresses() []string { return a.Addrs }

// start does nothing when they run.
func (a *apache) start() error {
	var failed error
	for broker := 1; broker <= apachekafka.Brokers; broker++ {
		failed = errors.Join(failed, a.revive(broker))
	}
	return failed
}

func (a *apache) revive(broker int) error {
	if !a.down[broker].Load() {
		return nil
	}
	if err := a.Revive(broker); err != nil {
		return err
	}
	a.down[broker].Store(false)
	return nil
}

func (a *apache) kill(broker int) error {
	if err := a.Kill(broker); err != nil {
		return err
	}
	a.down[broker].Store(true)
	return nil
}

// stop leaves them to the next world.
func (a *apache) stop() {}

// controller is the broker that leads the quorum. What clients are told in metadata is any broker.
func (a *apache) controller() (broker int, err error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(a.Addrs...))
	if err != nil {
		return 0, fmt.Errorf("reach Kafka: %w", err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	topic := kmsg.NewDescribeQuorumRequestTopic()
	topic.Topic = "__cluster_metadata"
	topic.Partitions = append(topic.Partitions, kmsg.NewDescribeQuorumRequestTopicPartition())
	request := kmsg.NewPtrDescribeQuorumRequest()
	request.Topics = append(request.Topics, topic)
	err = until(ctx, func() error {
		response, err := request.RequestWith(ctx, client)
		if err != nil {
			return fmt.Errorf("ask who leads the quorum: %w", err)
		}
		if len(response.Topics) == 0 || len(response.Topics[0].Partitions) == 0 || response.Topics[0].Partitions[0].LeaderID <= 0 {
			return errors.New("nobody leads the quorum")
		}
		broker = int(response.Topics[0].Partitions[0].LeaderID)
		return nil
	})
	return broker, err
}

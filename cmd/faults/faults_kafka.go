package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"dossier/eventstore"
	"dossier/eventstore/relay"
)

var messageFaults = []fault{
	{"messages mangled", "messages", 3 * time.Second, func(w *world, _ *rand.Rand) (func() error, error) {
		for _, n := range w.nodes {
			n.mangler.on.Store(true)
		}
		return func() error {
			for _, n := range w.nodes {
				n.mangler.on.Store(false)
			}
			return nil
		}, nil
	}},
}

func clusterFault(name string, last time.Duration, harm func(w *world, c *kfake.Cluster, r *rand.Rand) error) fault {
	return fault{name, "broker", last, func(w *world, r *rand.Rand) (func() error, error) {
		return done, w.kafka.with(func(c *kfake.Cluster) error { return harm(w, c, r) })
	}}
}

var topicFaults = []fault{
	clusterFault("retention before reading", time.Second, func(w *world, c *kfake.Cluster, _ *rand.Rand) error {
		w.truncated.Store(true)
		for p := range c.PartitionInfos(relay.DefaultTopic) {
			if err := c.DeleteRecords(relay.DefaultTopic, int32(p), -1); err != nil {
				return err
			}
		}
		return nil
	}),
	clusterFault("topic made again", 3*time.Second, func(_ *world, c *kfake.Cluster, _ *rand.Rand) error {
		return remade(c.DeleteTopic(relay.DefaultTopic)) // the relay makes it again
	}),
	{"partitions added", "broker", 3 * time.Second, func(w *world, _ *rand.Rand) (func() error, error) {
		return done, w.grow()
	}},
}

// grow doubles the partitions, up to one for each lane.
func (w *world) grow() error {
	n := w.kafka.partitions()
	if n == 0 || n >= eventstore.Lanes {
		return nil
	}
	admin, err := sarama.NewClusterAdmin(w.kafka.addrs, relay.SaramaConfig(relay.Options{}))
	if err != nil {
		return fmt.Errorf("reach Kafka: %w", err)
	}
	defer admin.Close() //nolint:errcheck // nothing to lose
	return admin.CreatePartitions(relay.DefaultTopic, int32(2*n), nil, false)
}

// remade: a topic that is being made again just now is as gone as can be.
func remade(err error) error {
	if err == kerr.UnknownTopicOrPartition { //nolint:errorlint // kfake returns it as it is
		return nil
	}
	return err
}

var brokerFaults = []fault{
	{"broker restarted", "broker", 2 * time.Second, func(w *world, _ *rand.Rand) (func() error, error) {
		w.kafka.stop()
		return w.kafka.start, nil
	}},
	clusterFault("leaders changed", time.Second, func(_ *world, c *kfake.Cluster, _ *rand.Rand) error {
		c.ShufflePartitionLeaders()
		return nil
	}),
	clusterFault("coordinators changed", time.Second, func(_ *world, c *kfake.Cluster, _ *rand.Rand) error {
		c.RehashCoordinators()
		return nil
	}),
	clusterFault("produce refused", time.Second, func(_ *world, c *kfake.Cluster, r *rand.Rand) error {
		all := []*kerr.Error{kerr.NotEnoughReplicas, kerr.NotEnoughReplicasAfterAppend, kerr.RequestTimedOut, kerr.NotLeaderForPartition, kerr.KafkaStorageError}
		c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: all[r.IntN(len(all))], Count: 1 + r.IntN(8)})
		return nil
	}),
}

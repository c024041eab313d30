package main

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"dossier/eventstore"
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

func topicFault(name string, last time.Duration, harm func(w *world, admin sarama.ClusterAdmin) error) fault {
	return fault{name, "broker", last, func(w *world, _ *rand.Rand) (func() error, error) {
		return done, w.asAdmin(func(admin sarama.ClusterAdmin) error { return harm(w, admin) })
	}}
}

var topicFaults = []fault{
	{"retention before reading", "broker", time.Second, func(w *world, _ *rand.Rand) (func() error, error) {
		for _, n := range w.nodes {
			n.rest(roleProjector)
		}
		return func() error {
			defer w.read()
			return w.asAdmin(w.expire)
		}, nil
	}},
	topicFault("topic made again", 3*time.Second, (*world).deleteTopic), // the relay makes it again
	topicFault("partitions added", 3*time.Second, (*world).grow),
}

// read lets everyone read.
func (w *world) read() {
	for _, n := range w.nodes {
		n.play(roleProjector)
	}
}

// expire deletes every record.
func (w *world) expire(admin sarama.ClusterAdmin) error {
	w.truncated.Store(true)
	all, err := w.partitions(admin)
	if err != nil || len(all) == 0 {
		return err
	}
	ends := map[int32]int64{}
	for _, p := range all {
		ends[p.ID] = -1
	}
	return admin.DeleteRecords(w.topic, ends)
}

func (w *world) deleteTopic(admin sarama.ClusterAdmin) error {
	if err := admin.DeleteTopic(w.topic); !errors.Is(err, sarama.ErrUnknownTopicOrPartition) {
		return err
	}
	return nil // one that is being made again just now is as gone as can be
}

// grow doubles the partitions, up to one for each lane.
func (w *world) grow(admin sarama.ClusterAdmin) error {
	all, err := w.partitions(admin)
	if n := len(all); err == nil && n > 0 && n < eventstore.Lanes {
		err = admin.CreatePartitions(w.topic, int32(2*n), nil, false)
	}
	return err
}

func clusterFault(name string, last time.Duration, harm func(c *kfake.Cluster, r *rand.Rand) error) fault {
	return fault{name, "broker", last, func(w *world, r *rand.Rand) (func() error, error) {
		return done, w.kafka.(*brokers).with(func(c *kfake.Cluster) error { return harm(c, r) })
	}}
}

// brokerFaults are those that brokers in this process can be made to have.
var brokerFaults = []fault{
	{"broker restarted", "broker", 2 * time.Second, func(w *world, _ *rand.Rand) (func() error, error) {
		w.kafka.stop()
		return w.kafka.start, nil
	}},
	clusterFault("leaders changed", time.Second, func(c *kfake.Cluster, _ *rand.Rand) error {
		c.ShufflePartitionLeaders()
		return nil
	}),
	clusterFault("coordinators changed", time.Second, func(c *kfake.Cluster, _ *rand.Rand) error {
		c.RehashCoordinators()
		return nil
	}),
	clusterFault("produce refused", time.Second, func(c *kfake.Cluster, r *rand.Rand) error {
		all := []*kerr.Error{kerr.NotEnoughReplicas, kerr.NotEnoughReplicasAfterAppend, kerr.RequestTimedOut, kerr.NotLeaderForPartition, kerr.KafkaStorageError}
		c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: all[r.IntN(len(all))], Count: 1 + r.IntN(8)})
		return nil
	}),
}

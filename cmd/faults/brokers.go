package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/IBM/sarama"
	"github.com/twmb/franz-go/pkg/kfake"

	"dossier/eventstore/relay"
)

// cluster is the Kafka of a world.
type cluster interface {
	addresses() []string
	start() error // all brokers that are down
	stop()
}

// brokers are three Kafka nodes in this process that can be ended and started again under the same addresses.
type brokers struct {
	dir   string
	ports []int
	addrs []string

	mu      sync.Mutex
	cluster *kfake.Cluster // nil while they are down
}

const nodes = 3

func startBrokers(dir string) (*brokers, error) {
	b := &brokers{dir: dir}
	if err := b.start(); err != nil {
		return nil, err
	}
	b.addrs = b.cluster.ListenAddrs()
	for _, addr := range b.addrs {
		_, port, _ := net.SplitHostPort(addr)
		n, err := strconv.Atoi(port)
		if err != nil {
			return nil, fmt.Errorf("read port of %s: %w", addr, err)
		}
		b.ports = append(b.ports, n)
	}
	return b, nil
}

func (b *brokers) addresses() []string { return b.addrs }

// start does nothing when they run.
func (b *brokers) start() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cluster != nil {
		return nil
	}
	opts := []kfake.Opt{
		kfake.NumBrokers(nodes), kfake.ClusterID("faults"), kfake.DataDir(b.dir),
		kfake.BrokerConfigs(map[string]string{"default.replication.factor": "1", "log.retention.ms": "-1"}),
	}
	if b.ports != nil {
		opts = append(opts, kfake.Ports(b.ports...))
	}
	c, err := kfake.NewCluster(opts...)
	if err != nil {
		return fmt.Errorf("start kafka: %w", err)
	}
	b.cluster = c
	return nil
}

func (b *brokers) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cluster != nil {
		b.cluster.Close()
		b.cluster = nil
	}
}

// with runs do on the cluster, unless it is down.
func (b *brokers) with(do func(c *kfake.Cluster) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cluster == nil {
		return nil
	}
	return do(b.cluster)
}

// asAdmin does something as the cluster's administrator, over a wire that nobody cuts, and again while brokers change places.
func (w *world) asAdmin(do func(sarama.ClusterAdmin) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return until(ctx, func() error {
		admin, err := sarama.NewClusterAdmin(w.kafka.addresses(), relay.SaramaConfig(relay.Options{}))
		if err != nil {
			return fmt.Errorf("reach Kafka: %w", err)
		}
		defer admin.Close() //nolint:errcheck // nothing to lose
		return do(admin)
	})
}

// partitions of the topic, none when it is not there.
func (w *world) partitions(admin sarama.ClusterAdmin) ([]*sarama.PartitionMetadata, error) {
	found, err := admin.DescribeTopics([]string{w.topic})
	if err != nil || len(found) != 1 {
		return nil, fmt.Errorf("look for topic %s: %w", w.topic, err)
	}
	if err := found[0].Err; err != sarama.ErrNoError && err != sarama.ErrUnknownTopicOrPartition {
		return nil, fmt.Errorf("look for topic %s: %w", w.topic, err)
	}
	return found[0].Partitions, nil
}

func dialPlain(ctx context.Context, network, addr string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, network, addr)
}

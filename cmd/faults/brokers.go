package main

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"

	"github.com/twmb/franz-go/pkg/kfake"

	"dossier/eventstore/relay"
)

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

// partitions of the topic, 0 when there is none.
func (b *brokers) partitions() (n int) {
	_ = b.with(func(c *kfake.Cluster) error {
		n = len(c.PartitionInfos(relay.DefaultTopic))
		return nil
	})
	return n
}

func dialPlain(ctx context.Context, network, addr string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, network, addr)
}

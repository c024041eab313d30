package devstack

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// The bounds that keep 64 partitions together under 256 MB. What is older comes from the journal.
const (
	partitions     = 64
	segmentBytes   = 1 << 20
	retentionBytes = 256<<20/partitions - segmentBytes
	retentionEvery = 5 * time.Second
)

// KafkaOptions says where an in-process Kafka listens and keeps its records.
type KafkaOptions struct {
	Dir  string       // records, topics, groups; empty: in memory
	Addr string       // loopback only; port 0: any free one; empty: 127.0.0.1:9092
	Log  *slog.Logger // nil: silent
}

// Kafka speaks Kafka's protocol to any client on this machine. The events' truth is Postgres: a lost folder is filled again.
type Kafka struct {
	Addr    string
	Cluster *kfake.Cluster

	lock *os.File
	end  chan struct{}
	once sync.Once
}

// StartKafka starts one broker in this process. Topics are made by those who use them, never by a typo.
func StartKafka(o KafkaOptions) (*Kafka, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:9092"
	}
	port, err := loopback(o.Addr)
	if err != nil {
		return nil, err
	}
	if err := PortFree(o.Addr); err != nil {
		return nil, err
	}
	k := &Kafka{end: make(chan struct{})}
	if k.Cluster, err = kfake.NewCluster(kafkaConfig(o, port)...); err != nil {
		return nil, fmt.Errorf("start kafka on %s: %w", o.Addr, err)
	}
	k.Addr = k.Cluster.ListenAddrs()[0]
	go k.bound()
	return k, nil
}

func kafkaConfig(o KafkaOptions, port int) []kfake.Opt {
	opts := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.Ports(port),
		kfake.ListenFn(func(network, _ string) (net.Listener, error) { return net.Listen(network, o.Addr) }),
		kfake.ClusterID("dossier-dev"),
		kfake.BrokerConfigs(map[string]string{
			"default.replication.factor": "1",
			"log.retention.bytes":        strconv.Itoa(retentionBytes),
			"log.segment.bytes":          strconv.Itoa(segmentBytes),
		}),
	}
	if o.Dir != "" {
		opts = append(opts, kfake.DataDir(o.Dir))
	}
	return opts
}

// loopback refuses an address that other machines could see: kfake asks nobody who they are.
func loopback(addr string) (port int, err error) {
	host, p, err := net.SplitHostPort(addr)
	if err != nil {
		return 0, fmt.Errorf("kafka address %q: want HOST:PORT: %w", addr, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return 0, fmt.Errorf("kafka address %q: the in-process Kafka has no access control and listens on loopback only: use 127.0.0.1:%s, or a real Kafka by KAFKA_BROKERS", addr, p)
	}
	if port, err = strconv.Atoi(p); err != nil || port < 0 || port > 65535 {
		return 0, fmt.Errorf("kafka address %q: port must be 0 to 65535", addr)
	}
	return port, nil
}

// bound drops the oldest records: kfake does so only when told.
func (k *Kafka) bound() {
	t := time.NewTicker(retentionEvery)
	defer t.Stop()
	for {
		select {
		case <-k.end:
			return
		case <-t.C:
			k.Cluster.ApplyRetention()
		}
	}
}

// Stop closes the broker and leaves its folder ready for the next start. Twice is harmless.
func (k *Kafka) Stop() {
	k.once.Do(func() {
		close(k.end)
		k.Cluster.Close()
	})
}

package devstack

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// The bounds that keep a topic of 64 partitions under 256 MB: per partition what is kept and a segment being written.
// What is older comes from the journal.
const (
	segmentBytes   = 1 << 20
	retentionBytes = 256<<20/64 - segmentBytes
)

// KafkaPartitions is how many a topic needs on a broker inside the only process that reads it. Each fetch names every
// partition, so the 64 that leave a large installation room to grow are a third of what an event costs here.
const KafkaPartitions = 8

// KafkaOptions says where an in-process Kafka listens and keeps its records.
type KafkaOptions struct {
	Dir  string       // records, topics, groups; empty: in memory
	Addr string       // loopback only; port 0: any free one; empty: 127.0.0.1:9092
	Log  *slog.Logger // nil: silent

	retention, segment int           // bytes per partition; tests make them small
	retentionEvery     time.Duration // zero: a second
}

func (o KafkaOptions) withDefaults() KafkaOptions {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:9092"
	}
	if o.retention == 0 {
		o.retention, o.segment = retentionBytes, segmentBytes
	}
	if o.retentionEvery == 0 {
		o.retentionEvery = time.Second
	}
	return o
}

// Kafka speaks Kafka's protocol to any client on this machine. The events' truth is Postgres: a lost folder is filled again.
type Kafka struct {
	Addr    string
	Cluster *kfake.Cluster

	lock *os.File
	end  chan struct{}
	idle chan struct{} // closed when bound has ended
	once sync.Once
}

// StartKafka starts one broker in this process. Topics are made by those who use them, never by a typo.
func StartKafka(o KafkaOptions) (*Kafka, error) {
	o = o.withDefaults()
	port, err := loopback(o.Addr)
	if err != nil {
		return nil, err
	}
	if err := PortFree(o.Addr); err != nil {
		return nil, err
	}
	k := &Kafka{end: make(chan struct{}), idle: make(chan struct{})}
	if err := k.open(o.Dir); err != nil {
		return nil, err
	}
	if k.Cluster, err = kfake.NewCluster(kafkaConfig(o, port)...); err != nil {
		_ = k.lock.Close()
		return nil, fmt.Errorf("start kafka on %s: %w", o.Addr, err)
	}
	k.Addr = k.Cluster.ListenAddrs()[0]
	go k.bound(o.retentionEvery)
	return k, nil
}

// open makes and locks the folder. An owner that was killed holds nothing.
func (k *Kafka) open(dir string) (err error) {
	if dir == "" {
		return nil
	}
	if err = os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make folder for kafka: %w", err)
	}
	k.lock, err = lockFolder(context.Background(), dir, func() {})
	return err
}

func kafkaConfig(o KafkaOptions, port int) []kfake.Opt {
	opts := []kfake.Opt{
		kfake.NumBrokers(1),
		kfake.Ports(port),
		kfake.ListenFn(func(network, _ string) (net.Listener, error) { return net.Listen(network, o.Addr) }),
		kfake.ClusterID("dossier-dev"),
		kfake.BrokerConfigs(map[string]string{
			"default.replication.factor": "1",
			"log.retention.bytes":        strconv.Itoa(o.retention),
			"log.retention.ms":           "-1",
			"log.segment.bytes":          strconv.Itoa(o.segment),
		}),
	}
	if o.Dir != "" {
		opts = append(opts, kfake.DataDir(filepath.Join(o.Dir, "log")))
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
func (k *Kafka) bound(every time.Duration) {
	defer close(k.idle)
	t := time.NewTicker(every)
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
		<-k.idle // a call into a closed cluster never returns
		k.Cluster.Close()
		_ = k.lock.Close() // nil in memory: an error, nothing more
	})
}

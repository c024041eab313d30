package devstack

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
)

func helpKafka(dir string) {
	k, err := StartKafka(KafkaOptions{Dir: dir, Addr: "127.0.0.1:0"})
	if err != nil {
		fmt.Println("FAILED", err)
		os.Exit(1)
	}
	fmt.Println("READY", k.Addr)
	select {}
}

func startKafka(t *testing.T, o KafkaOptions) *Kafka {
	t.Helper()
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	k, err := StartKafka(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Stop)
	return k
}

func saramaConfig() *sarama.Config {
	c := sarama.NewConfig()
	c.Version = sarama.V3_6_0_0
	c.Producer.RequiredAcks = sarama.WaitForAll
	c.Producer.Idempotent = true
	c.Producer.Return.Successes = true
	c.Net.MaxOpenRequests = 1
	c.Consumer.Offsets.Initial = sarama.OffsetOldest
	c.Metadata.AllowAutoTopicCreation = false
	c.Metadata.Retry.Max = 1
	return c
}

func makeTopic(t *testing.T, addr, topic string, partitions int32) {
	t.Helper()
	admin, err := sarama.NewClusterAdmin([]string{addr}, saramaConfig())
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if err := admin.CreateTopic(topic, &sarama.TopicDetail{NumPartitions: partitions, ReplicationFactor: -1}, false); err != nil {
		t.Fatal(err)
	}
}

func produce(t *testing.T, addr, topic string, n int, value string) {
	t.Helper()
	p, err := sarama.NewSyncProducer([]string{addr}, saramaConfig())
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var page []*sarama.ProducerMessage
	for i := range n {
		page = append(page, &sarama.ProducerMessage{Topic: topic, Key: sarama.StringEncoder(fmt.Sprint("key-", i)), Value: sarama.StringEncoder(value)})
	}
	if err := p.SendMessages(page); err != nil {
		t.Fatal(err)
	}
}

// counter is a group member that counts and marks.
type counter struct{ seen chan string }

func (counter) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (counter) Cleanup(sarama.ConsumerGroupSession) error { return nil }
func (c counter) ConsumeClaim(s sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for m := range claim.Messages() {
		s.MarkMessage(m, "")
		c.seen <- string(m.Value)
	}
	return nil
}

// consume joins a group and returns after n messages.
func consume(t *testing.T, addr, group, topic string, n int) {
	t.Helper()
	g, err := sarama.NewConsumerGroup([]string{addr}, group, saramaConfig())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	c := counter{make(chan string, n)}
	ended := make(chan error, 1)
	go func() { ended <- g.Consume(ctx, []string{topic}, c) }()
	for i := range n {
		select {
		case <-c.seen:
		case <-ctx.Done():
			t.Errorf("saw %d of %d messages", i, n)
		}
	}
	cancel()
	<-ended
	_ = g.Close()
}

func TestAnyKafkaClientSpeaksToTheBroker(t *testing.T) {
	t.Parallel()
	addr := TestKafka(t)[0]
	topic := strings.ToLower(t.Name())
	makeTopic(t, addr, topic, 64)
	produce(t, addr, topic, 500, "hello")
	consume(t, addr, topic, topic, 500)
}

func TestKafkaRecordsSurviveARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	k := startKafka(t, KafkaOptions{Dir: dir})
	makeTopic(t, k.Addr, "events", 4)
	produce(t, k.Addr, "events", 100, "kept")
	consume(t, k.Addr, "reader", "events", 100)
	k.Stop()
	k = startKafka(t, KafkaOptions{Dir: dir})
	produce(t, k.Addr, "events", 10, "new")
	consume(t, k.Addr, "reader", "events", 10) // goes on where it was
	consume(t, k.Addr, "another", "events", 110)
}

func TestKafkaRecordsSurviveAKilledProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	process, said := startHelper(t, "kafka", dir)
	makeTopic(t, said[0], "events", 4)
	produce(t, said[0], "events", 1000, "kept")
	_ = process.Kill()
	k := startKafka(t, KafkaOptions{Dir: dir})
	consume(t, k.Addr, "reader", "events", 1000)
}

func TestAKafkaFolderIsNotShared(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	startKafka(t, KafkaOptions{Dir: dir})
	_, err := StartKafka(KafkaOptions{Dir: dir, Addr: "127.0.0.1:0"})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("in use by process %d", os.Getpid())) {
		t.Errorf("got: %v", err)
	}
}

func TestTopicsAreNotMadeByATypo(t *testing.T) {
	t.Parallel()
	k := startKafka(t, KafkaOptions{})
	c := saramaConfig()
	c.Metadata.AllowAutoTopicCreation = true
	client, err := sarama.NewClient([]string{k.Addr}, c)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if parts, err := client.Partitions("tpyo"); err == nil && len(parts) > 0 {
		t.Errorf("topic with %d partitions appeared", len(parts))
	}
}

func TestTheBrokerListensOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{"0.0.0.0:9092", ":9092", "[::]:9092", "192.0.2.1:9092", "example.test:9092", "127.0.0.1", "127.0.0.1:x"} {
		if k, err := StartKafka(KafkaOptions{Addr: addr}); err == nil {
			k.Stop()
			t.Errorf("%s was accepted", addr)
		}
	}
}

func TestATakenKafkaPortIsNamed(t *testing.T) {
	t.Parallel()
	k := startKafka(t, KafkaOptions{})
	_, err := StartKafka(KafkaOptions{Addr: k.Addr})
	if err == nil || !strings.Contains(err.Error(), k.Addr+" is taken by process") {
		t.Errorf("got: %v", err)
	}
}

func TestTheKafkaFolderStaysBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const kept, segment, parts = 64 << 10, 16 << 10, 4
	k := startKafka(t, KafkaOptions{Dir: dir, retention: kept, segment: segment, retentionEvery: 20 * time.Millisecond})
	makeTopic(t, k.Addr, "events", parts)
	for range 20 { // 4 MB in all
		produce(t, k.Addr, "events", 200, strings.Repeat("x", 1000))
	}
	eventually(t, "old segments are gone", func() bool { return bytesOf(dir) < parts*(kept+2*segment+16<<10) })
}

func TestTheDefaultBoundIs256MegabytesForATopic(t *testing.T) {
	t.Parallel()
	if got := 64 * (retentionBytes + segmentBytes); got > 256<<20 {
		t.Errorf("64 partitions may grow to %d bytes", got)
	}
}

func bytesOf(dir string) (sum int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, _ error) error {
		if i, err := d.Info(); err == nil && !i.IsDir() {
			sum += i.Size()
		}
		return nil
	})
	return sum
}

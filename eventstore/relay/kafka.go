package relay

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/IBM/sarama"
	"github.com/google/uuid"

	"dossier/eventstore"
)

// largestRecord bounds what a topic of ours takes: the journal takes 4 MB at a time.
const largestRecord = 8 << 20

// SaramaConfig returns the settings every Kafka client of dossier uses. The version is explicit because watermill's default of
// 1.0 is partly rejected by Kafka 4; sarama speaks an older one where the broker is older.
func SaramaConfig(o Options) *sarama.Config {
	c := sarama.NewConfig()
	c.ClientID = "dossier"
	c.Version = sarama.V3_6_0_0
	c.ChannelBufferSize = 1024
	c.Net.MaxOpenRequests = 1
	c.Net.DialTimeout = 5 * time.Second
	c.Net.ReadTimeout = 15 * time.Second
	c.Net.WriteTimeout = 15 * time.Second
	c.Metadata.AllowAutoTopicCreation = false
	c.Metadata.Retry.Max = 2
	c.Metadata.Retry.Backoff = 100 * time.Millisecond
	c.Producer.RequiredAcks = sarama.WaitForAll
	c.Producer.Idempotent = true
	c.Producer.Compression = sarama.CompressionSnappy // headers repeat; costs the relay nothing that can be measured
	c.Producer.Timeout = 10 * time.Second
	c.Producer.Return.Successes = true
	c.Producer.Partitioner = newByLane
	c.Producer.MaxMessageBytes = largestRecord
	c.Consumer.Offsets.Initial = sarama.OffsetOldest
	c.Consumer.Return.Errors = true
	if o.Kafka != nil {
		o.Kafka(c)
	}
	return c
}

// topic is the relay's one connection to Kafka and to its topic.
type topic struct {
	client     sarama.Client
	name       string
	id         uuid.UUID // nil UUID from brokers before 2.8, which tell none
	partitions int32
}

// connect finds the topic, or makes it if told to.
func connect(o Options, mayCreate bool) (*topic, error) {
	client, err := sarama.NewClient(o.Brokers, SaramaConfig(o))
	if err != nil {
		return nil, fmt.Errorf("connect to kafka: %w", err)
	}
	t := &topic{client: client, name: o.Topic}
	if err := t.find(o, mayCreate); err != nil {
		_ = client.Close()
		return nil, err
	}
	return t, nil
}

func (t *topic) close() { _ = t.client.Close() }

func (t *topic) find(o Options, mayCreate bool) error {
	err := t.client.RefreshMetadata(t.name)
	if mayCreate && errors.Is(err, sarama.ErrUnknownTopicOrPartition) {
		if err = t.create(o); err == nil {
			err = t.client.RefreshMetadata(t.name)
		}
	}
	if err != nil {
		return fmt.Errorf("find topic %s: %w", t.name, err)
	}
	if t.id, t.partitions, err = t.identify(); err != nil {
		return err
	}
	if err := dividesLanes(int(t.partitions)); err != nil {
		return fmt.Errorf("topic %s: %w", t.name, err)
	}
	return nil
}

// identify asks which topic has the name now. Sarama keeps the id to itself.
func (t *topic) identify() (id uuid.UUID, partitions int32, err error) {
	broker := t.client.LeastLoadedBroker()
	if broker == nil {
		return id, 0, fmt.Errorf("identify topic %s: %w", t.name, sarama.ErrOutOfBrokers)
	}
	response, err := broker.GetMetadata(sarama.NewMetadataRequest(t.client.Config().Version, []string{t.name}))
	switch {
	case err != nil:
		_ = broker.Close()
	case len(response.Topics) != 1:
		err = sarama.ErrIncompleteResponse
	case response.Topics[0].Err != sarama.ErrNoError:
		err = response.Topics[0].Err
	default:
		return uuid.UUID(response.Topics[0].Uuid), int32(len(response.Topics[0].Partitions)), nil
	}
	return id, 0, fmt.Errorf("identify topic %s: %w", t.name, err)
}

func (t *topic) create(o Options) error {
	if err := dividesLanes(o.Partitions); err != nil {
		return err
	}
	admin, err := sarama.NewClusterAdminFromClient(t.client) // not closed: that would close the client
	if err != nil {
		return err
	}
	replication := int16(-1) // the broker's default
	if o.Replication > 0 {
		replication = int16(o.Replication)
	}
	largest := strconv.Itoa(largestRecord)
	err = admin.CreateTopic(t.name, &sarama.TopicDetail{
		NumPartitions: int32(o.Partitions), ReplicationFactor: replication,
		ConfigEntries: map[string]*string{"max.message.bytes": &largest},
	}, false)
	if errors.Is(err, sarama.ErrTopicAlreadyExists) {
		return nil // another process was first
	}
	return err
}

// lanesOf lists the lanes of a partition.
func (t *topic) lanesOf(partition int32) (lanes []int) {
	for lane := range int32(eventstore.Lanes) {
		if lane%t.partitions == partition {
			lanes = append(lanes, int(lane))
		}
	}
	return lanes
}

// offsets asks every leader once for its partitions' oldest or newest offsets.
func (t *topic) offsets(which int64) ([]int64, error) {
	requests := map[*sarama.Broker]*sarama.OffsetRequest{}
	for p := range t.partitions {
		leader, err := t.client.Leader(t.name, p)
		if err != nil {
			return nil, fmt.Errorf("find the leader of partition %d: %w", p, err)
		}
		if requests[leader] == nil {
			requests[leader] = sarama.NewOffsetRequest(t.client.Config().Version)
		}
		requests[leader].AddBlock(t.name, p, which, 1)
	}
	found := make([]int64, t.partitions)
	for leader, request := range requests {
		response, err := leader.GetAvailableOffsets(request)
		if err != nil {
			_ = leader.Close()
			return nil, fmt.Errorf("read offsets: %w", err)
		}
		for p, block := range response.Blocks[t.name] {
			if block.Err != sarama.ErrNoError {
				return nil, fmt.Errorf("read offsets of partition %d: %w", p, block.Err)
			}
			found[p] = block.Offset
		}
	}
	return found, nil
}

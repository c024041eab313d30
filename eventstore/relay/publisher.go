package relay

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"sync"
	"time"

	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill/message"
	"golang.org/x/sync/errgroup"
)

// A batch stays under Kafka's default max.message.bytes of 1 MiB, so a topic made by others takes it too.
const (
	batchBytes   = 1_000_000
	sendAttempts = 4
	sendPause    = 50 * time.Millisecond
)

// Why to compare with the journal again. After a rewound page a comparison would find the page at the end and not see what is
// missing before it.
var (
	errRemade  = errors.New("the topic was made again, lost records or got more partitions")
	errRewound = errors.New("the topic was made again or lost records: a page arrived before what was there")
)

// publisher sends all messages of a call as one batch for each partition, in one request for each broker, and sends nothing
// more after a failure. Sarama's own producer cuts a page wherever its buffers fall, and when one batch fails for good it
// still sends the partition's next: later events would arrive before the ones they follow, and a consumer that skips old
// sequences would lose them.
type publisher struct {
	mu         sync.Mutex
	client     sarama.Client
	partitions int32 // of the topic, at the first call
	id         int64 // of an idempotent producer: the broker drops what a retry repeats
	epoch      int16
	sequence   map[int32]int32
	newest     map[int32]int64 // offset of the last record that is known to be there
	rewound    bool
	broken     error
}

// NewPublisher returns a publisher that keeps order whatever happens: after an error it refuses everything but Close.
func NewPublisher(o Options) (message.Publisher, error) {
	o = o.defaults()
	client, err := sarama.NewClient(o.Brokers, SaramaConfig(o))
	if err != nil {
		return nil, fmt.Errorf("connect to kafka: %w", err)
	}
	p, err := newPublisher(client)
	if err != nil {
		_ = client.Close()
		return nil, err
	}
	return p, nil
}

func newPublisher(client sarama.Client) (*publisher, error) {
	broker := client.LeastLoadedBroker()
	if broker == nil {
		return nil, fmt.Errorf("name the producer: %w", sarama.ErrOutOfBrokers)
	}
	named, err := broker.InitProducerID(&sarama.InitProducerIDRequest{Version: 1, ProducerID: -1, ProducerEpoch: -1})
	if err == nil && named.Err != sarama.ErrNoError {
		err = named.Err
	}
	if err != nil {
		return nil, fmt.Errorf("name the producer: %w", err)
	}
	return &publisher{
		client: client, id: named.ProducerID, epoch: named.ProducerEpoch,
		sequence: map[int32]int32{}, newest: map[int32]int64{},
	}, nil
}

// Publish returns when every message is on all in-sync replicas, or else with the first error.
func (p *publisher) Publish(topic string, messages ...*message.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		return p.broken
	}
	if err := p.publish(topic, messages); err != nil {
		p.broken = fmt.Errorf("publish to %s: %w", topic, err)
	}
	return p.broken
}

func (p *publisher) publish(topic string, messages []*message.Message) error {
	partitions, err := p.client.Partitions(topic)
	if err != nil {
		return err
	}
	if p.partitions = cmp.Or(p.partitions, int32(len(partitions))); p.partitions != int32(len(partitions)) {
		return errRemade
	}
	waves, err := p.cut(topic, messages)
	if err != nil {
		return err
	}
	for _, w := range waves {
		if err := p.send(topic, w); err != nil {
			return err
		}
	}
	return nil
}

// wave is what one round of requests carries: at most one batch for each partition.
type wave map[int32]*batch

type batch struct {
	records *sarama.RecordBatch
	bytes   int
}

// cut spreads the messages over partitions. A partition with more than a batch holds starts the next wave.
func (p *publisher) cut(topic string, messages []*message.Message) ([]wave, error) {
	var waves []wave
	at := map[int32]int{} // partition → its wave
	now := time.Now().Truncate(time.Millisecond)
	for _, m := range messages {
		record, partition, err := p.record(topic, m)
		if err != nil {
			return nil, err
		}
		size := recordSize(record)
		n := at[partition]
		if n < len(waves) && waves[n][partition] != nil && waves[n][partition].bytes+size > batchBytes {
			n++
			at[partition] = n
		}
		if n == len(waves) {
			waves = append(waves, wave{})
		}
		b := waves[n][partition]
		if b == nil {
			b = &batch{records: p.newBatch(partition, now)}
			waves[n][partition] = b
		}
		b.add(record, size)
		p.sequence[partition] = (p.sequence[partition] + 1) & math.MaxInt32 // Kafka counts on from 0
	}
	return waves, nil
}

func (p *publisher) record(topic string, m *message.Message) (*sarama.Record, int32, error) {
	k, err := Marshaler{}.Marshal(topic, m)
	if err != nil {
		return nil, 0, err
	}
	partition, err := byLane{}.Partition(k, p.partitions)
	if err != nil {
		return nil, 0, err
	}
	r := &sarama.Record{Headers: make([]*sarama.RecordHeader, len(k.Headers)), Value: m.Payload, Key: []byte(k.Key.(sarama.StringEncoder))}
	for i := range k.Headers {
		r.Headers[i] = &k.Headers[i]
	}
	return r, partition, nil
}

func (p *publisher) newBatch(partition int32, now time.Time) *sarama.RecordBatch {
	return &sarama.RecordBatch{
		Version: 2, FirstTimestamp: now, MaxTimestamp: now,
		Codec: p.client.Config().Producer.Compression, CompressionLevel: p.client.Config().Producer.CompressionLevel,
		ProducerID: p.id, ProducerEpoch: p.epoch, FirstSequence: p.sequence[partition],
	}
}

func (b *batch) add(r *sarama.Record, size int) {
	r.OffsetDelta = int64(len(b.records.Records))
	b.records.LastOffsetDelta = int32(r.OffsetDelta)
	b.records.Records = append(b.records.Records, r)
	b.bytes += size
}

func recordSize(r *sarama.Record) int {
	n := 40 + len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		n += 4 + len(h.Key) + len(h.Value)
	}
	return n
}

// send repeats what a broker could not take just now, under the same sequence numbers: nothing arrives twice or out of order.
func (p *publisher) send(topic string, w wave) (err error) {
	for attempt := range sendAttempts {
		if attempt > 0 {
			time.Sleep(sendPause << attempt)
			if err = p.client.RefreshMetadata(topic); err != nil {
				continue
			}
		}
		w, err = p.sendOnce(topic, w)
		switch {
		case p.rewound: // whatever else went wrong
			return errRewound
		case err == nil:
			return nil
		}
	}
	return err
}

// sendOnce returns the batches that did not arrive and the first reason.
func (p *publisher) sendOnce(topic string, w wave) (wave, error) {
	shares := map[*sarama.Broker]wave{}
	for partition, b := range w {
		leader, err := p.client.Leader(topic, partition)
		if err != nil {
			return w, fmt.Errorf("partition %d: %w", partition, err)
		}
		if shares[leader] == nil {
			shares[leader] = wave{}
		}
		shares[leader][partition] = b
	}
	var mu sync.Mutex
	var g errgroup.Group
	left := wave{}
	for leader, share := range shares {
		g.Go(func() error {
			response, err := p.produce(leader, topic, share)
			mu.Lock()
			defer mu.Unlock()
			return p.settle(topic, share, response, err, left)
		})
	}
	return left, g.Wait()
}

func (p *publisher) produce(leader *sarama.Broker, topic string, w wave) (*sarama.ProduceResponse, error) {
	c := p.client.Config()
	request := &sarama.ProduceRequest{Version: 7, RequiredAcks: c.Producer.RequiredAcks, Timeout: int32(c.Producer.Timeout.Milliseconds())}
	for partition, b := range w {
		request.AddBatch(topic, partition, b.records)
	}
	response, err := leader.Produce(request)
	if err != nil {
		_ = leader.Close() // the client opens it again when next asked for the leader
	}
	return response, err
}

// settle notes what arrived and puts the rest into left. It returns the first reason only: 64 partitions usually share it.
func (p *publisher) settle(topic string, sent wave, response *sarama.ProduceResponse, err error, left wave) error {
	if err != nil {
		maps.Copy(left, sent)
		return err
	}
	for partition, b := range sent {
		block := response.GetBlock(topic, partition)
		if refused := p.arrived(partition, b, block); refused != nil {
			left[partition] = b
			err = cmp.Or(err, fmt.Errorf("partition %d: %w", partition, refused))
		}
	}
	return err
}

// arrived also notices a topic that was deleted and made again since it was compared: its offsets begin anew.
func (p *publisher) arrived(partition int32, b *batch, block *sarama.ProduceResponseBlock) error {
	switch {
	case block == nil:
		return sarama.ErrIncompleteResponse
	case block.Err == sarama.ErrDuplicateSequenceNumber:
		return nil
	case block.Err != sarama.ErrNoError:
		return block.Err
	}
	if last, seen := p.newest[partition]; seen && block.Offset <= last {
		p.rewound = true
	}
	p.newest[partition] = block.Offset + int64(b.records.LastOffsetDelta)
	return nil
}

// Close ends the connection.
func (p *publisher) Close() error {
	if err := p.client.Close(); err != nil && !errors.Is(err, sarama.ErrClosedClient) {
		return fmt.Errorf("disconnect from kafka: %w", err)
	}
	return nil
}

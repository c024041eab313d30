package relay

import (
	"fmt"

	"github.com/IBM/sarama"

	"dossier/eventstore"
)

// tail is the end of one partition.
type tail struct {
	partition      int32
	oldest, newest int64
	last           *eventstore.Delivered // nil when nothing readable is one of ours
}

// untouched says that nothing was ever written. A partition whose records all expired is not: its newest offset stays.
func (t tail) untouched() bool { return t.newest == 0 }

const (
	fetchBytes = 1 << 20
	lookBack   = 4096 // offsets searched for one of our messages behind control records and foreign ones
)

// tails reads the last event of every partition.
func (t *topic) tails() ([]tail, error) {
	newest, err := t.offsets(sarama.OffsetNewest)
	if err != nil {
		return nil, err
	}
	oldest, err := t.offsets(sarama.OffsetOldest)
	if err != nil {
		return nil, err
	}
	all := make([]tail, t.partitions)
	for p := range t.partitions {
		all[p] = tail{partition: p, oldest: oldest[p], newest: newest[p]}
		if all[p].last, err = t.last(all[p]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// last looks at the newest offset, and further back only while there is nothing: the newest may be a control record.
func (t *topic) last(end tail) (*eventstore.Delivered, error) {
	for back := int64(1); ; back *= 8 {
		from := max(end.oldest, end.newest-back)
		var found *eventstore.Delivered
		err := t.read(end.partition, from, end.newest, func(d eventstore.Delivered) { found = &d })
		if err != nil || found != nil {
			return found, err
		}
		if from <= end.oldest || back >= lookBack {
			return nil, nil
		}
	}
}

// read gives every event between two offsets to see. Records that are not ours are passed over.
func (t *topic) read(partition int32, from, to int64, see func(eventstore.Delivered)) error {
	for from < to {
		block, err := t.fetch(partition, from)
		if err != nil {
			return fmt.Errorf("read partition %d at offset %d: %w", partition, from, err)
		}
		next := from
		for _, set := range block.RecordsSet {
			if b := set.RecordBatch; b != nil {
				seeBatch(b, from, to, see)
				next = max(next, b.LastOffset()+1)
			}
		}
		if next == from {
			return nil // compacted or expired to the end
		}
		from = next
	}
	return nil
}

func (t *topic) fetch(partition int32, offset int64) (*sarama.FetchResponseBlock, error) {
	leader, err := t.client.Leader(t.name, partition)
	if err != nil {
		return nil, err
	}
	request := &sarama.FetchRequest{Version: 11, MinBytes: 1, MaxBytes: 8 * fetchBytes, MaxWaitTime: 100, SessionEpoch: -1}
	request.AddBlock(t.name, partition, offset, fetchBytes, -1)
	response, err := leader.Fetch(request)
	if err != nil {
		_ = leader.Close()
		return nil, err
	}
	block := response.GetBlock(t.name, partition)
	if block == nil {
		return nil, sarama.ErrIncompleteResponse
	}
	if block.Err != sarama.ErrNoError {
		return nil, block.Err
	}
	return block, nil
}

func seeBatch(b *sarama.RecordBatch, from, to int64, see func(eventstore.Delivered)) {
	if b.Control {
		return
	}
	for _, r := range b.Records {
		if at := b.FirstOffset + r.OffsetDelta; at < from || at >= to {
			continue
		}
		if d, err := eventstore.FromHeaders(headers(r.Headers), r.Value); err == nil {
			see(d)
		}
	}
}

package main

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/IBM/sarama"
)

// mangler stands between a consumer and its broker: each record that arrives is a place in which another may be delivered, an
// older one again, a held one late, or none at all.
type mangler struct {
	on                                 atomic.Bool
	dropped, doubled, delayed, swapped atomic.Int64

	mu     sync.Mutex
	random *rand.Rand
	held   []sarama.ConsumerMessage // on their way, late
	past   []sarama.ConsumerMessage // delivered once, to be told again
}

func newMangler(seed uint64) *mangler { return &mangler{random: rand.New(rand.NewPCG(seed, 7))} }

const (
	heldMost = 64
	pastMost = 256
)

// OnConsume changes what the record says and keeps where it stands, so offsets count on.
func (m *mangler) OnConsume(record *sarama.ConsumerMessage) {
	if !m.on.Load() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch dice := m.random.IntN(10); {
	case dice == 0:
		m.dropped.Add(1)
		become(record, sarama.ConsumerMessage{}) // a record that is no event: the reader never sees the real one
	case dice == 1 && len(m.past) > 0:
		m.doubled.Add(1)
		m.hold(record)
		become(record, m.past[m.random.IntN(len(m.past))])
	case dice == 2:
		m.delayed.Add(1)
		m.hold(record)
		become(record, sarama.ConsumerMessage{})
	case dice < 6 && len(m.held) > 0:
		m.swapped.Add(1)
		i := m.random.IntN(len(m.held))
		late := m.held[i]
		m.held[i] = *record
		become(record, late)
	default:
		if m.past = append(m.past, *record); len(m.past) > pastMost {
			m.past = m.past[1:]
		}
	}
}

// hold keeps a record for later. One too many is lost for good.
func (m *mangler) hold(record *sarama.ConsumerMessage) {
	if m.held = append(m.held, *record); len(m.held) > heldMost {
		m.held = m.held[1:]
		m.dropped.Add(1)
	}
}

func become(record *sarama.ConsumerMessage, other sarama.ConsumerMessage) {
	record.Headers, record.Key, record.Value = other.Headers, other.Key, other.Value
}

package hostile

import (
	"encoding/binary"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"

	"dossier/eventstore"
)

// chain is a history of events in one comparable value.
type chain uint64

func (c chain) then(id uuid.UUID, typeVersion int) chain {
	c = c.mix(binary.BigEndian.Uint64(id[:8]))
	c = c.mix(binary.BigEndian.Uint64(id[8:]))
	return c.mix(uint64(typeVersion))
}

func (c chain) mix(x uint64) chain {
	x = (uint64(c) ^ x) * 0x9e3779b97f4a7c15
	x = (x ^ x>>32) * 0xd6e8feb86659fd93
	return chain(x ^ x>>32)
}

func chainOf(history []eventstore.Event) (c chain) {
	for i := range history {
		c = c.then(history[i].ID, history[i].TypeVersion)
	}
	return c
}

// one is what a stream is: its version, its history, which of the ids that were sent more than once it has, and after which version
// each command had been done, with which of its bodies.
type one struct {
	version int64
	chain   chain
	groups  uint64
	done    [commands]int64
	other   [commands]bool
}

var model = porcupine.Model{
	Init: func() any { return one{} },
	Step: func(state, input, _ any) (bool, any) { return state.(one).step(input.(*op)) },
}

// step says whether a stream may answer so, and what it then is.
func (s one) step(o *op) (bool, one) {
	switch kinds[o.kind].verb {
	case reads:
		return o.version == s.version && o.read == s.chain, s
	case heads:
		return true, s
	case updates:
		return s.update(o)
	}
	matches := o.expected == eventstore.AnyVersion || o.expected == s.version
	told := o.version == s.version
	switch {
	case s.has(o) && o.outcome == done: // "your events are stored", at whatever version
		return o.version == o.first.held.version, s
	case s.has(o) && matches:
		return o.outcome == refused || o.outcome == unknown, s
	case o.outcome == refused:
		return o.never && matches || o.kind == malformed, s
	case o.outcome == conflict:
		return !matches && told, s
	case o.outcome == unknown && !matches:
		return true, s
	}
	after := s.with(o)
	return matches && !o.never && o.makes(after) && (o.outcome == unknown || o.version == after.version), after
}

// makes says whether the journal shows that these bytes made that version. It saves porcupine from letting in another body under the
// same ids and finding out only in the end.
func (o *op) makes(after one) bool {
	return o.stands() && o.first.held.version == after.version && o.first.held.bytes == o.bytes
}

func (s one) update(o *op) (bool, one) {
	was := s.done[o.command]
	if was == 0 {
		after := s.with(o)
		return o.makes(after) && (o.outcome == unknown || o.outcome == done && o.read == s.chain && o.version == after.version), after
	}
	if s.other[o.command] != o.other {
		return o.outcome == refused || o.outcome == unknown, s
	}
	return o.outcome == unknown || o.outcome == done && o.version == was, s
}

func (s one) has(o *op) bool { return s.groups&group(o) != 0 }

func group(o *op) uint64 {
	if o.first.group == 0 {
		return 0
	}
	return 1 << (o.first.group - 1)
}

func (s one) with(o *op) one {
	for _, id := range o.ids {
		s.chain = s.chain.then(id, int(o.bytes))
	}
	s.version += int64(len(o.ids))
	s.groups |= group(o)
	if kinds[o.kind].verb == updates {
		s.done[o.command], s.other[o.command] = s.version, o.other
	}
	return s
}

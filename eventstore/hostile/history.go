package hostile

import (
	"cmp"
	"math"
	"slices"

	"github.com/anishathalye/porcupine"

	"dossier/eventstore"
)

// A nanosecond has places for calls in the order that order gives them, and behind them for answers.
const (
	calls   = 1 << 10
	answers = calls - 1
	end     = math.MaxInt64 - 2 // after everything that clients do
)

// history is what porcupine judges: everything that may have had an effect, and in the end what the journal holds.
func (s *stream) history() []porcupine.Operation {
	s.order()
	history := make([]porcupine.Operation, 0, len(s.ops)+1)
	for _, o := range s.ops {
		if o.outcome == unknown && !o.stands() {
			continue
		}
		history = append(history, porcupine.Operation{Input: o, Call: o.begin, Return: o.returns()})
	}
	return append(history, porcupine.Operation{Input: &op{kind: read, version: s.version, read: s.chain}, Call: end + 1, Return: end + 2})
}

// returns is when the effect must have happened. Of an unknown outcome one only knows that the journal has it.
func (o *op) returns() int64 {
	if o.outcome == unknown {
		return end
	}
	return o.answer*calls + answers
}

// stands says that the journal holds the ids.
func (o *op) stands() bool { return len(o.ids) > 0 && o.first.held != nil }

// saw is the version of the stream when it answered without taking anything in; not is when the answer tells none.
func (o *op) saw() (version int64, tells bool) {
	switch {
	case o.outcome == conflict, o.outcome == done && kinds[o.kind].verb == reads:
		return o.version, true
	case o.outcome == refused && o.never && o.kind != malformed && o.expected != eventstore.AnyVersion:
		return o.expected, true
	}
	return 0, false
}

// order moves the beginnings of operations as far as their answers tell: what took the stream beyond a version did so after all
// who saw that version had asked, and who saw a version did so after it was made. It changes nothing about which orders are
// possible, but porcupine tries the earliest first, and so finds the right one without a search.
func (s *stream) order() {
	for _, o := range s.ops {
		o.begin = o.call * calls
	}
	saw, makers := s.seen()
	version, made := int64(0), int64(0) // when the version was made, at the earliest
	for _, m := range append(makers, nil) {
		asked := made
		for _, o := range saw[version] {
			o.notBefore(made)
			asked = max(asked, o.begin)
		}
		if m == nil {
			return
		}
		version, made = m.first.held.version, end
		for _, o := range s.ops { // with the same ids: one took effect, the others came later
			if o.first == m.first && (o.outcome == done || o.outcome == unknown) {
				o.notBefore(asked + 1)
				made = min(made, o.begin)
			}
		}
	}
}

// seen returns who saw which version, and one of those that may have made each, in the order of the journal.
func (s *stream) seen() (saw map[int64][]*op, makers []*op) {
	saw = map[int64][]*op{}
	for _, o := range s.ops {
		if version, tells := o.saw(); tells {
			saw[version] = append(saw[version], o)
		}
		if o.place.from > 0 {
			makers = append(makers, o)
		}
	}
	slices.SortFunc(makers, func(a, b *op) int { return cmp.Compare(a.place.version, b.place.version) })
	return saw, makers
}

func (o *op) notBefore(t int64) { o.begin = min(max(o.begin, t), o.returns()) }

package eventstore_test

import (
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"

	"dossier/eventstore"
)

// Verbs of a history.
const (
	doAppend = "append"
	doUpdate = "update"
	doRead   = "read"
	doHead   = "head"
)

// commands is how many different commands a stream may get.
const commands = 4

// asked is what a client wanted.
type asked struct {
	verb     string
	stream   eventstore.Stream
	expected int64       // append
	command  int         // update
	ids      []uuid.UUID // of its events
}

// told is what a client heard. An unknown outcome may take effect at any later time, or never.
type told struct {
	unknown, conflict, repeated bool
	version                     int64
	seen                        chain // what the stream was: a read, or an update's decision
	first, last                 int64 // positions
}

// op is one operation of a history.
type op struct {
	asked
	told
	client       int
	call, answer int64
}

const never = int64(1) << 62

// chain is a history of event ids in one comparable value.
type chain uint64

func (c chain) then(ids ...uuid.UUID) chain {
	h := fnv.New64a()
	for _, id := range ids {
		h.Reset()
		fmt.Fprintf(h, "%d/%s", c, id)
		c = chain(h.Sum64())
	}
	return c
}

// one is what a stream is: its version, its history, and after which version each command had been done.
type one struct {
	version int64
	chain   chain
	done    [commands]int64
}

func (s one) with(a asked) one {
	s.version += int64(len(a.ids))
	s.chain = s.chain.then(a.ids...)
	if a.verb == doUpdate {
		s.done[a.command] = s.version
	}
	return s
}

// step says whether a stream may answer so, and what it then is.
func (s one) step(a asked, t told) (bool, one) {
	matches := a.expected == eventstore.AnyVersion || a.expected == s.version
	switch {
	case a.verb == doRead:
		return t.version == s.version && t.seen == s.chain, s
	case a.verb == doUpdate && s.done[a.command] > 0:
		return t.unknown || t.repeated && t.version == s.done[a.command], s
	case a.verb == doUpdate:
		after := s.with(a)
		return t.unknown || !t.repeated && t.seen == s.chain && t.version == after.version, after
	case t.unknown && !matches:
		return true, s
	case t.unknown:
		return true, s.with(a)
	case t.conflict:
		return !matches && t.version == s.version, s
	}
	after := s.with(a)
	return matches && t.version == after.version, after
}

var streamModel = porcupine.Model{
	Init: func() any { return one{} },
	Step: func(state, input, output any) (bool, any) { return state.(one).step(input.(asked), output.(told)) },
}

// linearizable says whether each stream can have answered one request after the other, each between its call and its answer.
func linearizable(history []op, limit time.Duration) (porcupine.CheckResult, uuid.UUID) {
	streams := map[uuid.UUID][]porcupine.Operation{}
	for _, o := range history {
		if o.verb != doHead {
			streams[o.stream.ID] = append(streams[o.stream.ID], porcupine.Operation{ClientId: o.client, Input: o.asked, Call: o.call, Output: o.told, Return: o.answer})
		}
	}
	for id, operations := range streams {
		if result := porcupine.CheckOperationsTimeout(streamModel, operations, limit); result != porcupine.Ok {
			return result, id
		}
	}
	return porcupine.Ok, uuid.Nil
}

// ordered says what is wrong with the global order of a history, "" for nothing. at is where the journal has each event; the
// history began at head start.
func ordered(history []op, at map[uuid.UUID]int64, start int64) string {
	for i := range history {
		if wrong := history[i].place(at); wrong != "" {
			return wrong
		}
	}
	return realTime(history, start)
}

// place checks that an append stands where it was said to, and fills in where an unknown one stands.
func (o *op) place(at map[uuid.UUID]int64) string {
	if o.conflict || len(o.ids) == 0 || o.repeated {
		for _, id := range o.ids {
			if at[id] != 0 {
				return fmt.Sprintf("event at %d was refused or a repeat", at[id])
			}
		}
		return ""
	}
	first, last := at[o.ids[0]], at[o.ids[len(o.ids)-1]]
	switch {
	case o.unknown && first == 0 && last == 0:
		return ""
	case first == 0 || last-first != int64(len(o.ids)-1):
		return fmt.Sprintf("events of one request stand at %d to %d", first, last)
	case o.unknown:
		o.first, o.last = first, last
	case o.first != first || o.last != last:
		return fmt.Sprintf("request was answered with %d to %d and stands at %d to %d", o.first, o.last, first, last)
	}
	return ""
}

// realTime checks that what was answered before something else was called stands before it: appends among themselves, and heads
// against appends and heads. A head never shows what had not been called for.
func realTime(history []op, start int64) string {
	byAnswer := slices.Clone(history)
	slices.SortFunc(byAnswer, func(a, b op) int { return int(min(max(a.answer-b.answer, -1), 1)) })
	slices.SortFunc(history, func(a, b op) int { return int(min(max(a.call-b.call, -1), 1)) })
	floor, answered := start, 0
	for _, o := range history {
		for ; answered < len(byAnswer) && byAnswer[answered].answer < o.call; answered++ {
			if !byAnswer[answered].repeated {
				floor = max(floor, byAnswer[answered].last)
			}
		}
		switch {
		case o.verb == doHead && o.last < floor:
			return fmt.Sprintf("head went back from %d to %d", floor, o.last)
		case o.verb != doHead && o.first > 0 && !o.repeated && o.first <= floor:
			return fmt.Sprintf("position %d was given after %d had been answered", o.first, floor)
		}
	}
	return tooEarly(history, byAnswer, start)
}

// tooEarly looks for a head that shows an append which was called for later.
func tooEarly(byCall, byAnswer []op, start int64) string {
	ceiling, called := start, 0
	for _, o := range byAnswer {
		for ; called < len(byCall) && byCall[called].call <= o.answer; called++ {
			if c := byCall[called]; c.verb != doHead && !c.repeated {
				ceiling = max(ceiling, c.last)
			}
		}
		if o.verb == doHead && o.last > ceiling {
			return fmt.Sprintf("head was %d when %d was the most that had been asked for", o.last, ceiling)
		}
	}
	return ""
}

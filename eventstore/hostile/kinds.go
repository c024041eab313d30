package hostile

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"

	"dossier/eventstore"
)

// kindID is one way to ask, a row of kinds.
type kindID uint8

const (
	next kindID = iota
	stale
	ahead
	none
	anyVersion
	batch
	again
	otherBody
	againAny
	foreign
	twice
	early
	malformed
	command
	commandAgain
	commandReused
	read
	head
	kindsCount
)

// kind is how a request is made. make runs under the stream's lock and returns nil when the stream does not offer it yet.
type kind struct {
	name  string
	often int // of 10,000
	verb  verb
	make  func(s *stream, r *rand.Rand, a *attack) *op
}

// kinds are all ways to ask. Those that make Postgres refuse a whole batch are rare: each costs its neighbours some round trips.
var kinds [kindsCount]kind

func init() { // the table's functions name its rows
	kinds = [kindsCount]kind{
		next:          {"the version that was answered last", 5382, appends, nextOp},
		stale:         {"a version that has passed", 1200, appends, staleOp},
		ahead:         {"a version that is not there yet", 500, appends, aheadOp},
		none:          {"no stream expected", 500, appends, noneOp},
		anyVersion:    {"any version", 900, appends, anyOp},
		batch:         {"5 to 20 events at once", 200, appends, batchOp},
		again:         {"the same request again", 600, appends, againOp},
		otherBody:     {"the same ids, another body", 300, appends, otherBodyOp},
		againAny:      {"the same ids, any version", 3, appends, againAnyOp},
		foreign:       {"an id of another stream", 3, appends, foreignOp},
		twice:         {"one id twice in a request", 2, appends, twiceOp},
		early:         {"an event of tomorrow", 80, appends, earlyOp},
		malformed:     {"too large, no JSON, no name", 100, appends, malformedOp},
		command:       {"a command", 60, updates, commandOp},
		commandAgain:  {"a command again", 30, updates, commandAgainOp},
		commandReused: {"a command's id, another body", 20, updates, commandReusedOp},
		read:          {"a read", 60, reads, func(*stream, *rand.Rand, *attack) *op { return &op{} }},
		head:          {"the head", 60, heads, func(*stream, *rand.Rand, *attack) *op { return &op{} }},
	}
}

func draw(r *rand.Rand) kindID {
	dice := r.IntN(10_000)
	for k := range kinds {
		if dice -= kinds[k].often; dice < 0 {
			return kindID(k)
		}
	}
	return next
}

func nextOp(s *stream, r *rand.Rand, _ *attack) *op {
	m := s.known()
	o := &op{expected: m.version, ids: fresh(1 + r.IntN(2)*r.IntN(3))}
	if r.IntN(2) == 0 {
		o.seen = m.position
	}
	return o
}

func staleOp(s *stream, r *rand.Rand, _ *attack) *op {
	if len(s.marks) < 2 {
		return nil
	}
	m := s.marks[r.IntN(len(s.marks)-1)]
	o := &op{expected: m.version, ids: fresh(1)}
	if r.IntN(2) == 0 {
		o.seen = m.position
	}
	return o
}

func aheadOp(s *stream, r *rand.Rand, _ *attack) *op {
	return &op{expected: s.known().version + 1 + r.Int64N(5), ids: fresh(1)}
}

func noneOp(*stream, *rand.Rand, *attack) *op {
	return &op{expected: eventstore.NoStream, ids: fresh(1)}
}

func anyOp(*stream, *rand.Rand, *attack) *op {
	return &op{expected: eventstore.AnyVersion, ids: fresh(1)}
}

func batchOp(s *stream, r *rand.Rand, _ *attack) *op {
	return &op{expected: s.known().version, ids: fresh(5 + r.IntN(16))}
}

// groupsMost is how many different requests of one stream are repeated.
const groupsMost = 64

// repeated is one of the newest requests, on its way or answered.
func (s *stream) repeated(r *rand.Rand) *op {
	for range 8 {
		if len(s.ops) == 0 {
			return nil
		}
		o := s.ops[len(s.ops)-1-r.IntN(min(12, len(s.ops)))]
		if kinds[o.kind].verb != appends || o.never || len(o.ids) == 0 {
			continue
		}
		if o.first.group == 0 {
			if s.groups == groupsMost {
				return nil
			}
			s.groups++
			o.first.group = s.groups
		}
		return o
	}
	return nil
}

func againOp(s *stream, r *rand.Rand, _ *attack) *op {
	o := s.repeated(r)
	if o == nil || o.expected == eventstore.AnyVersion {
		return nil
	}
	return &op{expected: o.expected, ids: o.ids, bytes: o.bytes, first: o.first}
}

func otherBodyOp(s *stream, r *rand.Rand, _ *attack) *op {
	o := s.repeated(r)
	if o == nil || o.expected == eventstore.AnyVersion {
		return nil
	}
	return &op{expected: o.expected, ids: o.ids, first: o.first}
}

func againAnyOp(s *stream, r *rand.Rand, a *attack) *op {
	o := s.repeated(r)
	if o == nil || !a.together(o.floor) {
		return nil
	}
	return &op{expected: eventstore.AnyVersion, ids: o.ids, bytes: o.bytes, first: o.first}
}

func foreignOp(s *stream, r *rand.Rand, a *attack) *op {
	b := a.loot.take(r)
	if b.id == uuid.Nil || b.stream == s.ID || !a.together(b.position) {
		return nil
	}
	return &op{expected: s.known().version, ids: append(fresh(r.IntN(2)), b.id), never: true}
}

// underWay is more positions than others can be given while a request waits for its answer, which takes up to the writer's patience of 15 s
// and the time that a server needs to come back.
const underWay = 400_000

// together says whether what is asked for now will stand in the partition of what was asked for, or stands, after a position. Ids are
// unique within a partition; across partitions only the version check keeps a request from being stored twice.
func (a *attack) together(position int64) bool {
	return position/a.size == (a.acked.Load()+underWay)/a.size
}

func twiceOp(s *stream, _ *rand.Rand, _ *attack) *op {
	ids := fresh(2)
	ids[1] = ids[0]
	return &op{expected: s.known().version, ids: ids, never: true}
}

func earlyOp(s *stream, _ *rand.Rand, _ *attack) *op {
	return &op{expected: s.known().version, ids: fresh(1), never: true}
}

func malformedOp(s *stream, _ *rand.Rand, _ *attack) *op {
	return &op{expected: s.known().version, ids: fresh(1), never: true}
}

// commands is how many commands a stream knows.
const commands = 3

func commandOp(s *stream, r *rand.Rand, _ *attack) *op {
	return &op{command: uint8(r.IntN(commands)), ids: fresh(1 + r.IntN(2))}
}

func commandAgainOp(s *stream, _ *rand.Rand, _ *attack) *op { return s.newestCommand(false) }

func commandReusedOp(s *stream, _ *rand.Rand, _ *attack) *op { return s.newestCommand(true) }

// newestCommand is the newest once more, with its own body or the other of two.
func (s *stream) newestCommand(change bool) *op {
	for i := len(s.ops) - 1; i >= 0; i-- {
		if o := s.ops[i]; kinds[o.kind].verb == updates {
			return &op{command: o.command, other: o.other != change, ids: fresh(1)}
		}
	}
	return nil
}

var (
	goodData  = json.RawMessage(`{"code": "hồ sơ",  "spaces":"stay"}`)
	goodMeta  = json.RawMessage(`{"actor":"a","actorrole":"clerk"}`)
	largeData = json.RawMessage(`"` + string(bytes.Repeat([]byte("x"), 5<<20)) + `"`)
)

// request is what the operation sends.
func (o *op) request(s eventstore.Stream, r *rand.Rand) eventstore.Request {
	request := eventstore.Request{Stream: s, Expected: o.expected, Seen: o.seen, Events: o.events()}
	first := &request.Events[0]
	if o.kind == early {
		first.OccurredAt = time.Now().Add(24 * time.Hour)
	}
	if o.kind == malformed {
		spoil(&request, first, r.IntN(64))
	}
	return request
}

func (o *op) events() []eventstore.NewEvent {
	events := make([]eventstore.NewEvent, len(o.ids))
	occurred := time.Now().Add(-time.Second)
	for i := range events {
		events[i] = eventstore.NewEvent{ID: o.ids[i], Type: "dossier.noted", TypeVersion: int(o.bytes), OccurredAt: occurred, Data: goodData, Meta: goodMeta}
	}
	return events
}

// spoil makes a request that nobody can store.
func spoil(q *eventstore.Request, e *eventstore.NewEvent, how int) {
	switch how {
	case 0:
		e.Data = largeData
	case 1, 2, 3, 4, 5:
		q.Expected = -2
	case 6, 7, 8, 9, 10:
		q.Stream.ID = uuid.Nil
	case 11, 12, 13, 14, 15:
		e.Type = "Noted!"
	case 16, 17, 18, 19, 20:
		e.OccurredAt = time.Time{}
	case 21, 22, 23, 24, 25:
		e.Meta = json.RawMessage(`[1]`)
	case 26, 27, 28, 29, 30:
		e.Data = json.RawMessage(`"\u0000"`)
	default:
		e.Data = json.RawMessage(`{"code": `)
	}
}

// loot is ids of events that stand in the journal, for those who take them for their own.
type loot struct {
	mu    sync.Mutex
	found [256]booty
	n     int
}

type booty struct {
	stream   uuid.UUID
	id       uuid.UUID
	position int64
}

// offer keeps the newest.
func (l *loot) offer(s *stream, o *op) {
	if o.kind != next {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.found[l.n%len(l.found)] = booty{s.ID, o.ids[0], o.from}
	l.n++
}

func (l *loot) take(r *rand.Rand) booty {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.found[r.IntN(len(l.found))]
}

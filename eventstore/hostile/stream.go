package hostile

import (
	"math/rand/v2"
	"sync"

	"github.com/google/uuid"

	"dossier/eventstore"
)

// outcome is how a request was answered.
type outcome uint8

const (
	done     outcome = iota // the events stand where the answer says
	conflict                // the stream is at another version
	refused                 // it can never be stored
	unknown                 // nobody knows yet
)

// op is one request and its answer. Its bytes are known again in the journal by its event ids and by its type version, which is
// the number of the request in its stream.
type op struct {
	kind     kindID
	front    uint8
	outcome  outcome
	never    bool // must not be stored
	busy     bool // it was the journal that did not know what became of it
	other    bool // the other body of a command
	command  uint8
	group    uint8 // of requests with the same ids, noted at the first of them; 0: it is alone
	bytes    int16 // number of the request whose bytes it sends, from 1
	stored   int16 // events of its bytes that the follower has seen
	expected int64
	seen     int64
	ids      []uuid.UUID
	first    *op // with the same ids; itself when it is the first

	floor        int64 // greatest position that had been acknowledged when it was called
	call, answer int64
	begin        int64 // call, as porcupine is told it
	version      int64 // answered, or read
	from, last   int64 // positions answered
	recorded     int64
	read         chain // what a read or a decision saw

	place place  // of its bytes in the journal
	held  *place // of its ids, whoever's bytes they are; nil: nowhere
}

// place is where events stand, and whose bytes they are.
type place struct {
	from, last, version, recorded int64
	bytes                         int16
}

// mark is a version that somebody was told, and the position that the stream reached with it, 0 for unknown.
type mark struct{ version, position int64 }

// stream is one under attack.
type stream struct {
	eventstore.Stream
	most int

	mu      sync.Mutex
	ops     []*op
	running int
	retired bool
	marks   []mark // ascending
	groups  uint8  // of requests with the same ids
	doubts  []bool // by front: the outcome of a request is unknown

	// As the follower has read it.
	version int64
	chain   chain
}

func newStream(most, fronts int) *stream {
	return &stream{Stream: eventstore.Stream{Kind: "dossier", ID: uuid.New()}, most: most, doubts: make([]bool, fronts)}
}

// begin makes the next request, nil when the stream has had its number.
func (s *stream) begin(a *attack, k kindID, front int, r *rand.Rand) *op {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.retired || len(s.ops) >= s.most {
		return nil
	}
	o := kinds[k].make(s, r, a)
	if o == nil { // not possible yet
		k = next
		o = kinds[k].make(s, r, a)
	}
	return s.add(a, o, k, front)
}

// add makes the request known before anybody can send it, or send its bytes again.
func (s *stream) add(a *attack, o *op, k kindID, front int) *op {
	o.kind, o.front, o.floor, o.call = k, uint8(front), a.acked.Load(), a.now()
	s.ops = append(s.ops, o)
	if o.bytes == 0 {
		o.bytes = int16(len(s.ops))
	}
	if o.first == nil {
		o.first = o
	}
	s.running++
	return o
}

// end notes the answer, and says whether it was the stream's last.
func (s *stream) end(o *op) (last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running--
	if o.outcome == unknown && len(o.ids) > 0 {
		s.doubts[o.front] = true
	}
	if len(o.ids) > 0 && (o.outcome == done || o.outcome == conflict) && s.known().version < o.version {
		s.marks = append(s.marks, mark{o.version, o.last})
	}
	return s.over(s.most)
}

// finish ends the stream as it is, and says whether nobody else does.
func (s *stream) finish() (last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over(0)
}

func (s *stream) over(most int) bool {
	if s.retired || s.running > 0 || len(s.ops) < most {
		return false
	}
	s.retired = true
	return true
}

// seal makes a request whose answer tells that all before it on this front have been decided: the queue is in order. It takes
// whatever version there is.
func (s *stream) seal(a *attack, front int) *op {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.add(a, &op{expected: eventstore.AnyVersion, ids: fresh(1)}, anyVersion, front)
}

func (s *stream) doubted(front int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.doubts[front]
}

func (s *stream) resolved(front int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doubts[front] = false
}

// known is the newest version that somebody was told.
func (s *stream) known() mark {
	if len(s.marks) == 0 {
		return mark{}
	}
	return s.marks[len(s.marks)-1]
}

func fresh(n int) []uuid.UUID {
	ids := make([]uuid.UUID, n)
	for i := range ids {
		ids[i] = uuid.Must(uuid.NewV7())
	}
	return ids
}

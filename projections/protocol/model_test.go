// Package protocol walks through the whole protocol of relay, lanes and projections, in a world small enough to be finished.
package protocol

import "fmt"

// The protocol of relay, lanes and projections, small enough to be walked through whole. Kafka is as bad as it can be: whatever
// was ever published may be delivered at any time, in any order, again and again, or never: nothing may depend on a delivery. docs/protocol.md tells the story.

// A guard is one rule of the protocol. Each can be left out, to see what breaks.
type guard uint32

const (
	skipSeen      guard = 1 << iota // Engine.sort: position <= checkpoint
	seePrevious                     // Engine.sort: prevposition > checkpoint is a gap
	compareAndSet                   // views.move_v4: the newest checkpoint is the one read
	confirm                         // views.move_v4: the journal has what Kafka told
	refuseOld                       // Generations.Refuses, in Engine.believed and tail.told
	withinHead                      // Engine.heal, Engine.catchUp: no lane beyond the journal's head
	lookAround                      // Engine.catchUp: what was never delivered is read from the journal
	oneConnection                   // Engine.ready: what is remembered and what is written were read with the same connection there
	keepConfirmed                   // Engine.applied: a state is remembered when its transaction has confirmed its events
	compareTails                    // relay.compare: at the beginning of a session
	oneMoment                       // Journal.Moment: all that a session begins with is of one database
	sameHistory                     // flow.next: the event before the page is still the one that was sent
	fillHistory                     // flow.gap: so is the newest that Kafka has, while something before it is sent
	notAgain                        // flow.read: what Kafka has already is not sent again
	noticeRemade                    // flow.check and publisher.arrived: the topic is another
	otherTopic                      // topic.another: the cursor speaks of the topic that had the name before
	stillParked                     // views.still_parked_v1
	parkWithMove                    // Engine.isolate: parked in the transaction that moves the checkpoint
	allGuards     guard = 1<<iota - 1
)

var guards = map[guard]string{
	skipSeen: "skip seen", seePrevious: "see previous", compareAndSet: "compare and set", confirm: "confirm", refuseOld: "refuse old",
	withinHead: "within head", lookAround: "look around", oneConnection: "one connection", keepConfirmed: "keep confirmed", compareTails: "compare tails",
	oneMoment: "one moment", sameHistory: "same history", fillHistory: "fill history", notAgain: "not again", noticeRemade: "notice remade", otherTopic: "other topic", stillParked: "still parked", parkWithMove: "park with move",
}

func (g guard) String() string { return guards[g] }

// bounds say how large the world is.
type bounds struct {
	events, faults, relays, engines uint8
	streams                         []uint8 // that events belong to: 0 and 1 share lane 0, 2 is lane 1
	failover, remake, poison        bool
	torn                            bool // sessions end by themselves; of two events, a page may bring the second alone
	remember                        bool // what streams amount to; it takes a second engine to go wrong
	apart                           bool // a failover may come between the reading of the journal and the transaction
}

// nowhere is no topic.
const nowhere = 255

// places is how many positions, and event ids, a world can have; ids begin at 1.
const (
	places = 6
	most   = 12 // different messages
)

type position = uint8

// event is an id and its stream; 0 is none.
type event uint8

func newFact(id, stream uint8) event { return event(id<<2 | stream) }
func (e event) stream() uint8        { return uint8(e) & 3 }
func (e event) bit() uint16          { return 1 << (uint8(e) >> 2) }
func (e event) lane() uint8          { return e.stream() >> 1 }
func (e event) String() string       { return fmt.Sprintf("%c%d", 'a'+e.stream(), uint8(e)>>2) }

// database is what one Postgres holds; a failover brings an older one back whole.
type database struct {
	journal    [places + 1]event
	head       position
	rows       uint16 // of these events
	checkpoint [2]position
	parked     position // from where on stream 0 stands still, 0: it does not
	cursor     position // of the relay
	topic      uint8    // that the cursor speaks of
	fork       position // where generation 2 begins, 0: there is none
}

type told struct {
	event          event
	position, prev position
	generation     uint8
	lost           bool // with its topic; it may still be on its way
}

type leader struct {
	term, open, halted bool
	compared           bool // and has not yet read where the lanes end
	after              position
	topic              uint8 // that has everything up to after
	part               bool  // the topic is another than before, and not yet whole
	last               event // at after, when it was read
	newest             position
	told               event       // at newest, beyond after: what Kafka has
	has                [2]position // up to where it has each lane; 0 when it has nothing beyond after
	prev               [2]position
	fork               position // as known
}

type mover struct {
	up      bool
	cut     bool // its connection is gone, and it has not noticed
	at      [2]position
	parked  bool
	fork    position
	states  [3]state // by stream, as remembered
	reading reading
}

// state is what a stream amounts to after an event, which is its version-th.
type state struct {
	event   event
	version uint8
}

// reading is what was read of a lane of the journal and is not yet written.
type reading struct {
	upTo    position // 0: nothing
	lane    uint8
	journal [places + 1]event
}

// world is everything. It is comparable, so it is its own key.
type world struct {
	db, replica database
	replicated  bool
	next        uint8 // event id
	topic       uint8
	told        [most]told
	tail        [2]told
	relays      [2]leader
	engines     [2]mover
	fixed       bool // the program can apply what was poison
	faults      uint8
}

// move is one step and where it leads. wrong says which promise it breaks.
type move struct {
	name  string
	fault bool
	to    world
	wrong string
}

type walker struct {
	bounds
	on    guard
	moves []move
}

func (k *walker) has(g guard) bool { return k.on&g != 0 }

func (k *walker) add(w world, wrong string, fault bool, name string, args ...any) {
	if wrong == "" {
		wrong = w.broken()
	}
	if wrong == "" && k.relays == 1 { // two that lead at once may have read before and after a failover
		wrong = w.contradicted()
	}
	k.moves = append(k.moves, move{fmt.Sprintf(name, args...), fault, w, wrong})
}

// broken says which promise the world breaks.
func (w *world) broken() string {
	d := &w.db
	known := uint16(0)
	for p := position(1); p <= d.head; p++ {
		e := d.journal[p]
		known |= e.bit()
		left := e.stream() == 0 && d.parked > 0 && p >= d.parked
		if p <= d.checkpoint[e.lane()] && d.rows&e.bit() == 0 && !left {
			return fmt.Sprintf("event %v at %d is skipped", e, p)
		}
	}
	switch {
	case d.rows&^known != 0:
		return "a row shows an event that the journal does not have"
	case max(d.checkpoint[0], d.checkpoint[1]) > d.head:
		return "a checkpoint is beyond the journal"
	}
	return ""
}

// contradicted says that Kafka tells two facts of one position and nobody can know which is true.
func (w *world) contradicted() string {
	for i, m := range w.told {
		for _, o := range w.told[:i] {
			if m.position == o.position && m.generation == o.generation && m.event != o.event && !m.lost && !o.lost {
				return fmt.Sprintf("Kafka tells %v and %v at %d", o.event, m.event, m.position)
			}
		}
	}
	return ""
}

// complete says that nothing is left to do: every event is in Kafka and in the views, where there are relays and engines.
func (k *walker) complete(w *world) bool {
	for p := position(1); p <= w.db.head; p++ {
		if k.engines > 0 && w.db.rows&w.db.journal[p].bit() == 0 || k.relays > 0 && !w.published(p) {
			return false
		}
	}
	return w.db.parked == 0
}

// before is how many events of the stream stand before a position, and the last of them.
func (d *database) before(stream uint8, at position) (version uint8, last event) {
	for p := position(1); p < at && p <= d.head; p++ {
		if d.journal[p].stream() == stream {
			version, last = version+1, d.journal[p]
		}
	}
	return version, last
}

func (w *world) published(p position) bool {
	for _, m := range w.told {
		if m.position == p && m.event == w.db.journal[p] && !m.lost && !(w.db.fork > 0 && p >= w.db.fork && m.generation == 1) {
			return true
		}
	}
	return false
}

// steps are all things that can happen next.
func (k *walker) steps(w world) []move {
	k.moves = k.moves[:0]
	k.write(w)
	k.break_(w)
	for r := range k.relays {
		k.relay(w, r)
	}
	k.recover(w)
	for e := range k.engines {
		k.engine(w, e)
	}
	return k.moves
}

// write is Journal.Append.
func (k *walker) write(w world) {
	if w.next >= k.events {
		return
	}
	for _, s := range k.streams {
		n := w
		n.next++
		n.db.head++
		n.db.journal[n.db.head] = newFact(n.next, s)
		k.add(n, "", true, "append %v at %d", newFact(n.next, s), n.db.head)
	}
}

// break_ is what goes wrong. A process that is killed begins anew from the database.
func (k *walker) break_(w world) {
	if k.poison && !w.fixed {
		n := w
		n.fixed = true
		k.add(n, "", false, "a new program can apply stream a")
	}
	if k.failover && !w.replicated {
		n := w
		n.replica, n.replicated = w.db, true
		k.add(n, "", true, "the replica stays behind here")
	}
	if w.faults >= k.faults {
		return
	}
	w.faults++
	if k.failover && w.replicated && w.db != w.replica && w.db.fork == 0 {
		n := w
		n.db, n.replica = w.replica, w.replica
		n.faults = k.faults
		for e := range n.engines {
			n.engines[e].cut = n.engines[e].up
		}
		k.add(n, "", true, "failover to the replica")
	}
	for r := range k.relays {
		if w.relays[r].term {
			n := w
			n.relays[r] = leader{}
			k.add(n, "", true, "kill relay %d", r)
		}
	}
	for e := range k.engines {
		if w.engines[e].up {
			n := w
			n.engines[e] = mover{}
			k.add(n, "", true, "kill engine %d", e)
		}
	}
	if k.remake {
		n := w
		n.topic++
		n.tail = [2]told{}
		for i := range n.told {
			n.told[i].lost = n.told[i].position > 0
		}
		k.add(n, "", true, "the topic is deleted and made again")
	}
}

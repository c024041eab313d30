package protocol

import (
	"cmp"
	"fmt"
)

// engine is what a process that applies may do.
func (k *walker) engine(w world, e uint8) {
	m := &w.engines[e]
	switch {
	case !m.up:
		m.ready(&w)
		m.up, m.fork = true, w.db.fork // Engine.begin
		k.add(w, "", false, "engine %d begins", e)
		return
	case m.cut && k.has(oneConnection):
		m.ready(&w)
		k.add(w, "", false, "engine %d finds its connection gone and begins anew", e)
		return
	case m.reading.upTo > 0:
		k.write_(w, e)
		return
	}
	heard := len(k.moves)
	for _, t := range w.told {
		if t.position > 0 {
			k.hear(w, e, t)
		}
	}
	for i := range k.moves[heard:] {
		k.moves[heard+i].fault = true // nobody may wait for a delivery
	}
	k.tend(w, e)
	k.resume(w, e)
}

// ready is Engine.ready.
func (m *mover) ready(w *world) {
	m.cut, m.states, m.reading = false, [3]state{}, reading{}
	m.load(w)
}

// load is Engine.load.
func (m *mover) load(w *world) {
	m.at, m.parked = w.db.checkpoint, w.db.parked > 0
}

// hear is Engine.deliver with one message.
func (k *walker) hear(w world, e uint8, t told) {
	m, lane := &w.engines[e], t.event.lane()
	if t.generation == 2 { // Engine.believed
		m.fork = w.db.fork
	}
	switch {
	case k.has(refuseOld) && m.fork > 0 && t.generation == 1 && t.position >= m.fork:
		return
	case k.has(skipSeen) && t.position <= m.at[lane]:
		return
	case k.has(seePrevious) && t.prev > m.at[lane]:
		k.heal(w, e, lane, t.position, fmt.Sprintf("engine %d hears %v at %d after %d, a gap", e, t.event, t.position, t.prev))
		return
	}
	name := fmt.Sprintf("engine %d hears %v at %d", e, t.event, t.position)
	var r reading
	r.lane, r.upTo, r.journal[t.position] = lane, t.position, t.event
	moved := k.has(compareAndSet) && w.db.checkpoint[lane] != m.at[lane]
	if k.has(confirm) && !moved && w.db.journal[t.position] != t.event { // Engine.disbelieve
		m.fork = w.db.fork
		k.heal(w, e, lane, min(t.position, w.db.head), name+" and does not believe it")
		return
	}
	k.apply(w, e, r, name)
}

// heal is Engine.heal: a lane is read from the journal up to a position.
func (k *walker) heal(w world, e, lane uint8, upTo position, name string) {
	m := &w.engines[e]
	if k.has(withinHead) {
		upTo = min(upTo, w.db.head)
	}
	if upTo <= m.at[lane] {
		return
	}
	r := reading{lane: lane, upTo: upTo}
	for p := m.at[lane] + 1; p <= min(upTo, w.db.head); p++ {
		if ev := w.db.journal[p]; ev.lane() == lane {
			r.journal[p] = ev
		}
	}
	name += fmt.Sprintf(", reads lane %d to %d", lane, upTo)
	if k.apart {
		m.reading = r
		k.add(w, "", false, "%s", name)
		return
	}
	k.apply(w, e, r, name)
}

// write_ is the transaction of what was read before.
func (k *walker) write_(w world, e uint8) {
	m := &w.engines[e]
	r := m.reading
	m.reading = reading{}
	k.apply(w, e, r, fmt.Sprintf("engine %d writes", e))
}

// apply is Engine.apply: rows and checkpoint in one transaction.
func (k *walker) apply(w world, e uint8, r reading, name string) {
	m, d := &w.engines[e], &w.db
	written, states, wrong, parks := w, m.states, "", position(0)
	skips := false
	for at, ev := range r.journal {
		at := position(at)
		switch {
		case ev == 0:
		case ev.stream() == 0 && (m.parked || parks > 0):
			skips = skips || m.parked
		case k.poison && !w.fixed && ev.stream() == 0:
			parks = at
		default:
			unfit := d.fold(&states[ev.stream()], ev, at)
			wrong = cmp.Or(wrong, written.db.row(ev, at), unfit)
		}
	}
	if !k.remember {
		states = m.states
	}
	moved := k.has(compareAndSet) && d.checkpoint[r.lane] != m.at[r.lane]
	if moved || k.has(stillParked) && skips && d.parked == 0 { // errMoved
		if m.load(&w); !k.has(keepConfirmed) {
			m.states = states
		}
		k.add(w, "", false, "%s: another has moved", name)
		return
	}
	w = written
	m, d = &w.engines[e], &w.db
	m.states = states
	d.checkpoint[r.lane], m.at[r.lane] = r.upTo, max(r.upTo, m.at[r.lane])
	if parks > 0 && !k.has(parkWithMove) {
		half := w // dies between the two transactions
		half.engines[e] = mover{}
		k.add(half, wrong, true, "%s and dies before it has parked", name)
	}
	if parks > 0 {
		d.parked, m.parked = parks, true
		name += ", parks stream a"
	}
	k.add(w, wrong, false, "%s", name)
}

// fold is states.moments: what is remembered is built upon when the versions say so, else the stream is read.
func (d *database) fold(s *state, ev event, at position) (wrong string) {
	version, last := d.before(ev.stream(), at)
	if s.version == version && s.event != last {
		wrong = fmt.Sprintf("the row of event %v is built upon %v, which is not its stream's", ev, s.event)
	}
	*s = state{ev, version + 1}
	return wrong
}

// row writes an event's row and says what is wrong about it.
func (d *database) row(ev event, at position) string {
	if d.rows&ev.bit() != 0 {
		return fmt.Sprintf("event %v is applied twice", ev)
	}
	for p := position(1); p < min(at, d.head+1); p++ {
		if before := d.journal[p]; before.stream() == ev.stream() && d.rows&before.bit() == 0 {
			return fmt.Sprintf("event %v is applied before %v of its stream", ev, before)
		}
	}
	d.rows |= ev.bit()
	return ""
}

// tend is Engine.tend and Engine.catchUp: each second, without a message.
func (k *walker) tend(w world, e uint8) {
	m := &w.engines[e]
	if m.at != w.db.checkpoint && k.has(lookAround) {
		m.load(&w)
		k.add(w, "", false, "engine %d reads where things stand", e)
		return
	}
	for lane := range uint8(2) {
		if k.has(lookAround) {
			k.heal(w, e, lane, w.db.head, fmt.Sprintf("engine %d looks around", e))
		}
	}
}

// resume is Engine.resumeStream: what a parked stream missed, up to where its lane stands.
func (k *walker) resume(w world, e uint8) {
	d := &w.db
	if d.parked == 0 || !w.fixed {
		return
	}
	wrong := ""
	for p := d.parked; p <= min(d.checkpoint[0], d.head); p++ {
		if ev := d.journal[p]; ev.stream() == 0 && wrong == "" {
			wrong = d.row(ev, p)
		}
	}
	d.parked, w.engines[e].parked = 0, false
	k.add(w, wrong, false, "engine %d takes up stream a", e)
}

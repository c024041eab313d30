package protocol

import "fmt"

// engine is what a process that applies may do.
func (k *walker) engine(w world, e uint8) {
	m := &w.engines[e]
	if !m.up {
		m.load(&w)
		m.up, m.fork = true, w.db.fork // Engine.begin
		k.add(w, "", false, "engine %d begins", e)
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
	if k.has(confirm) && w.db.journal[t.position] != t.event { // Engine.disbelieve
		m.fork = w.db.fork
		k.heal(w, e, lane, min(t.position, w.db.head), name+" and does not believe it")
		return
	}
	k.apply(w, e, lane, t.position, []event{t.event}, []position{t.position}, name)
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
	var events []event
	var at []position
	for p := m.at[lane] + 1; p <= min(upTo, w.db.head); p++ {
		if ev := w.db.journal[p]; ev.lane() == lane {
			events, at = append(events, ev), append(at, p)
		}
	}
	k.apply(w, e, lane, upTo, events, at, name+fmt.Sprintf(", reads lane %d to %d", lane, upTo))
}

// apply is Engine.apply: rows and checkpoint in one transaction.
func (k *walker) apply(w world, e, lane uint8, to position, events []event, at []position, name string) {
	m, d := &w.engines[e], &w.db
	skips := false
	for _, ev := range events {
		skips = skips || ev.stream() == 0 && m.parked
	}
	moved := k.has(compareAndSet) && d.checkpoint[lane] != m.at[lane]
	if moved || k.has(stillParked) && skips && d.parked == 0 { // errMoved
		m.load(&w)
		k.add(w, "", false, "%s: another has moved", name)
		return
	}
	wrong, parks := "", position(0)
	for i, ev := range events {
		if ev.stream() == 0 && (m.parked || parks > 0) {
			continue
		}
		if k.poison && !w.fixed && ev.stream() == 0 {
			parks = at[i]
			continue
		}
		if wrong == "" {
			wrong = d.row(ev, at[i])
		}
	}
	d.checkpoint[lane], m.at[lane] = to, max(to, m.at[lane])
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
	for lane := range uint8(2) {
		if m.at[lane] != w.db.checkpoint[lane] && (k.has(lookBack) || k.has(lookAround) && m.at[lane] < w.db.cursor) {
			m.load(&w)
			k.add(w, "", false, "engine %d reads where things stand", e)
			return
		}
	}
	for lane := range uint8(2) {
		if k.has(lookAround) && w.db.cursor > m.at[lane] {
			k.heal(w, e, lane, w.db.cursor, fmt.Sprintf("engine %d looks around", e))
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

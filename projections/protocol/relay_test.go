package protocol

// relay is what a leader may do. Nothing asks whether the lease is still held: a zombie that goes on after its end must do no harm.
func (k *walker) relay(w world, r uint8) {
	l := &w.relays[r]
	if !l.open {
		k.session(w, r)
		return
	}
	if l.remade && k.has(noticeRemade) {
		n := w
		n.relays[r].open, n.relays[r].remade = false, false
		k.add(n, "", false, "relay %d notices another topic", r)
		return // a page that is sent before it is noticed: see docs/protocol.md, "What is left out"
	}
	k.publish(w, r)
	k.beat(w, r)
}

// session is term.session: compare, then read where the lanes end.
func (k *walker) session(w world, r uint8) {
	l := &w.relays[r]
	if !l.term {
		l.after = w.db.cursor // take
	}
	l.term, l.fork = true, w.db.fork
	after, fork := l.after, false
	if k.has(compareTails) {
		after, fork = k.compareWith(&w, l.after)
	}
	if fork {
		if !l.halted {
			l.halted = true
			k.add(w, "", false, "relay %d halts: Kafka tells another history", r)
		}
		return
	}
	l.halted, l.open, l.remade, l.after = false, true, false, min(after, w.db.head)
	l.last = w.db.journal[l.after]
	l.prev = [2]position{}
	for p := position(1); p <= l.after; p++ { // Journal.LaneEnds
		l.prev[w.db.journal[p].lane()] = p
	}
	k.add(w, "", false, "relay %d begins a session after %d", r, l.after)
}

// compareWith is relay.compare with tail.told.
func (k *walker) compareWith(w *world, cursor position) (after position, fork bool) {
	after = min(cursor, w.db.head)
	for lane, t := range w.tail {
		upTo := t.position
		switch {
		case t.position == 0:
		case k.has(refuseOld) && w.db.fork > 0 && t.generation == 1 && t.position >= w.db.fork:
			upTo = w.db.fork - 1
		case t.position > w.db.head || w.db.journal[t.position] != t.event:
			return 0, true
		}
		for p := upTo + 1; p <= w.db.head; p++ {
			if w.db.journal[p].lane() == uint8(lane) {
				after = min(after, p-1)
				break
			}
		}
	}
	return after, false
}

// publish is flow.read and flow.send for a page of one event.
func (k *walker) publish(w world, r uint8) {
	l := &w.relays[r]
	if l.after >= w.db.head {
		return
	}
	if k.has(sameHistory) && w.db.journal[l.after] != l.last {
		l.open = false
		k.add(w, "", false, "relay %d finds another event at %d than it sent", r, l.after)
		return
	}
	p := l.after + 1
	e := w.db.journal[p]
	m := told{event: e, position: p, prev: l.prev[e.lane()], generation: 1}
	if l.fork > 0 && p >= l.fork {
		m.generation = 2
	}
	l.after, l.last, l.prev[e.lane()] = p, e, p
	w.tail[e.lane()] = m
	if w.keep(m) {
		k.add(w, "", false, "relay %d publishes %v at %d after %d", r, e, p, m.prev)
	}
}

// keep notes a message that may be delivered from now on; the same message told again is the same.
func (w *world) keep(m told) bool {
	for i := range w.told {
		o := &w.told[i]
		if o.position == 0 {
			*o = m
			return true
		}
		same := *o
		same.lost = false
		if same == m {
			o.lost = false
			return true
		}
	}
	return false
}

// beat is lease.renew and term.doubt.
func (k *walker) beat(w world, r uint8) {
	l := &w.relays[r]
	changed := w.db.cursor != l.after
	w.db.cursor = l.after
	if doubt := l.last != 0 && w.db.journal[l.after] != l.last || w.db.fork != l.fork; doubt {
		l.open, changed = false, true
	}
	if changed {
		k.add(w, "", false, "relay %d renews at cursor %d", r, l.after)
	}
}

// recover is relay.Recover: a person opens a generation where Kafka and the journal part.
func (k *walker) recover(w world) {
	if w.db.fork > 0 || !w.relays[0].halted && !w.relays[1].halted {
		return
	}
	from := position(0)
	for _, m := range w.told {
		differs := m.position > w.db.head || w.db.journal[m.position] != m.event
		if m.position > 0 && !m.lost && differs && (from == 0 || m.position < from) {
			from = m.position
		}
	}
	if from > 0 {
		w.db.fork = min(from, w.db.head+1)
		k.add(w, "", false, "dossier recover: generation 2 from %d", w.db.fork)
	}
}

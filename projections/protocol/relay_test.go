package protocol

// relay is what a leader may do. Nothing asks whether the lease is still held: a zombie that goes on after its end must do no harm.
func (k *walker) relay(w world, r uint8) {
	l := &w.relays[r]
	if !l.open {
		k.session(w, r)
		return
	}
	if l.topic != w.topic && k.has(noticeRemade) {
		n := w
		n.relays[r].close()
		k.add(n, "", false, "relay %d notices another topic", r)
	}
	if k.torn {
		n := w
		n.relays[r].close()
		k.add(n, "", true, "relay %d loses Kafka", r)
	}
	k.publish(w, r)
	k.beat(w, r)
}

// close ends a session. What the next one begins with is the cursor.
func (l *leader) close() { *l = leader{term: true, after: l.after, topic: l.cursorTopic()} }

func (l *leader) cursorTopic() uint8 {
	if l.part {
		return nowhere
	}
	return l.topic
}

// session is term.session: compare, then read where the lanes end.
func (k *walker) session(w world, r uint8) {
	l := &w.relays[r]
	if !l.compared && !k.compare(&w, r) {
		return
	}
	if !l.compared && !k.has(oneMoment) {
		l.compared = true
		k.add(w, "", false, "relay %d compares and will go on after %d", r, l.after)
		return
	}
	l.compared, l.open = false, true
	l.last = w.db.journal[l.after]
	l.prev = [2]position{}
	for p := position(1); p <= l.after; p++ { // Journal.LaneEnds
		l.prev[w.db.journal[p].lane()] = p
	}
	k.add(w, "", false, "relay %d begins a session after %d", r, l.after)
}

// compare is relay.compare without the ends of the lanes. False: it halts.
func (k *walker) compare(w *world, r uint8) bool {
	l := &w.relays[r]
	if !l.term {
		l.after, l.topic = w.db.cursor, w.db.topic // take
	}
	was := *l
	*l = leader{term: true, after: min(l.after, w.db.head), topic: w.topic, fork: w.db.fork}
	if k.has(compareTails) && !k.compareWith(w, l, was.after, k.has(otherTopic) && was.topic != w.topic) {
		*l = leader{term: true, after: was.after, topic: was.topic, fork: w.db.fork, halted: true}
		if !was.halted {
			k.add(*w, "", false, "relay %d halts: Kafka tells another history", r)
		}
		return false
	}
	return true
}

// compareWith is beginning.hear and beginning.place with tail.told. False: Kafka tells what the journal does not.
func (k *walker) compareWith(w *world, l *leader, cursor position, another bool) bool {
	for lane, t := range w.tail {
		l.has[lane] = t.position
		switch {
		case t.position == 0:
		case k.has(refuseOld) && w.db.fork > 0 && t.generation == 1 && t.position >= w.db.fork:
			l.has[lane] = w.db.fork - 1
		case t.position > w.db.head || w.db.journal[t.position] != t.event:
			return false
		case t.position > l.newest:
			l.newest, l.told = t.position, t.event
		}
	}
	if another {
		l.has = [2]position{}
	}
	l.after = 0
	for l.after < w.db.head && l.after < l.has[w.db.journal[l.after+1].lane()] {
		l.after++
	}
	if !k.has(notAgain) {
		l.after, l.has = min(l.after, cursor), [2]position{}
	}
	l.part = another
	l.pass()
	return true
}

// pass forgets what Kafka had when it lies behind.
func (l *leader) pass() {
	if l.after >= l.newest {
		l.newest, l.told, l.has, l.part = 0, 0, [2]position{}, false
	}
}

// publish is flow.read and flow.send for a page of one event, or of two of which the first is lost.
func (k *walker) publish(w world, r uint8) {
	l := &w.relays[r]
	if l.after >= w.db.head {
		return
	}
	if k.has(sameHistory) && w.db.journal[l.after] != l.last || k.has(fillHistory) && l.newest > 0 && w.db.journal[l.newest] != l.told {
		l.close()
		k.add(w, "", false, "relay %d finds that the journal no longer has what Kafka has", r)
		return
	}
	for l.after < w.db.head && l.has[w.db.journal[l.after+1].lane()] > l.after {
		w.read(r)
	}
	if l.after == w.db.head {
		k.add(w, "", false, "relay %d passes over what Kafka has", r)
		return
	}
	n := w
	m := n.read(r)
	n.tail[m.event.lane()] = m
	if n.keep(m) {
		k.add(n, "", false, "relay %d publishes %v at %d after %d", r, m.event, m.position, m.prev)
	}
	lane := w.db.journal[m.position+1].lane()
	if !k.torn || m.position == w.db.head || lane == m.event.lane() || l.has[lane] > m.position {
		return
	}
	n = w
	n.read(r)
	m = n.read(r)
	n.tail[lane] = m
	n.relays[r].after = l.after
	n.relays[r].part = l.part
	n.relays[r].close()
	if n.keep(m) {
		k.add(n, "", true, "relay %d publishes %v at %d after %d, but not what is before", r, m.event, m.position, m.prev)
	}
}

// read makes a message of the next event.
func (w *world) read(r uint8) told {
	l := &w.relays[r]
	p := l.after + 1
	e := w.db.journal[p]
	m := told{event: e, position: p, prev: l.prev[e.lane()], generation: 1}
	if l.fork > 0 && p >= l.fork {
		m.generation = 2
	}
	l.after, l.last, l.prev[e.lane()] = p, e, p
	l.pass()
	return m
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
	lost := w.db.journal[l.after] != l.last
	changed := !lost && (w.db.cursor != l.after || w.db.topic != l.cursorTopic())
	if changed {
		w.db.cursor, w.db.topic = l.after, l.cursorTopic()
	}
	if doubt := lost || w.db.fork != l.fork; doubt {
		l.close()
		changed = true
	}
	if changed {
		k.add(w, "", false, "relay %d renews at cursor %d", r, l.after)
	}
}

// recover is relay.Recover: a person opens a generation where Kafka and the journal part, behind the last event that both tell.
func (k *walker) recover(w world) {
	if w.db.fork > 0 || !w.relays[0].halted && !w.relays[1].halted {
		return
	}
	parted, shared := false, position(0)
	for _, m := range w.told {
		switch {
		case m.position == 0 || m.lost:
		case m.position > w.db.head || w.db.journal[m.position] != m.event:
			parted = true
		default:
			shared = max(shared, m.position)
		}
	}
	if parted {
		w.db.fork = shared + 1
		k.add(w, "", false, "dossier recover: generation 2 from %d", w.db.fork)
	}
}

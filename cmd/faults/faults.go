package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"dossier/eventstore/relay"
)

// fault is one kind of harm. inject does it and returns what takes it away again, nil when it passes by itself.
type fault struct {
	name   string
	of     string        // what it harms: two of one kind are never at work at once
	last   time.Duration // how long it lasts at most
	inject func(w *world, r *rand.Rand) (mend func() error, err error)
}

// faults are all kinds that a running world survives without anybody's help.
var faults = slices.Concat(messageFaults, topicFaults, brokerFaults, linkFaults, postgresFaults, groupFaults, clockFaults, cuts)

func done() error { return nil }

func (w *world) someNode(r *rand.Rand) *node { return w.nodes[r.IntN(len(w.nodes))] }

// leader is the node whose relay publishes, nil when none does.
func (w *world) leader() *node {
	for _, n := range w.nodes {
		if n.relay.Status().Role == relay.Leader {
			return n
		}
	}
	return nil
}

func linkFault(name, of string, harm func(l *link)) fault {
	return fault{name, of, 2 * time.Second, func(w *world, r *rand.Rand) (func() error, error) {
		n := w.someNode(r)
		l := n.db
		if of == "broker link" {
			l = n.broker
		}
		harm(l)
		return func() error { l.mend(); return nil }, nil
	}}
}

var linkFaults = []fault{
	linkFault("Postgres' link cut", "database link", (*link).cut),
	linkFault("Postgres' link silent", "database link", (*link).hold),
	linkFault("Postgres' link slow", "database link", func(l *link) { l.slow(30 * time.Millisecond) }),
	linkFault("commit's answer lost", "database link", func(l *link) { l.lose(3, isAppend) }),
	linkFault("checkpoint's answer lost", "database link", func(l *link) { l.lose(3, isMove) }),
	linkFault("Kafka's link cut", "broker link", (*link).cut),
	linkFault("Kafka's link silent", "broker link", (*link).hold),
	linkFault("Kafka's link slow", "broker link", func(l *link) { l.slow(30 * time.Millisecond) }),
	linkFault("Kafka's answer lost", "broker link", func(l *link) { l.lose(2, isProduce) }),
	{"zombie relay", "broker link", 3 * leaseLength, zombie},
}

// cutOff parts the leader from one broker: every other process reaches all of them.
func cutOff(w *world, r *rand.Rand) (func() error, error) {
	n := w.leader()
	if n == nil {
		return done, nil
	}
	all := w.kafka.addresses()
	lost := all[r.IntN(len(all))]
	n.broker.cutFrom(func(addr string) bool { return addr == lost })
	return func() error { n.broker.mend(); return nil }, nil
}

// cuts part a process from one broker of several.
var cuts = []fault{{"one broker's link cut", "broker link", 5 * time.Second, cutOff}}

// zombie holds up the leader on both sides until another leads, and lets what it had on its way arrive then.
func zombie(w *world, _ *rand.Rand) (func() error, error) {
	n := w.leader()
	if n == nil {
		return done, nil
	}
	n.broker.hold()
	n.db.hold()
	return func() error { n.broker.mend(); n.db.mend(); return nil }, nil
}

var postgresFaults = []fault{
	{"Postgres killed", "database", time.Second, func(w *world, _ *rand.Rand) (func() error, error) {
		w.pg.Load().Kill() // Supervise starts it again
		return done, nil
	}},
}

var groupFaults = []fault{
	{"rebalance storm", "group", 4 * time.Second, func(w *world, r *rand.Rand) (func() error, error) {
		for range 3 {
			n := w.someNode(r)
			n.rest(roleProjector)
			n.play(roleProjector)
		}
		n := w.someNode(r)
		n.rest(roleProjector)
		return func() error { n.play(roleProjector); return nil }, nil
	}},
	{"relay stopped", "broker link", time.Second, func(w *world, _ *rand.Rand) (func() error, error) {
		n := w.leader()
		if n == nil {
			return done, nil
		}
		n.rest(roleRelay)
		return func() error { n.play(roleRelay); return nil }, nil
	}},
}

var clockFaults = []fault{
	{"clock jumped", "clock", 2 * time.Second, func(w *world, r *rand.Rand) (func() error, error) {
		n := w.someNode(r)
		n.ahead.Store(int64(time.Duration(r.IntN(7200)-3600) * time.Second))
		return func() error { n.ahead.Store(0); return nil }, nil
	}},
}

// find returns the fault of that name.
func find(name string) (fault, error) {
	for _, f := range faults {
		if f.name == name {
			return f, nil
		}
	}
	return fault{}, fmt.Errorf("no fault is called %q", name)
}

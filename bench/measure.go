package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// plan is how much is measured.
type plan struct {
	rounds        int
	warm, span    time.Duration
	read, relayed int // events
	perSecond     int
	delaySpan     time.Duration
	quick         bool
}

func fullPlan(rounds int) plan {
	return plan{rounds: max(1, rounds), warm: 500 * time.Millisecond, span: 1500 * time.Millisecond, read: 50_000, relayed: 30_000, perSecond: 1000, delaySpan: 6 * time.Second}
}

func quickPlan() plan {
	return plan{rounds: 1, warm: 50 * time.Millisecond, span: 150 * time.Millisecond, read: 1000, relayed: 1000, perSecond: 200, delaySpan: time.Second, quick: true}
}

// store is anything that events can be appended to and, perhaps, read from in order.
type store interface {
	append(ctx context.Context, writers, batch int, span time.Duration) (eventsPerSecond float64, err error)
	close()
}

type reader interface {
	drain(ctx context.Context, events int) (eventsPerSecond float64, err error)
}

// contender is one column of the comparison. Ours is the first.
type contender struct {
	name  string // with its version
	kind  kind
	store store
}

// kind is what a contender is. Goals are held against what one would pick in our place.
type kind string

const (
	eventStore kind = "event store" // checks versions, and can be read in order
	baseline   kind = "baseline"    // one table and INSERTs that check versions, and no promise to readers
	unchecked  kind = "no version check"
	pipe       kind = "relay"
)

type measurement struct {
	plan   plan
	log    io.Writer
	only   string
	stack  *stack
	ours   *ours
	outbox *outbox
	field  []contender
	report report
}

func (m *measurement) run(ctx context.Context) (err error) {
	if m.stack, err = startStack(ctx); err != nil {
		return err
	}
	defer m.stack.stop()
	defer func() {
		for _, c := range m.field {
			c.store.close()
		}
	}()
	if err := m.open(ctx); err != nil {
		return err
	}
	m.report = report{When: time.Now().UTC().Truncate(time.Second), Machine: machine() + ", Postgres " + m.stack.version + ", fsync and synchronous_commit on", Rounds: m.plan.rounds}
	fmt.Fprintf(m.log, "bench against peers: %s, %d rounds in turns\n", m.report.Machine, m.plan.rounds)
	for _, step := range []func(context.Context) error{m.appends, m.reads, m.relays, m.latency} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (m *measurement) wanted(what string) bool {
	wanted := strings.HasPrefix(what, m.only)
	if wanted {
		fmt.Fprintln(m.log, what)
	}
	return wanted
}

// open gives everyone a database of their own on the one Postgres.
func (m *measurement) open(ctx context.Context) (err error) {
	add := func(name string, k kind, s store) { m.field = append(m.field, contender{name, k, s}) }
	if m.ours, err = openOurs(ctx, m.stack, "ours"); err != nil {
		return err
	}
	add("dossier", eventStore, m.ours)
	for _, p := range []struct{ folder, name, database string }{{"emmett", "emmett-postgresql", "emmett"}, {"dcb-es", "dcb-es postgres", "dcb"}} {
		url, err := m.stack.database(ctx, p.database)
		if err != nil {
			return err
		}
		n, err := startNode(ctx, p.folder, p.name, url, m.log)
		if err != nil {
			return err
		}
		add(p.name+" "+n.version, eventStore, n)
	}
	selecting, err := openPlain(ctx, m.stack, "selecting", selectThenInsert)
	if err != nil {
		return err
	}
	add("SQL: select, insert each", baseline, selecting)
	inserting, err := openPlain(ctx, m.stack, "inserting", insertAll)
	if err != nil {
		return err
	}
	add("SQL: insert, unique key", baseline, inserting)
	if m.outbox, err = openOutbox(ctx, m.stack, "outbox"); err != nil {
		return err
	}
	add("watermill-sql "+versionOf("github.com/ThreeDotsLabs/watermill-sql/v3"), unchecked, m.outbox)
	return nil
}

// appends are what is appended, with the goal against the fastest event store among the peers.
var appends = []struct {
	what           string
	writers, batch int
	goal           float64
}{
	{"append, 1 writer", 1, 1, 0},
	{"append, 16 writers", 16, 1, 3},
	{"append, 256 writers", 256, 1, 8},
	{"append, batches of 100, 16 writers", 16, 100, 1.5},
}

func (m *measurement) appends(ctx context.Context) error {
	for _, a := range appends {
		if !m.wanted(a.what) {
			continue
		}
		for _, c := range m.field {
			if _, err := c.store.append(ctx, a.writers, a.batch, m.plan.warm); err != nil {
				return fmt.Errorf("warm %s: %w", c.name, err)
			}
		}
		if err := m.stack.analyze(ctx); err != nil {
			return err
		}
		rates, err := m.inTurns(ctx, m.field, func(c contender) (float64, error) { return c.store.append(ctx, a.writers, a.batch, m.plan.span) })
		if err != nil {
			return err
		}
		m.report.compare(a.what, m.field, rates, a.goal)
	}
	return nil
}

// reads drains what the appends have left, in order, from the first event.
func (m *measurement) reads(ctx context.Context) error {
	what := fmt.Sprintf("read %d events in order", m.plan.read)
	if !m.wanted(what) {
		return nil
	}
	var field []contender
	for _, c := range m.field {
		r, ok := c.store.(reader)
		if !ok {
			continue
		}
		field = append(field, c)
		for { // there must be enough to read, and the first time over warms the caches
			if _, err := r.drain(ctx, m.plan.read); err == nil {
				break
			}
			if _, err := c.store.append(ctx, 16, 100, m.plan.span); err != nil {
				return fmt.Errorf("fill %s: %w", c.name, err)
			}
		}
	}
	rates, err := m.inTurns(ctx, field, func(c contender) (float64, error) { return c.store.(reader).drain(ctx, m.plan.read) })
	if err != nil {
		return err
	}
	m.report.compare(what, field, rates, 0)
	return nil
}

func (m *measurement) forwarderName() string {
	return "forwarder: watermill " + versionOf("github.com/ThreeDotsLabs/watermill")
}

func (m *measurement) relays(ctx context.Context) error {
	what := fmt.Sprintf("relay to Kafka, %d waiting events", m.plan.relayed)
	if !m.wanted(what) {
		return nil
	}
	journal, err := openOurs(ctx, m.stack, "relaying")
	if err != nil {
		return err
	}
	defer journal.close()
	for n := m.plan.relayed; n > 0; n -= 500 {
		if err := journal.add(ctx, newEvents(min(n, 500))); err != nil {
			return fmt.Errorf("fill journal: %w", err)
		}
	}
	if err := m.outbox.fill(m.plan.relayed); err != nil {
		return err
	}
	field := []contender{{name: "dossier", kind: pipe}, {name: m.forwarderName(), kind: pipe}}
	round := 0
	rates, err := m.inTurns(ctx, field, func(c contender) (float64, error) {
		if c.name == "dossier" {
			return drained(ctx, m.plan.relayed, "dossier.events.v1", oursID, func(b []string) (func(), error) { return journal.relayed(ctx, b) })
		}
		round++
		return drained(ctx, m.plan.relayed, peerTopic, peerID, func(b []string) (func(), error) { return m.outbox.forward(ctx, b, fmt.Sprint("drain", round)) })
	})
	if err != nil {
		return err
	}
	m.report.compare(what, field, rates, 10)
	return nil
}

// latency is measured on fresh databases: neither relay has a backlog.
func (m *measurement) latency(ctx context.Context) error {
	what := fmt.Sprintf("commit to Kafka consumer, %d events/s", m.plan.perSecond)
	if !m.wanted(what) {
		return nil
	}
	var p50, p99 [2][]float64
	for round := range m.plan.rounds {
		mine, peer, err := m.latencyRound(ctx, round)
		if err != nil {
			return err
		}
		for i, took := range [][]time.Duration{mine, peer} {
			p50[i], p99[i] = append(p50[i], ms(percentile(took, 0.5))), append(p99[i], ms(percentile(took, 0.99)))
		}
	}
	m.report.delay(what+", p50", median(p50[0]), m.forwarderName(), median(p50[1]), 3)
	m.report.delay(what+", p99", median(p99[0]), m.forwarderName(), median(p99[1]), 15)
	return nil
}

func (m *measurement) latencyRound(ctx context.Context, round int) (mine, peer []time.Duration, err error) {
	journal, err := openOurs(ctx, m.stack, fmt.Sprint("latency", round))
	if err != nil {
		return nil, nil, err
	}
	defer journal.close()
	mine, err = delays(ctx, m.plan.perSecond, m.plan.delaySpan, "dossier.events.v1", oursID,
		func(b []string) (func(), error) { return journal.relayed(ctx, b) },
		func(id uuid.UUID) error {
			event := newEvents(1)
			event[0].ID = id
			return journal.add(ctx, event)
		})
	if err != nil {
		return nil, nil, fmt.Errorf("our latency: %w", err)
	}
	box, err := openOutbox(ctx, m.stack, fmt.Sprint("boxlatency", round))
	if err != nil {
		return nil, nil, err
	}
	defer box.close()
	publish := box.wrapped()
	peer, err = delays(ctx, m.plan.perSecond, m.plan.delaySpan, peerTopic, peerID,
		func(b []string) (func(), error) { return box.forward(ctx, b, "latency") },
		func(id uuid.UUID) error {
			message := newMessages(1)
			message[0].UUID = id.String()
			return publish.Publish(peerTopic, message...)
		})
	if err != nil {
		return nil, nil, fmt.Errorf("the forwarder's latency: %w", err)
	}
	return mine, peer, nil
}

// inTurns measures everyone once a round, A B C A B C …, so that a noisy moment hits all, and returns medians.
func (m *measurement) inTurns(ctx context.Context, field []contender, do func(contender) (float64, error)) ([]float64, error) {
	all := make([][]float64, len(field))
	for range m.plan.rounds {
		for i, c := range field {
			if err := m.stack.settle(ctx); err != nil {
				return nil, err
			}
			v, err := do(c)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			all[i] = append(all[i], v)
		}
	}
	medians := make([]float64, len(field))
	for i, v := range all {
		medians[i] = median(v)
	}
	return medians, nil
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// percentile expects sorted durations.
func percentile(sorted []time.Duration, p float64) time.Duration {
	return sorted[min(int(float64(len(sorted))*p), len(sorted)-1)]
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

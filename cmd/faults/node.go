package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/eventstore"
	"dossier/eventstore/relay"
	"dossier/handlers"
	"dossier/projections"
)

// node is one process of dossier with all its roles, on wires of its own.
type node struct {
	w       *world
	name    string
	db      *link
	broker  *link
	mangler *mangler
	ahead   atomic.Int64 // by which the node's clock is wrong, nanoseconds

	pool     *pgxpool.Pool
	journal  *eventstore.Journal
	executor *handlers.Executor
	relay    *relay.Relay

	mu      sync.Mutex
	engine  *projections.Engine
	stopped map[string]func() // by role
}

const (
	roleRelay     = "relay"
	roleProjector = "projector"
)

// Times that make a soak of minutes see what production sees in hours.
const (
	leaseLength = time.Second
	patience    = 500 * time.Millisecond
)

func (w *world) newNode(ctx context.Context, name string) (*node, error) {
	n := &node{w: w, name: name, stopped: map[string]func(){}, mangler: newMangler(w.seed + uint64(len(w.nodes)))}
	n.db = newLink(w.dialPostgres)
	n.broker = newLink(dialPlain)
	var err error
	if n.pool, err = w.pool(ctx, n.db, 12); err != nil {
		return nil, err
	}
	n.journal, err = eventstore.Open(ctx, n.pool, eventstore.Options{Log: w.log, Now: n.now})
	if err != nil {
		n.pool.Close()
		return nil, fmt.Errorf("open journal of %s: %w", name, err)
	}
	n.executor = handlers.NewExecutor(n.journal, handlers.ExecutorOptions{CommandKey: commandKey, Now: n.now})
	n.relay = relay.New(n.pool, n.journal, relay.Options{
		Brokers: w.kafka.addresses(), Topic: w.topic, Partitions: 8, Page: 200, Lease: leaseLength, Holder: name, Log: w.log, Kafka: n.kafkaConfig,
	})
	return n, nil
}

var commandKey = []byte("faults-faults-faults-faults-faults")

func (n *node) now() time.Time { return time.Now().Add(time.Duration(n.ahead.Load())) }

// kafkaConfig puts the node's wire under its clients and makes waiting short.
func (n *node) kafkaConfig(c *sarama.Config) {
	c.Net.Proxy.Enable, c.Net.Proxy.Dialer = true, n.broker
	c.Net.ReadTimeout, c.Net.WriteTimeout = 4*time.Second, 4*time.Second
	c.Producer.Timeout = 3 * time.Second
	c.Consumer.Group.Session.Timeout = 6 * time.Second
	c.Consumer.Group.Heartbeat.Interval = time.Second
	c.Consumer.Group.Rebalance.Timeout = 3 * time.Second
	c.Consumer.Interceptors = []sarama.ConsumerInterceptor{n.mangler}
}

// play runs a role until rest.
func (n *node) play(role string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.stopped[role] != nil {
		return
	}
	run := n.relay.Run
	if role == roleProjector {
		n.engine = projections.NewEngine(n.pool, n.journal, projections.Options{
			Brokers: n.w.kafka.addresses(), Topic: n.w.topic, Group: n.w.group, Patience: patience, Retry: 200 * time.Millisecond, Batch: 500, Log: n.w.log, Kafka: n.kafkaConfig,
		})
		run = n.engine.Run
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := run(ctx); err != nil {
			n.w.log.Error("a role ended", "node", n.name, "role", role, "err", err)
		}
	}()
	n.stopped[role] = func() { cancel(); <-done }
}

// rest stops a role.
func (n *node) rest(role string) {
	n.mu.Lock()
	stop := n.stopped[role]
	delete(n.stopped, role)
	n.mu.Unlock()
	if stop != nil {
		stop()
	}
}

func (n *node) close() {
	n.db.mend()
	n.broker.mend()
	n.rest(roleRelay)
	n.rest(roleProjector)
	n.journal.Close()
	n.pool.Close()
}

// trouble is what the node says is wrong, "" for nothing.
func (n *node) trouble() string {
	if s := n.relay.Status(); s.Role == relay.Halted || s.Err != "" {
		return "relay " + string(s.Role) + ": " + s.Err
	}
	n.mu.Lock()
	e := n.engine
	n.mu.Unlock()
	if e == nil {
		return ""
	}
	s := e.Status()
	if !s.Healthy() {
		return "views: " + s.Stale + s.Err
	}
	if !s.Listening {
		return "views: not listening to Kafka"
	}
	for _, p := range s.Projections {
		if p.Lag > lagSaid {
			return fmt.Sprintf("view %s is %s late", p.Name, p.Lag.Round(time.Second))
		}
	}
	return ""
}

// lagSaid is how late a view must say it is for a look to count as told.
const lagSaid = 2 * time.Second

var discard = slog.New(slog.DiscardHandler)

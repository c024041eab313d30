// Package relay carries the journal to Kafka. One leader reads by position, publishes a page at a time and only then moves
// its cursor, so every event arrives at least once, first occurrences in order.
package relay

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/eventstore"
)

// DefaultTopic carries all business events.
const DefaultTopic = "dossier.events.v1"

// Options of a relay. Brokers are required.
type Options struct {
	Brokers     []string
	Topic       string        // default dossier.events.v1
	Partitions  int           // of a topic the relay has to make; divides 64, default 64
	Replication int           // of a topic the relay has to make; default the broker's
	Holder      string        // who holds the lease, for people; default host and process
	Source      string        // ce_source, default "/dossier"
	Page        int           // events per publish, default 2,000
	Lease       time.Duration // default 3 s
	Log         *slog.Logger
	Kafka       func(*sarama.Config) // TLS, SASL, timeouts
}

// A Role is what a relay is doing.
type Role string

// The roles of a relay.
const (
	Leader  Role = "leader"
	Standby Role = "standby"
	Halted  Role = "halted" // Kafka tells what the journal does not: `dossier recover`
)

// Status is what a relay says of itself. Reading it costs nothing.
type Status struct {
	Role       Role
	Epoch      int64
	Cursor     int64 // everything up to here is in Kafka
	Head       int64 // last position of the journal the relay knows of
	Generation int
	Since      time.Time // of the role
	Err        string    // what is wrong now, "" when nothing
}

// Lag is how many events wait.
func (s Status) Lag() int64 { return max(0, s.Head-s.Cursor) }

// Relay publishes one journal to one topic.
type Relay struct {
	pool    *pgxpool.Pool
	journal *eventstore.Journal
	o       Options

	mu      sync.Mutex
	status  Status
	trouble [2]string // by where it is
	head    atomic.Int64
	cursor  atomic.Pointer[mark]
}

// Where trouble is: a renewal that works again says nothing about Kafka.
const (
	leasing = iota
	publishing
)

// mark is how far a topic has the journal, and by which event: the database may come back with another at that position.
type mark struct {
	position int64
	event    uuid.UUID // nil UUID when not known
	topic    uuid.UUID // Kafka's id of it, nil UUID when not known: one made again under the same name has nothing
}

// New returns a relay that does nothing until Run.
func New(pool *pgxpool.Pool, j *eventstore.Journal, o Options) *Relay {
	r := &Relay{pool: pool, journal: j, o: o.defaults()}
	r.cursor.Store(&mark{})
	r.become(Standby, 0)
	return r
}

func (o Options) defaults() Options {
	o.Topic = cmp.Or(o.Topic, DefaultTopic)
	o.Partitions = cmp.Or(o.Partitions, eventstore.Lanes)
	o.Source = cmp.Or(o.Source, "/dossier")
	o.Page = cmp.Or(o.Page, 2000)
	o.Lease = cmp.Or(o.Lease, 3*time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Holder == "" {
		host, _ := os.Hostname()
		o.Holder = fmt.Sprintf("%s/%d", host, os.Getpid())
	}
	return o
}

// Run stands by, takes the lease and publishes, again and again until the context ends. Kafka or Postgres being away is a
// status, not an end. It always returns nil.
func (r *Relay) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if l, cursor := r.standBy(ctx); l != nil {
			r.lead(ctx, l, cursor)
		}
	}
	return nil
}

// standBy polls for the lease. It returns nil when the context ends.
func (r *Relay) standBy(ctx context.Context) (*lease, mark) {
	r.become(Standby, 0)
	r.note(ctx, publishing, nil)
	// Two relays of one process must not take each other for themselves.
	holder := r.o.Holder + "/" + uuid.NewString()[:8]
	for {
		l, cursor, err := take(ctx, r.pool, holder, r.o.Lease)
		if l != nil {
			r.note(ctx, leasing, nil)
			return l, cursor
		}
		if err == nil {
			err = r.follow(ctx)
		}
		r.note(ctx, leasing, err)
		if !pause(ctx, r.o.Lease/6) {
			return nil, mark{}
		}
	}
}

// follow keeps a standby's status true.
func (r *Relay) follow(ctx context.Context) error {
	cursor, epoch, _, err := Head(ctx, r.pool)
	if err != nil {
		return err
	}
	head, err := r.journal.Head(ctx)
	if err != nil {
		return err
	}
	r.cursor.Store(&mark{position: cursor})
	r.head.Store(head)
	r.mu.Lock()
	r.status.Epoch = epoch
	r.mu.Unlock()
	return nil
}

// Status says what the relay is doing. It reads memory only.
func (r *Relay) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.status
	s.Err = cmp.Or(r.trouble[publishing], r.trouble[leasing])
	s.Cursor = r.cursor.Load().position
	s.Head = max(r.head.Load(), s.Cursor)
	return s
}

// sendingTrouble is what a leader tells the other processes.
func (r *Relay) sendingTrouble() Trouble {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.status.Role == Halted:
		return KafkaDiffers
	case r.trouble[publishing] != "":
		return Failing
	}
	return ""
}

func (r *Relay) become(role Role, epoch int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.status.Role == role && r.status.Epoch == epoch {
		return
	}
	if r.status.Role != "" {
		r.o.Log.Info("relay is now "+string(role), "epoch", epoch, "topic", r.o.Topic)
	}
	r.status.Role, r.status.Epoch, r.status.Since = role, epoch, time.Now()
}

// note keeps what is wrong, nil for nothing, and logs it once.
func (r *Relay) note(ctx context.Context, where int, err error) {
	if ctx.Err() != nil {
		return
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	r.mu.Lock()
	changed := r.trouble[where] != text
	r.trouble[where] = text
	r.mu.Unlock()
	switch {
	case changed && text != "":
		r.o.Log.Warn("relay cannot go on", "topic", r.o.Topic, "err", text)
	case changed:
		r.o.Log.Info("relay goes on", "topic", r.o.Topic)
	}
}

// pause returns false when the context ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

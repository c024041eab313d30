// Package relay carries the journal to Kafka. One leader reads by position, publishes a page at a time and only then moves
// its cursor, so every event arrives at least once, first occurrences in order.
package relay

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill/message"
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

// Relay publishes one journal.
type Relay struct {
	pool    *pgxpool.Pool
	journal *eventstore.Journal
	o       Options
}

var errNotBuilt = errors.New("not built yet")

// New returns a relay that does nothing until Run.
func New(pool *pgxpool.Pool, j *eventstore.Journal, o Options) *Relay {
	return &Relay{pool: pool, journal: j, o: o}
}

// Run stands by, takes the lease and publishes until the context ends.
func (r *Relay) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Status says what the relay is doing.
func (r *Relay) Status() Status { return Status{} }

// Head returns the newest cursor written: everything up to it is in Kafka.
func Head(ctx context.Context, pool *pgxpool.Pool) (cursor, epoch int64, at time.Time, err error) {
	return 0, 0, time.Time{}, errNotBuilt
}

// Recovery says where two histories part and what was or would be done.
type Recovery struct {
	Fork       int64 // first position that Kafka and the journal tell differently, 0 when they agree
	Generation int   // opened, or to be opened
	Orphans    int64 // messages in Kafka that the journal does not have
	Done       bool
}

// Recover opens a new generation at the fork.
func Recover(ctx context.Context, pool *pgxpool.Pool, j *eventstore.Journal, o Options, dryRun bool) (Recovery, error) {
	return Recovery{}, errNotBuilt
}

// NewPublisher returns a publisher that sends all messages of a call together.
func NewPublisher(o Options) (message.Publisher, error) { return nil, errNotBuilt }

// SaramaConfig returns the settings every Kafka client of dossier uses.
func SaramaConfig(o Options) *sarama.Config { return sarama.NewConfig() }

// Marshaler is the one place where watermill's messages become Kafka's and back.
type Marshaler struct{}

// Marshal makes a Kafka message.
func (Marshaler) Marshal(topic string, msg *message.Message) (*sarama.ProducerMessage, error) {
	return nil, errNotBuilt
}

// Unmarshal never fails.
func (Marshaler) Unmarshal(m *sarama.ConsumerMessage) (*message.Message, error) {
	return nil, errNotBuilt
}

// Decode returns what a message carries.
func Decode(msg *message.Message) (eventstore.Delivered, error) {
	return eventstore.Delivered{}, errNotBuilt
}

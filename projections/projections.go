// Package projections keeps read models that are rows of Postgres, fed by Kafka and never trusting it. A checkpoint per lane,
// moved in the same transaction as the rows, says what is in; whatever Kafka lost is read from the journal.
package projections

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/IBM/sarama"
)

// A Projection turns what happened to dossiers into rows of its own table. A row is a function of one stream's events, so
// the order across streams never matters.
type Projection interface {
	Name() string
	Version() int // part of the table's name; a new shape is a new version beside the old one

	// Apply adds the rows of these moments to what is sent. The moments of one stream are in order.
	Apply(ctx context.Context, f *flight, moments []Moment) error
}

// Live lists the projections that this binary reads and feeds.
func Live() []Projection { return []Projection{Dossiers{}, DossierVersions{}, History{}, Timers{}} }

// key names a projection in the tables of checkpoints and parked streams; it is its table's name too.
func key(p Projection) string { return p.Name() + "_v" + strconv.Itoa(p.Version()) }

func keys(live []Projection) []string {
	all := make([]string, len(live))
	for i, p := range live {
		all[i] = key(p)
	}
	return all
}

// DefaultTopic and DefaultGroup are where events come from and as whom they are read.
const (
	DefaultTopic = "dossier.events.v1"
	DefaultGroup = "dossier.projections"
)

// Options of an engine. Without Brokers or with NoKafka it reads the journal alone.
type Options struct {
	Brokers []string
	Topic   string // default dossier.events.v1
	Group   string // default dossier.projections
	NoKafka bool   // read the journal alone
	Batch   int    // events in one transaction at most, default 2,000
	Queue   int    // events heard and not yet applied at most, default 4,000
	Bytes   int64  // of these events at most, default 64 MB
	Streams int    // states kept in memory at least, default 4,096; twice as many at most
	Log     *slog.Logger
	Kafka   func(*sarama.Config) // TLS, SASL, timeouts

	// Check is how long a sweep that compares every row with a fold takes at least; it takes longer when that would be more than a tenth
	// of a connection's time. Rows that somebody else changed are compared within seconds all the same. 0: never.
	Check time.Duration

	// Patience is how long a lane may stand still before an event that the journal has and Kafka does not bring; default 2 s.
	Patience time.Duration
	// Answer is how long Postgres may take over one step before it is given up and another connection is tried; default 30 s.
	Answer time.Duration
	// Retry is the wait before a parked stream is tried again; it doubles with each failure up to an hour. Default 10 s.
	Retry time.Duration
}

func (o Options) withDefaults() Options {
	o.Topic = or(o.Topic, DefaultTopic)
	o.Group = or(o.Group, DefaultGroup)
	o.Batch = or(o.Batch, 2000)
	o.Queue = or(o.Queue, 4000)
	o.Bytes = or(o.Bytes, 64<<20)
	o.Streams = or(o.Streams, 4096)
	o.Patience = or(o.Patience, 2*time.Second)
	o.Answer = or(o.Answer, 30*time.Second)
	o.Retry = or(o.Retry, 10*time.Second)
	o.NoKafka = o.NoKafka || len(o.Brokers) == 0
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

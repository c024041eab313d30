package projections

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/semaphore"

	"dossier/eventstore"
)

// Engine feeds all live projections of a process: one consumer group, one decoding, one transaction for all of them.
type Engine struct {
	pool    *pgxpool.Pool
	conn    *pgx.Conn // its own, see ready
	flight  flight    // on it
	journal *eventstore.Journal
	o       Options
	live    []Projection
	keys    []string

	queue  chan eventstore.Delivered
	room   *semaphore.Weighted            // bytes that may still be heard
	heard  [eventstore.Lanes]atomic.Int64 // when a lane was last delivered, Unix nanoseconds
	ahead  batch                          // the one after what is being written
	states *states
	stand  *standing
	parked parked

	generations eventstore.Generations
	looks       []look       // how things stood, the oldest first
	read        int64        // without Kafka: all events up to here are in, as this connection knows; 0: not known
	lifted      time.Time    // when all lanes were moved up last
	sweepable   atomic.Int64 // checkpoint rows that wait to be deleted

	running  atomic.Bool
	patient  *time.Timer                    // until nothing has been done for too long
	least    [eventstore.Lanes]atomic.Int64 // stand.least, for waiters
	signal   signal
	counters counters
	report   report
}

// NewEngine returns an engine that does nothing until Run. Run it once.
func NewEngine(pool *pgxpool.Pool, j *eventstore.Journal, o Options) *Engine {
	return newEngine(pool, j, o, Live())
}

func newEngine(pool *pgxpool.Pool, j *eventstore.Journal, o Options, live []Projection) *Engine {
	o = o.withDefaults()
	e := &Engine{
		pool: pool, journal: j, o: o, live: live, keys: keys(live),
		queue: make(chan eventstore.Delivered, o.Queue), room: semaphore.NewWeighted(o.Bytes), states: newStates(j, o.Streams), stand: newStanding(len(live)),
		patient: time.AfterFunc(0, func() {}),
	}
	e.report.status.Projections = unknownProgress(live)
	return e
}

// Run applies events until the context ends. Whatever fails is tried again; the status says so meanwhile. Several processes
// may run one, each is safe against all others.
func (e *Engine) Run(ctx context.Context) error {
	e.running.Store(true)
	defer e.running.Store(false)
	defer e.disconnect(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	if !e.o.NoKafka {
		beside.Go(func() { e.listen(ctx) })
	}
	beside.Go(func() { e.keep(ctx) })
	beside.Go(func() { e.check(ctx) })
	committed, stop := e.journal.Watch()
	defer stop()
	if !e.o.NoKafka {
		committed = nil // the relay's delivery is as fast and carries the event
	}

	e.persist(ctx, "start", e.begin)
	tick := time.NewTimer(e.pace())
	defer tick.Stop()
	for {
		queue := e.queue
		if len(e.ahead.heard) > 0 {
			queue = nil // what is ahead comes first
		}
		select {
		case <-ctx.Done():
			return nil
		case <-e.ahead.ready():
			b := e.ahead
			e.ahead = batch{}
			e.handle(ctx, e.drain(b))
		case d := <-queue:
			e.handle(ctx, e.drain(batch{[]eventstore.Delivered{d}, e.weight(d)}))
		case <-committed:
			e.persist(ctx, "read the journal", e.followJournal)
		case <-tick.C:
			e.once(ctx, "tend", e.tend)
			tick.Reset(e.pace())
		}
	}
}

// begin reads where things stand.
func (e *Engine) begin(ctx context.Context) error {
	if err := e.ready(ctx); err != nil {
		return err
	}
	return e.loadGenerations(ctx)
}

// pace is the time between two looks at everything that Kafka does not bring. It varies, so that two processes do not keep
// colliding over the lanes that stand idle.
func (e *Engine) pace() time.Duration {
	half := e.o.Patience / 2
	if e.o.NoKafka {
		half = min(half, 100*time.Millisecond) // commits of other processes are found by looking
	}
	return half*9/10 + rand.N(half/5+1)
}

func (e *Engine) handle(ctx context.Context, b batch) {
	e.persist(ctx, "apply", func(ctx context.Context) error { return e.deliver(ctx, b.heard) })
	e.room.Release(b.bytes)
}

// weight is what an event takes of the room, at most all of it.
func (e *Engine) weight(d eventstore.Delivered) int64 {
	const beside = 512 // the texts
	return min(int64(len(d.Data)+len(d.Meta)+beside), e.o.Bytes)
}

// errHung says that the database has not answered.
var errHung = errors.New("the database does not answer")

// try does it once, on a connection that was there before anything is read. What is not answered is given up: the connection may
// lead to a server that hangs while another has taken over.
func (e *Engine) try(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	e.patient = time.AfterFunc(e.o.Answer, func() { cancel(errHung) })
	defer e.patient.Stop()
	err := e.ready(ctx)
	if err == nil {
		err = do(ctx)
	}
	if err != nil && errors.Is(context.Cause(ctx), errHung) {
		err = fmt.Errorf("%w for %s: %w", errHung, e.o.Answer, err)
	}
	if err != nil && !errors.Is(err, errMoved) {
		// The next connection may find another server, or the same in a better state. What was done may be in, in part or whole.
		e.disconnect(ctx)
	}
	return err
}

// once tries what the next tick tries again: deliveries should not wait for it.
func (e *Engine) once(ctx context.Context, what string, do func(context.Context) error) {
	switch err := e.try(ctx, do); {
	case errors.Is(err, errMoved):
		e.counters.lost.Add(1)
		e.persist(ctx, "read where things stand", e.load)
	case err != nil && ctx.Err() == nil:
		e.counters.retried.Add(1)
		e.report.fault(err)
		e.o.Log.Warn("projections: "+what+" failed, trying again", "error", err)
	default:
		e.report.fault(nil)
	}
}

// persist does it until it is done or the context ends. A move that another process has made first is no fault: what is in is
// read again and the rest is done.
func (e *Engine) persist(ctx context.Context, what string, do func(context.Context) error) {
	const longest = time.Second
	wait := 10 * time.Millisecond
	for {
		err := e.try(ctx, do)
		if errors.Is(err, errMoved) {
			e.counters.lost.Add(1)
			if err = e.try(ctx, e.load); err == nil {
				continue
			}
		}
		if err == nil || ctx.Err() != nil {
			e.report.fault(nil)
			return
		}
		e.counters.retried.Add(1)
		e.report.fault(err)
		e.o.Log.Warn("projections: "+what+" failed, trying again", "error", err, "in", wait)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = min(2*wait, longest)
	}
}

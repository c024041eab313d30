// Package hostile asks a journal for what it must do and for what it must refuse, from many clients at once, and judges every
// answer while the asking goes on. A stream gets some requests, is held against the journal and against porcupine, and is
// forgotten: memory stays flat however many appends are made.
package hostile

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/eventstore"
)

// Front is the journal of one process and how many clients ask it.
type Front struct {
	Journal *eventstore.Journal
	Clients int
}

// Options of an attack.
type Options struct {
	Fronts   []Front
	Truth    *pgxpool.Pool         // what the journal holds is read over it: nobody may cut it
	Appends  int64                 // to ask for
	Streams  int                   // asked at once; default: one for each client
	Requests int                   // of one stream, default 160
	Cut      func(context.Context) // ends sessions, or what else a journal must live through; called after each Every appends
	Every    int64
	Seed     uint64
	Progress func(Report) // now and then
}

// away is how long a client leaves a journal alone that cannot take its request.
const away = 200 * time.Millisecond

// unforgotten is how many streams are remembered at most: those being asked, and those waiting for their judgement.
const unforgotten = 1024

// attack is clients, one follower of the journal and some judges at work.
type attack struct {
	o      Options
	began  time.Time
	cancel context.CancelFunc

	asked    atomic.Int64 // appends
	acked    atomic.Int64 // greatest position that was acknowledged
	slots    []atomic.Pointer[stream]
	room     chan struct{} // one token for each remembered stream
	judges   chan struct{} // one token for each at work
	retiring sync.WaitGroup
	follower follower
	drained  tide // microseconds since 1970: no append from before is under way
	loot     loot
	size     int64 // of a partition, positions
	report   tally

	mu   sync.Mutex
	live map[uuid.UUID]*stream
}

// Run asks until so many appends were asked for and everything is judged, or until something is wrong. What is wrong is in the
// report; an error says that the attack could not go on.
func Run(ctx context.Context, o Options) (Report, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a := newAttack(o, cancel)
	if err := a.look(ctx); err != nil {
		return Report{}, err
	}
	following, followed := context.WithCancel(ctx)
	var background, clients sync.WaitGroup
	background.Go(func() { a.follow(following) })
	background.Go(func() { a.drain(following) })
	background.Go(func() { a.cut(following) })
	background.Go(func() { a.progress(following) })
	for i, f := range o.Fronts {
		for c := range f.Clients {
			r := rand.New(rand.NewPCG(o.Seed, uint64(i)<<32|uint64(c)))
			clients.Go(func() { a.client(ctx, i, r) })
		}
	}
	clients.Wait()
	for i := range a.slots {
		if s := a.slots[i].Load(); s.finish() {
			a.retire(ctx, s)
		}
	}
	a.retiring.Wait()
	followed()
	background.Wait()
	r := a.summary()
	if r.Wrong == "" && ctx.Err() != nil {
		return r, context.Cause(ctx)
	}
	return r, nil
}

// look learns what the journal is when the attack begins.
func (a *attack) look(ctx context.Context) (err error) {
	if a.follower.last, err = a.head(ctx); err != nil {
		return fmt.Errorf("read head: %w", err)
	}
	a.follower.read.rise(a.follower.last)
	err = a.o.Truth.QueryRow(ctx, `
		select to_position - from_position + 1
		  from journal.partitions
		 where journal = 'events'
		 order by from_position desc
		 limit 1`).Scan(&a.size)
	if err != nil {
		return fmt.Errorf("read partition size: %w", err)
	}
	return nil
}

func newAttack(o Options, cancel context.CancelFunc) *attack {
	if o.Streams == 0 {
		for _, f := range o.Fronts {
			o.Streams += f.Clients
		}
	}
	if o.Requests == 0 {
		o.Requests = 160
	}
	a := &attack{
		o: o, began: time.Now(), cancel: cancel, slots: make([]atomic.Pointer[stream], o.Streams), live: map[uuid.UUID]*stream{},
		room: make(chan struct{}, max(unforgotten, 2*o.Streams)), judges: make(chan struct{}, runtime.GOMAXPROCS(0)),
	}
	for i := range a.slots {
		a.slots[i].Store(a.stream())
	}
	return a
}

func (a *attack) now() int64 { return int64(time.Since(a.began)) }

// stream makes a new one as soon as there is room.
func (a *attack) stream() *stream {
	a.room <- struct{}{}
	s := newStream(a.o.Requests, len(a.o.Fronts))
	a.mu.Lock()
	defer a.mu.Unlock()
	a.live[s.ID] = s
	return s
}

func (a *attack) forget(s *stream) {
	a.mu.Lock()
	delete(a.live, s.ID)
	a.mu.Unlock()
	<-a.room
}

func (a *attack) known(id uuid.UUID) *stream {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.live[id]
}

// client asks for one thing after the other. A fifth of what it asks goes to a sixteenth of the streams, where many meet.
func (a *attack) client(ctx context.Context, front int, r *rand.Rand) {
	for ctx.Err() == nil && a.asked.Load() < a.o.Appends {
		among := len(a.slots)
		if r.IntN(5) == 0 {
			among = (among + 15) / 16
		}
		slot := &a.slots[r.IntN(among)]
		s := slot.Load()
		o := s.begin(a, draw(r), front, r)
		if o == nil { // it has had its requests
			if fresh := a.stream(); !slot.CompareAndSwap(s, fresh) {
				a.forget(fresh)
			}
			continue
		}
		a.ask(ctx, s, o, r)
		if s.end(o) {
			a.retire(ctx, s)
		}
		if o.outcome == unknown && o.busy {
			wait(ctx, away)
		}
	}
}

// ask does what the operation says and notes the answer.
func (a *attack) ask(ctx context.Context, s *stream, o *op, r *rand.Rand) {
	if kinds[o.kind].verb == appends {
		a.asked.Add(1)
	}
	j := a.o.Fronts[o.front].Journal
	result, err := verbs[kinds[o.kind].verb](ctx, j, s, o, r)
	o.answer = a.now()
	a.classify(o, result, err)
	a.report.counts[o.kind][o.outcome].Add(1)
	if o.outcome == done {
		a.acknowledged(s, o)
	}
}

func (a *attack) acknowledged(s *stream, o *op) {
	raise(&a.acked, o.last)
	a.loot.offer(s, o)
	if o.kind == head && o.last < o.floor {
		a.wrong(order, "the head was %d after %d had been acknowledged", o.last, o.floor)
	}
}

// classify says what an answer means. An error that nobody can explain is wrong.
func (a *attack) classify(o *op, r eventstore.Result, err error) {
	var conflicting *eventstore.ConflictError
	var malformed *eventstore.MalformedError
	var early *eventstore.OccurredAheadError
	switch {
	case err == nil:
		o.outcome, o.version, o.from, o.last, o.recorded = done, r.Version, r.First, r.Last, r.RecordedAt.UnixMicro()
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled): // a command's caller may leave between two conflicts
		o.outcome = unknown
	case errors.As(err, &conflicting) && kinds[o.kind].verb == appends: // commands are decided again until they meet none
		o.outcome, o.version = conflict, conflicting.Actual
	case errors.As(err, &malformed), errors.As(err, &early), errors.Is(err, eventstore.ErrCommandReused):
		o.outcome = refused
	case errors.Is(err, eventstore.ErrBusy):
		o.outcome, o.busy = unknown, true
	case isRead(kinds[o.kind].verb, err):
		o.outcome = unknown
	default:
		o.outcome = unknown
		a.wrong(other, "%s was answered with %v", kinds[o.kind].name, err)
	}
}

// cut counts appends and not time: on a slow machine nothing would be left between two cuts.
func (a *attack) cut(ctx context.Context) {
	for next := a.o.Every; a.o.Cut != nil && ctx.Err() == nil; {
		if at := a.asked.Load(); at >= next && at < a.o.Appends {
			a.o.Cut(ctx)
			next = at + a.o.Every
		}
		wait(ctx, time.Millisecond)
	}
}

// wrong notes what must not be and ends the attack.
func (a *attack) wrong(c class, format string, args ...any) {
	a.report.mu.Lock()
	defer a.report.mu.Unlock()
	if a.report.first != "" {
		return // what ends with the attack looks wrong
	}
	a.report.first = fmt.Sprintf(format, args...)
	a.report.wrong[c].Add(1)
	a.cancel()
}

func raise(a *atomic.Int64, to int64) {
	for {
		is := a.Load()
		if to <= is || a.CompareAndSwap(is, to) {
			return
		}
	}
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

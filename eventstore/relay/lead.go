package relay

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"dossier/eventstore"
)

const (
	leastBackoff = 100 * time.Millisecond
	mostBackoff  = 2 * time.Second
	pruneEvery   = 200 // beats
	patience     = 3   // lengths of a lease without success, after which another may have it
)

// term is one time of leadership.
type term struct {
	*Relay
	lease *lease
	again chan error   // asks the session to compare with Kafka again
	well  atomic.Int64 // when a page arrived last, or nothing waited, by the monotonic clock
}

// lead publishes until the context ends or the lease is lost.
func (r *Relay) lead(ctx context.Context, l *lease, cursor mark) {
	r.become(Leader, l.epoch)
	l.trouble = r.sendingTrouble
	r.cursor.Store(&cursor)
	ctx, end := context.WithCancelCause(ctx)
	t := &term{Relay: r, lease: l, again: make(chan error, 1)}
	t.succeed()
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		t.keep(ctx, end)
	}()
	t.publishFor(ctx)
	end(nil)
	<-kept
	t.resign()
}

// publishFor runs sessions, one after the other, each beginning at the cursor.
func (t *term) publishFor(ctx context.Context) {
	backoff := leastBackoff
	for ctx.Err() == nil {
		before := t.cursor.Load()
		err := t.session(ctx)
		if away := (*eventstore.ArchiveError)(nil); errors.As(err, &away) {
			err = fmt.Errorf("%w; nothing more is published before this file is in ARCHIVE_DIR again", err)
		}
		t.note(ctx, publishing, err)
		if fork := (*ForkError)(nil); errors.As(err, &fork) {
			t.halt(ctx)
			continue
		}
		if t.cursor.Load() != before {
			backoff = leastBackoff
		}
		pause(ctx, backoff)
		backoff = min(2*backoff, mostBackoff)
	}
}

// session connects, compares and publishes until something fails.
func (t *term) session(ctx context.Context) error {
	kafka, err := t.connect(ctx)
	if err != nil {
		return err
	}
	defer kafka.close()
	defer closeLate(ctx, kafka)()
	t.journal.NewEra() // before anything is read: what was committed before may be gone
	tails, err := kafka.tails()
	if err != nil {
		return err
	}
	cursor := *t.cursor.Load()
	b, err := t.compare(ctx, kafka, tails, cursor)
	if err != nil {
		return err
	}
	if b.after.position < cursor.position {
		t.o.Log.Warn("kafka lacks events and gets them again", "topic", t.o.Topic, "after", b.after.position, "cursor", cursor.position)
	}
	f, err := t.open(kafka, tails, b)
	if err != nil {
		return err
	}
	t.become(Leader, t.lease.epoch)
	t.note(ctx, publishing, nil)
	return f.run(ctx)
}

// compare may read archived events for long, which is no failure of Kafka.
func (t *term) compare(ctx context.Context, kafka *topic, tails []tail, cursor mark) (beginning, error) {
	began, well := time.Now(), t.well.Swap(math.MaxInt64)
	b, err := compare(ctx, t.journal, kafka, tails, cursor)
	t.well.Store(well + int64(time.Since(began)))
	return b, err
}

// connect does not wait for a Kafka that does not answer when the term is over.
func (t *term) connect(ctx context.Context) (*topic, error) {
	type answer struct {
		kafka *topic
		err   error
	}
	got := make(chan answer, 1)
	go func() {
		kafka, err := connect(t.o, true)
		got <- answer{kafka, err}
	}()
	select {
	case a := <-got:
		return a.kafka, a.err
	case <-ctx.Done():
		go func() {
			if a := <-got; a.err == nil {
				a.kafka.close()
			}
		}()
		return nil, context.Cause(ctx)
	}
}

// closeLate lets a page that is on its way arrive when the term ends, and cuts it off when Kafka does not answer.
func closeLate(ctx context.Context, kafka *topic) (stop func()) {
	done := make(chan struct{})
	unhook := context.AfterFunc(ctx, func() {
		select {
		case <-done:
		case <-time.After(3 * time.Second):
			kafka.close()
		}
	})
	return func() {
		unhook()
		close(done)
	}
}

// halt waits until someone opened a generation, or mended Kafka. The lease is kept: another relay would halt too.
func (t *term) halt(ctx context.Context) {
	t.become(Halted, t.lease.epoch)
	t.succeed()
	known, err := t.journal.Generations(ctx)
	for range 10 {
		if !pause(ctx, t.lease.length/6) {
			return
		}
		var now eventstore.Generations
		if now, err = t.journal.Generations(ctx); err == nil && len(now) != len(known) {
			return
		}
	}
}

// keep renews the lease. While the database is away nothing is published after the lease's end, and the term goes on if
// nobody else took it. So it does when Kafka has taken nothing for long: a relay that can reach it may be standing by.
func (t *term) keep(ctx context.Context, end context.CancelCauseFunc) {
	for n := 1; ; n++ {
		at, length, rest := t.cursor.Load(), t.lease.length, t.lease.length/6
		if t.fails() {
			t.o.Log.Info("relay offers its lease to others", "epoch", t.lease.epoch)
			t.succeed()
			length, rest = 0, t.lease.length/2
		}
		news, err := t.lease.renew(ctx, *at, length)
		if errors.Is(err, errLost) {
			end(errLost)
			return
		}
		t.note(ctx, leasing, err)
		if err == nil {
			t.head.Store(news.head)
			t.doubt(at, news)
		}
		if n%pruneEvery == 1 {
			_ = t.lease.prune(ctx) // the next one will do
		}
		if !pause(ctx, rest) {
			return
		}
	}
}

func (t *term) succeed() { t.well.Store(int64(time.Since(start))) }

func (t *term) fails() bool {
	return int64(time.Since(start))-t.well.Load() > patience*int64(t.lease.length)
}

// doubt asks for another comparison when the database is not the one that was published from. What is archived by now has been
// compared already.
func (t *term) doubt(at *mark, n news) {
	if at.event != uuid.Nil && at.position > n.archived && n.atCursor != at.event {
		t.restart(errLacks(at.position, at.event))
	}
	t.mu.Lock()
	told := t.status.Generation
	t.mu.Unlock()
	if told != 0 && n.generation != told {
		t.restart(fmt.Errorf("generation %d was opened", n.generation))
	}
}

func (t *term) restart(why error) {
	select {
	case t.again <- why:
	default:
	}
}

// resign lets a standby take over at once and leaves the exact cursor, so that a clean stop sends nothing twice.
func (t *term) resign() {
	_, _ = t.lease.renew(context.Background(), *t.cursor.Load(), 0) // else it expires by itself
}

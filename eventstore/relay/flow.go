package relay

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/IBM/sarama"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"

	"dossier/eventstore"
)

const (
	leastPoll  = time.Millisecond
	mostPoll   = 25 * time.Millisecond // commits of other processes wait at most this long
	checkEvery = 5 * time.Second
)

// flow is pages on their way from the journal to one topic.
type flow struct {
	*term
	kafka       *topic
	publisher   *publisher
	generations eventstore.Generations
	prev        [eventstore.Lanes]int64
	after       int64     // last position read
	last        uuid.UUID // the event there, once one was read
	checked     time.Time
	foreign     time.Time // when a commit of another process was last found by looking
}

func (t *term) open(ctx context.Context, kafka *topic, g eventstore.Generations, after int64) (*flow, error) {
	prev, err := t.journal.LaneEnds(ctx, after)
	if err != nil {
		return nil, err
	}
	p, err := newPublisher(kafka.client)
	if err != nil {
		return nil, err
	}
	t.cursor.Store(&mark{position: after})
	t.mu.Lock()
	t.status.Generation = g.Current()
	t.mu.Unlock()
	select {
	case <-t.again: // a doubt about the session before
	default:
	}
	return &flow{term: t, kafka: kafka, publisher: p, generations: g, prev: prev, after: after, checked: time.Now()}, nil
}

// page is what was read, ready to send.
type page struct {
	messages []*message.Message
	last     mark
	err      error
}

// run publishes page after page. While a full page is on its way the next is read: behind a backlog reading costs no time,
// and without one a page takes all that came meanwhile.
func (f *flow) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	wake, stop := f.journal.Watch()
	defer stop()
	next := f.wait(ctx, wake)
	for next.err == nil {
		var ahead chan page
		if len(next.messages) == f.o.Page {
			ahead = make(chan page, 1)
			go func() { ahead <- f.read(ctx) }()
		}
		err := f.send(ctx, next)
		switch {
		case err != nil:
			cancel()
			next.err = err
			if ahead != nil {
				<-ahead
			}
		case ahead != nil:
			next = <-ahead
		default:
			next = page{}
		}
		if next.err == nil && len(next.messages) == 0 {
			next = f.wait(ctx, wake)
		}
	}
	return next.err
}

// send publishes a page under a lease that is held and moves the cursor.
func (f *flow) send(ctx context.Context, p page) error {
	select {
	case why := <-f.again:
		return why
	default:
	}
	for !f.lease.held() {
		if !pause(ctx, leastPoll) {
			return context.Cause(ctx)
		}
	}
	if err := f.publisher.Publish(f.o.Topic, p.messages...); err != nil {
		return err
	}
	f.cursor.Store(&p.last)
	return nil
}

// wait reads until there is something: at once after a commit of this process. Commits of other processes are found by
// looking, often while they keep coming and ever more rarely otherwise.
func (f *flow) wait(ctx context.Context, wake <-chan struct{}) page {
	poll := mostPoll
	if time.Since(f.foreign) < time.Second {
		poll = leastPoll
	}
	for look, looked := f.after == 0 || f.journal.Known() > f.after, false; ; {
		if look {
			p := f.read(ctx)
			if len(p.messages) > 0 && looked {
				f.foreign = time.Now()
			}
			if p.err != nil || len(p.messages) > 0 {
				return p
			}
		}
		if err := f.check(); err != nil {
			return page{err: err}
		}
		select {
		case <-ctx.Done():
			return page{err: context.Cause(ctx)}
		case why := <-f.again:
			return page{err: why}
		case <-wake:
			look, looked = f.journal.Known() > f.after, false
		case <-time.After(poll):
			look, looked = true, true
			poll = min(2*poll, mostPoll)
		}
	}
}

// read makes messages of the next events.
func (f *flow) read(ctx context.Context) page {
	events, err := f.next(ctx)
	if err != nil || len(events) == 0 {
		return page{err: err}
	}
	messages := make([]*message.Message, len(events))
	for i, e := range events {
		if e.Position != f.after+1 {
			return page{err: fmt.Errorf("the journal has position %d after %d", e.Position, f.after)}
		}
		d := eventstore.Delivered{Event: e, Prev: f.prev[e.Lane], Generation: f.generations.Of(e.Position)}
		messages[i] = Message(d, f.o.Source)
		f.prev[e.Lane], f.after, f.last = e.Position, e.Position, e.ID
	}
	last := events[len(events)-1]
	return page{messages: messages, last: mark{position: last.Position, event: last.ID}}
}

// next returns the events after the last one, from memory if this process has just written them. What is read from the
// database begins with the last event itself: a database that failed over without it, and has grown past it since, is found out
// before anything of its new history is sent with the old one's lane ends.
func (f *flow) next(ctx context.Context) ([]eventstore.Event, error) {
	if events := f.journal.RecentPage(f.after, f.o.Page); len(events) > 0 {
		return events, nil
	}
	if f.last == uuid.Nil {
		return f.journal.Page(ctx, f.after, f.o.Page)
	}
	events, err := f.journal.Page(ctx, f.after-1, f.o.Page+1)
	if err != nil {
		return nil, err
	}
	if len(events) == 0 || events[0].ID != f.last {
		return nil, fmt.Errorf("the journal no longer has event %s at position %d", f.last, f.after)
	}
	return events[1:], nil
}

// check notices a topic that was deleted and made again, or got more partitions, while nothing was sent.
func (f *flow) check() error {
	if time.Since(f.checked) < checkEvery {
		return nil
	}
	f.checked = time.Now()
	if err := f.kafka.client.RefreshMetadata(f.kafka.name); err != nil {
		return fmt.Errorf("look for topic %s: %w", f.kafka.name, err)
	}
	if now, err := f.kafka.client.Partitions(f.kafka.name); err != nil || int32(len(now)) != f.kafka.partitions {
		return cmp.Or(err, errRemade)
	}
	newest, err := f.kafka.offsets(sarama.OffsetNewest)
	if err != nil {
		return err
	}
	for partition, last := range f.publisher.newest {
		if newest[partition] <= last {
			return errRemade
		}
	}
	return nil
}

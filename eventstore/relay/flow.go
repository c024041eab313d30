package relay

import (
	"cmp"
	"context"
	"errors"
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
	beginning // after moves with what was read
	kafka     *topic
	publisher *publisher
	checked   time.Time
	foreign   time.Time // when a commit of another process was last found by looking
}

func (t *term) open(kafka *topic, tails []tail, b beginning) (*flow, error) {
	p, err := newPublisher(kafka.client)
	if err != nil {
		return nil, err
	}
	for _, end := range tails {
		p.newest[end.partition] = end.newest - 1
	}
	t.cursor.Store(&b.after)
	t.mu.Lock()
	t.status.Generation = b.generations.Current()
	t.mu.Unlock()
	select {
	case <-t.again: // a doubt about the session before
	default:
	}
	return &flow{term: t, beginning: b, kafka: kafka, publisher: p, checked: time.Now()}, nil
}

// page is what was read, ready to send.
type page struct {
	events   int
	messages []*message.Message // of the events that Kafka lacks
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
		if next.events == f.o.Page {
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
		if next.err == nil && next.events == 0 {
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
	err := f.publisher.Publish(f.o.Topic, p.messages...)
	switch {
	case errors.Is(err, errRewound):
		f.cursor.Store(&mark{topic: nowhere}) // the next session begins at the start
	case err == nil:
		f.cursor.Store(&p.last)
		f.succeed()
	}
	return err
}

// wait reads until there is something: at once after a commit of this process. Commits of other processes are found by
// looking, often while they keep coming and ever more rarely otherwise.
func (f *flow) wait(ctx context.Context, wake <-chan struct{}) page {
	poll := mostPoll
	if time.Since(f.foreign) < time.Second {
		poll = leastPoll
	}
	for look, looked := f.after.position == 0 || f.journal.Known() > f.after.position, false; ; {
		if look {
			p := f.read(ctx)
			if p.events > 0 && looked {
				f.foreign = time.Now()
			}
			if p.err != nil || p.events > 0 {
				return p
			}
		}
		f.succeed()
		if err := f.check(); err != nil {
			return page{err: err}
		}
		select {
		case <-ctx.Done():
			return page{err: context.Cause(ctx)}
		case why := <-f.again:
			return page{err: why}
		case <-wake:
			look, looked = f.journal.Known() > f.after.position, false
		case <-time.After(poll):
			look, looked = true, true
			poll = min(2*poll, mostPoll)
		}
	}
}

// read makes messages of the next events. What Kafka has already is not sent again: in a partition no position ever follows a
// greater one, so its end always tells the newest.
func (f *flow) read(ctx context.Context) page {
	events, err := f.next(ctx)
	if err != nil || len(events) == 0 {
		return page{err: err}
	}
	messages := make([]*message.Message, 0, len(events))
	for _, e := range events {
		if e.Position != f.after.position+1 {
			return page{err: fmt.Errorf("the journal has position %d after %d", e.Position, f.after.position)}
		}
		if e.Position > f.told[e.Lane] {
			d := eventstore.Delivered{Event: e, Prev: f.prev[e.Lane], Generation: f.generations.Of(e.Position)}
			messages = append(messages, Message(d, f.o.Source))
		}
		f.prev[e.Lane] = e.Position
		f.after.position, f.after.event = e.Position, e.ID
	}
	if f.after.position >= f.newest.position {
		f.after.topic = f.kafka.id // whole, even if it was another
	}
	return page{events: len(events), messages: messages, last: f.after}
}

// next returns the events after the last one, from memory if this process has just written them. Each answer is of a journal that
// has the newest event that Kafka has, and so all before it: a database that failed over without it, and has grown past it since,
// is found out before anything of its new history is sent with the old one's lane ends.
func (f *flow) next(ctx context.Context) (events []eventstore.Event, err error) {
	at := f.after.position
	switch {
	case at < f.newest.position:
		return f.gap(ctx)
	case at == 0:
		return f.journal.Page(ctx, 0, f.o.Page)
	}
	if events = f.journal.RecentPage(at-1, f.o.Page+1); len(events) < 2 {
		events, err = f.journal.Page(ctx, at-1, f.o.Page+1)
	}
	if err != nil {
		return nil, err
	}
	if len(events) == 0 || events[0].ID != f.after.event {
		return nil, errLacks(f.after.position, f.after.event)
	}
	return events[1:], nil
}

// gap reads what stands before events that Kafka has.
func (f *flow) gap(ctx context.Context) (events []eventstore.Event, err error) {
	err = f.journal.Moment(ctx, func(r eventstore.Reader) error {
		ids, err := r.EventIDs(ctx, []int64{f.newest.position})
		if err == nil && ids[f.newest.position] != f.newest.event {
			err = errLacks(f.newest.position, f.newest.event)
		}
		if err == nil {
			events, err = r.Page(ctx, f.after.position, f.o.Page)
		}
		return err
	})
	return events, err
}

func errLacks(position int64, event uuid.UUID) error {
	return fmt.Errorf("the journal no longer has event %s at position %d", event, position)
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

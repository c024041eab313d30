package hostile

import (
	"context"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"dossier/eventstore"
)

// verb is a method of the journal.
type verb uint8

const (
	appends verb = iota
	updates
	reads
	heads
)

var verbs = [...]func(context.Context, *eventstore.Journal, *stream, *op, *rand.Rand) (eventstore.Result, error){
	appends: doAppend, updates: doUpdate, reads: doRead, heads: doHead,
}

func doAppend(ctx context.Context, j *eventstore.Journal, s *stream, o *op, r *rand.Rand) (eventstore.Result, error) {
	ctx, stop := impatient(ctx, r)
	defer stop()
	return j.Append(ctx, o.request(s.Stream, r))
}

// impatient lets some callers leave before they are answered.
func impatient(ctx context.Context, r *rand.Rand) (context.Context, context.CancelFunc) {
	if r.IntN(50) == 0 {
		return context.WithTimeout(ctx, time.Duration(r.IntN(20_000))*time.Microsecond)
	}
	return ctx, func() {}
}

func doUpdate(ctx context.Context, j *eventstore.Journal, s *stream, o *op, r *rand.Rand) (eventstore.Result, error) {
	ctx, stop := impatient(ctx, r)
	defer stop()
	c := eventstore.Command{ID: eventstore.CommandID("p", s.ID, strconv.Itoa(int(o.command))), Hash: strconv.FormatBool(o.other)}
	return j.Update(ctx, s.Stream, c, nil, func(history []eventstore.Event) ([]eventstore.NewEvent, error) {
		o.read = chainOf(history)
		return o.events(), nil
	})
}

func doRead(ctx context.Context, j *eventstore.Journal, s *stream, o *op, _ *rand.Rand) (eventstore.Result, error) {
	history, err := j.Stream(ctx, s.ID, 0)
	o.read = chainOf(history)
	return eventstore.Result{Version: int64(len(history))}, err
}

func doHead(ctx context.Context, j *eventstore.Journal, _ *stream, _ *op, _ *rand.Rand) (eventstore.Result, error) {
	position, err := j.Head(ctx)
	return eventstore.Result{Last: position}, err
}

// isRead says that a session was cut while something was being read, so that nothing was asked.
func isRead(v verb, err error) bool {
	return v == reads || v == heads || v == updates && strings.Contains(err.Error(), "read stream")
}

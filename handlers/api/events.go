package api

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"dossier/eventstore"
	"dossier/handlers"

	"github.com/danielgtaylor/huma/v2"
)

// severalEvents is the media type of several CloudEvents in one JSON array.
const severalEvents = "application/cloudevents-batch+json"

// longestWait is how long a reader may wait for the first event: the maximum of wait.
const longestWait = 30 * time.Second

// feedPage is how many events are read from the journal at a time, and feedBytes how much of them one answer holds: it ends with
// the page that reaches it.
const (
	feedPage  = 500
	feedBytes = 4 << 20
)

type feedInput struct {
	After int64 `query:"after" minimum:"0" doc:"Position after which to begin; 0 begins with the first event."`
	Limit int   `query:"limit" minimum:"1" maximum:"10000" default:"100" doc:"Events at most. Events that are not for the caller are left out and not counted."`
	Wait  int   `query:"wait" minimum:"0" maximum:"30" doc:"Seconds to wait for an event when there is none yet."`
}

// feed answers with events after a position. The next link goes on behind everything shown or withheld, also when nothing
// was there: asking it again later is how to follow the journal.
func (s *server) feed(ctx context.Context, in *feedInput) (*huma.StreamResponse, error) {
	reader, err := handlers.OpenFeed(ctx, s.Journal, handlers.CallOf(ctx).Actor, in.After)
	if err != nil {
		return nil, err
	}
	events, err := s.take(ctx, reader, in.Limit, time.Duration(in.Wait)*time.Second)
	if err != nil {
		return nil, err
	}
	lines, err := s.cloudEvents(events)
	if err != nil {
		return nil, err
	}
	next := link("/v1/events", url.Values{"after": {strconv.FormatInt(reader.After(), 10)}, "limit": {strconv.Itoa(in.Limit)}})
	return &huma.StreamResponse{Body: func(c huma.Context) {
		c.SetHeader("Link", next)
		c.SetHeader("Last-Position", strconv.FormatInt(reader.After(), 10))
		writeEvents(c, lines)
	}}, nil
}

// take reads until the limit is reached or the journal ends; when nothing was there it may wait for the first event.
func (s *server) take(ctx context.Context, r *handlers.Reader, limit int, wait time.Duration) (events []eventstore.Delivered, err error) {
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	alarm := s.alarm()
	defer alarm.stop()
	for bytes := 0; ; {
		got, more, err := r.Next(ctx, min(limit-len(events), feedPage))
		if err != nil {
			return nil, err
		}
		events = append(events, got...)
		for _, e := range got {
			bytes += len(e.Data) + len(e.Meta)
		}
		switch {
		case len(events) == limit, bytes >= feedBytes:
			return events, nil
		case more:
			continue
		case len(events) > 0 || !alarm.next(waiting):
			return events, nil
		}
	}
}

func (s *server) cloudEvents(events []eventstore.Delivered) ([][]byte, error) {
	lines := make([][]byte, len(events))
	for i, e := range events {
		line, err := e.CloudEvent(s.Source)
		if err != nil {
			return nil, err
		}
		lines[i] = line
	}
	return lines, nil
}

func writeEvents(c huma.Context, lines [][]byte) {
	if wants(c.Header("Accept"), ndjson) {
		c.SetHeader("Content-Type", ndjson)
		for _, line := range lines {
			c.BodyWriter().Write(append(line, '\n'))
		}
		return
	}
	c.SetHeader("Content-Type", severalEvents)
	w := c.BodyWriter()
	w.Write([]byte("["))
	for i, line := range lines {
		if i > 0 {
			w.Write([]byte(",\n"))
		}
		w.Write(line)
	}
	w.Write([]byte("]\n"))
}

// poll is how often the journal is looked at for other processes' commits; this process' own ring at once.
const poll = 500 * time.Millisecond

// alarm rings when the journal may have gone on.
type alarm struct {
	own     <-chan struct{}
	unwatch func()
	tick    *time.Ticker
	closing <-chan struct{}
}

func (s *server) alarm() *alarm {
	own, unwatch := s.Journal.Watch()
	return &alarm{own, unwatch, time.NewTicker(poll), s.Closing}
}

func (a *alarm) stop() {
	a.unwatch()
	a.tick.Stop()
}

// next waits for a ring. It is false when there is nothing more to wait for.
func (a *alarm) next(ctx context.Context) bool {
	select {
	case <-a.own:
		return true
	case <-a.tick.C:
		return true
	case <-a.closing:
		return false
	case <-ctx.Done():
		return false
	}
}

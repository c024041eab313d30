package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"dossier/eventstore"
	"dossier/handlers"
	"dossier/handlers/identity"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

type streamInput struct {
	After       int64  `query:"after" minimum:"0" doc:"Position after which to begin; 0 begins with the first event."`
	LastEventID string `header:"Last-Event-ID" doc:"Position of the last event received; browsers send it when they connect again. Goes before after."`
}

// Times of the stream: the pulse keeps proxies from closing it, the patience ends one whose reader has stopped reading.
const (
	pulse        = 15 * time.Second
	slowestWrite = 30 * time.Second
)

// streamRoute is the route of stream.
const streamRoute = "GET /v1/events/stream"

// stream is the feed as server-sent events: id is the position, event the type, data the CloudEvent.
func (s *server) stream(ctx context.Context, in *streamInput) (*huma.StreamResponse, error) {
	after, err := in.begin()
	if err != nil {
		return nil, err
	}
	reader, err := handlers.OpenFeed(ctx, s.Journal, handlers.CallOf(ctx).Actor, after)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		r, w := humago.Unwrap(c)
		still := func() error {
			if a, err := s.Auth.Authenticate(identity.Looking(r)); err != nil || a != handlers.CallOf(c.Context()).Actor {
				return errors.New("the key or the session no longer counts")
			}
			return nil
		}
		c.SetHeader("Content-Type", "text/event-stream")
		c.SetHeader("X-Accel-Buffering", "no")
		if r.Method == http.MethodHead { // has nothing to follow
			return
		}
		out := &sse{w: w, control: http.NewResponseController(w), source: s.Source}
		out.text("retry: 2000\n\n")
		if err := s.follow(c.Context(), reader, out, still); err != nil {
			noted(c.Context(), err) // the reader connects again and goes on behind the last id it saw
		}
	}}, nil
}

func (in *streamInput) begin() (int64, error) {
	if in.LastEventID == "" {
		return in.After, nil
	}
	after, err := strconv.ParseInt(in.LastEventID, 10, 64)
	if err != nil || after < 0 {
		return 0, &handlers.Failure{Status: http.StatusBadRequest, Code: "malformed_last_event_id", Field: "Last-Event-ID",
			VI: "Last-Event-ID phải là vị trí của sự kiện đã nhận", EN: "Last-Event-ID must be the position of an event received"}
	}
	return after, nil
}

// follow sends what there is and then what comes, until the reader or the process goes.
func (s *server) follow(ctx context.Context, r *handlers.Reader, out *sse, still func() error) error {
	alarm := s.alarm()
	defer alarm.stop()
	beat := time.NewTicker(pulse)
	defer beat.Stop()
	for out.err == nil {
		within, cancel := context.WithTimeout(ctx, answerWithin)
		events, more, err := r.Next(within, feedPage)
		if cancel(); err != nil {
			return err
		}
		out.events(events)
		out.cursor(r.After())
		select {
		case <-beat.C:
			if err := still(); err != nil {
				return err
			}
			out.text(": \n\n")
		default:
		}
		out.flush()
		if !more && !alarm.next(ctx) {
			return nil
		}
	}
	return nil
}

// sse writes server-sent events and remembers the first error.
type sse struct {
	w       http.ResponseWriter
	control *http.ResponseController
	source  string
	sent    int64 // the last id written
	dirty   bool
	err     error
}

func (o *sse) events(events []eventstore.Delivered) {
	for _, e := range events {
		line, err := e.CloudEvent(o.source)
		if err != nil {
			o.err = err
			return
		}
		o.text(fmt.Sprintf("id: %d\nevent: %s.v%d\ndata: %s\n\n", e.Position, e.Type, e.TypeVersion, line))
		o.sent = e.Position
	}
}

// cursor moves the reader's Last-Event-ID past events that were not for it: an id without data is no event.
func (o *sse) cursor(position int64) {
	if o.sent < position {
		o.text(fmt.Sprintf("id: %d\n\n", position))
		o.sent = position
	}
}

func (o *sse) text(s string) {
	if o.err != nil {
		return
	}
	o.control.SetWriteDeadline(time.Now().Add(slowestWrite))
	_, o.err = o.w.Write([]byte(s))
	o.dirty = true
}

func (o *sse) flush() {
	if o.err == nil && o.dirty {
		o.err = o.control.Flush()
		o.dirty = false
	}
}

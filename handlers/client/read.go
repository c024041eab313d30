package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// pages goes through a list page by page: next gives one, and whether there are more.
func pages[T any](next func() (items []T, more bool, err error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for more := true; more; {
			var items []T
			var err error
			if items, more, err = next(); err != nil {
				yield(*new(T), err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}

// mostLine is how long a line of an answer may be.
const mostLine = 64 << 20

// lines reads an answer of one JSON value a line, holding one at a time.
func lines[T any](ctx context.Context, c *Client, r request) iter.Seq2[*Answer[T], error] {
	return func(yield func(*Answer[T], error) bool) {
		got, err := c.send(ctx, r, "application/x-ndjson")
		if err != nil {
			yield(nil, err)
			return
		}
		defer got.Body.Close()
		for a, err := range linesOf[T](got) {
			if err != nil {
				err = fmt.Errorf("read %s: %w", r.path, err)
			}
			if !yield(a, err) || err != nil {
				return
			}
		}
	}
}

func linesOf[T any](got *http.Response) iter.Seq2[*Answer[T], error] {
	return func(yield func(*Answer[T], error) bool) {
		in := scanner(got.Body)
		for in.Scan() {
			raw := bytes.TrimSpace(in.Bytes())
			if len(raw) == 0 {
				continue
			}
			a := &Answer[T]{Raw: bytes.Clone(raw), Status: got.StatusCode, Header: got.Header}
			if err := json.Unmarshal(a.Raw, &a.Value); err != nil {
				yield(nil, err)
				return
			}
			if !yield(a, nil) {
				return
			}
		}
		if err := in.Err(); err != nil {
			yield(nil, err)
		}
	}
}

func scanner(r io.Reader) *bufio.Scanner {
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 64<<10), mostLine)
	return in
}

// feedPage is how many events are asked for at a time: the most that the server gives.
const feedPage = 10_000

// Feed reads the events after a position up to the end of the journal, a line at a time. What is withheld from the caller is passed over. When
// the wire breaks it goes on behind the last event it gave.
func (c *Client) Feed(ctx context.Context, after int64) iter.Seq2[*Answer[CloudEvent], error] {
	return func(yield func(*Answer[CloudEvent], error) bool) {
		for failed := 0; ; {
			end, err := c.feedPage(ctx, &after, yield)
			switch {
			case errors.Is(err, errCut) && failed+1 < c.o.Attempts && ctx.Err() == nil:
				failed++
				if wait(ctx, c.backOff(failed)) == nil {
					continue
				}
			case err == nil && !end:
				failed = 0
				continue
			}
			if err != nil {
				yield(nil, err)
			}
			return
		}
	}
}

// feedPage reads one page and moves after behind it. At the end of the journal, or when nobody wants more, it is the last.
func (c *Client) feedPage(ctx context.Context, after *int64, yield func(*Answer[CloudEvent], error) bool) (last bool, err error) {
	from := *after
	r := request{method: http.MethodGet, path: "/v1/events", params: ReadEventsParams{After: from, Limit: feedPage}}
	got, err := c.send(ctx, r, "application/x-ndjson")
	if err != nil {
		return true, err
	}
	defer got.Body.Close()
	for a, err := range linesOf[CloudEvent](got) {
		if err != nil {
			return false, fmt.Errorf("read events after %d: %w: %w", *after, errCut, err)
		}
		if !yield(a, nil) {
			return true, nil
		}
		if at, err := strconv.ParseInt(a.Value.Position, 10, 64); err == nil {
			*after = at
		}
	}
	to, err := strconv.ParseInt(got.Header.Get("Last-Position"), 10, 64)
	if err != nil {
		return true, fmt.Errorf("the answer does not say in Last-Position how far it came: %w", err)
	}
	*after = max(*after, to)
	return to <= from, nil
}

// follow reads server-sent events for as long as the context lasts. After a break it connects again and goes on behind the last id.
func follow[T any](ctx context.Context, c *Client, r request) iter.Seq2[*Answer[T], error] {
	return func(yield func(*Answer[T], error) bool) {
		p, _ := r.params.(StreamEventsParams)
		for failed := 1; ctx.Err() == nil; {
			r.params = p
			got, err := c.send(ctx, r, "text/event-stream")
			if err != nil {
				if ctx.Err() == nil {
					yield(nil, err)
				}
				return
			}
			silent := time.AfterFunc(silence, func() { got.Body.Close() }) // nobody is there any more
			stopped, came, err := hear(got, &p.LastEventID, func(a *Answer[T], err error) bool {
				silent.Stop() // what the caller does takes as long as it takes
				defer silent.Reset(silence)
				return yield(a, err)
			}, func() { silent.Reset(silence) })
			silent.Stop()
			got.Body.Close()
			if came {
				failed = 1
			}
			if stopped || err != nil && !errors.Is(err, errCut) {
				if !stopped {
					yield(nil, err)
				}
				return
			}
			_ = wait(ctx, c.backOff(failed))
			failed++
		}
	}
}

// silence is how long a stream may say nothing: the server gives a sign of life each quarter of a minute.
const silence = time.Minute

// hear reads one connection to its end, and keeps the last id. Of each line it tells that it came.
func hear[T any](got *http.Response, last *string, yield func(*Answer[T], error) bool, alive func()) (stopped, came bool, err error) {
	in := scanner(got.Body)
	var id string
	var data []byte
	for in.Scan() {
		alive()
		line := in.Text()
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case name == "id" && line != "":
			id = value
		case name == "data" && line != "":
			data = append(data, value...)
		case line == "":
			if data != nil {
				a := &Answer[T]{Raw: data, Status: got.StatusCode, Header: got.Header}
				if err := json.Unmarshal(data, &a.Value); err != nil {
					return false, came, fmt.Errorf("read event %s: %w", id, err)
				}
				if !yield(a, nil) {
					return true, true, nil
				}
				came = true
			}
			if id != "" {
				*last = id
			}
			data = nil
		}
	}
	return false, came, errCut
}

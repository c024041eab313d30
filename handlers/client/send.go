package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// request is one operation with what was given to it.
type request struct {
	method, path string
	params       any // a struct whose fields are tagged query or header
	body         any // what is sent as JSON, or a content
}

// content is a body that is no JSON.
type content struct {
	kind  string
	bytes []byte
}

// segment is a value as a part of a path. A dot alone would be taken for a step up.
func segment[T string | int64](v T) string {
	text := url.PathEscape(fmt.Sprint(v))
	if text == "." || text == ".." {
		return strings.ReplaceAll(text, ".", "%2E")
	}
	return text
}

// ask sends a request and reads its answer.
func ask[T any](ctx context.Context, c *Client, r request) (*Answer[T], error) {
	got, err := c.send(ctx, r, "application/json")
	if err != nil {
		return nil, err
	}
	a := &Answer[T]{Status: got.StatusCode, Header: got.Header}
	if a.Raw, err = io.ReadAll(got.Body); err != nil { // it is in memory
		return nil, fmt.Errorf("read answer to %s %s: %w", r.method, r.path, err)
	}
	if _, none := any(a.Value).(Nothing); none || len(a.Raw) == 0 {
		return a, nil
	}
	if err := json.Unmarshal(a.Raw, &a.Value); err != nil {
		return nil, fmt.Errorf("read answer to %s %s: %w", r.method, r.path, err)
	}
	return a, nil
}

// Call sends a request that has no method of its own, such as a command that a newer server knows. The body is sent as it is; nil sends none.
func (c *Client) Call(ctx context.Context, method, path string, o Once, body json.RawMessage) (*Answer[json.RawMessage], error) {
	r := request{method: method, path: path, params: o}
	if body != nil {
		r.body = body
	}
	return ask[json.RawMessage](ctx, c, r)
}

// Command gives a dossier a command by its name in kebab-case. The body is sent as it is; nil sends none.
func (c *Client) Command(ctx context.Context, id, name string, o Once, body json.RawMessage) (*Answer[Receipt], error) {
	r := request{method: http.MethodPost, path: "/v1/dossiers/" + segment(id) + "/" + segment(name), params: o}
	if body != nil {
		r.body = body
	}
	return ask[Receipt](ctx, c, r)
}

// Submit files a dossier whose body is sent as it is.
func (c *Client) Submit(ctx context.Context, o Once, body json.RawMessage) (*Answer[SubmittedBody], error) {
	return ask[SubmittedBody](ctx, c, request{method: http.MethodPost, path: "/v1/dossiers", params: o, body: body})
}

// fetch hands an answer over as it comes.
func fetch(ctx context.Context, c *Client, r request) (*Content, error) {
	got, err := c.send(ctx, r, "*/*")
	if err != nil {
		return nil, err
	}
	return &Content{got.Body, got.Header}, nil
}

// send sends a request until it is answered: again after 429, after 503, and after a connection was lost, as long as doing it twice does no
// harm. That is so of reads, and of acts under a key, of which the same goes with each attempt.
func (c *Client) send(ctx context.Context, r request, accept string) (*http.Response, error) {
	query, header, err := spread(r.params)
	if err != nil {
		return nil, err
	}
	safe := r.method == http.MethodGet || r.method == http.MethodHead
	if _, keyed := header["Idempotency-Key"]; keyed {
		if header.Get("Idempotency-Key") == "" {
			header.Set("Idempotency-Key", NewKey())
		}
		safe = true
	}
	body, kind, err := encode(r.body)
	if err != nil {
		return nil, err
	}
	c.dress(header, kind, accept)
	address := c.base + r.path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	for attempt := 1; ; attempt++ {
		got, err := c.once(ctx, r.method, address, header, body)
		if err == nil && accept == "application/json" {
			err = whole(got)
		}
		if err == nil && (got.StatusCode < 300 || got.StatusCode == http.StatusNotModified) {
			return got, nil
		}
		pause, again := c.again(attempt, safe, got, err)
		if err == nil && !again {
			return nil, problemOf(r, got)
		}
		if err == nil {
			drop(got)
		}
		if !again || ctx.Err() != nil {
			return nil, fmt.Errorf("%s %s: %w", r.method, r.path, err)
		}
		if err := wait(ctx, pause); err != nil {
			return nil, fmt.Errorf("%s %s: %w", r.method, r.path, err)
		}
	}
}

// spread reads the struct of parameters. A parameter that was not given is left out, but the name of an Idempotency-Key stays.
func spread(params any) (url.Values, http.Header, error) {
	query, header := url.Values{}, http.Header{}
	if params == nil {
		return query, header, nil
	}
	v := reflect.ValueOf(params)
	for i := range v.NumField() {
		tag, value := v.Type().Field(i).Tag, ""
		switch is := v.Field(i).Interface().(type) {
		case []string:
			value = strings.Join(is, ",")
		case time.Time:
			if !is.IsZero() {
				value = is.Format(time.RFC3339Nano)
			}
		default:
			if !v.Field(i).IsZero() {
				value = fmt.Sprint(is)
			}
		}
		if tag.Get("required") != "" && value == "" {
			value = fmt.Sprint(v.Field(i).Interface())
		}
		if name := tag.Get("query"); name != "" && value != "" {
			query.Set(name, value)
		}
		if name := tag.Get("header"); name == "Idempotency-Key" || name != "" && value != "" {
			if strings.ContainsAny(value, "\r\n") {
				return nil, nil, fmt.Errorf("%s %q: a header is one line", name, value)
			}
			header.Set(name, value)
		}
	}
	return query, header, nil
}

// NewKey makes an Idempotency-Key.
func NewKey() string { return "key-" + rand.Text() }

func encode(body any) (raw []byte, kind string, err error) {
	switch body := body.(type) {
	case nil:
		return nil, "", nil
	case content:
		return body.bytes, body.kind, nil
	case json.RawMessage:
		return body, "application/json", nil
	}
	if raw, err = json.Marshal(body); err != nil {
		return nil, "", fmt.Errorf("write body: %w", err)
	}
	return raw, "application/json", nil
}

func (c *Client) dress(h http.Header, kind, accept string) {
	h.Set("Accept", accept)
	if kind != "" {
		h.Set("Content-Type", kind)
	}
	if c.o.Token != "" {
		h.Set("Authorization", "Bearer "+c.o.Token)
	}
	if c.o.Language != "" {
		h.Set("Accept-Language", c.o.Language)
	}
}

func (c *Client) once(ctx context.Context, method, address string, header http.Header, body []byte) (*http.Response, error) {
	var in io.Reader
	if body != nil {
		in = bytes.NewReader(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, address, in)
	if err != nil {
		return nil, err
	}
	r.Header = header.Clone()
	return c.o.HTTP.Do(r)
}

// whole reads an answer to its end, so that one that breaks off counts as none.
func whole(got *http.Response) error {
	defer got.Body.Close()
	raw, err := io.ReadAll(got.Body)
	got.Body = io.NopCloser(bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("read answer: %w: %w", errCut, err)
	}
	return nil
}

// again says whether to send once more, and after which pause.
func (c *Client) again(attempt int, safe bool, got *http.Response, err error) (time.Duration, bool) {
	if attempt >= c.o.Attempts {
		return 0, false
	}
	pause := c.backOff(attempt)
	switch {
	case err != nil:
		return pause, safe
	case got.StatusCode == http.StatusTooManyRequests: // nothing was done
	case got.StatusCode == http.StatusServiceUnavailable, got.StatusCode == http.StatusBadGateway, got.StatusCode == http.StatusGatewayTimeout:
		if !safe {
			return 0, false
		}
	default:
		return 0, false
	}
	if seconds, err := strconv.Atoi(got.Header.Get("Retry-After")); err == nil && seconds >= 0 {
		pause = time.Duration(seconds) * time.Second
	}
	return pause, pause <= c.o.Longest
}

// backOff is the pause after an attempt: doubled each time, and shortened by up to half at random, so that many callers do not come at once.
func (c *Client) backOff(attempt int) time.Duration {
	pause := min(c.o.Pause<<min(attempt-1, 16), c.o.Longest)
	if half := int64(pause / 2); half > 0 {
		if n, err := rand.Int(rand.Reader, big.NewInt(half)); err == nil {
			pause -= time.Duration(n.Int64())
		}
	}
	return pause
}

func wait(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// drop reads the rest of an answer, so that its connection can be used again.
func drop(got *http.Response) {
	_, _ = io.CopyN(io.Discard, got.Body, 1<<20)
	got.Body.Close()
}

// errCut says that an answer ended before its end.
var errCut = errors.New("the answer was cut")

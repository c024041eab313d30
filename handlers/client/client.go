// Package client speaks to a dossier server: each operation of the OpenAPI document is a method, and what was sent once is done once,
// however often the wire broke.
//
// The methods and their types are generated from the document (handlers/api/testdata/openapi.json) into client_gen.go; what stands
// around them is written by hand. The package needs the standard library alone.
package client

//go:generate go run ./generate -in ../api/testdata/openapi.json -out client_gen.go

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"encoding/json"
)

// Options say who calls, and how patiently.
type Options struct {
	Token    string       // of an API key; "" calls as nobody
	Language string       // of what people read: vi (default) or en; problems bear both
	HTTP     *http.Client // default: http.DefaultClient, without a time limit: give contexts one
	Insecure bool         // let a token go over plain http to another machine, where anybody on the way may read it

	Attempts int           // how often one request is sent at most; default 5
	Pause    time.Duration // before the second attempt, doubled for each further one; default 250 ms. Retry-After goes before it
	Longest  time.Duration // pause that is still waited for; a longer Retry-After is handed back as a problem; default 30 s
}

// Client is one server, called by one caller. It may be used by several goroutines at once.
type Client struct {
	base string
	o    Options
}

// ErrPlain says that a token would travel in the open.
var ErrPlain = errors.New("a token over plain http to another machine can be read on the way: use https")

// New returns a client of the server at a base address, such as https://dossier.example.vn. It connects to nothing yet.
func New(base string, o Options) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q is no address of a server: say one such as https://dossier.example.vn", redacted(u, base))
	}
	if u.Scheme == "http" && o.Token != "" && !o.Insecure && !loopback(u.Hostname()) {
		return nil, fmt.Errorf("%s: %w", base, ErrPlain)
	}
	if strings.ContainsAny(o.Token, " \t\r\n") {
		return nil, errors.New("the token holds a space or a line end: give it as it was printed") // never shown
	}
	if o.HTTP == nil {
		o.HTTP = http.DefaultClient
	}
	if o.HTTP.CheckRedirect == nil { // the API sends nobody elsewhere: who does wants the token
		straight := *o.HTTP
		straight.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		o.HTTP = &straight
	}
	if o.Attempts < 1 {
		o.Attempts = 5
	}
	if o.Pause == 0 {
		o.Pause = 250 * time.Millisecond
	}
	if o.Longest == 0 {
		o.Longest = 30 * time.Second
	}
	return &Client{strings.TrimSuffix(base, "/"), o}, nil
}

// redacted is an address without the password that it should not hold.
func redacted(u *url.URL, base string) string {
	if u == nil {
		return "what was given"
	}
	if u.User != nil {
		return u.Redacted()
	}
	return base
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Once makes an act be done once, and on what was seen alone.
type Once struct {
	Key     string `header:"Idempotency-Key"` // names the act; "" lets the client make one. The same key and body again give the same answer
	IfMatch string `header:"If-Match"`        // ETag of what was looked at; approve, sign and issue demand it
}

// Answer is what a server answered: the value, the JSON it was read from, and what came with it. Members that this version of the client
// does not know are in Raw.
type Answer[T any] struct {
	Value  T
	Raw    json.RawMessage
	Status int
	Header http.Header
}

// Nothing is the value of an answer that has none.
type Nothing struct{}

// ETag is the version of what was answered, for Once.IfMatch.
func (a *Answer[T]) ETag() string { return a.Header.Get("ETag") }

// Key is the Idempotency-Key that the act goes by.
func (a *Answer[T]) Key() string { return a.Header.Get("Idempotency-Key") }

// Replayed says that the act had been done before, and this is its first answer.
func (a *Answer[T]) Replayed() bool { return a.Header.Get("Idempotent-Replayed") == "true" }

// Content is an answer that is read as it comes. The caller closes it.
type Content struct {
	io.ReadCloser
	Header http.Header
}

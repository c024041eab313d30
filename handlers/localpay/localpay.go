// Package localpay is a payment provider on loopback, with everything that a real one does wrong on a bad day.
//
// It speaks HTTP and signs what it says. A payer may make it misbehave: tell late, tell twice, tell of another amount, tell with a forged
// signature, tell of the second payment first, or never tell. Its statement is always true: it is the bank's.
package localpay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"dossier/domain/money"
	"dossier/handlers"
)

// The misbehaviours. None of them: the callback comes once, at once, and is true.
const (
	Late     = "late"         // the callback comes only when Release is asked
	Twice    = "twice"        // it comes two times
	Forged   = "forged"       // it is signed with another key
	Reversed = "out_of_order" // it is held back until the next payment has told, and comes behind it
	Never    = "never"        // it does not come: only the statement tells
)

// Server is the provider.
type Server struct {
	mu       sync.Mutex
	file     string // what it knows, so that it survives; empty: memory
	key      []byte
	callback string // URL that is told
	now      func() time.Time
	state    state
	held     []handlers.PaymentCallback // late ones
	behind   []handlers.PaymentCallback // out of order
	http     *http.Server
	at       string
	client   *http.Client
}

type state struct {
	Orders map[string]handlers.PaymentOrder `json:"orders"`
	Lines  []money.Line                     `json:"lines"`
}

// Options of a provider.
type Options struct {
	File     string           // where it keeps its books; empty: in memory
	Addr     string           // default 127.0.0.1:0
	Key      []byte           // under which it signs
	Callback string           // URL that is told what came
	Now      func() time.Time // default time.Now
}

// Start opens its books and listens. Only loopback is served.
func Start(o Options) (*Server, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{file: o.File, key: o.Key, callback: o.Callback, now: o.Now, state: state{Orders: map[string]handlers.PaymentOrder{}}, client: &http.Client{Timeout: 10 * time.Second}}
	if b, err := os.ReadFile(o.File); err == nil {
		if err := json.Unmarshal(b, &s.state); err != nil {
			return nil, fmt.Errorf("read the provider's books %s: %w", o.File, err)
		}
	}
	l, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen for payments: %w", err)
	}
	if a, is := l.Addr().(*net.TCPAddr); !is || !a.IP.IsLoopback() {
		l.Close()
		return nil, fmt.Errorf("the local payment provider listens on loopback only, not on %s", o.Addr)
	}
	s.at = "http://" + l.Addr().String()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", s.order)
	mux.HandleFunc("POST /pay", s.pay)
	mux.HandleFunc("POST /release", s.release)
	mux.HandleFunc("POST /refunds", s.refund)
	mux.HandleFunc("GET /statement", s.statement)
	s.http = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = s.http.Serve(l) }()
	return s, nil
}

// URL is where it listens.
func (s *Server) URL() string { return s.at }

// Close ends it.
func (s *Server) Close() { _ = s.http.Close(); s.client.CloseIdleConnections() }

// TellTo sets the URL that is told what came.
func (s *Server) TellTo(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.callback = url
}

// Clock sets the clock by which it pays and lists.
func (s *Server) Clock(now func() time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = now
}

func (s *Server) save() error {
	if s.file == "" {
		return nil
	}
	b, err := json.Marshal(s.state)
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.file+".new", b, 0o600); err != nil {
		return err
	}
	return os.Rename(s.file+".new", s.file)
}

func (s *Server) order(w http.ResponseWriter, r *http.Request) {
	var o handlers.PaymentOrder
	if !read(w, r, &o) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Orders[o.Reference] = o
	answer(w, map[string]string{"pay_at": s.at + "/pay?reference=" + o.Reference}, s.save())
}

// Payment is what a payer does at the provider.
type Payment struct {
	Reference string    `json:"reference"`
	Amount    int       `json:"amount"` // 0: what the order says
	Misbehave string    `json:"misbehave,omitempty"`
	At        time.Time `json:"at,omitzero"` // default now
}

func (s *Server) pay(w http.ResponseWriter, r *http.Request) {
	var p Payment
	if !read(w, r, &p) {
		return
	}
	s.mu.Lock()
	o, known := s.state.Orders[p.Reference]
	if !known {
		s.mu.Unlock()
		http.Error(w, "no order of this reference", http.StatusNotFound)
		return
	}
	if p.Amount == 0 {
		p.Amount = o.Amount
	}
	if p.At.IsZero() {
		p.At = s.now()
	}
	line := money.Line{Transaction: "lp-" + strconv.Itoa(len(s.state.Lines)+1), Reference: p.Reference, Amount: p.Amount, At: p.At.UTC().Truncate(time.Microsecond)}
	s.state.Lines = append(s.state.Lines, line)
	err := s.save()
	c := handlers.PaymentCallback{Transaction: line.Transaction, Reference: p.Reference, Amount: p.Amount, PaidAt: line.At}
	tell, key := []handlers.PaymentCallback{c}, s.key
	switch p.Misbehave {
	case Late:
		s.held, tell = append(s.held, c), nil
	case Never:
		tell = nil
	case Twice:
		tell = append(tell, c)
	case Forged:
		key = []byte("somebody else's")
	case Reversed:
		s.behind, tell = append(s.behind, c), nil
	}
	if len(tell) > 0 && p.Misbehave != Forged {
		tell, s.behind = append(tell, s.behind...), nil
	}
	s.mu.Unlock()
	statuses := s.tell(r.Context(), key, tell)
	answer(w, map[string]any{"transaction": line.Transaction, "amount": p.Amount, "told": statuses}, err)
}

// release tells what was held back.
func (s *Server) release(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	held := append(s.held, s.behind...)
	s.held, s.behind = nil, nil
	s.mu.Unlock()
	answer(w, map[string]any{"told": s.tell(r.Context(), s.key, held)}, nil)
}

// tell sends callbacks one after the other and returns what each was answered: a status, or 0 when there was no answer.
func (s *Server) tell(ctx context.Context, key []byte, callbacks []handlers.PaymentCallback) []int {
	statuses := []int{}
	for _, c := range callbacks {
		body, err := json.Marshal(c)
		if err != nil {
			continue
		}
		s.mu.Lock()
		url := s.callback
		s.mu.Unlock()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
		status := 0
		if err == nil {
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set(handlers.SignatureHeader, handlers.SignCallback(key, body, time.Now()))
			if resp, err := s.client.Do(req); err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				status = resp.StatusCode
			}
		}
		statuses = append(statuses, status)
	}
	return statuses
}

type refundWish struct {
	Reference string `json:"reference"`
	Number    int    `json:"number"`
	Amount    int    `json:"amount"`
}

func (s *Server) refund(w http.ResponseWriter, r *http.Request) {
	var p refundWish
	if !read(w, r, &p) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	have := 0
	for _, l := range s.state.Lines {
		switch {
		case l.Reference != p.Reference:
		case l.Refund == p.Number && p.Number > 0:
			answer(w, map[string]string{"transaction": l.Transaction}, nil)
			return
		case l.Refund > 0:
			have -= l.Amount
		default:
			have += l.Amount
		}
	}
	if p.Number < 1 || p.Amount < 1 || p.Amount > have {
		http.Error(w, "more than came", http.StatusConflict)
		return
	}
	line := money.Line{Transaction: "lp-" + strconv.Itoa(len(s.state.Lines)+1), Reference: p.Reference, Amount: p.Amount, Refund: p.Number, At: s.now().UTC().Truncate(time.Microsecond)}
	s.state.Lines = append(s.state.Lines, line)
	answer(w, map[string]string{"transaction": line.Transaction}, s.save())
}

func (s *Server) statement(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	lines := []money.Line{}
	for _, l := range s.state.Lines {
		if l.At.In(handlers.Zone()).Format(time.DateOnly) == r.URL.Query().Get("day") {
			lines = append(lines, l)
		}
	}
	answer(w, lines, nil)
}

func read(w http.ResponseWriter, r *http.Request, into any) bool {
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(into)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
	}
	return err == nil
}

func answer(w http.ResponseWriter, v any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// Client speaks to the provider; it is a handlers.PaymentProvider.
type Client struct {
	url  string
	key  []byte
	http *http.Client
}

// NewClient returns a client of the provider at a URL.
func NewClient(url string, key []byte) *Client {
	return &Client{url, key, &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}}
}

// Key is the secret under which the provider signs.
func (c *Client) Key() []byte { return c.key }

// Order tells the provider what is awaited.
func (c *Client) Order(ctx context.Context, o handlers.PaymentOrder) (string, error) {
	var said struct {
		PayAt string `json:"pay_at"`
	}
	err := c.ask(ctx, http.MethodPost, "/orders", o, &said)
	return said.PayAt, err
}

// Refund gives money back.
func (c *Client) Refund(ctx context.Context, reference string, number, amount int) (string, error) {
	var said struct {
		Transaction string `json:"transaction"`
	}
	err := c.ask(ctx, http.MethodPost, "/refunds", refundWish{reference, number, amount}, &said)
	if err == nil && said.Transaction == "" {
		err = errors.New("the provider gave a refund no number")
	}
	return said.Transaction, err
}

// Statement lists what came and went on a day.
func (c *Client) Statement(ctx context.Context, day string) (lines []money.Line, err error) {
	return lines, c.ask(ctx, http.MethodGet, "/statement?day="+day, nil, &lines)
}

// Paid is what the provider says to a payer.
type Paid struct {
	Transaction string `json:"transaction"`
	Amount      int    `json:"amount"`
	Told        []int  `json:"told"` // what each callback was answered; 0: not at all
}

// Pay does what a payer does.
func (c *Client) Pay(ctx context.Context, p Payment) (paid Paid, err error) {
	return paid, c.ask(ctx, http.MethodPost, "/pay", p, &paid)
}

// Release lets the provider tell what it held back.
func (c *Client) Release(ctx context.Context) (paid Paid, err error) {
	return paid, c.ask(ctx, http.MethodPost, "/release", struct{}{}, &paid)
}

func (c *Client) ask(ctx context.Context, method, path string, body, into any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode for the provider: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(b))
	if err != nil {
		return fmt.Errorf("ask the provider: %w", err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("ask the payment provider (PAYMENT_URL): %w", err)
	}
	defer resp.Body.Close()
	b, err = io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%d %s", resp.StatusCode, bytes.TrimSpace(b))
	}
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		return fmt.Errorf("answer of the payment provider to %s: %w", path, err)
	}
	return nil
}

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"dossier/handlers"
)

// callers are those who use a dossier over HTTP: officers, readers, followers of streams, and some who leave before they are answered.
type callers struct {
	address string
	client  *http.Client

	commands, reads, events, refused, left, late, ended atomic.Int64

	mu    sync.Mutex
	known [1024]handlers.Receipt // the newest answers
	n     int
	first error
}

func newCallers(address string) *callers {
	return &callers{address: address, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: 30 * time.Second}, Timeout: time.Minute}}
}

// Those who send commands, and those who read, side by side.
const hands = 32

// work starts everybody; stopped waits until they have gone after the context ended.
func (c *callers) work(ctx context.Context, m memorySoak) (stopped func()) {
	var all sync.WaitGroup
	commands, reads := make(chan struct{}, hands), make(chan struct{}, hands)
	all.Go(func() { c.pace(ctx, m.commands, commands) })
	all.Go(func() { c.pace(ctx, m.reads, reads) })
	for i := range hands {
		all.Go(func() { c.officer(ctx, rand.New(rand.NewPCG(1, uint64(i))), commands) })
		all.Go(func() { c.reader(ctx, rand.New(rand.NewPCG(2, uint64(i))), reads) })
	}
	for i := range m.streams {
		all.Go(func() { c.follower(ctx, i) })
	}
	all.Go(func() { c.impatient(ctx) })
	return func() {
		all.Wait()
		c.client.CloseIdleConnections()
	}
}

// pace hands out so many turns a second. Turns that nobody is free to take are counted and not made up for.
func (c *callers) pace(ctx context.Context, perSecond int, turns chan<- struct{}) {
	began, given := time.Now(), 0
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for due := int(time.Since(began).Seconds() * float64(perSecond)); given < due; given++ {
			select {
			case turns <- struct{}{}:
			default:
				c.late.Add(1)
			}
		}
	}
}

// plot is the way of one dossier: who does what.
var plot = []struct{ who, path, body string }{
	{"applicant-1", "", `{"procedure":"vet-practice-cert-renew","channel":"online","applicant":"applicant-1"}`},
	{"reception", "/request-supplement", `{"items":["form"],"reason":"missing"}`},
	{"applicant-1", "/submit-supplement", `{}`},
	{"reception", "/accept", `{}`},
	{"reception", "/accept", `{}`}, // it is so already
	{"clerk", "/sign", `{}`},       // refused
	{"reception", "/forward", `{"unit":"animal-health"}`},
	{"head", "/assign-officer", `{"officer":"officer-1"}`},
	{"officer-1", "/start-appraisal", `{}`},
	{"officer-1", "/record-step", `{"code":"desk-check"}`},
	{"officer-1", "/record-step", `{"code":`}, // not understood
	{"officer-1", "/record-step", `{"code":"field-visit"}`},
	{"officer-1", "/submit-for-approval", `{"proposal":"grant"}`},
	{"approver", "/approve", `{"outcome":"grant"}`},
	{"approver", "/sign", `{}`},
	{"clerk", "/number", `{}`},
	{"clerk", "/issue", `{}`},
	{"return", "/return", `{"way":"online"}`},
}

// officer leads one dossier after the other to its end, and sends every eighth command twice.
func (c *callers) officer(ctx context.Context, r *rand.Rand, turns <-chan struct{}) {
	for {
		var at handlers.Receipt
		for _, step := range plot {
			key := uuid.NewString()
			for range 1 + r.IntN(8)/7 {
				if !turn(ctx, turns) {
					return
				}
				c.command(ctx, step.who, step.path, step.body, key, &at)
			}
			if at.ID == uuid.Nil {
				break // it could not be made: the next
			}
		}
		c.ended.Add(1)
	}
}

func turn(ctx context.Context, turns <-chan struct{}) bool {
	select {
	case <-ctx.Done():
		return false
	case <-turns:
		return true
	}
}

func (c *callers) command(ctx context.Context, who, path, body, key string, at *handlers.Receipt) {
	if path != "" {
		path = "/" + at.ID.String() + path
	}
	status, answer, err := c.ask(ctx, http.MethodPost, "/v1/dossiers"+path, who, body, "Idempotency-Key", key, "If-Match", handlers.ETag(at.Version))
	switch {
	case err != nil || status >= 500:
		c.fail(ctx, fmt.Errorf("%s %s: %d %s %w", who, path, status, answer, errors.Join(err)))
	case status >= 400:
		c.commands.Add(1)
		c.refused.Add(1)
	default:
		c.commands.Add(1)
		if err := json.Unmarshal(answer, at); err != nil {
			c.fail(ctx, fmt.Errorf("read receipt %s: %w", answer, err))
		}
		c.remember(*at)
	}
}

func (c *callers) remember(r handlers.Receipt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known[c.n%len(c.known)] = r
	c.n++
}

// some is one of the newest answers.
func (c *callers) some(r *rand.Rand) handlers.Receipt {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == 0 {
		return handlers.Receipt{}
	}
	return c.known[r.IntN(min(c.n, len(c.known)))]
}

// questions are what readers ask about a dossier, and about all.
var questions = []struct{ who, path string }{
	{"reception", "/v1/dossiers/{id}?min_position={position}"},
	{"reception", "/v1/dossiers/{id}"},
	{"auditor", "/v1/dossiers/{id}?at=@{position}"},
	{"auditor", "/v1/dossiers/{id}/history"},
	{"officer-1", "/v1/dossiers?officer=officer-1&status=appraising&limit=20"},
	{"head", "/v1/dossiers?sort=due&limit=20"},
	{"auditor", "/v1/events?after={position}&limit=50"},
	{"reception", "/dossiers"},
	{"officer-1", "/dossiers/{id}"},
	{"applicant-1", "/"},
	{"applicant-1", "/v1/dossiers/00000000-0000-0000-0000-000000000000"},
}

func (c *callers) reader(ctx context.Context, r *rand.Rand, turns <-chan struct{}) {
	for turn(ctx, turns) {
		at := c.some(r)
		if at.ID == uuid.Nil {
			continue
		}
		q := questions[r.IntN(len(questions))]
		status, answer, err := c.ask(ctx, http.MethodGet, about(q.path, at), q.who, "")
		if err != nil || status >= 500 && status != http.StatusServiceUnavailable { // 503: the views do not have the position in time
			c.fail(ctx, fmt.Errorf("%s %s: %d %.200s %w", q.who, q.path, status, answer, errors.Join(err)))
			continue
		}
		c.reads.Add(1)
	}
}

func about(path string, at handlers.Receipt) string {
	return strings.NewReplacer("{id}", at.ID.String(), "{position}", fmt.Sprint(at.Position)).Replace(path)
}

// follower reads a stream that does not end, goes away after a minute at most without a word, and comes back.
func (c *callers) follower(ctx context.Context, number int) {
	r := rand.New(rand.NewPCG(3, uint64(number)))
	for ctx.Err() == nil {
		path := fmt.Sprintf("/v1/events/stream?after=%d", c.some(r).Position)
		if number%4 == 3 {
			path = "/dossiers/live"
		}
		staying, leave := context.WithTimeout(ctx, 5*time.Second+rand.N(55*time.Second))
		c.listen(staying, path)
		leave()
		wait(ctx, 100*time.Millisecond)
	}
}

func (c *callers) listen(ctx context.Context, path string) {
	answer, err := c.send(ctx, http.MethodGet, path, "auditor", "")
	if err != nil {
		return
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "data:") {
			c.events.Add(1)
		}
	}
}

// impatient asks and leaves at once, or while it is being answered.
func (c *callers) impatient(ctx context.Context) {
	r := rand.New(rand.NewPCG(4, 0))
	for ctx.Err() == nil {
		leaving, leave := context.WithTimeout(ctx, rand.N(20*time.Millisecond))
		q := questions[r.IntN(len(questions))]
		if _, _, err := c.ask(leaving, http.MethodGet, about(q.path, c.some(r)), q.who, ""); err != nil {
			c.left.Add(1)
		}
		leave()
		wait(ctx, 100*time.Millisecond)
	}
}

func (c *callers) ask(ctx context.Context, method, path, who, body string, headers ...string) (status int, answer []byte, err error) {
	r, err := c.send(ctx, method, path, who, body, headers...)
	if err != nil {
		return 0, nil, err
	}
	defer r.Body.Close()
	answer, err = io.ReadAll(r.Body)
	return r.StatusCode, answer, err
}

func (c *callers) send(ctx context.Context, method, path, who, body string, headers ...string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, c.address+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer dev:"+who)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return c.client.Do(r)
}

// fail keeps what went wrong first. What the end of the run interrupts is no failure.
func (c *callers) fail(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.first == nil {
		c.first = err
	}
}

// failed says what failed, or that the load was none.
func (c *callers) failed() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.first == nil && (c.commands.Load() == c.refused.Load() || c.reads.Load() == 0 || c.events.Load() == 0) {
		return errors.New("nothing was done, or read, or followed: this proved nothing")
	}
	return c.first
}

func (c *callers) figures(span time.Duration) string {
	return fmt.Sprintf("%.0f commands and %.0f reads a second, %d refused, %d events on streams, %d left before the answer, %d turns not taken",
		float64(c.commands.Load())/span.Seconds(), float64(c.reads.Load())/span.Seconds(), c.refused.Load(), c.events.Load(), c.left.Load(), c.late.Load())
}

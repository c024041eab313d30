package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"dossier/domain/batch"
	"dossier/handlers"
)

// What is asked of the API is what officers do: each of 200 looks at a worklist, opens a dossier, moves one, once a second.
const (
	apiUsers    = 200
	apiDossiers = 125_000 // so that 100,000 of them are the ministry's
)

// benchAPI: 200 users at once over HTTP, each with a key of its own, against the same net/http over plain tables of the same rows.
func benchAPI(ctx context.Context, b *bench) error {
	users, dossiers, span, items := apiUsers, apiDossiers, 20*time.Second, batch.MostItems
	if b.quick {
		users, dossiers, span, items = 20, 300, 2*time.Second, 200
	}
	if err := b.scale(ctx); err != nil {
		return err
	}
	b.say("filling the journal with %d dossiers of three agencies, and the views", dossiers)
	h, err := b.startHouse(ctx, dossiers)
	if err != nil {
		return err
	}
	defer h.stop()
	if err := b.plainHouse(ctx, h); err != nil {
		return err
	}
	if err := b.stack.writeOut(ctx); err != nil {
		return err
	}
	b.say("warming up: connections, plans and caches")
	for _, kinds := range [][]demand{h.asks(), h.plainAsks()} {
		if _, err := h.crowd(ctx, users, span/4, kinds); err != nil {
			return err
		}
	}
	ours, plain := took{}, took{}
	for round := range b.rounds {
		for _, turn := range []struct {
			into  took
			kinds []demand
		}{{ours, h.asks()}, {plain, h.plainAsks()}} {
			times, err := h.crowd(ctx, users, span, turn.kinds)
			if err != nil {
				return err
			}
			turn.into.add(times)
		}
		b.say("  round %d of %d done", round+1, b.rounds)
	}
	for _, k := range []struct {
		name string
		goal time.Duration
	}{{"command", 20 * time.Millisecond}, {"single read", 5 * time.Millisecond}, {"worklist, filters and counts", 20 * time.Millisecond}, {"worklist of a small agency", 20 * time.Millisecond}} {
		b.within(k.name+", p95", ours.at(k.name, 0.95), plain.at(k.name, 0.95), k.goal)
		b.say("  %s: p50 %s, p95 %s; plain %s, %s", k.name, ms(ours.at(k.name, 0.5)), ms(ours.at(k.name, 0.95)), ms(plain.at(k.name, 0.5)), ms(plain.at(k.name, 0.95)))
		b.report(k.name+", p50 and p99", ms(ours.at(k.name, 0.5))+", "+ms(ours.at(k.name, 0.99)))
	}
	b.report("asked", fmt.Sprintf("%d, %s", ours.all(), perSecond(float64(ours.all())/(span*time.Duration(b.rounds)).Seconds())))
	if err := h.largestBatch(ctx, b, items); err != nil {
		return err
	}
	b.note("%d users, each with a key, one act a second on average: 20 in 100 a command, 50 a dossier, 30 a worklist of 50 with its total; %d dossiers, an organisation of four agencies, access journal on. The baseline is net/http with the same connections over plain tables: one row read; 50 rows and a count by index; one INSERT and one UPDATE in a transaction.", users, dossiers)
	b.note("bottleneck: two cores shared by the users, the server, Postgres and the projector; of a command its commit, of a worklist fifty states read and written.")
	return nil
}

// demand is one thing that users do, so many in a hundred.
type demand struct {
	name  string
	share int
	do    func(context.Context) error
}

func (h *house) asks() []demand {
	worklist := func(account, query string) func(context.Context) error {
		return func(ctx context.Context) error { return h.worklist(ctx, account, query) }
	}
	return []demand{
		{"command", 20, h.command},
		{"single read", 50, h.read},
		{"worklist, filters and counts", 15, worklist("officer", "unit=animal-health&status=appraising,supplement_requested,pending_approval&sort=due&limit=50")},
		{"worklist, filters and counts", 10, worklist("reception", "sort=updated&limit=50")},
		{"worklist of a small agency", 5, worklist("small", "sort=updated&limit=50")},
	}
}

// took is how long answers took, by kind.
type took map[string][]time.Duration

func (t took) add(more took) {
	for name, times := range more {
		t[name] = append(t[name], times...)
	}
}

func (t took) at(name string, p float64) time.Duration {
	slices.Sort(t[name])
	return percentile(t[name], p)
}

func (t took) all() (n int) {
	for _, times := range t {
		n += len(times)
	}
	return n
}

// crowd lets so many users act for a while, each once a second on average, and times every answer. One that is wrong ends it.
func (h *house) crowd(ctx context.Context, users int, span time.Duration, kinds []demand) (took, error) {
	var mu sync.Mutex
	all := took{}
	g, ctx := errgroup.WithContext(ctx)
	end := time.Now().Add(span)
	for range users {
		g.Go(func() error {
			time.Sleep(rand.N(time.Second))
			for time.Now().Before(end) && ctx.Err() == nil {
				kind := some(kinds)
				began := time.Now()
				if err := kind.do(ctx); err != nil {
					return fmt.Errorf("%s: %w", kind.name, err)
				}
				d := time.Since(began)
				mu.Lock()
				all[kind.name] = append(all[kind.name], d)
				mu.Unlock()
				time.Sleep(max(0, 500*time.Millisecond+rand.N(time.Second)-d))
			}
			return nil
		})
	}
	return all, g.Wait()
}

func some(kinds []demand) demand {
	dice := rand.IntN(100)
	for _, k := range kinds {
		if dice -= k.share; dice < 0 {
			return k
		}
	}
	return kinds[len(kinds)-1]
}

// ask sends a request as an account and decodes the answer.
func (h *house) ask(ctx context.Context, account, method, path string, body any, into any) error {
	var sent io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		sent = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, method, h.url+path, sent)
	if err != nil {
		return err
	}
	if tokens := h.tokens[account]; len(tokens) > 0 {
		token := tokens[rand.IntN(len(tokens))]
		if strings.HasPrefix(path, "/v1/bulk") { // of one officer
			token = tokens[0]
		}
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := h.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s %.300s", method, path, answer.Status, b)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(b, into)
}

func (h *house) read(ctx context.Context) error {
	id := h.old[rand.IntN(len(h.old))]
	var d struct{ Version int64 }
	err := h.ask(ctx, "officer", http.MethodGet, "/v1/dossiers/"+id.String(), nil, &d)
	if err == nil && d.Version != h.versions[id] {
		err = wrong("dossier %s is at version %d, want %d", id, d.Version, h.versions[id])
	}
	return err
}

func (h *house) worklist(ctx context.Context, account, query string) error {
	var page struct {
		Items []struct{ ID uuid.UUID }
		Total int
	}
	err := h.ask(ctx, account, http.MethodGet, "/v1/dossiers?"+query, nil, &page)
	if err == nil && (len(page.Items) == 0 || page.Total < len(page.Items)) {
		err = wrong("worklist %s of %s: %d rows of %d", query, account, len(page.Items), page.Total)
	}
	return err
}

// way leads a dossier on; its end is a dossier at the unit.
var way = []struct {
	account, command string
	body             any
}{
	{"reception", "", map[string]any{"procedure": "vet-practice-cert-renew", "channel": "counter", "applicant": "applicant-1", "unit": handlers.UnitOneStop}},
	{"reception", "accept", map[string]any{}},
	{"reception", "forward", map[string]any{"unit": handlers.UnitAnimalHealth}},
}

// command files a dossier, or leads one on that nobody else leads.
func (h *house) command(ctx context.Context) error {
	d := h.take()
	step := way[d.acts]
	path := "/v1/dossiers"
	if d.acts > 0 {
		path += "/" + d.last.ID.String() + "/" + step.command
	}
	if err := h.ask(ctx, step.account, http.MethodPost, path, step.body, &d.last); err != nil {
		return err
	}
	d.acts++
	h.mu.Lock()
	defer h.mu.Unlock()
	if d.acts < len(way) {
		h.moving = append(h.moving, d)
	}
	return nil
}

func (h *house) take() *moving {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := len(h.moving); n > 0 && rand.IntN(3) > 0 {
		at := rand.IntN(n)
		d := h.moving[at]
		h.moving[at] = h.moving[n-1]
		h.moving = h.moving[:n-1]
		return d
	}
	return &moving{}
}

package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"dossier/domain"
	"dossier/domain/batch"
	"dossier/domain/organisation"
	"dossier/eventstore"
	"dossier/eventstore/vault"
	"dossier/handlers"
	"dossier/handlers/api"
	"dossier/handlers/identity"
	"dossier/projections"
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
	b.note("bottleneck: two cores shared by the users, the server, Postgres and the projector; of a single read the durable entry in the access journal, of a worklist the count.")
	return nil
}

// house is a server of the API with everything that production has in front of it, and its callers.
type house struct {
	journal  *eventstore.Journal
	pool     *pgxpool.Pool
	views    *projections.Views
	bulk     *handlers.Bulk
	url      string
	client   *http.Client
	tokens   map[string][]string // of accounts
	all      []uuid.UUID         // the ministry's dossiers
	old      []uuid.UUID         // of them those that nobody moves any more
	versions map[uuid.UUID]int64

	mu     sync.Mutex
	moving []*moving
	stop   func()
}

// startHouse fills journal and views with the demo's lives, one in ten of them of Lâm Đồng and one in fifty of An Giang, and opens.
func (b *bench) startHouse(ctx context.Context, dossiers int) (h *house, err error) {
	lives, err := b.stack.lives(ctx, min(300, max(40, dossiers/5)))
	if err != nil {
		return nil, err
	}
	cycle, events := housed(lives)
	j, pool, err := b.stack.journal(ctx)
	if err != nil {
		return nil, err
	}
	access, err := eventstore.Open(ctx, pool, eventstore.Options{Access: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	h = &house{journal: j, pool: pool, views: projections.NewViews(pool, j), tokens: map[string][]string{}}
	key := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))
	v, err := vault.Open(ctx, pool, key, nil)
	if err != nil {
		return nil, err
	}
	x := handlers.NewExecutor(j, handlers.ExecutorOptions{CommandKey: []byte("bench"), Vault: v, Access: handlers.NewAccessLog(access, handlers.AccessOptions{})})
	admin := domain.Actor{Account: "admin", Role: domain.SystemAdmin, Unit: handlers.UnitIT}
	if _, err := x.ApplyOrganisation(ctx, admin, staffed(), handlers.Envelope{Key: handlers.NewKey()}); err != nil {
		return nil, err
	}
	if err := b.stack.filled(ctx, h.views, cycle, dossiers, events*dossiers/len(cycle)); err != nil {
		return nil, err
	}
	if err := h.know(ctx); err != nil {
		return nil, err
	}
	engine := projections.NewEngine(pool, j, projections.Options{NoKafka: true, Log: slog.New(slog.DiscardHandler)})
	h.views.Follow(engine)
	keys, lockout := identity.NewKeys(pool, x, identity.NewLockout(nil)), identity.NewLockout(nil)
	if err := h.cut(ctx, keys, admin); err != nil {
		return nil, err
	}
	h.bulk = handlers.NewBulk(x, h.views, handlers.BulkOptions{})
	service := api.New(api.Deps{Executor: x, Views: h.views, Bulk: h.bulk, Journal: j, Pool: pool, Auth: identity.Any{keys}, Keys: keys, Lockout: lockout, Engine: engine, Version: "bench",
		Rates: handlers.NewRates(1<<30, 1<<30)})
	mux := http.NewServeMux()
	mux.Handle("/v1/", service)
	h.plainRoutes(mux)
	return h, h.open(mux, engine, func() { access.Close(); j.Close(); pool.Close() })
}

// filled copies lives into the journal as copyLives does, without waiting for the disk, and makes the views; a folder that was kept has them.
func (s *benchStack) filled(ctx context.Context, views *projections.Views, lives [][]eventstore.Event, dossiers, events int) error {
	var there int
	if err := s.admin.QueryRow(ctx, `select count(*) from views.dossiers_v1`).Scan(&there); err != nil || there >= dossiers*3/4 {
		return err
	}
	config, err := pgxpool.ParseConfig(s.pg.URL("dossier_app", benchDatabase))
	if err != nil {
		return err
	}
	config.MaxConns = 24
	config.ConnConfig.RuntimeParams["synchronous_commit"] = "off"
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("reach database: %w", err)
	}
	defer pool.Close()
	j, err := eventstore.Open(ctx, pool, eventstore.Options{Queue: 1 << 16, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer j.Close()
	if _, err := copyLives(ctx, j, lives, events); err != nil {
		return err
	}
	if _, err := (projections.Rebuilder{Owner: s.admin, Views: views}).Rebuild(ctx, "dossiers", "dossier_versions", "history", "timers"); err != nil {
		return err
	}
	_, err = s.admin.Exec(ctx, "vacuum analyze")
	return err
}

// open serves on loopback until stop.
func (h *house) open(all http.Handler, engine *projections.Engine, shut func()) error {
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{Handler: all, ReadHeaderTimeout: 10 * time.Second}
	running, cancel := context.WithCancel(context.Background())
	var ended sync.WaitGroup
	ended.Go(func() { _ = server.Serve(at) })
	ended.Go(func() { _ = engine.Run(running) })
	ended.Go(func() { _ = h.bulk.Run(running) })
	h.url = "http://" + at.Addr().String()
	h.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2 * apiUsers, MaxConnsPerHost: 0}}
	h.stop = func() {
		h.client.CloseIdleConnections()
		_ = server.Close()
		cancel()
		ended.Wait()
		shut()
	}
	return nil
}

// housed are lives of which one in ten is filed in Lâm Đồng and one in fifty in An Giang, and how many events they have together.
func housed(lives [][]eventstore.Event) (cycle [][]eventstore.Event, events int) {
	move := func(life []eventstore.Event, agency, office string) []eventstore.Event {
		r := strings.NewReplacer(`"one-stop"`, `"`+agency+`-one-stop"`, `"leadership"`, `"`+agency+`-leadership"`, `"registry"`, `"`+agency+`-one-stop"`,
			`"animal-health"`, `"`+office+`"`, `"plant-protection"`, `"`+office+`"`, `"forestry"`, `"`+office+`"`, `"quality"`, `"`+office+`"`, `"crop-production"`, `"`+office+`"`, `"inspectorate"`, `"`+office+`"`)
		moved := slices.Clone(life)
		for i, e := range moved {
			moved[i].Data, moved[i].Meta = json.RawMessage(r.Replace(string(e.Data))), json.RawMessage(r.Replace(string(e.Meta)))
		}
		return moved
	}
	for i, life := range lives {
		switch {
		case i%50 == 7:
			life = move(life, "an-giang", "an-giang-animals")
		case i%10 == 3:
			life = move(life, "lam-dong", "lam-dong-plants")
		}
		cycle = append(cycle, life)
		events += len(life)
	}
	return cycle, events
}

// know reads which of the ministry's dossiers are there, and at which version nobody moves them any more.
func (h *house) know(ctx context.Context) error {
	rows, err := h.pool.Query(ctx, `select id, version, status in ('returned', 'resolved') from views.dossiers_v1 where places && array['one-stop', 'animal-health', 'plant-protection']`)
	if err != nil {
		return fmt.Errorf("list dossiers: %w", err)
	}
	h.versions = map[uuid.UUID]int64{}
	var id uuid.UUID
	var version int64
	var ended bool
	_, err = pgx.ForEachRow(rows, []any{&id, &version, &ended}, func() error {
		if h.all = append(h.all, id); ended {
			h.old, h.versions[id] = append(h.old, id), version
		}
		return nil
	})
	return err
}

// cut gives each caller a key of its own.
func (h *house) cut(ctx context.Context, keys *identity.Keys, admin domain.Actor) error {
	for _, post := range posts {
		for i := range post.officers {
			as := domain.Actor{Account: officer(post.kind, i), Role: post.role, Unit: post.unit}
			_, token, err := keys.Make(ctx, handlers.Accessor{Actor: admin}, identity.NewKey{Label: "bench", As: as, Scopes: []string{"read", "command"}, For: time.Hour})
			if err != nil {
				return fmt.Errorf("key of %s: %w", as.Account, err)
			}
			h.tokens[post.kind] = append(h.tokens[post.kind], token)
		}
	}
	return nil
}

// posts are who works in the house: 200 accounts, so that each has a day of its own in the access journal.
var posts = []struct {
	kind     string
	role     domain.Role
	unit     string
	officers int
}{
	{"reception", domain.ReceptionOfficer, handlers.UnitOneStop, 60}, {"officer", domain.CaseOfficer, handlers.UnitAnimalHealth, 120}, {"small", domain.ReceptionOfficer, "an-giang-one-stop", 20},
}

func officer(kind string, i int) string { return fmt.Sprintf("bench-%s-%d", kind, i) }

// staffed is the shipped organisation with them.
func staffed() []byte {
	var more strings.Builder
	for _, p := range posts {
		for i := range p.officers {
			fmt.Fprintf(&more, "  - {account: %s, from: 2025-07-01, title_vi: Cán bộ, title_en: Officer, posts: [{role: %s, unit: %s}]}\n", officer(p.kind, i), p.role, p.unit)
		}
	}
	return bytes.Replace(organisation.Shipped(), []byte("\ndelegations:"), []byte(more.String()+"\ndelegations:"), 1)
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

// plainHouse has the same rows in a plain table, with the indexes that its questions need.
func (b *bench) plainHouse(ctx context.Context, h *house) error {
	_, err := b.stack.admin.Exec(ctx, `
		drop table if exists plain_dossiers, plain_acts;
		create table plain_dossiers as
		select id, code, status, unit, due, updated_at, state from views.dossiers_v1;
		alter table plain_dossiers add primary key (id);
		create index on plain_dossiers (updated_at, id);
		create index on plain_dossiers (unit, status, due, id);
		create table plain_acts (id uuid primary key, dossier uuid not null, act text not null, at timestamptz not null default now());
		grant all on plain_dossiers, plain_acts to dossier_app`)
	if err == nil {
		_, err = b.stack.admin.Exec(ctx, `vacuum analyze plain_dossiers`)
	}
	if err != nil {
		return fmt.Errorf("make the baseline: %w", err)
	}
	return nil
}

// plainRoutes answer the same questions from plain tables, with nothing in front of them.
func (h *house) plainRoutes(mux *http.ServeMux) {
	answer := func(w http.ResponseWriter, v any, err error) {
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("GET /plain/{id}", func(w http.ResponseWriter, r *http.Request) {
		var state json.RawMessage
		err := h.pool.QueryRow(r.Context(), `select state from plain_dossiers where id = $1`, r.PathValue("id")).Scan(&state)
		answer(w, state, err)
	})
	mux.HandleFunc("GET /plain", func(w http.ResponseWriter, r *http.Request) {
		list, count, args := `select state from plain_dossiers order by updated_at desc, id limit 50`, `select count(*) from (select from plain_dossiers limit 10001) x`, []any{}
		if unit := r.URL.Query().Get("unit"); unit != "" {
			const of = ` from plain_dossiers where unit = $1 and status = any ($2)`
			list, count, args = `select state`+of+` order by due, id limit 50`, `select count(*) from (select`+of+` limit 10001) x`, []any{unit, r.URL.Query()["status"]}
		}
		var page struct {
			Items []json.RawMessage
			Total int
		}
		rows, err := h.pool.Query(r.Context(), list, args...)
		if err == nil {
			for rows.Next() {
				var state json.RawMessage
				if err = rows.Scan(&state); err != nil {
					break
				}
				page.Items = append(page.Items, state)
			}
			rows.Close()
		}
		if err == nil {
			err = h.pool.QueryRow(r.Context(), count, args...).Scan(&page.Total)
		}
		answer(w, page, err)
	})
	mux.HandleFunc("POST /plain/{id}", func(w http.ResponseWriter, r *http.Request) {
		tx, err := h.pool.Begin(r.Context())
		if err == nil {
			defer tx.Rollback(context.WithoutCancel(r.Context())) //nolint:errcheck // after a commit it does nothing
			_, err = tx.Exec(r.Context(), `insert into plain_acts (id, dossier, act) values ($1, $2, 'step')`, uuid.New(), r.PathValue("id"))
		}
		if err == nil {
			_, err = tx.Exec(r.Context(), `update plain_dossiers set updated_at = now() where id = $1`, r.PathValue("id"))
		}
		if err == nil {
			err = tx.Commit(r.Context())
		}
		answer(w, struct{}{}, err)
	})
}

func (h *house) plainAsks() []demand {
	get := func(path string) func(context.Context) error {
		return func(ctx context.Context) error { return h.ask(ctx, "", http.MethodGet, path, nil, &struct{}{}) }
	}
	one := func(method string) func(context.Context) error {
		return func(ctx context.Context) error {
			return h.ask(ctx, "", method, "/plain/"+h.old[rand.IntN(len(h.old))].String(), nil, &struct{}{})
		}
	}
	of := url.Values{"unit": {"animal-health"}, "status": {"appraising", "supplement_requested", "pending_approval"}}
	return []demand{
		{"command", 20, one(http.MethodPost)}, {"single read", 50, one(http.MethodGet)}, {"worklist, filters and counts", 15, get("/plain?" + of.Encode())},
		{"worklist, filters and counts", 10, get("/plain")}, {"worklist of a small agency", 5, get("/plain?unit=an-giang-animals&status=appraising")},
	}
}

// largestBatch plans one act on as many dossiers as a batch may have, looks at it, lets it run to its end and reads every item.
func (h *house) largestBatch(ctx context.Context, b *bench, items int) error {
	b.say("one act on %d dossiers", min(items, len(h.all)))
	ids := make([]string, 0, items)
	for _, id := range h.all[:min(items, len(h.all))] {
		ids = append(ids, id.String())
	}
	var planned struct {
		ID    uuid.UUID
		Phase string
		Total int
	}
	began := time.Now()
	// The largest body that there is; most are refused by a rule, which is an outcome like any other.
	if err := h.ask(ctx, "officer", http.MethodPost, "/v1/bulk", map[string]any{"command": "record-step", "arguments": map[string]any{"code": "desk-check"}, "ids": ids}, &planned); err != nil {
		return err
	}
	b.report(fmt.Sprintf("batch of %d: planned", planned.Total), time.Since(began).Round(time.Millisecond).String())
	began = time.Now()
	if err := h.ask(ctx, "officer", http.MethodPost, "/v1/bulk/"+planned.ID.String()+"/run", map[string]any{}, nil); err != nil {
		return err
	}
	for planned.Phase != "finished" && planned.Phase != "halted" {
		time.Sleep(time.Second)
		if err := h.ask(ctx, "officer", http.MethodGet, "/v1/bulk/"+planned.ID.String(), nil, &planned); err != nil {
			return err
		}
		if time.Since(began) > 10*time.Minute {
			return fmt.Errorf("batch %s stands at %q", planned.ID, planned.Phase)
		}
	}
	b.report(fmt.Sprintf("batch of %d: run to its end", planned.Total), time.Since(began).Round(time.Millisecond).String())
	return h.everyItem(ctx, b, planned.ID, len(ids))
}

// everyItem reads what became of each, a line an item.
func (h *house) everyItem(ctx context.Context, b *bench, id uuid.UUID, want int) error {
	began := time.Now()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/v1/bulk/"+id.String()+"/items", nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+h.tokens["officer"][0])
	r.Header.Set("Accept", "application/x-ndjson")
	answer, err := h.client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	outcomes, lines := map[string]int{}, json.NewDecoder(answer.Body)
	for n := 0; ; n++ {
		var item struct{ Outcome string }
		if err := lines.Decode(&item); err == io.EOF {
			if n != want {
				return wrong("%d items of %d are told", n, want)
			}
			break
		} else if err != nil {
			return err
		}
		outcomes[item.Outcome]++
	}
	b.report(fmt.Sprintf("batch of %d: every item read, a line each", want), time.Since(began).Round(time.Millisecond).String())
	b.report("batch: what became of them", fmt.Sprint(outcomes))
	if outcomes["failed"]+outcomes["not_found"] > 0 {
		return wrong("items that must not be: %v", outcomes)
	}
	return nil
}

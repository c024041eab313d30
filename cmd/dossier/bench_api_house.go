package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/domain"
	"dossier/domain/organisation"
	"dossier/eventstore"
	"dossier/eventstore/vault"
	"dossier/handlers"
	"dossier/handlers/api"
	"dossier/handlers/identity"
	"dossier/projections"
)

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
	if err := h.cut(ctx, keys); err != nil {
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
	rows, err := h.pool.Query(ctx, `select d.id, d.version, d.status in ('returned', 'resolved') from views.dossiers_v1 d
		join views.place_sets s on s.id = d.place_set where s.places && array['one-stop', 'animal-health', 'plant-protection']`)
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

// cut gives each caller a key of its own, which counts at once: the operator gives them.
func (h *house) cut(ctx context.Context, keys *identity.Keys) error {
	by := handlers.Accessor{Actor: domain.Actor{Account: "operator", Role: domain.System}}
	for _, post := range posts {
		for i := range post.officers {
			as := domain.Actor{Account: officer(post.kind, i), Role: post.role, Unit: post.unit}
			_, token, err := keys.Make(ctx, by, identity.NewKey{Label: "bench", As: as, Scopes: []string{"read", "command"}, For: time.Hour})
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

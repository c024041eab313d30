package api_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"dossier/eventstore"
	"dossier/eventstore/relay"
	"dossier/eventstore/vault"
	"dossier/handlers"
	"dossier/handlers/api"
	"dossier/handlers/identity"
	"dossier/handlers/localpay"
	"dossier/internal/devstack"
	"dossier/internal/telemetry"
	"dossier/migrations"
	"dossier/migrations/dbtest"
	"dossier/projections"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"), // sarama's, one for the process
		goleak.IgnoreAnyFunction("dossier/internal/devstack.(*child).run"),              // the Postgres of the run
	)
}

// house is a whole dossier behind an address.
type house struct {
	t        *testing.T
	url      string
	client   *http.Client
	db       *dbtest.DB
	pool     *pgxpool.Pool
	journal  *eventstore.Journal
	engine   *projections.Engine
	bulk     *handlers.Bulk // run by tests that need it
	executor *handlers.Executor
	routes   []string
	service  http.Handler
	bank     *localpay.Client
	lockout  *identity.Lockout
	log      *lines
	stop     func() // tells long reads that the process stops
}

// lines is a log that tests read.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newHouse opens a house whose views read the journal themselves.
func newHouse(t *testing.T) *house { return openHouse(t, nil, nil) }

// newHouseWith opens a house with another gate.
func newHouseWith(t *testing.T, gate *handlers.Gate) *house { return openHouse(t, nil, gate) }

// newHouseWithKafka opens a house with everything between a command and its view.
func newHouseWithKafka(t *testing.T) *house { return openHouse(t, devstack.TestKafka(t), nil) }

func openHouse(t *testing.T, brokers []string, gate *handlers.Gate) *house {
	t.Helper()
	return openHouseWith(t, brokers, gate, nil)
}

// openHouseWith opens a house that keeps files as it is told.
func openHouseWith(t *testing.T, brokers []string, gate *handlers.Gate, files *cabinet) *house {
	t.Helper()
	db := dbtest.New(t)
	pool, err := pgxpool.New(t.Context(), db.AppURL)
	if err != nil {
		t.Fatal(err)
	}
	var clock func() time.Time
	if files != nil && files.clock != nil {
		if clock = files.clock; migrations.Simulated(t.Context(), db.OwnerURL) != nil {
			t.Fatal("no simulated clock")
		}
	}
	j, err := eventstore.Open(t.Context(), pool, eventstore.Options{Simulated: clock})
	if err != nil {
		t.Fatal(err)
	}
	access, err := eventstore.Open(t.Context(), pool, eventstore.Options{Access: true, Simulated: clock})
	if err != nil {
		t.Fatal(err)
	}
	topic := "api." + uuid.NewString()
	engine := projections.NewEngine(pool, j, projections.Options{Brokers: brokers, Topic: topic, Group: topic, NoKafka: len(brokers) == 0})
	carrier := relay.New(pool, j, relay.Options{Brokers: brokers, Topic: topic, Partitions: 8, Replication: 1})
	h := &house{t: t, db: db, pool: pool, journal: j, engine: engine, log: &lines{}}
	closing := make(chan struct{})
	h.stop = sync.OnceFunc(func() { close(closing) })
	metrics := telemetry.New()
	store := files.store(t, pool) // opens the vault
	sealed := files.vault()
	if sealed == nil {
		var err error
		if sealed, err = vault.Open(t.Context(), pool, base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef")), nil); err != nil {
			t.Fatal(err)
		}
	}
	o := handlers.ExecutorOptions{CommandKey: []byte("test"), Metrics: metrics, Files: store, Vault: sealed, Now: clock, Access: handlers.NewAccessLog(access, handlers.AccessOptions{Now: clock})}
	if files != nil {
		o.Registry = files.registry
	}
	if files != nil && files.ca != nil {
		o.Signer, o.Verifier = files.ca, files.ca.Verifier()
	}
	executor := handlers.NewExecutor(j, o)
	h.executor = executor
	views := projections.NewViews(pool, j).Follow(engine)
	h.bulk = handlers.NewBulk(executor, views, handlers.BulkOptions{})
	h.lockout = identity.NewLockout(nil)
	keys := identity.NewKeys(pool, executor, h.lockout)
	var signIn *identity.Login
	if files != nil && files.issuer != "" {
		signIn = identity.NewLogin(identity.NewSessions(pool, executor, identity.SessionOptions{}), sealed, h.lockout, identity.LoginOptions{Issuer: files.issuer, ClientID: "dossier"})
	}
	h.service = api.New(api.Deps{
		Executor: executor, Metrics: metrics, Bulk: h.bulk, Money: h.money(executor), SignIn: signIn,
		Views: views, Files: files.handlers(executor), Journal: j, Pool: pool,
		Auth: identity.Any{keys, files.authenticator(executor)}, Keys: keys, Lockout: h.lockout,
		Engine: engine, Relay: carrier, Version: "test", Closing: closing, Gate: gate,
		Log: slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	h.routes = api.RoutesOf(h.service)
	server := httptest.NewServer(h.service)
	h.url, h.client = server.URL, server.Client()

	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = engine.Run(ctx) })
	if len(brokers) > 0 {
		running.Go(func() { _ = carrier.Run(ctx) })
	}
	t.Cleanup(func() {
		h.stop()
		server.Close()
		cancel()
		running.Wait()
		j.Close()
		access.Close()
		pool.Close()
	})
	return h
}

// ready waits until all that readiness asks for is there.
func (h *house) ready() {
	h.t.Helper()
	var r reply
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if r = h.get("", "/readyz"); r.StatusCode == http.StatusOK {
			return
		}
	}
	h.t.Fatalf("never ready: %s", r.body)
}

// reply is an answer, read whole.
type reply struct {
	*http.Response
	body []byte
	t    *testing.T
}

// send sends one request. Headers are "Name: value".
func (h *house) send(account, method, path, body string, headers ...string) reply {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	if account != "" {
		r.Header.Set("Authorization", "Bearer dev:"+account)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	response, err := h.client.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return reply{response, b, h.t}
}

func (h *house) get(account, path string, headers ...string) reply {
	h.t.Helper()
	return h.send(account, "GET", path, "", headers...)
}

func (h *house) post(account, path, body string, headers ...string) reply {
	h.t.Helper()
	return h.send(account, "POST", path, body, headers...)
}

// is fails the test when the status is another.
func (r reply) is(status int) reply {
	r.t.Helper()
	if r.StatusCode != status {
		r.t.Fatalf("%s %s: status %d, want %d\n%s", r.Request.Method, r.Request.URL, r.StatusCode, status, r.body)
	}
	return r
}

// into decodes the body.
func (r reply) into(v any) reply {
	r.t.Helper()
	if err := json.Unmarshal(r.body, v); err != nil {
		r.t.Fatalf("%s %s: %v in %s", r.Request.Method, r.Request.URL, err, r.body)
	}
	return r
}

// receipt is the answer to a command.
type receipt struct {
	ID       string  `json:"id"`
	Code     *string `json:"code"`
	Status   string  `json:"status"`
	Version  int64   `json:"version"`
	Position int64   `json:"position"`
}

func (r reply) receipt() (got receipt) {
	r.t.Helper()
	r.into(&got)
	return got
}

// problem is the answer to what was refused.
type problem struct {
	Type, Title, Code, Detail, Basis, Instance string
	TitleVI                                    string `json:"title_vi"`
	TitleEN                                    string `json:"title_en"`
	Status                                     int
	Version                                    int64
	Commands                                   []string
	Errors                                     []struct{ Field, Detail string }
	Changed                                    []struct {
		Type       string
		By         struct{ Account string }
		RecordedAt time.Time `json:"recorded_at"`
	}
}

// problem checks that the answer is a whole problem.
func (r reply) problem(status int, code string) (p problem) {
	r.t.Helper()
	r.is(status).into(&p)
	if got := r.Header.Get("Content-Type"); got != "application/problem+json" {
		r.t.Errorf("%s %s: problem as %q", r.Request.Method, r.Request.URL, got)
	}
	if p.Code != code || p.Status != status {
		r.t.Errorf("%s %s: problem %d %s, want %d %s", r.Request.Method, r.Request.URL, p.Status, p.Code, status, code)
	}
	if p.Type != "urn:dossier:problem:"+code || p.Title == "" || p.TitleVI == "" || p.TitleEN == "" || p.Detail == "" || p.Instance == "" {
		r.t.Errorf("%s %s: incomplete problem %s", r.Request.Method, r.Request.URL, r.body)
	}
	return p
}

const filing = `{"procedure":"vet-practice-cert-renew","channel":"online","applicant":"applicant-1"}`

// submitted is a new dossier of the first applicant.
func (h *house) submitted() receipt {
	h.t.Helper()
	return h.post("applicant-1", "/v1/dossiers", filing).is(201).receipt()
}

// done sends a command that must succeed.
func (h *house) done(account, id, command, body string, headers ...string) receipt {
	h.t.Helper()
	return h.post(account, "/v1/dossiers/"+id+"/"+command, body, headers...).is(200).receipt()
}

// appraised brings a new dossier to the approver.
func (h *house) appraised() receipt {
	h.t.Helper()
	id := h.submitted().ID
	h.done("reception", id, "accept", "")
	h.done("reception", id, "forward", `{"unit":"animal-health"}`)
	h.done("head", id, "assign-officer", `{"officer":"officer-1"}`)
	h.done("officer-1", id, "start-appraisal", "")
	return h.done("officer-1", id, "submit-for-approval", `{"proposal":"grant"}`)
}

// seen waits until the views hold a receipt.
func (h *house) seen(r receipt) string {
	return fmt.Sprintf("min_position=%d", r.Position)
}

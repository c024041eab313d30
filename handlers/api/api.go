// Package api is dossier over HTTP: every act and every question is one route, every answer says what it is true at, and every
// refusal says its rule in Vietnamese and English.
package api

import (
	"log/slog"
	"net/http"
	"time"

	"dossier/domain/dossier"
	"dossier/eventstore"
	"dossier/eventstore/relay"
	"dossier/handlers"
	"dossier/handlers/identity"
	"dossier/internal/telemetry"
	"dossier/projections"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Deps is what the API stands on.
type Deps struct {
	Executor *handlers.Executor
	Views    *projections.Views
	Bulk     *handlers.Bulk  // default: one of its own; who plays the reactor does what it starts
	Money    *handlers.Money // default: of the counter alone
	Files    *handlers.Files // nil: none are taken
	Journal  *eventstore.Journal
	Auth     handlers.Authenticator
	Pool     *pgxpool.Pool      // asked by /readyz
	Keys     *identity.Keys     // default: of Pool
	Lockout  *identity.Lockout  // default: one of its own
	Sessions *identity.Sessions // default: of Pool
	SignIn   *identity.Login    // nil: no issuer

	Relay   interface{ Status() relay.Status }       // may be nil, or stand still, when another process plays the role
	Engine  interface{ Status() projections.Status } // likewise
	Timers  *handlers.Timekeeper                     // likewise
	LagMost time.Duration                            // views further behind turn /readyz red; default 30 s

	PublicURL string             // where browsers find us, when a proxy changes Host
	Source    string             // ce_source of every event, as the relay writes it; default "/dossier"
	Version   string             // of the program; default from the build
	Zone      *time.Location     // of dates without a time; default Asia/Ho_Chi_Minh
	Metrics   *telemetry.Metrics // default: figures of its own
	Log       *slog.Logger       // default: discard
	Closing   <-chan struct{}    // closed when the process begins to stop: long reads end then; may be nil
	Gate      *handlers.Gate     // shared with the pages of this process; default: one of its own
	Rates     *handlers.Rates    // nil: no bounds
	Checks    *handlers.Limiter  // of the public check of results; shared likewise
}

// server is the API at work.
type server struct {
	Deps
	mux     *handlers.Mux
	api     huma.API
	origin  *http.CrossOriginProtection
	metrics *telemetry.Metrics
	log     *slog.Logger
	spec    []byte
	schemas map[string][]byte
	paths   []documented

	followers *handlers.Gate // who reads the feed and waits
	uploads   *handlers.Gate // who sends or fetches content
}

// New returns the API. It answers Prefixes; everything else it calls unknown.
func New(d Deps) http.Handler { return newServer(d) }

func newServer(d Deps) *server {
	s := &server{Deps: d.withDefaults(), mux: handlers.NewMux(handlers.API), origin: handlers.SameOrigin(d.PublicURL),
		followers: handlers.NewGate(handlers.MostFollowers, handlers.MostBytes), uploads: handlers.NewGate(mostTransfers, handlers.MostBytes)}
	s.metrics, s.log = s.Metrics, s.Log
	s.api = humago.New(s.mux, config(s.Version))
	s.routes()
	s.publish()
	s.figures()
	return s
}

// Prefixes are the paths the API answers; everything else belongs to the pages.
var Prefixes = []string{"/v1/", "/schemas/", "/docs", "/docs/", "/openapi.json", "/livez", "/healthz", "/readyz", "/metrics", "/version"}

// routes is every route there is. publish adds what describes them: /openapi.json, /docs, /schemas/{type}.
func (s *server) routes() {
	get(s, "/v1/dossiers", "list-dossiers", "Dossiers by status, now or as they were", s.list)
	get(s, "/v1/dossiers/{id}", "get-dossier", "One dossier, now or as it was", s.dossier)
	get(s, "/v1/dossiers/{id}/history", "get-history", "What happened to a dossier: who, when, what changed, why", s.history)
	get(s, "/v1/dossiers/{id}/deadline", "get-deadline", "The due date of a dossier and the way that leads to it, day by day", s.deadline)
	get(s, "/v1/dossiers/{id}/timers", "list-dossier-timers", "What a dossier waits for: limits that run, and who is told next, as it is now", s.timersOf)
	get(s, "/v1/dossiers/{id}/receipt", "get-receipt", "The receipt of a reception: each dossier taken in together, with its own limit and date", s.reception)
	get(s, "/v1/dossiers/{id}/access", "list-openings", "Who opened a dossier, by role and unit, from the access journal; newest first", s.openings)
	get(s, "/v1/dossiers/{id}/diff", "get-diff", "What differs between two versions of a dossier", s.diff)
	get(s, "/v1/timers", "list-timers", "What dossiers wait for, and who is told next", s.timers)
	get(s, "/v1/calendars", "list-calendars", "The calendars that are published", s.calendars)
	get(s, "/v1/calendars/{code}/count", "count-limit", "Count a limit from a moment, day by day, as dossiers are counted", s.count)
	get(s, "/v1/calendars/{code}", "get-calendar", "A calendar of working days and hours, now or as it was", s.calendar)
	get(s, "/v1/procedures", "list-procedures", "The catalogue of procedures, as it is valid on a day", s.procedures)
	get(s, "/v1/procedures/{id}", "get-procedure", "A procedure with its versions, one of them whole, and its switches", s.procedure)
	get(s, "/v1/procedures/{id}/move", "preview-move", "What a move to another version would change, and which open dossiers it would touch", s.previewMove)
	get(s, "/v1/organisation", "get-organisation", "Who may act: agencies, units, accounts with their roles, delegations, as they hold on a day and were known", s.organisation)
	get(s, "/v1/access", "list-access", "The access journal, for auditors: who was refused what, by which rule; newest first", s.access)
	get(s, "/v1/events/stream", "stream-events", "The feed as server-sent events", s.stream)
	register(s, s.operation(http.MethodGet, "/v1/events", "read-events", "The feed: every event from position 1, the same CloudEvents as in Kafka"),
		answering(longestWait+answerWithin, s.feed))

	s.ruleRoutes()
	s.personRoutes()
	s.standingRoutes()
	s.bulkRoutes()
	s.moneyRoutes()
	s.fileRoutes()
	s.resultRoutes()
	s.keyRoutes()
	s.sessionRoutes()
	s.sandboxRoutes()
	s.submit()
	for _, name := range dossier.CommandNames() {
		s.command(name)
	}
	s.mux.HandleFunc("POST /v1/dossiers/{id}/{command}", s.unknownCommand)

	s.mux.HandleFunc("GET /livez", s.livez)
	s.mux.HandleFunc("GET /healthz", s.livez)
	s.mux.HandleFunc("GET /readyz", s.readyz)
	s.mux.HandleFunc("GET /version", s.version)
	s.mux.Handle("GET /metrics", s.metrics.Handler())
}

func (d Deps) withDefaults() Deps {
	if d.LagMost == 0 {
		d.LagMost = 30 * time.Second
	}
	if d.Source == "" {
		d.Source = "/dossier"
	}
	if d.Version == "" {
		d.Version = built().Version
	}
	if d.Zone == nil {
		d.Zone = handlers.Zone()
	}
	if d.Metrics == nil {
		d.Metrics = telemetry.New()
	}
	if d.Bulk == nil {
		d.Bulk = handlers.NewBulk(d.Executor, d.Views, handlers.BulkOptions{Log: d.Log})
	}
	if d.Money == nil {
		d.Money = handlers.NewMoney(d.Executor, nil)
	}
	if d.Lockout == nil {
		d.Lockout = identity.NewLockout(nil)
	}
	if d.Keys == nil {
		d.Keys = identity.NewKeys(d.Pool, d.Executor, d.Lockout)
	}
	if d.Sessions == nil {
		d.Sessions = identity.NewSessions(d.Pool, d.Executor, identity.SessionOptions{})
	}
	if d.Gate == nil {
		d.Gate = handlers.NewGate(handlers.MostRequests, handlers.MostBytes)
	}
	if d.Checks == nil {
		d.Checks = handlers.NewLimiter(handlers.ChecksPerMinute, nil)
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return d
}

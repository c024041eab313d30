package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"dossier/eventstore"
	"dossier/eventstore/relay"
	"dossier/eventstore/vault"
	"dossier/handlers"
	"dossier/handlers/identity"
	"dossier/internal/config"
	"dossier/internal/telemetry"
	"dossier/projections"
)

// The roles a process can play. All of them by default.
const (
	roleAPI       = "api"
	roleRelay     = "relay"
	roleProjector = "projector"
	roleReactor   = "reactor"
)

var allRoles = []string{roleAPI, roleRelay, roleProjector, roleReactor}

// parseRoles reads "api,relay".
func parseRoles(s string) ([]string, error) {
	if s == "" {
		return allRoles, nil
	}
	roles := strings.Split(s, ",")
	for _, r := range roles {
		if !slices.Contains(allRoles, r) {
			return nil, usageError{fmt.Errorf("unknown role %q: say some of %s", r, strings.Join(allRoles, ","))}
		}
	}
	return roles, nil
}

// process is everything of one running dossier, in the order a command travels.
type process struct {
	cfg      config.Config
	log      *slog.Logger
	metrics  *telemetry.Metrics
	pool     *pgxpool.Pool
	journal  *eventstore.Journal
	access   *eventstore.Journal // refusals
	executor *handlers.Executor
	relay    *relay.Relay
	engine   *projections.Engine
	views    *projections.Views
	keeper   *handlers.Timekeeper
	invoices *handlers.InvoiceSender // nil: none are sent
	clock    *simClock               // nil in production
	bulk     *handlers.Bulk
	persons  *handlers.Persons
	money    *handlers.Money
	files    *handlers.Files // nil: not set up
	lockout  *identity.Lockout
	keys     *identity.Keys
	sessions *identity.Sessions
	signin   *identity.Login    // nil: no issuer
	login    *handlers.DevLogin // nil: nobody is believed by its word alone
}

// newProcess opens what may fail; nothing runs yet.
func newProcess(ctx context.Context, cfg config.Config, log *slog.Logger, login *handlers.DevLogin) (*process, error) {
	f, err := lay(ctx, cfg, 32, log, log)
	if err != nil {
		return nil, err
	}
	pool, journal := f.pool, f.journal
	p := &process{cfg: cfg, log: log, metrics: telemetry.New(), pool: pool, journal: journal, access: f.access, login: login, clock: f.clock}
	f.options.Metrics = p.metrics
	p.executor = handlers.NewExecutor(journal, f.options)
	if login != nil {
		p.login = login.Follow(p.executor)
	}
	p.relay = relay.New(pool, journal, p.relayOptions())
	p.engine = projections.NewEngine(pool, journal, projections.Options{
		Brokers: cfg.Kafka.Brokers, Topic: cfg.Kafka.Topic, Log: log, Kafka: kafkaAccess(cfg),
		Check: 45 * time.Second, // a row that somebody changed is reported within a minute
	})
	p.views = projections.NewViews(pool, journal).Follow(p.engine).Naming(p.executor.Procedures().Names)
	p.keeper = handlers.NewTimekeeper(p.executor, p.views, pool, handlers.TimekeeperOptions{Log: log})
	p.money = handlers.NewMoney(p.executor, providerOf(cfg))
	if p.files, err = filesOf(cfg, p.executor, f.files, log); err != nil {
		p.close()
		return nil, err
	}
	if cfg.Invoice.URL != "" {
		if p.invoices, err = handlers.NewInvoiceSender(p.money, handlers.InvoiceOptions{URL: cfg.Invoice.URL, Key: cfg.Invoice.Key, Spool: cfg.Invoice.Spool, Log: log}); err != nil {
			p.close()
			return nil, err
		}
	}
	p.lockout = identity.NewLockout(nil)
	p.keys = identity.NewKeys(pool, p.executor, p.lockout)
	p.sessions = sessionsOf(cfg, pool, p.executor)
	if p.signin, err = loginOf(cfg, p.sessions, f.vault, p.lockout); err != nil {
		p.close()
		return nil, err
	}
	p.persons = handlers.NewPersons(p.executor, p.views)
	p.bulk = handlers.NewBulk(p.executor, p.views, handlers.BulkOptions{Log: log})
	return p, nil
}

// openVault opens the vault, nil without a key: then nothing that a person types is taken.
func openVault(ctx context.Context, pool *pgxpool.Pool, cfg config.Config, log *slog.Logger) (*vault.Vault, error) {
	if cfg.VaultKey == "" {
		return nil, nil
	}
	if err := (vault.KMS{Token: cfg.KMS.Token, Roots: cfg.KMS.Roots}).Register(cfg.VaultKey); err != nil {
		return nil, err
	}
	v, err := vault.Open(ctx, pool, cfg.VaultKey, log)
	if err != nil {
		return nil, fmt.Errorf("open vault: %w", err)
	}
	return v, nil
}

// openAccess opens the second journal.
func openAccess(ctx context.Context, pool *pgxpool.Pool, cfg config.Config, log *slog.Logger, clock *simClock) (*eventstore.Journal, error) {
	access, err := eventstore.Open(ctx, pool, eventstore.Options{Access: true, Log: log, Archive: cfg.ArchiveDir, Simulated: clock.now()})
	if err != nil {
		return nil, fmt.Errorf("open access journal: %w", err)
	}
	return access, nil
}

func (p *process) relayOptions() relay.Options {
	return relay.Options{
		Brokers: p.cfg.Kafka.Brokers, Topic: p.cfg.Kafka.Topic, Partitions: p.cfg.Kafka.Partitions, Replication: p.cfg.Kafka.Replication,
		Source: p.source(), Log: p.log, Kafka: kafkaAccess(p.cfg),
	}
}

func (p *process) source() string { return eventSource(p.cfg) }

func (s *system) source() string { return eventSource(s.cfg) }

// eventSource is the ce_source of every event.
func eventSource(cfg config.Config) string {
	if cfg.HTTP.PublicURL != "" {
		return cfg.HTTP.PublicURL
	}
	return "/dossier"
}

// run plays the roles together until the context ends or one of them cannot go on; ready is called when pages are served.
func (p *process) run(ctx context.Context, roles []string, ready func(addr string)) error {
	g, ctx := errgroup.WithContext(ctx)
	if slices.Contains(roles, roleRelay) {
		g.Go(func() error { return p.relay.Run(ctx) })
	}
	if slices.Contains(roles, roleProjector) {
		g.Go(func() error { return p.engine.Run(ctx) })
	}
	if slices.Contains(roles, roleReactor) {
		g.Go(func() error { return handlers.NewRecounter(p.executor, p.views, p.log).Run(ctx) })
		g.Go(func() error { return p.keeper.Run(ctx) })
		g.Go(func() error { return p.bulk.Run(ctx) })
		g.Go(func() error { return p.files.Run(ctx) })
		g.Go(func() error { return p.invoices.Run(ctx) })
		g.Go(func() error { return p.persons.Tidy(ctx, p.log, 10*time.Minute) })
	}
	g.Go(func() error { return p.clock.follow(ctx) })
	if slices.Contains(roles, roleAPI) {
		g.Go(func() error { return p.serveHTTP(ctx, roles, ready) })
	}
	if err := g.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func (p *process) close() {
	p.executor.Access().Settle()
	p.journal.Close()
	p.access.Close()
	p.pool.Close()
}

// server bounds what a client may take: its header's size, the time it sends that in, and the time in which it takes the answer.
func (p *process) server(handler http.Handler) *http.Server {
	return &http.Server{Handler: handlers.CutOffSlowReaders(handler, handlers.SlowestReader), ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 64 << 10, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(p.log.Handler(), slog.LevelWarn)}
}

// serveHTTP answers until the context ends, then lets requests under way finish.
func (p *process) serveHTTP(ctx context.Context, roles []string, ready func(addr string)) error {
	handler, err := p.handler(roles)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", p.cfg.HTTP.Addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", p.cfg.HTTP.Addr, err)
	}
	base, cancel := context.WithCancel(context.Background()) // event streams end with it, ordinary requests before it
	defer cancel()
	server := p.server(handler)
	server.BaseContext = func(net.Listener) context.Context { return base }
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		cancel()
		grace, done := context.WithTimeout(context.Background(), 10*time.Second)
		defer done()
		stopped <- server.Shutdown(grace)
	}()
	ready(listener.Addr().String())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve HTTP: %w", err)
	}
	return <-stopped
}

// kafkaAccess puts TLS and SASL into every Kafka client.
func kafkaAccess(cfg config.Config) func(*sarama.Config) {
	return func(c *sarama.Config) {
		if tls := cfg.TLS(); tls != nil {
			c.Net.TLS.Enable, c.Net.TLS.Config = true, tls
		}
		if cfg.Kafka.SASLUsername != "" {
			c.Net.SASL.Enable = true
			c.Net.SASL.User, c.Net.SASL.Password = cfg.Kafka.SASLUsername, cfg.Kafka.SASLPassword
			if cfg.Kafka.SASLMechanism != "" {
				c.Net.SASL.Mechanism = sarama.SASLMechanism(cfg.Kafka.SASLMechanism)
			}
		}
	}
}

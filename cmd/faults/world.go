package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/eventstore"
	"dossier/eventstore/relay"
	"dossier/internal/devstack"
	"dossier/migrations"
	"dossier/projections"
)

const database = "faults"

// world is everything that runs while faults are injected, and what is remembered of it to judge the outcome.
type world struct {
	seed   uint64
	log    *slog.Logger
	alarms *alarms
	dir    string
	pg     atomic.Pointer[devstack.Postgres]
	kafka  cluster
	topic  string
	group  string // of consumers
	nodes  []*node
	own    *pgxpool.Pool // the judge's, over a wire that nobody cuts
	truth  *eventstore.Journal
	views  *projections.Views
	ledger *ledger
	stalls *stalls

	truncated atomic.Bool // records were deleted from the topic on purpose
	rolls     atomic.Uint64
	working   []func() // stops the load
	watching  func()   // stops the watch
}

// settings of a world.
type settings struct {
	seed  uint64
	nodes int
	dir   string  // of Postgres; empty: a temporary one
	kafka cluster // shared with others, so the topic has a name of its own; nil: own brokers in this process
	read  slog.Handler
}

func newWorld(ctx context.Context, s settings) (w *world, err error) {
	w = &world{seed: s.seed, alarms: newAlarms(s.read), ledger: newLedger(), stalls: &stalls{}}
	w.log = slog.New(w.alarms)
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if w.dir, err = os.MkdirTemp("", "dossier-faults-"); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	if err = w.startPostgres(ctx, s.dir); err != nil {
		return nil, err
	}
	if err = w.startKafka(s.kafka); err != nil {
		return nil, err
	}
	if err = w.openOwn(ctx); err != nil {
		return nil, err
	}
	for i := range s.nodes {
		n, err := w.newNode(ctx, fmt.Sprintf("node-%d", i+1))
		if err != nil {
			return nil, err
		}
		w.nodes = append(w.nodes, n)
		n.play(roleRelay)
		n.play(roleProjector)
	}
	w.watch()
	return w, nil
}

func (w *world) startPostgres(ctx context.Context, dir string) error {
	pg, err := devstack.StartPostgres(ctx, devstack.PostgresOptions{Dir: dir, Log: discard})
	if err != nil {
		return fmt.Errorf("start Postgres: %w", err)
	}
	if err := w.use(pg); err != nil {
		return err
	}
	c, err := pgx.Connect(ctx, pg.AdminURL)
	if err != nil {
		return fmt.Errorf("reach Postgres: %w", err)
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, "create database "+database); err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	return migrations.Up(ctx, pg.URL(devstack.Superuser, database))
}

// use makes a server the one of the moment, under the same address for processes of their own.
func (w *world) use(pg *devstack.Postgres) error {
	w.pg.Store(pg)
	go pg.Supervise(context.Background()) // until Stop
	u, err := url.Parse(pg.AdminURL)
	if err != nil {
		return fmt.Errorf("read Postgres' address: %w", err)
	}
	next := w.address() + ".next"
	if err := os.Symlink(u.Query().Get("host"), next); err != nil {
		return fmt.Errorf("name Postgres' folder: %w", err)
	}
	return os.Rename(next, w.address())
}

func (w *world) address() string { return filepath.Join(w.dir, "socket") }

func (w *world) startKafka(shared cluster) error {
	w.kafka, w.topic, w.group = shared, relay.DefaultTopic, projections.DefaultGroup
	if shared != nil {
		w.topic = filepath.Base(w.dir)
		w.group = w.topic
		return nil
	}
	b, err := startBrokers(filepath.Join(w.dir, "kafka"))
	if err == nil {
		w.kafka = b
	}
	return err
}

// openOwn opens the judge's own way to the journal.
func (w *world) openOwn(ctx context.Context) (err error) {
	if w.own, err = w.pool(ctx, newLink(w.dialPostgres), 4); err != nil {
		return err
	}
	if w.truth, err = eventstore.Open(ctx, w.own, eventstore.Options{Log: discard}); err != nil {
		return fmt.Errorf("open journal: %w", err)
	}
	w.views = projections.NewViews(w.own, w.truth)
	return nil
}

func (w *world) pool(ctx context.Context, l *link, most int32) (*pgxpool.Pool, error) {
	c, err := pgxpool.ParseConfig(w.pg.Load().URL("dossier_app", database))
	if err != nil {
		return nil, fmt.Errorf("read Postgres' address: %w", err)
	}
	c.MaxConns = most
	c.ConnConfig.ConnectTimeout = 3 * time.Second
	c.ConnConfig.DialFunc = l.DialContext
	p, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("open pool: %w", err)
	}
	return p, nil
}

// dialPostgres finds the server of the moment: after a failover it is another one.
func (w *world) dialPostgres(ctx context.Context, _, _ string) (net.Conn, error) {
	u, err := url.Parse(w.pg.Load().AdminURL)
	if err != nil {
		return nil, err
	}
	return dialPlain(ctx, "unix", filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432"))
}

func (w *world) close() {
	w.rest()
	if w.watching != nil {
		w.watching()
	}
	if w.kafka != nil {
		_ = w.kafka.start() // who waits for Kafka ends sooner when it answers
	}
	var closing sync.WaitGroup
	for _, n := range w.nodes {
		closing.Go(n.close)
	}
	closing.Wait()
	if w.truth != nil {
		w.truth.Close()
	}
	if w.own != nil {
		w.own.Close()
	}
	if w.kafka != nil {
		w.kafka.stop()
	}
	if pg := w.pg.Load(); pg != nil {
		pg.Stop()
	}
	_ = os.RemoveAll(w.dir)
}

// work lets n writers send commands until rest.
func (w *world) work(n int, pace time.Duration) {
	for i := range n {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		x := &writer{w: w, random: rand.New(rand.NewPCG(w.seed, uint64(i)+100)), pace: pace}
		go func() {
			defer close(done)
			x.run(ctx)
		}()
		w.working = append(w.working, func() { cancel(); <-done })
	}
}

func (w *world) rest() {
	for _, stop := range w.working {
		stop()
	}
	w.working = nil
}

// heal takes every fault away.
func (w *world) heal() error {
	for _, n := range w.nodes {
		n.db.mend()
		n.broker.mend()
		n.mangler.on.Store(false)
		n.ahead.Store(0)
		n.play(roleRelay)
		n.play(roleProjector)
	}
	return w.kafka.start()
}

// settle heals, stops the load and waits until every event is in Kafka and in the views.
func (w *world) settle(ctx context.Context) error {
	if err := w.heal(); err != nil {
		return err
	}
	w.rest()
	head, err := w.headOnce(ctx)
	if err != nil {
		return err
	}
	if err := w.views.Wait(ctx, head, nil); err != nil {
		return fmt.Errorf("everything is healed and still %w; %s", err, w.says())
	}
	return until(ctx, func() error {
		cursor, _, _, err := relay.Head(ctx, w.own)
		if err == nil && cursor < head {
			err = fmt.Errorf("published up to %d of %d: %s", cursor, head, w.says())
		}
		return err
	})
}

func (w *world) headOnce(ctx context.Context) (head int64, err error) {
	err = until(ctx, func() error {
		head, err = w.truth.Head(ctx)
		return err
	})
	return head, err
}

// says is what all nodes say of themselves.
func (w *world) says() string {
	all := ""
	for _, n := range w.nodes {
		s := n.relay.Status()
		all += fmt.Sprintf("%s: relay %s at %d of %d; %s. ", n.name, s.Role, s.Cursor, s.Head, n.trouble())
	}
	return all
}

// until waits for a condition and says what was still wrong when the context ended.
func until(ctx context.Context, holds func() error) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := holds()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-tick.C:
		}
	}
}

// asOwner runs statements with all rights.
func (w *world) asOwner(ctx context.Context, statements string) error {
	c, err := pgx.Connect(ctx, w.pg.Load().URL(devstack.Superuser, database))
	if err != nil {
		return fmt.Errorf("reach Postgres: %w", err)
	}
	defer c.Close(context.WithoutCancel(ctx))
	_, err = c.Exec(ctx, statements)
	return err
}

// dice are new ones from the world's seed.
func (w *world) dice() *rand.Rand { return rand.New(rand.NewPCG(w.seed, w.rolls.Add(1))) }

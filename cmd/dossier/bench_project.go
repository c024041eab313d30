package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/eventstore"
	"dossier/eventstore/relay"
	"dossier/handlers"
	"dossier/internal/devstack"
	"dossier/projections"
)

// benchProject: from a command to its row in the view, and a burst through journal, Kafka and every projection.
func benchProject(ctx context.Context, b *bench) error {
	if err := b.scale(ctx); err != nil {
		return err
	}
	if err := b.warm(ctx); err != nil {
		return err
	}
	pipe, err := b.startPipe(ctx)
	if err != nil {
		return err
	}
	defer pipe.stop()

	span, burst := 8*time.Second, 100_000
	if b.quick {
		span, burst = 300*time.Millisecond, 500
	}
	b.say("warming up: connections, plans and caches")
	if _, err := pipe.visible(ctx, 1000, span/2); err != nil {
		return err
	}
	for _, load := range []struct {
		rate     int
		p50, p99 time.Duration
	}{{200, 5 * time.Millisecond, 25 * time.Millisecond}, {1000, 5 * time.Millisecond, 25 * time.Millisecond}, {3000, 10 * time.Millisecond, 50 * time.Millisecond}} {
		b.say("command to visible row at %d commands/s for %s", load.rate, span)
		took, err := pipe.visible(ctx, load.rate, span)
		if err != nil {
			return err
		}
		for _, p := range []struct {
			what string
			at   float64
			goal time.Duration
		}{{"p50", 0.50, load.p50}, {"p99", 0.99, load.p99}} {
			what := fmt.Sprintf("command to visible row, %d/s, %s", load.rate, p.what)
			if b.kafka.real {
				b.report(what, ms(percentile(took, p.at))) // the goals are for a broker that is as near as can be
				continue
			}
			b.below(what, percentile(took, p.at), p.goal)
		}
	}
	b.say("a burst of %d appends through the whole pipe", burst)
	before := b.stack.processorTime()
	appended, rate, err := pipe.burst(ctx, burst)
	if err != nil {
		return err
	}
	used := b.stack.processorTime().since(before)
	b.report("burst: journal, while the others follow", perSecond(appended))
	if b.kafka.real {
		b.report("burst: journal, Kafka, all projections", perSecond(rate))
	} else {
		b.rateAtLeast("burst: journal, Kafka, all projections", rate, 20_000)
	}
	b.report("burst: processor time for each event", used.each(burst))
	if err := pipe.complete(ctx, b); err != nil {
		return err
	}
	b.say("rebuild of all projections from the journal")
	rebuilt, peak, err := pipe.rebuild(ctx, b)
	if err != nil {
		return err
	}
	b.report("rebuild of all projections from the journal", perSecond(rebuilt))
	if peak > 0 {
		b.megabytesBelow("resident memory during rebuild, all in this process, peak", peak, 250)
	}
	b.note("bottleneck: two cores shared by load generator, Postgres, broker, relay and projector; the projections' writes first.")
	return nil
}

// pipe is the whole way: journal, relay, Kafka, projections, all in this process unless brokers were named.
type pipe struct {
	pool     *pgxpool.Pool
	journal  *eventstore.Journal
	executor *handlers.Executor
	views    *projections.Views
	relay    *relay.Relay
	engine   *projections.Engine
	stop     func()
}

func (b *bench) startPipe(ctx context.Context) (*pipe, error) {
	j, pool, err := b.stack.journal(ctx)
	if err != nil {
		return nil, err
	}
	topic, end, err := b.pipeTopic(ctx)
	if err != nil {
		return nil, err
	}
	p := &pipe{pool: pool, journal: j, views: projections.NewViews(pool, j)}
	p.executor = handlers.NewExecutor(j, handlers.ExecutorOptions{CommandKey: []byte("bench")})
	p.relay = relay.New(pool, j, topic.options(topic.name))
	p.engine = projections.NewEngine(pool, j, projections.Options{
		Brokers: topic.brokers, Topic: topic.name, Group: topic.name, Kafka: topic.access, Log: slog.New(slog.DiscardHandler),
	})
	p.views.Follow(p.engine)
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { _ = p.relay.Run(ctx) })
	running.Go(func() { _ = p.engine.Run(ctx) })
	p.stop = func() {
		cancel()
		running.Wait()
		end()
		j.Close()
		pool.Close()
	}
	return p, nil
}

// pipeTopic is on brokers that were named, or on one in this process, on disk.
func (b *bench) pipeTopic(ctx context.Context) (t *benchTopic, end func(), err error) {
	k, partitions, stop := b.kafka, eventstore.Lanes, func() {}
	if !k.real {
		own, err := devstack.StartKafka(devstack.KafkaOptions{Dir: b.stack.dir + "/kafka", Addr: "127.0.0.1:0"})
		if err != nil {
			return nil, nil, fmt.Errorf("start Kafka: %w", err)
		}
		k.brokers, partitions, stop = []string{own.Addr}, devstack.KafkaPartitions, own.Stop
	}
	if t, err = k.topic(ctx, partitions); err != nil {
		stop()
		return nil, nil, err
	}
	return t, func() { t.remove(); stop() }, nil
}

// visible sends commands at a fixed rate, whatever the answers take, and returns the sorted times from sending a command to
// its row being visible.
func (p *pipe) visible(ctx context.Context, rate int, span time.Duration) ([]time.Duration, error) {
	var mu sync.Mutex
	var took []time.Duration
	var failed error
	atRate(rate, span, func(due time.Time) {
		err := p.submitAndSee(ctx)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			failed = err
		}
		took = append(took, time.Since(due))
	})
	slices.Sort(took)
	return took, failed
}

func (p *pipe) submitAndSee(ctx context.Context) error {
	receipt, err := p.submit(ctx)
	if err != nil {
		return err
	}
	return p.views.Wait(ctx, receipt.Position, &receipt.ID)
}

func (p *pipe) submit(ctx context.Context) (handlers.Receipt, error) {
	return p.executor.Submit(ctx, domain.Actor{Account: "applicant-1", Role: domain.Applicant},
		handlers.Envelope{Key: handlers.NewKey(), Body: []byte("{}")},
		dossier.SubmitDossier{Procedure: "vet-practice-cert-renew", Channel: dossier.Online, Applicant: "applicant-1"})
}

// burst appends n events as fast as 256 writers can and returns events a second until the last is in the journal, and until it is in
// every view.
func (p *pipe) burst(ctx context.Context, n int) (appended, seen float64, err error) {
	began := time.Now()
	if err := many(256, n, func() error { return appendOne(ctx, p.journal) }); err != nil {
		return 0, 0, err
	}
	appended = float64(n) / time.Since(began).Seconds()
	head, err := p.journal.Head(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("read head: %w", err)
	}
	if err := p.views.Wait(ctx, head, nil); err != nil {
		return 0, 0, fmt.Errorf("wait for the views: %w", err)
	}
	return appended, float64(n) / time.Since(began).Seconds(), nil
}

// complete holds the rows against the journal: whatever happened to the brokers meanwhile, there is one for every event.
func (p *pipe) complete(ctx context.Context, b *bench) error {
	var events, rows int64
	err := b.stack.admin.QueryRow(ctx, `
		select (select count(*) from journal.events),
		       (select count(*) from views.history_v1)`).Scan(&events, &rows)
	if err != nil {
		return fmt.Errorf("count rows: %w", err)
	}
	if rows != events {
		return checkError{fmt.Errorf("%d events made %d rows of history", events, rows)}
	}
	b.report("rows of history, one for each event", strconv.FormatInt(rows, 10))
	return nil
}

// many does it n times from so many goroutines and returns the first error.
func many(workers, n int, do func() error) error {
	jobs := make(chan struct{}, n)
	for range n {
		jobs <- struct{}{}
	}
	close(jobs)
	errs := make(chan error, workers)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for range jobs {
				if err := do(); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	return <-errs
}

// rebuild empties the views and lets a projector that hears no Kafka fill them from the journal.
func (p *pipe) rebuild(ctx context.Context, b *bench) (rate float64, peakMB int, err error) {
	head, err := p.journal.Head(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("read head: %w", err)
	}
	if _, err := b.stack.admin.Exec(ctx, "truncate views.dossiers_v1, views.history_v1, views.dossier_versions_v1, views.timers_v1, views.checkpoints"); err != nil {
		return 0, 0, fmt.Errorf("empty the views: %w", err)
	}
	engine := projections.NewEngine(p.pool, p.journal, projections.Options{NoKafka: true, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(ctx)
	p.views.Follow(engine)
	ended := make(chan error, 1)
	forgetResidentPeak()
	began := time.Now()
	go func() { ended <- engine.Run(ctx) }()
	waited := make(chan error, 1)
	go func() { waited <- p.views.Wait(ctx, head, nil) }()
	err = <-waited
	took := time.Since(began)
	cancel()
	<-ended
	return float64(head) / took.Seconds(), residentPeak(), err
}

// Linux keeps the most memory that a process ever had resident, and forgets it when told to; elsewhere it is not measured.
func forgetResidentPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

func residentPeak() (mb int) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		var kb int
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kb); n == 1 {
			return kb >> 10
		}
	}
	return 0
}

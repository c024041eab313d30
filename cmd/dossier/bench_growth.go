package main

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/eventstore"
	"dossier/migrations"
)

// Events of a filled stream, and rows of one filling statement.
const (
	grownStream = 5
	grownChunk  = 250_000
)

// benchGrowth: the same appends to a journal that is large and to one that is small, in turns: how much an append costs more
// because of what has been written before.
func benchGrowth(ctx context.Context, b *bench) error {
	large, few := b.events, int64(200_000)
	if b.quick {
		large, few = min(large, 20_000), 2_000
	}
	small, err := b.grow(ctx, "small", few, 1_000_000)
	if err != nil {
		return err
	}
	defer small.close()
	big, err := b.grow(ctx, benchDatabase, large, b.partitionSize(large))
	if err != nil {
		return err
	}
	defer big.close()
	b.say("%d and %d events, %d and %d partitions", small.events, big.events, small.partitions, big.partitions)

	n, many := 400, 15_000
	if b.quick {
		n, many = 30, 300
	}
	for _, m := range []struct {
		what string
		do   func(*grown, context.Context) error
	}{{"new streams", (*grown).appendNew}, {"old streams", (*grown).appendOld}} {
		if err := b.growthAlone(ctx, m.what, n, small, big, m.do); err != nil {
			return err
		}
		if err := b.growthTogether(ctx, m.what, many, small, big, m.do); err != nil {
			return err
		}
	}
	if err := b.growthOfCommands(ctx, n, many, small, big); err != nil {
		return err
	}
	b.note("ours: a journal of %d events in %d partitions; baseline: of %d events in %d, appended to in turns. Ratios are costs: large over small.",
		big.events, big.partitions, small.events, small.partitions)
	b.note("bottleneck: one client waits for the commit's fsync; 256 share the two cores with Postgres, which maintains four indexes of the newest partition.")
	return nil
}

// partitionSize keeps a quick run's large journal in as many partitions as a full one's.
func (b *bench) partitionSize(events int64) int64 {
	if b.quick {
		return max(1000, events/20)
	}
	return 1_000_000
}

func (b *bench) growthAlone(ctx context.Context, what string, n int, small, big *grown, do func(*grown, context.Context) error) error {
	b.say("1 client, %s", what)
	p50 := func(g *grown) func() (float64, error) {
		return func() (float64, error) {
			took, err := latencies(n, func() error { return do(g, ctx) })
			return float64(percentile(took, 0.5)), err
		}
	}
	m, err := b.inTurns(p50(big), p50(small))
	if err != nil {
		return err
	}
	b.atMost("append, 1 client, "+what+", p50", ms(time.Duration(m[0])), ms(time.Duration(m[1])), m[0]/m[1], 1.3)
	return nil
}

func (b *bench) growthTogether(ctx context.Context, what string, n int, small, big *grown, do func(*grown, context.Context) error) error {
	b.say("256 clients, %s", what)
	m, err := b.inTurns(rateOf(ctx, big, n, do), rateOf(ctx, small, n, do))
	if err != nil {
		return err
	}
	b.atMost("append, 256 clients, "+what, perSecond(m[0]), perSecond(m[1]), m[1]/m[0], 1.3)
	return nil
}

// growthOfCommands measures what a command pays: the history is read, and then appended to. Whoever acts on a dossier has looked at it
// before, so its pages are in memory; what the first look costs is a line of its own. Reading is not appending: no goal is set for it.
func (b *bench) growthOfCommands(ctx context.Context, n, many int, small, big *grown) error {
	b.say("commands: history read and append")
	look := func(g *grown) func() (float64, error) {
		return func() (float64, error) { return g.look(ctx, many) }
	}
	p50 := func(g *grown) func() (float64, error) {
		return func() (float64, error) {
			if _, err := g.look(ctx, n); err != nil {
				return 0, err
			}
			took, err := latencies(n, func() error { return g.update(ctx) })
			return float64(percentile(took, 0.5)), err
		}
	}
	rate := func(g *grown) func() (float64, error) {
		return func() (float64, error) {
			if _, err := g.look(ctx, many); err != nil {
				return 0, err
			}
			return rateOf(ctx, g, many, (*grown).update)()
		}
	}
	m, err := b.inTurns(look(big), look(small), p50(big), p50(small), rate(big), rate(small))
	if err != nil {
		return err
	}
	for _, l := range []struct {
		what           string
		ours, baseline string
		cost           float64
	}{
		{"read and append, 1 client, old streams, p50", ms(time.Duration(m[2])), ms(time.Duration(m[3])), m[2] / m[3]},
		{"read and append, 256 clients, old streams", perSecond(m[4]), perSecond(m[5]), m[5] / m[4]},
		{"first look at old streams, 64 at a time", perSecond(m[0]), perSecond(m[1]), m[1] / m[0]},
	} {
		b.lines = append(b.lines, line{What: l.what, Ours: l.ours, Baseline: l.baseline, Ratio: fmt.Sprintf("%.2f", l.cost)})
	}
	return nil
}

// rateOf lets 256 clients do it n times and returns how often a second: a count and not a span, so that neither journal grows
// more than the other.
func rateOf(ctx context.Context, g *grown, n int, do func(*grown, context.Context) error) func() (float64, error) {
	return func() (float64, error) {
		var begun atomic.Int64
		began := time.Now()
		_, err := throughput(256, time.Hour, func() error {
			if begun.Add(1) > int64(n) {
				return errEnough
			}
			return do(g, ctx)
		})
		if err != errEnough {
			return 0, err
		}
		return float64(n) / time.Since(began).Seconds(), nil
	}
}

var errEnough = errors.New("enough")

// grown is a journal that was filled.
type grown struct {
	events, partitions int64
	journal            *eventstore.Journal
	pools              []*pgxpool.Pool
	next               atomic.Int64 // old streams that were appended to
}

func (g *grown) close() {
	if g.journal != nil {
		g.journal.Close()
	}
	for _, p := range g.pools {
		p.Close()
	}
}

// grow makes a database of its own and fills its journal.
func (b *bench) grow(ctx context.Context, database string, events, size int64) (g *grown, err error) {
	g = &grown{events: events}
	defer func() {
		if err != nil {
			g.close()
		}
	}()
	if database != benchDatabase {
		for _, statement := range []string{"drop database if exists ", "create database "} {
			if _, err := b.stack.admin.Exec(ctx, statement+database); err != nil {
				return nil, fmt.Errorf("make database: %w", err)
			}
		}
	}
	if err := migrations.Up(ctx, b.stack.pg.URL("postgres", database)); err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	admin, err := openPool(ctx, b.stack.pg.URL("postgres", database), 2)
	if err != nil {
		return nil, err
	}
	g.pools = append(g.pools, admin)
	var head int64
	if err := admin.QueryRow(ctx, `select coalesce(max(position), 0) from journal.events`).Scan(&head); err != nil {
		return nil, err
	}
	if head == 0 {
		if err := b.fill(ctx, admin, database, events, size); err != nil {
			return nil, fmt.Errorf("fill: %w", err)
		}
		head = events
	}
	if head < events {
		return nil, fmt.Errorf("the kept journal holds %d events only", head)
	}
	g.next.Store(head - events) // more than were appended to old streams by earlier runs
	app, err := openPool(ctx, b.stack.pg.URL("dossier_app", database), 24)
	if err != nil {
		return nil, err
	}
	g.pools = append(g.pools, app)
	if g.journal, err = eventstore.Open(ctx, app, eventstore.Options{Queue: 1 << 16}); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return g, admin.QueryRow(ctx, `select count(*) from journal.partitions where journal = 'events'`).Scan(&g.partitions)
}

// fill writes partitions of the shape that the append function leaves: the owner makes each apart and without indexes, fills it,
// indexes it and attaches it, which takes a fraction of the time of appends.
func (b *bench) fill(ctx context.Context, pool *pgxpool.Pool, database string, events, size int64) error {
	began := time.Now()
	if _, err := pool.Exec(ctx, fmt.Sprintf(dropPartitions, size)); err != nil {
		return err
	}
	for from := int64(1); from <= events; from += size {
		if err := fillPartition(ctx, pool, from, min(from+size-1, events), from+size-1); err != nil {
			return err
		}
		b.say("  %d of %d", min(from+size-1, events), events)
	}
	if _, err := pool.Exec(ctx, `select journal.make_partitions_v1('events')`); err != nil {
		return err
	}
	b.say("  %s: %d events filled in %.0f s", database, events, time.Since(began).Seconds())
	if err := b.list(ctx, pool); err != nil {
		return fmt.Errorf("list streams: %w", err)
	}
	for _, statement := range []string{`vacuum (freeze, analyze) journal.events`, `vacuum (freeze, analyze) journal.events_streams`, `checkpoint`} {
		if _, err := pool.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// list does what the upkeep of a journal does each time that a partition is full.
func (b *bench) list(ctx context.Context, pool *pgxpool.Pool) error {
	began, partitions := time.Now(), 0
	for listed := 1; listed > 0; partitions += listed {
		if err := pool.QueryRow(ctx, `select journal.list_streams_v1('events')`).Scan(&listed); err != nil {
			return err
		}
	}
	b.say("  streams of %d full partitions listed in %.1f s", partitions, time.Since(began).Seconds())
	return nil
}

func fillPartition(ctx context.Context, pool *pgxpool.Pool, from, through, to int64) error {
	name := fmt.Sprintf("events_p%015d", from)
	if _, err := pool.Exec(ctx, fmt.Sprintf(`create table journal.%s (like journal.events including defaults)`, name)); err != nil {
		return err
	}
	for at := from; at <= through; at += grownChunk {
		if _, err := pool.Exec(ctx, fmt.Sprintf(fillRows, name), at, min(at+grownChunk-1, through)); err != nil {
			return err
		}
	}
	_, err := pool.Exec(ctx, fmt.Sprintf(attachFilled, name, from, to, to+1))
	return err
}

const dropPartitions = `
	do $$
	declare
	  v_partition journal.partitions;
	begin
	  for v_partition in select * from journal.partitions where journal = 'events' loop
	    execute format('drop table journal.%%I', v_partition.name);
	  end loop;
	  delete from journal.partitions where journal = 'events';
	  update journal.settings set value = %d where name = 'partition_size';
	end
	$$`

// fillRows spreads each stream's events over a chunk: stream n has the positions whose rest by a fifth of the chunk is the same.
const fillRows = `
	insert into journal.%s (position, stream_id, stream_kind, version, event_id, type, type_version, data, meta, occurred_at, recorded_at, lane)
	select p, md5(($1 / 5 + (p - $1) %% (n / 5))::text)::uuid, 'dossier', (p - $1) / (n / 5) + 1,
	       md5('event ' || p)::uuid, 'dossier.submitted', 2,
	       '{"procedure":"vet-practice-cert-renew","procedure_version":1,"channel":"online","applicant":"a-4f0c2a7be1d94c52"}',
	       '{"actor":"applicant-1","actorrole":"applicant","commandhash":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","commandid":"7b1c5f0e-3f0b-5a77-9a40-8f4f2a9f6f11"}',
	       timestamptz '2020-01-01' + p * interval '1 millisecond', timestamptz '2020-01-01' + p * interval '1 millisecond', p %% 64
	  from (select $2::bigint - $1::bigint + 1 as n) s
	 cross join lateral generate_series($1::bigint, $2::bigint) p`

const attachFilled = `
	set maintenance_work_mem = '256MB';
	alter table journal.%[1]s add primary key (position);
	alter table journal.%[1]s add constraint %[1]s_version unique (stream_id, version), add constraint %[1]s_event unique (event_id);
	create index on journal.%[1]s (lane, position);
	create trigger append_only before update or delete or truncate on journal.%[1]s for each statement execute function journal.refuse_change();
	alter table journal.events attach partition journal.%[1]s for values from (%[2]d) to (%[4]d);
	insert into journal.partitions (journal, from_position, to_position, name) values ('events', %[2]d, %[3]d, '%[1]s')`

// appendNew appends to a stream that does not exist, as a creating command does: what it has seen is the newest head it knows.
func (g *grown) appendNew(ctx context.Context) error {
	_, err := g.journal.Append(ctx, eventstore.Request{
		Stream: eventstore.Stream{Kind: "dossier", ID: uuid.New()}, Seen: g.journal.Known(), Events: []eventstore.NewEvent{benchEvent()},
	})
	return err
}

// filledStream is the n-th stream of fillRows.
func filledStream(n int64) uuid.UUID { return uuid.UUID(md5.Sum([]byte(strconv.FormatInt(n, 10)))) }

// old returns streams all over the journal, each once before any comes again, and the version it is at.
func (g *grown) old() (uuid.UUID, int64) { return g.nth(g.next.Add(1) - 1) }

func (g *grown) nth(i int64) (uuid.UUID, int64) {
	streams := g.events / grownStream
	return filledStream(i * 7_368_787 % streams), grownStream + i/streams
}

// look reads the next n old streams, as a page that shows some of them does, and returns how many a second.
func (g *grown) look(ctx context.Context, n int) (perSecond float64, err error) {
	began := time.Now()
	var ids []uuid.UUID
	for next, end := g.next.Load(), g.next.Load()+int64(n); next < end; ids = ids[:0] {
		for ; next < end && len(ids) < 64; next++ {
			id, _ := g.nth(next)
			ids = append(ids, id)
		}
		if _, err := g.journal.Streams(ctx, ids); err != nil {
			return 0, err
		}
	}
	return float64(n) / time.Since(began).Seconds(), nil
}

// appendOld appends to a stream that exists, at the version its history would show.
func (g *grown) appendOld(ctx context.Context) error {
	id, version := g.old()
	_, err := g.journal.Append(ctx, eventstore.Request{
		Stream: eventstore.Stream{Kind: "dossier", ID: id}, Expected: version, Seen: g.journal.Known(), Events: []eventstore.NewEvent{benchEvent()},
	})
	return err
}

// update reads an old stream's history and appends to it.
func (g *grown) update(ctx context.Context) error {
	id, _ := g.old()
	_, err := g.journal.Update(ctx, eventstore.Stream{Kind: "dossier", ID: id}, eventstore.Command{}, nil,
		func(history []eventstore.Event) ([]eventstore.NewEvent, error) {
			if len(history) < grownStream {
				return nil, fmt.Errorf("stream %s has %d events", id, len(history))
			}
			return []eventstore.NewEvent{benchEvent()}, nil
		})
	return err
}

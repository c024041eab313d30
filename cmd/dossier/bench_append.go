package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dossier/eventstore"
)

// benchAppend: durable commits, one event each to distinct dossiers, against plain INSERTs with a sequence into a table of the
// same columns and indexes, and against COPY into it.
func benchAppend(ctx context.Context, b *bench) error {
	j, pool, err := b.stack.journal(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	defer j.Close()
	if err := b.stack.plainTable(ctx); err != nil {
		return err
	}
	ours := func() error { return appendOne(ctx, j) }
	plain := func() error { return b.stack.insertPlain(ctx, benchEvent()) }
	if err := b.alone(ours, plain); err != nil {
		return err
	}
	span := 2 * time.Second
	if b.quick {
		span = 100 * time.Millisecond
	}
	for _, clients := range []int{16, 64, 256, 512} {
		if err := b.together(ctx, clients, span, ours, plain); err != nil {
			return err
		}
	}
	b.note("bottleneck: with few clients the commit's fsync, with many the two cores shared by clients, writer and Postgres (index maintenance of the events table).")
	b.note("plain INSERT: each client on a connection of its own, at most 80 connections; COPY: one connection, 50,000 rows at a time.")
	return nil
}

// alone compares the latency of a single client.
func (b *bench) alone(ours, plain func() error) error {
	n := 400
	if b.quick {
		n = 50
	}
	p50 := func(do func() error) func() (float64, error) {
		return func() (float64, error) {
			took, err := latencies(n, do)
			return float64(percentile(took, 0.5)), err
		}
	}
	b.say("1 client")
	m, err := b.inTurns(p50(ours), p50(plain))
	if err != nil {
		return err
	}
	b.atMost("append, 1 client, p50 latency", ms(time.Duration(m[0])), ms(time.Duration(m[1])), m[0]/m[1], 1.6)
	return nil
}

// together compares the throughput of many clients.
func (b *bench) together(ctx context.Context, clients int, span time.Duration, ours, plain func() error) error {
	b.say("%d clients", clients)
	rate := func(do func() error) func() (float64, error) {
		return func() (float64, error) { return throughput(clients, span, do) }
	}
	m, err := b.inTurns(rate(ours), rate(plain), func() (float64, error) { return b.stack.copyPlain(ctx, 50_000) })
	if err != nil {
		return err
	}
	what := fmt.Sprintf("append, %d clients", clients)
	if clients >= 256 {
		b.atLeast(what+", against INSERT", perSecond(m[0]), perSecond(m[1]), m[0]/m[1], 2.5)
	} else {
		b.lines = append(b.lines, line{What: what + ", against INSERT", Ours: perSecond(m[0]), Baseline: perSecond(m[1]), Ratio: fmt.Sprintf("%.2f", m[0]/m[1])})
	}
	if clients == 512 {
		b.atLeast(what+", against COPY", perSecond(m[0]), perSecond(m[2]), m[0]/m[2], 0.25)
	}
	return nil
}

func appendOne(ctx context.Context, j *eventstore.Journal) error {
	return appendEvent(ctx, j, benchEvent())
}

func appendEvent(ctx context.Context, j *eventstore.Journal, e eventstore.NewEvent) error {
	_, err := j.Append(ctx, eventstore.Request{
		Stream: eventstore.Stream{Kind: "dossier", ID: uuid.New()}, Expected: eventstore.NoStream, Events: []eventstore.NewEvent{e},
	})
	return err
}

// benchEvent has the size of a usual dossier event.
func benchEvent() eventstore.NewEvent {
	return eventstore.NewEvent{
		ID: uuid.Must(uuid.NewV7()), Type: "dossier.submitted", TypeVersion: 2, OccurredAt: time.Now().UTC(),
		Data: []byte(`{"procedure":"vet-practice-cert-renew","procedure_version":1,"channel":"online","applicant":"a-4f0c2a7be1d94c52"}`),
		Meta: []byte(`{"actor":"applicant-1","actorrole":"applicant","commandhash":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","commandid":"7b1c5f0e-3f0b-5a77-9a40-8f4f2a9f6f11"}`),
	}
}

// plainTable makes the baseline: the shipped table's columns and indexes with a sequence for positions.
func (s *benchStack) plainTable(ctx context.Context) error {
	_, err := s.admin.Exec(ctx, `
		create sequence if not exists public.plain_position;
		create table if not exists public.plain (like journal.events including defaults);
		alter table public.plain alter column position set default nextval('public.plain_position');
		create unique index if not exists plain_position_key on public.plain (position);
		create unique index if not exists plain_stream on public.plain (stream_id, version);
		create unique index if not exists plain_event on public.plain (event_id);
		create index if not exists plain_lane on public.plain (lane, position)`)
	if err != nil {
		return fmt.Errorf("make plain table: %w", err)
	}
	return nil
}

func (s *benchStack) insertPlain(ctx context.Context, e eventstore.NewEvent) error {
	id := uuid.New()
	_, err := s.admin.Exec(ctx, `
		insert into public.plain (stream_id, stream_kind, version, event_id, type, type_version, data, meta, occurred_at, recorded_at, lane)
		values ($1, 'dossier', 1, $2, $3, $4, $5, $6, $7, clock_timestamp(), $8)`,
		id, e.ID, e.Type, e.TypeVersion, e.Data, e.Meta, e.OccurredAt, eventstore.Lane(id))
	return err
}

// copyPlain copies n rows into the same table and returns rows a second.
func (s *benchStack) copyPlain(ctx context.Context, n int) (float64, error) {
	columns := []string{"stream_id", "stream_kind", "version", "event_id", "type", "type_version", "data", "meta", "occurred_at", "recorded_at", "lane"}
	began := time.Now()
	_, err := s.admin.CopyFrom(ctx, pgx.Identifier{"public", "plain"}, columns, pgx.CopyFromSlice(n, func(int) ([]any, error) {
		e, id := benchEvent(), uuid.New()
		return []any{id, "dossier", int64(1), e.ID, e.Type, e.TypeVersion, e.Data, e.Meta, e.OccurredAt, e.OccurredAt, eventstore.Lane(id)}, nil
	}))
	if err != nil {
		return 0, fmt.Errorf("copy rows: %w", err)
	}
	return float64(n) / time.Since(began).Seconds(), nil
}

// latencies runs do n times, one after the other, and returns the sorted times.
func latencies(n int, do func() error) ([]time.Duration, error) {
	took := make([]time.Duration, n)
	for i := range took {
		began := time.Now()
		if err := do(); err != nil {
			return nil, err
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return took, nil
}

// throughput lets so many clients do it for a span and returns how often a second it was done.
func throughput(clients int, span time.Duration, do func() error) (float64, error) {
	var done atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	began := time.Now()
	for range clients {
		wg.Go(func() {
			for time.Since(began) < span && failed.Load() == nil {
				if err := do(); err != nil {
					failed.Store(&err)
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return float64(done.Load()) / time.Since(began).Seconds(), nil
}

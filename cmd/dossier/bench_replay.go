package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"dossier/domain/dossier"
	"dossier/eventstore"
)

// benchReplay: the whole journal in order, payload undecoded, against a bare pgx scan of the same rows.
func benchReplay(ctx context.Context, b *bench) error {
	j, pool, err := b.stack.journal(ctx)
	if err != nil {
		return err
	}
	defer pool.Close()
	defer j.Close()
	n := 200_000
	if b.quick {
		n = 2_000
	}
	b.say("filling the journal with %d events", n)
	if err := fill(ctx, j, n); err != nil {
		return err
	}
	m, err := b.inTurns(
		func() (float64, error) { return replay(ctx, j, func(eventstore.Event) error { return nil }) },
		func() (float64, error) { return bareScan(ctx, pool, "journal.events") },
		func() (float64, error) { return replay(ctx, j, decodeEvent) },
	)
	if err != nil {
		return err
	}
	b.atLeast("replay, payload undecoded", perSecond(m[0]), perSecond(m[1]), m[0]/m[1], 0.8)
	b.lines = append(b.lines, line{What: "replay, every event decoded", Ours: perSecond(m[2]), Baseline: perSecond(m[1]), Ratio: fmt.Sprintf("%.2f", m[2]/m[1])})
	b.note("bottleneck: Postgres forming and sending rows on one core; decoding JSON on the other.")
	return nil
}

// fill appends n events to distinct streams from many writers.
func fill(ctx context.Context, j *eventstore.Journal, n int) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(256)
	for range n {
		g.Go(func() error { return appendOne(ctx, j) })
	}
	return g.Wait()
}

// replay reads all pages and returns events a second.
func replay(ctx context.Context, j *eventstore.Journal, each func(eventstore.Event) error) (float64, error) {
	began, n, after := time.Now(), 0, int64(0)
	for {
		events, err := j.Page(ctx, after, 2000)
		if err != nil {
			return 0, fmt.Errorf("read page: %w", err)
		}
		if len(events) == 0 {
			return float64(n) / time.Since(began).Seconds(), nil
		}
		for _, e := range events {
			if err := each(e); err != nil {
				return 0, err
			}
		}
		n, after = n+len(events), events[len(events)-1].Position
	}
}

func decodeEvent(e eventstore.Event) error {
	_, err := dossier.DecodeFact(e.Position, e.Version, e.Type, e.TypeVersion, e.Data, e.Meta, e.OccurredAt, e.RecordedAt)
	return err
}

// bareScan is the least a Go program can do with the same rows: one statement, each column into a variable.
func bareScan(ctx context.Context, pool *pgxpool.Pool, table string) (float64, error) {
	began, n := time.Now(), 0
	rows, err := pool.Query(ctx, `
		select position, stream_id, stream_kind, version, event_id, type, type_version, data, meta, occurred_at, recorded_at, lane
		  from `+table+`
		 order by position`)
	if err != nil {
		return 0, fmt.Errorf("scan rows: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var position, version int64
		var stream, id uuid.UUID
		var kind, typ string
		var typeVersion, lane int
		var data, meta json.RawMessage
		var occurred, recorded time.Time
		if err := rows.Scan(&position, &stream, &kind, &version, &id, &typ, &typeVersion, &data, &meta, &occurred, &recorded, &lane); err != nil {
			return 0, fmt.Errorf("scan row: %w", err)
		}
		n++
	}
	return float64(n) / time.Since(began).Seconds(), rows.Err()
}

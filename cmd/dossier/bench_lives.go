package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"dossier/eventstore"
	"dossier/handlers"
	"dossier/handlers/demo"
	"dossier/migrations"
)

// lives are the histories of so many of the demo's dossiers, played in a database of its own under a simulated clock.
func (s *benchStack) lives(ctx context.Context, dossiers int) ([][]eventstore.Event, error) {
	const database = "lives"
	if err := s.makeDatabase(ctx, database); err != nil {
		return nil, err
	}
	if err := migrations.Simulated(ctx, s.pg.URL("postgres", database)); err != nil {
		return nil, fmt.Errorf("simulate a clock: %w", err)
	}
	pool, err := openPool(ctx, s.pg.URL("dossier_app", database), 0)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	clock := demo.NewClock(time.Now())
	j, err := eventstore.Open(ctx, pool, eventstore.Options{Simulated: clock.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, fmt.Errorf("open journal under a simulated clock: %w", err)
	}
	defer j.Close()
	if err := demo.Seed(ctx, j, clock, dossiers, nil); err != nil {
		return nil, err
	}
	events, _, err := j.Between(ctx, uuid.Nil, uuid.Max, 1<<20)
	if err != nil {
		return nil, fmt.Errorf("read the demo's dossiers: %w", err)
	}
	var all [][]eventstore.Event
	for from, to := 0, 0; from < len(events); from = to {
		for to < len(events) && events[to].StreamID == events[from].StreamID {
			to++
		}
		if events[from].StreamKind == handlers.Kind {
			all = append(all, events[from:to])
		}
	}
	return all, nil
}

// copyLives appends copies of lives under new ids until there are n events, 2,000 dossiers abreast: the events of one lie apart as
// they do in life. It returns how many events each dossier has.
func copyLives(ctx context.Context, j *eventstore.Journal, lives [][]eventstore.Event, n int) (map[uuid.UUID]int64, error) {
	const abreast = 2000
	copies := map[uuid.UUID]int64{}
	for done, next := 0, 0; done < n; {
		ids := make([]uuid.UUID, 0, abreast)
		for events := done; len(ids) < abreast && events < n; {
			id := uuid.New()
			ids = append(ids, id)
			copies[id] = int64(len(lives[(next+len(ids)-1)%len(lives)]))
			events += int(copies[id])
		}
		for step, some := 0, true; some; step++ {
			g, ctx := errgroup.WithContext(ctx)
			g.SetLimit(256)
			some = false
			for i, id := range ids {
				life := lives[(next+i)%len(lives)]
				if step < len(life) {
					some, done = true, done+1
					g.Go(func() error { return copyEvent(ctx, j, id, int64(step), life[step]) })
				}
			}
			if err := g.Wait(); err != nil {
				return nil, err
			}
		}
		next += len(ids)
	}
	return copies, nil
}

func copyEvent(ctx context.Context, j *eventstore.Journal, id uuid.UUID, expected int64, e eventstore.Event) error {
	_, err := j.Append(ctx, eventstore.Request{
		Stream: eventstore.Stream{Kind: e.StreamKind, ID: id}, Expected: expected,
		Events: []eventstore.NewEvent{{Type: e.Type, TypeVersion: e.TypeVersion, Data: e.Data, Meta: e.Meta, OccurredAt: e.OccurredAt}},
	})
	return err
}

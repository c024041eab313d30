package eventstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Generation is one continuous telling of the journal. A new one is opened when Postgres came back without a tail that
// Kafka had already seen: from there on the same positions name other events.
type Generation struct {
	Number int
	From   int64 // first position that this generation tells
}

// Generations are all of them, oldest first. The zero value refuses nothing.
type Generations []Generation

// Current returns the newest number, 1 before any fork.
func (g Generations) Current() int {
	if len(g) == 0 {
		return 1
	}
	return g[len(g)-1].Number
}

// Refuses says whether a message tells a position that a newer generation tells differently. A message of a generation
// newer than the ones known is never refused: read the generations again (Known) and ask again.
func (g Generations) Refuses(d Delivered) bool {
	for _, newer := range g {
		if newer.Number > d.Generation && d.Position >= newer.From {
			return true
		}
	}
	return false
}

// Known says whether the message's generation is among these. An unknown one means that another was opened since they
// were read.
func (g Generations) Known(d Delivered) bool { return d.Generation <= g.Current() }

// Generations reads all generations, oldest first. The first one is there from the beginning.
func (j *Journal) Generations(ctx context.Context) (Generations, error) {
	rows, err := j.db.Query(ctx, `
		select number, from_position
		from journal.generations
		order by number`)
	if err != nil {
		return nil, fmt.Errorf("read generations: %w", err)
	}
	g, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Generation])
	if err != nil {
		return nil, fmt.Errorf("read generations: %w", err)
	}
	if len(g) == 0 {
		return nil, errors.New("read generations: the journal has none")
	}
	return g, nil
}

// Of returns the generation that tells a position.
func (g Generations) Of(position int64) int {
	for i := len(g) - 1; i > 0; i-- {
		if g[i].From <= position {
			return g[i].Number
		}
	}
	return 1
}

package relay

import (
	"context"
	"fmt"
	"math"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/eventstore"
)

// A ForkError says that Kafka tells what the journal does not: Postgres came back without a tail it had confirmed. Going on
// would give two facts one position, so a person decides.
type ForkError struct {
	Partition int32
	Position  int64
	Kafka     uuid.UUID
	Journal   uuid.UUID // nil UUID when the journal ends before
	Newer     int       // Kafka's generation when the journal does not know it
}

func (e *ForkError) Error() string {
	journal := "the journal has event " + e.Journal.String()
	if e.Journal == uuid.Nil {
		journal = "the journal ends before it"
	}
	if e.Newer > 0 {
		journal = fmt.Sprintf("the journal does not know generation %d", e.Newer)
	}
	return fmt.Sprintf("kafka and the journal tell different histories: partition %d ends with event %s at position %d, %s; "+
		"run `dossier recover`", e.Partition, e.Kafka, e.Position, journal)
}

// compare returns the position after which to publish: the cursor, or less when Kafka lacks events, or a *ForkError.
func compare(ctx context.Context, pool *pgxpool.Pool, t *topic, tails []tail, g eventstore.Generations, cursor int64) (int64, error) {
	ids, err := eventIDs(ctx, pool, tailPositions(tails))
	if err != nil {
		return 0, err
	}
	lanes := make([]int16, 0, eventstore.Lanes)
	after := make([]int64, 0, eventstore.Lanes)
	for _, end := range tails {
		told, err := end.told(ids, g)
		if err != nil {
			return 0, err
		}
		for _, lane := range t.lanesOf(end.partition) {
			lanes, after = append(lanes, int16(lane)), append(after, told)
		}
	}
	first, head, err := firstAfter(ctx, pool, lanes, after)
	return min(cursor, first-1, head), err
}

// told returns the position up to which the partition has what the journal tells.
func (t tail) told(ids map[int64]uuid.UUID, g eventstore.Generations) (int64, error) {
	switch {
	case t.untouched():
		return 0, nil
	case t.last == nil:
		return math.MaxInt64, nil // expired: the cursor is trusted
	case g.Refuses(*t.last):
		return firstRefused(g, *t.last) - 1, nil
	case !g.Known(*t.last):
		return 0, &ForkError{Partition: t.partition, Position: t.last.Position, Kafka: t.last.ID, Newer: t.last.Generation}
	case ids[t.last.Position] != t.last.ID:
		return 0, &ForkError{Partition: t.partition, Position: t.last.Position, Kafka: t.last.ID, Journal: ids[t.last.Position]}
	}
	return t.last.Position, nil
}

// firstRefused is where the newer telling begins that refuses the message.
func firstRefused(g eventstore.Generations, d eventstore.Delivered) int64 {
	from := d.Position
	for _, newer := range g {
		if newer.Number > d.Generation {
			from = min(from, newer.From)
		}
	}
	return from
}

func tailPositions(tails []tail) []int64 {
	var positions []int64
	for _, end := range tails {
		if end.last != nil {
			positions = append(positions, end.last.Position)
		}
	}
	return positions
}

// eventIDs returns what the journal has at the positions.
func eventIDs(ctx context.Context, pool *pgxpool.Pool, positions []int64) (map[int64]uuid.UUID, error) {
	rows, err := pool.Query(ctx, `
		select position, event_id
		from journal.events
		where position = any($1)`, positions)
	if err != nil {
		return nil, fmt.Errorf("compare with the journal: %w", err)
	}
	ids := map[int64]uuid.UUID{}
	var position int64
	var id uuid.UUID
	_, err = pgx.ForEachRow(rows, []any{&position, &id}, func() error {
		ids[position] = id
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("compare with the journal: %w", err)
	}
	return ids, nil
}

// firstAfter returns the smallest position that stands after its lane's given one, beyond all when there is none, and the head. A
// cursor in memory may be ahead of a journal that came back shorter.
func firstAfter(ctx context.Context, pool *pgxpool.Pool, lanes []int16, after []int64) (first, head int64, err error) {
	err = pool.QueryRow(ctx, `
		select coalesce(min(next.position), $3),
		       coalesce((select position from journal.events order by position desc limit 1), 0)
		from unnest($1::smallint[], $2::bigint[]) as told (lane, position)
		cross join lateral (
		  select e.position
		  from journal.events e
		  where e.lane = told.lane
		    and e.position > told.position
		  order by e.position
		  limit 1
		) as next`, lanes, after, int64(math.MaxInt64)).Scan(&first, &head)
	if err != nil {
		return 0, 0, fmt.Errorf("find the first event kafka lacks: %w", err)
	}
	return first, head, nil
}

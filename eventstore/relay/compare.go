package relay

import (
	"context"
	"fmt"

	"github.com/google/uuid"

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

// beginning is where a session goes on.
type beginning struct {
	generations eventstore.Generations
	after       mark                    // everything up to here is in Kafka
	newest      mark                    // the newest event that is; beyond after when something before it is missing
	told        [eventstore.Lanes]int64 // up to where each lane is
	prev        [eventstore.Lanes]int64 // where the lanes end at after
}

// compare holds the ends of a topic against one moment of the journal: all of it comes from one database, whatever fails over
// meanwhile. It fails with a *ForkError.
func compare(ctx context.Context, j *eventstore.Journal, t *topic, tails []tail, cursor mark) (b beginning, err error) {
	err = j.Moment(ctx, func(r eventstore.Reader) error {
		if err := b.hear(ctx, r, t, tails, cursor); err != nil {
			return err
		}
		if t.another(cursor) {
			b.told = [eventstore.Lanes]int64{}
		}
		return b.place(ctx, r)
	})
	b.after.topic = t.id
	if t.another(cursor) && b.after.position < b.newest.position {
		b.after.topic = nowhere
	}
	return b, err
}

// nowhere is the id of no topic.
var nowhere = uuid.Max

// another says that the cursor speaks of a topic that had the name before. What this one holds was sent by a session that had not
// noticed, so the ends of its partitions say nothing about what stands before them, until it is whole.
func (t *topic) another(cursor mark) bool { return cursor.topic != uuid.Nil && cursor.topic != t.id }

// hear learns up to where Kafka has what the journal tells. A cursor in memory may speak of a tail that the journal has lost.
func (b *beginning) hear(ctx context.Context, r eventstore.Reader, t *topic, tails []tail, cursor mark) (err error) {
	if b.generations, err = r.Generations(ctx); err != nil {
		return err
	}
	ids, err := r.EventIDs(ctx, append(tailPositions(tails), cursor.position))
	if err != nil {
		return err
	}
	if cursor.event != uuid.Nil && ids[cursor.position] != cursor.event {
		cursor = mark{}
	}
	for _, end := range tails {
		told, err := end.told(ids, b.generations, cursor.position)
		if err != nil {
			return err
		}
		for _, lane := range t.lanesOf(end.partition) {
			b.told[lane] = told
		}
		if end.last != nil && told == end.last.Position && told > b.newest.position {
			b.newest = mark{position: told, event: end.last.ID}
		}
	}
	return nil
}

// place finds the position after which Kafka lacks something.
func (b *beginning) place(ctx context.Context, r eventstore.Reader) error {
	head, err := r.Head(ctx) // before the search: what is appended now comes after it
	if err != nil {
		return err
	}
	first, err := r.FirstAfter(ctx, b.told)
	if err != nil {
		return err
	}
	at := min(first-1, head)
	if b.prev, err = r.LaneEnds(ctx, at); err != nil {
		return err
	}
	ids, err := r.EventIDs(ctx, []int64{at})
	b.after = mark{position: at, event: ids[at]}
	return err
}

// told returns the position up to which the partition has what the journal tells.
func (t tail) told(ids map[int64]uuid.UUID, g eventstore.Generations, cursor int64) (int64, error) {
	switch {
	case t.untouched():
		return 0, nil
	case t.last == nil:
		return cursor, nil // expired
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

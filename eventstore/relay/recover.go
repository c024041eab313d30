package relay

import (
	"context"
	"errors"
	"fmt"

	"github.com/IBM/sarama"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/eventstore"
)

// scanBack is how many offsets a search for the fork reads at a time.
const scanBack = 2000

// Recovery says where two histories part and what was, or would be, done about it.
type Recovery struct {
	Fork       int64 // first position that Kafka and the journal may tell differently, 0 when they agree
	Generation int   // opened, or to be opened
	Orphans    int   // events that only Kafka has
	Head       int64 // of the journal
	Done       bool  // false for a dry run and when there was nothing to do
}

// Recover opens a new generation where Kafka and the journal part. From there on everyone refuses what older generations tell;
// a halted relay goes on by itself. A dry run only looks.
func Recover(ctx context.Context, pool *pgxpool.Pool, j *eventstore.Journal, o Options, dryRun bool) (Recovery, error) {
	known, err := j.Generations(ctx)
	if err != nil {
		return Recovery{}, err
	}
	head, err := j.Head(ctx)
	if err != nil {
		return Recovery{}, err
	}
	s := search{journal: j, known: known, newest: known.Current(), orphans: map[uuid.UUID]bool{}}
	if err := s.all(ctx, o.defaults()); err != nil {
		return Recovery{}, err
	}
	if s.fork == 0 {
		return Recovery{Head: head, Generation: known.Current()}, nil
	}
	// They part somewhere between the last event that both tell and the first that shows it.
	found := Recovery{Fork: min(s.fork, s.shared+1), Generation: s.newest + 1, Orphans: len(s.orphans), Head: head}
	if !dryRun {
		err = openGeneration(ctx, pool, j, found)
		found.Done = err == nil
	}
	return found, err
}

// search finds the first position that Kafka tells differently.
type search struct {
	journal *eventstore.Journal
	kafka   *topic
	known   eventstore.Generations
	fork    int64
	shared  int64
	newest  int // generation seen anywhere
	orphans map[uuid.UUID]bool
}

// all searches every partition. No topic is nothing to differ from.
func (s *search) all(ctx context.Context, o Options) error {
	kafka, err := connect(o, false)
	if errors.Is(err, sarama.ErrUnknownTopicOrPartition) {
		return nil
	}
	if err != nil {
		return err
	}
	defer kafka.close()
	s.kafka = kafka
	tails, err := kafka.tails()
	if err != nil {
		return err
	}
	for _, end := range tails {
		if err := s.partition(ctx, end); err != nil {
			return err
		}
	}
	return nil
}

// partition reads backward until an event that both tell stands before the ones that only Kafka does.
func (s *search) partition(ctx context.Context, end tail) error {
	for to := end.newest; to > end.oldest; to -= scanBack {
		var seen []eventstore.Delivered
		err := s.kafka.read(end.partition, max(end.oldest, to-scanBack), to, func(d eventstore.Delivered) {
			if !s.known.Refuses(d) {
				seen = append(seen, d)
			}
		})
		if err != nil {
			return err
		}
		shared, err := s.sort(ctx, seen)
		if err != nil || shared {
			return err
		}
	}
	return nil
}

// sort notes the orphans among the events and says whether the first one is shared.
func (s *search) sort(ctx context.Context, seen []eventstore.Delivered) (shared bool, err error) {
	positions := make([]int64, len(seen))
	for i, d := range seen {
		positions[i] = d.Position
	}
	ids, err := s.journal.EventIDs(ctx, positions)
	if err != nil {
		return false, err
	}
	for i, d := range seen {
		switch {
		case s.known.Known(d) && ids[d.Position] == d.ID:
			shared = shared || i == 0
			s.shared = max(s.shared, d.Position)
			continue
		case ids[d.Position] != d.ID:
			s.orphans[d.ID] = true
		}
		if s.fork == 0 || d.Position < s.fork {
			s.fork = d.Position
		}
		s.newest = max(s.newest, d.Generation)
	}
	return shared, nil
}

// openGeneration inserts the next number; of two who recover at once one fails on the key.
func openGeneration(ctx context.Context, pool *pgxpool.Pool, j *eventstore.Journal, r Recovery) error {
	ids, err := j.EventIDs(ctx, []int64{r.Fork - 1})
	if err == nil {
		_, err = pool.Exec(ctx, `
			insert into journal.generations (number, from_position, fork_event_id, reason)
			values ($1, $2, nullif($3, '00000000-0000-0000-0000-000000000000'::uuid), $4)`,
			r.Generation, r.Fork, ids[r.Fork-1], fmt.Sprintf("kafka had %d events the journal had lost", r.Orphans))
	}
	if err != nil {
		return fmt.Errorf("open generation %d: %w", r.Generation, err)
	}
	return nil
}

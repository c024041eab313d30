package eventstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// EventIDs returns which events stand at these positions. A position that the journal does not have has no entry.
func (j *Journal) EventIDs(ctx context.Context, positions []int64) (map[int64]uuid.UUID, error) {
	ids := make(map[int64]uuid.UUID, len(positions))
	segments, err := j.settledWith(ctx, func(b *pgx.Batch) {
		b.Queue(j.sql.eventIDs, positions).Query(func(rows pgx.Rows) error {
			var position int64
			var id uuid.UUID
			_, err := pgx.ForEachRow(rows, []any{&position, &id}, func() error {
				ids[position] = id
				return nil
			})
			return err
		})
	})
	if err == nil {
		err = j.archive.eventIDs(segments, positions, ids)
	}
	if err != nil {
		return nil, fmt.Errorf("read which events stand at %d positions: %w", len(positions), err)
	}
	return ids, nil
}

// eventIDs adds those that stand in files.
func (a *archive) eventIDs(segments []Segment, positions []int64, ids map[int64]uuid.UUID) error {
	sorted := slices.Sorted(slices.Values(positions))
	for _, s := range segments {
		from, _ := slices.BinarySearch(sorted, s.From)
		to, _ := slices.BinarySearch(sorted, s.To+1)
		lacking := slices.DeleteFunc(slices.Clone(sorted[from:to]), func(p int64) bool { return ids[p] != uuid.Nil })
		if len(lacking) == 0 {
			continue
		}
		if err := a.in(s, func(f *segment) error { return f.eventIDs(lacking, ids) }); err != nil {
			return err
		}
	}
	return nil
}

// eventIDs reads each frame once for positions that are sorted.
func (s *segment) eventIDs(positions []int64, ids map[int64]uuid.UUID) (err error) {
	var held []Event
	for _, p := range positions {
		if len(held) == 0 || held[len(held)-1].Position < p {
			if held, err = s.block(s.blockOf(p)); err != nil {
				return err
			}
		}
		ids[p] = held[p-held[0].Position].ID
	}
	return nil
}

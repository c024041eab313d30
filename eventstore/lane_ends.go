package eventstore

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"
)

// LaneEnds returns the last position of each lane up to a position, 0 for a lane that was empty then: what the next event of
// the lane names as prevposition.
func (j *Journal) LaneEnds(ctx context.Context, upTo int64) (ends [Lanes]int64, err error) {
	segments, err := j.settledWith(ctx, func(b *pgx.Batch) {
		b.Queue(j.sql.laneEnds, Lanes, upTo).Query(func(rows pgx.Rows) error {
			var lane int
			var position int64
			_, err := pgx.ForEachRow(rows, []any{&lane, &position}, func() error {
				ends[lane] = position
				return nil
			})
			return err
		})
	})
	if err == nil {
		err = j.archive.laneEnds(ctx, segments, upTo, &ends)
	}
	if err != nil {
		return ends, fmt.Errorf("read the ends of the lanes at %d: %w", upTo, err)
	}
	return ends, nil
}

// laneEnds fills in the lanes that end in the archive.
func (a *archive) laneEnds(ctx context.Context, segments []Segment, upTo int64, ends *[Lanes]int64) error {
	for i := len(segments) - 1; i >= 0 && slices.Contains(ends[:], 0); i-- {
		if segments[i].From > upTo {
			continue
		}
		err := a.in(segments[i], func(f *segment) error {
			own, err := f.laneEnds(ctx, upTo)
			for lane, end := range own {
				ends[lane] = max(ends[lane], end)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *segment) laneEnds(ctx context.Context, upTo int64) (ends [Lanes]int64, err error) {
	if upTo >= s.m.To {
		return s.m.LaneEnds, nil
	}
	err = s.walk(ctx, 0, upTo, func(e Event) bool { ends[e.Lane] = e.Position; return true })
	return ends, err
}

// FirstAfter returns the first position that stands after the one given for its lane, math.MaxInt64 when there is none.
func (j *Journal) FirstAfter(ctx context.Context, told [Lanes]int64) (int64, error) {
	var first int64
	segments, err := j.settledWith(ctx, func(b *pgx.Batch) {
		b.Queue(j.sql.firstAfter, told[:], int64(math.MaxInt64)).QueryRow(func(row pgx.Row) error { return row.Scan(&first) })
	})
	if err == nil {
		var archived int64
		archived, err = j.archive.firstAfter(ctx, segments, &told)
		first = min(first, archived)
	}
	if err != nil {
		return 0, fmt.Errorf("find the first event after what each lane has: %w", err)
	}
	return first, nil
}

// firstAfter finds the first archived event that stands after its lane's given position, math.MaxInt64 for none. A file is read
// when its manifest says that it has one.
func (a *archive) firstAfter(ctx context.Context, segments []Segment, told *[Lanes]int64) (int64, error) {
	first := int64(math.MaxInt64)
	for _, s := range segments {
		if first < math.MaxInt64 || s.To <= slices.Min(told[:]) {
			continue
		}
		err := a.in(s, func(f *segment) (err error) {
			first, err = f.firstAfter(ctx, told)
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return first, nil
}

func (s *segment) firstAfter(ctx context.Context, told *[Lanes]int64) (int64, error) {
	from, first := s.m.To, int64(math.MaxInt64)
	for lane, end := range s.m.LaneEnds {
		if end > told[lane] {
			from = min(from, told[lane])
		}
	}
	err := s.walk(ctx, from, s.m.To, func(e Event) (more bool) {
		if e.Position > told[e.Lane] {
			first = e.Position
		}
		return first == math.MaxInt64
	})
	return first, err
}

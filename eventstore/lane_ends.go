package eventstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// LaneEnds returns the last position of each lane up to a position, 0 for a lane that was empty then: what the next event of
// the lane names as prevposition.
func (j *Journal) LaneEnds(ctx context.Context, upTo int64) (ends [Lanes]int64, err error) {
	b := &pgx.Batch{}
	b.Queue(pin)
	b.Queue(`
		select l.lane, e.position
		from generate_series(0, $1 - 1) as l (lane)
		cross join lateral (
		  select position
		  from journal.`+j.name+`
		  where lane = l.lane::smallint and position <= $2
		  order by position desc
		  limit 1) e`, Lanes, upTo).Query(func(rows pgx.Rows) error {
		var lane int
		var position int64
		_, err := pgx.ForEachRow(rows, []any{&lane, &position}, func() error {
			ends[lane] = position
			return nil
		})
		return err
	})
	var at base
	b.Queue(j.sql.base).QueryRow(func(row pgx.Row) error { return row.Scan(&at.position, &at.changed) })
	err = j.pool.SendBatch(ctx, b).Close()
	if err == nil && at.position > 0 && slices.Contains(ends[:], 0) {
		err = j.archive.laneEnds(ctx, at, upTo, &ends)
	}
	if err != nil {
		return ends, fmt.Errorf("read the ends of the lanes at %d: %w", upTo, err)
	}
	return ends, nil
}

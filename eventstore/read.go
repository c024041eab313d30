package eventstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Stream returns the events of a stream with a version above after, in order.
func (j *Journal) Stream(ctx context.Context, id uuid.UUID, after int64) ([]Event, error) {
	events, err := j.events(ctx, j.sql.stream, id, after)
	if err != nil {
		return nil, fmt.Errorf("read stream %s: %w", id, err)
	}
	return events, nil
}

// Streams returns the events of several streams, each in order. A stream without events has no entry.
func (j *Journal) Streams(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID][]Event, error) {
	events, err := j.events(ctx, j.sql.streams, ids)
	if err != nil {
		return nil, fmt.Errorf("read %d streams: %w", len(ids), err)
	}
	return streamsOf(events), nil
}

// Page returns up to limit events with a position above after, in order. There are no holes: a reader that has read up to a
// position has read everything up to it.
func (j *Journal) Page(ctx context.Context, after int64, limit int) ([]Event, error) {
	events, err := j.events(ctx, j.sql.page, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read journal after %d: %w", after, err)
	}
	return events, nil
}

// LanePage returns up to limit events of a lane with after < position <= upTo, in order.
func (j *Journal) LanePage(ctx context.Context, lane int, after, upTo int64, limit int) ([]Event, error) {
	events, err := j.events(ctx, j.sql.lanePage, int16(lane), after, upTo, limit)
	if err != nil {
		return nil, fmt.Errorf("read lane %d after %d: %w", lane, after, err)
	}
	return events, nil
}

// Head returns the last position, 0 when the journal is empty.
func (j *Journal) Head(ctx context.Context) (int64, error) {
	var head int64
	err := j.one(ctx, j.sql.head, nil, &head)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("read head of journal %s: %w", j.name, err)
	}
	j.advance(head)
	return head, nil
}

// PositionAt returns the last position recorded at or before t: what was known then. 0 before the first event.
func (j *Journal) PositionAt(ctx context.Context, t time.Time) (int64, error) {
	var position int64
	if err := j.one(ctx, j.sql.positionAt, []any{t}, &position); err != nil {
		return 0, fmt.Errorf("find position at %s: %w", t.Format(time.RFC3339Nano), err)
	}
	return position, nil
}

// events runs one pinned query.
func (j *Journal) events(ctx context.Context, sql string, args ...any) (events []Event, err error) {
	b := &pgx.Batch{}
	b.Queue(pin)
	b.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		events, err = Scan(rows)
		return err
	})
	return events, j.pool.SendBatch(ctx, b).Close()
}

// one runs one pinned query for one value.
func (j *Journal) one(ctx context.Context, sql string, args []any, dst any) error {
	b := &pgx.Batch{}
	b.Queue(pin)
	b.Queue(sql, args...).QueryRow(func(row pgx.Row) error { return row.Scan(dst) })
	return j.pool.SendBatch(ctx, b).Close()
}

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
	events, at, err := j.events(ctx, j.sql.stream, id, after)
	if err == nil && at.position > 0 {
		byStream := map[uuid.UUID][]Event{id: events}
		err = j.archive.before(ctx, at, after, []uuid.UUID{id}, byStream)
		events = byStream[id]
	}
	if err != nil {
		return nil, fmt.Errorf("read stream %s: %w", id, err)
	}
	return events, nil
}

// Streams returns the events of several streams, each in order. A stream without events has no entry.
func (j *Journal) Streams(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID][]Event, error) {
	events, at, err := j.events(ctx, j.sql.streams, ids)
	byStream := streamsOf(events)
	if err == nil {
		err = j.archive.before(ctx, at, 0, ids, byStream)
	}
	if err != nil {
		return nil, fmt.Errorf("read %d streams: %w", len(ids), err)
	}
	return byStream, nil
}

// Between returns whole streams in the order of their ids, each in order: those with an id after one up to another, as many as have
// about limit events. It says up to which id; to the end of the range when there are no more.
func (j *Journal) Between(ctx context.Context, after, end uuid.UUID, limit int) (events []Event, last uuid.UUID, err error) {
	events, at, err := j.events(ctx, j.sql.between, after, end, limit)
	switch {
	case err != nil:
		return nil, last, fmt.Errorf("read streams after %s: %w", after, err)
	case at.position > 0:
		return j.betweenArchived(ctx, after, end, max(1, limit/archivedEvents))
	case len(events) < limit:
		return events, end, nil
	}
	// The last one may go on beyond what was read.
	last = events[len(events)-1].StreamID
	whole := len(events)
	for whole > 0 && events[whole-1].StreamID == last {
		whole--
	}
	if whole == 0 {
		events, err = j.Stream(ctx, last, 0)
		return events, last, err
	}
	return events[:whole], events[whole-1].StreamID, nil
}

// archivedEvents is how many events a stream is taken to have while some of them are in files: nobody knows before they are read.
const archivedEvents = 20

func (j *Journal) betweenArchived(ctx context.Context, after, end uuid.UUID, limit int) (events []Event, last uuid.UUID, err error) {
	var ids []uuid.UUID
	b := &pgx.Batch{}
	b.Queue(pin)
	b.Queue(j.sql.idsBetween, after, end, limit).Query(func(rows pgx.Rows) (err error) {
		ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		return err
	})
	if err := j.db.SendBatch(ctx, b).Close(); err != nil {
		return nil, last, fmt.Errorf("list streams after %s: %w", after, err)
	}
	byStream, err := j.Streams(ctx, ids)
	if err != nil {
		return nil, last, err
	}
	for _, id := range ids {
		events = append(events, byStream[id]...)
	}
	if len(ids) < limit {
		return events, end, nil
	}
	return events, ids[len(ids)-1], nil
}

// Page returns up to limit events with a position above after, in order. There are no holes: a reader that has read up to a
// position has read everything up to it.
func (j *Journal) Page(ctx context.Context, after int64, limit int) ([]Event, error) {
	events, at, err := j.events(ctx, j.sql.page, after, limit)
	if err == nil && after < at.position {
		events, err = j.through(ctx, at, -1, after, at.position, limit, func(after int64, limit int) ([]Event, base, error) {
			return j.events(ctx, j.sql.page, after, limit)
		})
	}
	if err != nil {
		return nil, fmt.Errorf("read journal after %d: %w", after, err)
	}
	return events, nil
}

// About returns the newest entries of some types whose data names a dossier, alone or among others, newest first, with a position below before. The
// access journal has indexes for it; entries that are in files are not looked for.
func (j *Journal) About(ctx context.Context, dossier uuid.UUID, types []string, before int64, limit int) ([]Event, error) {
	events, _, err := j.events(ctx, j.sql.about, dossier.String(), before, types, limit)
	if err != nil {
		return nil, fmt.Errorf("read entries about %s: %w", dossier, err)
	}
	return events, nil
}

// LanePage returns up to limit events of a lane with after < position <= upTo, in order.
func (j *Journal) LanePage(ctx context.Context, lane int, after, upTo int64, limit int) ([]Event, error) {
	events, at, err := j.events(ctx, j.sql.lanePage, int16(lane), after, upTo, limit)
	if err == nil && after < at.position {
		events, err = j.through(ctx, at, lane, after, upTo, limit, func(after int64, limit int) ([]Event, base, error) {
			return j.events(ctx, j.sql.lanePage, int16(lane), after, upTo, limit)
		})
	}
	if err != nil {
		return nil, fmt.Errorf("read lane %d after %d: %w", lane, after, err)
	}
	return events, nil
}

// through reads a page from the files, and what it still lacks from the table beyond them. A segment that was brought back
// meanwhile is in the table again: its file need not be there any more.
func (j *Journal) through(ctx context.Context, at base, lane int, after, upTo int64, limit int, table func(after int64, limit int) ([]Event, base, error)) ([]Event, error) {
	for {
		events, err := j.archive.page(ctx, at, lane, after, upTo, limit)
		if err == nil && len(events) == limit {
			return events, nil
		}
		rest, now, wrong := table(max(after, at.position), limit-len(events))
		if wrong != nil || now == at {
			return append(events, rest...), errors.Join(err, wrong)
		}
		if at = now; after >= at.position {
			rest, _, err := table(after, limit)
			return rest, err
		}
	}
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
	err := j.one(ctx, j.sql.positionAt, []any{t}, &position)
	if err == nil {
		position, err = j.archivedAt(ctx, position, t)
	}
	if err != nil {
		return 0, fmt.Errorf("find position at %s: %w", t.Format(time.RFC3339Nano), err)
	}
	return position, nil
}

// archivedAt looks on in the archive when what was recorded by t ends before the table begins.
func (j *Journal) archivedAt(ctx context.Context, position int64, t time.Time) (int64, error) {
	var at base
	if err := j.one(ctx, j.sql.base, nil, &at.position, &at.changed); err != nil || position > at.position || at.position == 0 {
		return position, err
	}
	return j.archive.positionAt(ctx, at, t)
}

// events runs one pinned query for rows of events.
func (j *Journal) events(ctx context.Context, sql string, args ...any) (events []Event, at base, err error) {
	at, err = j.settled(ctx, func(b *pgx.Batch) {
		b.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
			events, err = Scan(rows)
			return err
		})
	})
	return events, at, err
}

// settled runs pinned queries, and says where the archive ended while they ran. When that changed in between nobody knows which
// of the two the rows belong to, and they run again.
func (j *Journal) settled(ctx context.Context, queue func(*pgx.Batch)) (at base, err error) {
	for {
		var before base
		b := &pgx.Batch{}
		b.Queue(pin)
		b.Queue(j.sql.base).QueryRow(func(row pgx.Row) error { return row.Scan(&before.position, &before.changed) })
		queue(b)
		b.Queue(j.sql.base).QueryRow(func(row pgx.Row) error { return row.Scan(&at.position, &at.changed) })
		if err := j.db.SendBatch(ctx, b).Close(); err != nil || before == at {
			return at, err
		}
	}
}

// one runs one pinned query for one row.
func (j *Journal) one(ctx context.Context, sql string, args []any, dst ...any) error {
	b := &pgx.Batch{}
	b.Queue(pin)
	b.Queue(sql, args...).QueryRow(func(row pgx.Row) error { return row.Scan(dst...) })
	return j.db.SendBatch(ctx, b).Close()
}

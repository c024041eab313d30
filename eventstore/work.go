package eventstore

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// ErrHeld says that somebody else works on the stream.
var ErrHeld = errors.New("somebody else works on it")

// AskForWork notes that a stream has something to be worked on. Ask first, then append what says so: an asking without work is passed
// over, but work that nobody asked for is never found.
func (j *Journal) AskForWork(ctx context.Context, stream uuid.UUID) error {
	if _, err := j.pool.Exec(ctx, `insert into journal.work (stream_id) values ($1)`, stream); err != nil {
		return fmt.Errorf("ask for work on %s: %w", stream, err)
	}
	return nil
}

// WorkAsked lists the streams that asked, the first first.
func (j *Journal) WorkAsked(ctx context.Context) ([]uuid.UUID, error) {
	rows, err := j.pool.Query(ctx, `
		select stream_id
		  from journal.work
		 group by stream_id
		 order by min(asked_at)
		 limit 1000`)
	if err == nil {
		var ids []uuid.UUID
		if ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID]); err == nil {
			return ids, nil
		}
	}
	return nil, fmt.Errorf("look for work: %w", err)
}

// NoWork forgets the askings of a stream that has nothing to be worked on. Those of the last minute stay: what they are about may be on
// its way into the journal.
func (j *Journal) NoWork(ctx context.Context, stream uuid.UUID) error {
	_, err := j.pool.Exec(ctx, `
		with gone as (
		  delete from journal.work
		   where stream_id = $1
		     and asked_at < clock_timestamp() - interval '1 minute'
		)
		delete from journal.work_beats
		 where stream_id = $1
		   and expires_at < clock_timestamp() - interval '1 minute'`, stream)
	if err != nil {
		return fmt.Errorf("forget the work on %s: %w", stream, err)
	}
	return nil
}

// Hold is one time of working on a stream, by one process alone. It is held by rows, not by a session, so it survives poolers and
// half-open connections; who is cut off has stopped before another may begin.
type Hold struct {
	j      *Journal
	stream uuid.UUID
	holder uuid.UUID
	length time.Duration
	beat   int64
	until  atomic.Int64 // by this process's monotonic clock, earlier than the database's
	end    context.CancelCauseFunc
	ended  chan struct{}
}

// holdStart anchors the monotonic clock.
var holdStart = time.Now()

// Hold takes a stream to work on (ErrHeld). The context ends when it is lost; Release gives it back. Without renewal it is free after
// length.
func (j *Journal) Hold(ctx context.Context, stream uuid.UUID, length time.Duration) (*Hold, context.Context, error) {
	h := &Hold{j: j, stream: stream, holder: uuid.New(), length: length, ended: make(chan struct{})}
	sent := time.Now()
	err := j.pool.QueryRow(ctx, `
		insert into journal.work_beats (stream_id, beat, holder, expires_at)
		select $1, coalesce(newest.beat, 0) + 1, $2, clock_timestamp() + $3
		  from (select) as always
		  left join (
		    select beat, expires_at
		      from journal.work_beats
		     where stream_id = $1
		     order by beat desc
		     limit 1) as newest on true
		 where newest.beat is null or newest.expires_at <= clock_timestamp()
		on conflict (stream_id, beat) do nothing
		returning beat`, stream, h.holder, length).Scan(&h.beat)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil, ErrHeld
	}
	if err != nil {
		return nil, nil, fmt.Errorf("take %s to work on: %w", stream, err)
	}
	h.extend(sent)
	held, end := context.WithCancelCause(ctx)
	h.end = end
	go h.keep(held)
	return h, held, nil
}

func (h *Hold) extend(sent time.Time) { h.until.Store(int64(sent.Add(h.length).Sub(holdStart))) }

func (h *Hold) left() time.Duration {
	return time.Duration(h.until.Load()) - time.Since(holdStart)
}

// keep renews until the context ends, and ends it when the hold runs out before a renewal came through.
func (h *Hold) keep(ctx context.Context) {
	defer close(h.ended)
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(min(h.length/3, h.left())):
		}
		if err := h.renew(ctx); errors.Is(err, ErrHeld) || h.left() <= 0 {
			h.end(ErrHeld)
			return
		}
	}
}

func (h *Hold) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, max(h.left(), time.Millisecond))
	defer cancel()
	sent := time.Now()
	err := h.j.pool.QueryRow(ctx, `
		insert into journal.work_beats (stream_id, beat, holder, expires_at)
		select mine.stream_id, mine.beat + 1, mine.holder, clock_timestamp() + $4
		  from (
		    select *
		      from journal.work_beats
		     where stream_id = $1
		     order by beat desc
		     limit 1) as mine
		 where mine.beat >= $2 and mine.holder = $3
		on conflict (stream_id, beat) do nothing
		returning beat`, h.stream, h.beat, h.holder, h.length).Scan(&h.beat)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrHeld
	}
	if err != nil {
		return fmt.Errorf("go on holding %s: %w", h.stream, err)
	}
	h.extend(sent)
	_, err = h.j.pool.Exec(ctx, `delete from journal.work_beats where stream_id = $1 and beat < $2`, h.stream, h.beat)
	return err
}

// Release ends the hold at once, so that another need not wait until it runs out.
func (h *Hold) Release(ctx context.Context) {
	h.end(context.Canceled)
	<-h.ended
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.length)
	defer cancel()
	_, _ = h.j.pool.Exec(ctx, `
		delete from journal.work_beats
		 where stream_id = $1
		   and holder = $2`, h.stream, h.holder) // if it fails, the hold runs out by itself
}

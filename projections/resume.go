package projections

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dossier/eventstore"
)

// longestRetry bounds the wait between two attempts at a parked stream.
const longestRetry = time.Hour

// resume tries parked streams whose time has come. What becomes of one does not touch the others.
func (e *Engine) resume(ctx context.Context) error {
	for i, p := range e.live {
		rows, err := e.pool.Query(ctx, `
			select stream_id
			  from views.parked
			 where projection = $1
			   and retry_at <= clock_timestamp()
			 order by retry_at
			 limit 20`, e.keys[i])
		if err != nil {
			return fmt.Errorf("read parked streams: %w", err)
		}
		due, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if err != nil {
			return fmt.Errorf("read parked streams: %w", err)
		}
		for _, stream := range due {
			if err := e.resumeStream(ctx, i, p, stream); err != nil {
				return fmt.Errorf("resume stream %s: %w", stream, err)
			}
		}
	}
	return nil
}

// resumeStream applies what a parked stream missed, up to where its lane stands now. While this holds the parked row, nobody
// can move the lane past another event of the stream (views.still_parked_v1); what comes later finds the row gone and applies.
func (e *Engine) resumeStream(ctx context.Context, i int, p Projection, stream uuid.UUID) error {
	whole := false
	err := e.transact(ctx, func(tx pgx.Tx) error {
		var from, upTo int64
		err := tx.QueryRow(ctx, `
			select position
			  from views.parked
			 where projection = $1
			   and stream_id = $2
			   for update skip locked`, e.keys[i], stream).Scan(&from)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil // resumed, or being resumed, by another process
		}
		if err != nil {
			return err
		}
		// A statement of its own: it must see what was committed while the row above was waited for.
		err = tx.QueryRow(ctx, `select at from views.newest_v1($1) where lane = $2`,
			[]string{e.keys[i]}, int16(eventstore.Lane(stream))).Scan(&upTo)
		if err != nil {
			return err
		}
		moments, failed, err := e.rest(ctx, stream, from, upTo)
		if err != nil {
			return err
		}
		if failed == nil {
			err = attempt(ctx, tx, p, moments)
			var culprit *culpritError
			if errors.As(err, &culprit) {
				failed, err = culprit.err, nil
			}
		}
		if err != nil {
			return err
		}
		whole = failed == nil
		return settleParked(ctx, tx, e.keys[i], stream, failed, e.o.Retry)
	})
	if err != nil || !whole {
		return err
	}
	e.parked.remove(e.keys[i], stream)
	e.counters.resumed.Add(1)
	e.o.Log.Info("projections: parked stream is whole again", "projection", e.keys[i], "stream", stream)
	return nil
}

// rest is what a stream missed, or why it cannot be told.
func (e *Engine) rest(ctx context.Context, stream uuid.UUID, from, upTo int64) (moments []Moment, failed, err error) {
	history, err := e.journal.Stream(ctx, stream, 0)
	if err != nil {
		return nil, nil, err
	}
	f := nothing
	for _, ev := range history {
		switch {
		case ev.Position > upTo:
			return moments, nil, nil
		case ev.Position < from:
			_, f, err = f.evolve(ev)
		default:
			var m Moment
			if m, f, err = f.next(ev); err == nil {
				moments = append(moments, m)
			}
		}
		if err != nil {
			return nil, err, nil
		}
	}
	return moments, nil, nil
}

// settleParked lets the stream go, or says when it is tried next.
func settleParked(ctx context.Context, tx pgx.Tx, key string, stream uuid.UUID, failed error, retry time.Duration) error {
	if failed == nil {
		_, err := tx.Exec(ctx, `
			delete from views.parked
			 where projection = $1
			   and stream_id = $2`, key, stream)
		return err
	}
	_, err := tx.Exec(ctx, `
		update views.parked
		   set attempts = attempts + 1,
		       error = $3,
		       retry_at = clock_timestamp() + least($4::interval * power(2, least(attempts, 20)), $5::interval)
		 where projection = $1
		   and stream_id = $2`, key, stream, reason(failed), retry, longestRetry)
	return err
}

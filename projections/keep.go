package projections

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// sweepAfter is how many superseded checkpoints may lie about.
const sweepAfter = 4096

// observing is how long taking stock may take: a database that hangs is as good as away.
const observing = 5 * time.Second

// keep takes stock for the status and deletes old checkpoints, beside the deliveries and never in their way.
func (e *Engine) keep(ctx context.Context) {
	for {
		within, cancel := context.WithTimeoutCause(ctx, observing, errHung)
		if err := e.observe(within); err != nil && ctx.Err() == nil {
			e.report.blind(cmp.Or(context.Cause(within), err))
		}
		cancel()
		if e.sweepable.Load() >= sweepAfter {
			within, cancel := context.WithTimeoutCause(ctx, e.o.Answer, errHung)
			if err := e.sweep(within); err != nil && ctx.Err() == nil {
				e.o.Log.Warn("projections: deleting old checkpoints failed, trying again", "error", err)
			}
			cancel()
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(min(time.Second, e.o.Patience/2)):
		}
	}
}

// barrier waits for all movers that have begun: when it returns, every move that is under way sees the newest checkpoints
// read before, so no row older than those can decide anything any more. It holds the lock for no time, and gives up
// rather than holding others up.
const barrier = `
begin;
set local lock_timeout = '5ms';
lock table views.checkpoints in share row exclusive mode;
commit`

// sweep deletes superseded checkpoints.
func (e *Engine) sweep(ctx context.Context) error {
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("sweep checkpoints: %w", err)
	}
	defer conn.Release()
	var projections []string
	var lanes []int16
	var newest []int64
	rows, err := conn.Query(ctx, `select projection, lane, at from views.newest_v1($1)`, e.keys)
	if err != nil {
		return fmt.Errorf("sweep checkpoints: %w", err)
	}
	var key string
	var lane int16
	var at int64
	_, err = pgx.ForEachRow(rows, []any{&key, &lane, &at}, func() error {
		projections, lanes, newest = append(projections, key), append(lanes, lane), append(newest, at)
		return nil
	})
	if err != nil {
		return fmt.Errorf("sweep checkpoints: %w", err)
	}
	if _, err := conn.Exec(ctx, barrier); err != nil {
		_, err = conn.Exec(ctx, `rollback`) // busy: next time
		return err
	}
	swept, err := conn.Exec(ctx, `
		delete from views.checkpoints c
		 using unnest($1::text[], $2::smallint[], $3::bigint[]) as n(projection, lane, position)
		 where c.projection = n.projection
		   and c.lane = n.lane
		   and c.position < n.position`, projections, lanes, newest)
	if err != nil {
		return fmt.Errorf("sweep checkpoints: %w", err)
	}
	e.sweepable.Add(-swept.RowsAffected())
	return nil
}

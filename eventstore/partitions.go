package eventstore

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// upkeepEvery is how often partitions are looked after when nobody calls for it; own appends call as soon as they enter the
// last but one.
const upkeepEvery = time.Minute

// upkeep makes partitions ahead of the events, and lists the streams of full ones, away from the appends.
type upkeep struct {
	j       *Journal
	due     atomic.Int64 // position at which fewer than two partitions are ahead
	call    chan struct{}
	stop    context.CancelFunc
	ctx     context.Context
	stopped chan struct{}
}

func newUpkeep(j *Journal) *upkeep {
	ctx, stop := context.WithCancel(context.Background())
	return &upkeep{j: j, call: make(chan struct{}, 1), ctx: ctx, stop: stop, stopped: make(chan struct{})}
}

// reached is called by the writer after each commit.
func (u *upkeep) reached(position int64) {
	if position < u.due.Load() {
		return
	}
	select {
	case u.call <- struct{}{}:
	default:
	}
}

func (u *upkeep) run() {
	defer close(u.stopped)
	tick := time.NewTicker(upkeepEvery)
	defer tick.Stop()
	for {
		if err := u.list(); err != nil && u.ctx.Err() == nil {
			u.j.o.Log.Warn("streams of full partitions were not listed, will try again", "journal", u.j.name, "err", err)
		}
		select {
		case <-u.ctx.Done():
			return
		case <-tick.C:
		case <-u.call:
		}
		if _, err := u.make(u.ctx, 0); err != nil && u.ctx.Err() == nil {
			u.j.o.Log.Warn("partitions were not made ahead, will try again", "journal", u.j.name, "err", err)
		}
	}
}

// list lists the streams of the partitions that have become full. Until then those partitions are searched.
func (u *upkeep) list() error {
	for listed := 1; listed > 0; {
		if err := u.j.pool.QueryRow(u.ctx, u.j.sql.listStreams).Scan(&listed); err != nil {
			return fmt.Errorf("list streams of journal %s: %w", u.j.name, err)
		}
	}
	return nil
}

// make sees to it that the partition of a position (or of the next event) and two more exist, and returns how many it made.
func (u *upkeep) make(ctx context.Context, through int64) (made int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := u.j.pool.QueryRow(ctx, u.j.sql.makePartitions, through).Scan(&made); err != nil {
		return 0, fmt.Errorf("make partitions of journal %s: %w", u.j.name, err)
	}
	var due int64
	err = u.j.pool.QueryRow(ctx, u.j.sql.nextPartition).Scan(&due)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("read partitions of journal %s: %w", u.j.name, err)
	}
	u.due.Store(due)
	if made > 0 {
		u.j.o.Log.Info("partitions made", "journal", u.j.name, "made", made)
	}
	return made, nil
}

func (u *upkeep) close() {
	u.stop()
	<-u.stopped
}

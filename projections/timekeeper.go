package projections

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// TimerLease is one time in which one process fires timers. It is held by rows, as the relay's is. Two holders at once for a moment do no
// harm: each firing is decided by the dossier.
type TimerLease struct {
	pool   *pgxpool.Pool
	holder string
	length time.Duration
	beat   int64
	epoch  int64
	until  time.Time // by this process's monotonic clock, earlier than the database's expires_at
}

// TakeTimers takes the lease if nobody holds it; nil when somebody does.
func TakeTimers(ctx context.Context, pool *pgxpool.Pool, holder string, length time.Duration) (*TimerLease, error) {
	l := &TimerLease{pool: pool, holder: holder, length: length}
	sent := time.Now()
	err := pool.QueryRow(ctx, `
		insert into views.timekeeper_beats (beat, epoch, holder, expires_at)
		select coalesce(newest.beat, 0) + 1, coalesce(newest.epoch, 0) + 1, $1, clock_timestamp() + $2
		  from (select) as always
		  left join (select * from views.timekeeper_beats order by beat desc limit 1) as newest on true
		 where newest.beat is null
		    or newest.expires_at <= clock_timestamp()
		on conflict (beat) do nothing
		returning beat, epoch`, holder, length).Scan(&l.beat, &l.epoch)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("take the timekeeper's lease: %w", err)
	}
	l.until = sent.Add(length)
	return l, nil
}

// Held says whether the lease has not run out.
func (l *TimerLease) Held() bool { return time.Now().Before(l.until) }

// ErrTimersLost says that another process fires timers.
var ErrTimersLost = errors.New("the timekeeper's lease went to another process")

// TimerState is what the timekeeper tells with each beat.
type TimerState struct {
	Waiting int64     // timers that are used up and not told
	Oldest  time.Time // since when the oldest of them has waited
	Stuck   int64     // of these, how many could not be told when they were tried
	Trouble string
}

// Renew inserts the next beat. The commit is asynchronous: losing one lets the lease end earlier.
func (l *TimerLease) Renew(ctx context.Context, s TimerState) error { return l.renew(ctx, s, l.length) }

// Release lets another process take over at once.
func (l *TimerLease) Release(ctx context.Context, s TimerState) error { return l.renew(ctx, s, 0) }

func (l *TimerLease) renew(ctx context.Context, s TimerState, length time.Duration) error {
	sent := time.Now()
	var oldest *time.Time
	if !s.Oldest.IsZero() {
		oldest = &s.Oldest
	}
	err := l.pool.QueryRow(ctx, `
		with quick as materialized (
		  select set_config('synchronous_commit', 'off', true)
		)
		insert into views.timekeeper_beats (beat, epoch, holder, expires_at, waiting, oldest, stuck, trouble)
		select mine.beat + 1, mine.epoch, mine.holder, clock_timestamp() + $4, $5, $6, $7, $8
		  from quick
		  join (select * from views.timekeeper_beats order by beat desc limit 1) as mine on true
		 where mine.beat = $1
		   and mine.epoch = $2
		   and mine.holder = $3
		on conflict (beat) do nothing
		returning beat`, l.beat, l.epoch, l.holder, length, s.Waiting, oldest, s.Stuck, s.Trouble).Scan(&l.beat)
	if errors.Is(err, pgx.ErrNoRows) {
		l.until = time.Time{}
		return ErrTimersLost
	}
	if err != nil {
		return fmt.Errorf("renew the timekeeper's lease: %w", err)
	}
	l.until = sent.Add(length)
	return nil
}

// timerBeatsKept is how many heartbeats stay.
const timerBeatsKept = 500

// Prune deletes old beats.
func (l *TimerLease) Prune(ctx context.Context) error {
	if _, err := l.pool.Exec(ctx, `delete from views.timekeeper_beats where beat < $1`, l.beat-timerBeatsKept); err != nil {
		return fmt.Errorf("delete old beats of the timekeeper: %w", err)
	}
	return nil
}

// TimekeeperTold is the newest beat of whichever process fires timers; a zero time: there was none yet. Alive says whether it still
// holds the lease.
func TimekeeperTold(ctx context.Context, pool *pgxpool.Pool) (s TimerState, at time.Time, alive bool, err error) {
	var oldest *time.Time
	err = pool.QueryRow(ctx, `
		select waiting, oldest, stuck, trouble, beaten_at, expires_at > clock_timestamp()
		  from views.timekeeper_beats
		 order by beat desc
		 limit 1`).Scan(&s.Waiting, &oldest, &s.Stuck, &s.Trouble, &at, &alive)
	if errors.Is(err, pgx.ErrNoRows) {
		return TimerState{}, time.Time{}, false, nil
	}
	if err != nil {
		return TimerState{}, time.Time{}, false, fmt.Errorf("read what the timekeeper tells: %w", err)
	}
	if oldest != nil {
		s.Oldest = oldest.UTC()
	}
	return s, at.UTC(), alive, nil
}

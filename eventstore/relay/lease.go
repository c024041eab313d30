package relay

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// errLost says that another relay leads.
var errLost = errors.New("the lease went to another relay")

// beatsKept is how many heartbeats stay: some minutes of them.
const beatsKept = 500

// lease is one time of leadership. It is held by rows, not by a session lock, so it survives PgBouncer and half-open
// connections; two leaders at once for a moment only send twice, since each sends all that follows its cursor in order.
type lease struct {
	pool   *pgxpool.Pool
	holder string
	length time.Duration
	epoch  int64
	beat   int64
	until  atomic.Int64 // by this process's monotonic clock, earlier than the database's expires_at

	trouble func() Trouble // told with each beat; may be nil
}

// Trouble is what keeps the leading relay from sending, as any process may read it.
type Trouble string

// The troubles of a relay. "" is none.
const (
	Failing      Trouble = "failing"
	KafkaDiffers Trouble = "halted" // Kafka tells what the journal does not: `dossier recover`
)

// start anchors the monotonic clock.
var start = time.Now()

func (l *lease) held() bool { return int64(time.Since(start)) < l.until.Load() }

// extend counts from the moment before the statement was sent: the database's clock gave at least that much.
func (l *lease) extend(sent time.Time, length time.Duration) {
	l.until.Store(int64(sent.Add(length).Sub(start)))
}

// take inserts the next epoch's first beat if the newest beat has expired. It returns nil when another leads.
func take(ctx context.Context, pool *pgxpool.Pool, holder string, length time.Duration) (*lease, mark, error) {
	l := &lease{pool: pool, holder: holder, length: length}
	sent := time.Now()
	var cursor mark
	var topic *uuid.UUID
	err := pool.QueryRow(ctx, `
		insert into journal.relay_beats (beat, epoch, holder, cursor, topic_id, expires_at)
		select coalesce(newest.beat, 0) + 1, coalesce(newest.epoch, 0) + 1, $1, coalesce(newest.cursor, 0), newest.topic_id, clock_timestamp() + $2
		from (select) as always
		left join (select * from journal.relay_beats order by beat desc limit 1) as newest on true
		where newest.beat is null or newest.expires_at <= clock_timestamp()
		on conflict (beat) do nothing
		returning beat, epoch, cursor, topic_id`, holder, length).Scan(&l.beat, &l.epoch, &cursor.position, &topic)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, mark{}, nil
	}
	if err != nil {
		return nil, mark{}, fmt.Errorf("take the relay's lease: %w", err)
	}
	if topic != nil {
		cursor.topic = *topic
	}
	l.extend(sent, length)
	return l, cursor, nil
}

// news is what a renewal brings back.
type news struct {
	head       int64
	archived   int64 // up to here the journal lives in files
	generation int
	atCursor   uuid.UUID // the event the journal's table has at the cursor, nil UUID for none
}

// renew inserts the next beat. A database that came back without what the cursor speaks of keeps its own cursor. The commit is
// asynchronous: losing one in a crash costs only events sent twice. It outlives a cancelled context, because a beat that was stored
// and not noticed could not be followed by the last one of the term.
func (l *lease) renew(ctx context.Context, cursor mark, length time.Duration) (n news, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.length)
	defer cancel()
	sent := time.Now()
	var beat *int64
	var atCursor *uuid.UUID
	var trouble Trouble
	if l.trouble != nil {
		trouble = l.trouble()
	}
	err = l.pool.QueryRow(ctx, `
		with quick as materialized (
		  select set_config('synchronous_commit', 'off', true)
		), journal as (
		  select coalesce(max(to_position), 0) as archived, (select event_id from journal.events where position = $4) as at_cursor
		  from journal.segments
		  where journal = 'events'
		), beaten as (
		  insert into journal.relay_beats (beat, epoch, holder, cursor, topic_id, expires_at, trouble)
		  select mine.beat + 1, mine.epoch, mine.holder,
		         case when lost then mine.cursor else $4 end,
		         case when lost then mine.topic_id else nullif($6, '00000000-0000-0000-0000-000000000000'::uuid) end,
		         clock_timestamp() + $5, $8
		  from quick
		  cross join (
		    select $4 > archived and $7 <> '00000000-0000-0000-0000-000000000000'::uuid and at_cursor is distinct from $7 as lost
		    from journal) as cursors
		  join (select * from journal.relay_beats order by beat desc limit 1) as mine on true
		  where mine.beat = $1 and mine.epoch = $2 and mine.holder = $3
		  on conflict (beat) do nothing
		  returning beat
		)
		select (select beat from beaten),
		       coalesce((select position from journal.events order by position desc limit 1), 0),
		       archived,
		       (select max(number) from journal.generations),
		       at_cursor
		from journal`,
		l.beat, l.epoch, l.holder, cursor.position, length, cursor.topic, cursor.event, trouble).Scan(&beat, &n.head, &n.archived, &n.generation, &atCursor)
	if err != nil {
		return n, fmt.Errorf("renew the relay's lease: %w", err)
	}
	if beat == nil {
		return n, errLost
	}
	if atCursor != nil {
		n.atCursor = *atCursor
	}
	l.beat = *beat
	l.extend(sent, length)
	return n, nil
}

// prune deletes old beats.
func (l *lease) prune(ctx context.Context) error {
	_, err := l.pool.Exec(ctx, `
		delete from journal.relay_beats
		where beat < $1`, l.beat-beatsKept)
	return err
}

// Head returns the newest cursor written, up to half a second old: everything up to it is in Kafka.
func Head(ctx context.Context, pool *pgxpool.Pool) (cursor, epoch int64, at time.Time, err error) {
	err = pool.QueryRow(ctx, `
		select cursor, epoch, beaten_at
		from journal.relay_beats
		order by beat desc
		limit 1`).Scan(&cursor, &epoch, &at)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, 0, time.Time{}, nil
	}
	if err != nil {
		return 0, 0, time.Time{}, fmt.Errorf("read the relay's cursor: %w", err)
	}
	return cursor, epoch, at, nil
}

// Told returns what the leading relay said last of its trouble, up to half a second ago.
func Told(ctx context.Context, pool *pgxpool.Pool) (t Trouble, err error) {
	err = pool.QueryRow(ctx, `
		select trouble
		from journal.relay_beats
		order by beat desc
		limit 1`).Scan(&t)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return "", fmt.Errorf("read the relay's trouble: %w", err)
	}
	return t, nil
}

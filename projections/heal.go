package projections

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"dossier/eventstore"
	"dossier/eventstore/relay"
)

// heal reads lanes from the journal, each up to its position, in transactions of at most a batch. One that is reached costs
// nothing. No lane goes beyond the journal: a message may tell of a tail that it lost, and what it will have there instead
// would be skipped.
func (e *Engine) heal(ctx context.Context, upTo lanes) error {
	if !slices.ContainsFunc(allLanes, func(lane int16) bool { return upTo[lane] > e.stand.least[lane] }) {
		return nil
	}
	head, err := e.journal.Head(ctx)
	if err != nil {
		return err
	}
	var behind []int
	last := int64(0)
	for lane := range upTo {
		upTo[lane] = min(upTo[lane], head)
		if position := upTo[lane]; position > e.stand.least[lane] {
			behind = append(behind, lane)
			last = max(last, position)
		}
	}
	if len(behind) >= manyLanes {
		return e.readThrough(ctx, last)
	}
	for _, lane := range behind {
		if err := e.healLane(ctx, lane, upTo[lane]); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) healLane(ctx context.Context, lane int, upTo int64) error {
	for at := e.stand.least[lane]; at < upTo; at = e.stand.least[lane] {
		events, err := e.journal.LanePage(ctx, lane, at, upTo, e.o.Batch)
		if err != nil {
			return err
		}
		var to lanes
		to[lane] = upTo
		if len(events) == e.o.Batch {
			to[lane] = events[len(events)-1].Position
		}
		if err := e.apply(ctx, to, events); err != nil {
			return err
		}
		e.counters.healed.Add(int64(len(events)))
	}
	return nil
}

// readThrough reads the journal in order up to a position and takes all lanes there.
func (e *Engine) readThrough(ctx context.Context, upTo int64) error {
	for at := e.lowest(); at < upTo; at = e.lowest() {
		page, err := e.journal.Page(ctx, at, e.o.Batch)
		if err != nil {
			return err
		}
		end := upTo
		if len(page) == e.o.Batch {
			end = min(end, page[len(page)-1].Position)
		}
		if len(page) == 0 {
			return fmt.Errorf("%w: nothing after position %d", errBeyond, at)
		}
		if err := e.applyPage(ctx, page, end); err != nil {
			return err
		}
	}
	return nil
}

// applyPage takes all lanes to the end of a page. Positions have no holes, so a lane without events in it is there as well.
func (e *Engine) applyPage(ctx context.Context, page []eventstore.Event, end int64) error {
	var to lanes
	for lane := range to {
		to[lane] = end
	}
	missing := make([]eventstore.Event, 0, len(page))
	for _, ev := range page {
		if ev.Position <= end && ev.Position > e.stand.least[ev.Lane] {
			missing = append(missing, ev)
		}
	}
	if err := e.apply(ctx, to, missing); err != nil {
		return err
	}
	e.counters.healed.Add(int64(len(missing)))
	return nil
}

func (e *Engine) lowest() int64 {
	low := int64(math.MaxInt64)
	for _, at := range e.stand.least {
		low = min(low, at)
	}
	return low
}

// followJournal applies what the journal has, for an engine without Kafka.
func (e *Engine) followJournal(ctx context.Context) error {
	head, err := e.journal.Head(ctx)
	if err != nil {
		return err
	}
	return e.readThrough(ctx, head)
}

// sample is how far the relay had published at some moment.
type sample struct {
	at     time.Time
	cursor int64
}

// tend does what Kafka does not: it moves idle lanes up, reads what was not delivered, and tries parked streams again. It
// stands between deliveries, so it asks little; see keep for the rest.
func (e *Engine) tend(ctx context.Context) error {
	// After a failover the database may stand behind what this process remembers, and nothing else would ever tell.
	if err := e.load(ctx); err != nil {
		return err
	}
	catchUp := e.catchUp
	if e.o.NoKafka {
		catchUp = e.followJournal
	}
	if err := catchUp(ctx); err != nil {
		return err
	}
	if len(e.parked) == 0 {
		return nil
	}
	return e.resume(ctx)
}

// catchUp compares each lane with what the relay has published. A lane without events up to there moves up; one that stands
// before an event which was published long enough ago, and of which nothing was delivered since, is read from the journal.
// The lane may be another process's: if that one is merely slow, the compare-and-set settles it.
func (e *Engine) catchUp(ctx context.Context) error {
	cursor, _, _, err := relay.Head(ctx, e.pool)
	if err != nil {
		return fmt.Errorf("read what is published: %w", err)
	}
	head, err := e.journal.Head(ctx)
	if err != nil {
		return err
	}
	cursor = min(cursor, head) // the relay may not know yet that the journal lost its tail
	now := time.Now()
	overdue := e.publishedBefore(now.Add(-e.o.Patience))
	e.published = append(e.published, sample{now, cursor})
	unseen, err := e.unseen(ctx, cursor)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(unseen, func(u unseenLane) bool { return u.at != e.stand.least[u.lane] }) {
		if err := e.load(ctx); err != nil { // another process is at work too; it may also have parked streams
			return err
		}
	}
	var idle, behind lanes
	for _, u := range unseen {
		switch quiet := now.UnixNano()-e.heard[u.lane].Load() > int64(e.o.Patience); {
		case u.next == nil || *u.next > cursor:
			idle[u.lane] = cursor
		case *u.next <= overdue && quiet:
			behind[u.lane] = cursor
		}
	}
	if err := e.apply(ctx, idle, nil); err != nil {
		return err
	}
	return e.heal(ctx, behind)
}

// publishedBefore is how far the relay had published at a moment, and forgets what was before.
func (e *Engine) publishedBefore(t time.Time) int64 {
	last := -1
	for i, s := range e.published {
		if !s.at.After(t) {
			last = i
		}
	}
	if last < 0 {
		return 0
	}
	e.published = e.published[last:]
	return e.published[0].cursor
}

// unseenLane is a lane's first event that is not in, nil when there is none.
type unseenLane struct {
	lane int
	at   int64
	next *int64
}

// unseen looks at the lanes that stand before a position.
func (e *Engine) unseen(ctx context.Context, position int64) ([]unseenLane, error) {
	var behind []int16
	for lane, at := range e.stand.least {
		if at < position {
			behind = append(behind, int16(lane))
		}
	}
	if len(behind) == 0 {
		return nil, nil
	}
	rows, err := e.pool.Query(ctx, `select lane, at, next from views.unseen_v1($1, $2)`, e.keys, behind)
	if err != nil {
		return nil, fmt.Errorf("look for missing events: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (u unseenLane, err error) {
		err = row.Scan(&u.lane, &u.at, &u.next)
		return u, err
	})
	if err != nil {
		return nil, fmt.Errorf("look for missing events: %w", err)
	}
	return all, nil
}

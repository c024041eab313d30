package projections

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"dossier/eventstore"
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
	return e.applyMissing(ctx, to, page, end)
}

// applyMissing applies what is not in yet of a page, up to its end.
func (e *Engine) applyMissing(ctx context.Context, to lanes, page []eventstore.Event, end int64) error {
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

// idleMost is how long a lane without events stays behind in an engine without Kafka.
const idleMost = time.Second

// followJournal applies what the journal has, for an engine without Kafka. Of a few events it moves the lanes that they are in: to move all
// for each of them is most of the work. Now and then all move up, from where the last of them stands, so that what is read again stays little.
func (e *Engine) followJournal(ctx context.Context) error {
	head, err := e.journal.Head(ctx)
	if err != nil {
		return err
	}
	if e.read == 0 || time.Since(e.lifted) >= idleMost {
		if err := e.readThrough(ctx, head); err != nil {
			return err
		}
		e.read, e.lifted = head, time.Now()
		return nil
	}
	for e.read < head {
		page, err := e.journal.Page(ctx, e.read, e.o.Batch)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return fmt.Errorf("%w: nothing after position %d", errBeyond, e.read)
		}
		end := page[len(page)-1].Position
		apply := e.applyTouched
		if len(page) >= eventstore.Lanes {
			apply = e.applyPage
		}
		if err := apply(ctx, page, end); err != nil {
			return err
		}
		e.read = end
	}
	return nil
}

// applyTouched takes the lanes of a page's events to the last of these.
func (e *Engine) applyTouched(ctx context.Context, page []eventstore.Event, end int64) error {
	var to lanes
	for _, ev := range page {
		to[ev.Lane] = ev.Position
	}
	return e.applyMissing(ctx, to, page, end)
}

// tend does what Kafka does not: it moves idle lanes up, reads what was not delivered, and tries parked streams again. It
// stands between deliveries, so it asks little; see keep for the rest.
func (e *Engine) tend(ctx context.Context) error {
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

// look is how far the journal and the lanes were at some moment.
type look struct {
	at    time.Time
	head  int64
	least lanes
}

// catchUp compares each lane with the journal, whatever Kafka or the relay have done. A lane without events up to the head moves up;
// one that has not moved for the patience although the next event was there is read from the journal. A lane that moves is left
// alone: Kafka brings it, or another process reads it.
func (e *Engine) catchUp(ctx context.Context) error {
	head, err := e.journal.Head(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	before := e.lookedAt(now.Add(-e.o.Patience))
	e.looks = append(e.looks, look{now, head, e.stand.least})
	unseen, err := e.unseen(ctx, head)
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
		switch {
		case u.next == nil || *u.next > head:
			idle[u.lane] = head
		case *u.next <= before.head && u.at == before.least[u.lane]:
			behind[u.lane] = head
		}
	}
	if err := e.apply(ctx, idle, nil); err != nil {
		return err
	}
	return e.heal(ctx, behind)
}

// lookedAt is how things stood at a moment, as far as this process saw, and forgets what was before.
func (e *Engine) lookedAt(t time.Time) look {
	last := -1
	for i, l := range e.looks {
		if !l.at.After(t) {
			last = i
		}
	}
	if last < 0 {
		return look{}
	}
	e.looks = e.looks[last:]
	return e.looks[0]
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

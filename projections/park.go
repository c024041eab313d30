package projections

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dossier/eventstore"
)

// parking is a stream that a projection cannot follow from a position on.
type parking struct {
	stream   uuid.UUID
	lane     int
	position int64
	err      error
}

// parked says from where on which streams stand still, by projection.
type parked map[string]map[uuid.UUID]int64

func (p parked) add(key string, s parking) {
	if p[key] == nil {
		p[key] = map[uuid.UUID]int64{}
	}
	p[key][s.stream] = s.position
}

func (p parked) remove(key string, stream uuid.UUID) {
	delete(p[key], stream)
	if len(p[key]) == 0 {
		delete(p, key)
	}
}

func (p parked) everywhere(keys []string, stream uuid.UUID) bool {
	for _, key := range keys {
		if _, is := p[key][stream]; !is {
			return false
		}
	}
	return true
}

func readParked(ctx context.Context, db querier, keys []string) (parked, error) {
	rows, err := db.Query(ctx, `
		select projection, stream_id, position
		  from views.parked
		 where projection = any ($1)`, keys)
	if err != nil {
		return nil, fmt.Errorf("read parked streams: %w", err)
	}
	all := parked{}
	var key string
	var s parking
	if _, err := pgx.ForEachRow(rows, []any{&key, &s.stream, &s.position}, func() error { all.add(key, s); return nil }); err != nil {
		return nil, fmt.Errorf("read parked streams: %w", err)
	}
	return all, nil
}

const park = `
insert into views.parked (projection, stream_id, lane, position, error, retry_at)
select $1, p.stream, p.lane, p.position, p.error, clock_timestamp() + $2
  from unnest($3::uuid[], $4::smallint[], $5::bigint[], $6::text[]) as p(stream, lane, position, error)`

func (p part) addParking(ctx context.Context, f *flight, retry time.Duration) {
	if len(p.park) == 0 {
		return
	}
	var streams []uuid.UUID
	var lanes []int16
	var positions []int64
	var texts []string
	for _, s := range p.park {
		streams, lanes = append(streams, s.stream), append(lanes, int16(s.lane))
		positions, texts = append(positions, s.position), append(texts, reason(s.err))
	}
	f.exec(ctx, park, p.key, retry, streams, lanes, positions, texts)
}

// reason is what people are told; Postgres takes neither NUL nor broken UTF-8.
func reason(err error) string {
	clean := make([]rune, 0, 200)
	for _, r := range err.Error() {
		if r >= ' ' && len(clean) < 1000 {
			clean = append(clean, r)
		}
	}
	return string(clean)
}

// isolate does the work again, this time finding the streams that fail and parking them in the same transaction in which the
// checkpoint moves past them.
func (e *Engine) isolate(ctx context.Context, w *work) error {
	return e.transact(ctx, func(tx pgx.Tx) error {
		var f flight
		f.board(tx.Conn())
		w.addMoves(ctx, &f)
		if err := classified(ctx, tx.Conn(), f.land(ctx)); err != nil {
			return err
		}
		for i := range w.parts {
			p := &w.parts[i]
			if err := settle(ctx, tx, p, streamsOf(p.moments)); err != nil {
				return err
			}
			f.board(tx.Conn())
			p.addParking(ctx, &f, e.o.Retry)
			if err := f.land(ctx); err != nil {
				return fmt.Errorf("park: %w", err)
			}
		}
		return nil
	})
}

// settle writes the rows of these streams under a savepoint. Those that cannot be written are found by halving: one culprit
// among 2,000 streams costs 22 savepoints, not 2,000.
func settle(ctx context.Context, tx pgx.Tx, p *part, streams [][]Moment) error {
	if len(streams) == 0 {
		return nil
	}
	err := attempt(ctx, tx, p.projection, flat(streams))
	var culprit *culpritError
	if !errors.As(err, &culprit) {
		return err
	}
	if len(streams) == 1 {
		p.parkFrom(streams[0][0].Event, culprit.err)
		return nil
	}
	half := len(streams) / 2
	if err := settle(ctx, tx, p, streams[:half]); err != nil {
		return err
	}
	return settle(ctx, tx, p, streams[half:])
}

// parkFrom parks a stream from this event on, also one that was to be parked from a later event on.
func (p *part) parkFrom(ev eventstore.Event, err error) {
	p.park = slices.DeleteFunc(p.park, func(s parking) bool { return s.stream == ev.StreamID })
	p.park = append(p.park, parking{ev.StreamID, ev.Lane, ev.Position, err})
}

// attempt writes rows, or none and says why.
func attempt(ctx context.Context, tx pgx.Tx, p Projection, moments []Moment) error {
	save, err := tx.Begin(ctx)
	if err != nil {
		return fmt.Errorf("set savepoint: %w", err)
	}
	var f flight
	f.board(tx.Conn())
	if err = p.Apply(ctx, &f, moments); err != nil {
		err = &culpritError{err}
	} else {
		err = classified(ctx, tx.Conn(), f.land(ctx))
	}
	if err == nil {
		return save.Commit(ctx)
	}
	if rollback := save.Rollback(ctx); rollback != nil {
		return fmt.Errorf("roll back to savepoint: %w", rollback)
	}
	return err
}

// streamsOf groups moments, which stand stream by stream.
func streamsOf(moments []Moment) [][]Moment {
	streams := make([][]Moment, 0, len(moments))
	for start := 0; start < len(moments); {
		end := start + 1
		for end < len(moments) && moments[end].Event.StreamID == moments[start].Event.StreamID {
			end++
		}
		streams = append(streams, moments[start:end])
		start = end
	}
	return streams
}

func flat(streams [][]Moment) []Moment {
	if len(streams) == 1 {
		return streams[0]
	}
	var all []Moment
	for _, s := range streams {
		all = append(all, s...)
	}
	return all
}

package projections

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dossier/eventstore"
)

// parts is how many shares of the streams, by the first byte of their ids, are built and noted one by one.
const parts = 64

// fill builds the shares that are not in yet.
func (r Rebuilder) fill(ctx context.Context, all []*standby) (events int64, err error) {
	for _, s := range all {
		if err := s.loadParts(ctx); err != nil {
			return 0, err
		}
		if err := s.noteParked(ctx); err != nil {
			return 0, err
		}
	}
	total, before := all[0].at.highest(), int64(0)
	for part, share := range all[0].in {
		if len(missing(all, part)) == 0 {
			before += share.events
		}
	}
	var folded atomic.Int64
	err = r.share(ctx, func(ctx context.Context, queue <-chan int) error {
		targets := map[*standby]*target{}
		for _, s := range all {
			targets[s] = s.target(s.at, s.parked)
		}
		for part := range queue {
			var some []*target
			for _, s := range missing(all, part) {
				some = append(some, targets[s])
			}
			if len(some) == 0 {
				continue
			}
			if err := r.fillPart(ctx, part, some, func(n int64) { r.progress(before+folded.Add(n), total) }); err != nil {
				return fmt.Errorf("build share %d: %w", part, err)
			}
		}
		return nil
	})
	return folded.Load(), err
}

// missing are the standbys that a share is not in yet.
func missing(all []*standby, part int) []*standby {
	return slices.DeleteFunc(slices.Clone(all), func(s *standby) bool { return s.in[part] != nil })
}

// fillPart builds one share in one transaction with the rows that say it is in.
func (r Rebuilder) fillPart(ctx context.Context, part int, targets []*target, progress func(int64)) error {
	return pgx.BeginFunc(ctx, r.Owner, func(tx pgx.Tx) error {
		var sum int64
		digests := make([]hash.Hash, len(targets)) // of the rows as COPY gives them back
		for i := range digests {
			digests[i] = sha256.New()
			digests[i].Write(copyHeader)
		}
		err := eachPage(ctx, r.Views.journal, part, func(events []eventstore.Event) error {
			folded, err := fold(events, targets)
			if err != nil {
				return fmt.Errorf("%w; it is not parked", err)
			}
			for i, t := range targets {
				digests[i].Write(t.b)
				if err := t.write(ctx, tx.Conn()); err != nil {
					return err
				}
			}
			sum += folded
			progress(folded)
			return nil
		})
		for i, t := range targets {
			if digests[i].Write(copyEnd); err == nil {
				_, err = tx.Exec(ctx, `insert into views.rebuilt_parts (standby, part, events, digest) values ($1, $2, $3, $4)`, t.table.name, part, sum, digests[i].Sum(nil))
			}
			t.empty()
		}
		return err
	})
}

// built is a share that is in.
type built struct {
	events int64
	digest []byte // of its rows
}

// loadParts reads which shares are in.
func (s *standby) loadParts(ctx context.Context) error {
	rows, err := s.owner.Query(ctx, `select part, events, digest from views.rebuilt_parts where standby = $1`, s.name)
	if err != nil {
		return fmt.Errorf("read what is built: %w", err)
	}
	var part int
	var b built
	s.in = [parts]*built{}
	_, err = pgx.ForEachRow(rows, []any{&part, &b.events, &b.digest}, func() error {
		s.in[part] = &built{b.events, bytes.Clone(b.digest)}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read what is built: %w", err)
	}
	return nil
}

// noteParked remembers which streams are parked now: they are written again when the standby catches up.
func (s *standby) noteParked(ctx context.Context) (err error) {
	if s.parked, err = readParked(ctx, s.views.pool, []string{s.live.name}); err != nil {
		return err
	}
	s.ended = append(s.ended, slices.Collect(maps.Keys(s.parked[s.live.name]))...)
	if len(s.ended) == 0 {
		return nil
	}
	if _, err := s.owner.Exec(ctx, `update views.rebuilds set parked = $2 where standby = $1`, s.name, s.ended); err != nil {
		return fmt.Errorf("note parked streams: %w", err)
	}
	return nil
}

// bounds are the ids of a share's streams: after one up to another.
func bounds(part int) (after, end uuid.UUID) {
	const width = 256 / parts
	end = uuid.Max
	end[0] = byte(part*width + width - 1)
	if part > 0 {
		after = uuid.Max
		after[0] = byte(part*width - 1)
	}
	return after, end
}

// eachPage goes through the streams of a share.
func eachPage(ctx context.Context, j *eventstore.Journal, part int, do func([]eventstore.Event) error) error {
	for after, end := bounds(part); after != end; {
		events, last, err := j.Between(ctx, after, end, rebuildPage)
		if err != nil {
			return err
		}
		if err := do(events); err != nil {
			return err
		}
		after = last
	}
	return nil
}

// rebuildPage is about how many events a worker holds at once.
const rebuildPage = 8000

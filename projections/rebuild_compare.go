package projections

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// foldAgain is of how many shares one is folded once more: a fold that says one thing now and another then would show in it. What of the tables
// is read later is folded again by the check in the background.
const foldAgain = 16

// compare reads every row of the standbys back and holds its bytes against the digest of those that were folded. A share that is not what was
// written is folded once more, to name the row.
func (r Rebuilder) compare(ctx context.Context, all []*standby) (compared int64, err error) {
	for _, s := range all {
		if err := s.loadParts(ctx); err != nil {
			return 0, err
		}
		if s.parked, err = readParked(ctx, r.Views.pool, []string{s.live.name}); err != nil {
			return 0, err
		}
	}
	total := all[0].at.highest()
	var events, rows atomic.Int64
	err = r.share(ctx, func(ctx context.Context, queue <-chan int) error {
		c := r.comparison(all)
		for part := range queue {
			var wrong *standby
			for _, s := range all {
				n, whole, err := s.asWritten(ctx, part)
				if err != nil {
					return err
				}
				if rows.Add(n); !whole {
					wrong = s
				}
			}
			if wrong != nil || part%foldAgain == 0 {
				if err := c.share(ctx, part); err != nil {
					return err
				}
			}
			if wrong != nil {
				return fmt.Errorf("the new table is wrong, the live one stays: share %d of %s is not what was written to it", part, wrong.name)
			}
			r.progress(events.Add(all[0].in[part].events), total)
		}
		return nil
	})
	return rows.Load(), err
}

// asWritten reads a share back and says whether it has what was written to it, byte for byte.
func (s *standby) asWritten(ctx context.Context, part int) (rows int64, whole bool, err error) {
	t, digest := s.live, sha256.New()
	t.name = s.name
	after, end := bounds(part)
	err = s.views.read(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `set local enable_seqscan = off; set local enable_sort = off`); err != nil { // nobody has looked yet how many there are
			return err
		}
		tag, err := tx.Conn().PgConn().CopyTo(ctx, digest, copyOf(t.between(after, end)))
		rows = tag.RowsAffected()
		return err
	})
	if err != nil {
		return 0, false, fmt.Errorf("read %s back: %w", s.name, err)
	}
	return rows, bytes.Equal(digest.Sum(nil), s.in[part].digest), nil
}

// share folds the streams of a share once more and compares.
func (c *comparison) share(ctx context.Context, part int) error {
	for after, end := bounds(part); after != end; {
		d, last, err := c.page(ctx, after, end)
		if err != nil {
			return err
		}
		if d != nil {
			return fmt.Errorf("the new table is wrong, the live one stays: %s", d)
		}
		after = last
	}
	return nil
}

func (r Rebuilder) comparison(all []*standby) *comparison {
	c := newComparison(r.Views)
	c.limit = rebuildPage
	for _, s := range all {
		t := s.target(s.at, s.parked)
		t.leave = map[uuid.UUID]bool{}
		for _, id := range s.ended { // what was let go since stays as it was written
			t.leave[id] = true
		}
		c.targets = append(c.targets, t)
	}
	return c
}

package eventstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Difference is the first thing Verify found wrong.
type Difference struct {
	Position int64
	Stream   uuid.UUID
	What     string
}

func (d *Difference) String() string {
	return fmt.Sprintf("position %d, stream %s: %s", d.Position, d.Stream, d.What)
}

// verifyPage is how many rows Verify holds at a time.
const verifyPage = 2000

// Verify walks the journal as it stands now, once by position and once by stream, and returns the first difference from what
// the append function promises: no holes in positions, none in versions, times that never decrease, the lane that the stream
// hashes to, well-formed texts. nil means there is none. It reads in pages by key: memory stays flat and no snapshot is
// held for long. progress, if given, hears how many of twice the journal's rows are done.
func (j *Journal) Verify(ctx context.Context, progress func(done, total int64)) (*Difference, error) {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	head, err := j.Head(ctx)
	if err != nil {
		return nil, err
	}
	v := &verification{j: j, head: head, progress: progress}
	if err := v.archived(ctx); err != nil {
		return nil, fmt.Errorf("verify journal %s: %w", j.name, err)
	}
	for _, walk := range []func(context.Context) (*Difference, error){v.byPosition, v.byStream} {
		if d, err := walk(ctx); d != nil || err != nil {
			return d, err
		}
	}
	return nil, nil
}

type verification struct {
	j          *Journal
	base, head int64 // where the archive ends, where the journal does
	done       int64
	progress   func(done, total int64)
}

// archived checks the file of each detached segment against its sums; the segments must follow each other from position 1.
func (v *verification) archived(ctx context.Context) error {
	segments, err := v.j.Segments(ctx)
	if err != nil {
		return err
	}
	for _, s := range segments {
		if s.From != v.base+1 {
			return fmt.Errorf("detached segment begins at %d, not %d", s.From, v.base+1)
		}
		if err := v.j.archive.in(s, func(f *segment) error { return f.check(ctx) }); err != nil {
			return err
		}
		v.base = s.To
	}
	return nil
}

func (v *verification) step(rows int) {
	v.done += int64(rows)
	v.progress(v.done, 2*v.head-v.base)
}

// byPosition checks each row by itself and against the one before it.
func (v *verification) byPosition(ctx context.Context) (*Difference, error) {
	last := Event{}
	for last.Position < v.head {
		events, err := v.j.Page(ctx, last.Position, verifyPage)
		if err != nil {
			return nil, err
		}
		if len(events) == 0 {
			return &Difference{last.Position + 1, uuid.Nil, "position is missing"}, nil
		}
		for i := range events {
			e := &events[i]
			if what := wrong(e, &last); what != "" {
				return &Difference{e.Position, e.StreamID, what}, nil
			}
			if e.Position != last.Position+1 {
				return &Difference{last.Position + 1, uuid.Nil, "position is missing"}, nil
			}
			last = *e
		}
		v.step(len(events))
	}
	return nil, nil
}

// wrong says what cannot be true of an event that follows another in the journal.
func wrong(e, before *Event) string {
	switch {
	case e.RecordedAt.Before(before.RecordedAt):
		return fmt.Sprintf("recorded_at %s is before that of the position before", e.RecordedAt.Format(time.RFC3339Nano))
	case e.OccurredAt.After(e.RecordedAt):
		return "occurred after it was recorded"
	case e.Lane != Lane(e.StreamID):
		return fmt.Sprintf("lane is %d, not %d", e.Lane, Lane(e.StreamID))
	case e.Version < 1:
		return fmt.Sprintf("version is %d", e.Version)
	case e.ID == uuid.Nil:
		return "event id is missing"
	}
	check := NewEvent{ID: e.ID, Type: e.Type, TypeVersion: e.TypeVersion, Data: e.Data, Meta: e.Meta, OccurredAt: e.OccurredAt}
	var malformed *MalformedError
	if err := checkEvent(0, &check); errors.As(err, &malformed) {
		return malformed.Field + " " + malformed.Why
	}
	if !isName(e.StreamKind) {
		return "stream kind is not a lower-case name"
	}
	return ""
}

// byStream checks that each stream's versions count up from 1, or from where its detached part ends, in the order of positions.
func (v *verification) byStream(ctx context.Context) (*Difference, error) {
	var last streamRow
	for {
		rows, err := v.streamPage(ctx, last)
		if err != nil {
			return nil, fmt.Errorf("verify streams of journal %s: %w", v.j.name, err)
		}
		if len(rows) == 0 {
			return nil, nil
		}
		for _, r := range rows {
			first := r.StreamID != last.StreamID
			if first {
				last = streamRow{StreamID: r.StreamID, Version: r.Archived, StreamKind: r.StreamKind}
			}
			if r.Version != last.Version+1 || r.Position < last.Position {
				return v.firstWrong(ctx, r)
			}
			if r.StreamKind != last.StreamKind {
				return &Difference{r.Position, r.StreamID, fmt.Sprintf("stream kind is %q, was %q", r.StreamKind, last.StreamKind)}, nil
			}
			last = r
		}
		v.step(len(rows))
	}
}

// firstWrong names the first position of a stream that has not the version it should.
func (v *verification) firstWrong(ctx context.Context, r streamRow) (*Difference, error) {
	var position, version, want int64
	row := v.j.pool.QueryRow(ctx, v.j.sql.firstWrong, r.StreamID, r.Archived, v.head)
	if err := row.Scan(&position, &version, &want); err != nil {
		return nil, fmt.Errorf("find the wrong version of stream %s: %w", r.StreamID, err)
	}
	return &Difference{position, r.StreamID, fmt.Sprintf("version is %d, not %d", version, want)}, nil
}

type streamRow struct {
	StreamID   uuid.UUID
	Version    int64
	Position   int64
	StreamKind string
	Archived   int64
}

func (v *verification) streamPage(ctx context.Context, after streamRow) (page []streamRow, err error) {
	b := &pgx.Batch{}
	b.Queue(pin)
	b.Queue(v.j.sql.verifyStreams, after.StreamID, after.Version, v.head, verifyPage).Query(func(rows pgx.Rows) (err error) {
		page, err = pgx.CollectRows(rows, pgx.RowToStructByPos[streamRow])
		return err
	})
	return page, v.j.pool.SendBatch(ctx, b).Close()
}

package eventstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Segment is a row of journal.segments: positions that live in a file.
type Segment struct {
	From, To int64
	Events   int64
	File     string // in the archive folder
	Content  []byte // SHA-256 its manifest must name
	Root     []byte
	At       time.Time
}

// base is where the positions that live in files end, and when that was last changed: a read that saw two different ones
// begins again.
type base struct {
	position int64
	changed  time.Time
}

// archive reads what was detached. The rows of the journal's table count only beyond the base; up to it the files do.
type archive struct {
	j        *Journal
	mu       sync.Mutex
	at       base
	segments []Segment
}

var errNoFolder = errors.New("no archive folder is set (ARCHIVE_DIR)")

// upTo returns the segments of a base, oldest first, asking the database when the base is new.
func (a *archive) upTo(ctx context.Context, at base) ([]Segment, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.at == at {
		return a.segments, nil
	}
	segments, err := a.j.Segments(ctx)
	if err != nil {
		return nil, err
	}
	a.at, a.segments = end(segments), segments
	return segments, nil
}

// end is the base that these segments make.
func end(segments []Segment) (at base) {
	for _, s := range segments {
		at = base{max(at.position, s.To), later(at.changed, s.At)}
	}
	return at
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// Segments lists what was detached, oldest first.
func (j *Journal) Segments(ctx context.Context) ([]Segment, error) {
	rows, err := j.db.Query(ctx, segmentsQuery, j.name)
	if err != nil {
		return nil, fmt.Errorf("read segments: %w", err)
	}
	segments, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Segment])
	if err != nil {
		return nil, fmt.Errorf("read segments: %w", err)
	}
	return segments, nil
}

// settledWith is settled for questions that the files answer too: these are the segments as they were while the queries ran.
func (j *Journal) settledWith(ctx context.Context, queue func(*pgx.Batch)) (segments []Segment, err error) {
	_, err = j.settled(ctx, func(b *pgx.Batch) {
		queue(b)
		b.Queue(segmentsQuery, j.name).Query(func(rows pgx.Rows) (err error) {
			segments, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Segment])
			return err
		})
	})
	return segments, err
}

const segmentsQuery = `
	select from_position, to_position, coalesce(events, 0), file, coalesce(content, ''), root, detached_at
	  from journal.segments
	 where journal = $1
	 order by from_position`

// in opens a segment's file for a while. Whatever goes wrong with it names the file and its positions.
func (a *archive) in(s Segment, do func(*segment) error) error {
	file, err := s.File, errNoFolder
	if a.j.o.Archive != "" {
		file = filepath.Join(a.j.o.Archive, s.File)
		err = within(file, s, do)
	}
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &ArchiveError{File: file, From: s.From, To: s.To, Err: err}
}

func within(file string, s Segment, do func(*segment) error) error {
	f, err := openSegment(file)
	if err != nil {
		return err
	}
	defer f.f.Close()
	if f.m.From != s.From || f.m.To != s.To || !bytes.Equal(f.m.Content, s.Content) || !bytes.Equal(f.m.Root, s.Root) {
		return fmt.Errorf("%w: it is not the file that was archived", errDamaged)
	}
	return do(f)
}

// CheckArchive opens every archive file and returns how many there are, and the first that this process cannot read (*ArchiveError).
func (j *Journal) CheckArchive(ctx context.Context) (files int, err error) {
	segments, err := j.Segments(ctx)
	if err != nil {
		return 0, err
	}
	for _, s := range segments {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		if err := j.archive.in(s, func(*segment) error { return nil }); err != nil {
			return 0, err
		}
	}
	return len(segments), nil
}

// walk visits events with after < position <= upTo from files until it is told to stop.
func (a *archive) walk(ctx context.Context, at base, after, upTo int64, visit func(Event) (more bool)) error {
	segments, err := a.upTo(ctx, at)
	if err != nil {
		return err
	}
	more := true
	for _, s := range segments {
		if !more || s.From > upTo || s.To <= after {
			continue
		}
		err := a.in(s, func(f *segment) error {
			return f.walk(ctx, after, upTo, func(e Event) bool { more = visit(e); return more })
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// page reads up to limit events with after < position <= upTo, of one lane or (-1) of all.
func (a *archive) page(ctx context.Context, at base, lane int, after, upTo int64, limit int) (events []Event, err error) {
	if limit < 1 {
		return nil, nil
	}
	err = a.walk(ctx, at, after, min(upTo, at.position), func(e Event) bool {
		if lane < 0 || e.Lane == lane {
			events = append(events, e)
		}
		return len(events) < limit
	})
	return events, err
}

// before completes the histories of streams whose first events the table does not have any more. A stream that the table does
// not have at all costs one look at journal.archived_streams; one that was archived, some small reads in each file.
func (a *archive) before(ctx context.Context, at base, after int64, ids []uuid.UUID, byStream map[uuid.UUID][]Event) error {
	var short []uuid.UUID
	for _, id := range ids {
		if events := byStream[id]; len(events) == 0 || events[0].Version > after+1 {
			short = append(short, id)
		}
	}
	if at.position == 0 || len(short) == 0 {
		return nil
	}
	rows, err := a.j.db.Query(ctx, `select id, version from journal.archived_streams where journal = $1 and id = any($2)`, a.j.name, short)
	if err != nil {
		return err
	}
	var id uuid.UUID
	var version int64
	reached := map[uuid.UUID]int64{}
	if _, err := pgx.ForEachRow(rows, []any{&id, &version}, func() error { reached[id] = version; return nil }); err != nil {
		return err
	}
	for id, version := range reached {
		if version <= after {
			continue
		}
		if byStream[id], err = a.complete(ctx, at, id, after, version, byStream[id]); err != nil {
			return err
		}
	}
	return nil
}

// complete puts a stream's archived events before those of the table, newest file first, and stops as soon as none is missing.
func (a *archive) complete(ctx context.Context, at base, id uuid.UUID, after, reached int64, events []Event) ([]Event, error) {
	segments, err := a.upTo(ctx, at)
	if err != nil {
		return nil, err
	}
	for i := len(segments) - 1; i >= 0; i-- {
		if len(events) > 0 && (events[0].Version == after+1 || segments[i].From > events[0].Position) {
			continue
		}
		err := a.in(segments[i], func(f *segment) error {
			older, err := f.stream(id, after)
			for len(older) > 0 && len(events) > 0 && older[len(older)-1].Version >= events[0].Version {
				older = older[:len(older)-1]
			}
			events = append(older, events...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(events) == 0 || events[0].Version != after+1 {
		return nil, fmt.Errorf("stream %s: version %d of %d archived ones is in no archive file", id, after+1, reached)
	}
	return events, nil
}

// positionAt finds the last archived position recorded at or before t.
func (a *archive) positionAt(ctx context.Context, at base, t time.Time) (position int64, err error) {
	segments, err := a.upTo(ctx, at)
	if err != nil {
		return 0, err
	}
	for _, s := range segments {
		reached := false
		err := a.in(s, func(f *segment) error {
			if !f.m.RecordedTo.After(t) {
				position, reached = f.m.To, true
				return nil
			}
			return f.walk(ctx, 0, f.m.To, func(e Event) bool {
				if e.RecordedAt.After(t) {
					return false
				}
				position = e.Position
				return true
			})
		})
		if err != nil || !reached {
			return position, err
		}
	}
	return position, nil
}

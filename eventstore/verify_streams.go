package eventstore

import (
	"bytes"
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// streamRow is one event of a stream, or its last archived version as journal.archived_streams has it.
type streamRow struct {
	StreamID   uuid.UUID
	Version    int64
	Position   int64
	StreamKind string
	where      where
}

// where a row was read.
type where int

const (
	filed where = iota
	listed
	tabled
)

// byStream checks that each stream's versions count up from 1 in the order of positions, through files and table, and that
// journal.archived_streams, which appends ask, says what the files hold.
func (v *verification) byStream(ctx context.Context) (*Difference, error) {
	for {
		d, err := v.streams(ctx)
		before := v.at
		if err := v.list(ctx); err != nil {
			return nil, err
		}
		if v.at == before {
			return d, err
		}
		v.done = v.head // a partition was archived or brought back: what was missing in one place may have been in the other
	}
}

// streams goes once through all files, the list and the table side by side. Each is in the order of stream ids, so every stream is
// seen whole while only a page of each is held: some 30 KB a file, however long the journal is.
func (v *verification) streams(ctx context.Context) (*Difference, error) {
	var sources []*source
	for _, s := range v.segments {
		sources = append(sources, &source{page: v.indexPages(s)})
	}
	sources = append(sources, &source{page: v.listPage}, &source{page: v.tablePage})
	var last streamRow
	var archived int64 // versions of the stream in files
	unlisted := false  // that the list has not told yet
	for done := 0; ; {
		row, more, err := next(ctx, sources)
		if err != nil {
			return nil, fmt.Errorf("verify streams of journal %s: %w", v.j.name, err)
		}
		if unlisted && (!more || row.StreamID != last.StreamID || row.where == tabled) {
			return &Difference{last.Position, last.StreamID, fmt.Sprintf("journal.archived_streams does not know its %d archived versions", archived)}, nil
		}
		if !more {
			v.step(done)
			return nil, nil
		}
		if row.StreamID != last.StreamID {
			last, archived = streamRow{StreamID: row.StreamID}, 0
		}
		if row.where == listed {
			if row.Version != archived {
				return &Difference{last.Position, row.StreamID, fmt.Sprintf("journal.archived_streams says version %d, the files say %d", row.Version, archived)}, nil
			}
			unlisted, last.StreamKind = false, row.StreamKind
			continue
		}
		switch follows := row.Version == last.Version+1 && row.Position > last.Position; {
		case !follows && row.where == filed:
			return &Difference{row.Position, row.StreamID, fmt.Sprintf("version is %d, not %d", row.Version, last.Version+1)}, nil
		case !follows:
			return v.firstWrong(ctx, row, archived)
		case row.where == filed:
			archived, unlisted = row.Version, true
		case last.StreamKind != "" && row.StreamKind != last.StreamKind:
			return &Difference{row.Position, row.StreamID, fmt.Sprintf("stream kind is %q, was %q", row.StreamKind, last.StreamKind)}, nil
		}
		last = row
		if done++; done == verifyPage {
			v.step(done)
			done = 0
		}
	}
}

// firstWrong names the first position of a stream that has not the version it should: the table gives rows by version.
func (v *verification) firstWrong(ctx context.Context, r streamRow, archived int64) (*Difference, error) {
	var position, version, want int64
	row := v.j.pool.QueryRow(ctx, v.j.sql.firstWrong, r.StreamID, archived, v.at.position, v.head)
	if err := row.Scan(&position, &version, &want); err != nil {
		return nil, fmt.Errorf("find the wrong version of stream %s: %w", r.StreamID, err)
	}
	return &Difference{position, r.StreamID, fmt.Sprintf("version is %d, not %d", version, want)}, nil
}

// source gives rows in the order of stream ids, a page at a time.
type source struct {
	page  func(ctx context.Context, after streamRow) ([]streamRow, error)
	rows  []streamRow
	last  streamRow
	ended bool
}

// next returns the row of the least stream id; of one stream the rows of the oldest file come first and those of the table last.
func next(ctx context.Context, sources []*source) (row streamRow, more bool, err error) {
	var least *source
	for _, s := range sources {
		if len(s.rows) == 0 && !s.ended {
			if s.rows, err = s.page(ctx, s.last); err != nil {
				return row, false, err
			}
			s.ended = len(s.rows) == 0
		}
		if len(s.rows) > 0 && (least == nil || bytes.Compare(s.rows[0].StreamID[:], least.rows[0].StreamID[:]) < 0) {
			least = s
		}
	}
	if least == nil {
		return row, false, nil
	}
	least.last = least.rows[0]
	least.rows = least.rows[1:]
	return least.last, true, nil
}

// indexPages reads a file's index of streams.
func (v *verification) indexPages(s Segment) func(context.Context, streamRow) ([]streamRow, error) {
	read := int64(0)
	return func(context.Context, streamRow) (rows []streamRow, err error) {
		err = v.j.archive.in(s, func(f *segment) error {
			entries, err := f.entries(read)
			for _, e := range entries {
				rows = append(rows, e.row(s.From))
			}
			read += int64(len(entries))
			return err
		})
		return rows, err
	}
}

func (v *verification) listPage(ctx context.Context, after streamRow) ([]streamRow, error) {
	return v.rows(ctx, listed, v.j.sql.verifyList, after.StreamID, verifyPage)
}

func (v *verification) tablePage(ctx context.Context, after streamRow) ([]streamRow, error) {
	return v.rows(ctx, tabled, v.j.sql.verifyStreams, after.StreamID, after.Version, v.at.position, v.head, verifyPage)
}

func (v *verification) rows(ctx context.Context, from where, sql string, args ...any) (page []streamRow, err error) {
	b := &pgx.Batch{}
	b.Queue(pinOrder)
	b.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		page, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r streamRow, err error) {
			r.where = from
			return r, row.Scan(&r.StreamID, &r.Version, &r.Position, &r.StreamKind)
		})
		return err
	})
	return page, v.j.pool.SendBatch(ctx, b).Close()
}

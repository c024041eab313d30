package eventstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
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
// hashes to, well-formed texts. nil means there is none. Archived events are read from their files, which must have the sums they
// were archived with. It reads in pages by key: memory stays flat and no snapshot is held for long. progress, if given, hears how
// many of twice the journal's rows are done.
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
	j        *Journal
	head     int64
	segments []Segment
	at       base // where they end
	done     int64
	progress func(done, total int64)
}

// archived checks the file of each detached segment against its sums; the segments must follow each other from position 1.
func (v *verification) archived(ctx context.Context) error {
	if err := v.list(ctx); err != nil {
		return err
	}
	end := int64(0)
	for _, s := range v.segments {
		if s.From != end+1 {
			return fmt.Errorf("detached segment begins at %d, not %d", s.From, end+1)
		}
		if err := v.j.archive.in(s, func(f *segment) error { return f.check(ctx) }); err != nil {
			return err
		}
		end = s.To
	}
	return nil
}

// list notes what is archived now.
func (v *verification) list(ctx context.Context) (err error) {
	v.segments, err = v.j.Segments(ctx)
	v.at = end(v.segments)
	return err
}

func (v *verification) step(rows int) {
	v.done += int64(rows)
	v.progress(v.done, 2*v.head)
}

// byPosition checks each row by itself and against the one before it, and the rows of a file against its index of streams, in 24
// bytes a row of one file at a time.
func (v *verification) byPosition(ctx context.Context) (*Difference, error) {
	last, filed := Event{}, v.segments
	var index []streamEntry
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
			if last = *e; len(filed) == 0 {
				continue
			}
			if index = append(index, entryOf(e.StreamID, e.Position-filed[0].From, e.Version)); e.Position == filed[0].To {
				if d, err := v.indexed(filed[0], index); d != nil || err != nil {
					return d, err
				}
				filed, index = filed[1:], index[:0]
			}
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

// indexed holds a file's index against its rows: whoever reads a stream finds it there.
func (v *verification) indexed(s Segment, rows []streamEntry) (d *Difference, err error) {
	err = v.j.archive.in(s, func(f *segment) error {
		wrong, err := f.differs(rows)
		if wrong != nil {
			r := wrong.row(s.From)
			d = &Difference{r.Position, r.StreamID, "the index of " + s.File + " does not fit its rows"}
		}
		return err
	})
	return d, err
}

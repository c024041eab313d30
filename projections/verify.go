package projections

import (
	"cmp"
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/eventstore"
)

// Report is what Verify saw.
type Report struct {
	Streams    int64       // refolded
	Rows       int64       // compared
	Position   int64       // the views were true at, when it began
	Parked     int64       // streams that some projection could not follow: their rows are compared up to where it stopped
	Difference *Difference // the first one, nil when every row is what a fold says
}

// Difference names a row that is not what a fold of its stream says.
type Difference struct {
	Projection string // its table
	Stream     uuid.UUID
	Version    int64
	Position   int64
	What       string // missing, extra, different, undecodable
	Field      string // the first one that differs
	Got, Want  string
}

func (d *Difference) String() string {
	s := fmt.Sprintf("%s: stream %s, version %d, position %d: row is %s", d.Projection, d.Stream, d.Version, d.Position, d.What)
	switch {
	case d.What == "undecodable":
		s = fmt.Sprintf("%s: stream %s, version %d, position %d: %s", d.Projection, d.Stream, d.Version, d.Position, d.Got)
	case d.Field != "":
		s += fmt.Sprintf(" in %s: has %s, a fold says %s", d.Field, d.Got, d.Want)
	}
	return s
}

// verifyPage is how many streams are compared at once; it bounds memory and how long a snapshot is held.
const verifyPage = 200

// Verify folds every dossier again and compares every row of every view. Each page of streams is compared in a short snapshot
// of its own, with the streams cut at the checkpoints of that snapshot, so what is appended meanwhile is no difference.
func Verify(ctx context.Context, pool *pgxpool.Pool, j *eventstore.Journal, progress func(done, total int64)) (Report, error) {
	c := &comparison{views: NewViews(pool, j), parked: map[uuid.UUID]bool{}}
	s, err := c.views.Stamp(ctx)
	if err != nil {
		return c.report, err
	}
	c.report.Position = s.Position
	for after, more := (uuid.UUID{}), true; more; {
		if after, more, err = c.page(ctx, after); err != nil {
			return c.report, err
		}
		if progress != nil {
			progress(min(c.events, s.Head), s.Head)
		}
		if c.report.Difference != nil {
			break
		}
	}
	c.report.Parked = int64(len(c.parked))
	return c.report, nil
}

type comparison struct {
	views  *Views
	report Report
	events int64
	parked map[uuid.UUID]bool
}

// shown is what the views hold of a range of streams, and how far they are, in one snapshot.
type shown struct {
	at       map[string]lanes
	parked   parked
	dossiers map[uuid.UUID][]stateRow
	versions map[uuid.UUID][]stateRow
	history  map[uuid.UUID][]historyRow
}

// page compares the next streams. Rows of streams that the journal does not have are found between those it has.
func (c *comparison) page(ctx context.Context, after uuid.UUID) (last uuid.UUID, more bool, err error) {
	ids, last, err := c.streams(ctx, after)
	if err != nil {
		return last, false, err
	}
	has, err := c.shown(ctx, after, last)
	if err != nil {
		return last, false, err
	}
	// The journal after the views: it then has at least what they show.
	histories, err := c.views.journal.Streams(ctx, ids)
	if err != nil {
		return last, false, err
	}
	for _, id := range ids {
		if d := c.stream(id, histories[id], has); d != nil {
			c.report.Difference = d
			return last, false, nil
		}
	}
	c.report.Difference = has.extra(histories)
	return last, len(ids) == verifyPage, nil
}

// streams are the next dossiers of the journal and the last id of the range they cover.
func (c *comparison) streams(ctx context.Context, after uuid.UUID) (ids []uuid.UUID, last uuid.UUID, err error) {
	if ids, err = c.views.streams(ctx, after, uuid.Max, verifyPage); err != nil {
		return nil, last, err
	}
	if len(ids) == verifyPage {
		return ids, ids[len(ids)-1], nil
	}
	return ids, uuid.Max, nil
}

// streams lists dossiers of the journal after an id up to another.
func (v *Views) streams(ctx context.Context, after, end uuid.UUID, limit int) (ids []uuid.UUID, err error) {
	err = v.read(ctx, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			select e.stream_id
			  from journal.events e
			 where e.version = 1
			   and e.stream_kind = $1
			   and e.stream_id > $2
			   and e.stream_id <= $3
			 union
			select a.id
			  from journal.archived_streams a
			 where a.journal = 'events'
			   and a.stream_kind = $1
			   and a.id > $2
			   and a.id <= $3
			 order by stream_id
			 limit $4`, dossierKind, after, end, limit)
		if err != nil {
			return err
		}
		ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read streams: %w", err)
	}
	return ids, nil
}

func (c *comparison) shown(ctx context.Context, after, last uuid.UUID) (s shown, err error) {
	s = shown{at: map[string]lanes{}, parked: parked{}}
	err = c.views.read(ctx, func(tx pgx.Tx) error {
		if err := s.readStanding(ctx, tx, c.views.keys); err != nil {
			return err
		}
		if s.dossiers, err = tableRows[stateRow](ctx, tx, dossiersTable, after, last); err != nil {
			return err
		}
		if s.versions, err = tableRows[stateRow](ctx, tx, versionsTable, after, last); err != nil {
			return err
		}
		s.history, err = tableRows[historyRow](ctx, tx, historyTable, after, last)
		return err
	})
	if err != nil {
		return s, fmt.Errorf("read views: %w", err)
	}
	return s, nil
}

func (s *shown) readStanding(ctx context.Context, tx pgx.Tx, keys []string) error {
	var key string
	var lane int
	var at int64
	rows, err := tx.Query(ctx, `select projection, lane, at from views.newest_v1($1)`, keys)
	if err != nil {
		return err
	}
	_, err = pgx.ForEachRow(rows, []any{&key, &lane, &at}, func() error {
		l := s.at[key]
		l[lane] = at
		s.at[key] = l
		return nil
	})
	if err != nil {
		return err
	}
	var p parking
	rows, err = tx.Query(ctx, `select projection, stream_id, position from views.parked`)
	if err != nil {
		return err
	}
	_, err = pgx.ForEachRow(rows, []any{&key, &p.stream, &p.position}, func() error { s.parked.add(key, p); return nil })
	return err
}

// upTo is the position up to which a projection should show a stream.
func (s *shown) upTo(key string, id uuid.UUID) int64 {
	at := s.at[key][eventstore.Lane(id)]
	if from, is := s.parked[key][id]; is {
		at = min(at, from-1)
	}
	return at
}

// stream compares the three views of one stream.
func (c *comparison) stream(id uuid.UUID, history []eventstore.Event, has shown) *Difference {
	c.report.Streams++
	c.events += int64(len(history))
	for _, key := range c.views.keys {
		if _, is := has.parked[key][id]; is {
			c.parked[id] = true
		}
	}
	want, broken := expected(history, has.upTo(dossiersTable.name, id), has.upTo(versionsTable.name, id), has.upTo(historyTable.name, id))
	if broken != nil {
		return broken
	}
	c.report.Rows += int64(len(want.dossier) + len(want.versions) + len(want.history))
	return cmp.Or(
		dossiersTable.compare(rows(want.dossier), rows(has.dossiers[id])),
		versionsTable.compare(rows(want.versions), rows(has.versions[id])),
		historyTable.compare(rows(want.history), rows(has.history[id])))
}

// expectation is what the views should show of a stream.
type expectation struct {
	dossier, versions []stateRow
	history           []historyRow
}

// expected folds a stream as far as each view should show it.
func expected(history []eventstore.Event, dossier, versions, entries int64) (want expectation, broken *Difference) {
	f := nothing
	for _, ev := range history {
		if ev.Position > max(dossier, versions, entries) {
			break
		}
		m, next, err := f.next(ev)
		if err != nil {
			return want, undecodable(ev, err)
		}
		f = next
		if ev.Position <= dossier {
			want.dossier = []stateRow{stateRowOf(&m)}
		}
		if ev.Position <= versions {
			want.versions = append(want.versions, stateRowOf(&m))
		}
		if ev.Position <= entries {
			row, err := historyRowOf(&m)
			if err != nil {
				return want, undecodable(ev, err)
			}
			want.history = append(want.history, row)
		}
	}
	return want, nil
}

func undecodable(ev eventstore.Event, err error) *Difference {
	return &Difference{Projection: "journal", Stream: ev.StreamID, Version: ev.Version, Position: ev.Position, What: "undecodable", Got: err.Error()}
}

// extra finds a row of a stream that the journal does not have.
func (s *shown) extra(histories map[uuid.UUID][]eventstore.Event) *Difference {
	return cmp.Or(
		dossiersTable.compare(nil, rows(strangers(s.dossiers, histories))),
		versionsTable.compare(nil, rows(strangers(s.versions, histories))),
		historyTable.compare(nil, rows(strangers(s.history, histories))))
}

func strangers[R any](has map[uuid.UUID][]R, histories map[uuid.UUID][]eventstore.Event) []R {
	for id, rows := range has {
		if histories[id] == nil {
			return rows
		}
	}
	return nil
}

package projections

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

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

// verifyPage is about how many events are compared at once; it bounds memory and how long a snapshot is held.
const verifyPage = 2000

// Verify folds every dossier again and compares every row of every view. Each page of streams is compared in a short snapshot
// of its own, with the streams cut at the checkpoints of that snapshot, so what is appended meanwhile is no difference.
func Verify(ctx context.Context, pool *pgxpool.Pool, j *eventstore.Journal, progress func(done, total int64)) (Report, error) {
	var report Report
	c := compareLive(NewViews(pool, j))
	s, err := c.views.Stamp(ctx)
	if err != nil {
		return report, err
	}
	report.Position = s.Position
	for after := uuid.Nil; after != uuid.Max && report.Difference == nil; {
		if report.Difference, after, err = c.page(ctx, after, uuid.Max); err != nil {
			return report, err
		}
		if progress != nil {
			progress(min(c.events, s.Head), s.Head)
		}
	}
	report.Streams, report.Rows, report.Parked = c.streams, c.rows, int64(len(c.parked))
	return report, nil
}

// comparison holds tables against folds, a range of streams at a time.
type comparison struct {
	views   *Views
	targets []*target
	live    bool   // where the targets stand is read with their rows
	limit   int    // about how many events at once
	has     tuples // what a table has

	events, streams, rows int64
	parked                map[uuid.UUID]bool
	looked                int64 // ranges that were compared row by row
}

func newComparison(v *Views, targets ...*target) *comparison {
	return &comparison{views: v, targets: targets, limit: verifyPage, parked: map[uuid.UUID]bool{}}
}

func compareLive(v *Views) *comparison {
	c := newComparison(v, &target{table: dossiersTable}, &target{table: versionsTable}, &target{table: historyTable}, &target{table: timersTable})
	c.live = true
	return c
}

// page compares the next streams, and says up to which id.
func (c *comparison) page(ctx context.Context, after, end uuid.UUID) (d *Difference, last uuid.UUID, err error) {
	events, last, err := c.views.journal.Between(ctx, after, end, c.limit)
	if err != nil {
		return nil, last, err
	}
	same, err := c.same(ctx, events, after, last)
	if err != nil || same {
		return nil, last, err
	}
	c.looked++
	d, err = c.look(ctx, events, after, last)
	return d, last, err
}

// same compares the bytes. A difference may be nothing but what happened between the two readings: look knows.
func (c *comparison) same(ctx context.Context, events []eventstore.Event, after, last uuid.UUID) (bool, error) {
	c.events += int64(len(events))
	equal := true
	err := c.views.read(ctx, func(tx pgx.Tx) error {
		if err := c.stand(ctx, tx); err != nil {
			return err
		}
		if _, err := fold(events, c.targets); err != nil {
			equal = false
			return nil
		}
		for _, t := range c.targets {
			if err := c.has.copyOut(ctx, tx.Conn(), t.table.between(after, last)); err != nil {
				return err
			}
			equal = equal && bytes.Equal(c.has.b, t.b)
			c.rows += t.n
		}
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("read views: %w", err)
	}
	for history := range histories(events) {
		if history[0].StreamKind == dossierKind {
			c.streams++
		}
	}
	return equal, nil
}

// stand reads where the live tables stand, and empties the targets.
func (c *comparison) stand(ctx context.Context, tx pgx.Tx) error {
	at, parked := map[string]lanes{}, parked{}
	if c.live {
		if err := readStanding(ctx, tx, c.views.keys, at, parked); err != nil {
			return err
		}
	}
	for _, t := range c.targets {
		t.empty()
		if c.live {
			t.at, t.parked = at[t.table.name], parked[t.table.name]
		}
		for id := range t.parked {
			c.parked[id] = true
		}
	}
	return nil
}

func readStanding(ctx context.Context, tx pgx.Tx, keys []string, at map[string]lanes, parked parked) error {
	var key string
	var lane int
	var position int64
	rows, err := tx.Query(ctx, `select projection, lane, at from views.newest_v1($1)`, keys)
	if err != nil {
		return err
	}
	_, err = pgx.ForEachRow(rows, []any{&key, &lane, &position}, func() error {
		l := at[key]
		l[lane] = position
		at[key] = l
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
	_, err = pgx.ForEachRow(rows, []any{&key, &p.stream, &p.position}, func() error { parked.add(key, p); return nil })
	return err
}

// look compares row by row and names the first difference. It reads the tables first: the journal then has at least what they show.
func (c *comparison) look(ctx context.Context, events []eventstore.Event, after, last uuid.UUID) (*Difference, error) {
	has := make([]map[uuid.UUID][]row, len(c.targets))
	streams := map[uuid.UUID]bool{}
	for history := range histories(events) {
		streams[history[0].StreamID] = true
	}
	err := c.views.read(ctx, func(tx pgx.Tx) (err error) {
		if err := c.stand(ctx, tx); err != nil {
			return err
		}
		for i, t := range c.targets {
			if has[i], err = t.table.rows(ctx, tx, after, last); err != nil {
				return err
			}
			for id := range has[i] {
				streams[id] = true
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read views: %w", err)
	}
	ids := slices.SortedFunc(maps.Keys(streams), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	now, err := c.views.journal.Streams(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		for i, t := range c.targets {
			if d := t.compare(id, now[id], has[i][id]); d != nil {
				return d, nil
			}
		}
	}
	return nil, nil
}

// compare compares the rows of one stream. Rows of a stream that the journal does not have are too many.
func (t *target) compare(id uuid.UUID, history []eventstore.Event, has []row) *Difference {
	if t.leave[id] {
		return nil
	}
	if len(history) > 0 && history[0].StreamKind == dossierKind {
		history = history[:t.shows(history)]
	} else {
		history = nil
	}
	want, err := t.table.rowsOf(history)
	var broken *foldError
	if errors.As(err, &broken) {
		ev := broken.event
		return &Difference{Projection: "journal", Stream: id, Version: ev.Version, Position: ev.Position, What: "undecodable", Got: broken.err.Error()}
	}
	return t.table.compare(want, has)
}

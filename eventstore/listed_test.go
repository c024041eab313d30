package eventstore_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dossier/eventstore"
	"dossier/migrations/dbtest"
)

// listed waits until the streams of every full partition are listed.
//
// The newest one is listed when the next is entered.
func listed(t *testing.T, db *dbtest.DB, j *eventstore.Journal) {
	t.Helper()
	eventually(t, "full partitions are listed", func() bool {
		var unlisted int
		err := db.Owner.QueryRow(context.Background(), `
			select count(*) from journal.partitions where journal = 'events' and listed_at is null and to_position < $1`, j.Known()-9).Scan(&unlisted)
		return err == nil && unlisted == 0
	})
}

func TestAStreamIsFoundWhetherItsPartitionsAreListedOrNot(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	db.PartitionSize(t, 10)
	j := open(t, db.App, eventstore.Options{})
	streams, versions := make([]eventstore.Stream, 7), make([]int64, 7)
	for i := range streams {
		streams[i] = newStream()
	}
	for i := range 60 { // every stream in many partitions, some of them listed meanwhile
		k := i * i % len(streams)
		n := 1 + i%3
		if _, err := j.Append(ctx, eventstore.Request{Stream: streams[k], Expected: versions[k], Seen: j.Known() * int64(i%2), Events: facts(n)}); err != nil {
			t.Fatal(err)
		}
		versions[k] += int64(n)
	}
	check := func(when string) {
		t.Helper()
		var ids []uuid.UUID
		for k, s := range streams {
			ids = append(ids, s.ID)
			events, err := j.Stream(ctx, s.ID, versions[k]/2)
			inOrder(t, when, events, versions[k]/2, versions[k], err)
			var conflict *eventstore.ConflictError
			for _, expected := range []int64{0, versions[k] - 1, versions[k] + 1} {
				_, err := j.Append(ctx, eventstore.Request{Stream: s, Expected: expected, Events: facts(1)})
				if versions[k] > 0 && expected >= 0 && expected != versions[k] && (!errors.As(err, &conflict) || conflict.Actual != versions[k]) {
					t.Errorf("%s: append at %d of %d: %v", when, expected, versions[k], err)
				}
				if err == nil {
					versions[k]++
				}
			}
		}
		all, err := j.Streams(ctx, ids)
		for k, s := range streams {
			inOrder(t, when, all[s.ID], 0, versions[k], err)
			_, err := j.Update(ctx, s, eventstore.Command{}, nil, func(history []eventstore.Event) ([]eventstore.NewEvent, error) {
				inOrder(t, when+", to decide on", history, 0, versions[k], nil)
				return facts(1), nil
			})
			if err != nil {
				t.Fatal(err)
			}
			versions[k]++
			if r, err := j.Append(ctx, eventstore.Request{Stream: s, Expected: eventstore.AnyVersion, Events: facts(1)}); err != nil || r.Version != versions[k]+1 {
				t.Errorf("%s: append at any version = %+v, %v; want %d", when, r, err, versions[k]+1)
			}
			versions[k]++
		}
	}
	check("while it may be listed")
	listed(t, db, j)
	check("listed")
	forget := `update journal.partitions set listed_at = null where journal = 'events' and from_position in (31, 51); delete from journal.events_streams where from_position in (31, 51)`
	if _, err := db.Owner.Exec(ctx, forget, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatal(err)
	}
	check("two of the middle not listed")
	if d, err := j.Verify(ctx, nil); d != nil || err != nil {
		t.Errorf("verify = %v, %v", d, err)
	}
}

func inOrder(t *testing.T, when string, events []eventstore.Event, after, version int64, err error) {
	t.Helper()
	if err != nil || int64(len(events)) != version-after {
		t.Errorf("%s: %d events after %d of %d, %v", when, len(events), after, version, err)
	}
	for i, e := range events {
		if e.Version != after+int64(i)+1 {
			t.Fatalf("%s: version %d where %d should be", when, e.Version, after+int64(i)+1)
		}
	}
}

func TestACommandLooksOnlyIntoPartitionsWhereItsStreamStands(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	db.PartitionSize(t, 10)
	app := anotherPool(t, db.AppURL)
	j := open(t, app, eventstore.Options{})
	s := newStream()
	for _, stream := range []eventstore.Stream{newStream(), s, newStream(), newStream(), newStream()} { // s in the second partition
		if _, err := j.Append(ctx, eventstore.Request{Stream: stream, Events: facts(10)}); err != nil {
			t.Fatal(err)
		}
	}
	listed(t, db, j)
	scans := func() (in, beside int) {
		t.Helper()
		for _, c := range db.Owner.AcquireAllIdle(ctx) { // what they looked into is counted now, not between two counts
			if _, err := c.Exec(ctx, `select pg_stat_force_next_flush()`); err != nil {
				t.Fatal(err)
			}
			c.Release()
		}
		err := db.Owner.QueryRow(ctx, `
			select sum(idx_scan) filter (where relname = 'events_p000000000000011'),
			       sum(idx_scan) filter (where relname in ('events_p000000000000001', 'events_p000000000000021', 'events_p000000000000031'))
			  from pg_stat_user_tables`).Scan(&in, &beside)
		if err != nil {
			t.Fatal(err)
		}
		return in, beside
	}
	j.Close()
	gone(t, db, app.Close)
	in, beside := scans()
	again := anotherPool(t, db.AppURL)
	j = open(t, again, eventstore.Options{})
	for _, stream := range []eventstore.Stream{s, newStream()} {
		for range 20 {
			_, err := j.Update(ctx, stream, eventstore.Command{}, nil, func([]eventstore.Event) ([]eventstore.NewEvent, error) { return facts(1), nil })
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	j.Close()
	gone(t, db, again.Close)
	nowIn, nowBeside := scans()
	if nowIn-in < 20 || nowBeside-beside > 0 {
		t.Errorf("the stream's partition was looked into %d times, partitions without it %d times", nowIn-in, nowBeside-beside)
	}
}

// gone ends the application's sessions: they report their counts when they end.
func gone(t *testing.T, db *dbtest.DB, end func()) {
	t.Helper()
	end()
	eventually(t, "the sessions' counts arrive", func() bool {
		var n int
		err := db.Owner.QueryRow(context.Background(), `select count(*) from pg_stat_activity where datname = current_database() and usename = 'dossier_app'`).Scan(&n)
		return err == nil && n == 0
	})
}

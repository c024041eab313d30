package eventstore_test

import (
	"context"
	"testing"
	"time"

	"dossier/eventstore"
	"dossier/migrations/dbtest"
)

// eventually polls until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

func TestPartitionsAreMadeAheadAndAppendsCrossThem(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	db.PartitionSize(t, 10)
	j := open(t, db.App, eventstore.Options{})
	s, version := newStream(), int64(0)
	for _, n := range []int{1, 9, 1, 35, 7, 150, 1} { // 150 is more than upkeep could have made ahead
		r, err := j.Append(ctx, eventstore.Request{Stream: s, Expected: version, Seen: version, Events: facts(n)})
		if version += int64(n); err != nil || r.Version != version || r.Last != version {
			t.Fatalf("append of %d = %+v, %v; want %d", n, r, err, version)
		}
	}
	eventually(t, "two partitions ahead", func() bool {
		var ahead int
		err := db.App.QueryRow(ctx, `select count(*) from journal.partitions where journal = 'events' and from_position > $1`, version).Scan(&ahead)
		return err == nil && ahead >= 2
	})
	if events, err := j.Stream(ctx, s.ID, 0); err != nil || int64(len(events)) != version || events[len(events)-1].Version != version {
		t.Errorf("%d events, %v", len(events), err)
	}
	for after := int64(0); after < version; after += 7 { // reads cross them too
		events, err := j.Page(ctx, after, 7)
		if err != nil || len(events) == 0 || events[0].Position != after+1 {
			t.Errorf("page after %d = %d events, %v", after, len(events), err)
		}
	}
	if _, err := j.Append(ctx, eventstore.Request{Stream: s, Expected: 3, Seen: 3, Events: facts(1)}); err == nil {
		t.Error("a conflict three partitions back was not seen")
	}
	if at, err := j.PositionAt(ctx, time.Now()); at != version || err != nil {
		t.Errorf("position now = %d, %v", at, err)
	}
	if d, err := j.Verify(ctx, nil); d != nil || err != nil {
		t.Errorf("verify = %v, %v", d, err)
	}
}

func TestMakingAPartitionDoesNotStandInTheWayOfAppends(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	j := open(t, db.App, eventstore.Options{})
	tx, err := db.Owner.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(ctx)
	var made int
	if err := tx.QueryRow(ctx, `select journal.make_partitions_v1('events', 1500000)`).Scan(&made); err != nil || made != 1 {
		t.Fatalf("made %d, %v", made, err)
	}
	for _, n := range []int{1, 3} { // while it is attached and not committed
		if _, err := j.Append(ctx, eventstore.Request{Stream: newStream(), Events: facts(n)}); err != nil {
			t.Error(err)
		}
	}
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Append(ctx, eventstore.Request{Stream: newStream(), Events: facts(1)}); err != nil {
		t.Error(err)
	}
}

func TestPartitionsCannotBeAskedForWithoutEnd(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	for _, statement := range []string{
		`select journal.make_partitions_v1('events', 900000000)`,
		`select journal.make_partitions_v1('secrets')`,
		`select journal.make_partitions_v1(null)`,
	} {
		if _, err := db.App.Exec(context.Background(), statement); err == nil {
			t.Errorf("the application may %s", statement)
		}
	}
}

func TestPlansMadeWhileAPartitionWasEmptyStayIndexScans(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	if _, err := db.Owner.Exec(ctx, `analyze journal.events`); err != nil { // now the planner is sure that there is nothing
		t.Fatal(err)
	}
	app := anotherPool(t, db.AppURL)
	j := open(t, app, eventstore.Options{})
	s, version := newStream(), int64(0)
	for i := range 40 {
		for _, n := range []int{1, 3} {
			if _, err := j.Append(ctx, eventstore.Request{Stream: s, Expected: version, Seen: version * int64(i%2), Events: facts(n)}); err != nil {
				t.Fatal(err)
			}
			version += int64(n)
		}
		_, err1 := j.Stream(ctx, s.ID, version-1)
		_, err2 := j.Page(ctx, version-2, 2)
		_, err3 := j.LanePage(ctx, eventstore.Lane(s.ID), version-2, version, 2)
		_, err4 := j.Head(ctx)
		for _, err := range []error{err1, err2, err3, err4} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	j.Close()
	gone(t, db, app.Close)
	var sequential, index int
	err := db.Owner.QueryRow(ctx, `select sum(seq_scan), sum(idx_scan) from pg_stat_user_tables where relname like 'events_p%' and n_live_tup + n_tup_ins > 0`).Scan(&sequential, &index)
	if err != nil || sequential > 0 || index < 100 {
		t.Errorf("%d sequential and %d index scans, %v", sequential, index, err)
	}
	// Nor does anybody who looks for a stream walk along all positions.
	var walked int
	err = db.Owner.QueryRow(ctx, `select sum(idx_tup_read) from pg_stat_user_indexes where relname like 'events_p%' and indexrelname not like '%version'`).Scan(&walked)
	if err != nil || walked > 1000 {
		t.Errorf("%d positions were read to find streams, %v", walked, err)
	}
}

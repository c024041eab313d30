package migrations_test

import (
	"context"
	"sync"
	"testing"

	"dossier/migrations"
	"dossier/migrations/dbtest"
)

func TestMigrationsMayRunTwiceAndAtOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if err := migrations.Up(ctx, db.OwnerURL); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	states, err := migrations.Status(ctx, db.OwnerURL)
	if err != nil || len(states) < 4 {
		t.Fatalf("%d migrations, %v", len(states), err)
	}
	for _, s := range states {
		if !s.Applied || s.AppliedAt.IsZero() || s.Name == "" {
			t.Errorf("%+v is not applied", s)
		}
	}
}

func TestTheApplicationSeesThatMigrationsArePending(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	if n, err := migrations.Pending(ctx, db.App); n != 0 || err != nil {
		t.Errorf("pending = %d, %v", n, err)
	}
	if _, err := db.Owner.Exec(ctx, `delete from goose_db_version where version_id in (3, 4)`); err != nil {
		t.Fatal(err)
	}
	if n, err := migrations.Pending(ctx, db.App); n != 2 || err != nil {
		t.Errorf("pending = %d, %v; want 2", n, err)
	}
	if _, err := db.Owner.Exec(ctx, `drop table goose_db_version`); err != nil {
		t.Fatal(err)
	}
	if n, err := migrations.Pending(ctx, db.App); n < 4 || err != nil {
		t.Errorf("pending in an empty database = %d, %v", n, err)
	}
}

func TestTheReporterSeesNothingOfTheJournal(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	conn, err := db.Owner.Acquire(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, `set role dossier_reporter`); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`select * from journal.events`,
		`select * from journal.access`,
		`select journal.make_partitions_v1('events')`,
		`select * from goose_db_version`,
	} {
		if _, err := conn.Exec(ctx, statement); err == nil {
			t.Errorf("the reporter may %s", statement)
		}
	}
}

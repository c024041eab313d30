package dbtest_test

import (
	"context"
	"testing"

	"dossier/migrations"
	"dossier/migrations/dbtest"
)

func TestEachTestGetsAMigratedDatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a, b := dbtest.New(t), dbtest.New(t)
	if a.Name == b.Name {
		t.Fatalf("both got %s", a.Name)
	}
	for _, db := range []*dbtest.DB{a, b} {
		if n, err := migrations.Pending(ctx, db.App); n != 0 || err != nil {
			t.Errorf("pending = %d, %v", n, err)
		}
	}
	a.PartitionSize(t, 10)
	var n int
	if err := a.App.QueryRow(ctx, `select count(*) from journal.partitions where to_position % 10 = 0 and to_position < 100`).Scan(&n); err != nil || n != 6 {
		t.Errorf("small partitions = %d, %v; want 6", n, err)
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		dbtest.New(b)
	}
}

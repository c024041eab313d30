package eventstore_test

import (
	"context"
	"strings"
	"testing"

	"dossier/eventstore"
	"dossier/eventstore/hostile"
	"dossier/migrations/dbtest"
)

// fronts are journals as processes have them, and their clients: the last sends every request alone.
func fronts(t *testing.T, db *dbtest.DB, clients ...int) (all []hostile.Front) {
	t.Helper()
	for i, n := range clients {
		j := open(t, anotherPool(t, db.AppURL), eventstore.Options{MaxBatch: 500 >> (4 * i)})
		all = append(all, hostile.Front{Journal: j, Clients: n})
	}
	return all
}

// cut ends two sessions of the application that are doing something.
func cut(ctx context.Context, db *dbtest.DB) (sessions int64, err error) {
	err = db.Owner.QueryRow(ctx, `
		select count(pg_terminate_backend(pid))
		  from (select pid from pg_stat_activity
		         where datname = current_database() and usename = 'dossier_app' and state <> 'idle'
		         order by random() limit 2) s`).Scan(&sessions)
	return sessions, err
}

func TestAppendsAndReadsOfSeveralProcessesAreLinearizableWhileTheirSessionsAreCut(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	var sessions int64
	db.PartitionSize(t, 2000) // so that appends cross several boundaries
	o := hostile.Options{Fronts: fronts(t, db, 24, 16, 2), Truth: db.Owner, Appends: 5000, Requests: 80, Seed: 1, Every: 100}
	o.Cut = func(ctx context.Context) {
		n, err := cut(ctx, db)
		if sessions += n; err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	}
	r, err := hostile.Run(ctx, o)
	if err != nil || r.Wrong != "" {
		t.Fatalf("%s%v", r.Wrong, err)
	}
	var table strings.Builder
	r.Print(&table)
	t.Logf("%d sessions cut%s", sessions, &table)
	if sessions < 10 || r.Stored == 0 || r.NotStored == 0 {
		t.Errorf("%d sessions were cut, %d and %d unknown outcomes: this proved little", sessions, r.Stored, r.NotStored)
	}
}

func TestPorcupineFindsAnAppendThatDoesNotLookAtTheVersion(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	f := fronts(t, db, 8, 8)
	_, err := db.Owner.Exec(ctx, `
		do $$
		begin
		  execute replace(pg_get_functiondef('journal.append_v2'::regproc), 'perform pg_advisory_xact_lock(',
		    'p_numbered := false;
		     p_expected := array_fill(-1::bigint, array[cardinality(p_expected)]);
		     p_seen := array_fill(0::bigint, array[cardinality(p_seen)]);
		     p_oldest := 0;
		     perform pg_advisory_xact_lock(');
		end
		$$`)
	if err != nil {
		t.Fatal(err)
	}
	r, err := hostile.Run(ctx, hostile.Options{Fronts: f, Truth: db.Owner, Appends: 1000, Requests: 80, Seed: 1})
	if err != nil || !strings.Contains(r.Wrong, "Illegal for porcupine") {
		t.Errorf("a journal that appends whatever version is expected: %.200s, %v", r.Wrong, err)
	}
}

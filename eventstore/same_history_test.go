package eventstore

import (
	"context"
	"fmt"
	"testing"
	"time"

	"dossier/migrations/dbtest"
)

// otherTail has the database fail over to a copy that lost everything after a position and has grown as far again since, with
// other events.
func otherTail(t *testing.T, db *dbtest.DB, after int64, also string) {
	t.Helper()
	db.FailOver(t,
		fmt.Sprintf(`create temp table tail as select * from journal.events where position > %d`, after),
		fmt.Sprintf(`delete from journal.events where position > %d`, after),
		`update tail set event_id = gen_random_uuid()`,
		also,
		`insert into journal.events select * from tail`)
}

func TestACommandIsNotAppendedToAnotherHistoryThanTheOneItWasDecidedOn(t *testing.T) {
	t.Parallel()
	copies := map[string]func(*testing.T, *dbtest.DB){ // of a stream at positions 1 to 3 and another at 4 to 6
		"the stream has other events of the same versions": func(t *testing.T, db *dbtest.DB) { otherTail(t, db, 1, `select`) },
		"the stream has more": func(t *testing.T, db *dbtest.DB) {
			otherTail(t, db, 3, `
				update tail t set stream_id = e.stream_id, lane = e.lane, version = t.position
				  from journal.events e
				 where e.position = 1`)
		},
		"the stream lost its end": func(t *testing.T, db *dbtest.DB) {
			otherTail(t, db, 2, `
				update tail t set stream_id = e.stream_id, lane = e.lane, version = t.position - 2
				  from tail e
				 where e.position = 4`)
		},
	}
	for name, failOver := range copies {
		t.Run("sent for the first time after it: "+name, func(t *testing.T) {
			t.Parallel()
			decidesOnWhatIsThere(t, func(db *dbtest.DB, j *Journal) {
				failOver(t, db)
				if _, err := j.Append(context.Background(), request(time.Now())); err != nil { // the writer has connected again
					t.Fatal(err)
				}
			})
		})
		t.Run("sent before it and again after it: "+name, func(t *testing.T) {
			t.Parallel()
			decidesOnWhatIsThere(t, func(db *dbtest.DB, _ *Journal) {
				unlock := lockAppends(t, db)
				go func() {
					defer unlock()
					waitForLock(t, db)
					failOver(t, db)
				}()
			})
		})
	}
}

// decidesOnWhatIsThere updates a stream that is read before the database fails over, and looks what was decided on in the end.
func decidesOnWhatIsThere(t *testing.T, failOver func(*dbtest.DB, *Journal)) {
	t.Helper()
	ctx := context.Background()
	db := dbtest.New(t)
	j := openClock(t, db, Options{})
	now := time.Now()
	read := request(now, now, now)
	for _, r := range []Request{read, request(now, now, now)} {
		if _, err := j.Append(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	var decidedOn []Event
	_, err := j.Update(ctx, read.Stream, Command{}, nil, func(history []Event) ([]NewEvent, error) {
		if decidedOn == nil {
			failOver(db, j)
		}
		decidedOn = history
		return request(now).Events, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	stored, err := j.Stream(ctx, read.Stream.ID, 0)
	if err != nil || len(stored) != len(decidedOn)+1 {
		t.Fatalf("it was decided on %d events, now there are %d, %v", len(decidedOn), len(stored), err)
	}
	for i, e := range decidedOn {
		if e.ID != stored[i].ID {
			t.Errorf("it was decided on event %s, version %d is %s", e.ID, e.Version, stored[i].ID)
		}
	}
	if d, err := j.Verify(ctx, nil); d != nil || err != nil {
		t.Errorf("verify: %v, %v", d, err)
	}
}

// lockAppends makes every append wait until unlock.
func lockAppends(t *testing.T, db *dbtest.DB) (unlock func()) {
	t.Helper()
	ctx := context.Background()
	tx, err := db.Owner.Begin(ctx)
	if err == nil {
		_, err = tx.Exec(ctx, `select pg_advisory_xact_lock(1685025651, 1)`)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() { _ = tx.Rollback(ctx) }
}

func waitForLock(t *testing.T, db *dbtest.DB) {
	t.Helper()
	for waiting := false; !waiting; {
		err := db.Owner.QueryRow(context.Background(), `
			select exists (select from pg_locks where locktype = 'advisory' and not granted
			                  and database = (select oid from pg_database where datname = current_database()))`).Scan(&waiting)
		if err != nil {
			t.Error(err)
			return
		}
	}
}

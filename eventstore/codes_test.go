package eventstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/eventstore"
	"dossier/migrations/dbtest"
)

func series(agency, day string) eventstore.CodeSeries {
	return eventstore.CodeSeries{Agency: agency, Day: day, Before: agency + "-" + day + "-", Width: 4}
}

// process opens a journal over connections of its own, as another process would.
func process(t *testing.T, db *dbtest.DB) *eventstore.Journal {
	t.Helper()
	pool, err := pgxpool.New(context.Background(), db.URL("dossier_app"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return open(t, pool, eventstore.Options{})
}

func TestManyProcessesAtOnceNeverTakeOneCodeTwice(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	var mu sync.Mutex
	taken := map[string]int{}
	var wg sync.WaitGroup
	for range 4 {
		j := process(t, db)
		for range 25 {
			wg.Go(func() {
				for n := range 8 {
					s := series([]string{"H15", "H22"}[n%2], []string{"2026-11-25", "2026-11-26"}[n/2%2])
					code, err := j.TakeCode(context.Background(), s)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					taken[code]++
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	if len(taken) != 800 {
		t.Errorf("%d codes were taken by 800", len(taken))
	}
	for _, agency := range []string{"H15", "H22"} { // nobody failed, so there is not even a gap
		for n := 1; n <= 200; n++ {
			if c := fmt.Sprintf("%s-2026-11-25-%04d", agency, n); taken[c] != 1 {
				t.Errorf("%s was taken %d times", c, taken[c])
			}
		}
	}
}

func TestACodeThatAnotherPatternMadeIsLeftOut(t *testing.T) {
	t.Parallel()
	j := process(t, dbtest.New(t))
	take := func(s eventstore.CodeSeries) string {
		t.Helper()
		code, err := j.TakeCode(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	ministry := eventstore.CodeSeries{Agency: "H15", Day: "2026-11-25", Before: "h15-2026-11-25-", Width: 1, After: "2"}
	if got := take(ministry); got != "h15-2026-11-25-12" {
		t.Fatalf("got %s", got)
	}
	plain := series("H15", "2026-11-25")
	plain.Width = 1
	for n := 2; n <= 12; n++ {
		want := fmt.Sprint("H15-2026-11-25-", n)
		if n == 12 {
			want = "H15-2026-11-25-13"
		}
		if got := take(plain); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestWhoLeavesBeforeTheCodeComesLeavesAGapAndNoHarm(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	j := process(t, db)
	hold, err := db.Owner.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hold.Exec(t.Context(), `select pg_advisory_xact_lock(1685025652, hashtext('H15 2026-11-25'))`); err != nil {
		t.Fatal(err)
	}
	impatient, leave := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer leave()
	if _, err := j.TakeCode(impatient, series("H15", "2026-11-25")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("who left was told %v", err)
	}
	if err := hold.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := j.TakeCode(t.Context(), series("H15", "2026-11-25")); err != nil || got != "H15-2026-11-25-0002" {
		t.Errorf("the next took %s, %v", got, err)
	}
}

func TestCodesThatTheDatabaseDoesNotGiveAreAskedForLater(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	j := process(t, db)
	if _, err := db.Owner.Exec(t.Context(), `revoke execute on function journal.take_codes_v1(text, date, text, integer, text, integer) from dossier_app`); err != nil {
		t.Fatal(err)
	}
	if _, err := j.TakeCode(t.Context(), series("H15", "2026-11-25")); err == nil || errors.Is(err, eventstore.ErrBusy) {
		t.Errorf("without the right: %v", err)
	}
	db.Away(t)
	if _, err := j.TakeCode(t.Context(), series("H15", "2026-11-25")); !errors.Is(err, eventstore.ErrBusy) {
		t.Errorf("without a database: %v", err)
	}
}

func TestTheApplicationMayTakeCodesAndNothingElse(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	j := process(t, db)
	if _, err := j.TakeCode(t.Context(), series("H15", "2026-11-25")); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`insert into journal.code_numbers (agency, day, number, code) values ('H15', '2026-11-25', 9, 'H15-9')`,
		`update journal.code_numbers set number = 7`,
		`delete from journal.code_numbers`,
		`truncate journal.code_numbers`,
	} {
		if _, err := db.App.Exec(t.Context(), statement); err == nil {
			t.Errorf("the application may %s", statement)
		}
		if _, err := db.Owner.Exec(t.Context(), statement); err == nil && statement[:6] != "insert" {
			t.Errorf("the owner may %s", statement)
		}
	}
	var n int
	if err := db.App.QueryRow(t.Context(), `select count(*) from journal.code_numbers where number = 1`).Scan(&n); err != nil || n != 1 {
		t.Errorf("the application reads %d, %v", n, err)
	}
}

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
	for code, n := range taken {
		if n != 1 {
			t.Errorf("%s was taken %d times", code, n)
		}
	}
}

func TestWhoAsksAloneLeavesNoGap(t *testing.T) {
	t.Parallel()
	j := process(t, dbtest.New(t))
	for n := 1; n <= 50; n++ {
		want := fmt.Sprintf("H15-2026-11-25-%04d", n)
		if got, err := j.TakeCode(t.Context(), series("H15", "2026-11-25")); err != nil || got != want {
			t.Fatalf("got %s, %v, want %s", got, err, want)
		}
	}
}

// What a crowd leaves behind is used in the next moments and then by nobody: another process has gone on from there.
func TestWhatACrowdTookAheadIsSoonForgotten(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	j := process(t, db)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			for range 20 {
				if _, err := j.TakeCode(context.Background(), series("H15", "2026-11-25")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var last, next int
	const lastTaken = `select max(number) from journal.code_numbers where agency = 'H15'`
	for {
		good, asking := j.CodesAhead(series("H15", "2026-11-25"))
		if !asking && time.Now().After(good) {
			break
		}
		<-time.After(max(time.Until(good), time.Millisecond))
	}
	if err := db.App.QueryRow(t.Context(), lastTaken).Scan(&last); err != nil {
		t.Fatal(err)
	}
	if last < 1000 || last > 2000 {
		t.Errorf("1000 codes were asked for and %d numbers taken", last)
	}
	code, err := j.TakeCode(t.Context(), series("H15", "2026-11-25"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscanf(code, "H15-2026-11-25-%d", &next); err != nil || next != last+1 {
		t.Errorf("got %s after number %d", code, last)
	}
}

// Whatever the day has brought: a day of a hundred thousand would else cost each submission a walk through all.
func TestTheNextNumberIsFoundInOneStep(t *testing.T) {
	t.Parallel()
	conn, err := dbtest.New(t).Owner.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	read := func() (n int64) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), `select pg_stat_force_next_flush()`); err != nil {
			t.Fatal(err)
		}
		if err := conn.QueryRow(t.Context(), `select coalesce(sum(idx_tup_read), 0) from pg_stat_all_indexes where relname = 'code_numbers'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	take := func(n int) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), `select journal.take_codes_v1('H15', '2026-11-25', 'H15-', 4, '', $1)`, n); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		take(1000)
	}
	before := read()
	for range 10 {
		take(1)
	}
	if n := read() - before; n < 1 || n > 50 {
		t.Errorf("ten calls after 5000 numbers read %d index entries", n)
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

package eventstore_test

import (
	"testing"

	"dossier/migrations/dbtest"

	"github.com/google/uuid"
)

func TestTheBooksOfADayAreListedOnceAndNeverChanged(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	j := process(t, db)
	id := uuid.New()
	for _, day := range []string{"2026-11-26", "2026-11-26", "2026-11-27"} {
		if err := j.ListMoney(t.Context(), "mae", day, "till", id); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.ListMoney(t.Context(), "mae", "2026-11-26", "wallet", id); err == nil {
		t.Error("a kind that is none was listed")
	}
	for agency, want := range map[string]int{"mae": 1, "other": 0} {
		if books, err := j.MoneyOf(t.Context(), agency, "2026-11-26"); err != nil || len(books["till"]) != want {
			t.Errorf("%s has %v, %v", agency, books, err)
		}
	}
	for _, statement := range []string{`update journal.money_days set day = '2026-01-01'`, `delete from journal.money_days`, `truncate journal.money_days`} {
		if _, err := db.App.Exec(t.Context(), statement); err == nil {
			t.Errorf("the application may %s", statement)
		}
		if _, err := db.Owner.Exec(t.Context(), statement); err == nil {
			t.Errorf("the owner may %s", statement)
		}
	}
}

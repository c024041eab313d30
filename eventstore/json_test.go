package eventstore

import (
	"context"
	"testing"

	"dossier/migrations/dbtest"
)

// FuzzWhatIsTakenAsTextPostgresTakesToo holds checkJSON against the judge it stands for: what it lets through must enter a json
// column, and must survive the cast to jsonb that readers do.
func FuzzWhatIsTakenAsTextPostgresTakesToo(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":"\u0000"}`, `{"a":"\\u0000"}`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ude00"`, `"\ud83d\ud83d"`, `"\ud83d\n"`, `[1e400]`, `1E-5`,
		"\"\x00\"", "\"\x7f\"", "\"\xff\"", "\"\xed\xa0\x80\"", ` {"a" : [ ] } `, `{"a":1,"a":2}`, `-0`, `01`, `[`, "\ufeff{}", `"\u00`, `"\uD83D\uDE00"`,
	} {
		f.Add([]byte(seed))
	}
	db := dbtest.New(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		if checkJSON(b) != "" {
			return
		}
		if _, err := db.App.Exec(context.Background(), `select $1::text::json`, string(b)); err != nil {
			t.Errorf("%q was let through, but not as json: %v", b, err)
		}
		var text string
		if err := db.App.QueryRow(context.Background(), `select ($1::text::jsonb)::text`, string(b)).Scan(&text); err != nil && !tooLong(err) {
			t.Errorf("%q was let through, but not as jsonb: %v", b, err)
		}
	})
}

// tooLong tells jsonb's limits on numbers and sizes, which are no fault of the text.
func tooLong(err error) bool { return code(err) == "22003" || code(err) == "54000" }

package eventstore

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dossier/migrations/dbtest"
)

// A walk by stream reads a page in the order of the index: a plan that sorts would read the whole journal for each page.
func TestAPageOfStreamsIsReadInTheOrderOfTheIndexAndNeverSorted(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := dbtest.New(t)
	db.PartitionSize(t, 5000)
	j := openClock(t, db, Options{})
	for range 400 {
		r := request(time.Now())
		for len(r.Events) < 50 {
			r.Events = append(r.Events, request(time.Now()).Events[0])
		}
		for i := range r.Events {
			r.Events[i].ID = uuid.New()
		}
		r.Stream.ID = uuid.New()
		if _, err := j.Append(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Owner.Exec(ctx, `analyze journal.events`); err != nil {
		t.Fatal(err)
	}
	plan := func(pin string) (text string) {
		err := pgx.BeginFunc(ctx, db.App, func(tx pgx.Tx) error {
			if _, err := tx.Exec(context.Background(), pin); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `prepare page (uuid, bigint, bigint, bigint, bigint) as `+j.sql.verifyStreams); err != nil {
				return err
			}
			defer func() { _, _ = tx.Exec(ctx, `deallocate page`) }()
			rows, err := tx.Query(ctx, `explain execute page ('00000000-0000-0000-0000-000000000000', 0, 0, 20000, 2000)`, pgx.QueryExecModeSimpleProtocol)
			if err != nil {
				return err
			}
			lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
			text = strings.Join(lines, "\n")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if text := plan(pinOrder); !strings.Contains(text, "_version on") || strings.Contains(text, "Sort  (") || strings.Contains(text, "_pkey on") {
		t.Errorf("the plan of a page:\n%s", text)
	}
}

package eventstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"dossier/eventstore"
	"dossier/migrations/dbtest"
)

func partitions(t *testing.T, db *dbtest.DB) []string {
	t.Helper()
	rows, err := db.Owner.Query(context.Background(), `select 'journal.' || name from journal.partitions order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestNobodyChangesWhatIsWritten(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	j := open(t, db.App, eventstore.Options{})
	if _, err := j.Append(ctx, eventstore.Request{Stream: newStream(), Events: facts(1)}); err != nil {
		t.Fatal(err)
	}
	for _, table := range append(partitions(t, db), "journal.events", "journal.access") {
		for _, statement := range []string{
			"update %s set version = 7",
			"update %s set data = '{}' where position = -1",
			"delete from %s",
			"truncate %s",
			"insert into %s select * from journal.events",
		} {
			statement = fmt.Sprintf(statement, table)
			for role, want := range map[string]string{"app": "42501", "owner": "55000"} {
				pool := db.App
				if role == "owner" {
					pool = db.Owner
					if strings.HasPrefix(statement, "insert") {
						continue // the owner is not kept from it, nor from dropping the triggers: the ledger would show it
					}
				}
				var pg *pgconn.PgError
				if _, err := pool.Exec(ctx, statement); !errors.As(err, &pg) || pg.Code != want {
					t.Errorf("%s: %s: %v, want SQLSTATE %s", role, statement, err, want)
				}
			}
		}
	}
	for _, statement := range []string{
		"update journal.settings set value = 1",
		"insert into journal.segments values ('events', 1, 2, '', '')",
		"insert into journal.archived_streams values ('events', gen_random_uuid(), 2)",
		"delete from journal.partitions",
		"insert into journal.events_streams values (gen_random_uuid(), 1, 2)",
		"delete from journal.events_streams",
		"update journal.partitions set listed_at = now()",
		"create table journal.mine (a int)",
		"alter table journal.events disable trigger all",
		"drop table journal.events",
		"select journal.make_append_v2('x', 'events', 1, '', 'now()')",
		"set session_replication_role = replica",
	} {
		if _, err := db.App.Exec(ctx, statement); err == nil {
			t.Errorf("the application may %s", statement)
		}
	}
}

// appendOne calls the append function with a request of one event for a new stream.
const appendOne = `
	select journal.append_v2(now(), 0, true, 0, 0, now(), array[gen_random_uuid()], '{dossier}', '{1}', '{0}', '{0}', '{0}', array[now()],
	  '{1}', array[gen_random_uuid()], '{dossier.noted}', '{1}', array['{}'::json], array['{}'::json], array[now()])`

func TestAppendIsRefusedUnderAnOldSnapshot(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	for _, level := range []pgx.TxIsoLevel{pgx.RepeatableRead, pgx.Serializable} {
		tx, err := db.App.BeginTx(ctx, pgx.TxOptions{IsoLevel: level})
		if err != nil {
			t.Fatal(err)
		}
		_, err = tx.Exec(ctx, appendOne)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.Code != "25001" {
			t.Errorf("%s: %v", level, err)
		}
		_ = tx.Rollback(ctx)
	}
}

func TestAppendNeverJoinsATransactionThatHasWritten(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	tx, err := db.App.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(ctx)
	var pg *pgconn.PgError
	for i := range 2 {
		_, err := tx.Exec(ctx, appendOne)
		if i == 0 && err != nil || i == 1 && (!errors.As(err, &pg) || pg.Code != "25001") {
			t.Errorf("append %d of one transaction: %v", i+1, err)
		}
	}
}

func TestACallerWhoCannotCountMakesNoHole(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	for _, numbered := range []bool{true, false} { // judged together, and one by one
		for _, c := range []struct{ before, requests string }{
			{"{0,1}", "{1,2}"},
			{"{0,1}", "{1,1,2}"},
			{"{0,1}", "{2,1,2}"},
			{"{0,0}", "{1,2,2}"},
			{"{0,2}", "{1,2,2}"},
			{"{1,2}", "{1,2,2}"},
			{"{2,0}", "{2,2,1}"},
			{"{-1,1}", "{1,2,2}"},
			{"{0}", "{1,2,2}"},
			{"{0,1,2}", "{1,2,4}"},
		} {
			_, err := db.App.Exec(ctx, `
				select journal.append_v2(now(), 0, $1, 0, 0, now(), array[gen_random_uuid(), gen_random_uuid()], '{dossier,dossier}', '{1,1}', '{0,0}', '{0,0}',
				  $2, array[now(), now()], $3, array[gen_random_uuid(), gen_random_uuid(), gen_random_uuid()], '{a,a,a}', '{1,1,1}',
				  array['1','1','1']::json[], array['{}','{}','{}']::json[], array[now(), now(), now()])`, numbered, c.before, c.requests)
			if err == nil {
				t.Errorf("%v: requests that begin after %s events, events of %s were taken", numbered, c.before, c.requests)
			}
		}
	}
	var n int
	if err := db.App.QueryRow(ctx, `select count(*) from journal.events`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d events, %v", n, err)
	}
}

func TestAppendsAreDurableWhateverTheSessionSays(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	for setting, want := range map[string]string{"off": "on", "local": "on", "remote_apply": "remote_apply"} {
		tx, err := db.App.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var got string
		if _, err = tx.Exec(ctx, `set local synchronous_commit = `+setting); err == nil {
			_, err = tx.Exec(ctx, appendOne)
		}
		if err == nil {
			err = tx.QueryRow(ctx, `select current_setting('synchronous_commit')`).Scan(&got)
		}
		if err != nil || got != want {
			t.Errorf("%s became %s, want %s: %v", setting, got, want, err)
		}
		_ = tx.Rollback(ctx)
	}
}

func TestWhatCanNeverBeStoredIsRefusedBeforeItQueues(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	j := open(t, dbtest.New(t).App, eventstore.Options{MaxBytes: 1 << 20})
	for name, spoil := range map[string]func(*eventstore.Request){
		"no JSON":               func(r *eventstore.Request) { r.Events[1].Data = []byte(`{"a":}`) },
		"no data":               func(r *eventstore.Request) { r.Events[1].Data = nil },
		"not UTF-8":             func(r *eventstore.Request) { r.Events[1].Data = []byte("{\"a\":\"\xff\"}") },
		"U+0000":                func(r *eventstore.Request) { r.Events[1].Data = []byte(`{"a":"\u0000"}`) },
		"a raw NUL":             func(r *eventstore.Request) { r.Events[1].Data = []byte("{\"a\":\"\x00\"}") },
		"half a surrogate pair": func(r *eventstore.Request) { r.Events[1].Meta = []byte(`{"a":"\ud83d x"}`) },
		"bottomless nesting": func(r *eventstore.Request) {
			r.Events[1].Data = []byte(strings.Repeat("[", 5000) + strings.Repeat("]", 5000))
		},
		"meta that is a list": func(r *eventstore.Request) { r.Events[1].Meta = []byte(`[]`) },
		"too much":            func(r *eventstore.Request) { r.Events[1].Data = []byte(`"` + strings.Repeat("x", 1<<20) + `"`) },
		"no type":             func(r *eventstore.Request) { r.Events[1].Type = "" },
		"a type with NUL":     func(r *eventstore.Request) { r.Events[1].Type = "a\x00" },
		"no kind":             func(r *eventstore.Request) { r.Stream.Kind = "" },
		"no stream":           func(r *eventstore.Request) { r.Stream.ID = uuid.Nil },
		"no time":             func(r *eventstore.Request) { r.Events[1].OccurredAt = r.Events[1].OccurredAt.AddDate(-2026, 0, 0) },
		"no version":          func(r *eventstore.Request) { r.Events[1].TypeVersion = 0 },
	} {
		r := eventstore.Request{Stream: newStream(), Events: facts(2)}
		spoil(&r)
		var malformed *eventstore.MalformedError
		if _, err := j.Append(ctx, r); !errors.As(err, &malformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := j.Append(ctx, eventstore.Request{Stream: newStream()}); err == nil {
		t.Error("a request without events was taken")
	}
	r := eventstore.Request{Stream: newStream(), Events: facts(1)}
	r.Events[0].Data = []byte(`{"a":"\\u0000 \ud83d\ude00 ú \u00e9", "n": [1.5e300, -0, true, null]}`)
	if _, err := j.Append(ctx, r); err != nil {
		t.Errorf("good text was refused: %v", err)
	}
}

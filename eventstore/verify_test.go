package eventstore_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"

	"dossier/eventstore"
	"dossier/migrations/dbtest"
)

func TestVerifyNamesTheFirstTamperedPosition(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	j := open(t, db.App, eventstore.Options{})
	streams := []eventstore.Stream{newStream(), newStream(), newStream()}
	for i := range 30 {
		if _, err := j.Append(ctx, eventstore.Request{Stream: streams[i%3], Expected: int64(i / 3), Events: facts(1)}); err != nil {
			t.Fatal(err)
		}
	}
	asSuperuser(t, db, `create table original as select * from journal.events`)

	for name, c := range map[string]struct {
		tamper string
		at     int64
		what   string
	}{
		"an event removed":         {`delete from journal.events where position = 5`, 5, "missing"},
		"the first event removed":  {`delete from journal.events where position = 1`, 1, "missing"},
		"a version changed":        {`update journal.events set version = version + 40 where position = 9`, 9, "version"},
		"a stream changed":         {`update journal.events set stream_id = gen_random_uuid() where position = 7`, 7, ""},
		"a kind changed":           {`update journal.events set stream_kind = 'calendar' where position = 12`, 12, "kind"},
		"a lane changed":           {`update journal.events set lane = (lane + 1) % 64 where position = 4`, 4, "lane"},
		"recorded earlier":         {`update journal.events set recorded_at = recorded_at - interval '1 day', occurred_at = occurred_at - interval '1 day' where position = 6`, 6, "recorded_at"},
		"occurred later":           {`update journal.events set occurred_at = recorded_at + interval '1 hour' where position = 8`, 8, "occurred"},
		"meta that is no object":   {`update journal.events set meta = '[]' where position = 2`, 2, "meta"},
		"data that holds U+0000":   {`update journal.events set data = '{"a":"\u0000"}' where position = 3`, 3, "data"},
		"two events change places": {`update journal.events set version = case position when 1 then 2 else 1 end where position in (1, 4)`, 1, "version is 2"},
		"nothing":                  {`select 1`, 0, ""},
	} {
		asSuperuser(t, db, `delete from journal.events`, `insert into journal.events select * from original order by position`, c.tamper)
		var reported int64
		d, err := j.Verify(ctx, func(done, total int64) { reported = done })
		switch {
		case err != nil:
			t.Fatal(err)
		case name == "nothing":
			if d != nil || reported != 60 {
				t.Errorf("%s: %v after %d rows", name, d, reported)
			}
		case d == nil || d.Position != c.at || !strings.Contains(d.What, c.what):
			t.Errorf("%s: found %v, want position %d: %s", name, d, c.at, c.what)
		case d.Stream == uuid.Nil && d.What != "position is missing":
			t.Errorf("%s: %v names no stream", name, d)
		}
	}
}

// asSuperuser changes the journal as only a superuser can, who also turns triggers and constraints off.
func asSuperuser(t *testing.T, db *dbtest.DB, statements ...string) {
	t.Helper()
	ctx := context.Background()
	tx, err := db.Owner.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(ctx)
	for _, s := range append([]string{
		`set local session_replication_role = replica`,
		`do $$ begin execute (select format('alter table journal.%I drop constraint if exists %I', name, name || '_version') from journal.partitions where journal = 'events' order by 1 limit 1); end $$`,
	}, statements...) {
		if _, err := tx.Exec(ctx, s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
}

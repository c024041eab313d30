package eventstore

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"dossier/migrations/dbtest"
)

// archived is a journal of 35 events: 20 in two files, of streams that go on in the table and of one that does not.
type archived struct {
	*testing.T
	db      *dbtest.DB
	dir     string
	streams []uuid.UUID // in the order in which they are walked
	events  []Event
}

func newArchived(t *testing.T) *archived {
	ctx := context.Background()
	a := &archived{T: t, db: dbtest.New(t), dir: t.TempDir()}
	a.db.PartitionSize(t, 10)
	j := a.open()
	defer j.Close()
	for range 4 {
		a.streams = append(a.streams, uuid.New())
	}
	slices.SortFunc(a.streams, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	for p := 1; p <= 35; p++ {
		id := a.streams[p%3]
		if p == 10 {
			id = a.streams[3]
		}
		_, err := j.Append(ctx, Request{Stream: Stream{Kind: "dossier", ID: id}, Expected: AnyVersion, Events: []NewEvent{{
			Type: "dossier.noted", TypeVersion: 1, OccurredAt: time.Now().Add(-time.Second), Data: []byte(`{}`), Meta: []byte(`{}`)}}})
		if err != nil {
			t.Fatal(err)
		}
	}
	a.sql(`insert into journal.relay_beats (beat, epoch, holder, cursor, expires_at) values (1, 1, 'test', 1000, now());
		insert into views.checkpoints (projection, lane, previous, position) select 'dossiers', l, 0, 1000 from generate_series(0, 63) l`)
	var err error
	if a.events, err = j.Page(ctx, 0, 100); err != nil {
		t.Fatal(err)
	}
	archive := NewArchive(a.db.Owner, a.dir)
	for _, step := range []func(context.Context) (Part, error){archive.Detach, archive.Drop, archive.Detach} {
		if _, err := step(ctx); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

// open returns a journal that remembers nothing of the archive as it was.
func (a *archived) open() *Journal {
	a.Helper()
	j, err := Open(context.Background(), a.db.App, Options{Archive: a.dir})
	if err != nil {
		a.Fatal(err)
	}
	return j
}

func (a *archived) sql(statements string) {
	a.Helper()
	if _, err := a.db.Owner.Exec(context.Background(), `set session_replication_role = replica; `+statements+`; reset session_replication_role`); err != nil {
		a.Fatal(err)
	}
}

// forge writes a file anew with changed rows and records its sums, as somebody who knows how would. The index follows or stays.
func (a *archived) forge(from int64, follows bool, changes map[int64]func(*Event)) {
	a.Helper()
	ctx := context.Background()
	var s Segment
	err := a.db.Owner.QueryRow(ctx, `select from_position, to_position, file from journal.segments where from_position = $1`, from).Scan(&s.From, &s.To, &s.File)
	if err != nil {
		a.Fatal(err)
	}
	f, err := os.Create(filepath.Join(a.dir, s.File))
	if err != nil {
		a.Fatal(err)
	}
	defer f.Close()
	w := newSegmentWriter(f, "events", s.From, s.To, 1)
	for _, e := range a.events[s.From-1 : s.To] {
		honest := entryOf(e.StreamID, e.Position-s.From, e.Version)
		if change := changes[e.Position]; change != nil {
			change(&e)
		}
		if err := w.add(&e); err != nil {
			a.Fatal(err)
		}
		if !follows {
			w.index[len(w.index)-1] = honest
		}
	}
	m, err := w.finish()
	if err != nil {
		a.Fatal(err)
	}
	if _, err := a.db.Owner.Exec(ctx, `update journal.segments set content = $1, root = $2 where from_position = $3`, m.Content, m.Root, from); err != nil {
		a.Fatal(err)
	}
}

func TestVerifyNamesTheFirstWrongVersionWhereverItLives(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	a := newArchived(t)
	a.sql(`create table original as select * from journal.events; create table list as select * from journal.archived_streams`)
	version := func(n int64) func(*Event) { return func(e *Event) { e.Version = n } }
	for name, c := range map[string]struct {
		tamper   func()
		position int64
		what     string
	}{
		"a version in the first file":          {func() { a.forge(1, true, map[int64]func(*Event){5: version(9)}) }, 5, "version is 9, not 2"},
		"a version in the second file":         {func() { a.forge(11, true, map[int64]func(*Event){14: version(4)}) }, 14, "version is 4, not 5"},
		"two events of a file change places":   {func() { a.forge(1, true, map[int64]func(*Event){2: version(2), 5: version(1)}) }, 2, "version is 2, not 1"},
		"an event moved to another stream":     {func() { a.forge(1, true, map[int64]func(*Event){4: a.moved(0)}) }, 6, "version is 2, not 3"},
		"a version that the index hides":       {func() { a.forge(1, false, map[int64]func(*Event){5: version(9)}) }, 5, "index"},
		"an event that the index hides":        {func() { a.forge(1, false, map[int64]func(*Event){4: a.moved(0)}) }, 4, "index"},
		"a version in the table":               {func() { a.sql(`update journal.events set version = version + 40 where position = 22`) }, 22, "version is 47, not 7"},
		"the list says less than the files":    {func() { a.list(`update journal.archived_streams set version = version - 1`, 0) }, 18, "says version 5, the files say 6"},
		"the list says more than the files":    {func() { a.list(`update journal.archived_streams set version = version + 1`, 3) }, 10, "says version 2, the files say 1"},
		"the list lacks a stream that goes on": {func() { a.list(`delete from journal.archived_streams`, 1) }, 19, "does not know its 6"},
		"the list lacks a stream that ended":   {func() { a.list(`delete from journal.archived_streams`, 3) }, 10, "does not know its 1"},
		"the list has a stream that is nowhere": {func() {
			a.sql(`insert into journal.archived_streams values ('events', '00000000-0000-0000-0000-000000000001', 4, 'dossier')`)
		}, 0, "says version 4, the files say 0"},
		"another kind in the table": {func() { a.sql(`update journal.events set stream_kind = 'calendar' where position = 34`) }, 34, "kind"},
		"nothing":                   {func() {}, 0, ""},
	} {
		a.forge(1, true, nil)
		a.forge(11, true, nil)
		a.sql(`delete from journal.events; insert into journal.events select * from original;
			delete from journal.archived_streams; insert into journal.archived_streams select * from list`)
		c.tamper()
		j := a.open()
		var reported int64
		d, err := j.Verify(ctx, func(done, total int64) { reported = done })
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case name == "nothing":
			if d != nil || reported != 70 {
				t.Errorf("%s: %v after %d rows", name, d, reported)
			}
		case d == nil || d.Position != c.position || !strings.Contains(d.What, c.what):
			t.Errorf("%s: found %v, want position %d: %s", name, d, c.position, c.what)
		}
		j.Close()
	}
}

// moved puts an event into another stream, with all that follows from it but the versions.
func (a *archived) moved(to int) func(*Event) {
	return func(e *Event) { e.StreamID, e.Lane = a.streams[to], Lane(a.streams[to]) }
}

// list changes what journal.archived_streams says of a stream.
func (a *archived) list(change string, stream int) {
	a.Helper()
	a.sql(change + ` where id = '` + a.streams[stream].String() + `'`)
}

package eventstore_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"dossier/eventstore"
	"dossier/migrations/dbtest"
)

// everybodyFollowed says that relay and projections are beyond everything.
func everybodyFollowed(t *testing.T, db *dbtest.DB) {
	t.Helper()
	for _, statement := range []string{
		`delete from journal.relay_beats`,
		`insert into journal.relay_beats (beat, epoch, holder, cursor, expires_at) values (1, 1, 'test', 1000000, now())`,
		`insert into views.checkpoints (projection, lane, previous, position) select 'dossiers', l, 0, 1000000 from generate_series(0, 63) l`,
	} {
		if _, err := db.Owner.Exec(context.Background(), statement); err != nil {
			t.Fatal(err)
		}
	}
}

// everything is all that a journal can be asked.
type everything struct {
	Pages   []eventstore.Event
	Streams map[uuid.UUID][]eventstore.Event
	Between []eventstore.Event
	Rest    []eventstore.Event
	Lane    []eventstore.Event
	Ends    [eventstore.Lanes]int64
	IDs     map[int64]uuid.UUID
	Told    [eventstore.Lanes]int64
	First   int64 // after what was told
	At      int64
}

func read(t *testing.T, j *eventstore.Journal, ids []uuid.UUID, limit int, upTo int64, at time.Time) (all everything) {
	t.Helper()
	ctx := context.Background()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for after := int64(0); ; {
		page, err := j.Page(ctx, after, limit)
		must(err)
		if len(page) == 0 {
			break
		}
		all.Pages = append(all.Pages, page...)
		after = page[len(page)-1].Position
	}
	var err error
	all.Streams, err = j.Streams(ctx, ids)
	must(err)
	for after, last := uuid.Nil, uuid.Nil; after != uuid.Max; after = last {
		var events []eventstore.Event
		events, last, err = j.Between(ctx, after, uuid.Max, limit)
		must(err)
		all.Between = append(all.Between, events...)
	}
	all.Rest, err = j.Stream(ctx, ids[0], 2)
	must(err)
	all.Lane, err = j.LanePage(ctx, eventstore.Lane(ids[1]), 1, upTo, limit)
	must(err)
	all.Ends, err = j.LaneEnds(ctx, upTo)
	must(err)
	all.IDs, err = j.EventIDs(ctx, []int64{upTo + 1, upTo, 0, 1, upTo, 1 << 40})
	must(err)
	all.Told = all.Ends
	if lane := eventstore.Lane(ids[rand.N(len(ids))]); rand.N(3) > 0 { // one lane was told less
		all.Told[lane] = rand.Int64N(all.Told[lane] + 1)
	}
	all.First, err = j.FirstAfter(ctx, all.Told)
	must(err)
	all.At, err = j.PositionAt(ctx, at)
	must(err)
	return all
}

func TestAJournalReadsTheSameWhateverIsArchived(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	db.PartitionSize(t, 10)
	dir := t.TempDir()
	j := open(t, db.App, eventstore.Options{Archive: dir})
	everybodyFollowed(t, db)
	archive := eventstore.NewArchive(db.Owner, dir)
	streams, want := make([]eventstore.Stream, 6), []eventstore.Event(nil)
	ids := make([]uuid.UUID, len(streams))
	for i := range streams {
		streams[i] = newStream()
		ids[i] = streams[i].ID
	}
	versions := map[uuid.UUID]int64{}
	for round := range 60 {
		s := streams[rand.N(len(streams))]
		_, err := j.Update(ctx, s, eventstore.Command{}, nil, func(history []eventstore.Event) ([]eventstore.NewEvent, error) {
			if int64(len(history)) != versions[s.ID] {
				t.Errorf("decided on %d events of %d", len(history), versions[s.ID])
			}
			return facts(1 + rand.N(3)), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		known, err := j.Page(ctx, int64(len(want)), 100)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, known...)
		versions[s.ID] = want[len(want)-1].Version
		var refusal *eventstore.Refusal
		step := []func(context.Context) (eventstore.Part, error){archive.Detach, archive.Detach, archive.Drop, archive.Restore}[rand.N(4)]
		if _, err := step(ctx); err != nil && !errors.As(err, &refusal) {
			t.Fatal(err)
		}
		if round%6 > 0 {
			continue
		}
		upTo := 1 + rand.Int64N(int64(len(want)))
		got := read(t, j, ids, 1+rand.N(25), upTo, want[upTo-1].RecordedAt)
		checkEverything(t, got, want, ids, upTo)
		if d, err := j.Verify(ctx, nil); d != nil || err != nil {
			t.Fatalf("verify = %v, %v", d, err)
		}
	}
}

// checkEverything holds the answers against a plain list of the events.
func checkEverything(t *testing.T, got everything, want []eventstore.Event, ids []uuid.UUID, upTo int64) {
	t.Helper()
	same := func(what string, got, want any) {
		t.Helper()
		if d := gocmp.Diff(got, want); d != "" {
			t.Fatalf("%s differs:\n%s", what, d)
		}
	}
	same("the pages", got.Pages, want)
	byStream, ends, at := map[uuid.UUID][]eventstore.Event{}, [eventstore.Lanes]int64{}, int64(0)
	first, stand := int64(math.MaxInt64), map[int64]uuid.UUID{}
	for _, e := range want {
		if e.Position > got.Told[e.Lane] {
			first = min(first, e.Position)
		}
		if e.Position == 1 || e.Position == upTo || e.Position == upTo+1 {
			stand[e.Position] = e.ID
		}
		byStream[e.StreamID] = append(byStream[e.StreamID], e)
		if e.Position <= upTo {
			ends[e.Lane] = e.Position
		}
		if !e.RecordedAt.After(want[upTo-1].RecordedAt) {
			at = e.Position
		}
	}
	for id, events := range byStream {
		same("a stream", got.Streams[id], events)
	}
	whole := slices.Clone(want)
	slices.SortFunc(whole, func(a, b eventstore.Event) int {
		return cmp.Or(bytes.Compare(a.StreamID[:], b.StreamID[:]), int(a.Version-b.Version))
	})
	same("the streams in order", got.Between, whole)
	if rest := byStream[ids[0]]; len(rest) > 2 {
		same("the rest of a stream", got.Rest, rest[2:])
	}
	for _, e := range got.Lane {
		same("a lane's event", e, want[e.Position-1])
	}
	same("the ends of the lanes", got.Ends, ends)
	same("the ids", got.IDs, stand)
	same("the first that was not told", got.First, first)
	same("the position at a time", got.At, at)
}

func TestADamagedOrMissingFileStopsOnlyThoseWhoNeedIt(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	db.PartitionSize(t, 10)
	dir := t.TempDir()
	j := open(t, db.App, eventstore.Options{Archive: dir})
	old, young := newStream(), newStream()
	for _, r := range []eventstore.Request{{Stream: old, Events: facts(10)}, {Stream: young, Events: facts(10)}} {
		if _, err := j.Append(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	archive := eventstore.NewArchive(db.Owner, dir)
	var refusal *eventstore.Refusal
	if _, err := archive.Detach(ctx); !errors.As(err, &refusal) {
		t.Fatalf("detached before anybody followed: %v", err)
	}
	everybodyFollowed(t, db)
	part, err := archive.Detach(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Detach(ctx); !errors.As(err, &refusal) {
		t.Errorf("the newest partition with events was detached: %v", err)
	}
	if _, err := archive.Drop(ctx); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, part.File)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	broken := append([]byte(nil), whole...)
	broken[20] ^= 0xff
	for name, spoil := range map[string]func() error{
		"missing": func() error { return os.Remove(file) },
		"damaged": func() error { return os.WriteFile(file, broken, 0o600) },
		"cut":     func() error { return os.WriteFile(file, whole[:len(whole)-5], 0o600) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		var lost *eventstore.ArchiveError
		_, err1 := j.Page(ctx, 0, 5)
		_, err2 := j.Stream(ctx, old.ID, 0)
		_, err3 := j.Update(ctx, old, eventstore.Command{}, nil, func([]eventstore.Event) ([]eventstore.NewEvent, error) { return facts(1), nil })
		_, err4 := j.Verify(ctx, nil)
		_, err5 := j.EventIDs(ctx, []int64{3})
		_, err6 := j.FirstAfter(ctx, [eventstore.Lanes]int64{})
		for i, err := range []error{err1, err2, err3, err4, err5, err6} {
			if !errors.As(err, &lost) || lost.File != file || lost.From != 1 || lost.To != 10 {
				t.Errorf("%s, question %d: %v", name, i, err)
			}
		}
		if _, err := j.Update(ctx, young, eventstore.Command{}, nil, func(h []eventstore.Event) ([]eventstore.NewEvent, error) { return facts(1), nil }); err != nil {
			t.Errorf("%s: a stream that does not need it: %v", name, err)
		}
		if page, err := j.Page(ctx, 10, 5); len(page) != 5 || err != nil {
			t.Errorf("%s: positions that do not need it: %d, %v", name, len(page), err)
		}
		if _, err := archive.Restore(ctx); err == nil {
			t.Fatalf("%s: restored", name)
		}
	}
	if err := os.WriteFile(file, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Restore(ctx); err != nil {
		t.Fatal(err)
	}
	if d, err := j.Verify(ctx, nil); d != nil || err != nil {
		t.Errorf("verify = %v, %v", d, err)
	}
}

func TestADetachingThatALongReadHeldUpIsEndedByTheNext(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	db.PartitionSize(t, 10)
	dir := t.TempDir()
	j := open(t, db.App, eventstore.Options{Archive: dir})
	if _, err := j.Append(ctx, eventstore.Request{Stream: newStream(), Events: facts(15)}); err != nil {
		t.Fatal(err)
	}
	everybodyFollowed(t, db)
	reader, err := db.Owner.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Rollback(ctx)
	if _, err := reader.Exec(ctx, `select from journal.events`); err != nil {
		t.Fatal(err)
	}
	cut, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		_, err := eventstore.NewArchive(db.Owner, dir).Detach(cut)
		ended <- err
	}()
	eventually(t, "the detaching waits for the reader", func() bool {
		var pending bool
		err := db.Owner.QueryRow(ctx, `select exists (select from pg_inherits where inhdetachpending)`).Scan(&pending)
		return err == nil && pending
	})
	if _, err := j.Append(ctx, eventstore.Request{Stream: newStream(), Events: facts(2)}); err != nil {
		t.Errorf("append while it waits: %v", err)
	}
	if other, err := eventstore.Open(ctx, db.App, eventstore.Options{Archive: dir}); err != nil {
		t.Errorf("a process that starts while it waits: %v", err)
	} else {
		other.Close()
	}
	cancel()
	if err := <-ended; err == nil {
		t.Fatal("detached beside a reader")
	}
	if page, err := j.Page(ctx, 0, 100); len(page) != 17 || err != nil {
		t.Errorf("half detached: %d events, %v", len(page), err)
	}
	if _, err := db.App.Exec(ctx, `select journal.make_partitions_v1('events', 60)`); err != nil {
		t.Errorf("partitions cannot be made while one is half detached: %v", err)
	}
	if err := reader.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the next ends it", func() bool {
		part, err := eventstore.NewArchive(db.Owner, dir).Detach(ctx)
		return err == nil && part.Where == "detached" && part.From == 1
	})
	if d, err := j.Verify(ctx, nil); d != nil || err != nil {
		t.Errorf("verify = %v, %v", d, err)
	}
}

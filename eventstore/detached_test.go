package eventstore_test

import (
	"context"
	"errors"
	"testing"

	"dossier/eventstore"
	"dossier/migrations/dbtest"
)

func TestADetachedSegmentStillCounts(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	db := dbtest.New(t)
	db.PartitionSize(t, 10)
	j := open(t, db.App, eventstore.Options{})
	old, split := newStream(), newStream()
	for _, r := range []eventstore.Request{
		{Stream: old, Events: facts(8)},
		{Stream: split, Events: facts(2)},
		{Stream: split, Expected: 2, Events: facts(2)}, // in the second partition
	} {
		if _, err := j.Append(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	for _, statement := range []string{
		`alter table journal.events detach partition journal.events_p000000000000001`,
		`insert into journal.segments (journal, from_position, to_position, root, file) values ('events', 1, 10, '\x00', 'segment-1')`,
		`update journal.partitions set listed_at = now() where journal = 'events' and from_position = 1`,
	} {
		if _, err := db.Owner.Exec(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
	_, err := db.Owner.Exec(ctx, `insert into journal.archived_streams (journal, id, version) values ('events', $1, 8), ('events', $2, 2)`, old.ID, split.ID)
	if err != nil {
		t.Fatal(err)
	}

	var conflict *eventstore.ConflictError
	for _, n := range []int{1, 2} {
		for _, expected := range []int64{0, 3} {
			if _, err := j.Append(ctx, eventstore.Request{Stream: old, Expected: expected, Events: facts(n)}); !errors.As(err, &conflict) || conflict.Actual != 8 {
				t.Errorf("append of %d to an archived stream at %d: %v", n, expected, err)
			}
		}
	}
	for _, n := range []int{1, 2} { // read when position 5 was the newest, and held back until the rest was archived
		if _, err := j.Append(ctx, eventstore.Request{Stream: old, Expected: 5, Seen: 5, Events: facts(n)}); !errors.As(err, &conflict) || conflict.Actual != 8 {
			t.Errorf("append of %d that was decided before the last three: %v", n, err)
		}
	}
	for _, r := range []eventstore.Request{
		{Stream: old, Expected: 8, Seen: 8, Events: facts(1)},
		{Stream: old, Expected: eventstore.AnyVersion, Events: facts(1)},
		{Stream: split, Expected: 4, Events: facts(2)},
	} {
		if _, err := j.Append(ctx, r); err != nil {
			t.Error(err)
		}
	}
	if head, err := j.Head(ctx); head != 16 || err != nil {
		t.Errorf("head = %d, %v", head, err)
	}
	var unread *eventstore.ArchiveError
	if _, err := j.Verify(ctx, nil); !errors.As(err, &unread) || unread.To != 10 {
		t.Errorf("verify without the file: %v", err)
	}

	gone := newStream() // archived whole: Update cannot read it and must say so instead of trying for ever
	if _, err := db.Owner.Exec(ctx, `insert into journal.archived_streams (journal, id, version) values ('events', $1, 5)`, gone.ID); err != nil {
		t.Fatal(err)
	}
	_, err = j.Update(ctx, gone, eventstore.Command{}, nil, func([]eventstore.Event) ([]eventstore.NewEvent, error) { return facts(1), nil })
	if !errors.As(err, &unread) {
		t.Errorf("update of an archived stream: %v", err)
	}
}

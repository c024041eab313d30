package eventstore_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dossier/eventstore"
	"dossier/migrations/dbtest"

	"github.com/google/uuid"
)

func TestOneAtATimeWorksOnAStreamAndAnotherTakesOver(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	j, err := eventstore.Open(t.Context(), db.App, eventstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	stream := uuid.New()
	var inside, worked atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for {
				h, _, err := j.Hold(t.Context(), stream, time.Minute)
				if errors.Is(err, eventstore.ErrHeld) {
					<-time.After(time.Millisecond)
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if inside.Add(1) > 1 {
					t.Error("two hold it at once")
				}
				worked.Add(1)
				inside.Add(-1)
				h.Release(t.Context())
				return
			}
		})
	}
	all.Wait()
	if worked.Load() != 8 {
		t.Errorf("%d of 8 had it", worked.Load())
	}

	const short = 1500 * time.Millisecond
	first, held, err := j.Hold(t.Context(), stream, short)
	if err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(2 * short); time.Now().Before(until); <-time.After(short / 10) {
		if _, _, err := j.Hold(t.Context(), stream, short); !errors.Is(err, eventstore.ErrHeld) || held.Err() != nil {
			t.Fatalf("a renewed hold was lost: %v, %v", err, held.Err())
		}
	}
	// Another holder's beat, as after a pause in which the hold ran out.
	if _, err := db.App.Exec(t.Context(), `insert into journal.work_beats select stream_id, beat + 100, $1, now() + interval '1 minute' from journal.work_beats where stream_id = $2 order by beat desc limit 1`, uuid.New(), stream); err != nil {
		t.Fatal(err)
	}
	select {
	case <-held.Done():
	case <-time.After(30 * time.Second):
		t.Error("whoever was overtaken goes on")
	}
	if !errors.Is(context.Cause(held), eventstore.ErrHeld) {
		t.Errorf("ended by %v", context.Cause(held))
	}
	first.Release(t.Context())
	if _, _, err := j.Hold(t.Context(), stream, short); !errors.Is(err, eventstore.ErrHeld) {
		t.Errorf("a late release gave another's hold away: %v", err)
	}
}

func TestWorkIsFoundUntilThereIsNoneForAMinute(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	j, err := eventstore.Open(t.Context(), db.App, eventstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	old, young := uuid.New(), uuid.New()
	for _, id := range []uuid.UUID{old, young, old} {
		if err := j.AskForWork(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Owner.Exec(t.Context(), `update journal.work set asked_at = asked_at - interval '2 minutes' where stream_id = $1`, old); err != nil {
		t.Fatal(err)
	}
	if asked, err := j.WorkAsked(t.Context()); err != nil || !slices.Equal(asked, []uuid.UUID{old, young}) {
		t.Errorf("asked: %v, %v; want %s, then %s", asked, err, old, young)
	}
	for _, id := range []uuid.UUID{old, young} {
		if err := j.NoWork(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if asked, err := j.WorkAsked(t.Context()); err != nil || !slices.Equal(asked, []uuid.UUID{young}) {
		t.Errorf("asked: %v, %v; want %s alone", asked, err, young)
	}
}

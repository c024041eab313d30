package handlers_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"dossier/domain/access"
	"dossier/handlers"

	"github.com/google/uuid"
)

func TestEntriesOfOneAccountGoTogetherAndEachIsThereWhenItIsSaidToBe(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	const writers, each = 40, 10
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			by := handlers.Accessor{Actor: w.as([]string{"head", "clerk", "fees"}[i%3])}
			for range each {
				id := uuid.New()
				if err := w.log.Record(t.Context(), by, access.DossierOpened{Dossier: id}); err != nil {
					t.Error(err)
				}
				var there bool
				if err := w.db.Owner.QueryRow(t.Context(), `select exists (select from journal.access where data->>'dossier' = $1)`, id.String()).Scan(&there); err != nil || !there {
					t.Errorf("recorded and not there: %v", err)
				}
			}
		})
	}
	all.Wait()
	var entries, differ, commits int
	if err := w.db.Owner.QueryRow(t.Context(), `select count(*), count(distinct data->>'dossier'), count(distinct xmin::text) from journal.access`).Scan(&entries, &differ, &commits); err != nil {
		t.Fatal(err)
	}
	if entries != writers*each || differ != entries || commits > entries/2 {
		t.Errorf("%d entries of %d dossiers in %d commits, want %d in far fewer", entries, differ, commits, writers*each)
	}
	if recorded, missed := w.log.Counts(); recorded != writers*each || missed != 0 {
		t.Errorf("counted %d and %d", recorded, missed)
	}
}

func TestAnEntryThatWasGivenUpIsNotThereAndOneThatIsNotWasGivenUp(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	by := handlers.Accessor{Actor: w.as("head")}
	var mu sync.Mutex
	took := map[string]bool{}
	record := func(name string) {
		err := w.log.Record(t.Context(), by, access.WordsRead{Dossier: uuid.New(), Purpose: "audit"})
		mu.Lock()
		defer mu.Unlock()
		took[name] = err == nil
	}
	record("before")
	letGo := w.hold()
	var all sync.WaitGroup
	for i := range 350 { // the first alone, then more than go together: the last of them never get their turn
		all.Go(func() { record(fmt.Sprint("held ", i)) })
	}
	time.Sleep(1700 * time.Millisecond) // longer than an entry waits for its turn
	letGo()
	all.Wait()
	record("after")
	said := 0
	for _, is := range took {
		if is {
			said++
		}
	}
	if said < 2 || said == len(took) {
		t.Errorf("%d of %d were taken: nothing was held up, or all", said, len(took))
	}
	there := 0
	for _, e := range w.entries() {
		switch e.Type {
		case "access.words-read":
			there++
		case "access.entries-missed":
			said += e.Missed // what the journal was told that it lacks
		}
	}
	recorded, _ := w.log.Counts()
	if untold, _ := w.log.Untold(); untold != 0 || said != len(took) || int64(there) < recorded {
		t.Errorf("%d there, %d recorded, %d untold, %d accounted for of %d", there, recorded, untold, said, len(took))
	}
	// An append that was cut off may be in: nobody knows but the journal. It takes one gathering at most.
	if over := int64(there) - recorded; over > 101 {
		t.Errorf("%d entries were given up and are there", over)
	}
}

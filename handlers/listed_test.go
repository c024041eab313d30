package handlers_test

import (
	"sync"
	"testing"
	"time"

	"dossier/domain"
	"dossier/domain/access"
	"dossier/eventstore"
	"dossier/handlers"
	"dossier/migrations/dbtest"

	"github.com/google/uuid"
)

// listing is an executor whose access journal goes by a clock that a test sets.
func listing(t *testing.T) (x *handlers.Executor, wait func(time.Duration), entries func() []handlers.AccessEntry) {
	t.Helper()
	db := dbtest.New(t)
	open := func(o eventstore.Options) *eventstore.Journal {
		j, err := eventstore.Open(t.Context(), db.App, o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(j.Close)
		return j
	}
	var mu sync.Mutex
	behind := 3 * time.Hour // an entry from the future would be refused
	now := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return time.Now().Add(-behind)
	}
	log := handlers.NewAccessLog(open(eventstore.Options{Access: true}), handlers.AccessOptions{Now: now})
	x = handlers.NewExecutor(open(eventstore.Options{}), handlers.ExecutorOptions{CommandKey: []byte("test"), Access: log})
	wait = func(d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		behind -= d
	}
	entries = func() []handlers.AccessEntry {
		page, err := log.List(t.Context(), domain.Actor{Account: "auditor", Role: domain.Auditor, Unit: handlers.UnitInspectorate}, handlers.AccessFilter{Limit: 500})
		if err != nil {
			t.Fatal(err)
		}
		return page.Entries
	}
	return x, wait, entries
}

func TestRowsOfAListAreToldOnceAnHourInOneEntry(t *testing.T) {
	t.Parallel()
	x, wait, entries := listing(t)
	by := handlers.Accessor{Actor: domain.Actor{Account: "reception", Role: domain.ReceptionOfficer, Unit: handlers.UnitOneStop}}
	ids := make([]uuid.UUID, 1200)
	for i := range ids {
		ids[i] = uuid.New()
	}
	rows := func(want ...int) { // of the entries, oldest first
		t.Helper()
		all := entries()
		if len(all) != len(want) {
			t.Fatalf("%d entries, want %v", len(all), want)
		}
		for i, e := range all {
			if n := want[len(want)-1-i]; n > 0 && (e.Type != "access.dossiers-listed" || len(e.Dossiers) != n || e.By != by.Actor) || n == 0 && e.Type != "access.dossier-opened" {
				t.Errorf("entry %d: %s of %d by %+v, want %d", i, e.Type, len(e.Dossiers), e.By, n)
			}
		}
	}
	x.Listed(t.Context(), by, ids[:25])
	rows(25)
	x.Listed(t.Context(), by, ids[:25])
	rows(25)
	x.Listed(t.Context(), by, ids[20:30]) // five are new
	rows(25, 5)
	x.Opened(t.Context(), by, ids[0]) // to have been a row is no opening
	x.Opened(t.Context(), by, ids[40])
	rows(25, 5, 0, 0)
	x.Listed(t.Context(), by, ids[40:42]) // what was opened need not be told as a row
	rows(25, 5, 0, 0, 1)
	for _, nobody := range []domain.Actor{{Account: "applicant-1", Role: domain.Applicant}, {Account: "machine", Role: domain.System}} {
		x.Listed(t.Context(), handlers.Accessor{Actor: nobody}, ids)
	}
	rows(25, 5, 0, 0, 1)
	wait(time.Hour + time.Second)
	x.Listed(t.Context(), by, ids[:25])
	rows(25, 5, 0, 0, 1, 25)
	wait(time.Hour + time.Second)
	x.Listed(t.Context(), by, ids)
	told, sizes := 0, 0
	for _, e := range entries()[:3] {
		if told += len(e.Dossiers); len(e.Dossiers) <= access.MostListed {
			sizes++
		}
	}
	if told != len(ids) || sizes != 3 || len(entries()) != 9 {
		t.Errorf("%d rows in %d entries of %d", told, sizes, len(entries()))
	}
}

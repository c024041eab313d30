package eventstore

import (
	"context"
	"reflect"
	"testing"
	"time"

	"dossier/migrations/dbtest"
)

func TestRecentCommitsAreWhatTheJournalHas(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	j := openClock(t, dbtest.New(t), Options{})
	if _, err := j.Append(ctx, request(time.Now())); err != nil {
		t.Fatal(err)
	}
	if got := j.RecentPage(0, 10); len(got) != 0 {
		t.Errorf("%d events were kept before anybody wanted them", len(got))
	}
	j.NewEra()
	for range 3 {
		if _, err := j.Append(ctx, request(time.Now())); err != nil {
			t.Fatal(err)
		}
	}
	stored, err := j.Page(ctx, 1, 100)
	if err != nil {
		t.Fatal(err)
	}
	if got := j.RecentPage(1, 100); len(stored) == 0 || !reflect.DeepEqual(got, stored) {
		t.Errorf("in memory: %+v\nin the journal: %+v", got, stored)
	}
	if got := j.RecentPage(2, 1); len(got) != 1 || got[0].Position != 3 {
		t.Errorf("one after 2: %+v", got)
	}
	for _, after := range []int64{0, stored[len(stored)-1].Position, 1000} {
		if got := j.RecentPage(after, 10); got != nil {
			t.Errorf("after %d, which it cannot follow, it gives %+v", after, got)
		}
	}
	j.NewEra()
	if got := j.RecentPage(1, 10); got != nil {
		t.Errorf("commits of the era before are still there: %+v", got)
	}
}

func TestRecentCommitsHaveNoHoles(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db := dbtest.New(t)
	here, there := openClock(t, db, Options{}), openClock(t, db, Options{})
	here.NewEra()
	for range 3 {
		for _, j := range []*Journal{here, there, here} {
			if _, err := j.Append(ctx, request(time.Now())); err != nil {
				t.Fatal(err)
			}
		}
	}
	head, err := here.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for after := range head {
		for i, e := range here.RecentPage(after, 100) {
			if e.Position != after+1+int64(i) {
				t.Fatalf("after %d: position %d is number %d", after, e.Position, i)
			}
		}
	}
	if last := here.RecentPage(head-1, 1); len(last) != 1 {
		t.Errorf("the newest commit is not there")
	}
}

func TestRecentCommitsAreBounded(t *testing.T) {
	t.Parallel()
	r := recent{wanted: true}
	p := &pending{Request: request(time.Now())}
	n := int64(len(p.Events))
	for first := int64(1); first < 5*recentEvents; first += n {
		r.note(0, 1, []*pending{p}, []row{{request: 1, outcome: appended, first: first, last: first + n - 1, version: n}})
		if int64(len(r.events)) > recentEvents+n {
			t.Fatalf("%d events are kept", len(r.events))
		}
	}
	r.note(1, 1, []*pending{p}, []row{{request: 1, outcome: appended, first: 1 << 20, last: 1 << 20, version: 1}})
	if last := r.events[len(r.events)-1].Position; last >= 1<<20 {
		t.Errorf("a batch of another era was let in")
	}
	next := r.events[len(r.events)-1].Position + 1
	r.note(0, 2, []*pending{p}, []row{{request: 1, outcome: appended, first: next, last: next + n - 1, version: n}})
	if int64(len(r.events)) != n {
		t.Errorf("%d events are kept after the writer connected again, want only the %d new ones", len(r.events), n)
	}
}

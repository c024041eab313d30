package api_test

import (
	"testing"
	"time"

	"dossier/projections"
)

func TestReadinessSaysWhenNobodyTellsOfTimers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	is := func(want string) {
		t.Helper()
		var ready readiness
		h.get("", "/readyz").into(&ready)
		if got := ready.of("timers"); got != want {
			t.Errorf("timers are %s, want %s: %+v", got, want, ready)
		}
	}
	is("green")
	if _, err := h.db.Owner.Exec(t.Context(), `
		insert into views.timers_v1 (id, kind, number, started, due, limited, next_at)
		values (gen_random_uuid(), 'processing', 0, now() - interval '1 day', now(), '', now() - interval '1 hour')`); err != nil {
		t.Fatal(err)
	}
	is("red") // nobody keeps time
	l, err := projections.TakeTimers(t.Context(), h.pool, "someone", time.Minute)
	if err != nil || l == nil {
		t.Fatal(err)
	}
	is("green")
	for _, s := range []projections.TimerState{{Stuck: 1, Trouble: "not today"}, {Trouble: "the database does not answer"}, {Waiting: 3, Oldest: time.Now().Add(-time.Hour)}} {
		if err := l.Renew(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		is("red")
	}
	if err := l.Renew(t.Context(), projections.TimerState{Waiting: 3, Oldest: time.Now()}); err != nil {
		t.Fatal(err)
	}
	is("green")
}

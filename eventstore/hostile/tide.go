package hostile

import (
	"context"
	"sync"
	"time"
)

// tide is a number that rises, and those who wait for it.
type tide struct {
	mu    sync.Mutex
	at    int64
	risen chan struct{} // closed when it rises; nil: nobody waits
}

func (t *tide) reached() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.at
}

func (t *tide) rise(to int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.at = to
	if t.risen != nil {
		close(t.risen)
		t.risen = nil
	}
}

func (t *tide) await(ctx context.Context, level int64) error {
	for {
		t.mu.Lock()
		if t.at >= level {
			t.mu.Unlock()
			return nil
		}
		if t.risen == nil {
			t.risen = make(chan struct{})
		}
		risen := t.risen
		t.mu.Unlock()
		select {
		case <-risen:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// drain tells since when the oldest append that Postgres is still working at has been under way, until the context ends. A session
// that nobody hears any more goes on with what it was sent; when it has ended nothing can come of it.
func (a *attack) drain(ctx context.Context) {
	for ctx.Err() == nil {
		var began time.Time
		err := a.o.Truth.QueryRow(ctx, `
			select coalesce(min(query_start), clock_timestamp())
			  from pg_stat_activity
			 where datname = current_database()
			   and state = 'active'
			   and query like '%journal.append%'
			   and pid <> pg_backend_pid()`).Scan(&began)
		if err == nil {
			a.drained.rise(began.UnixMicro())
		}
		wait(ctx, 100*time.Millisecond)
	}
}

package api_test

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dossier/handlers"
)

// Not parallel: what lives on the heap is the whole process'.
func TestAFloodWhilePostgresStandsStillIsToldToComeBackAndTakesNoMemory(t *testing.T) {
	const callers, most, size, bytes = 500, 100, 64 << 10, 4 << 20
	h := newHouseWith(t, handlers.NewGate(most, bytes))
	h.submitted()
	before := live()
	goOn := h.standStill()
	var all sync.WaitGroup
	var done, told atomic.Int64
	body := filing + strings.Repeat(" ", size-len(filing))
	for range callers {
		all.Go(func() {
			switch status, after := h.file(body); {
			case status == http.StatusCreated:
				done.Add(1)
			case status == http.StatusServiceUnavailable && after != "":
				told.Add(1)
			default:
				t.Errorf("status %d, come back after %q", status, after)
			}
		})
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for told.Load() < callers-bytes/size {
		<-tick.C
	}
	t.Logf("%d told to come back, heap %d MB more", told.Load(), (live()-before)>>20)
	if grown := live() - before; grown > bytes+12<<20 {
		t.Errorf("the heap grew by %d MB", grown>>20)
	}
	goOn()
	all.Wait()
	if done.Load() == 0 || done.Load() > bytes/size {
		t.Errorf("%d were let in, want at most %d", done.Load(), bytes/size)
	}
	h.submitted()
}

// standStill makes everything that asks the journal wait until goOn.
func (h *house) standStill() (goOn func()) {
	h.t.Helper()
	tx, err := h.db.Owner.Begin(context.Background())
	if err == nil {
		_, err = tx.Exec(context.Background(), `lock table journal.events in access exclusive mode`)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return func() { _ = tx.Rollback(context.Background()) }
}

// file sends a dossier and returns the status and when to come back.
func (h *house) file(body string) (status int, after string) {
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, h.url+"/v1/dossiers", strings.NewReader(body))
	if err != nil {
		h.t.Error(err)
		return 0, ""
	}
	r.Header.Set("Authorization", "Bearer dev:applicant-1")
	r.Header.Set("Content-Type", "application/json")
	response, err := h.client.Do(r)
	if err != nil {
		h.t.Error(err)
		return 0, ""
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode, response.Header.Get("Retry-After")
}

func live() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

func TestWhoFollowsTheFeedKeepsNobodyElseOut(t *testing.T) {
	t.Parallel()
	h := newHouseWith(t, handlers.NewGate(1, 1<<20))
	following := make(chan struct{})
	go func() {
		defer close(following)
		h.get("auditor", "/v1/events?wait=30").is(200)
	}()
	for !strings.Contains(h.metrics(), `dossier_http_open{route="GET /v1/events"} 1`) {
		if t.Context().Err() != nil {
			t.Fatal("the reader never came")
		}
	}
	h.submitted()
	<-following
}

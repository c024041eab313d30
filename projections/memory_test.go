package projections

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/google/uuid"

	"dossier/domain"
	"dossier/domain/dossier"
)

// Not parallel: what lives on the heap is the whole process'.
func TestRebuildHoldsMemoryFlatHoweverLongTheJournalIs(t *testing.T) {
	s := newStack(t)
	const streams, each = 100, 40
	var grown [2]uint64
	for i, times := range []int{1, 4} {
		s.fill(times*streams, each)
		grown[i] = s.rebuildPeak()
	}
	if grown[1] > grown[0]+16<<20 || grown[1] > 64<<20 {
		t.Errorf("at its peak a rebuild has %d MB live for %d events, and %d MB for five times as many", grown[0]>>20, streams*each, grown[1]>>20)
	}
}

// fill appends streams of so many events each.
func (s *stack) fill(streams, each int) {
	s.Helper()
	first := dossier.DossierSubmitted{Procedure: "vet-practice-cert-renew", ProcedureVersion: 1, Channel: dossier.Online, Applicant: "applicant-1", Unit: "one-stop"}
	for range streams {
		events := []dossier.Event{first}
		for range each - 1 {
			events = append(events, dossier.DossierForwarded{Unit: "one-stop"})
		}
		s.addAt(uuid.New(), time.Now(), domain.Live, events...)
	}
}

// rebuildPeak empties the views, fills them from the journal in batches that no view of this size fits in, and returns what was
// live on the heap at most.
func (s *stack) rebuildPeak() (peak uint64) {
	s.Helper()
	for _, table := range []string{"dossiers_v1", "history_v1", "dossier_versions_v1", "timers_v1", "checkpoints"} {
		s.exec(`truncate views.` + table)
	}
	head, err := s.journal.Head(s.ctx())
	if err != nil {
		s.Fatal(err)
	}
	e := s.idle(Options{Streams: 100, Batch: 500})
	var to lanes
	for lane := range to {
		to[lane] = head
	}
	e.live[0] = sampled{e.live[0], &peak}
	e.persist(s.ctx(), "rebuild", func(ctx context.Context) error { return e.heal(ctx, to) })
	if e.lowest() < head {
		s.Fatalf("rebuilt up to %d of %d", e.lowest(), head)
	}
	return peak
}

// sampled looks at the heap before each batch, when the batch is on it.
type sampled struct {
	Projection
	peak *uint64
}

func (p sampled) Apply(ctx context.Context, f *flight, moments []Moment) error {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	*p.peak = max(*p.peak, m.HeapAlloc)
	return p.Projection.Apply(ctx, f, moments)
}

package exchange

import (
	"context"
	"errors"
	"flag"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/eventstore"
	"dossier/handlers"
	"dossier/migrations/dbtest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/goleak"
)

var update = flag.Bool("update", false, "write testdata anew")

const invented = "testdata/invented.xes"

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("dossier/internal/devstack.(*child).run")) // the Postgres of the whole run
}

func TestTheInventedLogHasTheShapeOfTheReceiptLog(t *testing.T) {
	t.Parallel()
	text := testLog{Traces: 60}.String()
	if *update {
		if err := os.WriteFile(invented, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	stored, err := os.ReadFile(invented)
	if err != nil || string(stored) != text {
		t.Fatalf("%s is not what the generator writes (run with -update): %v", invented, err)
	}
	traces, err := readAll(text, DefaultLimits)
	if err != nil || len(traces) != 60 {
		t.Fatalf("%d traces, %v", len(traces), err)
	}
	seen := map[string]map[string]int{"activity": {}, "channel": {}, "troubles": {}}
	for _, trace := range traces {
		channel, _ := find(trace.Attributes, "channel")
		seen["channel"][channel.Value]++
		end, ended := find(trace.Attributes, "enddate")
		start, _ := find(trace.Attributes, "startdate")
		if !ended {
			seen["troubles"]["no end"]++
		}
		for _, e := range trace.Events {
			activity, _ := find(e.Attributes, "concept:name")
			at, _ := find(e.Attributes, "time:timestamp")
			seen["activity"][activity.Value]++
			if ended && at.Value > end.Value {
				seen["troubles"]["act after the end"]++
			}
			if at.Value < start.Value {
				seen["troubles"]["act before the start"]++
			}
		}
	}
	if got := slices.Sorted(maps.Keys(seen["activity"])); !slices.Equal(got, slices.Sorted(slices.Values(activityNames))) {
		t.Errorf("activities: %v", got)
	}
	if len(seen["channel"]) != 5 || len(seen["troubles"]) != 3 {
		t.Errorf("channels %v, troubles %v", seen["channel"], seen["troubles"])
	}
}

// lab is a journal of its own with the executor before it.
type lab struct {
	journal  *eventstore.Journal
	executor *handlers.Executor
	mapping  *Mapping
}

func newLab(t *testing.T) lab {
	t.Helper()
	j, err := eventstore.Open(t.Context(), dbtest.New(t).App, eventstore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.Close)
	return lab{j, handlers.NewExecutor(j, handlers.ExecutorOptions{CommandKey: []byte("test")}), shippedMapping(t)}
}

func (l lab) run(t *testing.T, text string) (Summary, error) {
	t.Helper()
	return ImportXES(t.Context(), l.executor, strings.NewReader(text), "test.xes", l.mapping, Options{})
}

func (l lab) must(t *testing.T, text string) Summary {
	t.Helper()
	s, err := l.run(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (l lab) head(t *testing.T) int {
	t.Helper()
	head, err := l.journal.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return int(head)
}

func TestAnImportedLogIsWholeAndASecondRunAddsNothing(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	text := testLog{Traces: 60}.String()
	first := l.must(t, text)
	if !first.Holds() || first.NewDossiers != 60 || first.Added != first.Sources() || first.Added != l.head(t) {
		t.Fatalf("head %d, %+v", l.head(t), first)
	}
	again := l.must(t, string(gzipped(t, text)))
	if again.Added != 0 || again.NewDossiers != 0 || again.AlreadyThere != first.Added || l.head(t) != first.Added {
		t.Fatalf("head %d, %+v", l.head(t), again)
	}
	again.Added, again.AlreadyThere, again.NewDossiers = first.Added, first.AlreadyThere, first.NewDossiers
	if diff := cmp.Diff(first, again); diff != "" {
		t.Error(diff)
	}
	shuffled := l.must(t, testLog{Traces: 60, Shuffle: 9}.String())
	if shuffled.Added != 0 {
		t.Errorf("other order of attributes added %d", shuffled.Added)
	}
	l.firstDossierReads(t)
}

func (l lab) firstDossierReads(t *testing.T) {
	t.Helper()
	facts, err := l.executor.Facts(t.Context(), eventstore.StreamIDFor("dossier", "import:receipt", "invented-0001"))
	if err != nil {
		t.Fatal(err)
	}
	s := dossier.Fold(facts)
	if s.ExternalCode != "invented-0001" || s.Status != dossier.Resolved || s.Outcome != dossier.Unknown || s.Channel != dossier.Online ||
		s.Origin != domain.Imported || s.Due.IsZero() || s.DueSource != dossier.ImportedDeadline || s.Procedure != l.mapping.Procedure.ID {
		t.Errorf("%+v", s)
	}
	for _, f := range facts {
		if f.Meta.Origin != domain.Imported || f.Meta.Actor != "import" || f.Event.Source().Case != "ext:invented-0001" || f.RecordedAt.IsZero() {
			t.Errorf("%s: %+v", f.Type, f)
		}
	}
}

// stopping cancels the import after so many traces have been sent.
type stopping struct {
	Importer
	left   atomic.Int64
	cancel context.CancelFunc
}

func (s *stopping) Import(ctx context.Context, a domain.Actor, id uuid.UUID, key string, body []byte, decide func(dossier.State) ([]handlers.Decided, error)) (handlers.Receipt, error) {
	if s.left.Add(-1) == 0 {
		s.cancel()
	}
	return s.Importer.Import(ctx, a, id, key, body, decide)
}

func TestAnImportThatWasStoppedGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	text := testLog{Traces: 60}.String()
	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		x := &stopping{Importer: l.executor, cancel: cancel}
		x.left.Store(23)
		s, err := ImportXES(ctx, x, strings.NewReader(text), "test.xes", l.mapping, Options{InFlight: 8})
		cancel()
		if !errors.Is(err, context.Canceled) || s.Holds() && s.Dossiers == 60 {
			t.Fatalf("%v, %+v", err, s)
		}
	}
	before := l.head(t)
	s := l.must(t, text)
	if !s.Holds() || s.Added+before != s.Sources() || s.AlreadyThere != before || l.head(t) != s.Sources() {
		t.Errorf("%d were there, head %d: %+v", before, l.head(t), s)
	}
}

func TestALongTraceGoesInPartsAndGoesOnInTheMiddle(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	text := testLog{Traces: 2, Extra: 130}.String()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	x := &stopping{Importer: l.executor, cancel: cancel}
	x.left.Store(5)
	if _, err := ImportXES(ctx, x, strings.NewReader(text), "test.xes", l.mapping, Options{InFlight: 1, part: 50}); err == nil {
		t.Fatal("was not stopped")
	}
	there := l.head(t)
	if there < 150 || there%50 == 0 {
		t.Fatalf("%d events before the stop", there)
	}
	s, err := ImportXES(t.Context(), l.executor, strings.NewReader(text), "test.xes", l.mapping, Options{part: 50})
	if err != nil || !s.Holds() || s.Added+there != s.Sources() || l.head(t) != s.Sources() {
		t.Errorf("%v: %d were there, head %d: %+v", err, there, l.head(t), s)
	}
}

func TestACaseThatHasChangedIsNamedAndNothingIsRewritten(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	text := testLog{Traces: 20}.String()
	l.must(t, text)
	there := l.head(t)
	changed := strings.Replace(text, `key="responsible" value="Worker`, `key="responsible" value="Other`, 1)
	_, err := l.run(t, changed)
	if !errors.Is(err, eventstore.ErrCommandReused) || !strings.Contains(err.Error(), `trace 1 (case "invented-0001"): this case was imported before with another content`) {
		t.Errorf("got %v", err)
	}
	if l.head(t) != there {
		t.Errorf("%d events were added", l.head(t)-there)
	}
}

func TestTheFirstErrorStopsTheImportAndWhatWasDoneStays(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	text := testLog{Traces: 60}.String()
	cut := text[:strings.Index(text, "invented-0041")]
	s, err := l.run(t, cut)
	var format *FormatError
	if !errors.As(err, &format) || format.Trace != 41 || s.Dossiers != 40 || s.Added != l.head(t) {
		t.Fatalf("%v, %+v", err, s)
	}
	if s = l.must(t, text); s.NewDossiers != 20 || !s.Holds() {
		t.Errorf("%+v", s)
	}
}

// busy refuses the first so many requests, as a journal does whose queue is full.
type busy struct {
	Importer
	left atomic.Int64
}

func (b *busy) Import(ctx context.Context, a domain.Actor, id uuid.UUID, key string, body []byte, decide func(dossier.State) ([]handlers.Decided, error)) (handlers.Receipt, error) {
	if b.left.Add(-1) >= 0 {
		return handlers.Receipt{}, eventstore.ErrBusy
	}
	return b.Importer.Import(ctx, a, id, key, body, decide)
}

func TestAnImportWaitsWhileTheJournalIsBusy(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	x := &busy{Importer: l.executor}
	x.left.Store(6)
	s, err := ImportXES(t.Context(), x, strings.NewReader(testLog{Traces: 5}.String()), "test.xes", l.mapping, Options{})
	if err != nil || !s.Holds() || s.NewDossiers != 5 {
		t.Errorf("%v: %+v", err, s)
	}
}

func TestOnlyTheMachineImports(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	clerk := domain.Actor{Account: "clerk", Role: domain.Clerk}
	_, err := ImportXES(t.Context(), l.executor, strings.NewReader(testLog{Traces: 3}.String()), "test.xes", l.mapping, Options{Actor: clerk})
	var refusal *domain.Refusal
	if !errors.As(err, &refusal) || refusal.Code != handlers.NotAllowed || l.head(t) != 0 {
		t.Errorf("%v", err)
	}
}

func TestProgressReachesTheEndOfTheFile(t *testing.T) {
	t.Parallel()
	f, err := os.Open(invented)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	var read, total int64
	_, err = CheckXES(t.Context(), f, invented, shippedMapping(t), Options{Progress: func(r, n int64) {
		if r < read {
			t.Errorf("went back from %d to %d", read, r)
		}
		read, total = r, n
	}})
	if err != nil || read != info.Size() || total != info.Size() {
		t.Errorf("%v: %d of %d, file has %d", err, read, total, info.Size())
	}
}

func TestMemoryStaysFlatHoweverLongTheLogIs(t *testing.T) {
	events := 200_000
	if raceDetector {
		events = 12_000 // ten times as slow
	}
	in, out := io.Pipe()
	go func() { out.CloseWithError(testLog{Traces: events / 6}.Write(out)) }()
	var peak uint64
	traces := 0
	s, err := CheckXES(t.Context(), in, "long.xes", shippedMapping(t), Options{Progress: func(int64, int64) {
		if traces++; traces%3000 == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		}
	}})
	if err != nil || !s.Holds() || s.SourceEvents < events*95/100 {
		t.Fatalf("%v: %d events", err, s.SourceEvents)
	}
	if peak > 32<<20 {
		t.Errorf("%d MB live on the heap after %d events", peak>>20, s.SourceEvents)
	}
}

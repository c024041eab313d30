package hostile

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/metrics"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// class is what can be wrong.
type class uint8

const (
	lost class = iota
	doubled
	order
	notLinear // no order of the requests explains the answers
	other
	classes
)

var outcomes = [...]string{done: "stored", conflict: "conflict", refused: "refused", unknown: "unknown"}

// tally is what is counted while the attack goes on.
type tally struct {
	counts            [kindsCount][len(outcomes)]atomic.Int64
	events            atomic.Int64
	streams, checked  atomic.Int64
	stored, notStored atomic.Int64
	wrong             [classes]atomic.Int64

	mu     sync.Mutex
	first  string
	memory []Memory
}

// Report is what an attack came to, or has come to so far.
type Report struct {
	Took              time.Duration
	Appends, Events   int64    // asked for; stored
	Streams, Checked  int64    // judged by porcupine, and the operations on them
	Stored, NotStored int64    // unknown outcomes, as the journal shows
	Wrong             string   // what was wrong first
	Memory            []Memory // of this process, at each look

	counts [kindsCount][len(outcomes)]int64
	wrong  [classes]int64
}

// look is how often progress is told and memory measured.
const look = 30 * time.Second

// Memory is of this process, in bytes: what the last garbage collection found alive, and what the system has given.
type Memory struct{ Live, Resident int64 }

// progress looks until the context ends.
func (a *attack) progress(ctx context.Context) {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		a.report.mu.Lock()
		a.report.memory = append(a.report.memory, memory())
		a.report.mu.Unlock()
		if a.o.Progress != nil {
			a.o.Progress(a.summary())
		}
	}
}

func memory() (m Memory) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	m.Live = int64(live[0].Value.Uint64())
	var size int64
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		_, _ = fmt.Sscan(string(text), &size, &m.Resident)
	}
	m.Resident *= int64(os.Getpagesize())
	return m
}

func (a *attack) summary() Report {
	t := &a.report
	r := Report{Took: time.Since(a.began), Appends: a.asked.Load(), Events: t.events.Load(),
		Streams: t.streams.Load(), Checked: t.checked.Load(), Stored: t.stored.Load(), NotStored: t.notStored.Load()}
	for k := range r.counts {
		for o := range r.counts[k] {
			r.counts[k][o] = t.counts[k][o].Load()
		}
	}
	for c := range r.wrong {
		r.wrong[c] = t.wrong[c].Load()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	r.Wrong, r.Memory = t.first, slices.Clone(t.memory)
	return r
}

// Line is the report in one line.
func (r Report) Line() string {
	return fmt.Sprintf("%6s  %d appends, %d events, %d streams judged, %s", r.Took.Round(time.Second), r.Appends, r.Events, r.Streams, r.newest())
}

func (r Report) newest() string {
	if len(r.Memory) == 0 {
		return ""
	}
	return r.Memory[len(r.Memory)-1].String()
}

func (m Memory) String() string {
	return fmt.Sprintf("%d MB alive, %d MB resident", m.Live>>20, m.Resident>>20)
}

// Print writes the report as a table.
func (r Report) Print(w io.Writer) {
	seconds := r.Took.Seconds()
	fmt.Fprintf(w, "\nappends        %d in %s, %.0f/s; %d events stored, %.0f/s\n\n", r.Appends, r.Took.Round(time.Second), float64(r.Appends)/seconds, r.Events, float64(r.Events)/seconds)
	fmt.Fprintf(w, "  %-30s %10s %10s %10s %10s\n", "asked for", outcomes[done], outcomes[conflict], outcomes[refused], outcomes[unknown])
	for k, counts := range r.counts {
		was := [len(outcomes)]string{}
		for o, n := range counts {
			was[o] = fmt.Sprint(n)
		}
		if kinds[k].verb >= reads {
			was[conflict], was[refused] = "", ""
		}
		fmt.Fprintf(w, "  %-30s %10s %10s %10s %10s\n", kinds[k].name, was[done], was[conflict], was[refused], was[unknown])
	}
	fmt.Fprintf(w, "\nporcupine      %d operations on %d streams\n", r.Checked, r.Streams)
	fmt.Fprintf(w, "unknown        %d were stored, %d were not\n", r.Stored, r.NotStored)
	fmt.Fprintf(w, "lost           %d\ndoubled        %d\nout of order   %d\nnot linearizable %d\notherwise wrong %d\n", r.wrong[lost], r.wrong[doubled], r.wrong[order], r.wrong[notLinear], r.wrong[other])
	if n := len(r.Memory); n > 0 {
		fmt.Fprintf(w, "memory         at a tenth %s; at half %s; at the end %s\n", r.Memory[n/10], r.Memory[n/2], r.Memory[n-1])
	}
}

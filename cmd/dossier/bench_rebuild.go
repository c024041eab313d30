package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"dossier/projections"
)

// benchRebuild: status and timeline made anew from one reading of the journal, beside the live tables: while reads go on, then while
// commands and reads do. Each read is held against what its reader knows.
func benchRebuild(ctx context.Context, b *bench) error {
	if err := b.scale(ctx); err != nil {
		return err
	}
	events, rate := int(b.events), 500
	if b.quick {
		events, rate = 3_000, 50
	}
	b.say("filling the journal with %d events of whole dossiers, and the views", events)
	l, err := b.startLoad(ctx, events)
	if err != nil {
		return err
	}
	defer l.stop()

	b.say("rebuild of status and timeline, %d reads/s meanwhile", rate)
	forgetResidentPeak()
	built, err := l.rebuildUnder(ctx, b, 0, rate)
	if err != nil {
		return err
	}
	b.report("events, in dossiers", fmt.Sprintf("%d, %d", built.events, len(l.old)))
	b.report("status and timeline: rows there", perSecond(built.rate(built.rows)))
	b.rateAtLeast("status and timeline: compared and changed over", built.rate(built.all), 50_000)
	b.answers(l)

	b.say("the same under %d commands/s and %d reads/s", rate, rate)
	l.forget()
	if built, err = l.rebuildUnder(ctx, b, rate, rate); err != nil {
		return err
	}
	b.report("status and timeline under commands and reads", perSecond(built.rate(built.all)))
	b.report("commands meanwhile", perSecond(float64(l.commands)/l.took.Seconds()))
	b.never("commands meanwhile, failed", l.refused, l.commands)
	b.answers(l)
	if peak := residentPeak(); peak > 0 {
		b.megabytesBelow("resident memory, load included, peak", peak, 250)
	}
	if first := either(l.firstBad, l.firstRefused); first != nil {
		b.note("the first that failed or was wrong: %v", first)
	}
	b.note("events/s: events of the journal ÷ time from the first read of it to the change-over of both tables.")
	b.note("bottleneck: two cores shared by Postgres (reading the journal, COPY in and back), the folds, and the load.")
	return nil
}

// built says when a rebuild was how far.
type built struct {
	events    int64
	rows, all time.Duration
}

func (b built) rate(after time.Duration) float64 { return float64(b.events) / after.Seconds() }

// rebuildUnder rebuilds both, and takes the tables before back and forth again, while so many commands and reads a second go on.
func (l *load) rebuildUnder(ctx context.Context, b *bench, commands, reads int) (took built, err error) {
	loading, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { l.run(loading, commands, reads) })
	defer running.Wait()
	defer stop()

	r := projections.Rebuilder{Owner: b.stack.admin, Views: l.views, Restart: true}
	began := time.Now()
	r.Step = func(what string) {
		if what == "building the keys" {
			took.rows = time.Since(began)
		}
	}
	done, err := r.Rebuild(ctx, "dossiers", "history")
	if err != nil {
		return took, fmt.Errorf("rebuild: %w", err)
	}
	took.events, took.all = done.Events, done.Took
	for range 2 {
		if err := r.Rollback(ctx, "dossiers", "history"); err != nil {
			return took, fmt.Errorf("rollback: %w", err)
		}
	}
	return took, nil
}

// forget begins the counts anew. What is known of dossiers stays.
func (l *load) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.commands, l.reads, l.refused, l.failed, l.wrong, l.slowest = 0, 0, 0, 0, 0, 0
}

func (b *bench) answers(l *load) {
	b.report("reads meanwhile", perSecond(float64(l.reads)/l.took.Seconds()))
	b.report("reads meanwhile, the slowest", ms(l.slowest))
	b.never("reads meanwhile, failed", l.failed, l.reads)
	b.never("reads meanwhile, wrong", l.wrong, l.reads)
}

// never adds a line for what must not happen.
func (b *bench) never(what string, times, of int) {
	met := times == 0
	b.lines = append(b.lines, line{What: what, Ours: fmt.Sprintf("%d of %d", times, of), Goal: "0", Met: &met})
}

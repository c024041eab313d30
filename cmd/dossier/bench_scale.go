package main

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"time"
)

// machine is what the same plain statements do on every machine: absolute goals are scaled by it (docs/adr/0016).
type machine struct {
	insert  time.Duration // p50 of one client, with fsync
	inserts float64       // a second, of 256 workers on at most 80 connections
	rows    float64       // a second, read in order by one client into variables
}

// usual is the machine that absolute goals are meant for: the rates are those of the one they were set on.
var usual = machine{insert: time.Millisecond, inserts: 8500, rows: 255_000}

// factor is how much slower this machine is, by whichever of the three says most; 1 for a faster one.
func (m machine) factor() float64 {
	return max(1, float64(m.insert)/float64(usual.insert), usual.inserts/m.inserts, usual.rows/m.rows)
}

// scale measures the machine for the goals that follow.
func (b *bench) scale(ctx context.Context) error {
	b.say("the machine: plain INSERTs and a plain SELECT")
	m, err := b.machine(ctx)
	if err != nil {
		return err
	}
	b.f = m.factor()
	b.note("absolute goals are scaled by f = %.2f. Plain statements in this run (f 1 in brackets): INSERT, p50 of one client %s (%s); of 256 workers %.0f/s (%.0f/s); rows of a SELECT %.0f/s (%.0f/s)",
		b.f, ms(m.insert), ms(usual.insert), m.inserts, usual.inserts, m.rows, usual.rows)
	return b.stack.writeOut(ctx)
}

// writeOut puts on disk what making the stack and measuring the machine have left in memory. The system would do it half a minute later, all at
// once, while commits wait for the same disk.
func (s *benchStack) writeOut(ctx context.Context) error {
	if _, err := s.admin.Exec(ctx, "checkpoint"); err != nil {
		return fmt.Errorf("write out: %w", err)
	}
	syscall.Sync()
	return nil
}

func (b *bench) machine(ctx context.Context) (m machine, err error) {
	inserts, rows := 8000, 50_000
	if b.quick {
		inserts, rows = 400, 2_000
	}
	if err := b.stack.plainTable(ctx); err != nil {
		return m, err
	}
	insert := func() error { return b.stack.insertPlain(ctx, benchEvent()) }
	took, err := latencies(400, insert)
	if err != nil {
		return m, err
	}
	m.insert = percentile(took, 0.5)
	if m.inserts, err = medianOf(3, func() (float64, error) {
		began := time.Now()
		err := many(256, inserts, insert)
		return float64(inserts) / time.Since(began).Seconds(), err
	}); err != nil {
		return m, err
	}
	if _, err := b.stack.copyPlain(ctx, rows); err != nil {
		return m, err
	}
	m.rows, err = medianOf(5, func() (float64, error) { return bareScan(ctx, b.stack.admin, "public.plain") })
	return m, err
}

func medianOf(times int, do func() (float64, error)) (float64, error) {
	all := make([]float64, times)
	for i := range all {
		var err error
		if all[i], err = do(); err != nil {
			return 0, err
		}
	}
	slices.Sort(all)
	return all[times/2], nil
}

// below and rateAtLeast add a line with an absolute goal, scaled where the machine was measured.
func (b *bench) below(what string, ours, goal time.Duration) {
	scaled := time.Duration(float64(goal) * b.scaledBy())
	met := ours < scaled
	b.lines = append(b.lines, line{What: what, Ours: ms(ours), Goal: "< " + b.goal(ms(scaled), ms(goal)+" × f"), Met: &met})
}

func (b *bench) rateAtLeast(what string, ours, goal float64) {
	scaled := goal / b.scaledBy()
	met := ours >= scaled
	b.lines = append(b.lines, line{What: what, Ours: perSecond(ours), Goal: "≥ " + b.goal(perSecond(scaled), perSecond(goal)+" ÷ f"), Met: &met})
}

func (b *bench) goal(scaled, from string) string {
	if b.scaledBy() == 1 {
		return scaled
	}
	return scaled + " (" + from + ")"
}

func (b *bench) scaledBy() float64 { return max(1, b.f) }

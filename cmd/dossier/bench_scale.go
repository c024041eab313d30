package main

import (
	"context"
	"slices"
	"time"
)

// machine is what the same plain INSERTs do on every machine: absolute goals are scaled by it (docs/adr/0016).
type machine struct {
	p50  time.Duration // of one client, with fsync
	rate float64       // a second, of 256 workers on at most 80 connections
}

// usual is the machine that absolute goals are meant for: the rate is that of the one they were set on.
var usual = machine{p50: time.Millisecond, rate: 8500}

// factor is how much slower this machine is, by whichever of the two says more; 1 for a faster one.
func (m machine) factor() float64 {
	return max(1, float64(m.p50)/float64(usual.p50), usual.rate/m.rate)
}

// scale measures the machine for the goals that follow.
func (b *bench) scale(ctx context.Context) error {
	if err := b.stack.plainTable(ctx); err != nil {
		return err
	}
	b.say("the machine: plain INSERTs")
	insert := func() error { return b.stack.insertPlain(ctx, benchEvent()) }
	took, err := latencies(400, insert)
	if err != nil {
		return err
	}
	n, rates := 8000, make([]float64, 3)
	if b.quick {
		n = 400
	}
	for i := range rates {
		began := time.Now()
		if err := many(256, n, insert); err != nil {
			return err
		}
		rates[i] = float64(n) / time.Since(began).Seconds()
	}
	slices.Sort(rates)
	m := machine{p50: percentile(took, 0.5), rate: rates[1]}
	b.f = m.factor()
	b.note("absolute goals are scaled by f = %.2f: plain durable INSERTs took %s (p50, one client; f 1: %s) and came to %.0f/s (256 workers; f 1: %.0f/s)",
		b.f, ms(m.p50), ms(usual.p50), m.rate, usual.rate)
	return nil
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

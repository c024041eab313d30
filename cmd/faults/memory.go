package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

// memorySoak says what a run of `faults memory` is.
type memorySoak struct {
	program         string
	span, every     time.Duration
	commands, reads int // a second
	streams         int // readers that stay
	warm            int // dossiers led to their end before anything is measured
	growth          float64
	out, talk       io.Writer
}

// runMemory lets a whole `dossier dev` work at a steady rate and watches whether it grows.
func runMemory(ctx context.Context, args []string, out, talk io.Writer) int {
	m := memorySoak{out: out, talk: talk}
	flags := flag.NewFlagSet("faults memory", flag.ContinueOnError)
	flags.SetOutput(talk)
	flags.StringVar(&m.program, "program", "bin/dossier", "what is run")
	minutes := flags.Float64("minutes", 30, "how long")
	flags.DurationVar(&m.every, "every", 5*time.Second, "between two samples")
	flags.IntVar(&m.commands, "commands", 300, "a second")
	flags.IntVar(&m.reads, "reads", 300, "a second: dossiers, histories, lists, feed, pages")
	flags.IntVar(&m.streams, "streams", 10, "readers that stay: event streams and live lists")
	flags.IntVar(&m.warm, "warm", 9000, "dossiers led to their end before anything is measured, as fast as goes: more than the projector remembers")
	flags.Float64Var(&m.growth, "growth", 10, "percent that a figure may grow from the first third to the last")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return exitUsage
	}
	m.span = time.Duration(*minutes * float64(time.Minute))
	if m.span < enough*m.every || m.every <= 0 || m.commands <= 0 || m.reads <= 0 || m.growth <= 0 || flags.NArg() > 0 {
		fmt.Fprintf(talk, "usage: faults memory [-minutes N] [-every D] [-commands N] [-reads N] [-streams N] [-growth PERCENT]; room for %d samples\n", enough)
		return exitUsage
	}
	wrong, err := m.run(ctx)
	return end(wrong, err, out, talk)
}

func (m memorySoak) run(ctx context.Context) (wrong string, err error) {
	dir, err := os.MkdirTemp("", "dossier-memory-")
	if err != nil {
		return "", fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // Postgres runs as another user when we are root
		return "", fmt.Errorf("open the folder: %w", err)
	}
	p, err := develop(ctx, m.program, dir)
	if err != nil {
		return "", err
	}
	defer p.stop()
	fmt.Fprintf(m.out, "dossier dev, process %d, for %s: %d commands and %d reads a second, %d streams\n", p.cmd.Process.Pid, m.span, m.commands, m.reads, m.streams)
	look, c := newSampler(p, dir), newCallers(p.address())
	samples, before, err := m.load(ctx, look, c)
	if err != nil {
		return "", fmt.Errorf("%w; it said: %s", err, p.said)
	}
	fmt.Fprintf(m.out, "\n%s\n\n", c.figures(samples[len(samples)-1].at))
	wrong = judgeGrowth(samples, m.growth/100, m.out)
	return cmp.Or(wrong, m.atRest(ctx, look, before)), c.failed()
}

// warming is the share of a run, at least, in which pools, caches and plans fill. It is not measured.
const warming = 6

// load lets callers work until what is remembered of dossiers is full, rest, and work for the time that is measured. before is the rest.
func (m memorySoak) load(ctx context.Context, look *sampler, c *callers) (samples []sample, before sample, err error) {
	fast := m
	fast.commands *= 10
	for began := time.Now(); time.Since(began) < m.span/warming || c.ended.Load() < int64(m.warm); {
		if _, err = fast.watch(ctx, look, c, 0, min(m.span/warming, time.Minute), 0); err != nil {
			return nil, before, err
		}
	}
	fmt.Fprintf(m.out, "warm: %d dossiers have come to their end\n", c.ended.Load())
	if before, err = m.settle(ctx, look); err != nil {
		return nil, before, err
	}
	samples, err = m.watch(ctx, look, c, m.span/warming, m.span, enough)
	return samples, before, err
}

// settle waits until as many goroutines as before are there three times.
func (m memorySoak) settle(ctx context.Context, look *sampler) (s sample, err error) {
	for same := 0; same < 3; {
		wait(ctx, time.Second)
		taken, err := look.take(ctx)
		if err != nil {
			return s, err
		}
		if same++; taken.figures[goroutines] != s.figures[goroutines] {
			same = 0
		}
		s = taken
	}
	return s, nil
}

// atRest waits until what served the callers has ended, and says what has not, "" for nothing: a goroutine that stays after its caller
// has left shows here, however rare it is.
func (m memorySoak) atRest(ctx context.Context, look *sampler, before sample) (wrong string) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var after sample
	most := before.figures[goroutines]*(1+m.growth/100) + figures[goroutines].slack
	err := until(ctx, func() (err error) {
		if after, err = look.take(ctx); err == nil && after.figures[goroutines] > most {
			err = errors.New("too many")
		}
		return err
	})
	fmt.Fprintf(m.out, "\nat rest after warming: %s\nat rest in the end:    %s\n", before, after)
	if err != nil {
		return fmt.Sprintf("goroutines at rest grew from %.0f to %.0f: %v", before.figures[goroutines], after.figures[goroutines], err)
	}
	return ""
}

// enough is how many samples there are at least, however slow the machine is.
const enough = 30

// watch takes a sample now and then while callers work, from a moment of the run to another.
func (m memorySoak) watch(ctx context.Context, look *sampler, c *callers, from, to time.Duration, least int) (samples []sample, err error) {
	working, rest := context.WithCancel(ctx)
	stopped := c.work(working, m)
	defer stopped()
	defer rest()
	began, tick := time.Now().Add(-from), time.NewTicker(m.every)
	defer tick.Stop()
	for told := time.Now(); time.Since(began) < to || len(samples) < least; {
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-tick.C:
		}
		taken, err := look.take(ctx)
		if err != nil {
			return nil, err
		}
		taken.at = time.Since(began)
		samples = append(samples, taken)
		if time.Since(told) >= time.Minute {
			told = time.Now()
			fmt.Fprintf(m.talk, "%6s  %s; %s\n", taken.at.Round(time.Second), taken, c.figures(taken.at))
		}
	}
	return samples, nil
}

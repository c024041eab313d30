// Command bench measures the journal and its relay beside the stores and outboxes that one would otherwise pick: one run, one
// machine, one durable Postgres, the same events. It is a module of its own so that the peers stay out of the product's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"syscall"
)

var errMissed = errors.New("goal missed")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, errMissed):
		os.Exit(3)
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, log io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(log)
	rounds := flags.Int("rounds", 3, "interleaved rounds; figures are medians")
	quick := flags.Bool("quick", false, "one short round: to see that it runs, not to quote; goals do not fail it")
	results := flags.String("results", "", "also write the figures to this JSON file")
	charts := flags.String("charts", "", "also draw charts into this folder")
	only := flags.String("only", "", "measure only what begins with this: append, read, relay or commit, or more of the line's name")
	profile := flags.String("cpuprofile", "", "write a CPU profile of this process (ours and the Go baselines) to a file")
	if err := flags.Parse(args); err != nil {
		return flag.ErrHelp
	}
	m := &measurement{plan: fullPlan(*rounds), log: log}
	if *quick {
		m.plan = quickPlan()
	}
	m.only = *only
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	if err := m.run(ctx); err != nil {
		return err
	}
	m.report.print(out)
	if *results != "" {
		if err := m.report.save(*results); err != nil {
			return err
		}
	}
	if *charts != "" {
		if err := m.report.draw(*charts); err != nil {
			return err
		}
	}
	if n := m.report.missed(); n > 0 && !*quick {
		return fmt.Errorf("%d: %w", n, errMissed)
	}
	return nil
}

// versionOf says which version of a module this program was built with.
func versionOf(module string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			if d.Path == module {
				return d.Version
			}
		}
	}
	return "unknown"
}

func machine() string {
	return fmt.Sprintf("%d cores, %s %s", runtime.NumCPU(), runtime.Version(), runtime.GOARCH)
}

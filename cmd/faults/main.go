// Command faults lets a whole dossier run while its broker, its database, its clocks and its wires fail at random, and then
// holds what callers were told, the journal, Kafka and the views against each other.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Exit codes: 2 for a wrong command line, 3 when something is lost, doubled, reordered or stuck.
const (
	exitUsage = 2
	exitWrong = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// commands are what it does beside the soak.
var commands = map[string]func(ctx context.Context, args []string, out, talk io.Writer) int{
	"hostile": runHostile,
	"memory":  runMemory,
}

func run(ctx context.Context, args []string, out, talk io.Writer) int {
	if len(args) > 0 && commands[args[0]] != nil {
		return commands[args[0]](ctx, args[1:], out, talk)
	}
	flags := flag.NewFlagSet("faults", flag.ContinueOnError)
	flags.SetOutput(talk)
	minutes := flags.Float64("minutes", 10, "how long faults are injected")
	seed := flags.Uint64("seed", 0, "repeats a schedule of faults; 0 takes a new one")
	verbose := flags.Bool("v", false, "print every warning")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return exitUsage
	}
	if *minutes <= 0 || flags.NArg() > 0 {
		fmt.Fprintln(talk, "usage: faults [-minutes N] [-seed S] [-v]; N is above 0. Or: faults hostile -h, faults memory -h")
		return exitUsage
	}
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	var read slog.Handler
	if *verbose {
		read = slog.NewTextHandler(talk, &slog.HandlerOptions{Level: slog.LevelWarn})
	}
	wrong, err := soakFor(ctx, time.Duration(*minutes*float64(time.Minute)), *seed, read, out)
	return end(wrong, err, out, talk)
}

// end says how it came out and returns the exit code.
func end(wrong string, err error, out, talk io.Writer) int {
	switch {
	case wrong != "":
		fmt.Fprintf(out, "\nWRONG: %s\n", wrong)
		return exitWrong
	case err != nil:
		fmt.Fprintf(talk, "faults: %v\n", err)
		return 1
	}
	fmt.Fprintln(out, "\nall is well")
	return 0
}

func soakFor(ctx context.Context, span time.Duration, seed uint64, read slog.Handler, out io.Writer) (wrong string, err error) {
	fmt.Fprintf(out, "seed %d, %s\n", seed, span)
	w, err := newWorld(ctx, settings{seed: seed, nodes: 2, read: read})
	if err != nil {
		return "", err
	}
	defer w.close()
	s := &soak{w: w, out: out, busy: map[string]bool{}, injected: map[string]int{}}
	s.run(ctx, span)
	judging, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute+span)
	defer cancel()
	return s.finish(judging)
}

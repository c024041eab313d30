package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v3"
)

// benchCommand measures each part beside its baseline, in turns, in the same run: figures are ratios and medians of five.
func (a *app) benchCommand() *cli.Command {
	measure := func(name, usage string, run func(context.Context, *bench) error, own ...cli.Flag) *cli.Command {
		return &cli.Command{
			Name: name, Usage: usage,
			Flags: append([]cli.Flag{
				&cli.IntFlag{Name: "rounds", Value: 5, Usage: "interleaved rounds; figures are medians"},
				&cli.BoolFlag{Name: "quick", Usage: "one short round: to see that it runs, not to quote"},
				&cli.StringFlag{Name: "cpuprofile", Usage: "write a CPU profile of this process to a file", TakesFile: true},
				formatFlag(),
			}, own...),
			Action: func(ctx context.Context, cmd *cli.Command) error { return a.bench(ctx, cmd, name, run) },
		}
	}
	return group(&cli.Command{
		Name: "bench", Usage: "measure, each with its baseline in the same run; exit 3 when a goal is missed",
		Commands: []*cli.Command{
			measure("append", "durable appends against plain INSERTs with a sequence and against COPY", benchAppend),
			measure("replay", "reading the journal in order against a bare scan of the same rows", benchReplay),
			measure("relay", "journal to Kafka against watermill-kafka's publisher, and from commit to a consumer", benchRelay, kafkaFlag()),
			measure("project", "command to visible row, and a burst through the whole pipe", benchProject, kafkaFlag()),
			measure("rebuild", "status and timeline made anew while commands and reads go on, each answer checked", benchRebuild,
				&cli.Int64Flag{Name: "events", Value: 400_000, Usage: "in the journal"}),
			measure("vault", "people found at the counter among a million, and names revealed, against the same in clear", benchVault,
				&cli.Int64Flag{Name: "events", Aliases: []string{"persons"}, Value: 1_000_000, Usage: "persons"}),
			measure("api", "200 users at once over HTTP on 100,000 dossiers: commands, reads, worklists, a batch of 100,000; against net/http over plain tables", benchAPI,
				&cli.StringFlag{Name: "data", Usage: "fill the database in this folder and keep it: the next run uses it again", TakesFile: true}),
			measure("growth", "appends to a journal of many events against one of 200,000", benchGrowth,
				&cli.Int64Flag{Name: "events", Value: 20_000_000, Usage: "in the large journal (fills some 600 bytes of disk for each)"},
				&cli.StringFlag{Name: "data", Usage: "fill the large journal in this folder and keep it: the next run uses it again", TakesFile: true}),
		},
	})
}

// bench is one measurement: a private durable Postgres, rounds, and the lines it will print.
type bench struct {
	out    io.Writer
	log    io.Writer
	rounds int
	quick  bool
	events int64 // rebuild and growth only
	stack  *benchStack
	f      float64 // by which absolute goals are scaled, see scale
	kafka  benchKafka
	lines  []line
	notes  []string
}

// line is one result: what was measured, ours, the baseline's, their ratio, and whether it holds.
type line struct {
	What     string `json:"what"`
	Ours     string `json:"ours"`
	Baseline string `json:"baseline,omitempty"`
	Ratio    string `json:"ratio,omitempty"`
	Goal     string `json:"goal,omitempty"`
	Met      *bool  `json:"met,omitempty"`
}

func (a *app) bench(ctx context.Context, cmd *cli.Command, name string, run func(context.Context, *bench) error) error {
	b := &bench{out: a.stdout, log: a.stderr, rounds: cmd.Int("rounds"), quick: cmd.Bool("quick"), events: cmd.Int64("events")}
	if b.quick {
		b.rounds = 1
	}
	kafka, err := a.benchKafka(cmd)
	if err != nil {
		return err
	}
	b.kafka = kafka
	stack, err := startBenchStack(ctx, cmd.String("data"))
	if err != nil {
		return err
	}
	defer stack.stop()
	b.stack = stack
	fmt.Fprintf(a.stderr, "bench %s: %s, %d cores, Postgres %s, fsync on, %d rounds in turns\n", name, runtime.Version(), runtime.NumCPU(), stack.version, b.rounds)
	if file := cmd.String("cpuprofile"); file != "" {
		stop, err := profile(file)
		if err != nil {
			return err
		}
		defer stop()
	}
	if err := run(ctx, b); err != nil {
		return fmt.Errorf("bench %s: %w", name, err)
	}
	return b.print(cmd)
}

func profile(file string) (stop func(), err error) {
	f, err := os.Create(file)
	if err != nil {
		return nil, usageError{err}
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("start profile: %w", err)
	}
	return func() { pprof.StopCPUProfile(); f.Close() }, nil
}

func (b *bench) print(cmd *cli.Command) error {
	t := &table{columns: []string{"measure", "ours", "baseline", "ratio", "goal", ""}}
	missed := 0
	for _, l := range b.lines {
		verdict := ""
		if l.Met != nil {
			verdict = "MET"
			if !*l.Met {
				verdict, missed = "MISSED", missed+1
			}
		}
		t.add(l, l.What, l.Ours, l.Baseline, l.Ratio, l.Goal, verdict)
	}
	t.note = strings.Join(b.notes, "\n")
	if err := t.print(b.out, cmd); err != nil {
		return err
	}
	if missed > 0 && !b.quick {
		return checkError{fmt.Errorf("%d goal(s) missed", missed)}
	}
	return nil
}

// atLeast and atMost add a line with a goal; report adds one without.
func (b *bench) atLeast(what, ours, baseline string, ratio, goal float64) {
	met := ratio >= goal
	b.lines = append(b.lines, line{what, ours, baseline, fmt.Sprintf("%.2f", ratio), fmt.Sprintf("≥ %.2f", goal), &met})
}

func (b *bench) atMost(what, ours, baseline string, ratio, goal float64) {
	met := ratio <= goal
	b.lines = append(b.lines, line{what, ours, baseline, fmt.Sprintf("%.2f", ratio), fmt.Sprintf("≤ %.2f", goal), &met})
}

func (b *bench) megabytesBelow(what string, ours, goal int) {
	met := ours < goal
	b.lines = append(b.lines, line{What: what, Ours: fmt.Sprintf("%d MB", ours), Goal: fmt.Sprintf("< %d MB", goal), Met: &met})
}

func (b *bench) report(what, ours string) { b.lines = append(b.lines, line{What: what, Ours: ours}) }

func (b *bench) note(format string, args ...any) {
	b.notes = append(b.notes, fmt.Sprintf(format, args...))
}

func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.log, format+"\n", args...) }

// atRate does it at a fixed rate, whatever the answers take, and tells each when it was due: a late sender does not hide a wait.
func atRate(rate int, span time.Duration, do func(due time.Time)) {
	var wg sync.WaitGroup
	end := time.Now().Add(span)
	for due := time.Now(); due.Before(end); due = due.Add(time.Second / time.Duration(rate)) {
		time.Sleep(time.Until(due))
		wg.Go(func() { do(due) })
	}
	wg.Wait()
}

// inTurns runs each of the things once per round, A B C A B C …, so that a noisy moment hits all of them, and returns medians.
func (b *bench) inTurns(things ...func() (float64, error)) ([]float64, error) {
	results := make([][]float64, len(things))
	for round := range b.rounds {
		for i, thing := range things {
			v, err := thing()
			if err != nil {
				return nil, err
			}
			results[i] = append(results[i], v)
		}
		b.say("  round %d of %d done", round+1, b.rounds)
	}
	medians := make([]float64, len(things))
	for i, r := range results {
		medians[i] = median(r)
	}
	return medians, nil
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// percentile expects sorted durations.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(float64(len(sorted))*p), len(sorted)-1)]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond)) }

func perSecond(v float64) string { return fmt.Sprintf("%.0f/s", v) }

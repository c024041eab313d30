package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/urfave/cli/v3"

	"dossier/handlers/exchange"
	"dossier/internal/config"
	"dossier/internal/devstack"
)

func (a *app) importCommand() *cli.Command {
	return group(&cli.Command{
		Name: "import", Usage: "bring in history from an old system",
		Commands: []*cli.Command{{
			Name: "xes", Usage: "import an IEEE 1849 XES log (plain or gzip); run it again at any time: what is there already is met again", ArgsUsage: "FILE",
			Flags: []cli.Flag{
				&cli.StringFlag{Name: "mapping", Aliases: []string{"m"}, Required: true, Usage: "which activity and attribute becomes which command (docs/import.md)", TakesFile: true},
				&cli.BoolFlag{Name: "dry-run", Usage: "read and decide everything, keep nothing"},
				dataFlag(),
				&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Value: "table", Usage: "table or json", Sources: cli.EnvVars("DOSSIER_OUTPUT")},
			},
			Action: a.importXES,
		}},
	})
}

func (a *app) importXES(ctx context.Context, cmd *cli.Command) error {
	if cmd.Args().Len() != 1 {
		return usageError{errors.New("say which file: dossier import xes FILE --mapping M.yaml")}
	}
	mapping, err := exchange.LoadMapping(cmd.String("mapping"))
	if err != nil {
		return err
	}
	name := cmd.Args().First()
	file, err := os.Open(name)
	if err != nil {
		return usageError{err}
	}
	defer file.Close()
	progress, done := a.progress(filepath.Base(name))
	defer done()
	options := exchange.Options{Progress: progress}
	began := time.Now()
	if cmd.Bool("dry-run") {
		summary, err := exchange.CheckXES(ctx, file, filepath.Base(name), mapping, options)
		return a.printSummary(cmd, summary, err, began)
	}

	s, err := a.openFollowed(ctx, cmd)
	if err != nil {
		return err
	}
	defer s.stop()
	summary, err := exchange.ImportXES(ctx, s.executor, file, filepath.Base(name), mapping, options)
	done()
	if err := a.printSummary(cmd, summary, err, began); err != nil {
		return err
	}
	return a.waitForViews(ctx, s)
}

// printSummary prints the sums also when the import stopped half way: it says what was done.
func (a *app) printSummary(cmd *cli.Command, s exchange.Summary, failed error, began time.Time) error {
	var err error
	if cmd.String("output") == "json" {
		err = printJSON(a.stdout, s)
	} else {
		err = s.Write(a.stdout)
		fmt.Fprintf(a.stdout, "took %.1f s, peak memory of this process %d MB\n", time.Since(began).Seconds(), peakMemory()>>20)
	}
	if failed != nil {
		return failed
	}
	if err == nil && !s.Holds() {
		return checkError{errors.New("the sum does not hold: something of the log was neither imported nor counted")}
	}
	return err
}

// waitForViews returns when lists show what was imported.
func (a *app) waitForViews(ctx context.Context, s *system) error {
	head, err := s.journal.Head(ctx)
	if err != nil {
		return fmt.Errorf("read head: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := s.views.Wait(ctx, head, nil); err != nil {
		fmt.Fprintf(a.stderr, "imported; the views are still catching up: %v\n", err)
	}
	return nil
}

// openFollowed is open, but when nobody runs the stack it is brought up whole, so that the views follow.
func (a *app) openFollowed(ctx context.Context, cmd *cli.Command) (*system, error) {
	cfg, err := config.FromEnv(a.getenv)
	if err != nil {
		return nil, usageError{err}
	}
	folder, err := a.folder(cmd)
	if err != nil {
		return nil, err
	}
	if _, running := runningDev(folder); running || cfg.Database.URL != "" {
		return a.open(ctx, cmd)
	}
	quiet := slog.New(slog.DiscardHandler)
	p, err := a.startPostgres(ctx, folder, quiet)
	if err != nil {
		return nil, err
	}
	kafka, err := devstack.StartKafka(devstack.KafkaOptions{Dir: filepath.Join(folder, "kafka"), Addr: "127.0.0.1:0", Log: quiet})
	if err != nil {
		p.pg.Stop()
		return nil, fmt.Errorf("start Kafka: %w", err)
	}
	p.settings.Kafka.Brokers = []string{kafka.Addr}
	stopStack := func() { kafka.Stop(); p.pg.Stop() }
	proc, err := newProcess(ctx, p.settings, quiet, nil)
	if err != nil {
		stopStack()
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- proc.run(ctx, []string{roleRelay, roleProjector}, nil) }()
	return &system{
		cfg: p.settings, pool: proc.pool, journal: proc.journal, views: proc.views, executor: proc.executor, dev: true, live: true,
		stop: func() { cancel(); <-ended; proc.close(); stopStack() },
	}, nil
}

// peakMemory is the most this process ever held, in bytes.
func peakMemory() int64 {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return u.Maxrss << 10 // kilobytes on Linux
}

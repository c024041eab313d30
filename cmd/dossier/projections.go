package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/urfave/cli/v3"

	"dossier/projections"
)

func (a *app) projectionsCommand() *cli.Command {
	return group(&cli.Command{
		Name: "projections", Usage: "the read models",
		Commands: []*cli.Command{
			{Name: "list", Usage: "where each projection stands, and what it has parked", Flags: []cli.Flag{dataFlag(), formatFlag()}, Action: a.projectionsList},
			{
				Name: "rebuild", Usage: "make projections' tables anew from the journal while the live ones serve, compare them, change over",
				ArgsUsage: "NAME...",
				Description: "Several are made from one reading of the journal, and change over in one transaction. Needs the owner's role (MIGRATE_DATABASE_URL, or\n" +
					"a running development stack). Stopped at any moment it leaves the live tables as they were; called again it goes on. The tables before\n" +
					"stay, under their names with _old, for 'projections rollback'.",
				Flags: []cli.Flag{
					&cli.IntFlag{Name: "workers", Value: runtime.NumCPU() + 1, Usage: "shares of the streams built at a time"},
					&cli.BoolFlag{Name: "restart", Usage: "throw away what a rebuild that was stopped has built"}, dataFlag(), formatFlag(),
				},
				Action: a.projectionsRebuild,
			},
			{
				Name: "rollback", Usage: "take the tables from before the last rebuild back, caught up with everything since",
				ArgsUsage: "NAME...", Flags: []cli.Flag{dataFlag()}, Action: a.projectionsRollback,
			},
			{
				Name: "check", Usage: "compare every row of every projection with a fold of its dossier; exit 3 at the first difference",
				Flags: []cli.Flag{dataFlag()}, Action: a.projectionsCheck,
			},
		},
	})
}

func (a *app) projectionsList(ctx context.Context, cmd *cli.Command) error {
	s, err := a.open(ctx, cmd)
	if err != nil {
		return err
	}
	defer s.stop()
	list, err := projections.Standing(ctx, s.pool)
	if err != nil {
		return fmt.Errorf("read projections: %w", err)
	}
	t := &table{columns: []string{"projection", "version", "true at", "behind", "parked", "moved"}}
	for _, p := range list {
		t.add(p, p.Name, fmt.Sprint(p.Version), fmt.Sprint(p.Position), fmt.Sprint(p.Behind), fmt.Sprint(p.Parked), p.MovedAt.Format(time.RFC3339))
	}
	return t.print(a.stdout, cmd)
}

// rebuilder opens the system, and the owner's way into its database.
func (a *app) rebuilder(ctx context.Context, cmd *cli.Command) (projections.Rebuilder, func(), error) {
	s, err := a.open(ctx, cmd)
	if err != nil {
		return projections.Rebuilder{}, nil, err
	}
	url, err := a.ownerURL(cmd)
	if err != nil {
		s.stop()
		return projections.Rebuilder{}, nil, err
	}
	workers := max(cmd.Int("workers"), 1)
	owner, err := openPool(ctx, url, int32(max(workers, len(projections.Live())))+2)
	if err != nil {
		s.stop()
		return projections.Rebuilder{}, nil, err
	}
	r := projections.Rebuilder{Owner: owner, Views: s.views, Workers: workers, Restart: cmd.Bool("restart")}
	return r, func() { owner.Close(); s.stop() }, nil
}

func (a *app) projectionsRebuild(ctx context.Context, cmd *cli.Command) error {
	r, stop, err := a.rebuilder(ctx, cmd)
	if err != nil {
		return err
	}
	defer stop()
	progress, done := a.progress("events")
	r.Progress = progress
	r.Step = func(what string) { fmt.Fprintln(a.stderr, what) }
	rebuilt, err := r.Rebuild(ctx, cmd.Args().Slice()...)
	done()
	if err != nil {
		return noProjection(err)
	}
	t := &table{columns: []string{"projections", "events", "compared rows", "went on", "took"}}
	t.add(rebuilt, strings.Join(rebuilt.Projections, ", "), fmt.Sprint(rebuilt.Events), fmt.Sprint(rebuilt.Compared), fmt.Sprint(rebuilt.Resumed), rebuilt.Took.Round(time.Millisecond).String())
	return t.print(a.stdout, cmd)
}

func (a *app) projectionsRollback(ctx context.Context, cmd *cli.Command) error {
	r, stop, err := a.rebuilder(ctx, cmd)
	if err != nil {
		return err
	}
	defer stop()
	if err := r.Rollback(ctx, cmd.Args().Slice()...); err != nil {
		return noProjection(err)
	}
	fmt.Fprintln(a.stdout, "what was before is live again, caught up with everything since")
	return nil
}

func (a *app) projectionsCheck(ctx context.Context, cmd *cli.Command) error {
	s, err := a.open(ctx, cmd)
	if err != nil {
		return err
	}
	defer s.stop()
	progress, done := a.progress("views")
	report, err := projections.Verify(ctx, s.pool, s.journal, progress)
	done()
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	if d := report.Difference; d != nil {
		return checkError{fmt.Errorf("%s; find out who changed it, then 'dossier projections rebuild'", d)}
	}
	fmt.Fprintf(a.stdout, "%d dossiers refolded, %d rows compared, true at position %d: no difference\n", report.Streams, report.Rows, report.Position)
	return nil
}

func (a *app) parkedCommand() *cli.Command {
	return group(&cli.Command{
		Name: "parked", Usage: "dossiers that a projection could not follow: their rows are stale, all others go on",
		Commands: []*cli.Command{
			{Name: "list", Usage: "which, since when, and why", Flags: []cli.Flag{dataFlag(), formatFlag()}, Action: a.parkedList},
			{
				Name: "retry", Usage: "try one dossier, or all, again at once; exit 3 when one still stands still", ArgsUsage: "[ID]",
				Flags: []cli.Flag{dataFlag(), formatFlag()}, Action: a.parkedRetry,
			},
		},
	})
}

func (a *app) parkedList(ctx context.Context, cmd *cli.Command) error {
	s, err := a.open(ctx, cmd)
	if err != nil {
		return err
	}
	defer s.stop()
	list, err := projections.Parked(ctx, s.pool)
	if err != nil {
		return err
	}
	t := &table{columns: []string{"projection", "dossier", "from position", "attempts", "parked", "next attempt", "why"}}
	for _, p := range list {
		t.add(p, p.Projection, p.Stream.String(), fmt.Sprint(p.Position), fmt.Sprint(p.Attempts),
			p.ParkedAt.Format(time.RFC3339), p.RetryAt.Format(time.RFC3339), p.Error)
	}
	if len(list) == 0 {
		t.note = "nothing is parked: every projection follows every dossier"
	}
	return t.print(a.stdout, cmd)
}

func (a *app) parkedRetry(ctx context.Context, cmd *cli.Command) error {
	id := uuid.Nil
	if text := cmd.Args().First(); text != "" {
		var err error
		if id, err = uuid.Parse(text); err != nil {
			return usageError{fmt.Errorf("dossier id %q: want the id that 'dossier parked list' shows: %w", text, err)}
		}
	}
	s, err := a.open(ctx, cmd)
	if err != nil {
		return err
	}
	defer s.stop()
	tried, err := projections.RetryParked(ctx, s.pool, s.journal, id)
	if err != nil {
		return err
	}
	t := &table{columns: []string{"projection", "dossier", "follows again", "attempts", "why not"}}
	left := map[uuid.UUID]bool{}
	for _, r := range tried {
		why := ""
		if !r.Whole {
			why, left[r.Stream] = r.Error, true
		}
		t.add(r, r.Projection, r.Stream.String(), fmt.Sprint(r.Whole), fmt.Sprint(r.Attempts), why)
	}
	if len(tried) == 0 {
		t.note = "nothing of that is parked"
	}
	if err := t.print(a.stdout, cmd); err != nil {
		return err
	}
	if len(left) > 0 {
		return checkError{fmt.Errorf("dossiers that still stand still: %d", len(left))}
	}
	return nil
}

func noProjection(err error) error {
	if errors.Is(err, projections.ErrNoProjection) {
		return usageError{err}
	}
	return err
}

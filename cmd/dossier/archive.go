package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/urfave/cli/v3"

	"dossier/eventstore"
	"dossier/internal/config"
)

// archiveCommand moves cold partitions of the journal to files and back, as the owner's role.
func (a *app) archiveCommand() *cli.Command {
	flags := []cli.Flag{
		&cli.StringFlag{Name: "dir", Usage: "folder of the archive files", Sources: cli.EnvVars("ARCHIVE_DIR"), TakesFile: true},
		dataFlag(), formatFlag(),
	}
	step := func(name, usage string, run func(*eventstore.Archive, context.Context) (eventstore.Part, error)) *cli.Command {
		return &cli.Command{Name: name, Usage: usage, Flags: flags, Action: func(ctx context.Context, cmd *cli.Command) error {
			return a.archiveStep(ctx, cmd, run)
		}}
	}
	return group(&cli.Command{
		Name: "archive", Usage: "move cold partitions of the journal to files that replay and verify still read (MIGRATE_DATABASE_URL: the owner's role)",
		Commands: []*cli.Command{
			{Name: "list", Usage: "every stretch of positions and where it lives", Flags: flags, Action: a.archiveList},
			step("detach", "write the oldest full partition to a file, compare, and take it out of the journal's table", (*eventstore.Archive).Detach),
			step("drop", "compare the oldest detached partition with its file once more and delete its table", (*eventstore.Archive).Drop),
			step("restore", "bring the newest archived partition back", (*eventstore.Archive).Restore),
		},
	})
}

// archive opens the owner's pool and the folder of files.
func (a *app) archive(ctx context.Context, cmd *cli.Command) (*eventstore.Archive, func(), error) {
	cfg, err := config.FromEnv(a.getenv)
	if err != nil {
		return nil, nil, usageError{err}
	}
	url, err := a.ownerURL(cmd)
	if err != nil {
		return nil, nil, err
	}
	dir := cmd.String("dir")
	if dir == "" {
		dir = cfg.ArchiveDir
	}
	if folder, err := a.folder(cmd); dir == "" && err == nil {
		if dev, ok := runningDev(folder); ok && cfg.Database.MigrateURL == "" {
			dir = dev.ArchiveDir
		}
	}
	if dir == "" {
		return nil, nil, usageError{errors.New("no folder for archive files: set ARCHIVE_DIR or say --dir")}
	}
	pool, err := openPool(ctx, url, 4)
	if err != nil {
		return nil, nil, err
	}
	archive := eventstore.NewArchive(pool, dir)
	progress, end := a.progress("positions")
	archive.Progress = progress
	return archive, func() { end(); pool.Close() }, nil
}

func (a *app) archiveList(ctx context.Context, cmd *cli.Command) error {
	archive, done, err := a.archive(ctx, cmd)
	if err != nil {
		return err
	}
	defer done()
	parts, err := archive.List(ctx)
	if err != nil {
		return err
	}
	return a.printParts(cmd, parts)
}

func (a *app) archiveStep(ctx context.Context, cmd *cli.Command, run func(*eventstore.Archive, context.Context) (eventstore.Part, error)) error {
	archive, done, err := a.archive(ctx, cmd)
	if err != nil {
		return err
	}
	part, err := run(archive, ctx)
	done()
	if err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	return a.printParts(cmd, []eventstore.Part{part})
}

func (a *app) printParts(cmd *cli.Command, parts []eventstore.Part) error {
	t := &table{columns: []string{"from", "to", "where", "file"}}
	if len(parts) == 0 {
		t.note = "the journal is empty"
	}
	for _, p := range parts {
		t.add(p, strconv.FormatInt(p.From, 10), strconv.FormatInt(p.To, 10), p.Where, p.File)
	}
	return t.print(a.stdout, cmd)
}

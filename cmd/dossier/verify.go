package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v3"

	"dossier/eventstore"
	"dossier/handlers"
	"dossier/projections"
)

func (a *app) verifyCommand() *cli.Command {
	return &cli.Command{
		Name: "verify", Usage: "prove the history: no holes, every event decodes, every view row equals a fold; exit 3 at the first difference",
		Flags:  []cli.Flag{dataFlag()},
		Action: a.verify,
	}
}

func (a *app) verify(ctx context.Context, cmd *cli.Command) error {
	began := time.Now()
	s, err := a.open(ctx, cmd)
	if err != nil {
		return err
	}
	defer s.stop()
	head, err := s.journal.Head(ctx)
	if err != nil {
		return fmt.Errorf("read head: %w", err)
	}

	progress, done := a.progress("journal")
	wrong, err := s.journal.Verify(ctx, progress)
	done()
	if errors.As(err, new(*eventstore.ArchiveError)) {
		return checkError{fmt.Errorf("what cannot be read cannot be proved: %w", err)}
	}
	if err != nil {
		return fmt.Errorf("verify journal: %w", err)
	}
	if wrong != nil {
		return checkError{fmt.Errorf("the journal does not hold at position %d, stream %s: %s", wrong.Position, wrong.Stream, wrong.What)}
	}
	fmt.Fprintf(a.stdout, "journal      %d events: positions 1 to %d without a hole, versions without a hole, times in order\n", head, head)
	if err := a.sayArchived(ctx, s); err != nil {
		return err
	}

	progress, done = a.progress("access")
	entries, wrong, err := s.executor.Access().Verify(ctx, progress)
	done()
	if errors.As(err, new(*eventstore.ArchiveError)) {
		return checkError{fmt.Errorf("what cannot be read cannot be proved: %w", err)}
	}
	if err != nil {
		return fmt.Errorf("verify access journal: %w", err)
	}
	if wrong != nil {
		return checkError{fmt.Errorf("the access journal does not hold at position %d, stream %s: %s", wrong.Position, wrong.Stream, wrong.What)}
	}
	fmt.Fprintf(a.stdout, "access       %d entries: positions and versions without a hole, every entry decodes and stands with its account\n", entries)

	if err := a.verifyFiles(ctx, s); err != nil {
		return err
	}

	if err := a.verifySignatures(ctx, s); err != nil {
		return err
	}

	progress, done = a.progress("vault")
	words, err := s.executor.CheckWords(ctx, progress)
	done()
	switch {
	case err != nil:
		return fmt.Errorf("verify vault: %w", err)
	case words.Wrong != nil:
		return checkError{fmt.Errorf("the vault does not hold: the text of event %d of dossier %s is %s", words.Wrong.Position, words.Dossier, words.Wrong.Why)}
	case s.executor.Vault() != nil:
		persons, err := handlers.NewPersons(s.executor, s.views).Check(ctx)
		if err != nil {
			return fmt.Errorf("verify vault: %w", err)
		}
		if persons.Wrong != "" {
			return checkError{fmt.Errorf("the vault does not hold: %s", persons.Wrong)}
		}
		fmt.Fprintf(a.stdout, "vault        %d texts and %d persons as the events committed to them; erased by decision: %d texts, %d persons\n", words.Texts-words.Erased, persons.Known, words.Erased, persons.Erased)
	}

	progress, done = a.progress("views")
	report, err := projections.Verify(ctx, s.pool, s.journal, progress)
	done()
	if err != nil {
		return fmt.Errorf("verify views: %w", err)
	}
	if d := report.Difference; d != nil {
		return checkError{fmt.Errorf("the views do not hold: %s", d)}
	}
	fmt.Fprintf(a.stdout, "views        %d dossiers refolded, %d rows compared, true at position %d of %d\n", report.Streams, report.Rows, report.Position, head)
	if report.Parked > 0 {
		return checkError{fmt.Errorf("dossiers that a projection could not follow: %d; their rows are stale, see 'dossier parked list'", report.Parked)}
	}
	if report.Position < head && !s.live {
		fmt.Fprintf(a.stdout, "             the views are behind: they catch up when the projector runs\n")
	}
	fmt.Fprintf(a.stdout, "holds        (%.1f s)\n", time.Since(began).Seconds())
	return nil
}

// sayArchived says how much of the journal was read from files.
func (a *app) sayArchived(ctx context.Context, s *system) error {
	segments, err := s.journal.Segments(ctx)
	if err != nil || len(segments) == 0 {
		return err
	}
	events := int64(0)
	for _, g := range segments {
		events += g.Events
	}
	fmt.Fprintf(a.stdout, "archive      %d of them from %d file(s), each with the SHA-256 it was archived with\n", events, len(segments))
	return nil
}

package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v3"
)

func (a *app) clockCommand() *cli.Command {
	return group(&cli.Command{
		Name: "clock", Usage: "the journal's clock",
		Commands: []*cli.Command{{
			Name: "accept", Usage: "say that the database's clock is right although it jumped ahead; appends go on from there",
			Flags: []cli.Flag{asFlag("admin"), dataFlag()},
			Action: func(ctx context.Context, cmd *cli.Command) error {
				s, err := a.open(ctx, cmd)
				if err != nil {
					return err
				}
				defer s.stop()
				actor, err := s.actor(cmd)
				if err != nil {
					return err
				}
				r, err := s.journal.AcceptClock(ctx, actor)
				if err != nil {
					return fmt.Errorf("accept clock: %w", err)
				}
				if err := s.executor.Access().AcceptClock(ctx, actor); err != nil {
					return fmt.Errorf("accept clock for the access journal: %w", err)
				}
				fmt.Fprintf(a.stdout, "accepted at %s (position %d)\n", r.RecordedAt.Format("2006-01-02 15:04:05 MST"), r.Last)
				return nil
			},
		}},
	})
}

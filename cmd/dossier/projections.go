package main

import (
	"context"
	"fmt"
	"time"

	"github.com/urfave/cli/v3"

	"dossier/projections"
)

func (a *app) projectionsCommand() *cli.Command {
	return group(&cli.Command{
		Name: "projections", Usage: "the read models",
		Commands: []*cli.Command{{
			Name: "list", Usage: "where each projection stands, and what it has parked", Flags: []cli.Flag{dataFlag(), formatFlag()}, Action: a.projectionsList,
		}},
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

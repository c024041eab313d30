package main

import (
	"context"
	"strings"

	"github.com/urfave/cli/v3"

	"dossier/domain/dossier"
)

func (a *app) domainCommand() *cli.Command {
	return group(&cli.Command{
		Name: "domain", Usage: "the rules",
		Commands: []*cli.Command{{
			Name: "table", Usage: "every command: from which states, what it records, who may", Flags: []cli.Flag{formatFlag()},
			Action: func(_ context.Context, cmd *cli.Command) error {
				t := &table{columns: []string{"command", "from", "events", "actors"}}
				for _, row := range dossier.Table() {
					t.add(row, row.Command, join(row.From), join(row.Events), join(row.Actors))
				}
				return t.print(a.stdout, cmd)
			},
		}},
	})
}

func join[T ~string](list []T) string {
	parts := make([]string, len(list))
	for i, v := range list {
		parts[i] = or(string(v), "-")
	}
	return strings.Join(parts, ", ")
}

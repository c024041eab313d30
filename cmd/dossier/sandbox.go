package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v3"

	"dossier/domain/organisation"
	"dossier/handlers"
)

func (a *app) sandboxCommand() *cli.Command {
	return group(&cli.Command{
		Name: "sandbox", Usage: "agencies whose dossiers are tests: integrators try things out there and begin anew",
		Commands: []*cli.Command{
			{Name: "list", Usage: "sandboxes, each with the round that is open", Flags: []cli.Flag{dataFlag(), formatFlag()}, Action: a.listSandboxes},
			{Name: "reset", Usage: "close the open round, so that its dossiers are not there any more, and open the next; units, accounts and keys stay", ArgsUsage: "AGENCY",
				Flags:  []cli.Flag{&cli.StringFlag{Name: "key", Usage: "idempotency key: sent again, it resets once", Sources: cli.EnvVars("DOSSIER_KEY")}, asFlag("admin"), dataFlag(), formatFlag()},
				Action: a.resetSandbox},
		},
	})
}

func (a *app) listSandboxes(ctx context.Context, cmd *cli.Command) error {
	return atDesk(a, cmd, func(d desk) ([]organisation.Sandbox, error) { return d.sandboxes(ctx) }, func(open []organisation.Sandbox) error { return a.printSandboxes(cmd, open...) })
}

func (a *app) resetSandbox(ctx context.Context, cmd *cli.Command) error {
	if cmd.Args().Len() != 1 {
		return usageError{fmt.Errorf("say which: dossier sandbox reset AGENCY; dossier sandbox list names them")}
	}
	return atDesk(a, cmd, func(d desk) (organisation.Sandbox, error) {
		return d.resetSandbox(ctx, cmd.Args().First(), or(cmd.String("key"), handlers.NewKey()))
	}, func(open organisation.Sandbox) error { return a.printSandboxes(cmd, open) })
}

func (a *app) printSandboxes(cmd *cli.Command, open ...organisation.Sandbox) error {
	t := &table{columns: []string{"agency", "round", "mark", "applicants"}}
	for _, s := range open {
		t.add(s, s.Agency, fmt.Sprint(s.Round), s.Name(), s.Agency+"-…")
	}
	return t.print(a.stdout, cmd)
}

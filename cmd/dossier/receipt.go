package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v3"

	"dossier/domain/dossier"
	"dossier/handlers"
)

func (a *app) receiptCommand() *cli.Command {
	return &cli.Command{
		Name: "receipt", Usage: "the receipt of a reception: each dossier taken in together, with its own limit and date", ArgsUsage: "ID|CODE",
		Flags:  []cli.Flag{asFlag("auditor"), dataFlag(), formatFlag()},
		Action: a.receipt,
	}
}

func (a *app) receipt(ctx context.Context, cmd *cli.Command) error {
	return over(a, cmd, func(d desk, target string) (handlers.Reception, error) { return d.receipt(ctx, target) }, func(r handlers.Reception) error { return a.printReception(cmd, r) })
}

func (a *app) printReception(cmd *cli.Command, r handlers.Reception) error {
	if asJSON(cmd) {
		return a.printWhole(cmd, r)
	}
	t := &table{columns: []string{"id", "code", "procedure", "status", "limit", "due", "notes"}}
	for _, d := range r.Dossiers {
		code, due, notes := "", "", ""
		if d.Code != nil {
			code = *d.Code
		}
		if d.Due != nil {
			due = instant(*d.Due)
		}
		if d.Assumed {
			notes = "assumed"
		}
		t.add(d, d.ID.String(), code, d.Procedure, dossier.Label("status", string(d.Status), "vi"), d.LimitEN, due, notes)
	}
	if t.note = fmt.Sprintf("filed %s at %s (%s)", instant(r.FiledAt), r.Unit, r.Channel); r.AnswerBy != nil {
		t.note += "; answer by " + instant(*r.AnswerBy)
	}
	return t.print(a.stdout, cmd)
}

package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v3"

	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/handlers"
)

func (a *app) resultsCommand() *cli.Command {
	return group(&cli.Command{
		Name: "results", Usage: "the register of results: papers that were issued, and whether they stand",
		Commands: []*cli.Command{
			{
				Name: "list", Usage: "papers over all dossiers, the first issued first",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "procedure", Usage: "only of this procedure"}, &cli.StringFlag{Name: "unit", Usage: "only of this unit"},
					&cli.StringFlag{Name: "verdict", Usage: "only valid, expired, replaced or revoked ones"},
					&cli.StringFlag{Name: "renew-by", Usage: "only valid ones whose holders are to be reminded by that day"},
					&cli.IntFlag{Name: "limit", Value: 50, Usage: "at most so many"}, &cli.StringFlag{Name: "cursor", Usage: "from the page before"},
					asFlag("auditor"), dataFlag(), formatFlag(),
				},
				Action: a.listResults,
			},
			{
				Name: "check", Usage: "what anybody may know of a paper", ArgsUsage: "NUMBER|CODE",
				Flags:  []cli.Flag{&cli.StringFlag{Name: "agency", Usage: "code of the agency that issued it"}, asFlag("auditor"), dataFlag(), formatFlag()},
				Action: a.checkResult,
			},
		},
	})
}

func (a *app) listResults(ctx context.Context, cmd *cli.Command) error {
	verdict := dossier.PaperVerdict(cmd.String("verdict"))
	switch verdict {
	case "", dossier.PaperValid, dossier.PaperExpired, dossier.PaperReplaced, dossier.PaperRevoked:
	default:
		return usageError{fmt.Errorf("--verdict %q: say valid, expired, replaced or revoked", verdict)}
	}
	p := papers{procedure: cmd.String("procedure"), unit: cmd.String("unit"), verdict: string(verdict), renewBy: cmd.String("renew-by"), limit: cmd.Int("limit"), cursor: cmd.String("cursor")}
	if p.renewBy != "" {
		if _, err := calendar.ParseDate(p.renewBy); err != nil {
			return usageError{fmt.Errorf("--renew-by %q: give a day such as 2026-12-31", p.renewBy)}
		}
	}
	return atDesk(a, cmd, func(d desk) (register, error) { return d.results(ctx, p) }, func(r register) error { return a.printRegister(cmd, r) })
}

func (a *app) printRegister(cmd *cli.Command, r register) error {
	t := &table{columns: []string{"number", "paper", "verdict", "issued", "valid until", "remind", "notes"}}
	for _, l := range r.lines {
		until, remind, notes := "", "", ""
		if !l.ValidUntil.IsZero() {
			until = instant(l.ValidUntil)
		}
		if at, assumed := l.Reminder(); !at.IsZero() {
			if remind = instant(at); assumed {
				notes = "reminder assumed"
			}
		}
		t.add(l, l.Number, l.Code, string(l.Verdict), instant(l.IssuedAt), until, remind, notes)
	}
	if t.note = fmt.Sprintf("true at position %d", r.at); r.next != "" {
		t.note += "; more with --cursor " + r.next
	}
	return t.print(a.stdout, cmd)
}

func (a *app) checkResult(ctx context.Context, cmd *cli.Command) error {
	if cmd.Args().Len() != 1 {
		return usageError{fmt.Errorf("say which paper: %s NUMBER", cmd.FullName())}
	}
	number, agency := cmd.Args().First(), cmd.String("agency")
	return atDesk(a, cmd, func(d desk) ([]handlers.CheckedResult, error) { return d.checkResult(ctx, number, agency) },
		func(all []handlers.CheckedResult) error { return a.printChecked(cmd, all) })
}

func (a *app) printChecked(cmd *cli.Command, all []handlers.CheckedResult) error {
	t := &table{columns: []string{"number", "verdict", "paper", "issued", "valid until", "replaced by", "decision"}}
	for _, r := range all {
		until := ""
		if r.ValidUntil != nil {
			until = instant(*r.ValidUntil)
		}
		t.add(r, r.Number, string(r.Verdict), r.NameEN, instant(r.IssuedAt), until, r.ReplacedBy, r.Decision)
	}
	return t.print(a.stdout, cmd)
}

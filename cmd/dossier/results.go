package main

import (
	"context"
	"fmt"
	"time"

	"github.com/urfave/cli/v3"

	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/handlers"
	"dossier/projections"
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
	f := projections.ResultFilter{Procedure: cmd.String("procedure"), Unit: cmd.String("unit"), Verdict: verdict, Limit: int(cmd.Int("limit")), Cursor: cmd.String("cursor")}
	if text := cmd.String("renew-by"); text != "" {
		day, err := calendar.ParseDate(text)
		if err != nil {
			return usageError{fmt.Errorf("--renew-by %q: give a day such as 2026-12-31", text)}
		}
		f.RenewBy = (day + 1).Start(handlers.Zone()).Add(-time.Microsecond)
	}
	s, err := a.open(ctx, cmd)
	if err != nil {
		return err
	}
	defer s.stop()
	actor, err := s.reader(ctx, cmd)
	if err != nil {
		return err
	}
	if err := handlers.Authorize(actor, handlers.Act{Kind: handlers.List}); err != nil {
		return err
	}
	f.Now, f.Applicant = s.executor.Now(), handlers.Only(actor)
	if f.Sight, err = s.executor.Sight(ctx, actor); err != nil {
		return err
	}
	page, err := s.views.Results(ctx, f)
	if err != nil {
		return err
	}
	t := &table{columns: []string{"number", "paper", "verdict", "issued", "valid until", "remind", "notes"}}
	for _, r := range page.Rows {
		number, until, remind, notes := r.ID.String(), "", "", ""
		if r.Code != nil {
			number = handlers.ResultNumber(*r.Code, r.Paper.Number)
		}
		if !r.Paper.ValidUntil.IsZero() {
			until = instant(r.Paper.ValidUntil)
		}
		if at, assumed := r.Paper.Reminder(); !at.IsZero() {
			if remind = instant(at); assumed {
				notes = "reminder assumed"
			}
		}
		t.add(struct {
			ID      string               `json:"id"`
			Number  string               `json:"number"`
			Verdict dossier.PaperVerdict `json:"verdict"`
			dossier.Paper
		}{r.ID.String(), number, r.Verdict, r.Paper}, number, r.Paper.Code, string(r.Verdict), instant(r.Paper.IssuedAt), until, remind, notes)
	}
	if t.note = fmt.Sprintf("true at position %d", page.Stamp.Position); page.Next != "" {
		t.note += "; more with --cursor " + page.Next
	}
	return t.print(a.stdout, cmd)
}

func (a *app) checkResult(ctx context.Context, cmd *cli.Command) error {
	if cmd.Args().Len() != 1 {
		return usageError{fmt.Errorf("say which paper: %s NUMBER", cmd.FullName())}
	}
	s, err := a.open(ctx, cmd)
	if err != nil {
		return err
	}
	defer s.stop()
	all, err := s.executor.CheckResult(ctx, s.views, cmd.Args().First(), cmd.String("agency"))
	if err != nil {
		return err
	}
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

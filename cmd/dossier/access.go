package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"dossier/handlers"
)

func (a *app) accessCommand() *cli.Command {
	return group(&cli.Command{
		Name: "access", Usage: "the access journal: who was refused what, by which rule, and who was shown what",
		Commands: []*cli.Command{{
			Name: "list", Usage: "entries, newest first",
			Flags: []cli.Flag{
				&cli.StringFlag{Name: "account", Usage: "entries of this account alone"},
				&cli.StringFlag{Name: "since", Usage: "recorded then or later: RFC 3339, or a date from its first moment"},
				&cli.IntFlag{Name: "limit", Usage: "at most so many", Value: 50},
				asFlag("auditor"), dataFlag(), formatFlag(),
			},
			Action: a.accessList,
		}, {
			Name: "of", Usage: "who opened a dossier, by role and unit; newest first", ArgsUsage: "ID|CODE",
			Flags:  []cli.Flag{&cli.IntFlag{Name: "limit", Usage: "at most so many", Value: 50}, asFlag("auditor"), dataFlag(), formatFlag()},
			Action: a.accessOf,
		}},
	})
}

func (a *app) accessList(ctx context.Context, cmd *cli.Command) error {
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	entries, zone, err := d.accesses(ctx, cmd.String("account"), cmd.String("since"), cmd.Int("limit"))
	if err != nil {
		return err
	}
	t := &table{columns: []string{"position", "recorded", "account", "role", "command", "dossier", "rule", "basis"}}
	for _, e := range entries {
		t.add(e, accessCells(e, zone)...)
	}
	return t.print(a.stdout, cmd)
}

func (a *app) accessOf(ctx context.Context, cmd *cli.Command) error {
	return over(a, cmd, func(d desk, target string) ([]handlers.Opening, error) {
		return d.openings(ctx, target, cmd.Int("limit"))
	}, func(list []handlers.Opening) error {
		t := &table{columns: []string{"position", "opened", "what", "role", "unit", "for"}}
		for _, o := range list {
			t.add(o, fmt.Sprint(o.Position), instant(o.At), o.Words("vi")+" / "+o.Words("en"), words("role", string(o.Role)), o.Unit, o.Purpose)
		}
		return t.print(a.stdout, cmd)
	})
}

func accessCells(e handlers.AccessEntry, zone *time.Location) []string {
	about, rule, command := "", e.Rule, e.Command
	if e.Dossier != nil {
		about = e.Dossier.String()
	}
	if e.Missed > 0 {
		rule = fmt.Sprintf("%d entries missed since %s", e.Missed, e.Since.In(zone).Format(time.DateTime))
	}
	switch {
	case e.Key != "":
		command = "(" + strings.ReplaceAll(strings.TrimPrefix(e.Type, "access."), "-", " ") + ") " + e.Key
	case e.Type == "access.session-opened", e.Account != "":
		command = "(" + strings.ReplaceAll(strings.TrimPrefix(e.Type, "access."), "-", " ") + ") " + e.Account
	case e.Persons != nil:
		command, rule = "(persons read)", fmt.Sprintf("%d persons, for %s", len(e.Persons), e.Purpose)
	case e.Purpose != "":
		command, rule = "(words read)", "for "+e.Purpose
	}
	return []string{fmt.Sprint(e.Position), e.RecordedAt.In(zone).Format(time.DateTime), e.By.Account, string(e.By.Role), command, about, rule, e.Basis}
}

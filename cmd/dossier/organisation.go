package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/organisation"
	"dossier/handlers"
	"dossier/internal/config"
)

func (a *app) organisationCommand() *cli.Command {
	return group(&cli.Command{
		Name: "organisation", Usage: "who may act: agencies, units, accounts with their roles, delegations, each from a day to a day",
		Commands: []*cli.Command{
			{Name: "show", Usage: "what holds on a day, as it is known now or was known then", Flags: []cli.Flag{
				&cli.StringFlag{Name: "at", Usage: "as it holds on that day; today without it"},
				&cli.StringFlag{Name: "known-at", Usage: "as it was known then: an instant, a date (its end), or @POSITION"},
				&cli.BoolFlag{Name: "all", Usage: "all days: the whole of it, to be written as a file with -o json"}, dataFlag(), formatFlag()}, Action: a.showOrganisation},
			{Name: "apply", Usage: "bring the organisation to what a file says; 'shipped' is the example that comes with the program", ArgsUsage: "FILE", Flags: []cli.Flag{
				&cli.BoolFlag{Name: "dry-run", Usage: "only say what would change"},
				&cli.StringFlag{Name: "key", Usage: "idempotency key: the same key and file are applied once", Sources: cli.EnvVars("DOSSIER_KEY")},
				asFlag("admin"), dataFlag(), formatFlag()}, Action: a.applyOrganisation},
			{Name: "check", Usage: "read a file and tell every mistake with line and path", ArgsUsage: "FILE", Action: a.checkOrganisation},
			{Name: "schema", Usage: "JSON Schema of organisation files", Action: func(context.Context, *cli.Command) error {
				return printJSON(a.stdout, organisation.FileSchema())
			}},
		},
	})
}

// organisationFile reads the file that the command names, or the shipped one.
func organisationFile(cmd *cli.Command) ([]byte, error) {
	if cmd.Args().Len() != 1 {
		return nil, usageError{fmt.Errorf("say which file: %s FILE, or 'shipped' for the one that comes with the program", cmd.FullName())}
	}
	if name := cmd.Args().First(); name != "shipped" {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read organisation: %w", err)
		}
		return data, nil
	}
	return organisation.Shipped(), nil
}

func (a *app) checkOrganisation(_ context.Context, cmd *cli.Command) error {
	data, err := organisationFile(cmd)
	if err != nil {
		return err
	}
	if mistakes := handlers.CheckOrganisation(data, calendar.DateOf(time.Now(), handlers.Zone())); len(mistakes) > 0 {
		return a.tellMistakes(cmd.Args().First(), mistakes)
	}
	fmt.Fprintln(a.stdout, "no mistake")
	return nil
}

func (a *app) applyOrganisation(ctx context.Context, cmd *cli.Command) error {
	data, err := organisationFile(cmd)
	if err != nil {
		return err
	}
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	would, err := d.previewOrganisation(ctx, data)
	if err == nil {
		tellChanges(a.stderr, would.Changes)
	}
	done := would
	if !cmd.Bool("dry-run") { // also when the preview was refused: what is refused is recorded
		done, err = d.applyOrganisation(ctx, data, or(cmd.String("key"), handlers.NewKey()))
	}
	if mistakes := mistakesIn(err); mistakes != nil {
		return a.tellMistakes(cmd.Args().First(), mistakes)
	}
	if err != nil {
		return err
	}
	t := &table{columns: []string{"code", "version", "changes"}}
	t.add(done, done.Code, fmt.Sprint(done.Version), fmt.Sprint(len(done.Changes)))
	if cmd.Bool("dry-run") {
		t.note = "nothing was changed: leave --dry-run out to apply it / chưa thay đổi gì: bỏ --dry-run để áp dụng"
	}
	return t.print(a.stdout, cmd)
}

// tellChanges says what is about to change, entry by entry.
func tellChanges(w io.Writer, changes []organisation.EntryChange) {
	for _, c := range changes {
		name, _, _ := strings.Cut(strings.TrimPrefix(c.Event, "organisation."), ".")
		fmt.Fprintf(w, "%s %s %s\n", name, c.Code, c.From)
		for _, m := range c.Members {
			fmt.Fprintf(w, "    %s: %s → %s\n", m.Path, or(m.Before, "-"), or(m.After, "-"))
		}
	}
}

// organisationIfAny is the organisation of the system that is found, none where there is no system.
func (a *app) organisationIfAny(ctx context.Context, cmd *cli.Command) (o organisation.Organisation, err error) {
	if cfg, err := config.FromEnv(a.getenv); err == nil && cfg.Database.URL == "" {
		folder, err := a.folder(cmd)
		if err != nil {
			return o, err
		}
		if _, err := os.Stat(filepath.Join(folder, settingsFile)); err != nil {
			fmt.Fprintln(a.stderr, "no system found: these are the rules of an installation without an organisation")
			return o, nil
		}
	}
	s, err := a.open(ctx, cmd)
	if err != nil {
		return o, err
	}
	defer s.stop()
	return s.executor.Organisation().Get(ctx)
}

func (a *app) showOrganisation(ctx context.Context, cmd *cli.Command) error {
	day, err := dayOf(cmd.String("at"))
	if err != nil {
		return err
	}
	return atDesk(a, cmd, func(d desk) (organisation.Described, error) {
		return d.organisation(ctx, day, cmd.String("known-at"), cmd.Bool("all"))
	},
		func(shown organisation.Described) error { return a.printOrganisation(cmd, shown, day) })
}

func (a *app) printOrganisation(cmd *cli.Command, shown organisation.Described, day calendar.Date) error {
	if cmd.String("output") == "json" {
		if cmd.Bool("all") {
			return printJSON(a.stdout, shown.Plan)
		}
		return printJSON(a.stdout, shown)
	}
	t := &table{columns: []string{"entry", "code", "name", "of", "holds", "from", "until"}}
	for _, g := range shown.Agencies {
		t.add(g, "agency", g.Code, g.NameVI+" / "+g.NameEN, or(g.Parent, "-"), "calendar "+g.Calendar, g.From.String(), until(g.To))
	}
	for _, u := range shown.Units {
		t.add(u, "unit", u.Code, u.NameVI+" / "+u.NameEN, u.Agency, or(u.Parent, "-"), u.From.String(), until(u.To))
	}
	for _, c := range shown.Accounts {
		for _, p := range c.Posts {
			holds := dossier.Label("role", string(p.Role), "vi")
			if p.Rank != "" {
				holds += " (" + organisation.Word(string(p.Rank), "vi") + ")"
			}
			days := p.In(c)
			t.add(c, "account", c.ID, c.TitleVI+" / "+c.TitleEN, p.Unit, holds, days.From.String(), until(days.To))
		}
	}
	for _, d := range shown.Delegations {
		t.add(d, "delegation", d.Code, d.By+" → "+d.To, organisation.Word(string(d.Kind), "vi"), or(strings.Join(d.Procedures, ", "), "all procedures")+"; "+d.Basis, d.From.String(), until(d.Until))
	}
	t.note = fmt.Sprintf("version %d, as of %s", shown.Version, day)
	return t.print(a.stdout, cmd)
}

func until(d calendar.Date) string {
	if d == 0 {
		return "-"
	}
	return d.String()
}

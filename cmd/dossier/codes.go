package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v3"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/code"
	"dossier/handlers"
	"dossier/internal/config"
)

func (a *app) codesCommand() *cli.Command {
	return &cli.Command{
		Name: "codes", Usage: "show how dossiers are numbered: the patterns that ship, the rules in force (of the organisation, or DOSSIER_CODES)",
		Flags: []cli.Flag{dataFlag(), formatFlag()}, Action: a.showCodes,
		Commands: []*cli.Command{
			{Name: "check", Usage: "read patterns and tell what is wrong with each, and where", ArgsUsage: "PATTERN...", Action: a.checkPatterns},
		},
	}
}

// showCodes prints what a dossier of today with the number 1 would be called; nothing is taken.
func (a *app) showCodes(ctx context.Context, cmd *cli.Command) error {
	cfg, err := a.settings(cmd)
	if err != nil {
		return err
	}
	rules, err := codesOf(cfg)
	if err != nil {
		return err
	}
	today, inForce := calendar.DateOf(time.Now(), handlers.Zone()), rules.List()
	source := func(string) string { return cmp.Or(cfg.Codes, "default") }
	if !rules.Said() {
		o, err := a.organisationIfAny(ctx, cmd)
		if err != nil {
			return err
		}
		said := map[string]bool{}
		for _, u := range o.On(today).Units {
			if r, says := o.CodeRuleOf(u.Code, today); says {
				inForce, said[u.Code] = append(inForce, r), true
			}
		}
		source = func(unit string) string {
			if said[unit] {
				return "organisation"
			}
			return "default"
		}
	}
	t := &table{columns: []string{"unit", "agency", "pattern", "example", "given", "source"}}
	add := func(unit, agency, pattern, example, given, source string) {
		t.add(map[string]string{"unit": unit, "agency": agency, "pattern": pattern, "example": example, "given": given, "source": source},
			unit, agency, pattern, example, given, source)
	}
	for _, r := range inForce {
		b, err := r.Pattern.Blank(r.Agency, today)
		if err != nil {
			return err
		}
		given := "at submission"
		if r.AtAcceptance {
			given = "at acceptance"
		}
		add(cmp.Or(r.Unit, "*"), r.Agency, r.Pattern.String(), b.With(1), given, source(r.Unit))
	}
	for _, s := range code.ShippedPatterns() {
		add("", "", s.Name+" "+s.Pattern, s.Example, "ships", s.VI+" / "+s.EN)
	}
	return t.print(a.stdout, cmd)
}

func (a *app) checkPatterns(_ context.Context, cmd *cli.Command) error {
	if !cmd.Args().Present() {
		return usageError{errors.New("say which pattern: dossier codes check '{agency}-{yy}{mm}{dd}-{number:4}'")}
	}
	wrong := 0
	for _, text := range cmd.Args().Slice() {
		if _, err := code.Parse(text); err != nil {
			fmt.Fprintln(a.stderr, bothLanguages(err))
			wrong++
		}
	}
	if wrong > 0 {
		return checkError{fmt.Errorf("%d pattern(s) cannot be used", wrong)}
	}
	fmt.Fprintln(a.stdout, "no mistake")
	return nil
}

// codesOf reads how dossiers are numbered.
func codesOf(cfg config.Config) (code.Rules, error) {
	rules, err := code.ParseRules(cfg.Codes)
	if err != nil {
		return rules, usageError{fmt.Errorf("DOSSIER_CODES: %w", bothLanguages(err))}
	}
	return rules, nil
}

func bothLanguages(err error) error {
	var bad *domain.Invalid
	if errors.As(err, &bad) {
		return fmt.Errorf("%s\n%s", bad.EN, bad.VI)
	}
	return err
}

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"dossier/domain/dossier"
	"dossier/domain/escalation"
	"dossier/handlers"
	"dossier/internal/config"
)

func (a *app) timersCommand() *cli.Command {
	return group(&cli.Command{
		Name: "timers", Usage: "what dossiers wait for, and who is told at which share of a limit",
		Commands: []*cli.Command{
			{Name: "list", Usage: "timers that run: when somebody is told next, who, and by which article; the next first",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "kind", Usage: strings.Join(dossier.Values("timer"), ", ")},
					&cli.StringFlag{Name: "unit", Usage: "of the unit that has the dossier"},
					&cli.StringFlag{Name: "dossier", Usage: "of one dossier: ID or CODE"},
					&cli.DurationFlag{Name: "within", Usage: "told next within this time, such as 48h"},
					&cli.IntFlag{Name: "limit", Usage: "at most so many", Value: 50},
					asFlag("lead"), dataFlag(), formatFlag(),
				},
				Action: a.listTimers},
			{Name: "rules", Usage: "the rules in force (DOSSIER_TIMERS): who is told at which share of a limit", Flags: []cli.Flag{dataFlag(), formatFlag()}, Action: a.showTimerRules},
			{Name: "check", Usage: "read a file of rules and tell every mistake with line and path", ArgsUsage: "FILE", Action: a.checkTimerRules},
		},
	})
}

func (a *app) listTimers(ctx context.Context, cmd *cli.Command) error {
	w := waiting{kind: cmd.String("kind"), unit: cmd.String("unit"), target: cmd.String("dossier"), within: cmd.Duration("within"), limit: cmd.Int("limit")}
	if w.kind != "" && !slices.Contains(dossier.Values("timer"), w.kind) {
		return usageError{fmt.Errorf("--kind %q: say one of %s", w.kind, strings.Join(dossier.Values("timer"), ", "))}
	}
	return atDesk(a, cmd, func(d desk) ([]handlers.TimerLine, error) { return d.timers(ctx, w) }, func(lines []handlers.TimerLine) error { return a.printTimers(cmd, lines) })
}

func (a *app) printTimers(cmd *cli.Command, lines []handlers.TimerLine) error {
	t := &table{columns: []string{"dossier", "timer", "unit", "due", "next", "at %", "told", "who", "law"}}
	for _, l := range lines {
		t.add(l, or(deref(l.Code), l.ID.String()), words("timer", string(l.Timer))+numbered(l.Number), l.Unit, instant(at(l.Due)), instant(at(l.Next)),
			share(l.Share), words("notice", l.Notice), strings.Join(l.Tells, ", "), basisWords(l.Basis))
	}
	return t.print(a.stdout, cmd)
}

func (a *app) showTimerRules(_ context.Context, cmd *cli.Command) error {
	cfg, err := a.settings(cmd)
	if err != nil {
		return err
	}
	rules, err := timersOf(cfg)
	if err != nil {
		return err
	}
	t := &table{columns: []string{"rule", "timer", "from", "for", "at %", "told", "who", "law"}, note: "from " + cmp.Or(cfg.Timers, "the program: set DOSSIER_TIMERS to a file of your own")}
	if !rules.Imported {
		t.note += "; nobody is told of imported dossiers"
	}
	for _, r := range rules.Rules {
		law := basisWords(r.Basis)
		if r.Assumed {
			law = strings.TrimSpace(law + " (assumed / giả định)")
		}
		for _, step := range r.Steps {
			t.add(map[string]any{"rule": r.Code, "timer": r.Timer, "from": r.From.String(), "procedures": r.Procedures, "units": r.Units,
				"share": step.Share, "notice": step.Notice, "tells": step.Tells, "basis": r.Basis, "assumed": r.Assumed},
				r.Code, words("timer", r.Timer), r.From.String(), cmp.Or(strings.Join(slices.Concat(r.Procedures, r.Units), ", "), "*"), share(step.Share),
				words("notice", step.Notice), strings.Join(step.Tells, ", "), law)
		}
	}
	return t.print(a.stdout, cmd)
}

func (a *app) checkTimerRules(_ context.Context, cmd *cli.Command) error {
	if cmd.Args().Len() != 1 {
		return usageError{errors.New("say which file: dossier timers check FILE")}
	}
	data, err := os.ReadFile(cmd.Args().First())
	if err != nil {
		return fmt.Errorf("read rules: %w", err)
	}
	if _, mistakes := escalation.Read(data); len(mistakes) > 0 {
		return a.tellMistakes(cmd.Args().First(), mistakes)
	}
	fmt.Fprintln(a.stdout, "no mistake")
	return nil
}

// timersOf reads by which rules people are told.
func timersOf(cfg config.Config) (escalation.Rules, error) {
	if cfg.Timers == "" {
		return escalation.Default(), nil
	}
	data, err := os.ReadFile(cfg.Timers)
	if err != nil {
		return escalation.Rules{}, usageError{fmt.Errorf("DOSSIER_TIMERS: %w", err)}
	}
	rules, mistakes := escalation.Read(data)
	if len(mistakes) > 0 {
		m := mistakes[0]
		return rules, usageError{fmt.Errorf("DOSSIER_TIMERS: %s:%d: %s: %s\n%s\n(see all with: dossier timers check %s)", cfg.Timers, m.Line, m.Path, m.EN, m.VI, cfg.Timers)}
	}
	return rules, nil
}

func at(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func numbered(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d)", n)
}

func share(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d %%", n)
}

func basisWords(basis string) string {
	if basis == "" {
		return ""
	}
	return dossier.Label("basis", basis, "vi")
}

package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/urfave/cli/v3"

	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/person"
	"dossier/handlers"
)

// standingCommands are those on what a person may have done in its place, and on what it asks of its own data.
func (a *app) standingCommands() []*cli.Command {
	reason := &cli.StringFlag{Name: "reason", Usage: "why, a code", Required: true}
	by := func(as string, flags ...cli.Flag) []cli.Flag {
		return append(flags, keyFlag(), asFlag(as), dataFlag(), formatFlag())
	}
	return []*cli.Command{
		{Name: "prefill", Usage: "what the personal fields of a procedure's forms may be filled with; one entry of the access journal", ArgsUsage: "REF",
			Flags: by("reception", &cli.StringFlag{Name: "procedure", Required: true}, &cli.StringFlag{Name: "purpose", Usage: "what for, a code", Value: "counter"}), Action: a.prefill},
		{Name: "standing", Usage: "the mandates of a person, and what it asked of its data", ArgsUsage: "REF", Flags: []cli.Flag{asFlag("reception"), dataFlag(), formatFlag()},
			Action: func(ctx context.Context, cmd *cli.Command) error {
				return a.standing(ctx, cmd, 1, nil)
			}},
		{Name: "mandate", Usage: "let somebody file, answer and read in a person's place", ArgsUsage: "REF",
			Flags: by("reception", &cli.StringFlag{Name: "to", Usage: "reference of who is mandated", Required: true}, &cli.StringFlag{Name: "from", Usage: "first day, such as 2026-11-26 (today)"},
				&cli.StringFlag{Name: "until", Usage: "last day (until it is ended)"}, &cli.StringSliceFlag{Name: "procedure", Usage: "code of a procedure (all; repeat it)"},
				&cli.StringFlag{Name: "evidence", Usage: "notarised, written, by-law, own-account", Value: string(person.Notarised)}),
			Action: a.grantMandate},
		{Name: "end-mandate", Usage: "end a mandate from a day on", ArgsUsage: "REF NUMBER", Flags: by("reception", &cli.StringFlag{Name: "from", Usage: "first day without it (today)"}, reason), Action: a.endMandate},
		{Name: "ask", Usage: "receive what a person asks of its own data: answered in two working days", ArgsUsage: "REF",
			Flags: by("reception", &cli.StringFlag{Name: "wish", Usage: "copy, correct, erase, restrict, object, withdraw-consent", Required: true}),
			Action: func(ctx context.Context, cmd *cli.Command) error {
				return a.standing(ctx, cmd, 1, person.Wish(cmd.String("wish")))
			}},
		{Name: "answer", Usage: "grant or refuse what was asked", ArgsUsage: "REF NUMBER",
			Flags: by("head", &cli.StringFlag{Name: "answer", Usage: "granted or refused", Required: true}, &cli.StringFlag{Name: "basis", Usage: "of a refusal: code of the article, such as luat-91-2025.14"}),
			Action: func(ctx context.Context, cmd *cli.Command) error {
				return a.standing(ctx, cmd, 2, person.RequestAnswered{Answer: person.Answer(cmd.String("answer")), Basis: dossier.Code(cmd.String("basis"))})
			}},
		{Name: "extend", Usage: "fifteen days more to do what was granted, once", ArgsUsage: "REF NUMBER", Flags: by("head", reason),
			Action: func(ctx context.Context, cmd *cli.Command) error {
				return a.standing(ctx, cmd, 2, person.RequestExtended{Reason: dossier.Code(cmd.String("reason"))})
			}},
		{Name: "done", Usage: "what was granted has been done", ArgsUsage: "REF NUMBER", Flags: by("head"),
			Action: func(ctx context.Context, cmd *cli.Command) error {
				return a.standing(ctx, cmd, 2, nil)
			}},
	}
}

func (a *app) grantMandate(ctx context.Context, cmd *cli.Command) error {
	m := person.MandateGranted{To: dossier.Ref(cmd.String("to")), Evidence: person.Evidence(cmd.String("evidence"))}
	for _, p := range cmd.StringSlice("procedure") {
		m.Procedures = append(m.Procedures, dossier.Code(p))
	}
	var err error
	if m.From, err = dayFlag(cmd, "from"); err != nil {
		return err
	}
	if until, err := dayFlag(cmd, "until"); err != nil {
		return err
	} else if until != 0 {
		m.Until = &until
	}
	return a.standing(ctx, cmd, 1, m)
}

func (a *app) endMandate(ctx context.Context, cmd *cli.Command) error {
	m := person.MandateEnded{Reason: dossier.Code(cmd.String("reason"))}
	var err error
	if m.From, err = dayFlag(cmd, "from"); err != nil {
		return err
	}
	return a.standing(ctx, cmd, 2, m)
}

// dayFlag reads a day; 0 where none is given.
func dayFlag(cmd *cli.Command, name string) (calendar.Date, error) {
	if cmd.String(name) == "" {
		return 0, nil
	}
	day, err := calendar.ParseDate(cmd.String(name))
	if err != nil {
		return 0, usageError{fmt.Errorf("--%s: %w", name, err)}
	}
	return day, nil
}

// standing does something about a person and prints what stands of it then.
func (a *app) standing(ctx context.Context, cmd *cli.Command, args int, told any) error {
	w := personWish{act: cmd.Name, ref: cmd.Args().First(), key: or(cmd.String("key"), handlers.NewKey()), told: told}
	if args == 2 {
		w.number, _ = strconv.Atoi(cmd.Args().Get(1))
	}
	if cmd.Args().Len() != args || args == 2 && w.number == 0 {
		return usageError{fmt.Errorf("say: dossier person %s %s", cmd.Name, cmd.ArgsUsage)}
	}
	return atDesk(a, cmd, func(d desk) (handlers.Standing, error) { return d.standing(ctx, w) }, func(s handlers.Standing) error { return a.printStanding(cmd, s) })
}

func (a *app) printStanding(cmd *cli.Command, s handlers.Standing) error {
	t := &table{columns: []string{"what", "number", "of", "from", "until", "state"}}
	for _, m := range s.Mandates {
		until, state := "", string(m.Evidence)
		if m.Until != nil {
			until = m.Until.String()
		}
		if m.Ended != nil {
			state += ", ended on " + m.Ended.String()
		}
		t.add(m, "mandate", strconv.Itoa(m.Number), fmt.Sprint(m.To, " ", m.Procedures), m.From.String(), until, state)
	}
	for _, r := range s.Requests {
		state := "to be answered"
		switch {
		case r.Done:
			state = "done"
		case r.Answer != "":
			state = string(r.Answer)
		}
		if r.Late {
			state += ", late"
		}
		t.add(r, "request", strconv.Itoa(r.Number), string(r.Wish), "answer by "+instant(r.AnswerBy), "done by "+instant(r.DoneBy), state)
	}
	if s.Erased != nil {
		t.add(s.Erased, "erased", "", string(s.Erased.Decision), "", s.Erased.Final.Format("2006-01-02"), string(s.Erased.Reason))
	}
	return t.print(a.stdout, cmd)
}

func (a *app) prefill(ctx context.Context, cmd *cli.Command) error {
	ref, err := oneRef(cmd)
	if err != nil {
		return err
	}
	return atDesk(a, cmd, func(d desk) ([]handlers.Prefilled, error) {
		return d.prefill(ctx, ref, cmd.String("procedure"), cmd.String("purpose"))
	},
		func(filled []handlers.Prefilled) error { return a.printPrefilled(cmd, filled) })
}

func (a *app) printPrefilled(cmd *cli.Command, filled []handlers.Prefilled) error {
	t := &table{columns: []string{"field", "text", "typed in"}}
	for _, p := range filled {
		from := ""
		if p.From != nil {
			from = p.From.String()
		}
		t.add(p, p.Field, p.Text, from)
	}
	return t.print(a.stdout, cmd)
}

func (a *app) lookUpCommand() *cli.Command {
	return &cli.Command{
		Name: "look-up", Usage: "ask the register for a part of a dossier that nobody need bring; the answer lies in the vault", ArgsUsage: "ID|CODE COMPONENT",
		Flags: []cli.Flag{keyFlag(), asFlag("reception"), dataFlag(), formatFlag()},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if cmd.Args().Len() != 2 {
				return usageError{fmt.Errorf("say which part of which dossier: dossier look-up ID tp-2")}
			}
			key := or(cmd.String("key"), handlers.NewKey())
			d, err := a.desk(cmd)
			if err != nil {
				return err
			}
			defer d.close()
			r, err := d.lookUp(ctx, cmd.Args().First(), dossier.Code(cmd.Args().Get(1)), key)
			return a.printReceipt(cmd, r, err)
		},
	}
}

func (a *app) earlierCommand() *cli.Command {
	return &cli.Command{
		Name: "earlier", Usage: "other dossiers of the same person under the same procedure: perhaps the same wish", ArgsUsage: "ID|CODE",
		Flags: []cli.Flag{asFlag("reception"), dataFlag(), formatFlag()},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			return over(a, cmd, func(d desk, target string) ([]handlers.Earlier, error) { return d.earlier(ctx, target) }, func(found []handlers.Earlier) error {
				t := &table{columns: []string{"id", "code", "status", "applicant", "same content"}}
				for _, e := range found {
					code := ""
					if e.Code != nil {
						code = *e.Code
					}
					t.add(e, e.ID.String(), code, dossier.Label("status", string(e.Status), "vi"), e.Applicant, fmt.Sprint(e.Same))
				}
				return t.print(a.stdout, cmd)
			})
		},
	}
}

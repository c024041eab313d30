package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"dossier/domain/dossier"
	"dossier/domain/person"
	"dossier/eventstore/vault"
	"dossier/handlers"
)

func (a *app) personCommand() *cli.Command {
	known := []cli.Flag{
		&cli.StringFlag{Name: "name", Usage: "of the person or organisation"}, &cli.StringFlag{Name: "id-number", Usage: "số định danh cá nhân"},
		&cli.StringFlag{Name: "tax-code"}, &cli.StringFlag{Name: "phone"}, &cli.StringFlag{Name: "email"},
	}
	all := append(append([]cli.Flag{}, known...), &cli.StringFlag{Name: "born"}, &cli.StringFlag{Name: "address"})
	purpose := &cli.StringFlag{Name: "purpose", Usage: "what for, a code; it goes into the access journal", Value: "counter"}
	reason := &cli.StringFlag{Name: "reason", Usage: "why, a code", Required: true}
	with := func(flags []cli.Flag, more ...cli.Flag) []cli.Flag {
		return append(append([]cli.Flag{}, flags...), append(more, dataFlag(), formatFlag())...)
	}
	return group(&cli.Command{
		Name: "person", Usage: "who people are: kept in the vault, encrypted, read for a purpose, erased by a decision",
		Commands: append([]*cli.Command{
			{Name: "register", Usage: "make a person known under the reference that dossiers have of it", ArgsUsage: "REF",
				Flags: with(all, &cli.StringFlag{Name: "kind", Value: string(person.Citizen), Usage: "citizen or organisation"}, keyFlag(), asFlag("reception")), Action: a.personRegister},
			{Name: "correct", Usage: "put right what is known of a person, as a new version", ArgsUsage: "REF", Flags: with(all, reason, keyFlag(), asFlag("reception")), Action: a.personCorrect},
			{Name: "show", Usage: "who they are; one entry of the access journal", ArgsUsage: "REF…", Flags: with(nil, purpose, asFlag("reception")), Action: a.personShow},
			{Name: "find", Usage: "look up by any words of the name, or a number; one entry of the access journal", Flags: with(known, purpose, asFlag("reception")), Action: a.personFind},
			{Name: "erase", Usage: "destroy the keys and everything under them, by a decision; refused while the record of a dossier is kept", ArgsUsage: "REF",
				Flags: with(nil, &cli.StringFlag{Name: "decision", Usage: "its number", Required: true}, reason, keyFlag(), asFlag("head")), Action: a.personErase},
		}, a.standingCommands()...),
	})
}

func keyFlag() cli.Flag {
	return &cli.StringFlag{Name: "key", Usage: "idempotency key: the same again is done once"}
}

func givenPerson(cmd *cli.Command) vault.Person {
	return vault.Person{
		Name: cmd.String("name"), IDNumber: cmd.String("id-number"), TaxCode: cmd.String("tax-code"), Phone: cmd.String("phone"), Email: cmd.String("email"),
		Born: cmd.String("born"), Address: cmd.String("address"),
	}
}

func oneRef(cmd *cli.Command) (string, error) {
	if cmd.Args().Len() != 1 {
		return "", usageError{fmt.Errorf("say which person: dossier person %s REF", cmd.Name)}
	}
	return cmd.Args().First(), nil
}

func (a *app) changePerson(ctx context.Context, cmd *cli.Command, w personWish) (err error) {
	if w.ref, err = oneRef(cmd); err != nil {
		return err
	}
	w.act, w.key = cmd.Name, or(cmd.String("key"), handlers.NewKey())
	return atDesk(a, cmd, func(d desk) (handlers.PersonReceipt, error) { return d.changePerson(ctx, w) }, func(r handlers.PersonReceipt) error { return a.printPersonReceipt(cmd, r) })
}

func (a *app) printPersonReceipt(cmd *cli.Command, r handlers.PersonReceipt) error {
	if len(r.Alike) > 0 {
		fmt.Fprintf(a.stderr, "dossier: somebody with the same number is known already: %s\n", strings.Join(r.Alike, ", "))
	}
	t := &table{columns: []string{"ref", "version", "decision", "final"}}
	decision, final := "", ""
	if r.Erased != nil {
		decision, final = string(r.Erased.Decision), r.Erased.Final.Format("2006-01-02")
	}
	t.add(r, r.Ref, fmt.Sprint(r.Version), decision, final)
	return t.print(a.stdout, cmd)
}

func (a *app) personRegister(ctx context.Context, cmd *cli.Command) error {
	return a.changePerson(ctx, cmd, personWish{person: givenPerson(cmd), kind: person.Kind(cmd.String("kind"))})
}

func (a *app) personCorrect(ctx context.Context, cmd *cli.Command) error {
	return a.changePerson(ctx, cmd, personWish{person: givenPerson(cmd), reason: dossier.Code(cmd.String("reason"))})
}

func (a *app) personErase(ctx context.Context, cmd *cli.Command) error {
	return a.changePerson(ctx, cmd, personWish{decision: dossier.External(cmd.String("decision")), reason: dossier.Code(cmd.String("reason"))})
}

func (a *app) personShow(ctx context.Context, cmd *cli.Command) error {
	if cmd.Args().Len() == 0 {
		return usageError{fmt.Errorf("say which persons: dossier person show REF…")}
	}
	return atDesk(a, cmd, func(d desk) ([]handlers.ShownPerson, error) {
		return d.persons(ctx, cmd.Args().Slice(), cmd.String("purpose"))
	},
		func(shown []handlers.ShownPerson) error { return a.printPersons(cmd, shown) })
}

func (a *app) personFind(ctx context.Context, cmd *cli.Command) error {
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	p := givenPerson(cmd)
	found, more, err := d.findPersons(ctx, vault.Query{Name: p.Name, IDNumber: p.IDNumber, TaxCode: p.TaxCode, Phone: p.Phone, Email: p.Email}, cmd.String("purpose"))
	if err != nil {
		return err
	}
	if more {
		fmt.Fprintln(a.stderr, "dossier: there are more; give more of the name, or a number")
	}
	return a.printPersons(cmd, found)
}

func (a *app) printPersons(cmd *cli.Command, shown []handlers.ShownPerson) error {
	t := &table{columns: []string{"ref", "version", "name", "born", "id number", "tax code", "phone", "email", "address", "note"}}
	for _, p := range shown {
		note := ""
		switch {
		case p.Erased != nil:
			note = "erased by " + string(p.Erased.Decision)
		case p.Unreadable:
			note = "cannot be read: the key is lost or the row was altered"
		}
		t.add(p, or(p.Ref, p.ID), fmt.Sprint(p.Version), p.Name, p.Born, p.IDNumber, p.TaxCode, p.Phone, p.Email, p.Address, note)
	}
	return t.print(a.stdout, cmd)
}

func (a *app) wordsCommand() *cli.Command {
	return &cli.Command{
		Name: "words", Usage: "what people typed in a dossier, read from the vault for a purpose; one entry of the access journal", ArgsUsage: "ID|CODE",
		Flags: []cli.Flag{&cli.StringFlag{Name: "purpose", Usage: "what for, a code; it goes into the access journal", Value: "appraisal"}, asFlag("auditor"), dataFlag(), formatFlag()},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			return over(a, cmd, func(d desk, target string) ([]handlers.Said, error) {
				return d.words(ctx, target, cmd.String("purpose"))
			}, func(said []handlers.Said) error {
				t := &table{columns: []string{"version", "fact", "words"}}
				for _, one := range said {
					t.add(one, fmt.Sprint(one.Version), one.Type, or(one.Words, "("+one.Why+")"))
				}
				return t.print(a.stdout, cmd)
			})
		},
	}
}

func (a *app) vaultCommand() *cli.Command {
	return group(&cli.Command{
		Name: "vault", Usage: "the keys of the vault",
		Commands: []*cli.Command{
			{Name: "rotate", Usage: "wrap every key again by the newest of VAULT_KEY, while everything goes on; then the older ones may be destroyed", Flags: []cli.Flag{dataFlag()},
				Action: func(ctx context.Context, cmd *cli.Command) error {
					s, err := a.withVault(ctx, cmd)
					if err != nil {
						return err
					}
					defer s.stop()
					n, err := s.executor.Vault().Rotate(ctx, func(done int64) { fmt.Fprintf(a.stderr, "%d keys wrapped again\n", done) })
					if err == nil {
						fmt.Fprintf(a.stdout, "keys wrapped again: %d; every key is under the newest now\n", n)
					}
					return err
				}},
			{Name: "finish", Usage: "do what decisions to erase say and a crash or a restored database left undone, sweep words that no event points to, and put persons into the index as this version does", Flags: []cli.Flag{dataFlag()},
				Action: func(ctx context.Context, cmd *cli.Command) error {
					s, err := a.withVault(ctx, cmd)
					if err != nil {
						return err
					}
					defer s.stop()
					n, err := handlers.NewPersons(s.executor, s.views).FinishErasures(ctx)
					if err != nil {
						return err
					}
					swept, err := s.executor.SweepWords(ctx, 24*time.Hour)
					if err != nil {
						return err
					}
					indexed, err := s.executor.Vault().Reindex(ctx)
					if err == nil {
						fmt.Fprintf(a.stdout, "erasures finished: %d; words swept that no event points to: %d; persons put into the index anew: %d\n", n, swept, indexed)
					}
					return err
				}},
		},
	})
}

func (a *app) withVault(ctx context.Context, cmd *cli.Command) (*system, error) {
	s, err := a.open(ctx, cmd)
	if err != nil {
		return nil, err
	}
	if s.executor.Vault() == nil {
		s.stop()
		return nil, usageError{fmt.Errorf("VAULT_KEY is not set")}
	}
	return s, nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/urfave/cli/v3"

	"dossier/eventstore/vault"
	"dossier/handlers"
	"dossier/handlers/identity"
	"dossier/internal/config"
)

// sessionsOf are those of a database, under the settings.
func sessionsOf(cfg config.Config, pool *pgxpool.Pool, x *handlers.Executor) *identity.Sessions {
	return identity.NewSessions(pool, x, identity.SessionOptions{
		Idle: time.Duration(cfg.Session.IdleMinutes) * time.Minute, Lasts: time.Duration(cfg.Session.Hours) * time.Hour,
		Plain: !strings.HasPrefix(cfg.HTTP.PublicURL, "https://"),
	})
}

// loginOf is the way in by the issuer of the settings, nil without one.
func loginOf(cfg config.Config, s *identity.Sessions, v *vault.Vault, l *identity.Lockout) (*identity.Login, error) {
	o := cfg.OIDC
	if o.Issuer == "" {
		return nil, nil
	}
	if v == nil {
		return nil, errors.New("signing in by an issuer needs VAULT_KEY: whom it knows is kept as keyed hashes")
	}
	return identity.NewLogin(s, v, l, identity.LoginOptions{Issuer: o.Issuer, Name: o.Name, ClientID: o.ClientID, ClientSecret: o.ClientSecret, PublicURL: strings.TrimSuffix(cfg.HTTP.PublicURL, "/"),
		AccountClaim: o.AccountClaim, LevelClaim: o.LevelClaim, KindClaim: o.KindClaim, Applicants: o.Applicants}), nil
}

// issuerComplete says which setting of the issuer production still lacks.
func issuerComplete(cfg config.Config) error {
	switch {
	case cfg.OIDC.Issuer == "":
		return nil
	case cfg.OIDC.ClientID == "" || cfg.OIDC.ClientSecret == "":
		return errors.New("OIDC_ISSUER_URL is set: OIDC_CLIENT_ID and OIDC_CLIENT_SECRET must be too")
	case !identity.Trusted(cfg.OIDC.Issuer):
		return fmt.Errorf("OIDC_ISSUER_URL %q must be https, or http on this machine alone", cfg.OIDC.Issuer)
	case !identity.Trusted(cfg.HTTP.PublicURL):
		return errors.New("OIDC_ISSUER_URL is set: PUBLIC_URL must be the https address of this house, to which the issuer sends back (http on this machine alone)")
	}
	return nil
}

func (a *app) sessionCommand() *cli.Command {
	return group(&cli.Command{
		Name: "session", Usage: "who is signed in; sign an account out everywhere",
		Commands: []*cli.Command{
			{Name: "list", Usage: "who is signed in, and when it was last seen", Flags: []cli.Flag{&cli.StringFlag{Name: "account", Usage: "of this account alone"}, asFlag("admin"), dataFlag(), formatFlag()}, Action: a.listSessions},
			{Name: "end", Usage: "sign an account out everywhere, at once", ArgsUsage: "ACCOUNT", Flags: []cli.Flag{asFlag("admin"), dataFlag()}, Action: a.endSessions},
		},
	})
}

func (a *app) subjectCommand() *cli.Command {
	return group(&cli.Command{
		Name: "subject", Usage: "which user of the issuer (OIDC_ISSUER_URL) is which account of the organisation",
		Commands: []*cli.Command{
			{Name: "link", Usage: "let a user sign in as an account, once somebody else confirms it", ArgsUsage: "SUBJECT ACCOUNT", Flags: []cli.Flag{asFlag("admin"), dataFlag()}, Action: a.linkSubject(2)},
			{Name: "confirm", Usage: "let a user sign in as the account that another system administrator linked it to", ArgsUsage: "SUBJECT ACCOUNT", Flags: []cli.Flag{asFlag("auditor"), dataFlag()}, Action: a.confirmSubject},
			{Name: "unlink", Usage: "end that, and sign the account out", ArgsUsage: "SUBJECT", Flags: []cli.Flag{asFlag("admin"), dataFlag()}, Action: a.linkSubject(1)},
		},
	})
}

func (a *app) listSessions(ctx context.Context, cmd *cli.Command) error {
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	found, err := d.sessions(ctx, cmd.String("account"))
	if err != nil {
		return err
	}
	t := &table{columns: []string{"account", "role", "unit", "level", "signed in", "last seen", "until"}}
	for _, f := range found {
		t.add(f, f.As.Account, string(f.As.Role), f.As.Unit, f.Level, instant(f.MadeAt), instant(f.SeenAt), instant(f.ExpiresAt))
	}
	return t.print(a.stdout, cmd)
}

func (a *app) endSessions(ctx context.Context, cmd *cli.Command) error {
	account := cmd.Args().First()
	if account == "" {
		return usageError{errors.New("say whose: dossier session end ACCOUNT ('dossier session list' shows them)")}
	}
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	n, err := d.endSessions(ctx, account)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s is signed out of %d browsers\n", account, n)
	return nil
}

func (a *app) linkSubject(arguments int) cli.ActionFunc {
	return func(ctx context.Context, cmd *cli.Command) error {
		if cmd.Args().Len() != arguments {
			return usageError{errors.New("say dossier subject link SUBJECT ACCOUNT, or dossier subject unlink SUBJECT: the claim sub of the user at the issuer")}
		}
		d, err := a.desk(cmd)
		if err != nil {
			return err
		}
		defer d.close()
		if err := d.linkSubject(ctx, cmd.Args().First(), cmd.Args().Get(1)); err != nil {
			return err
		}
		fmt.Fprintln(a.stdout, "done")
		return nil
	}
}

func (a *app) confirmSubject(ctx context.Context, cmd *cli.Command) error {
	if cmd.Args().Len() != 2 {
		return usageError{errors.New("say dossier subject confirm SUBJECT ACCOUNT: the claim sub of the user at the issuer, and the account it was linked to")}
	}
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	if err := d.confirmSubject(ctx, cmd.Args().First(), cmd.Args().Get(1)); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout, "done")
	return nil
}

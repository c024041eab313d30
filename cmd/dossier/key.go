package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/urfave/cli/v3"

	"dossier/domain"
	"dossier/handlers"
	"dossier/handlers/identity"
)

func (a *app) keyCommand() *cli.Command {
	return group(&cli.Command{
		Name: "key", Usage: "API keys of other systems: give one, confirm it, see them, revoke one",
		Description: "In production this needs MIGRATE_DATABASE_URL, the owner's role, and acts as account operator: so is the first key made. Afterwards an administrator may use /v1/keys; what it makes counts once an auditor or another administrator confirms it.",
		Commands: []*cli.Command{
			{Name: "create", Usage: "give a program a key: the token is printed once, alone on stdout",
				Flags: []cli.Flag{
					&cli.StringFlag{Name: "label", Usage: "what it is for, such as provincial-portal", Required: true},
					&cli.StringFlag{Name: "account", Usage: "the account it acts as", Required: true},
					&cli.StringFlag{Name: "role", Usage: "in which role", Required: true},
					&cli.StringFlag{Name: "unit", Usage: "at which unit"},
					&cli.StringSliceFlag{Name: "scope", Usage: "read, feed, command, person, audit; comma-separated", Required: true},
					&cli.StringSliceFlag{Name: "from", Usage: "address or CIDR from which it counts; comma-separated", DefaultText: "from everywhere"},
					&cli.IntFlag{Name: "days", Usage: "how long it counts, 732 at most", Value: 365},
					asFlag("admin"), dataFlag(),
				},
				Action: a.createKey},
			{Name: "list", Usage: "keys, the newest first: never a secret", Flags: []cli.Flag{asFlag("admin"), dataFlag(), formatFlag()}, Action: a.listKeys},
			{Name: "confirm", Usage: "let a key count that another system administrator made", ArgsUsage: "PREFIX", Flags: []cli.Flag{asFlag("auditor"), dataFlag()}, Action: a.confirmKey},
			{Name: "revoke", Usage: "end a key for ever, from the next request on", ArgsUsage: "PREFIX", Flags: []cli.Flag{asFlag("admin"), dataFlag()}, Action: a.revokeKey},
		},
	})
}

// operator is who looks after a system: an account that acts in a development stack, the owner of the database elsewhere.
func operator(ctx context.Context, cmd *cli.Command, s *system) (handlers.Accessor, error) {
	actor := domain.Actor{Account: "operator", Role: domain.System}
	var err error
	if s.dev {
		actor, err = s.actor(cmd)
	} else {
		err = owns(ctx, s.cfg.Database.MigrateURL)
	}
	return handlers.Accessor{Actor: actor, Traceparent: handlers.Traceparent("")}, err
}

// owns says whether an address leads to the database as a role that owns what identity is kept in.
func owns(ctx context.Context, url string) error {
	if url == "" {
		return errors.New("MIGRATE_DATABASE_URL is not set: only who owns the database acts as its operator; or use the API with a token")
	}
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("reach database as its owner: %w", err)
	}
	defer c.Close(ctx)
	var is bool
	if err := c.QueryRow(ctx, `select pg_has_role(current_user, nspowner, 'member') from pg_namespace where nspname = 'identity'`).Scan(&is); err != nil {
		return fmt.Errorf("ask who owns the database: %w", err)
	}
	if !is {
		return errors.New("the role of MIGRATE_DATABASE_URL does not own the schema identity: use the role that ran 'dossier migrate up'")
	}
	return nil
}

func (s *system) keys() *identity.Keys {
	return identity.NewKeys(s.pool, s.executor, identity.NewLockout(nil))
}

func (a *app) createKey(ctx context.Context, cmd *cli.Command) error {
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	made, token, err := d.makeKey(ctx, identity.NewKey{
		Label: cmd.String("label"), As: domain.Actor{Account: cmd.String("account"), Role: domain.Role(cmd.String("role")), Unit: cmd.String("unit")},
		Scopes: cmd.StringSlice("scope"), Networks: cmd.StringSlice("from"), For: time.Duration(cmd.Int("days")) * 24 * time.Hour,
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "key %s for %s until %s; its token is shown this once, keep it where secrets are kept:\n", made.Prefix, made.Label, made.ExpiresAt.Format(time.DateOnly))
	if made.Waits {
		fmt.Fprintf(a.stderr, "it counts once an auditor or another system administrator says: dossier key confirm %s\n", made.Prefix)
	}
	fmt.Fprintln(a.stdout, token)
	return nil
}

func (a *app) listKeys(ctx context.Context, cmd *cli.Command) error {
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	keys, now, err := d.keys(ctx)
	if err != nil {
		return err
	}
	t := &table{columns: []string{"prefix", "label", "acts as", "scopes", "from", "until", "last used", "state"}}
	for _, k := range keys {
		state := "counts"
		switch {
		case k.RevokedAt != nil:
			state = "revoked " + instant(at(k.RevokedAt))
		case !now.Before(k.ExpiresAt):
			state = "expired"
		case k.Waits:
			state = "waits for a second person"
		}
		scopes := make([]string, len(k.Scopes))
		for i, scope := range k.Scopes {
			scopes[i] = string(scope)
		}
		t.add(k, k.Prefix, k.Label, k.As.Account+" / "+string(k.As.Role)+" / "+k.As.Unit, strings.Join(scopes, ","), or(strings.Join(k.Networks, ","), "everywhere"),
			k.ExpiresAt.Format(time.DateOnly), instant(at(k.UsedAt)), state)
	}
	return t.print(a.stdout, cmd)
}

func (a *app) confirmKey(ctx context.Context, cmd *cli.Command) error {
	prefix := cmd.Args().First()
	if prefix == "" {
		return usageError{errors.New("say which: dossier key confirm PREFIX ('dossier key list' shows them)")}
	}
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	k, err := d.confirmKey(ctx, prefix)
	if err != nil {
		return err
	}
	if k.Confirmed == "" {
		fmt.Fprintf(a.stdout, "%s (%s) counts since %s made it: nobody has to confirm it\n", k.Prefix, k.Label, k.MadeBy)
		return nil
	}
	fmt.Fprintf(a.stdout, "%s (%s) counts: %s made it, %s confirmed it\n", k.Prefix, k.Label, k.MadeBy, k.Confirmed)
	return nil
}

func (a *app) revokeKey(ctx context.Context, cmd *cli.Command) error {
	prefix := cmd.Args().First()
	if prefix == "" {
		return usageError{errors.New("say which: dossier key revoke PREFIX ('dossier key list' shows them)")}
	}
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	k, err := d.revokeKey(ctx, prefix)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s (%s) is revoked since %s\n", k.Prefix, k.Label, instant(at(k.RevokedAt)))
	return nil
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/urfave/cli/v3"

	"dossier/domain/dossier"
	"dossier/domain/procedure"
	"dossier/handlers"
	"dossier/handlers/client"
	"dossier/projections"
)

// desk is what a command asks, whoever answers: the handlers of this process over the database that it finds, or a server.
type desk interface {
	close()

	submit(context.Context, wish) (handlers.Group, error)
	do(ctx context.Context, target string, w wish) (handlers.Receipt, error)
	lookUp(ctx context.Context, target string, component dossier.Code, key string) (handlers.Receipt, error)

	show(context.Context, question) (shown, error)
	history(ctx context.Context, target string) (trail, error)
	deadline(context.Context, question) (handlers.Deadline, error)
	receipt(ctx context.Context, target string) (handlers.Reception, error)
	fee(ctx context.Context, target, day string) (handlers.OwedFee, error)
	words(ctx context.Context, target, purpose string) ([]handlers.Said, error)
	earlier(ctx context.Context, target string) ([]handlers.Earlier, error)
	openings(ctx context.Context, target string, limit int) ([]handlers.Opening, error)

	results(context.Context, papers) (register, error)
	checkResult(ctx context.Context, number, agency string) ([]handlers.CheckedResult, error)
	accesses(ctx context.Context, account, since string, limit int) ([]handlers.AccessEntry, *time.Location, error)

	events(ctx context.Context, after int64, limit int, line func([]byte) error) error
	tail(ctx context.Context, after int64, line func([]byte) error) error
}

// wish is a command with everything that was said around it.
type wish struct {
	command  dossier.Command
	name     string // kebab-case
	envelope handlers.Envelope
	with     []handlers.With // of a submission: the further procedures
	members  []byte          // the command's own, as JSON
}

// question is a dossier, and as of when it is asked for.
type question struct {
	target      string // id or code
	at, knownAt string
	version     int64
}

// now says whether it is asked for as it is.
func (q question) now() bool { return q.at == "" && q.knownAt == "" && q.version == 0 }

// shown is a dossier with what is told beside it.
type shown struct {
	id     uuid.UUID
	state  dossier.State
	timers []handlers.TimerLine
	rules  procedure.Version // those it goes by; nothing where nobody knows them
}

// trail is the audit trail of a dossier.
type trail struct {
	entries []projections.Entry
	stale   bool // the view stands still
}

// papers are the results asked for.
type papers struct {
	procedure, unit, verdict, renewBy, cursor string
	limit                                     int
}

// register is a page of the register of results.
type register struct {
	lines []paperLine
	at    int64 // the position it is true at
	next  string
}

type paperLine struct {
	ID      string               `json:"id"`
	Number  string               `json:"number"`
	Verdict dossier.PaperVerdict `json:"verdict"`
	dossier.Paper
}

// overServer are the command lines that a server answers too. All others work on the database that they find.
var overServer = strings.Split(strings.TrimSpace(`
dossier submit
dossier do
dossier look-up
dossier show
dossier history
dossier deadline
dossier receipt
dossier fee
dossier words
dossier earlier
dossier access list
dossier access of
dossier results list
dossier results check
dossier events read
dossier events tail
`), "\n")

// reach gives each command line that looks for a database the flags that name a server instead, and lets those that no server answers say so.
func reach(c *cli.Command, above string) *cli.Command {
	name := above + c.Name
	for _, sub := range c.Commands {
		reach(sub, name+" ")
	}
	finds := slices.ContainsFunc(c.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), "data") })
	if len(c.Commands) > 0 || !finds || name == "dossier dev" {
		return c
	}
	answered := slices.Contains(overServer, name)
	c.Flags = append(slices.Clone(c.Flags), serverFlags(!answered)...)
	if act := c.Action; !answered {
		c.Action = func(ctx context.Context, cmd *cli.Command) error {
			if cmd.String("server") != "" {
				return usageError{fmt.Errorf("%s works on the database only: leave out --server (DOSSIER_SERVER) and run it where the database is", name)}
			}
			return act(ctx, cmd)
		}
	}
	return c
}

func serverFlags(hidden bool) []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "server", Usage: "ask this server instead of a database, such as https://dossier.example.vn", Sources: cli.EnvVars("DOSSIER_SERVER"), Hidden: hidden},
		&cli.StringFlag{Name: "token", Usage: "of the API key to come with; other users of this machine see flags, so rather give the environment or a file", DefaultText: "none", Sources: cli.EnvVars("DOSSIER_TOKEN"), Hidden: hidden},
		&cli.StringFlag{Name: "token-file", Usage: "file that holds the token alone", TakesFile: true, Sources: cli.EnvVars("DOSSIER_TOKEN_FILE"), Hidden: hidden},
		&cli.BoolFlag{Name: "insecure", Usage: "let the token go over plain http to another machine", Hidden: hidden},
	}
}

// desk is who answers this command. The caller closes it.
func (a *app) desk(cmd *cli.Command) (desk, error) {
	base := cmd.String("server")
	if base == "" {
		return &local{a: a, cmd: cmd}, nil
	}
	if cmd.IsSet("as") {
		return nil, usageError{errors.New("--as (DOSSIER_AS) is believed by a development stack only: to a server the token says who acts")}
	}
	token, err := tokenOf(cmd)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = 2 * time.Minute
	c, err := client.New(base, client.Options{Token: token, HTTP: &http.Client{Transport: transport}, Insecure: cmd.Bool("insecure")})
	if errors.Is(err, client.ErrPlain) {
		err = fmt.Errorf("%w, or say --insecure", err)
	}
	if err != nil {
		return nil, usageError{err}
	}
	return &remote{c, transport}, nil
}

// tokenOf is the token of the command, which is never printed.
func tokenOf(cmd *cli.Command) (string, error) {
	token, file := cmd.String("token"), cmd.String("token-file")
	switch {
	case token != "" && file != "":
		return "", usageError{errors.New("say --token (DOSSIER_TOKEN) or --token-file (DOSSIER_TOKEN_FILE), not both")}
	case file == "":
		return token, nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", usageError{fmt.Errorf("read token: %w", err)}
	}
	return strings.TrimSpace(string(b)), nil
}

// oneDossier is the dossier that a command names.
func oneDossier(cmd *cli.Command) (string, error) {
	if cmd.Args().Len() != 1 {
		return "", usageError{fmt.Errorf("say which dossier: %s ID|CODE", cmd.FullName())}
	}
	return cmd.Args().First(), nil
}

// asking is a question with its two axes of time, which are understood before anybody is asked.
func asking(cmd *cli.Command) (q question, err error) {
	if q.target, err = oneDossier(cmd); err != nil {
		return q, err
	}
	q.at, q.knownAt, q.version = cmd.String("at"), cmd.String("known-at"), cmd.Int64("version")
	for name, text := range map[string]string{"at": q.at, "known-at": q.knownAt} {
		if text == "" {
			continue
		}
		if _, err := handlers.ParseMoment(text, handlers.Zone()); err != nil {
			return q, usageError{fmt.Errorf("--%s: %w", name, err)}
		}
	}
	return q, nil
}

// over asks one dossier's desk and prints what it says.
func over[T any](a *app, cmd *cli.Command, ask func(desk, string) (T, error), print func(T) error) error {
	target, err := oneDossier(cmd)
	if err != nil {
		return err
	}
	return atDesk(a, cmd, func(d desk) (T, error) { return ask(d, target) }, print)
}

// atDesk asks the desk and prints what it says.
func atDesk[T any](a *app, cmd *cli.Command, ask func(desk) (T, error), print func(T) error) error {
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	got, err := ask(d)
	if err != nil {
		return err
	}
	return print(got)
}

// asJSON says whether records are printed rather than cells.
func asJSON(cmd *cli.Command) bool {
	f := cmd.String("output")
	return f == "json" || f == "jsonl"
}

// printWhole prints one record as it is.
func (a *app) printWhole(cmd *cli.Command, record any) error {
	t := &table{}
	t.add(record)
	return t.print(a.stdout, cmd)
}

// whole puts a wish together again as the API takes it: what flags said beside the file is in it.
func (w wish) whole() (json.RawMessage, error) {
	members := map[string]json.RawMessage{}
	if len(w.members) > 0 {
		if err := json.Unmarshal(w.members, &members); err != nil {
			return nil, fmt.Errorf("read command: %w", err)
		}
	}
	set := func(name string, value any) error {
		raw, err := json.Marshal(value)
		members[name] = raw
		return err
	}
	var err error
	if w.envelope.OccurredAt != nil {
		err = errors.Join(err, set("occurred_at", w.envelope.OccurredAt))
	}
	if w.envelope.LateReason != "" {
		err = errors.Join(err, set("late_reason", w.envelope.LateReason))
	}
	if len(w.with) > 0 {
		err = errors.Join(err, set("with", w.with))
	}
	if err != nil {
		return nil, fmt.Errorf("write command: %w", err)
	}
	return json.Marshal(members)
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/urfave/cli/v3"

	"dossier/domain/batch"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/money"
	"dossier/domain/organisation"
	"dossier/domain/person"
	"dossier/domain/procedure"
	"dossier/eventstore/vault"
	"dossier/handlers"
	"dossier/handlers/client"
	"dossier/handlers/identity"
	"dossier/handlers/signing"
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
	timers(context.Context, waiting) ([]handlers.TimerLine, error)

	results(context.Context, papers) (register, error)
	checkResult(ctx context.Context, number, agency string) ([]handlers.CheckedResult, error)
	accesses(ctx context.Context, account, since string, limit int) ([]handlers.AccessEntry, *time.Location, error)

	catalogue(context.Context, calendar.Date) ([]procedure.Version, error)
	procedure(ctx context.Context, id string, day calendar.Date, number int) (rules, error)
	version(ctx context.Context, id string, number int) (procedure.Version, error) // number 0: as valid today
	publishProcedure(ctx context.Context, file []byte) (handlers.PublishedProcedure, error)
	withdrawProcedure(context.Context, string, procedure.Withdraw) (handlers.PublishedProcedure, error)
	turn(context.Context, procedure.Turn) (handlers.Turned, error)
	previewMove(ctx context.Context, id string, from, to int) (handlers.Move, error)
	calendar(ctx context.Context, code string, version int64) (calendar.Calendar, error)
	count(context.Context, calendar.Calendar, limitAsked) (limitCounted, error)
	publishCalendar(ctx context.Context, file []byte) (handlers.Published, error)
	organisation(ctx context.Context, day calendar.Date, knownAt string, whole bool) (organisation.Described, error)
	previewOrganisation(ctx context.Context, file []byte) (handlers.AppliedOrganisation, error)
	applyOrganisation(ctx context.Context, file []byte, key string) (handlers.AppliedOrganisation, error)

	sandboxes(context.Context) ([]organisation.Sandbox, error)
	resetSandbox(ctx context.Context, agency, key string) (organisation.Sandbox, error)

	planBatch(ctx context.Context, plan handlers.BulkPlan, key string) (handlers.Batch, error)
	batch(context.Context, uuid.UUID) (handlers.Batch, error)
	batchItems(context.Context, uuid.UUID, handlers.BulkPage) (handlers.BulkItems, error)
	dryRunBatch(context.Context, uuid.UUID, handlers.BulkPage) (handlers.BulkItems, error)
	dryUndoBatch(context.Context, uuid.UUID, batch.Undo, handlers.BulkPage) (handlers.BulkItems, error)
	startBatch(ctx context.Context, id uuid.UUID, stopAfter int, seen string) error
	undoBatch(context.Context, uuid.UUID, batch.Undo) error
	workOnBatch(context.Context, uuid.UUID, func(batch.State)) error

	changePerson(context.Context, personWish) (handlers.PersonReceipt, error)
	standing(context.Context, personWish) (handlers.Standing, error)
	persons(ctx context.Context, refs []string, purpose string) ([]handlers.ShownPerson, error)
	findPersons(ctx context.Context, q vault.Query, purpose string) ([]handlers.ShownPerson, bool, error)
	prefill(ctx context.Context, ref, procedure, purpose string) ([]handlers.Prefilled, error)

	files(ctx context.Context, target string) ([]handlers.FileLine, error)
	addFile(ctx context.Context, target, key string, n handlers.NewFile, content io.ReadSeeker, tell func(done, total int64)) (handlers.FileLine, error)
	readFile(ctx context.Context, id uuid.UUID, into func(copyTo func(io.Writer) error) error) error

	signFile(ctx context.Context, file uuid.UUID, signature, key string) (handlers.Receipt, error)
	signatures(ctx context.Context, target string) ([]handlers.SignatureLine, error) // of a dossier or a file
	prove(ctx context.Context, signature string, d signing.Digest) (signing.Evidence, error)

	books // money

	keys(context.Context) ([]identity.Key, time.Time, error)
	makeKey(context.Context, identity.NewKey) (identity.Key, string, error)
	confirmKey(ctx context.Context, prefix string) (identity.Key, error)
	revokeKey(ctx context.Context, prefix string) (identity.Key, error)
	sessions(ctx context.Context, account string) ([]identity.Session, error)
	endSessions(ctx context.Context, account string) (int, error)
	linkSubject(ctx context.Context, subject, account string) error
	confirmSubject(ctx context.Context, subject, account string) error

	events(ctx context.Context, after int64, limit int, line func([]byte) error) error
	tail(ctx context.Context, after int64, line func([]byte) error) error
}

// books are what a desk is asked of money.
type books interface {
	openTill(ctx context.Context, float int, key string) (money.Till, error)
	till(ctx context.Context, officer, day string) (money.Till, error)
	closeTill(ctx context.Context, day string, counted int, key string) (money.Till, error)
	transferTill(ctx context.Context, officer, day, document, key string) (money.Till, error)
	takeMoney(context.Context, owed, handlers.CounterPayment, string) (handlers.Slip, error)
	giveBack(ctx context.Context, series string, number, amount int, reason, key string) (handlers.Slip, error)
	book(ctx context.Context, series string) (money.Book, error)
	issueBook(ctx context.Context, b money.BookIssued, key string) (money.Book, error)
	handBook(ctx context.Context, series, to, key string) (money.Book, error)
	voidNumber(ctx context.Context, series string, number int, reason, key string) (money.Book, error)
	openOrder(ctx context.Context, o owed, key string) (handlers.Ordered, error)
	refundOrder(ctx context.Context, o owed, amount int, reason string, booked bool, key string) (handlers.Ordered, error)
	cancelOrder(ctx context.Context, o owed, reason, key string) (handlers.Ordered, error)
	settleDay(ctx context.Context, day, key string) (int, error)
	reconcile(ctx context.Context, day string) (money.Report, error)
	explain(ctx context.Context, day, difference, cause, key string) error
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

// waiting are the timers asked for.
type waiting struct {
	kind, unit string
	target     string // id or code of one dossier
	within     time.Duration
	limit      int
}

// limitAsked is a limit to be counted by a calendar.
type limitAsked struct {
	version int64 // of the calendar; 0: the newest
	agency  string
	from    time.Time
	limit   calendar.Limit
	policy  calendar.Policy
}

// limitCounted is a limit counted with its steps; without a due moment the calendar of a year is missing.
type limitCounted struct {
	Due     *time.Time              `json:"due"`
	Closes  *time.Time              `json:"closes"`
	Missing int                     `json:"missing_year"`
	Steps   []handlers.DeadlineStep `json:"steps"`
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

// rules are a version of a procedure with what surrounds it.
type rules struct {
	version  procedure.Version
	of       int // versions there are
	switches []procedure.Switch
}

// personWish is something to be done about a person.
type personWish struct {
	act      string // as the command line names it
	ref      string
	number   int // of the mandate or request
	key      string
	kind     person.Kind
	person   vault.Person
	reason   dossier.Code
	decision dossier.External
	told     any // of its standing: what is granted, ended, asked, answered
}

// reach gives each command line that looks for a database the flags that name a server instead, and lets those that stay with the database say why.
func reach(c *cli.Command, above string) *cli.Command {
	name := above + c.Name
	for _, sub := range c.Commands {
		reach(sub, name+" ")
	}
	if !finds(c) || name == "dossier dev" {
		return c
	}
	stays := staysBecause(name)
	c.Flags = append(slices.Clone(c.Flags), serverFlags(stays != "")...)
	if act := c.Action; stays != "" {
		c.Action = func(ctx context.Context, cmd *cli.Command) error {
			if cmd.String("server") != "" {
				return databaseOnly(name, stays)
			}
			return act(ctx, cmd)
		}
	}
	return c
}

// finds says whether a command line looks for a database.
func finds(c *cli.Command) bool {
	return slices.ContainsFunc(c.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), "data") })
}

// staysBecause is why a command line asks no server, "" where it asks one.
func staysBecause(name string) string {
	door, known := handlers.DoorOf(handlers.CLI, name)
	if !known {
		return "nobody says that a server answers it"
	}
	return door.Stays
}

func databaseOnly(name, why string) error {
	return usageError{fmt.Errorf("%s works on the database only: %s. Leave out --server (DOSSIER_SERVER) and run it where the database is", name, why)}
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

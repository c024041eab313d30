package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"dossier/domain/dossier"
	"dossier/handlers"
)

// actFlags are what every command on a dossier takes.
func actFlags(as string) []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "file", Aliases: []string{"f"}, Usage: "the command's body as JSON; - reads stdin", TakesFile: true},
		&cli.StringSliceFlag{Name: "set", Usage: "one field of the body, as k=v (repeat it); a value that is JSON is taken as JSON"},
		&cli.StringSliceFlag{Name: "fact", Usage: "a condition of the procedure that holds (repeat it)"},
		&cli.StringSliceFlag{Name: "value", Usage: "a field of the procedure's forms that is not personal, as FORM.FIELD=VALUE (repeat it); conditions follow from it"},
		&cli.StringSliceFlag{Name: "entry", Usage: "a field of the forms that is personal or takes words, as FORM.FIELD=TEXT (repeat it); it lies in the vault alone"},
		&cli.StringFlag{Name: "key", Usage: "idempotency key: the same key and body are done once", Sources: cli.EnvVars("DOSSIER_KEY")},
		&cli.StringFlag{Name: "occurred-at", Usage: "when it was true (RFC 3339), if earlier than now"},
		&cli.StringFlag{Name: "late-reason", Usage: "code: why it is entered more than 5 minutes late"},
		asFlag(as), dataFlag(), formatFlag(),
	}
}

func (a *app) submitCommand() *cli.Command {
	return &cli.Command{
		Name: "submit", Usage: "submit a dossier",
		UsageText: "dossier submit -f dossier.json\n   dossier submit --set procedure=vet-practice-cert-renew --set channel=online --set applicant=nguoi-nop-1",
		Flags:     append(actFlags("applicant-1"), &cli.StringSliceFlag{Name: "with", Usage: "a further procedure of the same reception, linked to this one, with a dossier of its own (repeat it)"}),
		Action: func(ctx context.Context, cmd *cli.Command) error {
			return a.act(ctx, cmd, "", "submit")
		},
	}
}

func (a *app) doCommand() *cli.Command {
	flags := append(actFlags("case-1"), &cli.Int64Flag{Name: "if-version", Usage: "act only if the dossier is still at this version (required for approve, sign, issue)"})
	return &cli.Command{
		Name: "do", Usage: "act on a dossier: accept, request-supplement, approve, … (dossier domain table says which, when and how)", ArgsUsage: "ID|CODE COMMAND",
		Flags: flags,
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if cmd.Args().Len() != 2 {
				return usageError{fmt.Errorf("say which dossier and which command: dossier do ID COMMAND. Commands: %s", strings.Join(dossier.CommandNames(), ", "))}
			}
			return a.act(ctx, cmd, cmd.Args().Get(0), cmd.Args().Get(1))
		},
	}
}

// act decodes the body, gives the command to the desk and prints the receipt.
func (a *app) act(ctx context.Context, cmd *cli.Command, target, name string) error {
	w, err := a.wish(cmd, name)
	if err != nil {
		return err
	}
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	if name != "submit" {
		r, err := d.do(ctx, target, w)
		return a.printReceipt(cmd, r, err)
	}
	g, err := d.submit(ctx, w)
	if err != nil || len(g.Members) == 0 {
		return a.printReceipt(cmd, g.Lead, err)
	}
	t := receipts()
	for _, r := range append(g.Members, g.Lead) { // the lead last, where a single receipt stands
		addReceipt(t, r)
	}
	return t.print(a.stdout, cmd)
}

// wish reads what the command line asks for.
func (a *app) wish(cmd *cli.Command, name string) (w wish, err error) {
	body, err := a.body(cmd)
	if err != nil {
		return w, err
	}
	w.name = name
	if w.envelope, w.members, err = a.envelope(cmd, body); err != nil {
		return w, err
	}
	if name == "submit" {
		if w.members, w.with, err = handlers.OpenWith(w.members); err != nil {
			return w, err
		}
		for _, id := range cmd.StringSlice("with") {
			w.with = append(w.with, handlers.With{Procedure: dossier.Code(id)})
		}
	}
	w.command, err = dossier.DecodeCommand(name, w.members)
	return w, err
}

func receipts() *table {
	return &table{columns: []string{"id", "code", "status", "version", "position"}}
}

func addReceipt(t *table, r handlers.Receipt) {
	code := ""
	if r.Code != nil {
		code = *r.Code
	}
	t.add(r, r.ID.String(), code, dossier.Label("status", string(r.Status), "vi"), fmt.Sprint(r.Version), fmt.Sprint(r.Position))
}

func (a *app) printReceipt(cmd *cli.Command, r handlers.Receipt, err error) error {
	if err != nil {
		return err
	}
	t := receipts()
	addReceipt(t, r)
	if r.Repeated {
		t.note = "lệnh này đã được thực hiện trước đó / this command had been done before"
	}
	return t.print(a.stdout, cmd)
}

// body is the JSON of -f, or made of --set.
func (a *app) body(cmd *cli.Command) ([]byte, error) {
	file, sets, facts, values, entries := cmd.String("file"), cmd.StringSlice("set"), cmd.StringSlice("fact"), cmd.StringSlice("value"), cmd.StringSlice("entry")
	switch {
	case file != "" && len(sets)+len(facts)+len(values)+len(entries) > 0:
		return nil, usageError{fmt.Errorf("say -f or --set (--fact, --value, --entry), not both")}
	case file == "-":
		return io.ReadAll(os.Stdin)
	case file != "":
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, usageError{err}
		}
		return b, nil
	}
	fields := map[string]any{}
	for _, set := range sets {
		k, v, ok := strings.Cut(set, "=")
		if !ok {
			return nil, usageError{fmt.Errorf("--set %q: say k=v", set)}
		}
		var value any = v
		if json.Valid([]byte(v)) {
			value = json.RawMessage(v)
		}
		fields[k] = value
	}
	if len(facts) > 0 {
		fields["facts"] = facts
	}
	var given []dossier.Given
	for _, value := range values {
		k, v, ok := strings.Cut(value, "=")
		if !ok {
			return nil, usageError{fmt.Errorf("--value %q: say FORM.FIELD=VALUE, such as application.head_count=20", value)}
		}
		given = append(given, dossier.Given{Field: dossier.Code(k), Value: dossier.Value(v)})
	}
	if len(given) > 0 {
		fields["values"] = given
	}
	var typed []map[string]string
	for _, entry := range entries {
		k, v, ok := strings.Cut(entry, "=")
		if !ok {
			return nil, usageError{fmt.Errorf("--entry %q: say FORM.FIELD=TEXT, such as application.phone='0912 345 678'", k)}
		}
		typed = append(typed, map[string]string{"field": k, "text": v})
	}
	if len(typed) > 0 {
		fields["entries"] = typed
	}
	return json.Marshal(fields)
}

// envelope takes occurred_at and late_reason out of the body, as the API does; flags of the same names go before them.
func (a *app) envelope(cmd *cli.Command, body []byte) (e handlers.Envelope, members []byte, err error) {
	if e, members, err = handlers.Open(body); err != nil {
		return e, nil, err
	}
	e.Key = cmd.String("key")
	if e.Key == "" {
		e.Key = handlers.NewKey()
	}
	if reason := cmd.String("late-reason"); reason != "" {
		e.LateReason = reason
	}
	if at := cmd.String("occurred-at"); at != "" {
		t, err := time.Parse(time.RFC3339, at)
		if err != nil {
			return e, nil, usageError{fmt.Errorf("--occurred-at %q is no RFC 3339 instant, such as 2026-11-23T14:32:00+07:00", at)}
		}
		e.OccurredAt = &t
	}
	if cmd.IsSet("if-version") {
		v := cmd.Int64("if-version")
		e.Expected = &v
	}
	return e, members, nil
}

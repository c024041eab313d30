package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/procedure"
	"dossier/handlers"
	"dossier/handlers/conditions"
	"dossier/internal/config"
)

func (a *app) proceduresCommand() *cli.Command {
	at := &cli.StringFlag{Name: "at", Usage: "as it is valid on that day; today without it"}
	version := &cli.IntFlag{Name: "version", Usage: "the version of that number"}
	turn := []cli.Flag{
		&cli.StringFlag{Name: "unit", Usage: "the unit; without it all that have no switch of their own"},
		&cli.StringFlag{Name: "reason", Required: true, Usage: "code: why"},
		&cli.StringFlag{Name: "basis", Required: true, Usage: "number of the document it rests on"},
		asFlag("catalogue"), dataFlag(), formatFlag(),
	}
	return group(&cli.Command{
		Name: "procedures", Usage: "under which rules dossiers are filed and resolved",
		Commands: []*cli.Command{
			{Name: "list", Usage: "every procedure with its limit, whether it is open for filing, and how sure its values are", Flags: []cli.Flag{at, dataFlag(), formatFlag()}, Action: a.listProcedures},
			{Name: "show", Usage: "one version, the versions there are, and the switches of the units", ArgsUsage: "ID", Flags: []cli.Flag{at, version, dataFlag(), formatFlag()}, Action: a.showProcedure},
			{Name: "check", Usage: "read files and tell every mistake with line, path and the dossier that shows it", ArgsUsage: "FILE...", Action: a.checkProcedures},
			{Name: "publish", Usage: "publish the version that a file brings; ID of a shipped one, or a file", ArgsUsage: "ID|FILE", Flags: []cli.Flag{
				&cli.BoolFlag{Name: "shipped", Usage: "all that come with the program and were never published"}, asFlag("catalogue"), dataFlag(), formatFlag()}, Action: a.publishProcedure},
			{Name: "withdraw", Usage: "end a procedure from a day on", ArgsUsage: "ID", Flags: []cli.Flag{
				&cli.StringFlag{Name: "decision", Required: true, Usage: "number of the decision"}, &cli.StringFlag{Name: "decided-on", Required: true, Usage: "its day"},
				&cli.StringFlag{Name: "from", Required: true, Usage: "the day from which nothing is filed"}, asFlag("catalogue"), dataFlag(), formatFlag()}, Action: a.withdrawProcedure},
			{Name: "open", Usage: "let a unit receive dossiers: " + reasons(procedure.OpenReasons()), ArgsUsage: "ID", Flags: turn, Action: a.turnSwitch(true)},
			{Name: "close", Usage: "keep a unit from receiving dossiers: " + reasons(procedure.CloseReasons()), ArgsUsage: "ID", Flags: turn, Action: a.turnSwitch(false)},
			{Name: "draw", Usage: "the way of a dossier as a Mermaid diagram", ArgsUsage: "ID|FILE", Flags: []cli.Flag{
				&cli.StringFlag{Name: "lang", Value: "vi", Usage: "vi or en"}, version, dataFlag()}, Action: a.drawProcedure},
			{Name: "schema", Usage: "JSON Schema of what is filled in; without ID that of procedure files", ArgsUsage: "[ID|FILE]", Flags: []cli.Flag{version, dataFlag()}, Action: a.procedureSchema},
			{Name: "facts", Usage: "what a procedure asks of one dossier: components, fees, limits, steps", ArgsUsage: "ID|FILE FORMS", Flags: []cli.Flag{version, dataFlag()}, Action: a.procedureFacts},
			{Name: "move", Usage: "move open dossiers to another version; without --yes only say who is affected", ArgsUsage: "ID", Flags: []cli.Flag{
				&cli.IntFlag{Name: "from", Required: true, Usage: "version they go by"}, &cli.IntFlag{Name: "to", Required: true, Usage: "version they are to go by"},
				&cli.StringFlag{Name: "ground", Usage: "code: " + strings.Join(dossier.Values("move_ground"), ", ")}, &cli.StringFlag{Name: "basis", Usage: "code of the article, such as nd-309-2026.5"},
				&cli.StringFlag{Name: "key", Usage: "idempotency key: under the same key it goes on where it stopped"}, &cli.BoolFlag{Name: "yes", Usage: "carry it out"},
				asFlag("approver"), dataFlag(), formatFlag()}, Action: a.moveDossiers},
		},
	})
}

func reasons(list []procedure.Reason) string {
	parts := make([]string, len(list))
	for i, r := range list {
		parts[i] = string(r)
	}
	return strings.Join(parts, ", ")
}

// catalogue is the catalogue of the system that is found; where there is none, what ships.
func (a *app) catalogue(ctx context.Context, cmd *cli.Command) (handlers.Catalogue, error) {
	if cfg, err := config.FromEnv(a.getenv); err == nil && cfg.Database.URL == "" {
		folder, err := a.folder(cmd)
		if err != nil {
			return handlers.Catalogue{}, err
		}
		if _, err := os.Stat(filepath.Join(folder, settingsFile)); err != nil {
			fmt.Fprintln(a.stderr, "no system found: this is what ships with the program")
			return handlers.ShippedCatalogue(), nil
		}
	}
	s, err := a.open(ctx, cmd)
	if err != nil {
		return handlers.Catalogue{}, err
	}
	defer s.stop()
	return s.executor.Procedures().All(ctx), nil
}

// dayOf reads --at, today without it.
func dayOf(text string) (calendar.Date, error) {
	if text == "" {
		return calendar.DateOf(time.Now(), handlers.Zone()), nil
	}
	day, err := calendar.ParseDate(text)
	if err != nil {
		return 0, usageError{err}
	}
	return day, nil
}

func (a *app) listProcedures(ctx context.Context, cmd *cli.Command) error {
	day, err := dayOf(cmd.String("at"))
	if err != nil {
		return err
	}
	return atDesk(a, cmd, func(d desk) ([]procedure.Version, error) { return d.catalogue(ctx, day) }, func(all []procedure.Version) error { return a.printCatalogue(cmd, all) })
}

func (a *app) printCatalogue(cmd *cli.Command, all []procedure.Version) error {
	t := &table{columns: []string{"id", "version", "sector", "process", "filing", "limit", "marks", "name"}}
	for _, v := range all {
		filing := "open"
		if !v.OpenForFiling {
			filing = "information only"
		}
		t.add(v.Describe(), v.ID, fmt.Sprint(v.Number), v.Sector, string(v.Archetype), filing, or(v.LimitVI, "-"), marksOf(v), v.ShortVI+" / "+v.ShortEN)
	}
	return t.print(a.stdout, cmd)
}

// marksOf says how sure each value is.
func marksOf(v procedure.Version) string {
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(v.Certainty)) {
		parts = append(parts, what+"="+string(v.Certainty[what]))
	}
	return strings.Join(parts, " ")
}

func (a *app) showProcedure(ctx context.Context, cmd *cli.Command) error {
	if cmd.Args().Len() != 1 {
		return usageError{fmt.Errorf("say which procedure: %s ID", cmd.FullName())}
	}
	day, err := dayOf(cmd.String("at"))
	if err != nil {
		return err
	}
	return atDesk(a, cmd, func(d desk) (rules, error) { return d.procedure(ctx, cmd.Args().First(), day, cmd.Int("version")) }, func(is rules) error {
		if asJSON(cmd) {
			return a.printWhole(cmd, is.version.Describe())
		}
		t := &table{columns: []string{"field", "value"}}
		for _, line := range describe(is) {
			t.add(nil, line[0], line[1])
		}
		return t.print(a.stdout, cmd)
	})
}

// describe is a version line by line.
func describe(is rules) (lines [][2]string) {
	v := is.version
	add := func(name, value string) {
		if value != "" {
			lines = append(lines, [2]string{name, value})
		}
	}
	add("id", v.ID)
	add("name", v.NameVI+" / "+v.NameEN)
	add("short name", v.ShortVI+" / "+v.ShortEN)
	add("version", fmt.Sprintf("%d of %d: %s of %s, valid from %s", v.Number, is.of, v.Decision.No, v.Decision.DecidedOn, v.Decision.ValidFrom))
	add("process", string(v.Archetype))
	add("limit", strings.TrimPrefix(v.LimitVI+" / "+v.LimitEN, " / "))
	add("marks", marksOf(v))
	for _, c := range v.Components {
		add("component "+c.Code, or(c.NameVI, c.NameEN)+when(c.When))
	}
	for _, f := range v.Fees {
		add("fee "+f.Code, fmt.Sprintf("%d đồng", f.Amount)+when(f.When))
	}
	for _, w := range v.Flow.Steps {
		add("step "+w.Code, string(w.Kind)+when(w.When))
	}
	for _, r := range v.Flow.Results {
		add("result "+r.Code, r.NameVI)
	}
	for _, l := range v.Levels {
		add("service level "+l.Scheme, strings.TrimSuffix(l.Value+", "+l.Reason, ", "))
	}
	for _, c := range v.Channels {
		add("channel", procedure.Word("channel", string(c), "vi")+" / "+procedure.Word("channel", string(c), "en"))
	}
	for _, s := range is.switches {
		state := map[bool]string{true: "open", false: "closed"}[s.Open]
		add("switch "+or(s.Unit, "of all units"), fmt.Sprintf("%s: %s, %s", state, s.Reason, s.Basis))
	}
	return lines
}

func when(fact string) string {
	if fact == "" {
		return ""
	}
	return ", when " + fact
}

// procedureFile reads a file, or the shipped one of that id.
func procedureFile(name string) ([]byte, error) {
	if data, ships := procedure.Shipped()[name]; ships {
		return data, nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read procedure: %w", err)
	}
	return data, nil
}

func (a *app) checkProcedures(_ context.Context, cmd *cli.Command) error {
	if cmd.Args().Len() == 0 {
		return usageError{fmt.Errorf("say which files: %s FILE...", cmd.FullName())}
	}
	var wrong error
	for _, name := range cmd.Args().Slice() {
		data, err := procedureFile(name)
		if err != nil {
			return err
		}
		read, mistakes := handlers.CheckProcedure(data)
		if len(mistakes) > 0 {
			wrong = errors.Join(wrong, a.tellMistakes(name, mistakes))
			continue
		}
		fmt.Fprintf(a.stdout, "%s: no mistake (%s, valid from %s)\n", name, read.Wish.Version.ID, read.Wish.Decision.ValidFrom)
	}
	if wrong != nil {
		return checkError{wrong}
	}
	return nil
}

func (a *app) publishProcedure(ctx context.Context, cmd *cli.Command) error {
	var data []byte
	var err error
	if shipped := cmd.Bool("shipped"); shipped == (cmd.Args().Len() == 1) {
		return usageError{fmt.Errorf("say which procedure: %s ID|FILE, or --shipped for all that come with the program", cmd.FullName())}
	} else if !shipped {
		if data, err = procedureFile(cmd.Args().First()); err != nil {
			return err
		}
	}
	if cmd.Bool("shipped") {
		return a.publishShipped(ctx, cmd)
	}
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	done, err := d.publishProcedure(ctx, data)
	if mistakes := mistakesIn(err); mistakes != nil {
		return a.tellMistakes(cmd.Args().First(), mistakes)
	}
	return a.printPublished(cmd, done, err)
}

func (a *app) publishShipped(ctx context.Context, cmd *cli.Command) error {
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	t := &table{columns: publishedColumns}
	failed := publishLacking(ctx, d, t)
	t.note = fmt.Sprintf("%d published, %d were there before", len(t.rows), len(procedure.Shipped())-len(t.rows))
	if failed != nil {
		t.note = fmt.Sprintf("%d published; say it again to go on", len(t.rows))
	}
	return errors.Join(failed, t.print(a.stdout, cmd))
}

// publishLacking publishes the shipped procedures that were never published; what has been until one fails stands in the table.
func publishLacking(ctx context.Context, d desk, t *table) error {
	for _, id := range slices.Sorted(maps.Keys(procedure.Shipped())) {
		_, err := d.procedure(ctx, id, 0, 1)
		if err == nil {
			continue // published before
		}
		if !errors.Is(err, handlers.ErrNoProcedure) {
			return err
		}
		done, err := d.publishProcedure(ctx, procedure.Shipped()[id])
		if err != nil {
			return fmt.Errorf("publish procedure %s: %w", id, err)
		}
		addPublished(t, done)
	}
	return nil
}

var publishedColumns = []string{"id", "version", "decision", "valid from", "changes"}

func addPublished(t *table, done handlers.PublishedProcedure) {
	t.add(done, done.ID, fmt.Sprint(done.Number), done.Decision, done.ValidFrom, fmt.Sprint(done.Events))
}

func (a *app) printPublished(cmd *cli.Command, done handlers.PublishedProcedure, err error) error {
	if err != nil {
		return err
	}
	t := &table{columns: publishedColumns}
	addPublished(t, done)
	return t.print(a.stdout, cmd)
}

func (a *app) withdrawProcedure(ctx context.Context, cmd *cli.Command) error {
	if cmd.Args().Len() != 1 {
		return usageError{fmt.Errorf("say which procedure: %s ID", cmd.FullName())}
	}
	w := procedure.Withdraw{Decision: cmd.String("decision")}
	var err error
	if w.DecidedOn, err = dayOf(cmd.String("decided-on")); err != nil {
		return err
	}
	if w.From, err = dayOf(cmd.String("from")); err != nil {
		return err
	}
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	done, err := d.withdrawProcedure(ctx, cmd.Args().First(), w)
	return a.printPublished(cmd, done, err)
}

func (a *app) turnSwitch(open bool) cli.ActionFunc {
	return func(ctx context.Context, cmd *cli.Command) error {
		if cmd.Args().Len() != 1 {
			return usageError{fmt.Errorf("say which procedure: %s ID", cmd.FullName())}
		}
		d, err := a.desk(cmd)
		if err != nil {
			return err
		}
		defer d.close()
		done, err := d.turn(ctx, procedure.Turn{Procedure: cmd.Args().First(), Unit: cmd.String("unit"), Open: open, Reason: procedure.Reason(cmd.String("reason")), Basis: cmd.String("basis")})
		if err != nil {
			return err
		}
		t := &table{columns: []string{"procedure", "unit", "open", "reason", "basis", "changes"}}
		t.add(done, done.Procedure, or(done.Unit, "all"), fmt.Sprint(done.Open), string(done.Reason), done.Basis, fmt.Sprint(done.Events))
		return t.print(a.stdout, cmd)
	}
}

// oneVersion is the version that a command names: of a file, else of the catalogue, at --version or as valid today.
func (a *app) oneVersion(ctx context.Context, cmd *cli.Command, name string) (procedure.Version, error) {
	if _, err := os.Stat(name); err == nil {
		data, err := procedureFile(name)
		if err != nil {
			return procedure.Version{}, err
		}
		read, mistakes := handlers.CheckProcedure(data)
		if len(mistakes) > 0 {
			return procedure.Version{}, a.tellMistakes(name, mistakes)
		}
		return read.Wish.Version, nil
	}
	d, err := a.desk(cmd)
	if err != nil {
		return procedure.Version{}, err
	}
	defer d.close()
	v, err := d.version(ctx, name, cmd.Int("version"))
	if errors.Is(err, handlers.ErrNoProcedure) {
		err = fmt.Errorf("procedure %q: %w; the catalogue: dossier procedures list", name, err)
	}
	return v, err
}

func (a *app) drawProcedure(ctx context.Context, cmd *cli.Command) error {
	if cmd.Args().Len() != 1 {
		return usageError{fmt.Errorf("say which procedure: %s ID|FILE", cmd.FullName())}
	}
	v, err := a.oneVersion(ctx, cmd, cmd.Args().First())
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(a.stdout, v.Diagram(cmd.String("lang")))
	return err
}

func (a *app) procedureSchema(ctx context.Context, cmd *cli.Command) error {
	if cmd.Args().Len() == 0 {
		return printJSON(a.stdout, procedure.FileSchema())
	}
	v, err := a.oneVersion(ctx, cmd, cmd.Args().First())
	if err != nil {
		return err
	}
	return printJSON(a.stdout, v.FormSchema())
}

func (a *app) procedureFacts(ctx context.Context, cmd *cli.Command) error {
	if cmd.Args().Len() != 2 {
		return usageError{fmt.Errorf("say which procedure and which filled-in forms: %s ID|FILE FORMS", cmd.FullName())}
	}
	v, err := a.oneVersion(ctx, cmd, cmd.Args().First())
	if err != nil {
		return err
	}
	forms, err := os.ReadFile(cmd.Args().Get(1))
	if err != nil {
		return usageError{fmt.Errorf("read forms: %w", err)}
	}
	outcome, err := conditions.Ask(v, forms)
	if err != nil {
		return err
	}
	return printJSON(a.stdout, outcome)
}

func (a *app) moveDossiers(ctx context.Context, cmd *cli.Command) error {
	if cmd.Args().Len() != 1 {
		return usageError{fmt.Errorf("say which procedure: %s ID", cmd.FullName())}
	}
	c := dossier.MoveToVersion{Version: cmd.Int("to"), Ground: dossier.MoveGround(cmd.String("ground")), Basis: dossier.Code(cmd.String("basis"))}
	if cmd.Bool("yes") && (c.Ground == "" || c.Basis == "") {
		return usageError{errors.New("a move needs its legal ground: --ground and --basis")}
	}
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	id, from, to := cmd.Args().First(), cmd.Int("from"), cmd.Int("to")
	m, err := d.previewMove(ctx, id, from, to)
	if errors.Is(err, handlers.ErrNoProcedure) {
		err = fmt.Errorf("procedure %q, versions %d and %d: %w; what there is: dossier procedures show %[1]s", id, from, to, err)
	}
	if err != nil {
		return err
	}
	for _, c := range m.Changes {
		fmt.Fprintf(a.stderr, "%s: %s → %s\n", c.Member, or(string(c.Before), "-"), or(string(c.After), "-"))
	}
	if cmd.Bool("yes") {
		if err := a.carryOut(ctx, d, m.Dossiers, c, or(cmd.String("key"), handlers.NewKey())); err != nil {
			return err
		}
	}
	return a.printMove(cmd, m)
}

// carryOut moves dossiers, each by an act of its own under the same key: repeated, it goes on where it stopped.
func (a *app) carryOut(ctx context.Context, d desk, affected []handlers.Affected, c dossier.MoveToVersion, key string) error {
	members, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("write command: %w", err)
	}
	w := wish{command: c, name: dossier.Kebab(c.Name()), members: members, envelope: handlers.Envelope{Key: key, Body: members}}
	for i := range affected {
		if _, err := d.do(ctx, affected[i].ID.String(), w); err != nil {
			fmt.Fprintf(a.stderr, "%d of %d moved; to go on, say the same again with --key %s\n", i, len(affected), key)
			return fmt.Errorf("move dossier %s: %w", affected[i].ID, err)
		}
		affected[i].Moved = true
	}
	return nil
}

func (a *app) printMove(cmd *cli.Command, m handlers.Move) error {
	t := &table{columns: []string{"id", "code", "applicant", "status", "due", "moved"}}
	for _, d := range m.Dossiers {
		due := ""
		if d.Due != nil {
			due = instant(*d.Due)
		}
		t.add(d, d.ID.String(), deref(d.Code), d.Applicant, words("status", string(d.Status)), due, fmt.Sprint(d.Moved))
	}
	if t.note = fmt.Sprintf("%d dossier(s) affected; nothing was changed: say --yes, --ground and --basis to move them", len(m.Dossiers)); cmd.Bool("yes") {
		t.note = fmt.Sprintf("%d dossier(s) moved to version %d", len(m.Dossiers), m.To)
	}
	return t.print(a.stdout, cmd)
}

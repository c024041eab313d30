package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/urfave/cli/v3"

	"dossier/domain/batch"
	"dossier/domain/dossier"
	"dossier/handlers"
	"dossier/projections"
)

func (a *app) bulkCommand() *cli.Command {
	common := func(as string, flags ...cli.Flag) []cli.Flag {
		return append(flags, asFlag(as), dataFlag(), formatFlag())
	}
	outcome := &cli.StringFlag{Name: "outcome", Usage: "items with this outcome alone: " + strings.Join(outcomeNames(), ", ")}
	return group(&cli.Command{
		Name: "bulk", Usage: "one act on many dossiers: plan, dry run, run, take back",
		Commands: []*cli.Command{
			{
				Name: "plan", Usage: "fix what is to be done to which dossiers; nothing is done yet", ArgsUsage: "COMMAND",
				UsageText: "dossier bulk plan approve --ids reviewed.txt --set outcome=grant\n   dossier bulk plan assign-officer --filter status=forwarded --filter unit=animal-health --set officer=officer-2",
				Flags: common("officer-1",
					&cli.StringFlag{Name: "ids", Usage: "file of ids or codes, one a line, with @VERSION where one was seen; - reads stdin", TakesFile: true},
					&cli.StringSliceFlag{Name: "filter", Usage: "take what is found so, as k=v (repeat it): status, procedure, channel, unit, officer, applicant, outcome, query"},
					&cli.BoolFlag{Name: "any-version", Usage: "act also on dossiers that change meanwhile (never for approve, sign, issue)"},
					&cli.StringFlag{Name: "file", Aliases: []string{"f"}, Usage: "the command's body as JSON, for each dossier alike", TakesFile: true},
					&cli.StringSliceFlag{Name: "set", Usage: "one field of the body, as k=v (repeat it); a value that is JSON is taken as JSON"},
					&cli.StringFlag{Name: "key", Usage: "idempotency key: the same key and plan make one batch", Sources: cli.EnvVars("DOSSIER_KEY")},
				),
				Action: a.bulkPlan,
			},
			{Name: "dry-run", Usage: "what would become of each item now; nothing is recorded", ArgsUsage: "BATCH", Flags: common("auditor", outcome), Action: a.bulkDryRun},
			{
				Name: "run", Usage: "do the items; run again, it goes on where it stopped", ArgsUsage: "BATCH",
				Flags: common("officer-1", &cli.IntFlag{Name: "stop-after-refusals", Usage: "halt after so many; never without it"},
					&cli.StringFlag{Name: "seen", Usage: "signatures: what 'bulk dry-run' printed after it had shown each item"}),
				Action: a.bulkRun,
			},
			{Name: "show", Usage: "how far it came, and what became of each item", ArgsUsage: "BATCH", Flags: common("auditor", outcome), Action: a.bulkShow},
			{
				Name: "undo", Usage: "take back what it did; what has moved on since is told and left", ArgsUsage: "BATCH",
				UsageText: "dossier bulk undo BATCH --reason wrong_content --dry-run\n   dossier bulk undo BATCH --reason wrong_content --seen unit_told",
				Flags: common("officer-1",
					&cli.StringFlag{Name: "reason", Usage: strings.Join(dossier.Values("undo_reason"), ", "), Required: true},
					&cli.StringFlag{Name: "seen", Usage: "consequences that were shown, comma-separated; left out, they are told and nothing is done"},
					&cli.BoolFlag{Name: "dry-run", Usage: "say what would be taken back, and with which consequences; nothing is recorded"},
				),
				Action: a.bulkUndo,
			},
		},
	})
}

func outcomeNames() (names []string) {
	for _, o := range batch.Outcomes() {
		names = append(names, string(o))
	}
	return names
}

func (a *app) bulkPlan(ctx context.Context, cmd *cli.Command) error {
	if cmd.Args().Len() != 1 {
		return usageError{fmt.Errorf("say which command: dossier bulk plan COMMAND. Commands: %s", strings.Join(handlers.BulkCommands(), ", "))}
	}
	plan := handlers.BulkPlan{Command: cmd.Args().First(), AnyVersion: cmd.Bool("any-version")}
	var err error
	if plan.Arguments, err = a.body(cmd); err != nil {
		return err
	}
	if plan.IDs, err = idsOf(cmd.String("ids")); err != nil {
		return err
	}
	if plan.Filter, err = filterOf(cmd.StringSlice("filter")); err != nil {
		return err
	}
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	made, err := d.planBatch(ctx, plan, or(cmd.String("key"), handlers.NewKey()))
	if err != nil {
		return a.tellFields(err)
	}
	return a.printBatch(cmd, made)
}

// tellFields lists what is wrong with single entries, before the error itself is told.
func (a *app) tellFields(err error) error {
	if failure := (*handlers.Failure)(nil); errors.As(err, &failure) {
		_, p := handlers.Problem(err)
		for i, f := range p.In("vi", "").Errors {
			fmt.Fprintf(a.stderr, "%s: %s\n   %s\n", f.Field, f.Detail, p.In("en", "").Errors[i].Detail)
		}
	}
	return err
}

// idsOf reads a file of ids; empty lines and what follows # are passed over.
func idsOf(file string) (ids []string, err error) {
	var data []byte
	switch file {
	case "":
		return nil, nil
	case "-":
		data, err = io.ReadAll(os.Stdin)
	default:
		data, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, usageError{fmt.Errorf("read ids: %w", err)}
	}
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			ids = append(ids, line)
		}
	}
	if len(ids) == 0 {
		return nil, usageError{fmt.Errorf("%s names no dossier: one id or code a line", file)}
	}
	return ids, nil
}

func filterOf(conditions []string) (*projections.Filter, error) {
	if len(conditions) == 0 {
		return nil, nil
	}
	f := &projections.Filter{}
	for _, c := range conditions {
		name, value, ok := strings.Cut(c, "=")
		if err := handlers.BulkFilter(f, name, value); !ok || err != nil {
			return nil, usageError{fmt.Errorf("--filter %q: say k=v, k one of %s", c, strings.Join(handlers.BulkFilters(), ", "))}
		}
	}
	return f, nil
}

// batchArg is the one argument of most commands.
func batchArg(cmd *cli.Command) (uuid.UUID, error) {
	id, err := uuid.Parse(cmd.Args().First())
	if err != nil || cmd.Args().Len() != 1 {
		return uuid.Nil, usageError{fmt.Errorf("say which batch: %s BATCH, the id that 'dossier bulk plan' printed", cmd.FullName())}
	}
	return id, nil
}

func (a *app) bulkDryRun(ctx context.Context, cmd *cli.Command) error {
	id, err := batchArg(cmd)
	if err != nil {
		return err
	}
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	return a.printItems(cmd, func(page handlers.BulkPage) (handlers.BulkItems, error) { return d.dryRunBatch(ctx, id, page) })
}

func (a *app) bulkShow(ctx context.Context, cmd *cli.Command) error {
	id, err := batchArg(cmd)
	if err != nil {
		return err
	}
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	b, err := d.batch(ctx, id)
	if err != nil {
		return err
	}
	fmt.Fprintln(a.stderr, summary(b))
	return a.printItems(cmd, func(page handlers.BulkPage) (handlers.BulkItems, error) { return d.batchItems(ctx, id, page) })
}

func (a *app) bulkRun(ctx context.Context, cmd *cli.Command) error {
	id, err := batchArg(cmd)
	if err != nil {
		return err
	}
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	if err := d.startBatch(ctx, id, cmd.Int("stop-after-refusals"), cmd.String("seen")); err != nil {
		return err
	}
	return a.bulkWork(ctx, cmd, d, id)
}

func (a *app) bulkUndo(ctx context.Context, cmd *cli.Command) error {
	id, err := batchArg(cmd)
	if err != nil {
		return err
	}
	wish := batch.Undo{Reason: cmd.String("reason")}
	if seen := cmd.String("seen"); seen != "" {
		wish.Seen = strings.Split(seen, ",")
	}
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	if cmd.Bool("dry-run") {
		return a.printItems(cmd, func(page handlers.BulkPage) (handlers.BulkItems, error) {
			return d.dryUndoBatch(ctx, id, wish, page)
		})
	}
	if err := d.undoBatch(ctx, id, wish); err != nil {
		return err
	}
	return a.bulkWork(ctx, cmd, d, id)
}

// bulkWork works on a batch until there is nothing more; where another process is at it, it watches.
func (a *app) bulkWork(ctx context.Context, cmd *cli.Command, d desk, id uuid.UUID) error {
	report, end := a.progress("batch " + id.String()[:8])
	defer end()
	told := func(s batch.State) {
		if s.Phase == batch.UndoingPhase {
			report(int64(s.Undo.Processed), int64(s.Undo.Until))
			return
		}
		report(int64(s.Processed), int64(s.Total))
	}
	for {
		b, err := d.batch(ctx, id)
		if err != nil {
			return err
		}
		if told(b.State); !b.AtWork() {
			end()
			return a.printBatch(cmd, b)
		}
		if err := d.workOnBatch(ctx, id, told); err != nil {
			return err
		}
	}
}

func (a *app) printBatch(cmd *cli.Command, b handlers.Batch) error {
	t := &table{columns: []string{"batch", "command", "phase", "items", "tried", "outcomes"}}
	t.add(b, b.ID.String(), b.Command, string(b.Phase), fmt.Sprint(b.Total), fmt.Sprint(b.Processed), counted(b))
	t.note = note(b)
	return t.print(a.stdout, cmd)
}

func note(b handlers.Batch) string {
	var notes []string
	if b.Duplicates > 0 {
		notes = append(notes, fmt.Sprintf("%d named twice / %d hồ sơ ghi trùng", b.Duplicates, b.Duplicates))
	}
	switch b.Phase {
	case batch.PlannedPhase:
		notes = append(notes, fmt.Sprintf("next: dossier bulk dry-run %s, then dossier bulk run %s --as %s", b.ID, b.ID, b.By.Account))
	case batch.HaltedPhase:
		notes = append(notes, fmt.Sprintf("halted after %d refusals; run it again to go on / đã dừng sau %d lần bị từ chối; chạy lại để tiếp tục", b.Refusals, b.Refusals))
	}
	return strings.Join(notes, "\n")
}

// counted says how many items had which outcome, those of taking back when it is taken back.
func counted(b handlers.Batch) string {
	counts := b.Counts
	if b.Undo != nil {
		counts = b.Undo.Counts
	}
	return outcomesOf(counts)
}

func outcomesOf(counts map[batch.Outcome]int) string {
	var parts []string
	for _, o := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s %d", o, counts[o]))
	}
	return strings.Join(parts, ", ")
}

func summary(b handlers.Batch) string {
	return fmt.Sprintf("%s on %d dossiers, planned by %s: %s / %s; %s", b.Command, b.Total, b.By.Account, b.PhaseVI, b.PhaseEN, counted(b))
}

// printItems prints page after page, so that a large batch needs no more memory than a small one where the format allows it.
func (a *app) printItems(cmd *cli.Command, next func(handlers.BulkPage) (handlers.BulkItems, error)) error {
	page := handlers.BulkPage{Outcome: batch.Outcome(cmd.String("outcome"))}
	if page.Outcome != "" && !slices.Contains(batch.Outcomes(), page.Outcome) {
		return usageError{fmt.Errorf("no outcome %q: say one of %s", page.Outcome, strings.Join(outcomeNames(), ", "))}
	}
	t := &table{columns: []string{"no", "dossier", "version", "outcome", "kết quả", "code", "basis", "taken back", "why / lý do"}}
	counts, seen := map[batch.Outcome]int{}, ""
	lines := json.NewEncoder(a.stdout)
	lines.SetEscapeHTML(false)
	for {
		list, err := next(page)
		if err != nil {
			return err
		}
		for _, i := range list.Items {
			if cmd.String("output") == "jsonl" {
				if err := lines.Encode(i); err != nil {
					return fmt.Errorf("print item: %w", err)
				}
				continue
			}
			t.add(i, itemCells(i)...)
		}
		for o, n := range list.Counts {
			counts[o] += n
		}
		if list.Next == nil {
			seen = list.Seen
			break
		}
		page.From = *list.Next
	}
	if t.note = outcomesOf(counts); seen != "" {
		fmt.Fprintf(a.stderr, "đã xem từng hồ sơ; ký: / each item was shown; to sign them: dossier bulk run %s --seen %s\n", cmd.Args().First(), seen)
	}
	if cmd.String("output") == "jsonl" {
		return nil
	}
	return t.print(a.stdout, cmd)
}

// sentence is the first one of a text: a table has no room for what else could be done; json and jsonl have it whole.
func sentence(text string) string {
	first, _, _ := strings.Cut(text, ". ")
	return first
}

func itemCells(i handlers.BulkItem) []string {
	why := sentence(i.VI)
	if i.EN != "" {
		why += " / " + sentence(i.EN)
	}
	if s := i.Signs; s != nil {
		over := "quyết định / decision"
		if s.File != "" {
			over = "tệp / file " + s.File
		}
		why = strings.Trim(fmt.Sprintf("%s; %s, %s, %s, sha-256 %s…", why, s.Dossier, s.Applicant, words("proposal", string(s.Outcome)), s.Digest)+" "+over, "; ")
	}
	for n, c := range i.Consequences {
		if n > 0 {
			why += ", "
		}
		why += string(c)
	}
	undone := string(i.Undo)
	if i.UndoCode != "" {
		undone += " " + i.UndoCode
	}
	return []string{fmt.Sprint(i.Number), i.ID.String(), fmt.Sprint(i.Version), string(i.Outcome), i.OutcomeVI, i.Code, i.Basis, undone, why}
}

package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"dossier/domain/calendar"
	"dossier/domain/document"
	"dossier/domain/dossier"
	"dossier/handlers"
)

func (a *app) calendarsCommand() *cli.Command {
	at := &cli.Int64Flag{Name: "version", Usage: "as it was at this version; the newest without it"}
	return group(&cli.Command{
		Name: "calendars", Usage: "working days and hours, by which limits are counted",
		Commands: []*cli.Command{
			{Name: "list", Usage: "the calendars that come with the program, and what is published of them", Flags: []cli.Flag{dataFlag(), formatFlag()}, Action: a.listCalendars},
			{Name: "show", Usage: "every day on which a year differs from its week", ArgsUsage: "CODE", Flags: []cli.Flag{at, dataFlag(), formatFlag()}, Action: a.showCalendar},
			{Name: "count", Usage: "count a limit from a moment, day by day", ArgsUsage: "CODE FROM LIMIT",
				UsageText: "dossier calendars count vn '2026-11-20 10:00' 3.working_day",
				Flags: []cli.Flag{at, &cli.StringFlag{Name: "agency", Usage: "whose hours are counted"},
					&cli.StringFlag{Name: "policy", Value: string(calendar.WholeDays), Usage: "whole_days or from_instant"}, dataFlag(), formatFlag()},
				Action: a.countLimit},
			{Name: "check", Usage: "read a file and tell every mistake with line and path", ArgsUsage: "FILE", Action: a.checkCalendar},
			{Name: "publish", Usage: "bring a calendar to what a file says; CODE of a shipped one, or a file", ArgsUsage: "CODE|FILE",
				Flags: []cli.Flag{asFlag("catalogue"), dataFlag(), formatFlag()}, Action: a.publishCalendar},
		},
	})
}

func (a *app) listCalendars(ctx context.Context, cmd *cli.Command) error {
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	t := &table{columns: []string{"code", "version", "zone", "years"}}
	for _, code := range slices.Sorted(maps.Keys(calendar.Shipped())) {
		c, err := d.calendar(ctx, code, 0)
		if err != nil {
			return err
		}
		t.add(map[string]any{"code": code, "version": c.Version, "zone": c.Zone, "years": c.YearsKnown()}, code, fmt.Sprint(c.Version), or(c.Zone, "not published"), years(c))
	}
	return t.print(a.stdout, cmd)
}

func years(c calendar.Calendar) string {
	var list []string
	for _, y := range c.YearsKnown() {
		text := fmt.Sprint(y)
		if c.Years[y].Provisional {
			text += " (provisional / tạm tính)"
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ")
}

// calendarAsked finds the calendar that the command names.
func (a *app) calendarAsked(ctx context.Context, cmd *cli.Command, args string, n int) (c calendar.Calendar, err error) {
	if cmd.Args().Len() != n {
		return c, usageError{fmt.Errorf("%s %s", cmd.FullName(), args)}
	}
	d, err := a.desk(cmd)
	if err != nil {
		return c, err
	}
	defer d.close()
	code, version := cmd.Args().First(), cmd.Int64("version")
	c, err = d.calendar(ctx, code, version)
	if err == nil && (!c.Exists() || c.Version < version) {
		err = fmt.Errorf("calendar %q: %w; publish one of those shipped (%s) or a file: dossier calendars publish", code, handlers.ErrNoCalendar,
			strings.Join(slices.Sorted(maps.Keys(calendar.Shipped())), ", "))
	}
	return c, err
}

func (a *app) showCalendar(ctx context.Context, cmd *cli.Command) error {
	c, err := a.calendarAsked(ctx, cmd, "CODE", 1)
	if err != nil {
		return err
	}
	t := &table{columns: []string{"date", "weekday", "kind", "occasion", "certainty", "year"}}
	for _, y := range c.YearsKnown() {
		status := "official"
		if c.Years[y].Provisional {
			status = "provisional"
		}
		for _, d := range c.Years[y].Listed() {
			t.add(d, d.Date.String(), d.Date.WeekdayIn("vi"), string(d.Kind), calendar.Occasion(d.Name, "vi")+" / "+calendar.Occasion(d.Name, "en"), string(d.Certainty), status)
		}
	}
	return t.print(a.stdout, cmd)
}

func (a *app) countLimit(ctx context.Context, cmd *cli.Command) error {
	c, err := a.calendarAsked(ctx, cmd, "CODE FROM LIMIT", 3)
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return fmt.Errorf("read zone of calendar %s: %w", c.Code, err)
	}
	from, err := time.ParseInLocation("2006-01-02 15:04", strings.Replace(cmd.Args().Get(1), "T", " ", 1), zone)
	if err != nil {
		return usageError{fmt.Errorf("%q is no moment such as '2026-11-20 10:00'", cmd.Args().Get(1))}
	}
	limit, ok := calendar.ParseLimit(cmd.Args().Get(2))
	if !ok {
		return usageError{fmt.Errorf("%q is no limit such as 3.working_day; units: working_day, calendar_day, working_hour, hour, month, same_day", cmd.Args().Get(2))}
	}
	policy := calendar.Policy(cmd.String("policy"))
	if policy != calendar.WholeDays && policy != calendar.FromInstant {
		return usageError{fmt.Errorf("--policy is whole_days or from_instant")}
	}
	asked := limitAsked{version: cmd.Int64("version"), agency: cmd.String("agency"), from: from, limit: limit, policy: policy}
	return atDesk(a, cmd, func(d desk) (limitCounted, error) { return d.count(ctx, c, asked) }, func(n limitCounted) error { return a.printCount(cmd, n) })
}

func (a *app) printCount(cmd *cli.Command, n limitCounted) error {
	t, err := stepsTable(n.Steps)
	if err != nil {
		return err
	}
	if n.Due == nil {
		t.note = fmt.Sprintf("not known: the calendar of %d is not published", n.Missing)
	} else {
		t.note = "due " + instant(*n.Due) + ", to be told as " + instant(*n.Closes)
	}
	return t.print(a.stdout, cmd)
}

// stepsTable is a derivation day by day.
func stepsTable(steps []handlers.DeadlineStep) (*table, error) {
	t := &table{columns: []string{"date", "weekday", "day / ngày", "count / cách tính", "law / căn cứ"}}
	for _, s := range steps {
		date, err := calendar.ParseDate(s.Date)
		if err != nil {
			return nil, fmt.Errorf("read day of a derivation: %w", err)
		}
		saysVI, whyVI, _ := strings.Cut(s.VI, "; ")
		saysEN, whyEN, _ := strings.Cut(s.EN, "; ")
		t.add(s, s.Date, date.WeekdayIn("vi"), whyVI+" / "+whyEN, saysVI+" / "+saysEN, basisWords(s.Law))
	}
	return t, nil
}

func (a *app) checkCalendar(_ context.Context, cmd *cli.Command) error {
	data, err := calendarFile(cmd)
	if err != nil {
		return err
	}
	if _, mistakes := calendar.Read(calendar.Calendar{}, data); len(mistakes) > 0 {
		return a.tellMistakes(cmd.Args().First(), mistakes)
	}
	fmt.Fprintln(a.stdout, "no mistake")
	return nil
}

func (a *app) publishCalendar(ctx context.Context, cmd *cli.Command) error {
	data, err := calendarFile(cmd)
	if err != nil {
		return err
	}
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	done, err := d.publishCalendar(ctx, data)
	if mistakes := mistakesIn(err); mistakes != nil {
		return a.tellMistakes(cmd.Args().First(), mistakes)
	}
	if err != nil {
		return err
	}
	t := &table{columns: []string{"code", "version", "changes"}}
	t.add(done, done.Code, fmt.Sprint(done.Version), fmt.Sprint(done.Events))
	return t.print(a.stdout, cmd)
}

// calendarFile reads the file that the command names, or the shipped one of that code.
func calendarFile(cmd *cli.Command) ([]byte, error) {
	if cmd.Args().Len() != 1 {
		return nil, usageError{fmt.Errorf("say which calendar: %s CODE|FILE", cmd.FullName())}
	}
	name := cmd.Args().First()
	if data, shipped := calendar.Shipped()[name]; shipped {
		return data, nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read calendar: %w", err)
	}
	return data, nil
}

// tellMistakes lists what is wrong with a file of rules, each with file, line and path, in both languages.
func (a *app) tellMistakes(file string, mistakes []document.Mistake) error {
	for _, m := range mistakes {
		fmt.Fprintf(a.stderr, "%s:%d: %s: %s\n%*s %s\n", file, m.Line, m.Path, m.VI, len(file)+1, "", m.EN)
	}
	return checkError{fmt.Errorf("%d mistake(s) in %s; nothing was changed", len(mistakes), file)}
}

func (a *app) deadlineCommand() *cli.Command {
	return &cli.Command{
		Name: "deadline", Usage: "how the due date of a dossier was reached, day by day", ArgsUsage: "ID|CODE",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "at", Usage: "as it was: an instant, a date (its end), or @POSITION"},
			&cli.StringFlag{Name: "known-at", Usage: "as it was known then: an instant, a date (its end), or @POSITION"},
			asFlag("auditor"), dataFlag(), formatFlag(),
		},
		Action: a.deadline,
	}
}

func (a *app) deadline(ctx context.Context, cmd *cli.Command) error {
	q, err := asking(cmd)
	if err != nil {
		return err
	}
	return atDesk(a, cmd, func(d desk) (handlers.Deadline, error) { return d.deadline(ctx, q) }, func(d handlers.Deadline) error { return a.printDeadline(cmd, d) })
}

func (a *app) printDeadline(cmd *cli.Command, d handlers.Deadline) error {
	if asJSON(cmd) {
		return a.printWhole(cmd, d)
	}
	t, err := stepsTable(d.Steps)
	if err != nil {
		return err
	}
	t.note = dueNote(d)
	for _, stage := range d.Stages {
		due := "not dated yet / chưa có ngày"
		if stage.Due != nil {
			due = instant(*stage.Due)
		}
		t.note += fmt.Sprintf("\nstage %s, %s / %s: %s, due %s (%s)", stage.Code, stage.NameEN, stage.NameVI, stage.LimitEN, due, stage.Status)
	}
	return t.print(a.stdout, cmd)
}

// dueNote is the last line of a derivation: the date, and what it rests on.
func dueNote(d handlers.Deadline) string {
	switch {
	case d.StoppedAt != nil:
		return "the clock stands still since " + instant(*d.StoppedAt) + " / tạm dừng tính thời hạn"
	case d.Due == nil && d.MissingYear > 0:
		return fmt.Sprintf("not known: the calendar of %d is not published / chưa tính được: thiếu lịch %d", d.MissingYear, d.MissingYear)
	case d.Due == nil:
		return "no limit runs / không có thời hạn đang chạy"
	case d.Source == dossier.ImportedDeadline:
		return "due " + instant(*d.Due) + ", taken over from the old system and never computed again"
	}
	if d.Original != nil {
		return fmt.Sprintf("due %s by an extension (NĐ 118/2025, Điều 19.6); the limit itself, %s from %s, ends %s / gia hạn một lần, hạn ban đầu %[4]s", instant(*d.Due), d.Limit, instant(*d.From), instant(*d.Original))
	}
	note := fmt.Sprintf("due %s, counted %s from %s over calendar %s version %d (%s)", instant(*d.Due), d.Limit, instant(*d.From), d.Calendar, d.Version,
		dossier.Label("count_policy", d.Policy, "en"))
	if d.Provisional {
		note += "; provisional / tạm tính"
	}
	if d.Assumed {
		note += "; rests on a day that no source confirms / có ngày chưa được xác nhận"
	}
	return note
}

package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v3"
)

func (a *app) eventsCommand() *cli.Command {
	flags := []cli.Flag{
		&cli.Int64Flag{Name: "after", Usage: "start after this position"},
		asFlag("auditor"), dataFlag(),
	}
	return group(&cli.Command{
		Name: "events", Usage: "the feed: CloudEvents, one JSON a line, the same as Kafka and HTTP carry",
		Commands: []*cli.Command{
			{Name: "read", Usage: "read events from a position on", Flags: append(flags, &cli.IntFlag{Name: "limit", Usage: "at most so many", DefaultText: "all"}), Action: a.eventsRead},
			{Name: "tail", Usage: "follow events as they are recorded", Flags: flags, Action: a.eventsTail},
		},
	})
}

func (a *app) eventsRead(ctx context.Context, cmd *cli.Command) error {
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	return d.events(ctx, cmd.Int64("after"), cmd.Int("limit"), a.printLine)
}

func (a *app) eventsTail(ctx context.Context, cmd *cli.Command) error {
	d, err := a.desk(cmd)
	if err != nil {
		return err
	}
	defer d.close()
	after := cmd.Int64("after")
	if !cmd.IsSet("after") {
		after = fromNowOn
	}
	if err := d.tail(ctx, after, a.printLine); ctx.Err() == nil {
		return err
	}
	return nil // told to stop
}

func (a *app) printLine(line []byte) error {
	_, err := fmt.Fprintf(a.stdout, "%s\n", line)
	return err
}

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/urfave/cli/v3"

	"dossier/handlers"
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

// feedPage is how many events are held in memory at a time.
const feedPage = 1000

func (a *app) eventsRead(ctx context.Context, cmd *cli.Command) error {
	s, feed, err := a.openFeed(ctx, cmd, cmd.Int64("after"))
	if err != nil {
		return err
	}
	defer s.stop()
	left, more := cmd.Int("limit"), true
	for more {
		page := feedPage
		if left > 0 {
			page = min(page, left)
		}
		n := 0
		if n, more, err = a.printEvents(ctx, s, feed, page); err != nil {
			return err
		}
		if left > 0 && left == n {
			return nil
		}
		left = max(0, left-n)
	}
	return nil
}

func (a *app) eventsTail(ctx context.Context, cmd *cli.Command) error {
	after := cmd.Int64("after")
	if !cmd.IsSet("after") {
		after = fromNowOn
	}
	s, feed, err := a.openFeed(ctx, cmd, after)
	if err != nil {
		return err
	}
	defer s.stop()
	for {
		_, more, err := a.printEvents(ctx, s, feed, feedPage)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// fromNowOn asks for what is recorded after the feed was opened.
const fromNowOn = -1

func (a *app) openFeed(ctx context.Context, cmd *cli.Command, after int64) (*system, *handlers.Reader, error) {
	s, err := a.open(ctx, cmd)
	if err != nil {
		return nil, nil, err
	}
	feed, err := s.feed(ctx, cmd, after)
	if err != nil {
		s.stop()
		return nil, nil, err
	}
	return s, feed, nil
}

func (s *system) feed(ctx context.Context, cmd *cli.Command, after int64) (*handlers.Reader, error) {
	actor, err := s.reader(ctx, cmd)
	if err != nil {
		return nil, err
	}
	if after == fromNowOn {
		if after, err = s.journal.Head(ctx); err != nil {
			return nil, fmt.Errorf("read head: %w", err)
		}
	}
	return handlers.OpenFeed(ctx, s.journal, actor, after)
}

func (a *app) printEvents(ctx context.Context, s *system, feed *handlers.Reader, limit int) (n int, more bool, err error) {
	events, more, err := feed.Next(ctx, limit)
	if err != nil {
		return 0, false, fmt.Errorf("read events: %w", err)
	}
	for _, e := range events {
		line, err := e.CloudEvent(s.source())
		if err != nil {
			return n, false, fmt.Errorf("print event %d: %w", e.Position, err)
		}
		if _, err := fmt.Fprintf(a.stdout, "%s\n", line); err != nil {
			return n, false, err
		}
		n++
	}
	return n, more, nil
}

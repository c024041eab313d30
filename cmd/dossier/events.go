package main

import (
	"context"
	"fmt"
	"time"

	"github.com/urfave/cli/v3"

	"dossier/eventstore"
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
	s, err := a.openFeed(ctx, cmd)
	if err != nil {
		return err
	}
	defer s.stop()
	after, left := cmd.Int64("after"), cmd.Int("limit")
	for {
		page := feedPage
		if left > 0 {
			page = min(page, left)
		}
		n, last, err := a.printEvents(ctx, s, after, page)
		if err != nil {
			return err
		}
		if n == 0 || n == left {
			return nil
		}
		after = last
		if left > 0 {
			left -= n
		}
	}
}

func (a *app) eventsTail(ctx context.Context, cmd *cli.Command) error {
	s, err := a.openFeed(ctx, cmd)
	if err != nil {
		return err
	}
	defer s.stop()
	after := cmd.Int64("after")
	if !cmd.IsSet("after") {
		if after, err = s.journal.Head(ctx); err != nil {
			return fmt.Errorf("read head: %w", err)
		}
	}
	for {
		n, last, err := a.printEvents(ctx, s, after, feedPage)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if n > 0 {
			after = last
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (a *app) openFeed(ctx context.Context, cmd *cli.Command) (*system, error) {
	s, err := a.open(ctx, cmd)
	if err != nil {
		return nil, err
	}
	actor, err := s.actor(cmd)
	if err == nil {
		err = handlers.Authorize(actor, handlers.Act{Kind: handlers.Feed})
	}
	if err == nil && handlers.Only(actor) != "" {
		err = usageError{fmt.Errorf("the feed of one applicant is served by HTTP: GET /v1/events")}
	}
	if err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (a *app) printEvents(ctx context.Context, s *system, after int64, limit int) (n int, last int64, err error) {
	events, err := s.journal.Page(ctx, after, limit)
	if err != nil {
		return 0, 0, fmt.Errorf("read events: %w", err)
	}
	for _, e := range events {
		line, err := eventstore.Delivered{Event: e}.CloudEvent("/dossier")
		if err != nil {
			return n, last, fmt.Errorf("print event %d: %w", e.Position, err)
		}
		if _, err := fmt.Fprintf(a.stdout, "%s\n", line); err != nil {
			return n, last, err
		}
		n, last = n+1, e.Position
	}
	return n, last, nil
}

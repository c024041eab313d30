package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v3"

	"dossier/eventstore/relay"
)

func (a *app) recoverCommand() *cli.Command {
	return &cli.Command{
		Name: "recover", Usage: "after a restore that lost the journal's tail: open a new generation where Kafka and journal part",
		Description: "The relay stops loudly when Kafka tells what the journal does not. This command finds the position where they part. With --yes it opens\n" +
			"a new generation there; every consumer then refuses what the old one said beyond it, and the relay goes on by itself.",
		Flags:  []cli.Flag{&cli.BoolFlag{Name: "yes", Usage: "do it; without it the command only says what it would do"}, dataFlag(), formatFlag()},
		Action: a.recover,
	}
}

func (a *app) recover(ctx context.Context, cmd *cli.Command) error {
	s, err := a.open(ctx, cmd)
	if err != nil {
		return err
	}
	defer s.stop()
	if len(s.cfg.Kafka.Brokers) == 0 {
		return fmt.Errorf("no Kafka to compare with: set KAFKA_BROKERS, or start 'dossier dev'")
	}
	r, err := relay.Recover(ctx, s.pool, s.journal, relay.Options{Brokers: s.cfg.Kafka.Brokers, Topic: s.cfg.Kafka.Topic, Kafka: kafkaAccess(s.cfg)}, !cmd.Bool("yes"))
	if err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	t := &table{columns: []string{"fork", "generation", "orphaned messages", "done"}}
	t.add(r, fmt.Sprint(r.Fork), fmt.Sprint(r.Generation), fmt.Sprint(r.Orphans), fmt.Sprint(r.Done))
	switch {
	case r.Fork == 0:
		t.note = "Kafka and the journal tell the same: nothing to recover"
	case !r.Done:
		t.note = "nothing was changed: run again with --yes"
	}
	return t.print(a.stdout, cmd)
}

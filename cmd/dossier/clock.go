package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"dossier/handlers"
)

func (a *app) clockCommand() *cli.Command {
	return group(&cli.Command{
		Name: "clock", Usage: "the journal's clock",
		Commands: []*cli.Command{{
			Name: "accept", Usage: "say that the database's clock is right although it jumped ahead; appends go on from there",
			Flags: []cli.Flag{asFlag("admin"), dataFlag()},
			Action: func(ctx context.Context, cmd *cli.Command) error {
				s, err := a.open(ctx, cmd)
				if err != nil {
					return err
				}
				defer s.stop()
				actor, err := s.actor(cmd)
				if err != nil {
					return err
				}
				r, err := s.journal.AcceptClock(ctx, actor)
				if err != nil {
					return fmt.Errorf("accept clock: %w", err)
				}
				if err := s.executor.Access().AcceptClock(ctx, actor); err != nil {
					return fmt.Errorf("accept clock for the access journal: %w", err)
				}
				fmt.Fprintf(a.stdout, "accepted at %s (position %d)\n", r.RecordedAt.Format("2006-01-02 15:04:05 MST"), r.Last)
				return nil
			},
		}, {
			Name: "set", Usage: "put the clock of a development stack ahead: limits run out, timers tell", ArgsUsage: "MOMENT|+3d|+90m",
			Flags: []cli.Flag{dataFlag()}, Action: a.setClock,
		}},
	})
}

func (a *app) setClock(ctx context.Context, cmd *cli.Command) error {
	if cmd.Args().Len() != 1 {
		return usageError{errors.New("say to when: dossier clock set '2026-12-01 08:00', or by how much: dossier clock set +3d")}
	}
	s, err := a.open(ctx, cmd)
	if err != nil {
		return err
	}
	defer s.stop()
	if s.clock == nil {
		return usageError{errors.New("only the clock of a development stack can be set: this database is a production one")}
	}
	to, err := s.clockTo(cmd.Args().First())
	if err != nil {
		return err
	}
	if err := s.clock.set(ctx, to); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "the clock stands at %s\n", instant(s.clock.Now()))
	return nil
}

// clockTo reads a moment, or how far from now it is: +3d, +90m.
func (s *system) clockTo(text string) (time.Time, error) {
	if by, relative := strings.CutPrefix(text, "+"); relative {
		d, err := time.ParseDuration(by)
		if days, isDays := strings.CutSuffix(by, "d"); isDays {
			var n int
			if n, err = strconv.Atoi(days); err == nil {
				d = time.Duration(n) * 24 * time.Hour
			}
		}
		if err != nil || d <= 0 || d > 10*365*24*time.Hour {
			return time.Time{}, usageError{fmt.Errorf("%q is no time such as +3d, +36h or +90m", text)}
		}
		return s.clock.Now().Add(d), nil
	}
	zone, err := time.LoadLocation(s.cfg.Zone)
	if err != nil {
		return time.Time{}, usageError{fmt.Errorf("DOSSIER_ZONE %q: %w", s.cfg.Zone, err)}
	}
	if at, err := time.ParseInLocation("2006-01-02 15:04", strings.Replace(text, "T", " ", 1), zone); err == nil {
		return at, nil
	}
	m, err := handlers.ParseMoment(text, zone)
	if err != nil || m.Time.IsZero() {
		return time.Time{}, usageError{fmt.Errorf("%q is no moment such as '2026-12-01 08:00', and no time ahead such as +3d", text)}
	}
	return m.Time, nil
}

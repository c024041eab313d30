package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/eventstore"
	"dossier/eventstore/hostile"
	"dossier/internal/devstack"
)

// hostileFronts are the processes that append side by side: how many clients each has, and how much its batches hold. The last sends
// every request alone.
var hostileFronts = []struct{ clients, batch int }{{192, 500}, {192, 500}, {48, 31}, {4, 1}}

// harm is what ends sessions while appends go on.
type harm struct {
	w                     *world
	wires                 []*link
	random                *rand.Rand
	calls, kill           int // how often it came, and after how many times Postgres is killed
	sessions, cut, killed int
}

// runHostile lets many clients append what must be taken and what must be refused, and judges every answer.
func runHostile(ctx context.Context, args []string, out, talk io.Writer) int {
	flags := flag.NewFlagSet("faults hostile", flag.ContinueOnError)
	flags.SetOutput(talk)
	appends := flags.Int64("appends", 10_000_000, "how many are asked for")
	cut := flags.Int64("cut", 2000, "appends between two cuts")
	kill := flags.Int64("kill", 1_000_000, "appends between two kills of Postgres")
	partition := flags.Int64("partition", 500_000, "positions in a partition: at each end requests may meet their own events in another one")
	seed := flags.Uint64("seed", 0, "of chance; 0 takes a new one")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return exitUsage
	}
	if *appends <= 0 || *cut <= 0 || *kill < *cut || *partition <= 0 || flags.NArg() > 0 {
		fmt.Fprintln(talk, "usage: faults hostile [-appends N] [-cut N] [-kill N] [-seed S] [-partition N]; all above 0, no more kills than cuts")
		return exitUsage
	}
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	wrong, err := attack(ctx, hostile.Options{Appends: *appends, Every: *cut, Seed: *seed}, *kill / *cut, *partition, out, talk)
	return end(wrong, err, out, talk)
}

func attack(ctx context.Context, o hostile.Options, kill, partition int64, out, talk io.Writer) (wrong string, err error) {
	fmt.Fprintf(out, "seed %d, %d appends\n", o.Seed, o.Appends)
	w, err := newJournalWorld(ctx, o.Seed, partition)
	if err != nil {
		return "", err
	}
	defer w.close()
	h := &harm{w: w, random: w.dice(), kill: int(kill)}
	for _, f := range hostileFronts {
		j, shut, err := w.front(ctx, h, f.batch)
		if err != nil {
			return "", err
		}
		defer shut()
		o.Fronts = append(o.Fronts, hostile.Front{Journal: j, Clients: f.clients})
	}
	o.Truth, o.Cut = w.own, h.do
	o.Progress = func(r hostile.Report) { fmt.Fprintln(talk, r.Line()) }
	r, err := hostile.Run(ctx, o)
	r.Print(out)
	h.print(out)
	if r.Wrong != "" || err != nil {
		return r.Wrong, err
	}
	return w.whole(ctx, r.Events, out)
}

// newJournalWorld has Postgres and the journal, and nothing that reads it.
func newJournalWorld(ctx context.Context, seed uint64, partition int64) (w *world, err error) {
	w = &world{seed: seed, alarms: newAlarms(nil)}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if w.dir, err = os.MkdirTemp("", "dossier-hostile-"); err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	if err = w.startPostgres(ctx, ""); err != nil {
		return nil, err
	}
	if err = w.openOwn(ctx); err != nil {
		return nil, err
	}
	admin, err := pgxpool.New(ctx, w.pg.Load().URL(devstack.Superuser, database))
	if err != nil {
		return nil, fmt.Errorf("reach Postgres: %w", err)
	}
	defer admin.Close()
	return w, devstack.PartitionSize(ctx, admin, partition)
}

// front opens a journal on a wire of its own.
func (w *world) front(ctx context.Context, h *harm, batch int) (*eventstore.Journal, func(), error) {
	l := newLink(w.dialPostgres)
	pool, err := w.pool(ctx, l, 8)
	if err != nil {
		return nil, nil, err
	}
	j, err := eventstore.Open(ctx, pool, eventstore.Options{MaxBatch: batch, Log: discard})
	if err != nil {
		pool.Close()
		return nil, nil, fmt.Errorf("open journal: %w", err)
	}
	h.wires = append(h.wires, l)
	return j, func() { j.Close(); pool.Close() }, nil
}

// do ends sessions that are at work, cuts a wire, loses answers on one, and now and then kills Postgres.
func (h *harm) do(ctx context.Context) {
	h.calls++
	l := h.wires[h.random.IntN(len(h.wires))]
	switch dice := h.random.IntN(10); {
	case h.calls%h.kill == 0:
		h.w.pg.Load().Kill() // Supervise starts it again
		h.killed++
	case dice < 2:
		l.cut()
		l.mend()
		h.cut++
	case dice < 5:
		l.lose(1+h.random.IntN(3), isAppend)
	default:
		h.terminate(ctx)
	}
}

func (h *harm) terminate(ctx context.Context) {
	var ended int
	err := h.w.own.QueryRow(ctx, `
		select count(pg_terminate_backend(pid))
		  from (select pid from pg_stat_activity
		         where usename = 'dossier_app' and state <> 'idle' and query like '%journal.append%' and pid <> pg_backend_pid()
		         order by random() limit 2) s`).Scan(&ended)
	if err == nil { // else Postgres was killed a moment ago: the next call will do
		h.sessions += ended
	}
}

func (h *harm) print(out io.Writer) {
	lost := 0
	for _, l := range h.wires {
		lost += l.lost()
	}
	fmt.Fprintf(out, "sessions       %d ended by Postgres, %d wires cut, %d answers lost, %d times Postgres was killed\n", h.sessions, h.cut, lost, h.killed)
}

// whole walks the journal once more, as an operator would, and looks for ids that stand in it twice.
func (w *world) whole(ctx context.Context, events int64, out io.Writer) (wrong string, err error) {
	d, err := w.truth.Verify(ctx, nil)
	if err != nil {
		return "", fmt.Errorf("verify: %w", err)
	}
	if d != nil {
		return d.String(), nil
	}
	var rows, ids, last int64
	err = w.own.QueryRow(ctx, `select count(*), count(distinct event_id), max(position) from journal.events`).Scan(&rows, &ids, &last)
	if err != nil {
		return "", fmt.Errorf("count ids: %w", err)
	}
	fmt.Fprintf(out, "whole journal  verified; %d rows, %d ids, last position %d\n", rows, ids, last)
	if rows != events || ids != events || last != events {
		return fmt.Sprintf("%d events were followed", events), nil
	}
	return "", nil
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/handlers"
	"dossier/projections"
)

// load sends commands and reads at fixed rates, whatever the answers take, and holds each answer against what its reader knows.
type load struct {
	*pipe
	old      []uuid.UUID         // dossiers that nobody moves any more
	versions map[uuid.UUID]int64 // theirs

	took                   time.Duration // of the last run
	mu                     sync.Mutex
	moving                 []*moving
	commands, reads        int
	refused, failed, wrong int
	firstRefused, firstBad error
	slowest                time.Duration
}

// moving is a dossier on its way, one command at a time.
type moving struct {
	busy bool
	acts int
	last handlers.Receipt // of the last command that was answered
}

// run goes on until the context ends, and then waits for what is under way.
func (l *load) run(ctx context.Context, commands, reads int) {
	began := time.Now()
	asked := context.WithoutCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { steadily(ctx, commands, func() { l.commanded(l.command(asked)) }) })
	wg.Go(func() {
		steadily(ctx, reads, func() {
			began := time.Now()
			err := l.read(asked)
			l.answered(time.Since(began), err)
		})
	})
	wg.Wait()
	l.took = time.Since(began)
}

// steadily does it so many times a second, late when a thousand are under way.
func steadily(ctx context.Context, rate int, do func()) {
	if rate == 0 {
		return
	}
	var g errgroup.Group
	g.SetLimit(1000)
	for due := time.Now(); ctx.Err() == nil; due = due.Add(time.Second / time.Duration(rate)) {
		time.Sleep(time.Until(due))
		if late := time.Now(); late.After(due.Add(time.Second)) {
			due = late
		}
		g.Go(func() error { do(); return nil })
	}
	_ = g.Wait()
}

func (l *load) commanded(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.commands++
	if err != nil {
		l.refused++
		l.firstRefused = either(l.firstRefused, err)
	}
}

// wrongError is an answer that cannot be true.
type wrongError struct{ error }

func wrong(format string, args ...any) error { return wrongError{fmt.Errorf(format, args...)} }

func (l *load) answered(took time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
	l.slowest = max(l.slowest, took)
	switch {
	case err == nil:
		return
	case errors.As(err, &wrongError{}):
		l.wrong++
	default:
		l.failed++
	}
	l.firstBad = either(l.firstBad, err)
}

func either(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

var (
	atReception = domain.Actor{Account: "reception", Role: domain.ReceptionOfficer, Unit: handlers.UnitOneStop}
	atHead      = domain.Actor{Account: "head", Role: domain.DivisionHead, Unit: handlers.UnitAnimalHealth}
	atOfficer   = domain.Actor{Account: "officer-1", Role: domain.CaseOfficer, Unit: handlers.UnitAnimalHealth}
)

// acts lead a dossier to appraisal, where steps can be noted for ever.
var acts = []struct {
	by      domain.Actor
	command dossier.Command
}{
	{atReception, dossier.AcceptDossier{}},
	{atReception, dossier.ForwardDossier{Unit: handlers.UnitAnimalHealth}},
	{atHead, dossier.AssignOfficer{Officer: "officer-1"}},
	{atOfficer, dossier.StartAppraisal{}},
	{atOfficer, dossier.RecordStep{Code: "desk-check"}},
}

// command submits a dossier now and then, and else moves one that nobody moves at the moment.
func (l *load) command(ctx context.Context) error {
	d := l.take()
	var err error
	r := d.last
	if d.acts == 0 {
		r, err = l.submit(ctx)
	} else {
		act := acts[min(d.acts, len(acts))-1]
		r, err = l.executor.Do(ctx, act.by, r.ID, handlers.Envelope{Key: handlers.NewKey(), Body: []byte("{}")}, act.command)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	d.busy = false
	if err != nil {
		return fmt.Errorf("act %d of dossier %s: %w", d.acts, r.ID, err)
	}
	if d.acts == 0 {
		l.moving = append(l.moving, d)
	}
	d.acts, d.last = d.acts+1, r
	return nil
}

func (l *load) take() *moving {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range 3 {
		if len(l.moving) == 0 || rand.IntN(5) == 0 {
			break
		}
		if d := l.moving[rand.IntN(len(l.moving))]; !d.busy {
			d.busy = true
			return d
		}
	}
	return &moving{busy: true}
}

// read asks one question and says whether the answer can be true.
func (l *load) read(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	switch dice := rand.IntN(20); {
	case dice < 10:
		if r, is := l.acknowledged(); is {
			return l.readOwn(ctx, r)
		}
		fallthrough
	case dice < 16:
		return l.readOld(ctx, l.old[rand.IntN(len(l.old))])
	case dice < 19:
		return l.readReports(ctx)
	}
	return l.readList(ctx)
}

func (l *load) acknowledged() (r handlers.Receipt, is bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.moving) == 0 {
		return r, false
	}
	return l.moving[rand.IntN(len(l.moving))].last, true
}

// readOwn waits for a command's position, as whoever sent it does: the status must then show it and be what a fold of the journal says,
// and the history must have every event.
func (l *load) readOwn(ctx context.Context, r handlers.Receipt) error {
	if err := l.views.Wait(ctx, r.Position, &r.ID); err != nil {
		return fmt.Errorf("wait for position %d: %w", r.Position, err)
	}
	row, found, err := l.views.Get(ctx, r.ID)
	if err != nil {
		return err
	}
	if !found || row.Position < r.Position || row.State.Version < r.Version {
		return wrong("dossier %s, answered with version %d at %d: found %v, version %d at %d", r.ID, r.Version, r.Position, found, row.State.Version, row.Position)
	}
	if err := l.isFold(ctx, row); err != nil {
		return err
	}
	return l.hasHistory(ctx, r.ID, r.Version, 1<<30)
}

func (l *load) isFold(ctx context.Context, row projections.Row) error {
	history, err := l.journal.Stream(ctx, row.ID, 0)
	if err != nil {
		return err
	}
	var state dossier.State
	for _, ev := range history[:min(row.State.Version, int64(len(history)))] {
		fact, err := dossier.DecodeFact(ev.Position, ev.Version, ev.Type, ev.TypeVersion, ev.Data, ev.Meta, ev.OccurredAt, ev.RecordedAt)
		if err != nil {
			return err
		}
		state = dossier.Evolve(state, fact)
	}
	want, err := state.AppendJSON(nil)
	if err != nil {
		return err
	}
	if got, err := row.State.AppendJSON(nil); err != nil || !bytes.Equal(got, want) {
		return wrong("dossier %s is shown as %s, a fold says %s", row.ID, got, want)
	}
	return nil
}

// hasHistory says whether the history has versions 1, 2, 3… up to one between these.
func (l *load) hasHistory(ctx context.Context, id uuid.UUID, least, most int64) error {
	entries, err := l.views.History(ctx, id)
	if err != nil {
		return err
	}
	inOrder := !slices.ContainsFunc(entries, func(e projections.Entry) bool {
		return e.Version < 1 || e.Version > int64(len(entries)) || entries[e.Version-1].Position != e.Position
	})
	if n := int64(len(entries)); n < least || n > most || !inOrder {
		return wrong("dossier %s: a history of %d events, want %d to %d; in order: %v", id, n, least, most, inOrder)
	}
	return nil
}

func (l *load) readOld(ctx context.Context, id uuid.UUID) error {
	row, found, err := l.views.Get(ctx, id)
	if err != nil {
		return err
	}
	if want := l.versions[id]; !found || row.State.Version != want {
		return wrong("old dossier %s: found %v, version %d, want %d", id, found, row.State.Version, want)
	}
	return l.hasHistory(ctx, id, l.versions[id], l.versions[id])
}

// readReports asks the views of dashboards for ten dossiers and their histories.
func (l *load) readReports(ctx context.Context) error {
	from := rand.IntN(max(1, len(l.old)-10))
	ids := l.old[from:min(from+10, len(l.old))]
	want := int64(0)
	for _, id := range ids {
		want += l.versions[id]
	}
	var dossiers, versions, entries int64
	err := l.pool.QueryRow(ctx, `
		select count(*), coalesce(sum(d.version), 0), (select count(*) from reporting.history h where h.id = any ($1))
		  from reporting.dossiers d
		 where d.id = any ($1)`, ids).Scan(&dossiers, &versions, &entries)
	if err != nil {
		return fmt.Errorf("read the reporting views: %w", err)
	}
	if dossiers != int64(len(ids)) || versions != want || entries != want {
		return wrong("reporting views: %d dossiers of %d, versions of %d and %d entries of %d", dossiers, len(ids), versions, entries, want)
	}
	return nil
}

func (l *load) readList(ctx context.Context) error {
	page, err := l.views.List(ctx, projections.Filter{Limit: 20})
	if err != nil {
		return err
	}
	if least := min(len(l.old), 10_000); len(page.Rows) != min(20, len(l.old)) || page.Total < least {
		return wrong("a list of %d rows, %d in all, want 20 of at least %d", len(page.Rows), page.Total, least)
	}
	return nil
}

// startLoad fills the journal and the views, and starts an engine that follows the journal.
func (b *bench) startLoad(ctx context.Context, events int) (*load, error) {
	lives, err := b.stack.lives(ctx, min(300, max(40, events/11)))
	if err != nil {
		return nil, err
	}
	j, pool, err := b.stack.journal(ctx)
	if err != nil {
		return nil, err
	}
	l := &load{pipe: &pipe{pool: pool, journal: j, views: projections.NewViews(pool, j)}}
	l.stop = func() { j.Close(); pool.Close() }
	if l.versions, err = copyLives(ctx, j, lives, events); err == nil {
		_, err = projections.Rebuilder{Owner: b.stack.admin, Views: l.views}.Rebuild(ctx, "dossiers", "dossier_versions", "history", "timers")
	}
	if err == nil {
		_, err = b.stack.admin.Exec(ctx, "vacuum analyze")
	}
	if err != nil {
		l.stop()
		return nil, err
	}
	for id := range l.versions {
		l.old = append(l.old, id)
	}
	l.executor = handlers.NewExecutor(j, handlers.ExecutorOptions{CommandKey: []byte("bench")})
	l.engine = projections.NewEngine(pool, j, projections.Options{NoKafka: true})
	l.views.Follow(l.engine)
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() { defer close(ended); _ = l.engine.Run(running) }()
	l.stop = func() { cancel(); <-ended; j.Close(); pool.Close() }
	return l, nil
}

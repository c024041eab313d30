package projections

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"
)

// Rebuilder makes projections' tables anew while the live ones serve.
type Rebuilder struct {
	Owner    *pgxpool.Pool // the role that owns the tables; it lends as many connections as there are workers or projections, and two more
	Views    *Views        // the application's
	Workers  int           // shares built at a time, default one more than there are processors
	Restart  bool          // throw away what a rebuild that was stopped has built
	Progress func(done, total int64)
	Step     func(what string)
}

// Rebuilt says what a rebuild did.
type Rebuilt struct {
	Projections []string      `json:"projections"`
	Events      int64         `json:"events"`   // folded in this run
	Resumed     bool          `json:"resumed"`  // a rebuild that was stopped went on
	Compared    int64         `json:"compared"` // rows of the new tables that were read back and are what was folded, all of them
	Tries       int           `json:"tries"`    // to change the names, which waits for nobody longer than half a second
	Took        time.Duration `json:"took"`
}

// Rebuild builds tables beside the live ones straight from the journal, each event read and folded once for all of them, reads every row
// back and holds it against what was folded, and changes their names. Commands and queries go on; the old tables stay for Rollback. Stopped at any
// moment it leaves the live tables as they were, and the next call goes on.
func (r Rebuilder) Rebuild(ctx context.Context, names ...string) (Rebuilt, error) {
	began := time.Now()
	done := Rebuilt{Projections: names}
	all, release, err := r.open(ctx, names, next)
	if err != nil {
		return done, err
	}
	defer release()
	for _, s := range all {
		resumed, err := s.begin(ctx, r.Restart)
		if err != nil {
			return done, err
		}
		done.Resumed = done.Resumed || resumed
	}
	r.step("reading the journal")
	if done.Events, err = r.fill(ctx, all); err != nil {
		return done, err
	}
	r.step("building the keys")
	if err := each(ctx, all, (*standby).addKey); err != nil {
		return done, err
	}
	r.step("comparing every row with what was folded, building the other indexes")
	g, beside := errgroup.WithContext(ctx)
	g.Go(func() error { return each(beside, all, (*standby).addIndexes) })
	g.Go(func() (err error) { done.Compared, err = r.compare(beside, all); return err })
	if err := g.Wait(); err != nil {
		return done, err
	}
	if err := each(ctx, all, (*standby).approach); err != nil {
		return done, err
	}
	r.step("changing over")
	if done.Tries, err = changeOver(ctx, r.Owner, all); err != nil {
		return done, err
	}
	done.Took = time.Since(began)
	return done, nil
}

// each does it to all standbys at a time.
func each(ctx context.Context, all []*standby, do func(*standby, context.Context) error) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, s := range all {
		g.Go(func() error { return do(s, ctx) })
	}
	return g.Wait()
}

// Rollback takes the tables from before the last change back, caught up with everything since.
func (r Rebuilder) Rollback(ctx context.Context, names ...string) error {
	all, release, err := r.open(ctx, names, old)
	if err != nil {
		return err
	}
	defer release()
	for _, s := range all {
		there, err := s.load(ctx)
		if err != nil {
			return err
		}
		if !there {
			return fmt.Errorf("there is no table from before a rebuild of %s", s.projection)
		}
		if err := s.approach(ctx); err != nil {
			return err
		}
	}
	_, err = changeOver(ctx, r.Owner, all)
	return err
}

func (r Rebuilder) step(what string) {
	if r.Step != nil {
		r.Step(what)
	}
}

// open names the standbys and keeps a second rebuild of the same projections out.
func (r Rebuilder) open(ctx context.Context, names []string, end string) (all []*standby, release func(), err error) {
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		live, known := tables[name]
		if !known {
			return nil, nil, fmt.Errorf("%w, not %q", ErrNoProjection, name)
		}
		all = append(all, &standby{projection: name, live: live, name: live.name + end, owner: r.Owner, views: r.Views})
	}
	if len(all) == 0 {
		return nil, nil, fmt.Errorf("%w; name at least one", ErrNoProjection)
	}
	conn, err := r.Owner.Acquire(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("connect: %w", err)
	}
	release = func() {
		_, _ = conn.Exec(context.WithoutCancel(ctx), `select pg_advisory_unlock_all()`)
		conn.Release()
	}
	for _, s := range all {
		var alone bool
		err = conn.QueryRow(ctx, `select pg_try_advisory_lock(hashtext('dossier rebuild'), hashtext($1))`, s.projection).Scan(&alone)
		if err == nil && !alone {
			err = fmt.Errorf("another rebuild of %s is under way", s.projection)
		}
		if err != nil {
			release()
			return nil, nil, err
		}
	}
	return all, release, nil
}

// share lets the workers take one share of the streams after the other.
func (r Rebuilder) share(ctx context.Context, worker func(ctx context.Context, queue <-chan int) error) error {
	queue := make(chan int, parts)
	for part := range parts {
		queue <- part
	}
	close(queue)
	workers := r.Workers
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0) + 1 // while one waits for Postgres
	}
	g, ctx := errgroup.WithContext(ctx)
	for range workers {
		g.Go(func() error { return worker(ctx, queue) })
	}
	return g.Wait()
}

func (r Rebuilder) progress(done, total int64) {
	if r.Progress != nil {
		r.Progress(min(done, total), total)
	}
}

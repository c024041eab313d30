package handlers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/domain/escalation"
	"dossier/eventstore"
	"dossier/projections"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"
)

// Timekeeper tells when a share of a limit is used up. One process does so at a time; a second one, a restart or a clock that jumped do
// no harm, because the dossier decides of each firing whether it is still to be told. The projection says only where to look: what is due
// follows from the dossier's facts, the calendar and the rules.
type Timekeeper struct {
	executor *Executor
	views    *projections.Views
	pool     *pgxpool.Pool
	o        TimekeeperOptions

	planned string    // by what all timers are planned; "" until a pass has looked
	last    time.Time // the clock as it was last seen

	mu     sync.Mutex
	stuck  map[uuid.UUID]string // dossiers of which somebody could not be told when it was tried, and why
	status TimekeeperStatus
	fired  atomic.Int64
}

// TimekeeperOptions of a timekeeper.
type TimekeeperOptions struct {
	Rules escalation.Rules // default those of the executor
	Every time.Duration    // between two looks, default 1 s
	Lease time.Duration    // default 10 s
	Page  int              // dossiers looked at together, default 200
	Log   *slog.Logger
}

// TimekeeperStatus is what this process's timekeeper says of itself.
type TimekeeperStatus struct {
	Leading bool
	projections.TimerState
}

// NewTimekeeper returns the timekeeper of an executor.
func NewTimekeeper(x *Executor, v *projections.Views, pool *pgxpool.Pool, o TimekeeperOptions) *Timekeeper {
	o.Every, o.Lease = or(o.Every, time.Second), or(o.Lease, 10*time.Second)
	if o.Page == 0 {
		o.Page = 200
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if len(o.Rules.Rules) == 0 {
		o.Rules = x.o.Timers
	}
	return &Timekeeper{executor: x, views: v, pool: pool, o: o, stuck: map[uuid.UUID]string{}}
}

func or(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// Status is what this process's timekeeper says of itself; Fired how often it told since it started.
func (k *Timekeeper) Status() TimekeeperStatus {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.status
}

// Fired counts what this process has told.
func (k *Timekeeper) Fired() int64 { return k.fired.Load() }

// Run keeps time until the context ends. Whatever fails is tried again, and told meanwhile.
func (k *Timekeeper) Run(ctx context.Context) error {
	holder := uuid.NewString()
	var lease *projections.TimerLease
	for ctx.Err() == nil {
		var err error
		if lease == nil {
			if lease, err = projections.TakeTimers(ctx, k.pool, holder, k.o.Lease); lease != nil {
				k.planned = "" // whoever held it before may have stopped in the middle
			}
		}
		if lease != nil {
			if err = k.hold(ctx, lease); errors.Is(err, projections.ErrTimersLost) || !lease.Held() {
				lease = nil
			}
		}
		if err != nil && ctx.Err() == nil {
			k.o.Log.Warn("timers: trying again", "error", err)
		}
		k.lead(lease != nil)
		select {
		case <-ctx.Done():
		case <-time.After(k.o.Every):
		}
	}
	if lease != nil {
		release, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = lease.Release(release, k.Status().TimerState) // else it runs out by itself
	}
	return nil
}

// hold is one look while the lease is held: what is used up is told, page by page, and the lease renewed after each.
func (k *Timekeeper) hold(ctx context.Context, lease *projections.TimerLease) error {
	_, err := k.pass(ctx, func() error {
		k.observe(ctx, nil)
		return lease.Renew(ctx, k.Status().TimerState)
	})
	if errors.Is(err, projections.ErrTimersLost) {
		return err
	}
	k.observe(ctx, err)
	if renew := lease.Renew(ctx, k.Status().TimerState); renew != nil {
		return renew
	}
	if prune := lease.Prune(ctx); err == nil {
		err = prune
	}
	return err
}

// Pass tells all that is used up now, and returns how often somebody was told.
func (k *Timekeeper) Pass(ctx context.Context) (told int, err error) {
	return k.pass(ctx, func() error { return nil })
}

func (k *Timekeeper) pass(ctx context.Context, between func() error) (told int, err error) {
	by, err := k.rules(ctx)
	if err != nil {
		return 0, err
	}
	now := k.executor.o.Now()
	if now.Before(k.last.Add(-time.Minute)) {
		k.planned = "" // what was put off by a clock that ran ahead must not wait for it
	}
	k.last = now
	if k.planned != by {
		if told, err = k.replan(ctx, by, now, between); err != nil {
			return told, err
		}
		k.planned = by
	}
	for {
		ids, err := k.views.UsedUp(ctx, now, k.o.Page)
		if err != nil || len(ids) == 0 {
			return told, err
		}
		n, err := k.look(ctx, ids, by, now)
		if told += n; err != nil {
			return told, err
		}
		if err := between(); err != nil {
			return told, err
		}
	}
}

// rules is by what timers are planned now: the rules of escalation, the organisation and the calendars of its agencies.
func (k *Timekeeper) rules(ctx context.Context) (string, error) {
	o, err := k.executor.organisation.Recent(ctx)
	if err != nil {
		return "", fmt.Errorf("read the organisation: %w", err)
	}
	by := fmt.Sprintf("%s/%d", k.o.Rules.Sum(), o.Version)
	for _, code := range calendarsOf(o) {
		c, err := k.executor.calendars.Get(ctx, code)
		if err != nil {
			return "", fmt.Errorf("read calendar %s: %w", code, err)
		}
		by += fmt.Sprintf("/%s.%d", code, c.Version)
	}
	return by, nil
}

// replan looks at every dossier whose timers were planned by other rules, another organisation or another calendar.
func (k *Timekeeper) replan(ctx context.Context, by string, now time.Time, between func() error) (told int, err error) {
	for after := uuid.Nil; ; {
		ids, err := k.views.PlannedOtherwise(ctx, by, after, k.o.Page)
		if err != nil || len(ids) == 0 {
			return told, err
		}
		after = ids[len(ids)-1]
		n, err := k.look(ctx, ids, by, now)
		if told += n; err != nil {
			return told, err
		}
		if err := between(); err != nil {
			return told, err
		}
	}
}

// tellers is how many dossiers are told of at once: their commits go together.
const tellers = 16

// look tells what is used up of these dossiers and notes when the next share of each of their timers will be.
func (k *Timekeeper) look(ctx context.Context, ids []uuid.UUID, by string, now time.Time) (told int, err error) {
	rows, err := k.views.TimerRows(ctx, ids)
	if err != nil {
		return 0, err
	}
	histories, err := k.executor.journal.Streams(ctx, ids)
	if err != nil {
		return 0, fmt.Errorf("read %d dossiers: %w", len(ids), err)
	}
	var sum atomic.Int64
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(tellers)
	looked := make([]look, len(ids))
	for i, id := range ids {
		g.Go(func() error {
			l, n := k.tell(within, id, histories[id], now)
			looked[i] = l
			sum.Add(int64(n))
			return within.Err()
		})
	}
	err = g.Wait()
	k.fired.Add(sum.Load())
	if err != nil {
		return int(sum.Load()), err
	}
	return int(sum.Load()), k.plan(ctx, looked, rows, by, now)
}

// look is what was found of one dossier.
type look struct {
	id    uuid.UUID
	state dossier.State
	ahead []escalation.Ahead
	err   error // why somebody could not be told
}

// tell tells what is used up of one dossier. It reads the dossier again where that moved on meanwhile.
func (k *Timekeeper) tell(ctx context.Context, id uuid.UUID, history []eventstore.Event, now time.Time) (l look, told int) {
	l.id = id
	facts, err := Decode(history)
	for try := 0; try < 3; try++ {
		if err != nil {
			break
		}
		l.state = dossier.Fold(facts)
		var by counts
		if by, err = k.executor.countsBy(ctx, l.state); err != nil {
			break
		}
		l.ahead = k.o.Rules.Ahead(l.state, by.calendar, dossier.Code(by.agency))
		moved := false
		for _, a := range l.ahead {
			if a.At.After(now) {
				break
			}
			var done Receipt
			key := fmt.Sprintf("timer-%s-%d-%d-%d", a.Timer.Kind, a.Timer.Number, a.Step.Share, l.state.Version)
			done, err = k.executor.Do(ctx, clockwork, id, Envelope{Key: key}, a.Command())
			if refusal := (*domain.Refusal)(nil); errors.As(err, &refusal) && refusal.Code == "after_end" {
				err = nil // it has ended meanwhile
			}
			if err != nil {
				break
			}
			if moved = true; !done.Repeated {
				told += done.Events
			}
		}
		if err != nil || !moved {
			break
		}
		facts, err = k.executor.Facts(ctx, id)
	}
	l.err = err
	return l, told
}

// Waits before a dossier is looked at again: of which somebody could not be told, and whose row the projector has not taken away yet.
const (
	retryAfter  = 30 * time.Second
	settleAfter = 2 * time.Second
)

// plan notes when the next share of each timer will be used up. What could not be told is tried again later, and counted until it is.
func (k *Timekeeper) plan(ctx context.Context, looked []look, rows map[uuid.UUID][]dossier.Timer, by string, now time.Time) error {
	var plans, later []projections.Plan
	for _, l := range looked {
		failed := l.err
		runs := map[string]dossier.Timer{}
		for _, t := range l.state.Timers() {
			runs[timerKey(t)] = t
		}
		for _, row := range rows[l.id] {
			p := projections.Plan{ID: l.id, Timer: row}
			t, running := runs[timerKey(row)]
			switch {
			case l.err != nil:
				p.Next = now.Add(retryAfter)
			case !running || !t.Due.Equal(row.Due) || !t.From.Equal(row.From):
				p.Next = now.Add(settleAfter)
			default:
				for _, a := range l.ahead {
					if timerKey(a.Timer) == timerKey(t) {
						p.Next = a.At
						break
					}
				}
				if p.Next.IsZero() || p.Next.After(now) {
					plans = append(plans, p)
					continue
				}
				failed = errors.New("told, and still to be told: does this clock run behind the one that decides?")
				p.Next = now.Add(retryAfter)
			}
			later = append(later, p)
		}
		k.note(l.id, failed)
	}
	if err := k.views.SavePlans(ctx, by, plans); err != nil {
		return err
	}
	return k.views.SavePlans(ctx, "", later)
}

func timerKey(t dossier.Timer) string { return fmt.Sprint(t.Kind, " ", t.Number) }

// mostStuck is how many dossiers are remembered that could not be told of; more are told all the same when they are tried again.
const mostStuck = 10_000

func (k *Timekeeper) note(id uuid.UUID, failed error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	was, known := k.stuck[id]
	if failed == nil {
		delete(k.stuck, id)
		return
	}
	if !known && len(k.stuck) >= mostStuck {
		return
	}
	k.stuck[id] = failed.Error()
	if was != failed.Error() {
		k.o.Log.Error("timers: nobody could be told of a dossier's timer, trying again", "stream", id, "error", failed)
	}
}

func (k *Timekeeper) lead(is bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.status.Leading = is
}

// mostWaiting is how far timers that wait are counted.
const mostWaiting = 100_000

// observe takes stock, for the beat and for whoever asks this process.
func (k *Timekeeper) observe(ctx context.Context, failed error) {
	waiting, oldest, err := k.views.Waiting(ctx, k.executor.o.Now(), mostWaiting)
	if failed == nil {
		failed = err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.status.Leading = true
	k.status.TimerState = projections.TimerState{Waiting: waiting, Oldest: oldest, Stuck: int64(len(k.stuck))}
	if failed != nil {
		k.status.Trouble = failed.Error()
		return
	}
	for _, why := range k.stuck {
		k.status.Trouble = why
		return
	}
}

// shippedRules are read once.
var shippedRules = sync.OnceValue(escalation.Default)

// Now is where this executor's clock stands.
func (x *Executor) Now() time.Time { return x.o.Now() }

// Escalation are the rules by which people are told.
func (x *Executor) Escalation() escalation.Rules { return x.o.Timers }

// Upcoming lists what is still to be told about a dossier, over the calendar and by the hours of its agency as they are now.
func (x *Executor) Upcoming(ctx context.Context, s dossier.State) ([]escalation.Ahead, error) {
	by, err := x.countsBy(ctx, s)
	if err != nil {
		return nil, err
	}
	return x.o.Timers.Ahead(s, by.calendar, dossier.Code(by.agency)), nil
}

// Running lists the timers of a dossier, dated by the calendar and the hours of its agency as they are now.
func (x *Executor) Running(ctx context.Context, s dossier.State) ([]dossier.Timer, error) {
	by, err := x.countsBy(ctx, s)
	if err != nil {
		return nil, err
	}
	return dossier.Timers(s, by.calendar, dossier.Code(by.agency)), nil
}

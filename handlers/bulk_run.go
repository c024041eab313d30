package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"dossier/domain"
	"dossier/domain/access"
	"dossier/domain/batch"
	"dossier/domain/dossier"
	"dossier/eventstore"

	"github.com/google/uuid"
)

// The names under which commands on batches are recorded.
const (
	runBatch  = "run-batch"
	undoBatch = "undo-batch"
)

// Start lets a batch run, or run on where it stopped. It returns at once: whoever plays the reactor, or calls Work, does the items.
func (b *Bulk) Start(ctx context.Context, a domain.Actor, id uuid.UUID, stopAfter int, e Envelope) (_ Batch, err error) {
	defer func() { err = b.x.Refused(ctx, a, e, runBatch, uuid.Nil, err) }()
	s, err := b.read(ctx, a, id)
	if err != nil {
		return Batch{}, err
	}
	if err := unseen(id, s, e); err != nil {
		return Batch{}, err
	}
	wish := batch.Start{StopAfter: stopAfter}
	if e.Body, err = json.Marshal(wish); err != nil {
		return Batch{}, err
	}
	return b.set(ctx, a, id, "run", e, wish)
}

// Undo lets what a batch did be taken back, item by item through undo-act. What has moved on since is left as it is, and told.
func (b *Bulk) Undo(ctx context.Context, a domain.Actor, id uuid.UUID, wish batch.Undo, e Envelope) (_ Batch, err error) {
	defer func() { err = b.x.Refused(ctx, a, e, undoBatch, uuid.Nil, err) }()
	if err := May(a, Act{Kind: Command, Name: undoName}); err != nil {
		return Batch{}, err
	}
	s, err := b.read(ctx, a, id)
	if err != nil {
		return Batch{}, err
	}
	if _, _, err := undoing(s.Command, wish); err != nil {
		return Batch{}, err
	}
	if e.Body, err = json.Marshal(wish); err != nil {
		return Batch{}, err
	}
	return b.set(ctx, a, id, "undo", e, wish)
}

// set sets a batch to work. It asks for somebody who does it first: what is asked for in vain costs nothing.
func (b *Bulk) set(ctx context.Context, a domain.Actor, id uuid.UUID, name string, e Envelope, wish batch.Command) (Batch, error) {
	if err := b.x.journal.AskForWork(ctx, id); err != nil {
		return Batch{}, err
	}
	s, _, err := b.decide(ctx, a, id, name, e, wish)
	if err == nil {
		select {
		case b.woken <- struct{}{}:
		default:
		}
	}
	return shown(id, s), err
}

// batchKey is the key of an item's command: with the account and the dossier it makes the command's id, so the item is done once.
func batchKey(id uuid.UUID) string { return "batch-" + id.String() }

// Work does what a batch has to do until there is nothing more, and tells how far it came. eventstore.ErrHeld when another process is at it.
func (b *Bulk) Work(ctx context.Context, id uuid.UUID, told func(batch.State)) (s batch.State, err error) {
	if told == nil {
		told = func(batch.State) {}
	}
	hold, ctx, err := b.x.journal.Hold(ctx, id, b.o.Hold)
	if err != nil {
		return s, err
	}
	defer hold.Release(ctx)
	if s, err = b.state(ctx, id); err != nil {
		return s, err
	}
	var items listed
	for failures := 0; s.AtWork(); told(s) {
		next, err := b.step(ctx, id, s, &items)
		if err == nil {
			s, failures = next, 0
			continue
		}
		if failures++; ctx.Err() != nil || !Away(err) || failures > mostFailures {
			if cause := context.Cause(ctx); cause != nil {
				err = cause
			}
			return s, fmt.Errorf("work on batch %s: %w", id, err)
		}
		b.o.Log.Warn("a batch waits for the database", "batch", id, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(min(100*time.Millisecond<<failures, 5*time.Second)):
		}
	}
	return s, nil
}

const (
	mostFailures = 10 // in a row, while the database is away
	mostTries    = 3  // of an item that fails by itself
)

// listed is the chunk that is being worked on.
type listed struct {
	chunk int
	items []batch.Item
}

// from returns the items of a chunk from one on.
func (l *listed) from(ctx context.Context, b *Bulk, id uuid.UUID, s batch.State, item int) ([]batch.Item, error) {
	chunk, place := batch.Chunk(item)
	if l.items == nil || l.chunk != chunk {
		items, err := b.chunk(ctx, id, s, chunk)
		if err != nil {
			return nil, err
		}
		l.chunk, l.items = chunk, items
	}
	return l.items[place:], nil
}

// step does some of the next items and records what became of them.
func (b *Bulk) step(ctx context.Context, id uuid.UUID, s batch.State, l *listed) (batch.State, error) {
	if s.Phase == batch.UndoingPhase {
		return b.undoStep(ctx, id, s, l)
	}
	items, err := l.from(ctx, b, id, s, s.Processed)
	if err != nil {
		return s, err
	}
	act, err := actOf(id, s)
	if err != nil {
		return s, err
	}
	left := s.Left()
	results, err := b.some(ctx, items, func(refused int) int {
		if left < 0 {
			return b.o.Width
		}
		return min(b.o.Width, left-refused) // so that no more are refused than it stops after
	}, func(ctx context.Context, item batch.Item) (batch.Result, error) {
		e := act.envelope
		e.Expected = act.expected(item)
		return resultOf(b.x.Do(ctx, s.By, item.ID, e, act.command))
	})
	return b.record(ctx, id, s, batch.Record{From: s.Processed, Results: results}, err)
}

// record says what became of items. Nothing is said of those behind one that failed for the moment.
func (b *Bulk) record(ctx context.Context, id uuid.UUID, s batch.State, wish batch.Command, failed error) (batch.State, error) {
	if err := b.before("record"); err != nil {
		return s, err
	}
	next, events, err := b.decide(ctx, clockwork, id, "record", Envelope{Key: NewKey()}, wish)
	switch {
	case err != nil:
		return s, err
	case failed != nil && events == 0:
		return s, failed
	}
	return next, nil
}

// some does items in order, several at once, until the chunk ends, it is time to say how far it came, or width says none.
func (b *Bulk) some(ctx context.Context, items []batch.Item, width func(refused int) int, do func(context.Context, batch.Item) (batch.Result, error)) (results []batch.Result, err error) {
	began, refused := time.Now(), 0
	for len(results) < len(items) && time.Since(began) < b.o.Every {
		n := min(width(refused), len(items)-len(results))
		if n <= 0 {
			break
		}
		made := make([]batch.Result, n)
		errs := make([]error, n)
		var all sync.WaitGroup
		for i, item := range items[len(results) : len(results)+n] {
			all.Go(func() { made[i], errs[i] = b.one(ctx, item, do) })
		}
		all.Wait()
		for i := range made {
			if errs[i] != nil {
				return results, errs[i]
			}
			results = append(results, made[i])
			if made[i].Against() {
				refused++
			}
		}
	}
	return results, nil
}

// one does an item. What fails by itself again and again is told as failed, or one broken dossier would hold up all behind it.
func (b *Bulk) one(ctx context.Context, item batch.Item, do func(context.Context, batch.Item) (batch.Result, error)) (r batch.Result, err error) {
	for range mostTries {
		if err = b.before("item"); err != nil {
			return r, err
		}
		if r, err = do(ctx, item); err == nil {
			if err = b.before("done"); err != nil {
				return r, err
			}
			return r, nil
		}
		if ctx.Err() != nil || Away(err) {
			return r, err
		}
	}
	b.o.Log.Error("an item of a batch failed", "dossier", item.ID, "error", err)
	return batch.Result{Outcome: batch.Failed, Code: "fault"}, nil
}

// bulkAct is the command of a batch, ready to be sent to any item.
type bulkAct struct {
	command  dossier.Command
	envelope Envelope
	any      bool
}

func actOf(id uuid.UUID, s batch.State) (bulkAct, error) {
	e, c, err := opened(s.Command, s.Arguments)
	if err != nil {
		return bulkAct{}, fmt.Errorf("read the command of batch %s: %w", id, err)
	}
	e.Key, e.Batch = batchKey(id), id.String()
	return bulkAct{c, e, s.AnyVersion}, nil
}

func (a bulkAct) expected(i batch.Item) *int64 {
	if a.any {
		return nil
	}
	return &i.Version
}

// resultOf says what an answer means for an item. An error is of the moment, or of the machine.
func resultOf(r Receipt, err error) (batch.Result, error) {
	var refusal *domain.Refusal
	var invalid *domain.Invalid
	var stale *Stale
	var unreadable *UnreadableError
	var ahead *eventstore.OccurredAheadError
	var failure *Failure
	switch {
	case err == nil && r.Verdict != "":
		return batch.Result{Outcome: batch.Late, Code: r.Verdict}, nil
	case err == nil && r.Events == 0:
		return batch.Result{Outcome: batch.Already}, nil
	case err == nil, errors.Is(err, eventstore.ErrCommandReused): // by a process with another COMMAND_KEY: the body is the batch's own
		return batch.Result{Outcome: batch.Done}, nil
	case errors.As(err, &refusal):
		r := batch.Result{Outcome: batch.Refused, Code: refusal.Code}
		if access.Basis(refusal.Basis).Valid() {
			r.Basis = refusal.Basis
		}
		return r, nil
	case errors.As(err, &invalid):
		return batch.Result{Outcome: batch.Refused, Code: invalid.Code}, nil
	case errors.As(err, &stale):
		return batch.Result{Outcome: batch.Changed, Code: "stale"}, nil
	case errors.As(err, &ahead):
		return batch.Result{Outcome: batch.Refused, Code: "occurred_ahead"}, nil
	case errors.As(err, &unreadable):
		return batch.Result{Outcome: batch.Failed, Code: "unreadable"}, nil
	case errors.Is(err, ErrNotFound):
		return batch.Result{Outcome: batch.NotFound, Code: "not_found"}, nil
	case errors.As(err, &failure) && failure.Status < http.StatusInternalServerError: // a file that is not there, say: no fault of the machine
		return batch.Result{Outcome: batch.Refused, Code: failure.Code}, nil
	}
	return batch.Result{}, err
}

const (
	workEvery   = time.Second
	mostBatches = 4 // of one process at once
)

// Run works on every batch that asks for it, until the context ends. Several processes may run it: each batch is worked on by one at a time.
func (b *Bulk) Run(ctx context.Context) error {
	var working sync.WaitGroup
	defer working.Wait()
	var mu sync.Mutex
	busy := map[uuid.UUID]bool{}
	for {
		asked, err := b.x.journal.WorkAsked(ctx)
		if err != nil && ctx.Err() == nil {
			b.o.Log.Warn("nobody can see which batches wait", "error", err)
		}
		for _, id := range asked {
			mu.Lock()
			take := !busy[id] && len(busy) < mostBatches
			busy[id] = busy[id] || take
			if take {
				working.Go(func() {
					b.attend(ctx, id)
					mu.Lock()
					defer mu.Unlock()
					delete(busy, id)
				})
			}
			mu.Unlock()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-b.woken:
		case <-time.After(workEvery):
		}
	}
}

// attend works on one batch, if nobody else does.
func (b *Bulk) attend(ctx context.Context, id uuid.UUID) {
	s, err := b.state(ctx, id)
	if err == nil && s.AtWork() {
		s, err = b.Work(ctx, id, nil)
	}
	if err == nil && !s.AtWork() {
		err = b.x.journal.NoWork(ctx, id)
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, eventstore.ErrHeld) {
		b.o.Log.Warn("a batch was left, to be gone on with", "batch", id, "error", err)
	}
}

// Package demo fills an empty journal with dossiers that never were, so that a newcomer sees an authority at work.
package demo

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/domain/organisation"
	"dossier/eventstore"
	"dossier/handlers"

	"github.com/google/uuid"
)

const (
	months = 18
	seed   = 20121123 // the same stories on every machine, but for the day on which they end
)

// Seed writes n dossiers of the last 18 months up to where the clock stands; open the journal with the clock's Now as Simulated.
// Every act goes through the executor and every rule holds. A journal that holds anything is left alone.
func Seed(ctx context.Context, j *eventstore.Journal, clock *Clock, n int, progress func(done, total int)) error {
	head, err := j.Head(ctx)
	if err != nil {
		return fmt.Errorf("read head: %w", err)
	}
	if head > 0 {
		return nil
	}
	stories, err := plot(clock.Now(), n)
	if err != nil {
		return err
	}
	x := handlers.NewExecutor(j, handlers.ExecutorOptions{Now: clock.Now, Origin: domain.Demo})
	return play(ctx, x, clock, stories, progress)
}

// turn is one act on its place in the journal.
type turn struct {
	act
	story int
	nth   int
}

// played is a dossier that has begun.
type played struct {
	id      uuid.UUID
	version int64
}

// play tells all stories at once, in the order in which their acts are entered.
func play(ctx context.Context, x *handlers.Executor, clock *Clock, stories []story, progress func(done, total int)) error {
	turns := inOrder(stories)
	begun := make([]played, len(stories))
	if len(turns) > 0 {
		clock.back(turns[0].entered)
	}
	if err := publishRules(ctx, x); err != nil {
		return err
	}
	for i, t := range turns {
		clock.Set(t.entered)
		key := fmt.Sprintf("demo-%d-%d", stories[t.story].number, t.nth)
		if err := begun[t.story].play(ctx, x, t.act, key); err != nil {
			return fmt.Errorf("seed dossier %d, act %d (%s): %w", stories[t.story].number, t.nth, t.command.Name(), err)
		}
		if progress != nil {
			progress(i+1, len(turns))
		}
	}
	return nil
}

// publishRules lets the authority have its organisation, calendars and procedures before its first dossier.
func publishRules(ctx context.Context, x *handlers.Executor) error {
	admin := domain.Actor{Account: "admin", Role: domain.SystemAdmin, Unit: handlers.UnitIT}
	if _, err := x.ApplyOrganisation(ctx, admin, organisation.Shipped(), handlers.Envelope{Key: "demo-organisation"}); err != nil {
		return fmt.Errorf("apply the organisation: %w", err)
	}
	catalogue := domain.Actor{Account: "catalogue", Role: domain.CatalogueAdmin, Unit: handlers.UnitLeadership}
	for _, code := range slices.Sorted(maps.Keys(calendar.Shipped())) {
		if _, err := x.PublishCalendar(ctx, catalogue, code, calendar.Shipped()[code], handlers.Envelope{Key: "demo-calendar-" + code}); err != nil {
			return fmt.Errorf("publish calendar %s: %w", code, err)
		}
	}
	return x.PublishShipped(ctx, catalogue, "demo-procedures")
}

func inOrder(stories []story) []turn {
	var turns []turn
	for i, s := range stories {
		for n, a := range s.acts {
			turns = append(turns, turn{act: a, story: i, nth: n + 1})
		}
	}
	slices.SortStableFunc(turns, func(a, b turn) int {
		return cmp.Or(a.entered.Compare(b.entered), cmp.Compare(a.story, b.story), cmp.Compare(a.nth, b.nth))
	})
	return turns
}

func (p *played) play(ctx context.Context, x *handlers.Executor, a act, key string) error {
	body, err := json.Marshal(a.command)
	if err != nil {
		return fmt.Errorf("encode command: %w", err)
	}
	e := handlers.Envelope{Key: key, LateReason: a.late, Body: body}
	if !a.happened.IsZero() {
		e.OccurredAt = &a.happened
	}
	var r handlers.Receipt
	if c, first := a.command.(dossier.SubmitDossier); first {
		r, err = x.Submit(ctx, a.by, e, c)
	} else {
		e.Expected = &p.version
		r, err = x.Do(ctx, a.by, p.id, e, a.command)
	}
	if err == nil && r.Events == 0 {
		err = fmt.Errorf("nothing happened")
	}
	p.id, p.version = r.ID, r.Version
	return err
}

// back puts the clock where the history begins.
func (c *Clock) back(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = t
}

package handlers

import (
	"context"
	"fmt"
	"slices"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/dossier"
	"dossier/eventstore"

	"github.com/google/uuid"
)

// Reader is the journal as one reader may see it, in the form in which it travels through Kafka. Events that are not for the
// reader are left out, and the cursor moves past them, so "not for you" is never mistaken for "lost".
type Reader struct {
	journal     *eventstore.Journal
	actor       domain.Actor
	house       *Organisations
	only        string // the applicant whose dossiers alone are shown
	after       int64
	generations eventstore.Generations
	last        *[eventstore.Lanes]int64 // last position of each lane up to after; nil until the first page
	theirs      map[uuid.UUID]bool       // whose is this stream: known answers
}

// OpenFeed begins after a position.
func OpenFeed(ctx context.Context, j *eventstore.Journal, a domain.Actor, after int64) (*Reader, error) {
	door, _ := DoorOf(Feeds, "events")
	if err := door.May(a); err != nil {
		return nil, err
	}
	generations, err := j.Generations(ctx)
	if err != nil {
		return nil, err
	}
	return &Reader{journal: j, actor: a, house: newOrganisations(j), only: Only(a), after: after, generations: generations, theirs: map[uuid.UUID]bool{}}, nil
}

// After is the position up to which everything was shown or withheld: where to go on.
func (r *Reader) After() int64 { return r.after }

// Next returns the reader's share of the next limit events. More says that the journal went on when it was read, also when
// nothing of it was for this reader.
func (r *Reader) Next(ctx context.Context, limit int) (events []eventstore.Delivered, more bool, err error) {
	page, err := r.journal.Page(ctx, r.after, limit)
	if err != nil || len(page) == 0 {
		return nil, false, err
	}
	if err := r.begin(ctx); err != nil {
		return nil, false, err
	}
	visible, err := r.visible(ctx, page)
	if err != nil {
		return nil, false, err
	}
	for _, e := range page {
		if visible(e) {
			events = append(events, eventstore.Delivered{Event: e, Prev: r.last[e.Lane], Generation: r.generations.Of(e.Position)})
		}
		r.last[e.Lane] = e.Position
		r.after = e.Position
	}
	return events, len(page) == limit, nil
}

// begin learns what the first page cannot know: what came before it in each lane.
func (r *Reader) begin(ctx context.Context) error {
	if r.last != nil {
		return nil
	}
	last, err := r.journal.LaneEnds(ctx, r.after)
	if err != nil {
		return fmt.Errorf("read feed: %w", err)
	}
	r.last = &last
	return nil
}

// visible says which events of a page are for the reader. Whose a dossier is stands in its first event.
func (r *Reader) visible(ctx context.Context, page []eventstore.Event) (func(eventstore.Event) bool, error) {
	if r.only == "" {
		return r.inSight(ctx, page)
	}
	if len(r.theirs) > 50_000 { // a long-lived reader of a busy journal
		clear(r.theirs)
	}
	var unknown []uuid.UUID
	for _, e := range page {
		if _, known := r.theirs[e.StreamID]; !known {
			r.theirs[e.StreamID] = false
			if e.StreamKind == Kind {
				unknown = append(unknown, e.StreamID)
			}
		}
	}
	if err := r.learn(ctx, unknown); err != nil {
		return nil, err
	}
	o, err := r.house.Recent(ctx)
	if err != nil {
		return nil, fmt.Errorf("read feed: %w", err)
	}
	round, tries := o.SandboxFor(r.actor, calendar.DateOf(time.Now(), Zone()))
	return func(e eventstore.Event) bool {
		return r.theirs[e.StreamID] && (!tries || testOf(e) == round.Name())
	}, nil
}

// testOf is the round of a sandbox that an event is of, if any.
func testOf(e eventstore.Event) string {
	meta, err := domain.DecodeMeta(e.Meta)
	if err != nil {
		return ""
	}
	return meta.Sandbox
}

// inSight says which events of a page staff may see. Where a dossier has a part changes with its events, so each page is asked anew. What is
// no dossier is of the agency of whoever did it, but for the rules and the organisation, which are everybody's.
func (r *Reader) inSight(ctx context.Context, page []eventstore.Event) (func(eventstore.Event) bool, error) {
	o, err := r.house.Recent(ctx)
	if err != nil {
		return nil, fmt.Errorf("read feed: %w", err)
	}
	sight := sightOn(o, r.actor, calendar.DateOf(time.Now(), Zone()))
	if sight.All() {
		return func(eventstore.Event) bool { return true }, nil
	}
	var dossiers []uuid.UUID
	for _, e := range page {
		if e.StreamKind == Kind && !slices.Contains(dossiers, e.StreamID) {
			dossiers = append(dossiers, e.StreamID)
		}
	}
	histories := map[uuid.UUID][]eventstore.Event{}
	if len(dossiers) > 0 {
		if histories, err = r.journal.Streams(ctx, dossiers); err != nil {
			return nil, fmt.Errorf("read feed: %w", err)
		}
	}
	seen := map[uuid.UUID]bool{}
	for id, history := range histories {
		facts, err := Decode(history)
		if err != nil {
			return nil, fmt.Errorf("read feed: %w", err)
		}
		s := dossier.Fold(facts)
		seen[id] = sight.Sees(&s)
	}
	return func(e eventstore.Event) bool {
		switch e.StreamKind {
		case Kind:
			return seen[e.StreamID]
		case OrganisationKind, CalendarKind, ProcedureKind:
			return true
		}
		meta, err := domain.DecodeMeta(e.Meta)
		return err == nil && !slices.Contains(sight.Others, meta.ActorUnit)
	}, nil
}

func (r *Reader) learn(ctx context.Context, streams []uuid.UUID) error {
	if len(streams) == 0 {
		return nil
	}
	histories, err := r.journal.Streams(ctx, streams)
	if err != nil {
		return fmt.Errorf("read feed: %w", err)
	}
	for id, history := range histories {
		facts, err := Decode(history)
		if err != nil {
			return fmt.Errorf("read feed: %w", err)
		}
		r.theirs[id] = dossier.Fold(facts).Applicant == r.only
	}
	return nil
}

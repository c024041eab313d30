package handlers

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"dossier/domain"
	"dossier/domain/calendar"
	"dossier/domain/document"
	"dossier/eventstore"

	"github.com/google/uuid"
)

// CalendarKind is the stream kind of calendars.
const CalendarKind = "calendar"

// StandardCalendar is the one by which dossiers are counted.
const StandardCalendar = "vn"

// fresh is how long a calendar is trusted without looking for newer events. A command that counted by the one before is found by
// the recounter, like any other.
const fresh = time.Second

// Calendars are folded in memory from the journal and caught up as they are used: a few events, read by stream and version.
type Calendars struct {
	journal *eventstore.Journal
	mu      sync.Mutex
	known   map[string]folded
}

// folded is a calendar and the id of its last event, by which a database that lost its tail is found out.
type folded struct {
	calendar calendar.Calendar
	last     uuid.UUID
	looked   time.Time
}

func newCalendars(j *eventstore.Journal) *Calendars {
	return &Calendars{journal: j, known: map[string]folded{}}
}

// recent returns a calendar as it was a moment ago, mostly from memory: commands count by it.
func (k *Calendars) recent(ctx context.Context, code string) (calendar.Calendar, error) {
	k.mu.Lock()
	have := k.known[code]
	k.mu.Unlock()
	if time.Since(have.looked) < fresh {
		return have.calendar, nil
	}
	return k.Get(ctx, code)
}

// Get returns a calendar as it is now; one that was never published does not exist (Calendar.Exists).
func (k *Calendars) Get(ctx context.Context, code string) (calendar.Calendar, error) {
	k.mu.Lock()
	have := k.known[code]
	k.mu.Unlock()
	looked := time.Now()
	events, err := k.journal.Stream(ctx, CalendarStream(code), max(have.calendar.Version-1, 0))
	if err != nil {
		return calendar.Calendar{}, fmt.Errorf("read calendar %s: %w", code, err)
	}
	switch {
	case have.last == uuid.Nil:
	case len(events) > 0 && events[0].ID == have.last:
		events = events[1:]
	default: // not the history this was folded from
		have = folded{}
		if events, err = k.journal.Stream(ctx, CalendarStream(code), 0); err != nil {
			return calendar.Calendar{}, fmt.Errorf("read calendar %s: %w", code, err)
		}
	}
	if have, err = have.with(events); err != nil {
		return calendar.Calendar{}, err
	}
	have.looked = looked
	k.mu.Lock()
	k.known[code] = have
	k.mu.Unlock()
	return have.calendar, nil
}

// forget lets the next use look again.
func (k *Calendars) forget(code string) {
	k.mu.Lock()
	delete(k.known, code)
	k.mu.Unlock()
}

// At returns a calendar as it was at a version.
func (k *Calendars) At(ctx context.Context, code string, version int64) (calendar.Calendar, error) {
	events, err := k.journal.Stream(ctx, CalendarStream(code), 0)
	if err != nil {
		return calendar.Calendar{}, fmt.Errorf("read calendar %s: %w", code, err)
	}
	until, err := folded{}.with(events[:min(int(version), len(events))])
	return until.calendar, err
}

func (f folded) with(events []eventstore.Event) (folded, error) {
	for _, e := range events {
		fact, err := decodeCalendar(e)
		if err != nil {
			return f, err
		}
		f.calendar, f.last = calendar.Evolve(f.calendar, fact), e.ID
	}
	return f, nil
}

func decodeCalendar(e eventstore.Event) (calendar.Fact, error) {
	event, err := calendar.Decode(e.Type, e.TypeVersion, e.Data)
	if err != nil {
		return calendar.Fact{}, fmt.Errorf("position %d: %w", e.Position, err)
	}
	return calendar.Fact{Version: e.Version, Event: event}, nil
}

// CalendarStream is where a calendar's history stands.
func CalendarStream(code string) uuid.UUID { return eventstore.StreamIDFor(CalendarKind, "", code) }

// Published says what publishing a file changed.
type Published struct {
	Code    string `json:"code"`
	Version int64  `json:"version"`
	Events  int    `json:"events"` // 0: it was already so
}

// Mistakes are what is wrong with a file of rules, each with its line and path.
type Mistakes []document.Mistake

func (m Mistakes) Error() string {
	return fmt.Sprintf("%d mistakes, the first: %s", len(m), m[0].Error())
}

// PublishCalendar brings a calendar to what a file says, in one act; with a mistake in the file nothing changes.
func (x *Executor) PublishCalendar(ctx context.Context, a domain.Actor, code string, file []byte, e Envelope) (Published, error) {
	if err := Authorize(a, Act{Kind: Rule}); err != nil {
		return Published{}, err
	}
	id := CalendarStream(code)
	command := eventstore.Command{ID: eventstore.CommandID(a.Account, id, "publish "+e.Key), Hash: eventstore.CommandHash(x.o.CommandKey, file)}
	meta, err := domain.Meta{Actor: a.Account, ActorRole: a.Role, ActorUnit: a.Unit, Origin: x.o.Origin, CommandID: command.ID.String(), CommandHash: command.Hash, Traceparent: e.Traceparent}.Encode()
	if err != nil {
		return Published{}, err
	}
	result, err := x.journal.Update(ctx, eventstore.Stream{Kind: CalendarKind, ID: id}, command, nil,
		func(history []eventstore.Event) (news []eventstore.NewEvent, err error) {
			have, err := folded{}.with(history)
			if err != nil {
				return nil, err
			}
			events, err := revise(have.calendar, code, file)
			for _, event := range events {
				kind, version, data, err := calendar.Encode(event)
				if err != nil {
					return nil, err
				}
				news = append(news, eventstore.NewEvent{Type: kind, TypeVersion: version, Data: data, Meta: slices.Clone(meta), OccurredAt: x.o.Now().UTC()})
			}
			return news, err
		})
	x.calendars.forget(code)
	return Published{code, result.Version, result.Events}, err
}

// revise is the facts that bring a calendar to what the file says.
func revise(c calendar.Calendar, code string, file []byte) (events []calendar.Event, err error) {
	wishes, mistakes := calendar.Read(c, file)
	if len(mistakes) > 0 {
		return nil, Mistakes(mistakes)
	}
	for _, wish := range wishes {
		if o, opens := wish.(calendar.Open); opens && o.Code != code {
			return nil, &domain.Invalid{Code: "another_calendar", Field: "code",
				VI: "Tệp này là của lịch “" + o.Code + "”, không phải “" + code + "”.",
				EN: "This file is of calendar “" + o.Code + "”, not “" + code + "”."}
		}
		more, err := calendar.Decide(c, wish)
		if err != nil {
			return nil, err
		}
		for _, e := range more {
			c = calendar.Evolve(c, calendar.Fact{Version: c.Version + 1, Event: e})
		}
		events = append(events, more...)
	}
	return events, nil
}

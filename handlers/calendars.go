package handlers

import (
	"context"
	"fmt"

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

// Calendars are folded in memory from the journal and caught up as they are used.
type Calendars struct{ memory *memory[calendar.Calendar] }

func newCalendars(j *eventstore.Journal) *Calendars { return &Calendars{newMemory(j, evolveCalendar)} }

// recent returns a calendar as it was a moment ago, mostly from memory: commands count by it.
func (k *Calendars) recent(ctx context.Context, code string) (calendar.Calendar, error) {
	return k.memory.recent(ctx, CalendarStream(code))
}

// Get returns a calendar as it is now; one that was never published does not exist (Calendar.Exists).
func (k *Calendars) Get(ctx context.Context, code string) (calendar.Calendar, error) {
	return k.memory.get(ctx, CalendarStream(code))
}

// At returns a calendar as it was at a version.
func (k *Calendars) At(ctx context.Context, code string, version int64) (calendar.Calendar, error) {
	return k.memory.at(ctx, CalendarStream(code), version)
}

func evolveCalendar(c calendar.Calendar, e eventstore.Event) (calendar.Calendar, error) {
	event, err := calendar.Decode(e.Type, e.TypeVersion, e.Data)
	if err != nil {
		return c, err
	}
	return calendar.Evolve(c, calendar.Fact{Version: e.Version, Event: event}), nil
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
func (x *Executor) PublishCalendar(ctx context.Context, a domain.Actor, code string, file []byte, e Envelope) (_ Published, err error) {
	defer func() { err = x.Refused(ctx, a, e, publishCalendar, uuid.Nil, err) }()
	if err := x.authorized(ctx, a, Act{Kind: Rule}); err != nil {
		return Published{}, err
	}
	id := CalendarStream(code)
	result, err := x.rule(ctx, a, eventstore.Stream{Kind: CalendarKind, ID: id}, "publish", e, file, func(history []eventstore.Event) (facts []encoded, err error) {
		have, err := x.calendars.memory.fold(kept[calendar.Calendar]{}, history)
		if err != nil {
			return nil, err
		}
		events, err := revise(have.state, code, file)
		for _, event := range events {
			kind, version, data, err := calendar.Encode(event)
			if err != nil {
				return nil, err
			}
			facts = append(facts, encoded{kind, version, data})
		}
		return facts, err
	})
	x.calendars.memory.forget(id)
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

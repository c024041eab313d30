package handlers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"dossier/domain"
	"dossier/domain/access"
	"dossier/eventstore"

	"github.com/google/uuid"
)

// AccessKind is the stream kind of the access journal.
const AccessKind = "access"

// AccessStream is where the entries of an account on a day stand. By account and day, for streams by account would grow without end, and
// streams by dossier would leave what concerns none in one; accounts spread over the lanes by themselves.
func AccessStream(account string, at time.Time) uuid.UUID {
	return eventstore.StreamIDFor(AccessKind, account, at.In(Zone()).Format(time.DateOnly))
}

// AccessLog writes entries to the access journal and reads them. A nil *AccessLog records nothing.
type AccessLog struct {
	journal *eventstore.Journal
	o       AccessOptions

	mu       sync.Mutex
	recorded int64
	missed   int64     // all of this process
	untold   int       // of them those that the journal does not know of yet
	since    time.Time // when the first of these was missed

	telling sync.Mutex
}

// AccessOptions of an access log.
type AccessOptions struct {
	Within time.Duration    // how long an append may take before the answer goes out without it; default 1 s
	Now    func() time.Time // default time.Now
	Log    *slog.Logger     // default: none
}

// NewAccessLog returns the log over a journal that was opened with eventstore.Options.Access.
func NewAccessLog(j *eventstore.Journal, o AccessOptions) *AccessLog {
	if o.Within == 0 {
		o.Within = time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &AccessLog{journal: j, o: o}
}

// Accessor is who is recorded: the actor, and the request it came by.
type Accessor struct {
	domain.Actor
	Origin      domain.Origin
	Traceparent string
}

// watchman records what nobody asked for.
var watchman = Accessor{Actor: domain.Actor{Account: "access-log", Role: domain.System}}

// Record appends an entry and returns when it is durable, also when the caller has gone. What could not be appended in time is counted, and
// logged as an error; then the journal itself says so as soon as it can. A refusal is answered all the same; what shows data must not be.
func (l *AccessLog) Record(ctx context.Context, by Accessor, e access.Event) error {
	if l == nil {
		return nil
	}
	at := l.o.Now().UTC()
	if err := l.append(ctx, by, at, e); err != nil {
		l.miss(ctx, by, at, err)
		return err
	}
	l.mu.Lock()
	l.recorded++
	l.mu.Unlock()
	_ = l.tell(ctx) // Check tries again
	return nil
}

func (l *AccessLog) append(ctx context.Context, by Accessor, at time.Time, e access.Event) error {
	typ, version, data, err := access.Encode(e)
	if err != nil {
		return err
	}
	meta, err := domain.Meta{Actor: by.Account, ActorRole: by.Role, ActorUnit: by.Unit, Origin: by.Origin, Traceparent: by.Traceparent}.Encode()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.o.Within)
	defer cancel()
	_, err = l.journal.Append(ctx, eventstore.Request{
		Stream: eventstore.Stream{Kind: AccessKind, ID: AccessStream(by.Account, at)}, Expected: eventstore.AnyVersion,
		Events: []eventstore.NewEvent{{Type: typ, TypeVersion: version, Data: data, Meta: meta, OccurredAt: at}},
	})
	return err
}

func (l *AccessLog) miss(ctx context.Context, by Accessor, at time.Time, err error) {
	l.mu.Lock()
	l.missed++
	if l.untold++; l.untold == 1 {
		l.since = at
	}
	l.mu.Unlock()
	l.o.Log.ErrorContext(ctx, "the access journal did not take an entry", "account", by.Account, "traceparent", by.Traceparent, "error", err)
}

// tell records how many entries were missed, once the journal can be written again.
func (l *AccessLog) tell(ctx context.Context) error {
	if !l.telling.TryLock() { // somebody tells it just now
		return nil
	}
	defer l.telling.Unlock()
	count, since := l.Untold()
	if count == 0 {
		return nil
	}
	if err := l.append(ctx, watchman, l.o.Now().UTC(), access.EntriesMissed{Count: count, Since: since}); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.untold -= count; l.untold > 0 {
		l.since = l.o.Now().UTC()
	}
	return nil
}

// Check says whether entries were missed of which the journal could not be told, after trying once more to tell it.
func (l *AccessLog) Check(ctx context.Context) (missed int, since time.Time) {
	if l == nil {
		return 0, time.Time{}
	}
	if missed, _ = l.Untold(); missed > 0 {
		_ = l.tell(ctx) // what it cannot be told stays untold
	}
	return l.Untold()
}

// Untold says how many entries were missed of which the journal does not know yet.
func (l *AccessLog) Untold() (missed int, since time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.untold, l.since
}

// Counts are the entries that this process recorded and missed.
func (l *AccessLog) Counts() (recorded, missed int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.recorded, l.missed
}

// AccessFilter chooses entries.
type AccessFilter struct {
	Account string
	Since   time.Time // recorded then or later
	Before  int64     // position, for the next page; 0 begins with the newest
	Limit   int       // default 50, at most 500
}

// AccessEntry is one entry as it is shown: codes and ids.
type AccessEntry struct {
	Position    int64         `json:"position"`
	RecordedAt  time.Time     `json:"recorded_at"`
	Type        string        `json:"type" example:"access.command-refused"`
	By          domain.Actor  `json:"by"`
	Command     string        `json:"command,omitempty"`
	Dossier     *uuid.UUID    `json:"dossier,omitempty"`
	Rule        string        `json:"rule,omitempty"`
	Basis       string        `json:"basis,omitempty"`
	Missed      int           `json:"missed,omitempty" doc:"Entries that could not be recorded; on access.entries-missed."`
	Since       *time.Time    `json:"since,omitempty" doc:"From when on; on access.entries-missed."`
	Origin      domain.Origin `json:"origin,omitempty"`
	Traceparent string        `json:"traceparent,omitempty"`
}

// AccessPage is a page of entries, newest first. Next is the Before that goes on, 0 at the end; a page may be short and yet have one.
type AccessPage struct {
	Entries []AccessEntry `json:"entries"`
	Next    int64         `json:"next" doc:"Say it as before to go on; 0 at the end."`
}

// accessRead is how many entries are read at a time, and accessPages how often for one page, however few of them are asked for.
const (
	accessRead  = 1000
	accessPages = 20
)

// List returns entries, newest first.
func (l *AccessLog) List(ctx context.Context, a domain.Actor, f AccessFilter) (AccessPage, error) {
	p := AccessPage{Entries: []AccessEntry{}}
	if err := Authorize(a, Act{Kind: Audit}); err != nil || l == nil {
		return p, err
	}
	head, err := l.journal.Head(ctx)
	if err != nil {
		return p, err
	}
	if f.Limit = min(f.Limit, 500); f.Limit <= 0 {
		f.Limit = 50
	}
	if f.Before <= 0 || f.Before > head {
		f.Before = head + 1
	}
	p.Next = f.Before
	for range accessPages {
		if done, err := l.back(ctx, &p, f); done || err != nil {
			return p, err
		}
	}
	return p, nil
}

// back puts the entries before p.Next onto the page, and says when it is full or there are no more.
func (l *AccessLog) back(ctx context.Context, p *AccessPage, f AccessFilter) (done bool, err error) {
	from := max(0, p.Next-1-accessRead)
	events, err := l.journal.Page(ctx, from, int(p.Next-1-from))
	if err != nil {
		return false, err
	}
	for _, e := range slices.Backward(events) {
		if e.Position >= p.Next { // what was before is no longer kept
			continue
		}
		if e.RecordedAt.Before(f.Since) {
			p.Next = 0
			return true, nil
		}
		entry, err := accessEntry(e)
		if err != nil {
			return false, err
		}
		if f.Account != "" && entry.By.Account != f.Account {
			continue
		}
		p.Entries = append(p.Entries, entry)
		if len(p.Entries) == f.Limit {
			if p.Next = e.Position; e.Position == 1 {
				p.Next = 0
			}
			return true, nil
		}
	}
	if p.Next = from + 1; from == 0 || len(events) == 0 {
		p.Next = 0
	}
	return p.Next == 0, nil
}

func accessEntry(e eventstore.Event) (AccessEntry, error) {
	meta, err := domain.DecodeMeta(e.Meta)
	if err != nil {
		return AccessEntry{}, fmt.Errorf("read access entry %d: %w", e.Position, err)
	}
	event, err := access.Decode(e.Type, e.TypeVersion, e.Data)
	if err != nil {
		return AccessEntry{}, fmt.Errorf("read access entry %d: %w", e.Position, err)
	}
	entry := AccessEntry{Position: e.Position, RecordedAt: e.RecordedAt, Type: e.Type, By: meta.By(), Origin: meta.Origin, Traceparent: meta.Traceparent}
	switch event := event.(type) {
	case access.CommandRefused:
		entry.Command, entry.Rule, entry.Basis = string(event.Command), string(event.Rule), string(event.Basis)
		if event.Dossier != uuid.Nil {
			entry.Dossier = &event.Dossier
		}
	case access.EntriesMissed:
		entry.Missed, entry.Since = event.Count, &event.Since
	default:
		return entry, fmt.Errorf("read access entry %d: %T is not known", e.Position, event)
	}
	return entry, nil
}

// Verify proves the access journal: what eventstore.Journal.Verify does, that every entry decodes, and that it stands in the stream of whoever
// it names. head is how many entries there are.
func (l *AccessLog) Verify(ctx context.Context, progress func(done, total int64)) (head int64, _ *eventstore.Difference, err error) {
	if head, err = l.journal.Head(ctx); err != nil {
		return 0, nil, err
	}
	if d, err := l.journal.Verify(ctx, progress); d != nil || err != nil {
		return head, d, err
	}
	for after := int64(0); after < head; {
		events, err := l.journal.Page(ctx, after, accessRead)
		if err != nil || len(events) == 0 {
			return head, nil, err
		}
		for _, e := range events {
			entry, err := accessEntry(e)
			if err != nil {
				return head, &eventstore.Difference{Position: e.Position, Stream: e.StreamID, What: err.Error()}, nil
			}
			if e.StreamID != AccessStream(entry.By.Account, e.OccurredAt) {
				return head, &eventstore.Difference{Position: e.Position, Stream: e.StreamID, What: "names another account or day than its stream"}, nil
			}
			after = e.Position
		}
	}
	return head, nil, nil
}

// The names under which commands on rules are recorded.
const (
	publishCalendar   = "publish-calendar"
	publishProcedure  = "publish-procedure"
	withdrawProcedure = "withdraw-procedure"
	turnSwitch        = "turn-switch"
)

// recordable says whether a name is one of ours: it may come from the address of a request.
func recordable(command string) bool {
	switch command {
	case publishCalendar, publishProcedure, withdrawProcedure, turnSwitch:
		return true
	}
	_, known := actors[command]
	return known
}

// Refused records that a command was refused, if it was: what is not found, not understood or meant for another version is none, for no rule
// decided it. It returns the error as it came. Callers nobody knows are counted only (dossier_commands_total). Whoever refuses a command before
// it comes to the executor calls it; the executor does for itself.
func (x *Executor) Refused(ctx context.Context, a domain.Actor, e Envelope, command string, id uuid.UUID, err error) error {
	var r *domain.Refusal
	if x.o.Access == nil || a.Account == "" || !errors.As(err, &r) || !recordable(command) {
		return err
	}
	_ = x.o.Access.Record(ctx, Accessor{a, x.o.Origin, e.Traceparent}, access.Refused(command, id, r)) // said by Check: the answer stays what it is
	return err
}

// Access is where this executor records refusals; nil: nowhere.
func (x *Executor) Access() *AccessLog { return x.o.Access }

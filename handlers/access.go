package handlers

import (
	"context"
	"log/slog"
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

	opened  seen
	listed  seen
	onWay   map[chan struct{}]struct{} // entries that no answer waits for, each closes its own
	telling sync.Mutex

	gathered map[uuid.UUID][]*gathering // by stream; there while something is sent to it
}

// AccessOptions of an access log.
type AccessOptions struct {
	Within time.Duration    // how long an append may take, and an entry wait for its turn, before the answer goes out without it; default 1 s
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
	return &AccessLog{journal: j, o: o, onWay: map[chan struct{}]struct{}{}, gathered: map[uuid.UUID][]*gathering{}}
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
	return l.send(ctx, AccessStream(by.Account, at), eventstore.NewEvent{Type: typ, TypeVersion: version, Data: data, Meta: meta, OccurredAt: at})
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

// AcceptClock is eventstore.Journal.AcceptClock for this journal: each goes on from its own last row.
func (l *AccessLog) AcceptClock(ctx context.Context, actor domain.Actor) error {
	_, err := l.journal.AcceptClock(ctx, actor)
	return err
}

// Counts are the entries that this process recorded and missed.
func (l *AccessLog) Counts() (recorded, missed int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.recorded, l.missed
}

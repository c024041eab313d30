package hostile

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// follower reads the journal as every reader does: by position above the last one seen.
type follower struct {
	read     tide
	last     int64 // position of the newest event, as far as this page was read
	recorded time.Time
}

// row is what the follower needs of an event.
type row struct {
	position, version int64
	stream, id        uuid.UUID
	typeVersion       int
	recorded          time.Time
}

// followPage is how many events are read at once, and followPause how long nothing is asked when there was nothing new.
const (
	followPage  = 5000
	followPause = 20 * time.Millisecond
	longestAway = 2 * time.Minute // that the database may be
)

func (a *attack) head(ctx context.Context) (position int64, err error) {
	err = a.o.Truth.QueryRow(ctx, `select coalesce(max(position), 0) from journal.events`).Scan(&position)
	return position, err
}

// follow judges the global order until the context ends: positions without holes, versions without holes, recorded_at that never goes
// back, and no event that nobody asked for.
func (a *attack) follow(ctx context.Context) {
	answered := time.Now()
	for ctx.Err() == nil {
		n, err := a.page(ctx)
		switch {
		case err == nil:
			answered = time.Now()
		case time.Since(answered) > longestAway:
			a.wrong(other, "the journal cannot be read: %v", err)
			return
		}
		if n == 0 {
			wait(ctx, followPause)
		}
	}
}

func (a *attack) page(ctx context.Context) (n int, err error) {
	rows, err := a.o.Truth.Query(ctx, `
		select position, version, stream_id, event_id, type_version, recorded_at
		  from journal.events
		 where position > $1
		 order by position
		 limit $2`, a.follower.last, followPage)
	if err != nil {
		return 0, err
	}
	var e row
	_, err = pgx.ForEachRow(rows, []any{&e.position, &e.version, &e.stream, &e.id, &e.typeVersion, &e.recorded}, func() error {
		a.met(e)
		n++
		return nil
	})
	if n > 0 {
		a.follower.read.rise(a.follower.last)
	}
	return n, err
}

// met notes where an event stands.
func (a *attack) met(e row) {
	f := &a.follower
	if f.last++; e.position != f.last {
		a.wrong(order, "position %d was read after %d", e.position, f.last-1)
	}
	if e.recorded.Before(f.recorded) {
		a.wrong(order, "recorded_at goes back to %s at position %d", e.recorded, e.position)
	}
	f.recorded = e.recorded
	a.report.events.Add(1)
	s := a.known(e.stream)
	if s == nil {
		a.wrong(doubled, "the event at %d came when everything that was asked for on its stream had been decided", e.position)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, wrong := s.met(e); wrong != "" {
		a.wrong(c, "position %d of stream %s: %s", e.position, e.stream, wrong)
	}
}

// met finds the request that the event belongs to.
func (s *stream) met(e row) (c class, wrong string) {
	if s.version++; e.version != s.version {
		return order, "the version leaves a hole"
	}
	if e.typeVersion > len(s.ops) {
		return other, "nobody asked for it"
	}
	o := s.ops[e.typeVersion-1]
	p := &o.place
	switch {
	case o.never:
		return other, "it must not be stored: " + kinds[o.kind].name
	case int(o.stored) == len(o.ids):
		return doubled, "it is stored twice"
	case o.ids[o.stored] != e.id:
		return other, "nobody asked for it"
	case o.stored == 0 && o.first.held != nil:
		return doubled, "its id is stored already"
	case o.stored > 0 && e.position != p.last+1:
		return order, "the events of one request do not stand together"
	}
	if o.stored++; o.stored == 1 {
		p.from, p.recorded, p.bytes, o.first.held = e.position, e.recorded.UnixMicro(), o.bytes, p
	}
	p.last, p.version = e.position, e.version
	s.chain = s.chain.then(e.id, e.typeVersion)
	return 0, ""
}

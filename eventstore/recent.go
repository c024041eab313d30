package eventstore

import "sync"

// What recent keeps at most.
const (
	recentEvents = 4096
	recentBytes  = 4 << 20
)

// recent holds the newest commits of this process, a run of positions without holes, so that the relay beside the writer need
// not read back what was just written.
//
// What it holds was committed by the database the writer is connected to. After a restore or a failover that may no longer be
// the journal, so whoever begins to rely on it anew opens an era, and a batch that was sent in an era before is never let in.
type recent struct {
	mu     sync.Mutex
	era    int64
	line   int64 // the writer's connection that the events came from
	wanted bool  // nobody reads before the first era: nothing is kept
	events []Event
	bytes  int
}

// NewEra forgets the recent commits and makes the writer connect again: from here on RecentPage has only what the database that
// is reached now has committed since.
func (j *Journal) NewEra() {
	r := &j.recent
	r.mu.Lock()
	defer r.mu.Unlock()
	r.era++
	r.wanted = true
	r.forget()
}

// RecentPage returns up to limit events after a position from memory; none when it does not have the next one.
func (j *Journal) RecentPage(after int64, limit int) []Event {
	r := &j.recent
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.events) == 0 || after+1 < r.events[0].Position || after >= r.events[len(r.events)-1].Position {
		return nil
	}
	from := int(after + 1 - r.events[0].Position)
	return append([]Event(nil), r.events[from:min(len(r.events), from+limit)]...)
}

func (r *recent) current() (era int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.era
}

func (r *recent) forget() {
	clear(r.events)
	r.events, r.bytes = r.events[:0], 0
}

// note keeps what a batch of this era has appended. A new connection may lead to a database that lost what the old one had, and
// has the same positions again for other events.
func (r *recent) note(era, line int64, requests []*pending, rows []row) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if era != r.era || !r.wanted {
		return
	}
	if line != r.line {
		r.forget()
		r.line = line
	}
	for _, row := range rows { // in the order of their positions
		if row.outcome == appended {
			r.add(requests[row.request-1], row)
		}
	}
	if len(r.events) > recentEvents || r.bytes > recentBytes {
		r.halve()
	}
}

func (r *recent) add(p *pending, row row) {
	if n := len(r.events); n > 0 && r.events[n-1].Position+1 != row.first {
		r.forget() // another process came between
	}
	for i := range p.Events {
		e := &p.Events[i]
		r.events = append(r.events, Event{
			Position: row.first + int64(i), StreamID: p.Stream.ID, StreamKind: p.Stream.Kind,
			Version: row.version - int64(len(p.Events)-1-i), ID: e.ID, Type: e.Type, TypeVersion: e.TypeVersion,
			Data: e.Data, Meta: e.Meta, OccurredAt: instant(microseconds(e.OccurredAt)), RecordedAt: row.recordedAt,
			Lane: Lane(p.Stream.ID),
		})
		r.bytes += len(e.Data) + len(e.Meta) + eventOverhead
	}
}

// halve drops the older half.
func (r *recent) halve() {
	kept := copy(r.events, r.events[len(r.events)/2:])
	clear(r.events[kept:])
	r.events, r.bytes = r.events[:kept], 0
	for i := range r.events {
		r.bytes += len(r.events[i].Data) + len(r.events[i].Meta) + eventOverhead
	}
}

package eventstore

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// patience is how long the writer tries to learn what became of a batch whose connection was lost.
const patience = 15 * time.Second

// writer is the one goroutine of a journal that appends: it sends whatever has queued while its last commit was on the way.
// A batch runs under no caller's context.
type writer struct {
	j         *Journal
	queue     *queue
	line      line
	batch     batch
	stopped   chan struct{}
	patient   time.Duration
	era       int64        // of the connection, see recent
	connected atomic.Int64 // times that the connection was made, see current
	alarmed   time.Time
	counts    counts
}

// Stats are counts since Open, for those who watch.
type Stats struct {
	Batches, Requests, Events int64 // sent; Requests ÷ Batches is how well the group commit groups
	Conflicts, Lost           int64 // requests that came second; batches whose connection was lost
	Waiting, WaitingBytes     int   // requests in the queue now
	Head                      int64 // newest position this process knows
}

type counts struct {
	batches, requests, events, conflicts, lost atomic.Int64
}

// Stats returns the counts.
func (j *Journal) Stats() Stats {
	c := &j.writer.counts
	waiting, bytes := j.writer.queue.size()
	return Stats{c.batches.Load(), c.requests.Load(), c.events.Load(), c.conflicts.Load(), c.lost.Load(), waiting, bytes, j.head.Load()}
}

func newWriter(j *Journal) *writer {
	return &writer{j: j, queue: newQueue(j.o.Queue, j.o.QueueBytes), line: newLine(j.pool, &j.sql), stopped: make(chan struct{}), patient: patience}
}

func (w *writer) enqueue(p *pending) error { return w.queue.put(p) }

func (w *writer) close() {
	w.queue.close()
	<-w.stopped
}

func (w *writer) run() {
	defer close(w.stopped)
	defer w.line.drop()
	for range w.queue.wake {
		for {
			requests := w.queue.take(w.j.o.MaxBatch, w.j.o.MaxBytes)
			if len(requests) == 0 {
				break
			}
			size := len(requests)
			w.deliver(requests, time.Time{})
			w.gather(size)
		}
		if w.queue.isClosed() {
			return
		}
	}
}

// gather lets the many callers that a large batch has just answered come back with their next requests. Without it every other
// batch would be a handful that costs a commit of its own.
func (w *writer) gather(size int) {
	const large, turns = 2, 20
	if size < large {
		return
	}
	waiting := -1
	for range turns {
		runtime.Gosched()
		now := w.queue.len()
		if now >= size || now == waiting {
			return
		}
		waiting = now
	}
}

// deliver sends requests until each of them has its answer. lostAt says since when nobody knows whether they are stored; zero: they
// are not.
func (w *writer) deliver(requests []*pending, lostAt time.Time) {
	w.counts.batches.Add(1)
	w.counts.requests.Add(int64(len(requests)))
	requests, err := w.current(requests)
	var rows []row
	if err == nil && len(requests) > 0 {
		rows, err = w.send(requests)
	}
	switch fate := fateOf(err); {
	case err == nil:
		w.j.recent.note(w.era, w.line.times, requests, rows)
		w.answer(requests, rows, lostAt)
	case fate == lost:
		w.counts.lost.Add(1)
		w.line.abandon()
		w.recover(requests, err, lostAt)
	case fate == noPartition:
		w.makePartitions(requests, lostAt)
	case fate == busy:
		if code(err) == readOnly {
			w.line.drop() // the next connection may find the new primary
		}
		fail(requests, fmt.Errorf("append: %w: %w", ErrBusy, err))
	case len(requests) > 1: // one bad request never fails its neighbours
		half := len(requests) / 2
		w.deliver(requests[:half], lostAt)
		w.deliver(requests[half:], lostAt)
	default:
		w.refuse(requests[0], err)
	}
}

// send runs one batch: one statement, one round trip, one commit.
func (w *writer) send(requests []*pending) ([]row, error) {
	now := w.j.o.Now()
	var simulated *time.Time
	if w.j.o.Simulated != nil {
		now = w.j.o.Simulated()
		simulated = &now
	}
	w.batch.fill(requests, w.j.head.Load(), now, simulated)
	return w.line.exec(&w.batch, requests)
}

// recover handles requests whose connection was lost: nobody knows whether they are stored. It looks for them and sends those
// that are not there again. The look comes when the old session has ended: what it had is stored by then, or never will be.
func (w *writer) recover(requests []*pending, cause error, lostAt time.Time) {
	w.j.o.Log.Warn("append connection lost", "journal", w.j.name, "requests", len(requests), "err", cause)
	switch {
	case lostAt.IsZero() && isUnsent(cause):
		fail(requests, fmt.Errorf("append: %w: %w", ErrBusy, cause))
		return
	case lostAt.IsZero():
		lostAt = time.Now()
	case time.Since(lostAt) > w.patient:
		fail(requests, fmt.Errorf("append, which may have happened: %w: %w", ErrBusy, cause))
		return
	default:
		time.Sleep(10 * time.Millisecond) // lost again at once
	}
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		stored, err := w.stored(requests)
		if err == nil {
			w.committed(newest(stored))
			if missing := settle(requests, stored); len(missing) > 0 {
				w.deliver(missing, lostAt)
			}
			return
		}
		w.line.drop()
		if time.Since(lostAt) > w.patient || w.queue.isClosed() {
			fail(requests, fmt.Errorf("append, which may have happened: %w: %w", ErrBusy, err))
			return
		}
		time.Sleep(wait)
	}
}

// makePartitions is the way out when the upkeep did not keep pace: nothing was appended, so the batch goes again.
func (w *writer) makePartitions(requests []*pending, lostAt time.Time) {
	ctx := context.Background()
	events := int64(0)
	for _, p := range requests {
		events += int64(len(p.Events))
	}
	head, err := w.j.Head(ctx)
	made := 0
	if err == nil {
		made, err = w.j.upkeep.make(ctx, head+events)
	}
	if err == nil && made == 0 {
		err = errors.New("no partition for the next events")
	}
	if err != nil {
		fail(requests, fmt.Errorf("append: %w: %w", ErrBusy, err))
		return
	}
	w.deliver(requests, lostAt)
}

// answer tells each caller what became of its request.
func (w *writer) answer(requests []*pending, rows []row, lostAt time.Time) {
	if len(rows) != len(requests) {
		fail(requests, fmt.Errorf("append: %d answers for %d requests", len(rows), len(requests)))
		return
	}
	var last row
	for _, r := range rows {
		if r.outcome == appended && r.last > last.last {
			last = r
		}
	}
	w.committed(last.last)
	var doubtful []*pending
	for _, r := range rows {
		p := requests[r.request-1]
		if !lostAt.IsZero() && r.outcome == conflict {
			doubtful = append(doubtful, p)
			continue
		}
		p.answer <- w.answerFor(p, r)
	}
	if last.last > 0 {
		w.checkAhead(last.recordedAt)
	}
	if len(doubtful) > 0 {
		w.resolve(doubtful, rows, requests)
	}
}

func (w *writer) answerFor(p *pending, r row) answer {
	switch r.outcome {
	case appended:
		w.counts.events.Add(int64(len(p.Events)))
		return answer{result: Result{First: r.first, Last: r.last, Version: r.version, Events: len(p.Events), RecordedAt: r.recordedAt}}
	case conflict:
		w.counts.conflicts.Add(1)
		return answer{err: &ConflictError{Stream: p.Stream.ID, Expected: p.Expected, Actual: r.version}}
	case ahead:
		return answer{err: &OccurredAheadError{OccurredAt: p.latest, Now: r.recordedAt}}
	case clock:
		return answer{err: &ClockError{Database: r.recordedAt, Caller: w.j.o.Now()}}
	}
	return answer{err: errors.New("append: unknown outcome")}
}

// resolve tells a real conflict from a request that met its own events, stored by the session that was lost.
func (w *writer) resolve(doubtful []*pending, rows []row, requests []*pending) {
	stored, err := w.stored(doubtful)
	if err != nil {
		fail(doubtful, fmt.Errorf("append, which may have happened: %w: %w", ErrBusy, err))
		return
	}
	conflicts := map[*pending]row{}
	for _, r := range rows {
		conflicts[requests[r.request-1]] = r
	}
	for _, p := range settle(doubtful, stored) {
		p.answer <- w.answerFor(p, conflicts[p])
	}
}

// refuse answers the one request that Postgres would not take.
func (w *writer) refuse(p *pending, err error) {
	if code(err) == uniqueViolation {
		if stored, e := w.stored([]*pending{p}); e == nil && len(settle([]*pending{p}, stored)) == 0 {
			return
		}
		err = fmt.Errorf("%w: %w", &MalformedError{Field: "id", Why: "or version is in the journal already"}, err)
	}
	p.answer <- answer{err: fmt.Errorf("append: %w", err)}
}

// storedEvent is where an event id was found.
type storedEvent struct {
	stream            uuid.UUID
	position, version int64
	recordedAt        time.Time
}

func (w *writer) stored(requests []*pending) (map[uuid.UUID]storedEvent, error) {
	var ids []uuid.UUID
	for _, p := range requests {
		for _, e := range p.Events {
			ids = append(ids, e.ID)
		}
	}
	return w.line.stored(w.j.sql.stored, ids)
}

// settle answers the requests whose events are all stored and returns the others.
func settle(requests []*pending, stored map[uuid.UUID]storedEvent) (missing []*pending) {
	for _, p := range requests {
		first, ok := stored[p.Events[0].ID]
		last, also := stored[p.Events[len(p.Events)-1].ID]
		// The same id on another stream is somebody else's event: this request is not stored.
		ours := first.stream == p.Stream.ID && last.stream == p.Stream.ID
		if !ok || !also || !ours || last.position-first.position != int64(len(p.Events)-1) {
			missing = append(missing, p)
			continue
		}
		p.answer <- answer{result: Result{First: first.position, Last: last.position, Version: last.version, Events: len(p.Events), RecordedAt: last.recordedAt}}
	}
	return missing
}

func newest(stored map[uuid.UUID]storedEvent) (position int64) {
	for _, e := range stored {
		position = max(position, e.position)
	}
	return position
}

func fail(requests []*pending, err error) {
	for _, p := range requests {
		p.answer <- answer{err: err}
	}
}

// committed makes a commit known in this process.
func (w *writer) committed(position int64) {
	w.j.advance(position)
	w.j.watch.wake()
	w.j.upkeep.reached(position)
}

// checkAhead raises the alarm, at most once a minute, when the journal's time is ahead: the clock was set back, and events
// share one recorded_at until it has caught up.
func (w *writer) checkAhead(recordedAt time.Time) {
	now := w.j.o.Now()
	if w.j.o.Simulated != nil || recordedAt.Sub(now) < 10*time.Second || now.Sub(w.alarmed).Abs() < time.Minute {
		return
	}
	w.alarmed = now
	w.j.o.Log.Error("journal time is ahead of this process' clock", "journal", w.j.name, "recorded_at", recordedAt, "ahead", recordedAt.Sub(now))
}

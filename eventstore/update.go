package eventstore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Update appends what decide makes of the stream's history. decide is a pure function: it may be called again with a fresh
// history when another process came first. When it returns no events nothing is written. A command that is found in the
// history is not decided again: its stored positions are the result (Repeated), or ErrCommandReused if its body differs.
// expected, when given, is the version the caller acted on (*StaleError). decide's own errors are returned as they are. ErrBusy when too
// many commands are under way.
func (j *Journal) Update(ctx context.Context, s Stream, c Command, expected *int64, decide func(history []Event) ([]NewEvent, error)) (Result, error) {
	defer j.updates.Add(-1)
	if j.updates.Add(1) > int64(j.o.Queue) {
		return Result{}, fmt.Errorf("update stream %s: %w", s.ID, ErrBusy)
	}
	unlock, err := j.streams.lock(ctx, s.ID)
	if err != nil {
		return Result{}, fmt.Errorf("wait for stream %s: %w", s.ID, err)
	}
	defer unlock()
	reached := int64(0)
	for attempt := 0; ; attempt++ {
		result, err := j.tryUpdate(ctx, s, c, expected, c.Opens && attempt == 0, decide)
		if errors.Is(err, errOtherHistory) {
			continue
		}
		var conflict *ConflictError
		if !errors.As(err, &conflict) {
			return result, err
		}
		if conflict.Expected < reached { // what came first is committed, so a fresh read must show it
			return Result{}, fmt.Errorf("update stream %s: its first %d events are not where the journal says: %w", s.ID, reached, err)
		}
		reached = conflict.Actual
		if err := pause(ctx, attempt); err != nil {
			return Result{}, fmt.Errorf("update stream %s: %w", s.ID, errors.Join(err, conflict))
		}
	}
}

func (j *Journal) tryUpdate(ctx context.Context, s Stream, c Command, expected *int64, empty bool, decide func([]Event) ([]NewEvent, error)) (Result, error) {
	line := j.writer.connected.Load()
	var history []Event
	var seen int64
	if !empty {
		var err error
		if history, seen, err = j.histories.of(ctx, s.ID); err != nil {
			return Result{}, err
		}
	}
	if done, found, err := find(history, c); found || err != nil {
		return done, err
	}
	var last Event
	if len(history) > 0 {
		last = history[len(history)-1]
	}
	version := last.Version
	if expected != nil && *expected != version {
		return Result{}, &StaleError{Expected: *expected, Actual: version}
	}
	events, err := decide(history)
	if empty && (err != nil || len(events) == 0) { // that may be so only now: a repeat is answered as it was
		return j.tryUpdate(ctx, s, c, expected, false, decide)
	}
	if err != nil || len(events) == 0 {
		return Result{Version: version}, err
	}
	if events, err = c.stamp(events); err != nil {
		return Result{}, err
	}
	return j.Append(ctx, Request{Stream: s, Expected: version, Seen: seen, Events: events, line: line, read: last.ID})
}

// find looks for the command in the history and returns what it did.
func find(history []Event, c Command) (done Result, found bool, err error) {
	if c.ID == uuid.Nil {
		return Result{}, false, nil
	}
	id := []byte(c.ID.String())
	for i := range history {
		e := &history[i]
		if !bytes.Contains(e.Meta, id) { // saves decoding nearly every meta
			continue
		}
		var meta struct{ CommandID, CommandHash string }
		if err := json.Unmarshal(e.Meta, &meta); err != nil {
			return Result{}, false, fmt.Errorf("decode meta of position %d: %w", e.Position, err)
		}
		if meta.CommandID != string(id) {
			continue
		}
		if meta.CommandHash != c.Hash {
			return Result{}, false, ErrCommandReused
		}
		if done.Events++; done.First == 0 {
			done.First, done.Repeated = e.Position, true
		}
		done.Last, done.Version, done.RecordedAt = e.Position, e.Version, e.RecordedAt
	}
	return done, done.Repeated, nil
}

// stamp writes the command's identity into the meta of its events, keys in alphabetical order. Meta that has it stays as it is.
func (c Command) stamp(events []NewEvent) ([]NewEvent, error) {
	if c.ID == uuid.Nil {
		return events, nil
	}
	id, hash := []byte(`"commandid":"`+c.ID.String()+`"`), []byte(`"commandhash":"`+c.Hash+`"`)
	if !slices.ContainsFunc(events, func(e NewEvent) bool { return !bytes.Contains(e.Meta, id) || !bytes.Contains(e.Meta, hash) }) {
		return events, nil
	}
	stamped := append([]NewEvent(nil), events...)
	for i := range stamped {
		meta := map[string]json.RawMessage{}
		if len(stamped[i].Meta) > 0 {
			if err := json.Unmarshal(stamped[i].Meta, &meta); err != nil {
				return nil, &MalformedError{i, "meta", "is not an object"}
			}
		}
		meta["commandid"], _ = json.Marshal(c.ID.String())
		meta["commandhash"], _ = json.Marshal(c.Hash)
		b, err := json.Marshal(meta)
		if err != nil {
			return nil, fmt.Errorf("encode meta: %w", err)
		}
		stamped[i].Meta = b
	}
	return stamped, nil
}

// pause waits a little longer each time, at random, so that processes that collided do not collide again.
func pause(ctx context.Context, attempt int) error {
	limit := min(time.Millisecond<<min(attempt, 6), 50*time.Millisecond)
	t := time.NewTimer(rand.N(limit))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

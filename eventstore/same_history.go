package eventstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// errOtherHistory says that the database no longer has what a request was decided on: it failed over without its tail.
var errOtherHistory = errors.New("the journal has another history than the one that was read")

// current makes sure of the connection, and of the requests whose streams were read before it was made: the server behind it may
// have lost what was read and have grown again since, to the same version too. What is left may be sent.
//
// A stream that was read with the connection there comes from the same server: a failover ends every connection.
func (w *writer) current(requests []*pending) ([]*pending, error) {
	if era := w.j.recent.current(); era != w.era {
		w.line.drop()
		w.era = era
	}
	if err := w.connect(); err != nil {
		return requests, err
	}
	var doubtful []*pending
	for _, p := range requests {
		if p.line == w.line.times {
			continue
		}
		if p.line, p.Seen = w.line.times, 0; p.read != uuid.Nil {
			doubtful = append(doubtful, p)
		}
	}
	if len(doubtful) == 0 {
		return requests, nil
	}
	return w.refuseOthers(requests, doubtful)
}

func (w *writer) connect() error {
	err := w.line.connect()
	w.connected.Store(w.line.times)
	return err
}

// refuseOthers answers those of the doubtful whose last event is not where it was read, and returns the other requests.
func (w *writer) refuseOthers(requests, doubtful []*pending) ([]*pending, error) {
	same, err := w.line.sameHistory(w.j.sql.sameHistory, doubtful)
	if err != nil {
		for _, p := range doubtful {
			p.line = 0 // ask again
		}
		return requests, err
	}
	other := map[*pending]bool{}
	for i, p := range doubtful {
		if !same[i] {
			other[p] = true
			p.answer <- answer{err: errOtherHistory}
		}
	}
	rest := make([]*pending, 0, len(requests))
	for _, p := range requests {
		if !other[p] {
			rest = append(rest, p)
		}
	}
	return rest, nil
}

// sameHistory says of each request whether the last event that was read is still its stream's event of that version.
func (l *line) sameHistory(sql string, requests []*pending) ([]bool, error) {
	streams, versions, events := make([]uuid.UUID, len(requests)), make([]int64, len(requests)), make([]uuid.UUID, len(requests))
	for i, p := range requests {
		streams[i], versions[i], events[i] = p.Stream.ID, p.Expected, p.read
	}
	ctx, cancel := context.WithTimeout(context.Background(), sessionTimeout)
	defer cancel()
	rows, err := l.conn.Query(ctx, sql, streams, versions, events)
	if err != nil {
		return nil, fmt.Errorf("look for what was read: %w", err)
	}
	same, nth := make([]bool, len(requests)), 0
	if _, err := pgx.ForEachRow(rows, []any{&nth}, func() error { same[nth-1] = true; return nil }); err != nil {
		return nil, fmt.Errorf("look for what was read: %w", err)
	}
	return same, nil
}

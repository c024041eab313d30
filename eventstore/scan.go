package eventstore

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Scan reads the rows of a query that selects Columns, and closes them.
func Scan(rows pgx.Rows) ([]Event, error) {
	defer rows.Close()
	var s scanner
	var events []Event
	for rows.Next() {
		events = append(events, Event{})
		e := &events[len(events)-1]
		if s.binary(rows) {
			if err := s.read(rows.RawValues(), e); err != nil {
				return nil, err
			}
		} else if err := rows.Scan(&e.Position, &e.StreamID, &e.StreamKind, &e.Version, &e.ID, &e.Type, &e.TypeVersion,
			&e.Data, &e.Meta, &e.OccurredAt, &e.RecordedAt, &e.Lane); err != nil {
			return nil, fmt.Errorf("scan event: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("scan events: %w", err)
	}
	return events, nil
}

// scanner decodes rows without allocating for each value: texts that repeat are kept once, and bytes share chunks.
type scanner struct {
	checked, isBinary bool
	words             map[string]string
	chunk             []byte
}

// binary says whether the connection speaks the binary form, which it does unless it was told otherwise.
func (s *scanner) binary(rows pgx.Rows) bool {
	if s.checked {
		return s.isBinary
	}
	s.checked, s.isBinary = true, true
	for i, f := range rows.FieldDescriptions() {
		switch i {
		case 2, 5, 7, 8: // texts and json are the same in both forms
		default:
			s.isBinary = s.isBinary && f.Format == 1
		}
	}
	return s.isBinary
}

func (s *scanner) read(v [][]byte, e *Event) error {
	if len(v) != 12 || len(v[0]) != 8 || len(v[1]) != 16 || len(v[3]) != 8 || len(v[4]) != 16 || len(v[6]) != 4 ||
		len(v[9]) != 8 || len(v[10]) != 8 || len(v[11]) != 2 {
		return fmt.Errorf("scan event: the query must select the journal's columns in order")
	}
	e.Position = int64(binary.BigEndian.Uint64(v[0]))
	e.StreamID = uuid.UUID(v[1])
	e.StreamKind = s.word(v[2])
	e.Version = int64(binary.BigEndian.Uint64(v[3]))
	e.ID = uuid.UUID(v[4])
	e.Type = s.word(v[5])
	e.TypeVersion = int(int32(binary.BigEndian.Uint32(v[6])))
	e.Data = s.bytes(v[7])
	e.Meta = s.bytes(v[8])
	e.OccurredAt = instant(int64(binary.BigEndian.Uint64(v[9])))
	e.RecordedAt = instant(int64(binary.BigEndian.Uint64(v[10])))
	e.Lane = int(int16(binary.BigEndian.Uint16(v[11])))
	return nil
}

func (s *scanner) word(b []byte) string {
	if w, ok := s.words[string(b)]; ok {
		return w
	}
	if s.words == nil || len(s.words) > 1000 {
		s.words = make(map[string]string, 8)
	}
	w := string(b)
	s.words[w] = w
	return w
}

// chunkSize balances allocations against what one kept event can keep alive.
const chunkSize = 16 << 10

func (s *scanner) bytes(b []byte) json.RawMessage {
	if len(b) > chunkSize/4 {
		return append(json.RawMessage(nil), b...)
	}
	if len(s.chunk)+len(b) > cap(s.chunk) {
		s.chunk = make([]byte, 0, max(len(b), min(chunkSize, 2*cap(s.chunk)+512)))
	}
	start := len(s.chunk)
	s.chunk = append(s.chunk, b...)
	return json.RawMessage(s.chunk[start:len(s.chunk):len(s.chunk)])
}

package eventstore

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Object ids of the array elements, fixed in every Postgres.
const (
	oidInt2        = 21
	oidInt4        = 23
	oidInt8        = 20
	oidText        = 25
	oidJSON        = 114
	oidTimestamptz = 1184
	oidUUID        = 2950
)

// batch holds requests as the parameters of an append function, in Postgres' binary form. The writer fills the same buffers
// again and again, so appending allocates nothing for each event.
type batch struct {
	now, head, clock [8]byte
	// of the whole batch
	numbered               [1]byte
	oldest, newest, latest [8]byte
	// one element for each request
	stream, kind, lane, expected, seen, before, occurs array
	// one element for each event
	request, event, typ, typeVersion, data, meta, occurred array

	values [][]byte
}

// fill turns requests into parameters. clock is given only for a journal under a simulated clock.
func (b *batch) fill(requests []*pending, head int64, now time.Time, clock *time.Time) {
	putInt64(&b.now, microseconds(now))
	putInt64(&b.head, head)
	b.summarize(requests)
	b.reset()
	events := int64(0)
	for i, p := range requests {
		b.stream.uuid(p.Stream.ID)
		b.kind.text(p.Stream.Kind)
		b.lane.int16(int16(Lane(p.Stream.ID)))
		b.expected.int64(p.Expected)
		b.seen.int64(p.Seen)
		b.before.int64(events)
		b.occurs.instant(p.latest)
		for n := range p.Events {
			b.add(i+1, &p.Events[n])
		}
		events += int64(len(p.Events))
	}
	b.values = append(b.values[:0], b.now[:], b.head[:], b.numbered[:], b.oldest[:], b.newest[:], b.latest[:])
	for _, a := range b.arrays() {
		b.values = append(b.values, a.finish())
	}
	if clock != nil {
		putInt64(&b.clock, microseconds(*clock))
		b.values = append(b.values, b.clock[:])
	}
}

// summarize says about all requests what lets the append function judge them together.
func (b *batch) summarize(requests []*pending) {
	numbered := byte(1)
	oldest, newest, latest := requests[0].Seen, int64(0), requests[0].latest
	for _, p := range requests {
		if p.Expected < 0 || p.Expected > 0 && p.Seen == 0 {
			numbered = 0
		}
		oldest, newest = min(oldest, p.Seen), max(newest, p.Seen)
		if p.latest.After(latest) {
			latest = p.latest
		}
	}
	b.numbered[0] = numbered
	putInt64(&b.oldest, oldest)
	putInt64(&b.newest, newest)
	putInt64(&b.latest, microseconds(latest))
}

func (b *batch) add(request int, e *NewEvent) {
	b.request.int32(int32(request))
	b.event.uuid(e.ID)
	b.typ.text(e.Type)
	b.typeVersion.int32(int32(e.TypeVersion))
	b.data.bytes(e.Data)
	b.meta.bytes(e.Meta)
	b.occurred.instant(e.OccurredAt)
}

func (b *batch) arrays() [14]*array {
	return [...]*array{&b.stream, &b.kind, &b.lane, &b.expected, &b.seen, &b.before, &b.occurs,
		&b.request, &b.event, &b.typ, &b.typeVersion, &b.data, &b.meta, &b.occurred}
}

func (b *batch) reset() {
	oids := [...]uint32{oidUUID, oidText, oidInt2, oidInt8, oidInt8, oidInt8, oidTimestamptz,
		oidInt4, oidUUID, oidText, oidInt4, oidJSON, oidJSON, oidTimestamptz}
	for i, a := range b.arrays() {
		a.start(oids[i])
	}
}

// array is a one-dimensional Postgres array without nulls in binary form.
type array struct {
	b []byte
	n uint32
}

func (a *array) start(oid uint32) {
	a.n = 0
	a.b = append(a.b[:0], 0, 0, 0, 1, 0, 0, 0, 0) // one dimension, no nulls
	a.b = binary.BigEndian.AppendUint32(a.b, oid)
	a.b = append(a.b, 0, 0, 0, 0, 0, 0, 0, 1) // length, set at the end; lower bound
}

func (a *array) finish() []byte {
	binary.BigEndian.PutUint32(a.b[12:], a.n)
	return a.b
}

func (a *array) element(size int) {
	a.n++
	a.b = binary.BigEndian.AppendUint32(a.b, uint32(size))
}

func (a *array) int16(v int16)       { a.element(2); a.b = binary.BigEndian.AppendUint16(a.b, uint16(v)) }
func (a *array) int32(v int32)       { a.element(4); a.b = binary.BigEndian.AppendUint32(a.b, uint32(v)) }
func (a *array) int64(v int64)       { a.element(8); a.b = binary.BigEndian.AppendUint64(a.b, uint64(v)) }
func (a *array) uuid(v uuid.UUID)    { a.element(16); a.b = append(a.b, v[:]...) }
func (a *array) text(v string)       { a.element(len(v)); a.b = append(a.b, v...) }
func (a *array) bytes(v []byte)      { a.element(len(v)); a.b = append(a.b, v...) }
func (a *array) instant(t time.Time) { a.int64(microseconds(t)) }

// epoch is Postgres' year 2000 in microseconds since 1970.
const epoch = 946684800 * 1_000_000

func microseconds(t time.Time) int64 { return t.UnixMicro() - epoch }

func instant(microseconds int64) time.Time { return time.UnixMicro(microseconds + epoch).UTC() }

func putInt64(dst *[8]byte, v int64) { binary.BigEndian.PutUint64(dst[:], uint64(v)) }

// row is what the append function says about one request, or (request 0) about all of them.
type row struct {
	request     int
	outcome     outcome
	first, last int64
	version     int64
	recordedAt  time.Time
}

type outcome string

const (
	appended outcome = "appended"
	conflict outcome = "conflict"
	ahead    outcome = "ahead"
	clock    outcome = "clock"
)

func decodeRow(v [][]byte) (row, error) {
	if len(v) != 6 || len(v[0]) != 4 || len(v[2]) != 8 || len(v[3]) != 8 || len(v[4]) != 8 || len(v[5]) != 8 {
		return row{}, fmt.Errorf("append answered in an unknown form")
	}
	r := row{
		request:    int(binary.BigEndian.Uint32(v[0])),
		first:      int64(binary.BigEndian.Uint64(v[2])),
		last:       int64(binary.BigEndian.Uint64(v[3])),
		version:    int64(binary.BigEndian.Uint64(v[4])),
		recordedAt: instant(int64(binary.BigEndian.Uint64(v[5]))),
	}
	for _, o := range [...]outcome{appended, conflict, ahead, clock} {
		if string(v[1]) == string(o) {
			r.outcome = o
		}
	}
	return r, nil
}

// forAll tells each request what one row says of all: they stand one after the other, each at the version it expected.
func (r row) forAll(requests []*pending, rows []row) []row {
	for i, p := range requests {
		n := int64(len(p.Events))
		rows = append(rows, row{request: i + 1, outcome: appended, first: r.first, last: r.first + n - 1, version: p.Expected + n, recordedAt: r.recordedAt})
		r.first += n
	}
	return rows
}

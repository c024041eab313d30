package projections

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

// tuples are rows in the binary form of COPY, one behind the other. Postgres gives back the bytes that it was given, so rows that were
// written and rows that should be there are compared as they are.
type tuples struct {
	b    []byte
	n    int64
	sets map[int64]string // of places that the rows name
}

func (t *tuples) empty() {
	t.b, t.n = t.b[:0], 0
	clear(t.sets)
}

func (t *tuples) met(set int64, places string) {
	if set == 0 {
		return
	}
	if t.sets == nil {
		t.sets = map[int64]string{}
	}
	t.sets[set] = places
}

func (t *tuples) begin(columns int) {
	t.b = binary.BigEndian.AppendUint16(t.b, uint16(columns))
	t.n++
}

func (t *tuples) size(n int)       { t.b = binary.BigEndian.AppendUint32(t.b, uint32(n)) }
func (t *tuples) uuid(v uuid.UUID) { t.size(16); t.b = append(t.b, v[:]...) }
func (t *tuples) text(v string)    { t.size(len(v)); t.b = append(t.b, v...) }
func (t *tuples) bytes(v []byte)   { t.size(len(v)); t.b = append(t.b, v...) }
func (t *tuples) int64(v int64)    { t.size(8); t.b = binary.BigEndian.AppendUint64(t.b, uint64(v)) }

func (t *tuples) texts(all ...string) {
	for _, v := range all {
		t.text(v)
	}
}

// orNull is a text that is null when there is none.
func (t *tuples) orNull(v string) {
	if v == "" {
		t.b = append(t.b, 0xff, 0xff, 0xff, 0xff)
		return
	}
	t.text(v)
}

func (t *tuples) truth(v bool) {
	t.size(1)
	if v {
		t.b = append(t.b, 1)
	} else {
		t.b = append(t.b, 0)
	}
}

// Infinities of a timestamptz, and its year 2000 in microseconds since 1970.
const (
	never = 1<<63 - 1
	epoch = 946_684_800_000_000
)

func (t *tuples) instants(all ...pgtype.Timestamptz) {
	for _, v := range all {
		switch v.InfinityModifier {
		case pgtype.Infinity:
			t.int64(never)
		case pgtype.NegativeInfinity:
			t.int64(-never - 1)
		default:
			t.int64(v.Time.UnixMicro() - epoch)
		}
	}
}

// What COPY begins and ends with.
var (
	copyHeader = []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	copyEnd    = []byte("\xff\xff")
)

func copyInto(name, columns string) string {
	return `copy views.` + name + ` (` + columns + `) from stdin (format binary)`
}

func copyOf(query string) string { return `copy (` + query + `) to stdout (format binary)` }

// copyIn writes the rows into a table.
func (t *tuples) copyIn(ctx context.Context, conn *pgx.Conn, name string, columns string) error {
	if t.n == 0 {
		return nil
	}
	if len(t.sets) > 0 {
		ids, places := registered(t.sets)
		if _, err := conn.Exec(ctx, registerSets, ids, places); err != nil {
			return fmt.Errorf("note places: %w", err)
		}
	}
	in := io.MultiReader(bytes.NewReader(copyHeader), bytes.NewReader(t.b), bytes.NewReader(copyEnd))
	if _, err := conn.PgConn().CopyFrom(ctx, in, copyInto(name, columns)); err != nil {
		return fmt.Errorf("fill %s: %w", name, err)
	}
	return nil
}

// copyOut reads rows as copyIn wrote them. The query takes no parameters: COPY has none.
func (t *tuples) copyOut(ctx context.Context, conn *pgx.Conn, query string) error {
	out := bytes.NewBuffer(t.b[:0])
	if _, err := conn.PgConn().CopyTo(ctx, out, copyOf(query)); err != nil {
		return err
	}
	b, whole := bytes.CutSuffix(out.Bytes(), copyEnd)
	if b, whole = bytes.CutPrefix(b, copyHeader); !whole {
		return fmt.Errorf("copy answered in an unknown form")
	}
	t.b = b
	return nil
}

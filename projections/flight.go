package projections

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// flight is statements and rows that go to the server together and are answered together: one round trip, and one transaction
// unless one is open. Rows go as COPY takes them, which costs the server less than an INSERT of arrays and this process next to
// nothing. pgx has no way to send COPY among other statements, so the messages are written here.
type flight struct {
	conn *pgx.Conn
	b    []byte // messages, ready to be sent
	rows tuples
	err  error
}

// keptBytes is the largest buffer that is kept from flight to flight, several times what a full batch of usual events fills.
const keptBytes = 8 << 20

// board begins a flight.
func (f *flight) board(conn *pgx.Conn) {
	if cap(f.b) > keptBytes {
		*f = flight{}
	}
	f.conn, f.b, f.err = conn, f.b[:0], nil
}

var binaryForm = []int16{pgx.BinaryFormatCode}

// exec adds a statement.
func (f *flight) exec(ctx context.Context, sql string, args ...any) {
	s := f.prepared(ctx, sql)
	if s == nil {
		return
	}
	bind := pgproto3.Bind{PreparedStatement: s.Name, ParameterFormatCodes: binaryForm}
	for i, arg := range args {
		value, err := f.conn.TypeMap().Encode(s.ParamOIDs[i], pgx.BinaryFormatCode, arg, nil)
		f.fail(err)
		bind.Parameters = append(bind.Parameters, value)
	}
	f.add(&bind)
	f.add(&pgproto3.Execute{})
}

// copy adds the rows of moments to a table.
func (f *flight) copy(ctx context.Context, to table, moments []Moment) error {
	f.rows.empty()
	for i := range moments {
		if err := to.add(&f.rows, &moments[i]); err != nil {
			return err
		}
	}
	f.send(ctx, to)
	return nil
}

// send adds the rows at hand to a table.
func (f *flight) send(ctx context.Context, to table) {
	s := f.prepared(ctx, copyInto(to.name, strings.Join(to.columns, ", ")))
	if s == nil || f.rows.n == 0 {
		return
	}
	f.add(&pgproto3.Bind{PreparedStatement: s.Name})
	f.add(&pgproto3.Execute{})
	f.add(&pgproto3.CopyData{Data: copyHeader})
	for rest := f.rows.b; len(rest) > 0; { // cut anywhere: the server takes each message as a whole before it reads on
		n := min(len(rest), 1<<20)
		f.add(&pgproto3.CopyData{Data: rest[:n]})
		rest = rest[n:]
	}
	f.add(&pgproto3.CopyData{Data: copyEnd})
	f.add(&pgproto3.CopyDone{})
}

// prepared is nil when the flight has failed. Nothing is sent before land, so a statement may be prepared in between.
func (f *flight) prepared(ctx context.Context, sql string) *pgconn.StatementDescription {
	if f.err != nil {
		return nil
	}
	s, err := f.conn.Prepare(ctx, sql, sql)
	f.fail(err)
	return s
}

func (f *flight) add(m pgproto3.FrontendMessage) {
	b, err := m.Encode(f.b)
	f.b = b
	f.fail(err)
}

func (f *flight) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

// encoded are messages that are written already.
type encoded []byte

func (encoded) Frontend()                           {}
func (encoded) Decode([]byte) error                 { return errors.ErrUnsupported }
func (e encoded) Encode(dst []byte) ([]byte, error) { return append(dst, e...), nil }

// land sends everything and returns the first error of any of it: then nothing of it is in. After an error that is not the server's
// nobody knows what is still on its way: the connection is closed.
func (f *flight) land(ctx context.Context) error {
	if f.err != nil {
		return f.err
	}
	pg := f.conn.PgConn()
	pg.Frontend().Send(encoded(f.b))
	_, err := pg.ExecParams(ctx, "", nil, nil, nil, nil).Close() // an empty statement sends what stands before it and reads to the end
	var told *pgconn.PgError
	if err != nil && !errors.As(err, &told) {
		closeConn(ctx, f.conn)
		return fmt.Errorf("send: %w", err)
	}
	return err
}

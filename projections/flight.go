package projections

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// flight is statements and rows that go to the server together: one transaction unless one is open, and one wait for all answers. What is
// ready may depart before the rest is written. Rows go as COPY takes them, which costs the server less than an INSERT of arrays and this
// process next to nothing. pgx has no way to send COPY among other statements, so the messages are written here.
type flight struct {
	conn     *pgx.Conn
	known    map[string]*pgconn.StatementDescription // prepared on this connection
	b        []byte                                  // messages that are ready
	rows     tuples
	sets     map[int64]bool // sets of places that are in their table for good
	said     []int64        // those that this flight puts there
	err      error
	underway bool // some of it was sent
	grounded bool // nothing departs early on this connection
}

// keptBytes is the largest buffer that is kept from flight to flight, several times what a full batch of usual events fills.
const keptBytes = 8 << 20

// board begins a flight.
func (f *flight) board(conn *pgx.Conn) {
	if f.conn != conn {
		*f = flight{conn: conn, known: map[string]*pgconn.StatementDescription{}, sets: map[int64]bool{}}
	}
	if cap(f.b) > keptBytes {
		f.b, f.rows = nil, tuples{}
	}
	f.b, f.said, f.err, f.underway = f.b[:0], f.said[:0], nil, false
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
	maps.DeleteFunc(f.rows.sets, func(id int64, _ string) bool { return f.sets[id] })
	if len(f.rows.sets) > 0 {
		ids, places := registered(f.rows.sets)
		f.exec(ctx, registerSets, ids, places)
		f.said = append(f.said, ids...)
	}
	s := f.prepared(ctx, to.copying())
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

// errUnprepared says that a statement is new to this connection when some of the flight has departed.
var errUnprepared = errors.New("a statement was not prepared before departure")

// prepared is nil when the flight has failed. Nothing can be prepared while a flight is under way: the end of preparing would commit what
// was sent. Whoever lets flights depart early prepares what they may say before; what was forgotten grounds the next ones.
func (f *flight) prepared(ctx context.Context, sql string) *pgconn.StatementDescription {
	if f.err != nil {
		return nil
	}
	s := f.known[sql]
	switch {
	case s != nil:
	case f.underway:
		f.grounded = true
		f.fail(errUnprepared)
	default:
		var err error
		if s, err = f.conn.Prepare(ctx, sql, sql); err != nil {
			f.fail(err)
			return nil
		}
		f.known[sql] = s
	}
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

// depart sends what is ready, so that the server begins with it while the rest is written.
func (f *flight) depart(ctx context.Context) {
	if !f.grounded {
		f.push(ctx)
	}
}

// push writes to the connection. A server that hangs takes nothing more at some point: then the end of the context ends the waiting.
func (f *flight) push(ctx context.Context) {
	if f.err != nil || len(f.b) == 0 {
		return
	}
	conn := f.conn.PgConn().Conn()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetWriteDeadline(time.Unix(1, 0)) })
	_, err := conn.Write(f.b)
	if !stop() {
		err = cmp.Or(context.Cause(ctx), err) // the deadline stays: nothing can be sent any more
	}
	f.b, f.underway = f.b[:0], true
	if err != nil {
		closeConn(ctx, f.conn)
		f.fail(fmt.Errorf("send: %w", err))
	}
}

// land sends the rest, waits for all answers and returns the first error of any of them: then nothing of it is in. After an error that is
// not the server's nobody knows what is still on its way: the connection is closed.
func (f *flight) land(ctx context.Context) error {
	f.push(ctx)
	if err := f.err; err != nil {
		f.giveUp(ctx)
		return err
	}
	_, err := f.conn.PgConn().ExecParams(ctx, "", nil, nil, nil, nil).Close() // an empty statement, and reading to its end
	var told *pgconn.PgError
	if err != nil && !errors.As(err, &told) {
		closeConn(ctx, f.conn)
		return fmt.Errorf("send: %w", err)
	}
	if err == nil && f.conn.PgConn().TxStatus() == 'I' { // a transaction that is still open may be taken back
		for _, id := range f.said {
			f.sets[id] = true
		}
	}
	return err
}

// giveUp leaves nothing of a flight that is under way and will not be whole: what cannot be executed fails the transaction.
func (f *flight) giveUp(ctx context.Context) {
	if !f.underway || f.conn.IsClosed() {
		return
	}
	f.err, f.b = nil, f.b[:0]
	f.add(&pgproto3.Execute{Portal: "given up"})
	_ = f.land(ctx) // the server's answer, which is an error
}

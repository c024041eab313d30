package eventstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// lineTimeout ends the wait on a connection whose other end is gone without a word. It is longer than the lock_timeout of the
// append function.
const lineTimeout = 30 * time.Second

// line is the writer's own connection, taken out of the pool for good so that no reader can starve the writer.
type line struct {
	pool *pgxpool.Pool
	sql  *statements
	conn *pgx.Conn
	used time.Time // when the connection last did something
	rows []row
}

// idleLimit is how long a connection is trusted unasked. A server that was restarted meanwhile would otherwise leave it open
// whether the first batch was stored.
const idleLimit = time.Second

// unsentError is a failure before anything was sent.
type unsentError struct{ error }

func (e unsentError) Unwrap() error { return e.error }

// Names of the prepared statements.
const (
	appendStatement    = "dossier_append"
	appendOneStatement = "dossier_append_one"
)

var rowFormats = []int16{1, 1, 1, 1, 1, 1} // binary

func (l *line) connect() error {
	if l.conn != nil && time.Since(l.used) < idleLimit {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if l.conn != nil {
		if err := l.conn.Ping(ctx); err == nil {
			return nil
		}
		l.drop()
	}
	c, err := l.pool.Acquire(ctx)
	if err != nil {
		return unsentError{fmt.Errorf("connect to append: %w", err)}
	}
	conn := c.Hijack()
	for name, sql := range map[string]string{appendStatement: l.sql.append, appendOneStatement: l.sql.appendOne} {
		if _, err := conn.Prepare(ctx, name, sql); err != nil {
			closeConn(conn)
			return unsentError{fmt.Errorf("prepare append: %w", err)}
		}
	}
	l.conn, l.used = conn, time.Now()
	return nil
}

// exec runs the append function on n requests in b and returns a row for each; the rows are reused by the next call. It goes below pgx's own argument and row handling: both would allocate for each event.
func (l *line) exec(b *batch, n int) ([]row, error) {
	if err := l.connect(); err != nil {
		return nil, err
	}
	pg := l.conn.PgConn()
	// A deadline on the socket instead of a context: watching a context costs a goroutine for each batch.
	if err := pg.Conn().SetDeadline(time.Now().Add(lineTimeout)); err != nil {
		return nil, unsentError{err}
	}
	statement := appendStatement
	if b.single {
		statement = appendOneStatement
	}
	r := pg.ExecPrepared(context.Background(), statement, b.values, b.formats[:len(b.values)], rowFormats)
	l.rows = l.rows[:0]
	var malformed error
	for r.NextRow() {
		row, err := decodeRow(r.Values())
		if err != nil || row.request < 1 || row.request > n {
			malformed = errors.Join(err, errors.New("append answered for a request that was not made"))
			continue
		}
		l.rows = append(l.rows, row)
	}
	if _, err := r.Close(); err != nil {
		return nil, err
	}
	l.used = time.Now()
	return l.rows, malformed
}

// stored looks for events by id.
func (l *line) stored(sql string, ids []uuid.UUID) (map[uuid.UUID]storedEvent, error) {
	if err := l.connect(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), lineTimeout)
	defer cancel()
	rows, err := l.conn.Query(ctx, sql, ids)
	if err != nil {
		return nil, fmt.Errorf("look for stored events: %w", err)
	}
	found := map[uuid.UUID]storedEvent{}
	var id uuid.UUID
	var e storedEvent
	_, err = pgx.ForEachRow(rows, []any{&id, &e.position, &e.version, &e.recordedAt}, func() error {
		found[id] = e
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for stored events: %w", err)
	}
	return found, nil
}

func (l *line) drop() {
	if l.conn != nil {
		closeConn(l.conn)
		l.conn = nil
	}
}

func closeConn(c *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.Close(ctx)
}

// fate is what an error says about a batch.
type fate int

const (
	refused     fate = iota // Postgres said no to something in it: nothing is stored
	lost                    // the connection ended: anything may have happened
	busy                    // Postgres cannot take it now: nothing is stored
	noPartition             // the upkeep was too slow: nothing is stored
)

// SQLSTATE codes that decide a fate or a reason.
const (
	uniqueViolation = "23505"
	readOnly        = "25006" // the server became a standby
)

func fateOf(err error) fate {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return lost
	}
	switch {
	case pg.SeverityUnlocalized == "FATAL" || pg.SeverityUnlocalized == "PANIC":
		return lost
	case pg.Code == "23514" && pg.ConstraintName == "":
		return noPartition
	case pg.Code == "26000" || pg.Code == "0A000": // the prepared statement is gone or stale
		return lost
	}
	switch pg.Code[:2] {
	case "40", "53", "55", "57", "58":
		return busy
	}
	if pg.Code == readOnly {
		return busy
	}
	return refused
}

func code(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

// isUnsent says that not a byte of the batch left this process.
func isUnsent(err error) bool {
	var unsent unsentError
	return errors.As(err, &unsent)
}

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

// line is the writer's own connection.
type line struct {
	session
	rows      []row
	abandoned []backend // whose connection was lost while they had a batch
}

// backend is a server process. Its number may be another's later, the time at which it began is not.
type backend struct {
	pid   uint32
	began time.Time
}

const appendStatement = "dossier_append"

var binary1 = []int16{1} // every parameter or column in binary form

func newLine(pool *pgxpool.Pool, sql *statements) line {
	return line{session: session{pool: pool, prepared: map[string]string{appendStatement: sql.append}}}
}

// exec runs the append function on the requests in b and returns a row for each; the rows are reused by the next call.
func (l *line) exec(b *batch, requests []*pending) ([]row, error) {
	pg, err := l.wire()
	if err != nil {
		return nil, err
	}
	r := pg.ExecPrepared(context.Background(), appendStatement, b.values, binary1, binary1)
	l.rows = l.rows[:0]
	var malformed error
	for r.NextRow() {
		row, err := decodeRow(r.Values())
		switch {
		case err == nil && row.request == 0 && row.outcome == appended:
			l.rows = row.forAll(requests, l.rows[:0])
		case err != nil || row.request < 1 || row.request > len(requests):
			malformed = errors.Join(err, errors.New("append answered for a request that was not made"))
		default:
			l.rows = append(l.rows, row)
		}
	}
	if _, err := r.Close(); err != nil {
		return nil, err
	}
	l.used = time.Now()
	return l.rows, malformed
}

// abandon leaves a connection whose server process may still be at work on a batch.
func (l *line) abandon() {
	if l.conn != nil {
		l.abandoned = append(l.abandoned, backend{l.conn.PgConn().PID(), l.began})
	}
	l.drop()
}

// endAbandoned makes sure that nothing of what was sent over lost connections comes any more. A batch that waits for the append lock, or is
// about to commit, would come after the look whether it is there: then it is sent again, and where a partition ends between the two no index
// finds it twice.
func (l *line) endAbandoned(ctx context.Context) error {
	for len(l.abandoned) > 0 {
		var ended bool
		err := l.conn.QueryRow(ctx, `
			select pg_terminate_backend(a.pid, 5000)
			  from pg_stat_activity a
			 where a.pid = $1
			   and a.backend_start = $2`, int32(l.abandoned[0].pid), l.abandoned[0].began).Scan(&ended)
		switch {
		case errors.Is(err, pgx.ErrNoRows): // it has ended
		case err != nil:
			return fmt.Errorf("end the session whose connection was lost: %w", err)
		case !ended:
			return errors.New("the session whose connection was lost does not end")
		}
		l.abandoned = l.abandoned[1:]
	}
	return nil
}

// stored looks for events by id, once nothing of what was sent before can come any more.
func (l *line) stored(sql string, ids []uuid.UUID) (map[uuid.UUID]storedEvent, error) {
	if err := l.connect(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), sessionTimeout)
	defer cancel()
	if err := l.endAbandoned(ctx); err != nil {
		return nil, err
	}
	rows, err := l.conn.Query(ctx, sql, ids)
	if err != nil {
		return nil, fmt.Errorf("look for stored events: %w", err)
	}
	found := map[uuid.UUID]storedEvent{}
	var id uuid.UUID
	var e storedEvent
	_, err = pgx.ForEachRow(rows, []any{&id, &e.stream, &e.position, &e.version, &e.recordedAt}, func() error {
		found[id] = e
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for stored events: %w", err)
	}
	return found, nil
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
	lockTimeout     = "55P03"
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

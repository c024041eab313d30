package eventstore

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// sessionTimeout ends the wait on a connection whose other end is gone without a word. It is longer than the lock_timeout of the
// append function.
const sessionTimeout = 30 * time.Second

// idleLimit is how long a connection is trusted unasked. A server that was restarted meanwhile would otherwise leave it open
// whether the first batch was stored.
const idleLimit = time.Second

// session is a connection taken out of the pool for good, with its statements prepared: nobody else can starve its user, and
// going below pgx's own argument and row handling costs no allocation for each value.
type session struct {
	pool     *pgxpool.Pool
	first    string            // run once, for settings
	prepared map[string]string // name → statement
	conn     *pgx.Conn
	used     time.Time // when the connection last did something
	times    int64     // that it was connected
	began    time.Time // when its server process did
}

// unsentError is a failure before anything was sent.
type unsentError struct{ error }

func (e unsentError) Unwrap() error { return e.error }

// connect makes sure of the connection. Its errors are unsentErrors.
func (s *session) connect() error {
	if s.conn != nil && time.Since(s.used) < idleLimit {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if s.conn != nil {
		_ = s.conn.PgConn().Conn().SetDeadline(time.Time{}) // the last exchange's, which may have passed
		if err := s.conn.Ping(ctx); err == nil {
			s.used = time.Now()
			return nil
		}
		s.drop()
	}
	c, err := s.pool.Acquire(ctx)
	if err != nil {
		return unsentError{fmt.Errorf("connect: %w", err)}
	}
	conn := c.Hijack()
	if err := s.prepare(ctx, conn); err != nil {
		closeConn(conn)
		return unsentError{fmt.Errorf("prepare: %w", err)}
	}
	s.conn, s.used = conn, time.Now()
	s.times++
	return nil
}

func (s *session) prepare(ctx context.Context, conn *pgx.Conn) error {
	if s.first != "" {
		if _, err := conn.Exec(ctx, s.first); err != nil {
			return err
		}
	}
	for name, sql := range s.prepared {
		if _, err := conn.Prepare(ctx, name, sql); err != nil {
			return err
		}
	}
	return conn.QueryRow(ctx, `select a.backend_start from pg_stat_activity a where a.pid = pg_backend_pid()`).Scan(&s.began)
}

// wire returns the connection with a deadline for the next exchange. The deadline is the socket's and not a context's: watching
// a context costs a goroutine for each batch.
func (s *session) wire() (*pgconn.PgConn, error) {
	if err := s.connect(); err != nil {
		return nil, err
	}
	pg := s.conn.PgConn()
	if err := pg.Conn().SetDeadline(time.Now().Add(sessionTimeout)); err != nil {
		return nil, unsentError{err}
	}
	return pg, nil
}

func (s *session) drop() {
	if s.conn != nil {
		closeConn(s.conn)
		s.conn = nil
	}
}

func closeConn(c *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = c.Close(ctx)
}

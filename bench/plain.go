package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
)

// plain is an event store of the published shape of the Go ones, written here because they cannot all be fetched as modules: one
// table, unique (stream, version), a transaction for each append. It stands for their SQL, not for their code.
type plain struct {
	db     *sql.DB
	insert func(ctx context.Context, tx *sql.Tx, stream string, n int) error
}

const plainTable = `
create table event (
	sequence bigserial primary key,
	id text not null unique,
	stream_id text not null,
	version integer not null,
	type text not null,
	data text not null,
	meta text not null,
	occurred_on timestamptz not null,
	unique (stream_id, version)
);`

func openPlain(ctx context.Context, s *stack, database string, insert func(context.Context, *sql.Tx, string, int) error) (*plain, error) {
	url, err := s.database(ctx, database)
	if err != nil {
		return nil, err
	}
	db, err := openSQL(url)
	if err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx, plainTable); err != nil {
		return nil, fmt.Errorf("make table: %w", err)
	}
	return &plain{db, insert}, nil
}

func (p *plain) append(ctx context.Context, writers, batch int, span time.Duration) (float64, error) {
	return throughput(writers, batch, span, func() error { return p.add(ctx, uuid.NewString(), batch) })
}

func (p *plain) add(ctx context.Context, stream string, n int) error {
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := p.insert(ctx, tx, stream, n); err != nil {
		return err
	}
	return tx.Commit()
}

const plainColumns = "insert into event (id, stream_id, version, type, data, meta, occurred_on) values "

// selectThenInsert is the shape of hallgren/eventsourcing: read the stream's last version, compare, insert event by event.
func selectThenInsert(ctx context.Context, tx *sql.Tx, stream string, n int) error {
	var version int
	err := tx.QueryRowContext(ctx, "select version from event where stream_id = $1 order by version desc limit 1", stream).Scan(&version)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if version != 0 {
		return fmt.Errorf("stream %s is at %d", stream, version)
	}
	for i := range n {
		_, err := tx.ExecContext(ctx, plainColumns+"($1, $2, $3, $4, $5, $6, $7)",
			uuid.Must(uuid.NewV7()).String(), stream, i+1, eventType, eventData, eventMeta, time.Now())
		if err != nil {
			return err
		}
	}
	return nil
}

// insertAll is the shape of aneshas/eventstore: one multi-row INSERT in a transaction, the unique key is the check.
func insertAll(ctx context.Context, tx *sql.Tx, stream string, n int) error {
	var rows strings.Builder
	args := make([]any, 0, 7*n)
	for i := range n {
		if i > 0 {
			rows.WriteByte(',')
		}
		k := 7 * i
		fmt.Fprintf(&rows, "($%d,$%d,$%d,$%d,$%d,$%d,$%d)", k+1, k+2, k+3, k+4, k+5, k+6, k+7)
		args = append(args, uuid.Must(uuid.NewV7()).String(), stream, i+1, eventType, eventData, eventMeta, time.Now())
	}
	_, err := tx.ExecContext(ctx, plainColumns+rows.String(), args...)
	if taken := (*pgconn.PgError)(nil); errors.As(err, &taken) && taken.Code == "23505" {
		return fmt.Errorf("stream %s moved: %w", stream, err)
	}
	return err
}

func (p *plain) close() { p.db.Close() }

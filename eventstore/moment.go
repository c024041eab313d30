package eventstore

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// database is what reads go to: a pool, or one transaction.
type database interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// Reader is a journal that several things are asked of.
type Reader interface {
	Head(ctx context.Context) (int64, error)
	Page(ctx context.Context, after int64, limit int) ([]Event, error)
	Generations(ctx context.Context) (Generations, error)
	EventIDs(ctx context.Context, positions []int64) (map[int64]uuid.UUID, error)
	FirstAfter(ctx context.Context, told [Lanes]int64) (int64, error)
	LaneEnds(ctx context.Context, upTo int64) ([Lanes]int64, error)
}

var _ Reader = (*Journal)(nil)

// Moment lets look ask one database. Over a pool a failover in between gives answers of two, each right by itself. Events may be
// added meanwhile; what a position holds stays, so the answers belong together.
func (j *Journal) Moment(ctx context.Context, look func(Reader) error) error {
	once := pgx.TxOptions{IsoLevel: pgx.ReadCommitted, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, j.pool, once, func(tx pgx.Tx) error {
		m := &Journal{db: tx, o: j.o, name: j.name, sql: j.sql}
		m.archive = &archive{j: m}
		return look(m)
	})
}

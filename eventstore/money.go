package eventstore

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// ListMoney says that something happens to a book of money on a day ("2026-11-26"). It comes before the event, so that no event is missed.
func (j *Journal) ListMoney(ctx context.Context, agency, day, kind string, stream uuid.UUID) error {
	_, err := j.pool.Exec(ctx, `
		insert into journal.money_days (agency, day, kind, stream_id)
		values ($1, $2::text::date, $3, $4)
		on conflict do nothing`, agency, day, kind, stream)
	if err != nil {
		return fmt.Errorf("list a book of money: %w", err)
	}
	return nil
}

// MoneyOf returns the books to which something may have happened on a day, by kind.
func (j *Journal) MoneyOf(ctx context.Context, agency, day string) (map[string][]uuid.UUID, error) {
	rows, err := j.pool.Query(ctx, `
		select kind, stream_id
		  from journal.money_days
		 where agency = $1
		   and day = $2::text::date
		 order by kind, stream_id`, agency, day)
	if err != nil {
		return nil, fmt.Errorf("read the books of a day: %w", err)
	}
	type listed struct {
		Kind string
		ID   uuid.UUID
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[listed])
	if err != nil {
		return nil, fmt.Errorf("read the books of a day: %w", err)
	}
	books := map[string][]uuid.UUID{}
	for _, l := range all {
		books[l.Kind] = append(books[l.Kind], l.ID)
	}
	return books, nil
}

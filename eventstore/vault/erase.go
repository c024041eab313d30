package vault

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Erasure says what went.
type Erasure struct {
	Person   uuid.UUID
	Owners   []uuid.UUID // the person, and the dossiers that are about it
	Versions int64       // of what was known of the person
	Texts    int64
}

// Erase destroys the key of a person and those of the dossiers about it, and everything under them. It may be done again: what a restored
// database brought back goes then.
func (v *Vault) Erase(ctx context.Context, person uuid.UUID) (e Erasure, err error) {
	e.Person = person
	err = pgx.BeginFunc(ctx, v.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			select k.owner
			  from vault.keys k
			 where k.owner = $1 and k.kind = 'person' or k.person = $1
			   for update`, person)
		if err != nil {
			return fmt.Errorf("find the keys of a person: %w", err)
		}
		if e.Owners, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID]); err != nil {
			return fmt.Errorf("find the keys of a person: %w", err)
		}
		for _, step := range []struct {
			sql   string
			count *int64
		}{
			{`delete from vault.texts t where t.owner = any ($1)`, &e.Texts},
			{`delete from vault.persons p where p.person = any ($1)`, &e.Versions},
			{`delete from vault.tokens t where t.person = any ($1)`, new(int64)},
			{`delete from vault.keys k where k.owner = any ($1)`, new(int64)},
		} {
			tag, err := tx.Exec(ctx, step.sql, e.Owners)
			if err != nil {
				return fmt.Errorf("erase: %w", err)
			}
			*step.count = tag.RowsAffected()
		}
		if _, err := tx.Exec(ctx, `delete from vault.erasing e where e.person = $1`, person); err != nil {
			return fmt.Errorf("erase: %w", err)
		}
		// The person itself is always noted, so that no key is ever made for it again.
		if _, err := tx.Exec(ctx, `
			insert into vault.erasures (owner, person, persons, texts)
			select o.owner, $2, $3, $4
			  from (select unnest($1::uuid[]) union select $2) as o(owner)
			on conflict do nothing`, e.Owners, person, e.Versions, e.Texts); err != nil {
			return fmt.Errorf("note the erasure: %w", err)
		}
		return nil
	})
	return e, err
}

// Begin notes that the erasure of a person is about to be decided: should the process die before it is done, Begun has it.
func (v *Vault) Begin(ctx context.Context, person uuid.UUID) error {
	if _, err := v.pool.Exec(ctx, `insert into vault.erasing (person) values ($1) on conflict do nothing`, person); err != nil {
		return fmt.Errorf("note an erasure: %w", err)
	}
	return nil
}

// Begun lists whose erasure was begun longer ago than that and is not done.
func (v *Vault) Begun(ctx context.Context, age time.Duration) ([]uuid.UUID, error) {
	rows, err := v.pool.Query(ctx, `select e.person from vault.erasing e where e.since < clock_timestamp() - $1::interval order by e.since limit 1000`, age)
	if err != nil {
		return nil, fmt.Errorf("list erasures that were begun: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// Abandon forgets that an erasure was begun: it was not decided.
func (v *Vault) Abandon(ctx context.Context, person uuid.UUID) error {
	if _, err := v.pool.Exec(ctx, `delete from vault.erasing e where e.person = $1`, person); err != nil {
		return fmt.Errorf("forget an erasure: %w", err)
	}
	return nil
}

// About lists the dossiers under whose keys something of a person lies.
func (v *Vault) About(ctx context.Context, person uuid.UUID) ([]uuid.UUID, error) {
	rows, err := v.pool.Query(ctx, `select k.owner from vault.keys k where k.person = $1 and k.kind = 'dossier'`, person)
	if err != nil {
		return nil, fmt.Errorf("list the dossiers of a person: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

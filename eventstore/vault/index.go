package vault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// indexedAs is how persons are put into the index today: 2 is by each two words of a name too. Who was put in before is found all the same,
// more slowly, until Reindex has put everybody in anew.
const (
	notIndexed = 0 // could not be read when it was tried: nothing of it can be shown either
	indexedAs  = 2 // before: 1
)

// holdIndexed holds the key of a person against erasing and against another version until the transaction ends, and notes how the person is
// in the index.
func holdIndexed(ctx context.Context, tx pgx.Tx, id uuid.UUID, as int) error {
	tag, err := tx.Exec(ctx, `update vault.keys set indexed = $2 where owner = $1`, id, as)
	if err != nil {
		return fmt.Errorf("hold a key: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrErased
	}
	return nil
}

// index makes a person be found by these tokens and by no others.
func index(ctx context.Context, tx pgx.Tx, id uuid.UUID, tokens [][]byte, kinds []int16) error {
	if _, err := tx.Exec(ctx, `delete from vault.tokens t where t.person = $1`, id); err != nil {
		return fmt.Errorf("index a person: %w", err)
	}
	if _, err := tx.Exec(ctx, `
		insert into vault.tokens (token, kind, person)
		select t.token, t.kind, $3
		  from unnest($1::bytea[], $2::smallint[]) as t(token, kind)
		on conflict do nothing`, tokens, kinds, id); err != nil {
		return fmt.Errorf("index a person: %w", err)
	}
	return nil
}

// someBefore says whether somebody is in the index as before only.
func (v *Vault) someBefore(ctx context.Context) (some bool, err error) {
	// Said in words, not as a parameter: the index of those few is not used for one.
	if err := v.pool.QueryRow(ctx, `select exists (select from vault.keys k where k.kind = 'person' and k.indexed = 1)`).Scan(&some); err != nil {
		return false, fmt.Errorf("read the index of the vault: %w", err)
	}
	return some, nil
}

// Reindex puts those into the index anew who are in it as before or could not be read when it was last tried, one at a time while everything
// goes on. It returns how many.
func (v *Vault) Reindex(ctx context.Context) (done int, err error) {
	const page = 500
	for after := uuid.Nil; ; {
		rows, err := v.pool.Query(ctx, `
			select k.owner
			  from vault.keys k
			 where k.kind = 'person' and k.indexed < 2 and k.owner > $1
			 order by k.owner
			 limit $2`, after, page)
		if err != nil {
			return done, fmt.Errorf("read the index of the vault: %w", err)
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if err != nil {
			return done, fmt.Errorf("read the index of the vault: %w", err)
		}
		secrets, err := v.secrets(ctx, ids)
		if err != nil {
			return done, err
		}
		for _, id := range ids {
			as, err := v.reindex(ctx, id, secrets[id])
			if err != nil && !errors.Is(err, ErrErased) {
				return done, err
			}
			if after = id; as == indexedAs {
				done++
			}
		}
		if len(ids) < page {
			return done, nil
		}
	}
}

// reindex does one.
func (v *Vault) reindex(ctx context.Context, id uuid.UUID, s secret) (as int, err error) {
	as = indexedAs
	err = pgx.BeginFunc(ctx, v.pool, func(tx pgx.Tx) error {
		if err := holdIndexed(ctx, tx, id, as); err != nil {
			return err
		}
		var version int64
		var sealed []byte
		err := tx.QueryRow(ctx, `select p.version, p.sealed from vault.persons p where p.person = $1 order by p.version desc limit 1`, id).Scan(&version, &sealed)
		if errors.Is(err, pgx.ErrNoRows) { // nothing is known of it yet
			return nil
		}
		if err != nil {
			return fmt.Errorf("read a person: %w", err)
		}
		var p Person
		if text, err := s.open(sealed, personRef(id, version)); err != nil || json.Unmarshal(text, &p) != nil {
			as = notIndexed
			return holdIndexed(ctx, tx, id, as)
		}
		tokens, kinds := v.tokens(p)
		return index(ctx, tx, id, tokens, kinds)
	})
	return as, err
}

package vault

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Person is what is known of somebody. Empty members are not known.
type Person struct {
	Ref      string `json:"ref,omitempty"` // by which dossiers know it
	Name     string `json:"name"`
	IDNumber string `json:"id_number,omitempty"`
	TaxCode  string `json:"tax_code,omitempty"`
	Born     string `json:"born,omitempty"` // as the paper says it: a day, a month or a year
	Phone    string `json:"phone,omitempty"`
	Email    string `json:"email,omitempty"`
	Address  string `json:"address,omitempty"`
}

// Known is a person as the vault has it, in its newest version.
type Known struct {
	ID      uuid.UUID
	Version int64
	Person
	Unreadable bool // the key is lost or the row was altered
}

// Commitment is what the fact that a person is known so says of it.
func (v *Vault) Commitment(ctx context.Context, id uuid.UUID, version int64, p Person) (string, error) {
	s, err := v.secretOf(ctx, id, owned{kind: "person"})
	if err != nil {
		return "", err
	}
	plain, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("encode person: %w", err)
	}
	return s.commit(plain, personRef(id, version)), nil
}

func personRef(id uuid.UUID, version int64) string {
	return fmt.Sprintf("person\x00%s\x00%d", id, version)
}

// Keep stores a version of a person and makes it the one by which it is found. A version that is there already stays as it is.
func (v *Vault) Keep(ctx context.Context, id uuid.UUID, version int64, p Person) error {
	s, err := v.secretOf(ctx, id, owned{kind: "person"})
	if err != nil {
		return err
	}
	plain, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode person: %w", err)
	}
	sealed, err := s.seal(plain, personRef(id, version))
	if err != nil {
		return fmt.Errorf("seal person: %w", err)
	}
	tokens, kinds := v.tokens(p)
	return pgx.BeginFunc(ctx, v.pool, func(tx pgx.Tx) error {
		if err := holdIndexed(ctx, tx, id, indexedAs); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `insert into vault.persons (person, version, sealed) values ($1, $2, $3) on conflict do nothing`, id, version, sealed); err != nil {
			return fmt.Errorf("store person: %w", err)
		}
		var newest int64
		if err := tx.QueryRow(ctx, `select max(p.version) from vault.persons p where p.person = $1`, id).Scan(&newest); err != nil {
			return fmt.Errorf("store person: %w", err)
		}
		if newest > version {
			return nil
		}
		return index(ctx, tx, id, tokens, kinds)
	})
}

// lockKey holds the key of an owner against erasing until the transaction ends.
func lockKey(ctx context.Context, tx pgx.Tx, owner uuid.UUID) error {
	var there uuid.UUID
	err := tx.QueryRow(ctx, `select k.owner from vault.keys k where k.owner = $1 for key share`, owner).Scan(&there)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrErased
	}
	if err != nil {
		return fmt.Errorf("hold a key: %w", err)
	}
	return nil
}

// Persons reads many at once, each in its newest version. Who is not there, or was erased, is missing in the answer.
func (v *Vault) Persons(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]Known, error) {
	secrets, err := v.secrets(ctx, ids)
	if err != nil {
		return nil, err
	}
	rows, err := v.pool.Query(ctx, `
		select distinct on (p.person) p.person, p.version, p.sealed
		  from vault.persons p
		 where p.person = any ($1)
		 order by p.person, p.version desc`, ids)
	if err != nil {
		return nil, fmt.Errorf("read persons: %w", err)
	}
	all := map[uuid.UUID]Known{}
	var id uuid.UUID
	var version int64
	var sealed []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &version, &sealed}, func() error {
		k := Known{ID: id, Version: version}
		s, ok := secrets[id]
		plain, err := s.open(sealed, personRef(id, version))
		if !ok || err != nil || json.Unmarshal(plain, &k.Person) != nil {
			k.Person, k.Unreadable = Person{}, true
		}
		all[id] = k
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read persons: %w", err)
	}
	return all, nil
}

// Erased says when the owners among these that were erased were.
func (v *Vault) Erased(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]bool, error) {
	rows, err := v.pool.Query(ctx, `select e.owner from vault.erasures e where e.owner = any ($1)`, ids)
	if err != nil {
		return nil, fmt.Errorf("look up erasures: %w", err)
	}
	gone, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("look up erasures: %w", err)
	}
	all := map[uuid.UUID]bool{}
	for _, id := range gone {
		all[id] = true
	}
	return all, nil
}

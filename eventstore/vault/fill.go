package vault

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Newcomer is a person whom the vault does not know yet.
type Newcomer struct {
	ID uuid.UUID
	Person
}

// Fill keeps many persons at once, each in its first version: what a whole register is taken over with. One who is known already, or was
// erased, makes it keep none of them.
func (v *Vault) Fill(ctx context.Context, list []Newcomer) error {
	keys, persons, tokens := make([][]any, len(list)), make([][]any, len(list)), [][]any{}
	ids := make([]uuid.UUID, len(list))
	for i, n := range list {
		var s secret
		if _, err := rand.Read(s[:]); err != nil {
			return fmt.Errorf("make a key: %w", err)
		}
		wrapped, err := v.keks[0].Encrypt(s[:], wrappedBy(n.ID))
		if err != nil {
			return fmt.Errorf("wrap a key: %w", err)
		}
		plain, err := json.Marshal(n.Person)
		if err != nil {
			return fmt.Errorf("encode person: %w", err)
		}
		sealed, err := s.seal(plain, personRef(n.ID, 1))
		if err != nil {
			return fmt.Errorf("seal person: %w", err)
		}
		ids[i], keys[i], persons[i] = n.ID, []any{n.ID, "person", wrapped, v.keks[0].fingerprint, indexedAs}, []any{n.ID, int64(1), sealed}
		of, kinds := v.tokens(n.Person)
		for j := range of {
			tokens = append(tokens, []any{of[j], kinds[j], n.ID})
		}
	}
	return pgx.BeginFunc(ctx, v.pool, func(tx pgx.Tx) error {
		var gone bool
		if err := tx.QueryRow(ctx, `select exists (select from vault.erasures e where e.owner = any ($1))`, ids).Scan(&gone); err != nil {
			return fmt.Errorf("look up erasures: %w", err)
		}
		if gone {
			return ErrErased
		}
		for _, t := range []struct {
			table   string
			columns []string
			rows    [][]any
		}{{"keys", []string{"owner", "kind", "wrapped", "kek", "indexed"}, keys}, {"persons", []string{"person", "version", "sealed"}, persons}, {"tokens", []string{"token", "kind", "person"}, tokens}} {
			if _, err := tx.CopyFrom(ctx, pgx.Identifier{"vault", t.table}, t.columns, pgx.CopyFromRows(t.rows)); err != nil {
				return fmt.Errorf("fill vault.%s: %w", t.table, err)
			}
		}
		return nil
	})
}

// Package vault holds everything personal, encrypted under a key per person or dossier, so that destroying a key erases one person, in every
// copy, and nothing else.
package vault

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Vault keeps persons and texts. It is safe for concurrent use.
type Vault struct {
	pool  *pgxpool.Pool
	keks  []kek // the newest first
	index secret
	log   *slog.Logger
}

// ErrErased says that what was asked for was there once and has been erased.
var ErrErased = errors.New("erased")

// ErrUnknown says that the vault has nothing under this reference.
var ErrUnknown = errors.New("the vault has nothing under this reference")

// WrongKeyError says that keys lie in the vault under a key that was not given.
type WrongKeyError struct {
	Missing map[string]int64 // fingerprint: how many keys
	Given   []string
}

func (e *WrongKeyError) Error() string {
	text := "VAULT_KEY does not open this vault:"
	for _, fingerprint := range sortedKeys(e.Missing) {
		text += fmt.Sprintf(" %d keys are wrapped by %s,", e.Missing[fingerprint], fingerprint)
	}
	return text + fmt.Sprintf(" given: %v. Add the missing key to VAULT_KEY after the newest, separated by a comma", e.Given)
}

// Open opens the vault of a database with the keys that are given, the newest first. It refuses when a key is missing under which something
// is wrapped: half a vault would look like an empty one.
func Open(ctx context.Context, pool *pgxpool.Pool, keys string, log *slog.Logger) (*Vault, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	keks, err := parseKeys(keys)
	if err != nil {
		return nil, err
	}
	v := &Vault{pool: pool, keks: keks, log: log}
	if err := v.fits(ctx); err != nil {
		return nil, err
	}
	if v.index, err = v.secretOf(ctx, indexOwner, owned{kind: "index"}); err != nil {
		return nil, fmt.Errorf("open the index of the vault: %w", err)
	}
	return v, nil
}

// fits compares the keys that are given with those that wrap what is there.
func (v *Vault) fits(ctx context.Context) error {
	rows, err := v.pool.Query(ctx, `select k.kek, count(*) from vault.keys k group by k.kek`)
	if err != nil {
		return fmt.Errorf("read the keys of the vault: %w", err)
	}
	missing := map[string]int64{}
	var fingerprint string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&fingerprint, &n}, func() error {
		if !slices.ContainsFunc(v.keks, func(k kek) bool { return k.fingerprint == fingerprint }) {
			missing[fingerprint] = n
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the keys of the vault: %w", err)
	}
	if len(missing) == 0 {
		return nil
	}
	wrong := &WrongKeyError{Missing: missing}
	for _, k := range v.keks {
		wrong.Given = append(wrong.Given, k.fingerprint)
	}
	return wrong
}

// indexOwner stands for the secret of the blind index among the owners of keys.
var indexOwner = uuid.MustParse("00000000-0000-5000-8000-000000000001")

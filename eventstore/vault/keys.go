package vault

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/core/registry"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// kek is a key-encryption key: it is outside the database and wraps the secrets in it.
type kek struct {
	fingerprint string
	tink.AEAD
}

// parseKeys reads VAULT_KEY: 32 bytes in base64 each, or the URI of a key in a key management service, the newest first.
func parseKeys(text string) (all []kek, err error) {
	for i, one := range strings.Split(text, ",") {
		one = strings.TrimSpace(one)
		var k kek
		switch raw, bad := base64.StdEncoding.DecodeString(one); {
		case one == "":
			return nil, errors.New("VAULT_KEY is empty: give 32 random bytes in base64, such as from `openssl rand -base64 32`")
		case strings.Contains(one, "://"):
			client, err := registry.GetKMSClient(one)
			if err != nil {
				return nil, fmt.Errorf("VAULT_KEY, entry %d: no key management service answers for this URI: %w", i+1, err)
			}
			if k.AEAD, err = client.GetAEAD(one); err != nil {
				return nil, fmt.Errorf("VAULT_KEY, entry %d: %w", i+1, err)
			}
			k.fingerprint = fingerprint([]byte(one))
		case bad != nil || len(raw) != 32:
			return nil, fmt.Errorf("VAULT_KEY, entry %d is not 32 bytes in base64: make one with `openssl rand -base64 32`", i+1)
		default:
			if k.AEAD, err = subtle.NewAESGCM(raw); err != nil {
				return nil, fmt.Errorf("VAULT_KEY, entry %d: %w", i+1, err)
			}
			k.fingerprint = fingerprint(raw)
		}
		all = append(all, k)
	}
	return all, nil
}

// fingerprint names a key without telling it.
func fingerprint(key []byte) string {
	sum := sha256.Sum256(append([]byte("dossier vault key\x00"), key...))
	return hex.EncodeToString(sum[:6])
}

// secret is 32 bytes from which the keys of one owner follow.
type secret [32]byte

// derive is a key of the owner for one use.
func (s secret) derive(use string) []byte {
	key, err := hkdf.Key(sha256.New, s[:], nil, "dossier vault: "+use, 32)
	if err != nil {
		panic(err) // 32 bytes are never too many
	}
	return key
}

// seal encrypts what belongs to a reference; it opens under the same reference only.
func (s secret) seal(plain []byte, ref string) ([]byte, error) {
	box, err := subtle.NewAESGCM(s.derive("content"))
	if err != nil {
		return nil, err
	}
	return box.Encrypt(plain, []byte(ref))
}

func (s secret) open(sealed []byte, ref string) ([]byte, error) {
	box, err := subtle.NewAESGCM(s.derive("content"))
	if err != nil {
		return nil, err
	}
	return box.Decrypt(sealed, []byte(ref))
}

// commit is a commitment to what belongs to a reference. Its salt follows from the owner's secret: who has the secret can prove what stood
// there, and once it is destroyed nobody can try words against the commitment.
func (s secret) commit(plain []byte, ref string) string {
	salt := hmac.New(sha256.New, s.derive("salt"))
	salt.Write([]byte(ref))
	sum := hmac.New(sha256.New, salt.Sum(nil))
	sum.Write(plain)
	return hex.EncodeToString(sum.Sum(nil)[:24])
}

// owned says what a new key is for.
type owned struct {
	kind   string
	person *uuid.UUID
}

// wrappedBy binds a wrapped secret to its owner: a row copied to another owner does not open.
func wrappedBy(owner uuid.UUID) []byte { return append([]byte("dossier vault owner\x00"), owner[:]...) }

// secretOf returns the secret of an owner and makes it where there is none. What was erased stays erased.
func (v *Vault) secretOf(ctx context.Context, owner uuid.UUID, o owned) (secret, error) {
	s, err := v.known(ctx, owner)
	if !errors.Is(err, ErrUnknown) {
		return s, err
	}
	if _, err := rand.Read(s[:]); err != nil {
		return s, fmt.Errorf("make a key: %w", err)
	}
	wrapped, err := v.keks[0].Encrypt(s[:], wrappedBy(owner))
	if err != nil {
		return s, fmt.Errorf("wrap a key: %w", err)
	}
	if _, err := v.pool.Exec(ctx, `
		insert into vault.keys (owner, kind, person, wrapped, kek)
		select $1, $2, $3, $4, $5
		 where not exists (select from vault.erasures e where e.owner in ($1, $3))
		on conflict do nothing`, owner, o.kind, o.person, wrapped, v.keks[0].fingerprint); err != nil {
		return s, fmt.Errorf("store a key: %w", err)
	}
	if s, err = v.known(ctx, owner); errors.Is(err, ErrUnknown) { // what is there now, whoever made it; nothing: the person was erased
		err = ErrErased
	}
	return s, err
}

// known returns the secret of an owner: ErrErased where it was destroyed, ErrUnknown where there never was one.
func (v *Vault) known(ctx context.Context, owner uuid.UUID) (secret, error) {
	all, err := v.secrets(ctx, []uuid.UUID{owner})
	if err != nil {
		return secret{}, err
	}
	if s, ok := all[owner]; ok {
		return s, nil
	}
	var erased bool
	if err := v.pool.QueryRow(ctx, `select exists (select from vault.erasures e where e.owner = $1)`, owner).Scan(&erased); err != nil {
		return secret{}, fmt.Errorf("look up an erasure: %w", err)
	}
	if erased {
		return secret{}, ErrErased
	}
	return secret{}, ErrUnknown
}

// secrets opens those of many owners at once. One that does not open is left out and told: everything else goes on.
func (v *Vault) secrets(ctx context.Context, owners []uuid.UUID) (map[uuid.UUID]secret, error) {
	rows, err := v.pool.Query(ctx, `select k.owner, k.wrapped, k.kek from vault.keys k where k.owner = any ($1)`, owners)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	all := map[uuid.UUID]secret{}
	var owner uuid.UUID
	var wrapped []byte
	var by string
	_, err = pgx.ForEachRow(rows, []any{&owner, &wrapped, &by}, func() error {
		s, err := v.unwrap(owner, wrapped, by)
		if err != nil {
			v.log.Error("vault: a key does not open, what lies under it cannot be read", "owner", owner, "kek", by, "error", err)
			return nil
		}
		all[owner] = s
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return all, nil
}

func (v *Vault) unwrap(owner uuid.UUID, wrapped []byte, by string) (s secret, err error) {
	i := slices.IndexFunc(v.keks, func(k kek) bool { return k.fingerprint == by })
	if i < 0 {
		return s, fmt.Errorf("wrapped by %s, which was not given", by)
	}
	plain, err := v.keks[i].Decrypt(wrapped, wrappedBy(owner))
	if err != nil || len(plain) != len(s) {
		return s, errors.New("the wrapped key was altered")
	}
	return secret(plain), nil
}

// Wrap encrypts a key for one file under the owner's own, bound to what it is used with. Unwrap is its inverse.
func (v *Vault) Wrap(ctx context.Context, owner uuid.UUID, plain, associated []byte) ([]byte, error) {
	s, err := v.secretOf(ctx, owner, owned{kind: "dossier"})
	if err != nil {
		return nil, err
	}
	return s.seal(plain, "file\x00"+string(associated))
}

// Unwrap returns what was wrapped for the owner: ErrErased once the owner's key is destroyed.
func (v *Vault) Unwrap(ctx context.Context, owner uuid.UUID, wrapped, associated []byte) ([]byte, error) {
	s, err := v.known(ctx, owner)
	if err != nil {
		return nil, err
	}
	return s.open(wrapped, "file\x00"+string(associated))
}

// Rotate wraps again, by the newest key that was given, what an older one wraps, a page at a time while everything goes on. It returns how
// many were left and how many it wrapped.
func (v *Vault) Rotate(ctx context.Context, progress func(done int64)) (wrapped int64, err error) {
	newest := v.keks[0]
	for {
		n, err := v.rotatePage(ctx, newest)
		if err != nil || n == 0 {
			return wrapped, err
		}
		wrapped += n
		if progress != nil {
			progress(wrapped)
		}
	}
}

func (v *Vault) rotatePage(ctx context.Context, newest kek) (int64, error) {
	rows, err := v.pool.Query(ctx, `select k.owner, k.wrapped, k.kek from vault.keys k where k.kek <> $1 limit 500`, newest.fingerprint)
	if err != nil {
		return 0, fmt.Errorf("read keys: %w", err)
	}
	type row struct {
		Owner   uuid.UUID
		Wrapped []byte
		Kek     string
	}
	old, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	if err != nil {
		return 0, fmt.Errorf("read keys: %w", err)
	}
	for _, r := range old {
		s, err := v.unwrap(r.Owner, r.Wrapped, r.Kek)
		if err != nil {
			return 0, fmt.Errorf("the key of %s: %w", r.Owner, err)
		}
		again, err := newest.Encrypt(s[:], wrappedBy(r.Owner))
		if err != nil {
			return 0, fmt.Errorf("wrap a key: %w", err)
		}
		// Only what was read: a key that was erased meanwhile does not come back.
		if _, err := v.pool.Exec(ctx, `update vault.keys set wrapped = $1, kek = $2 where owner = $3 and wrapped = $4`, again, newest.fingerprint, r.Owner, r.Wrapped); err != nil {
			return 0, fmt.Errorf("store a key: %w", err)
		}
	}
	return int64(len(old)), nil
}

func sortedKeys(m map[string]int64) []string { return slices.Sorted(maps.Keys(m)) }

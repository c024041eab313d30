package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"dossier/domain"
	"dossier/domain/access"
	"dossier/domain/dossier"
	"dossier/handlers"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Key is what is known of a key beside its secret.
type Key struct {
	Prefix    string       `json:"prefix" example:"k7h2m4q9xw3t" doc:"How the key is named. The secret comes behind it and is not kept."`
	Label     string       `json:"label" example:"provincial-portal" doc:"What it is for."`
	As        domain.Actor `json:"as" doc:"Whom it acts as."`
	Scopes    []Scope      `json:"scopes" doc:"What it may be used for: read, feed, command, person, audit."`
	Networks  []string     `json:"networks" doc:"Addresses from which it counts; none: all."`
	MadeBy    string       `json:"made_by"`
	MadeAt    time.Time    `json:"made_at"`
	ExpiresAt time.Time    `json:"expires_at"`
	Waits     bool         `json:"waits,omitempty" doc:"It counts only once somebody other than its maker confirms it."`
	Confirmed string       `json:"confirmed_by,omitempty"`
	RevokedAt *time.Time   `json:"revoked_at,omitempty"`
	RevokedBy string       `json:"revoked_by,omitempty"`
	UsedAt    *time.Time   `json:"used_at,omitempty" doc:"Last use, to ten minutes."`
	UsedFrom  string       `json:"used_from,omitempty" doc:"The address it came from then."`
}

// NewKey is what is wished of a key.
type NewKey struct {
	Label    string
	As       domain.Actor
	Scopes   []string
	Networks []string      // addresses or CIDRs
	For      time.Duration // how long it counts
}

// LongestKey is the most a key counts: who forgets one is reminded by its end.
const LongestKey = 2 * 366 * 24 * time.Hour

// mostNetworks bounds the list of one key.
const mostNetworks = 50

// useGrain is how exact the last use is. One write in that time for each key and process, not one for each request.
const useGrain = 10 * time.Minute

// Keys makes, knows and revokes keys.
type Keys struct {
	pool     *pgxpool.Pool
	executor *handlers.Executor
	lockout  *Lockout

	mu   sync.Mutex
	used map[string]time.Time // when the last use was written; as many as there are keys in use
}

// NewKeys returns the keys of a database.
func NewKeys(pool *pgxpool.Pool, x *handlers.Executor, l *Lockout) *Keys {
	return &Keys{pool: pool, executor: x, lockout: l, used: map[string]time.Time{}}
}

// ErrNoKey says that there is no key of that prefix.
var ErrNoKey = &handlers.Failure{Status: http.StatusNotFound, Code: "no_key",
	VI: "Không có khóa mang tiền tố này. Xem danh sách: dossier key list", EN: "There is no key of this prefix. See them all: dossier key list"}

var prefixes = regexp.MustCompile(`^k[a-z2-7]{11}$`)

var labels = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// Make gives a new key. The token is said once and cannot be found again. One that a system administrator makes waits for Confirm.
func (k *Keys) Make(ctx context.Context, by handlers.Accessor, wish NewKey) (made Key, token string, err error) {
	if err := k.admit(ctx, by.Actor); err != nil {
		return Key{}, "", err
	}
	now := k.executor.Now().UTC().Truncate(time.Second)
	made = Key{Label: wish.Label, As: wish.As, MadeBy: by.Account, MadeAt: now, ExpiresAt: now.Add(wish.For), Waits: waits(by.Actor)}
	if made.Scopes, err = scopesOf(wish.Scopes); err != nil {
		return Key{}, "", err
	}
	if made.Networks, err = networksOf(wish.Networks); err != nil {
		return Key{}, "", err
	}
	if err := k.check(ctx, made, wish.For); err != nil {
		return Key{}, "", err
	}
	b := make([]byte, 7)
	rand.Read(b) // never fails since Go 1.24
	made.Prefix = "k" + letters.EncodeToString(b)[:11]
	hidden := secret()
	entry := access.KeyMade{Key: dossier.Code(made.Prefix), As: dossier.Code(made.As.Role), Until: made.ExpiresAt}
	if err := k.executor.Access().Record(ctx, by, entry); err != nil { // a key nobody heard of must not count
		return Key{}, "", fmt.Errorf("record a new key: %w", err)
	}
	_, err = k.pool.Exec(ctx, `insert into identity.keys (prefix, hash, label, account, role, unit, scopes, networks, made_by, made_at, expires_at, waits)
		values ($1, $2, $3, $4, $5, $6, $7, $8::text[]::cidr[], $9, $10, $11, $12)`,
		made.Prefix, hashed(hidden), made.Label, made.As.Account, made.As.Role, made.As.Unit, made.Scopes, made.Networks, made.MadeBy, made.MadeAt, made.ExpiresAt, made.Waits)
	if err != nil {
		return Key{}, "", fmt.Errorf("keep a new key: %w", err)
	}
	return made, "dossier_" + made.Prefix + "_" + hidden, nil
}

// waits says whether what somebody gives others to come in by needs a second person: of all but the operator, who owns the database.
func waits(by domain.Actor) bool { return by.Role != domain.System }

// Confirm makes a key count that another made. Confirming twice changes nothing.
func (k *Keys) Confirm(ctx context.Context, by handlers.Accessor, prefix string) (Key, error) {
	if err := oversees(ctx, k.executor, by.Actor); err != nil {
		return Key{}, err
	}
	known, err := k.find(ctx, prefix)
	switch {
	case err != nil:
		return Key{}, err
	case !known.Waits:
		return known.Key, nil
	case known.MadeBy == by.Account:
		return Key{}, ownGift("Khóa này", "This key")
	case known.RevokedAt != nil:
		return Key{}, &domain.Refusal{Code: "key_revoked", VI: "Khóa này đã bị thu hồi; cấp khóa mới.", EN: "This key was revoked; make a new one."}
	}
	if err := k.executor.Access().Record(ctx, by, access.KeyConfirmed{Key: dossier.Code(prefix)}); err != nil { // before it counts
		return Key{}, fmt.Errorf("record that a key is confirmed: %w", err)
	}
	_, err = k.pool.Exec(ctx, `insert into identity.confirmed_keys (prefix, made_by, confirmed_by, confirmed_at) values ($1, $2, $3, $4) on conflict do nothing`,
		prefix, known.MadeBy, by.Account, k.executor.Now().UTC())
	if err != nil {
		return Key{}, fmt.Errorf("confirm key: %w", err)
	}
	known, err = k.find(ctx, prefix)
	return known.Key, err
}

// oversees says whether somebody may see, and confirm, what others come in by: who looks after the machine, and auditors.
func oversees(ctx context.Context, x *handlers.Executor, a domain.Actor) error {
	if handlers.Authorize(a, handlers.Act{Kind: handlers.Audit}) != nil {
		if err := handlers.Authorize(a, handlers.Act{Kind: handlers.Operate}); err != nil {
			return err
		}
	}
	return x.Admits(ctx, a)
}

// ownGift refuses the second word of who said the first.
func ownGift(vi, en string) error {
	return &domain.Refusal{Code: "second_person", VI: vi + " do chính bạn tạo: người khác (kiểm tra viên hoặc quản trị hệ thống khác) phải xác nhận.",
		EN: en + " is your own: somebody else, an auditor or another system administrator, confirms it."}
}

// admit says whether somebody may give and revoke keys: who looks after the machine.
func (k *Keys) admit(ctx context.Context, a domain.Actor) error {
	if err := handlers.Authorize(a, handlers.Act{Kind: handlers.Operate}); err != nil {
		return err
	}
	return k.executor.Admits(ctx, a)
}

// check refuses a key that nobody could use, or that would decide where people must.
func (k *Keys) check(ctx context.Context, key Key, lasts time.Duration) error {
	switch {
	case !labels.MatchString(key.Label):
		return invalid("malformed_label", "label", "Nhãn gồm chữ thường không dấu, số và gạch nối, tối đa 40 ký tự, ví dụ provincial-portal", "A label is lower-case letters, digits and hyphens, 40 at most, such as provincial-portal")
	case lasts < time.Minute || lasts > LongestKey:
		return invalid("key_lasts", "days", "Khóa có hiệu lực từ 1 đến 732 ngày", "A key lasts from 1 to 732 days")
	case !slices.Contains(domain.Roles(), key.As.Role) || key.As.Role == domain.Applicant:
		return invalid("key_role", "role", "Khóa hành động với một vai trò của cơ quan, ví dụ case_officer, auditor, system; không phải người nộp", "A key acts in a role of the authority, such as case_officer, auditor, system; not as an applicant")
	case !dossier.Code(key.As.Account).Valid():
		return invalid("key_account", "account", "Tài khoản gồm chữ thường không dấu, số, gạch nối", "An account is lower-case letters, digits and hyphens")
	}
	if slices.Contains(key.Scopes, CommandScope) && decides(key.As) {
		return &domain.Refusal{Code: "key_decides", Field: "scopes",
			VI: fmt.Sprintf("Vai trò %s quyết định và ký hồ sơ: việc đó do người làm, không do khóa. Bỏ phạm vi command hoặc chọn vai trò khác.", key.As.Role),
			EN: fmt.Sprintf("The role %s decides and signs: people do that, not keys. Leave out the scope command or choose another role.", key.As.Role)}
	}
	return k.executor.Admits(ctx, key.As)
}

// decides says whether a role approves or signs.
func decides(a domain.Actor) bool {
	for _, command := range []string{"approve", "sign", "endorse", "approve-extension"} {
		if handlers.May(a, handlers.Act{Kind: handlers.Command, Name: command}) == nil {
			return true
		}
	}
	return false
}

func networksOf(sent []string) ([]string, error) {
	networks := []string{}
	for _, s := range sent {
		p, err := netip.ParsePrefix(s)
		if a, bad := netip.ParseAddr(s); err != nil && bad == nil && a.Zone() == "" {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil || p.Masked() != p || p.Addr().Is4In6() {
			return nil, invalid("malformed_network", "networks", fmt.Sprintf("“%s” không phải địa chỉ hay dải CIDR, ví dụ 203.0.113.7 hoặc 203.0.113.0/24", s),
				fmt.Sprintf("“%s” is no address or CIDR, such as 203.0.113.7 or 203.0.113.0/24", s))
		}
		networks = append(networks, p.String())
	}
	if len(networks) > mostNetworks {
		return nil, invalid("too_many_networks", "networks", "Tối đa 50 địa chỉ cho một khóa", "50 addresses at most for a key")
	}
	return networks, nil
}

const selectKeys = `select k.prefix, k.label, k.account, k.role, k.unit, k.scopes, k.networks::text[], k.made_by, k.made_at, k.expires_at,
	k.waits and c.prefix is null, coalesce(c.confirmed_by, ''), r.revoked_at, coalesce(r.revoked_by, ''), u.used_at, coalesce(host(u.used_from), ''), k.hash
	from identity.keys k
	left join identity.confirmed_keys c using (prefix)
	left join identity.revoked_keys r using (prefix)
	left join identity.key_uses u using (prefix) `

func scanKey(row pgx.CollectableRow) (known stored, err error) {
	k := &known.Key
	err = row.Scan(&k.Prefix, &k.Label, &k.As.Account, &k.As.Role, &k.As.Unit, &k.Scopes, &k.Networks, &k.MadeBy, &k.MadeAt, &k.ExpiresAt,
		&k.Waits, &k.Confirmed, &k.RevokedAt, &k.RevokedBy, &k.UsedAt, &k.UsedFrom, &known.hash)
	return known, err
}

type stored struct {
	Key
	hash []byte
}

// List returns all keys, the newest first, to who gives them and to auditors.
func (k *Keys) List(ctx context.Context, a domain.Actor) ([]Key, error) {
	if err := oversees(ctx, k.executor, a); err != nil {
		return nil, err
	}
	rows, err := k.pool.Query(ctx, selectKeys+"order by k.made_at desc, k.prefix")
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	found, err := pgx.CollectRows(rows, scanKey)
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	keys := make([]Key, len(found))
	for i, f := range found {
		keys[i] = f.Key
	}
	return keys, nil
}

// Revoke ends a key from the next request on. One that was revoked stays as it is.
func (k *Keys) Revoke(ctx context.Context, by handlers.Accessor, prefix string) (Key, error) {
	if err := k.admit(ctx, by.Actor); err != nil {
		return Key{}, err
	}
	if _, err := k.find(ctx, prefix); err != nil {
		return Key{}, err
	}
	done, err := k.pool.Exec(ctx, `insert into identity.revoked_keys (prefix, revoked_by, revoked_at) values ($1, $2, $3) on conflict do nothing`,
		prefix, by.Account, k.executor.Now().UTC())
	if err != nil {
		return Key{}, fmt.Errorf("revoke key: %w", err)
	}
	if done.RowsAffected() > 0 {
		if err := k.executor.Access().Record(ctx, by, access.KeyRevoked{Key: dossier.Code(prefix)}); err != nil {
			return Key{}, fmt.Errorf("the key is revoked; record that: %w", err)
		}
	}
	known, err := k.find(ctx, prefix)
	return known.Key, err
}

func (k *Keys) find(ctx context.Context, prefix string) (stored, error) {
	rows, err := k.pool.Query(ctx, selectKeys+"where k.prefix = $1", prefix)
	if err != nil {
		return stored{}, fmt.Errorf("find key: %w", err)
	}
	known, err := pgx.CollectExactlyOneRow(rows, scanKey)
	if errors.Is(err, pgx.ErrNoRows) {
		return stored{}, ErrNoKey
	}
	if err != nil {
		return stored{}, fmt.Errorf("find key: %w", err)
	}
	return known, nil
}

// Authenticate takes `Authorization: Bearer dossier_PREFIX_SECRET`, and handlers.ErrUnauthenticated says that none was sent.
func (k *Keys) Authenticate(r *http.Request) (domain.Actor, error) {
	scheme, sent, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	rest, ours := strings.CutPrefix(strings.TrimSpace(sent), "dossier_")
	if !strings.EqualFold(scheme, "Bearer") || !ours {
		return domain.Actor{}, handlers.ErrUnauthenticated
	}
	if err := k.lockout.Enter(r); err != nil {
		return domain.Actor{}, err
	}
	prefix, hidden, _ := strings.Cut(rest, "_")
	known, err := stored{}, error(ErrNoKey)
	if prefixes.MatchString(prefix) {
		known, err = k.find(r.Context(), prefix)
	}
	if err != nil && !errors.Is(err, ErrNoKey) {
		return domain.Actor{}, err
	}
	unknown := err != nil
	if unknown { // compared all the same: how long it takes tells nothing
		known.hash = make([]byte, len(hashed("")))
	}
	if right := subtle.ConstantTimeCompare(hashed(hidden), known.hash) == 1; unknown || !right {
		k.lockout.Failed(r, "key")
		err := unauthorized("key_wrong", "Khóa API không đúng. Kiểm tra đã chép đủ khóa, hoặc xin quản trị hệ thống cấp khóa mới.", "The API key is wrong. See that it was copied whole, or ask the system administrator for a new one.")
		if unknown {
			return domain.Actor{}, err
		}
		return domain.Actor{}, k.refused(r, known.Key, err)
	}
	if err := k.counts(r, known.Key); err != nil {
		return domain.Actor{}, k.refused(r, known.Key, err)
	}
	k.note(r, known.Key)
	return known.As, nil
}

// counts says whether a key of which the secret is right counts here, now and for this.
func (k *Keys) counts(r *http.Request, key Key) error {
	switch {
	case key.RevokedAt != nil:
		return unauthorized("key_revoked", "Khóa API đã bị thu hồi. Xin quản trị hệ thống cấp khóa mới.", "The API key was revoked. Ask the system administrator for a new one.")
	case !k.executor.Now().Before(key.ExpiresAt):
		return unauthorized("key_expired", "Khóa API đã hết hạn. Xin quản trị hệ thống cấp khóa mới.", "The API key has expired. Ask the system administrator for a new one.")
	case key.Waits:
		return unauthorized("key_waits", "Khóa API chờ người thứ hai xác nhận: kiểm tra viên hoặc quản trị hệ thống khác, “dossier key confirm”.", "The API key waits for a second person: an auditor or another system administrator, “dossier key confirm”.")
	case !within(handlers.CallerOf(r), key.Networks):
		return forbidden("key_elsewhere", "Khóa API không dùng được từ địa chỉ này. Gọi từ địa chỉ đã đăng ký, hoặc xin khóa cho địa chỉ này.", "The API key does not count from this address. Call from one that it was given for, or ask for a key for this one.")
	}
	need := ScopeOf(r.Method, r.URL.Path)
	if need == "" {
		return forbidden("key_not_here", "Việc này phải do người đăng nhập làm, không dùng khóa API.", "This is done by somebody who is signed in, not by an API key.")
	}
	if !slices.Contains(key.Scopes, need) {
		return forbidden("key_scope", fmt.Sprintf("Khóa API không có phạm vi “%s”. Xin quản trị hệ thống cấp khóa có phạm vi này.", need),
			fmt.Sprintf("The API key does not have the scope “%s”. Ask the system administrator for one that has it.", need))
	}
	return nil
}

func within(address string, networks []string) bool {
	a, err := netip.ParseAddr(address)
	return len(networks) == 0 || err == nil && slices.ContainsFunc(networks, func(n string) bool {
		p, err := netip.ParsePrefix(n)
		return err == nil && p.Contains(a.Unmap().WithZone(""))
	})
}

// refused records that a known key did not count.
func (k *Keys) refused(r *http.Request, key Key, err error) error {
	var f *handlers.Failure
	if errors.As(err, &f) {
		by := handlers.Accessor{Actor: key.As, Traceparent: handlers.CallOf(r.Context()).Traceparent}
		_ = k.executor.Access().Record(r.Context(), by, access.KeyRefused{Key: dossier.Code(key.Prefix), Rule: dossier.Code(f.Code)}) // said by Check: the answer stays what it is
	}
	return err
}

// note writes the last use, at most once in useGrain. What cannot be written is left: it refuses nobody.
func (k *Keys) note(r *http.Request, key Key) {
	now := k.executor.Now().UTC()
	k.mu.Lock()
	last, known := k.used[key.Prefix]
	fresh := known && now.Sub(last) < useGrain
	if !fresh {
		k.used[key.Prefix] = now
	}
	k.mu.Unlock()
	if fresh || key.UsedAt != nil && now.Sub(*key.UsedAt) < useGrain {
		return
	}
	from, err := netip.ParseAddr(handlers.CallerOf(r))
	if err != nil {
		return
	}
	_, _ = k.pool.Exec(r.Context(), `insert into identity.key_uses (prefix, used_at, used_from) values ($1, $2, $3)
		on conflict (prefix) do update set used_at = excluded.used_at, used_from = excluded.used_from`, key.Prefix, now, from.WithZone(""))
}

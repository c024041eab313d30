package blobs

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/domain"
)

// State says how far a file is.
type State string

// The states. Only a clean file is ever given out.
const (
	Uploading State = "uploading"
	Scanning  State = "scanning" // all is there; its content has not been found clean yet
	Clean     State = "clean"
	Infected  State = "infected"
	Refused   State = "refused"
)

// File is one, without its content.
type File struct {
	ID         uuid.UUID
	Dossier    uuid.UUID
	Name       string // personal: never logged
	SHA256     string // hexadecimal, once all is there
	Size       int64
	Offset     int64 // how much of it is there
	State      State
	Reason     string
	Media      string
	Commitment string
	Component  string
	Kind       string // what it is to its dossier
	Signature  string // that came with it: may name people
	By         domain.Actor
	UploadedAt time.Time

	owner   uuid.UUID
	wrapped []byte
	about   about
	parts   []part
}

// about is what is sealed under the file's own key.
type about struct {
	Name      string `json:"name"`
	SHA256    []byte `json:"sha256,omitempty"` // as announced, then as found
	Salt      []byte `json:"salt"`
	Kind      string `json:"kind,omitempty"`
	Signature string `json:"signature,omitempty"`
}

type part struct {
	Number       int
	Begins, Size int64
	Blob         string
}

// ErrUnknown says that there is no such file.
var ErrUnknown = errors.New("no such file")

// OffsetError says where an upload goes on.
type OffsetError struct{ Offset int64 }

func (e *OffsetError) Error() string { return fmt.Sprintf("the upload goes on at byte %d", e.Offset) }

// ErrTooLong says that more came than was announced.
var ErrTooLong = errors.New("more bytes than announced")

// PartSize is the most that one part holds, and so the most that is lost when a process dies.
const PartSize = 8 << 20

// mostParts keeps an upload in crumbs from filling a table.
const mostParts = 10_000

// Files keeps files of dossiers: rows in the vault, encrypted content in a store. It is safe for concurrent use.
type Files struct {
	pool  *pgxpool.Pool
	store Store
	keys  Wrapper
}

// NewFiles returns the files of a database and a store.
func NewFiles(pool *pgxpool.Pool, store Store, keys Wrapper) *Files { return &Files{pool, store, keys} }

func keyOf(file uuid.UUID) []byte    { return []byte("dossier file\x00" + file.String()) }
func aboutPlace(id uuid.UUID) string { return "about\x00" + id.String() }
func (p part) place(id uuid.UUID) string {
	return fmt.Sprintf("part\x00%s\x00%d\x00%d", id, p.Number, p.Begins)
}

// Create announces a file: ID, Dossier, Name, Size, By, Component, and SHA256 where the caller knows it. Its key is made here.
func (f *Files) Create(ctx context.Context, n File) error {
	raw, key, err := newDataKey()
	if err != nil {
		return err
	}
	wrapped, err := f.keys.Wrap(ctx, n.Dossier, raw, keyOf(n.ID))
	if err != nil {
		return fmt.Errorf("wrap the key of a file: %w", err)
	}
	a := about{Name: n.Name, Salt: make([]byte, 32), Kind: n.Kind, Signature: n.Signature}
	_, _ = rand.Read(a.Salt) // never fails
	if a.SHA256, err = hex.DecodeString(n.SHA256); err != nil {
		return fmt.Errorf("read the hash of a file: %w", err)
	}
	sealed, err := sealAbout(key, n.ID, a)
	if err != nil {
		return err
	}
	_, err = f.pool.Exec(ctx, `
		insert into vault.files (file, dossier, owner, wrapped, sealed, size, state, component, account, role, unit)
		values ($1, $2, $2, $3, $4, $5, 'uploading', $6, $7, $8, $9)
		on conflict do nothing`, n.ID, n.Dossier, wrapped, sealed, n.Size, n.Component, n.By.Account, string(n.By.Role), n.By.Unit)
	if err != nil {
		return fmt.Errorf("store a file: %w", err)
	}
	return nil
}

func sealAbout(key dataKey, id uuid.UUID, a about) ([]byte, error) {
	plain, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("encode a file: %w", err)
	}
	return key.seal(plain, aboutPlace(id))
}

const fileColumns = `f.file, f.dossier, f.owner, f.wrapped, f.sealed, f.size, f.state, f.reason, f.media, f.commitment, f.component,
       f.account, f.role, f.unit, f.uploaded_at,
       coalesce((select p.begins + p.size from vault.file_parts p where p.file = f.file order by p.number desc limit 1), 0)`

func scanFile(row pgx.CollectableRow) (n File, err error) {
	var sealed []byte
	err = row.Scan(&n.ID, &n.Dossier, &n.owner, &n.wrapped, &sealed, &n.Size, &n.State, &n.Reason, &n.Media, &n.Commitment, &n.Component,
		&n.By.Account, &n.By.Role, &n.By.Unit, &n.UploadedAt, &n.Offset)
	n.about.Salt = sealed // until openAbout
	return n, err
}

// Get returns a file with its name (ErrUnknown; the wrapper's error where its key is destroyed).
func (f *Files) Get(ctx context.Context, id uuid.UUID) (File, error) {
	n, _, err := f.get(ctx, id)
	return n, err
}

func (f *Files) get(ctx context.Context, id uuid.UUID) (File, dataKey, error) {
	rows, err := f.pool.Query(ctx, `select `+fileColumns+` from vault.files f where f.file = $1`, id)
	if err != nil {
		return File{}, dataKey{}, fmt.Errorf("read a file: %w", err)
	}
	n, err := pgx.CollectExactlyOneRow(rows, scanFile)
	if errors.Is(err, pgx.ErrNoRows) {
		return File{}, dataKey{}, ErrUnknown
	}
	if err != nil {
		return File{}, dataKey{}, fmt.Errorf("read a file: %w", err)
	}
	key, err := f.openAbout(ctx, &n)
	return n, key, err
}

// openAbout opens what is sealed of a file.
func (f *Files) openAbout(ctx context.Context, n *File) (dataKey, error) {
	sealed := n.about.Salt
	n.about = about{}
	raw, err := f.keys.Unwrap(ctx, n.owner, n.wrapped, keyOf(n.ID))
	if err != nil {
		return dataKey{}, fmt.Errorf("open the key of file %s: %w", n.ID, err)
	}
	key, err := openDataKey(raw)
	if err != nil {
		return key, err
	}
	plain, err := key.open(sealed, aboutPlace(n.ID))
	if err == nil {
		err = json.Unmarshal(plain, &n.about)
	}
	if err != nil {
		return key, fmt.Errorf("open what is known of file %s: %w", n.ID, err)
	}
	n.Name, n.SHA256 = n.about.Name, hex.EncodeToString(n.about.SHA256)
	n.Kind, n.Signature = n.about.Kind, n.about.Signature
	return key, nil
}

// OfDossier lists the files of a dossier, the oldest first. One whose key is destroyed is there without a name.
func (f *Files) OfDossier(ctx context.Context, dossier uuid.UUID) ([]File, error) {
	rows, err := f.pool.Query(ctx, `select `+fileColumns+` from vault.files f where f.dossier = $1 order by f.uploaded_at, f.file`, dossier)
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	all, err := pgx.CollectRows(rows, scanFile)
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	for i := range all {
		_, _ = f.openAbout(ctx, &all[i]) // a name that cannot be opened is none
	}
	return all, nil
}

// Append takes the bytes of a file from an offset on, a part at a time, until r ends: what came is kept, also when r fails. It returns how
// far the file is now (*OffsetError, ErrTooLong, r's error).
func (f *Files) Append(ctx context.Context, id uuid.UUID, offset int64, r io.Reader) (int64, error) {
	n, key, err := f.get(ctx, id)
	if err != nil {
		return 0, err
	}
	if n.State != Uploading || n.Offset != offset {
		return n.Offset, &OffsetError{n.Offset}
	}
	parts, err := f.partsOf(ctx, id)
	if err != nil {
		return offset, err
	}
	number, end := len(parts), int64(0)
	if number > 0 {
		end = parts[number-1].Begins + parts[number-1].Size
	}
	if end != offset { // a part came since the file was read: a number from one reading and an offset from another would double it
		return end, &OffsetError{end}
	}
	come := &keptError{r: r}
	for offset < n.Size && come.err == nil {
		if number++; number > mostParts {
			return offset, fmt.Errorf("a file has at most %d parts: send more at a time", mostParts)
		}
		p := part{Number: number, Begins: offset, Blob: newName()}
		if p.Size, err = f.put(ctx, id, key, p, io.LimitReader(come, min(PartSize, n.Size-offset))); err != nil || p.Size == 0 {
			return offset, err
		}
		if err := f.keep(ctx, id, p); err != nil {
			_ = f.store.Delete(context.WithoutCancel(ctx), p.Blob)
			return offset, err
		}
		offset += p.Size
	}
	if come.err == nil && offset == n.Size {
		if more, _ := io.ReadFull(r, make([]byte, 1)); more > 0 {
			return offset, ErrTooLong
		}
	}
	if come.err == io.EOF {
		return offset, nil
	}
	return offset, come.err
}

// put encrypts one part into the store and says how many bytes it took. Of a part that nothing came for nothing stays.
func (f *Files) put(ctx context.Context, id uuid.UUID, key dataKey, p part, r io.Reader) (int64, error) {
	ctx = context.WithoutCancel(ctx) // what came before the caller went away is kept
	counted := &counter{r: r}
	sealed := key.sealing(counted, p.place(id))
	defer sealed.Close()
	if err := f.store.Put(ctx, p.Blob, sealed); err != nil {
		return 0, err
	}
	if counted.n == 0 {
		return 0, f.store.Delete(ctx, p.Blob)
	}
	return counted.n, nil
}

// keep notes a part that is durable. Whoever noted this number first wins.
func (f *Files) keep(ctx context.Context, id uuid.UUID, p part) error {
	ctx = context.WithoutCancel(ctx)
	_, err := f.pool.Exec(ctx, `insert into vault.file_parts (file, number, begins, size, blob) values ($1, $2, $3, $4, $5)`, id, p.Number, p.Begins, p.Size, p.Blob)
	var taken *pgconn.PgError
	if errors.As(err, &taken) && taken.ConstraintName == "file_parts_number" {
		n, err := f.Get(ctx, id)
		if err != nil {
			return err
		}
		return &OffsetError{n.Offset}
	}
	if err != nil {
		return fmt.Errorf("store a part of a file: %w", err)
	}
	return nil
}

func (f *Files) partsOf(ctx context.Context, id uuid.UUID) ([]part, error) {
	rows, err := f.pool.Query(ctx, `select p.number, p.begins, p.size, p.blob from vault.file_parts p where p.file = $1 order by p.number`, id)
	if err != nil {
		return nil, fmt.Errorf("read the parts of a file: %w", err)
	}
	parts, err := pgx.CollectRows(rows, pgx.RowToStructByPos[part])
	if err != nil {
		return nil, fmt.Errorf("read the parts of a file: %w", err)
	}
	return parts, nil
}

// Judge notes what was found of a file that is all there: its hash, what it is, and whether it may be given out.
func (f *Files) Judge(ctx context.Context, id uuid.UUID, state State, reason, media string, sum []byte) (File, error) {
	n, key, err := f.get(ctx, id)
	if err != nil {
		return n, err
	}
	if n.State != Uploading && n.State != Scanning {
		return n, nil // judged already
	}
	if len(sum) > 0 {
		n.about.SHA256 = sum
	}
	sealed, err := sealAbout(key, id, n.about)
	if err != nil {
		return n, err
	}
	commitment := ""
	if state == Clean {
		commitment = n.about.commitment()
	}
	_, err = f.pool.Exec(ctx, `
		update vault.files
		   set sealed = $2, state = $3, reason = $4, media = $5, commitment = $6
		 where file = $1 and state in ('uploading', 'scanning')`, id, sealed, string(state), reason, media, commitment)
	if err != nil {
		return n, fmt.Errorf("store what was found of a file: %w", err)
	}
	return f.Get(ctx, id)
}

// commitment is what the event says of the content: without the salt, which goes with the key, nobody can try a file against it.
func (a about) commitment() string {
	sum := hmac.New(sha256.New, a.Salt)
	sum.Write(a.SHA256)
	return hex.EncodeToString(sum.Sum(nil)[:24])
}

// Discard deletes the content of a file that is refused, infected, or was never finished. The row stays unless gone.
func (f *Files) Discard(ctx context.Context, id uuid.UUID, gone bool) error {
	parts, err := f.partsOf(ctx, id)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if err := f.store.Delete(ctx, p.Blob); err != nil {
			return err
		}
	}
	sql := `delete from vault.file_parts p where p.file = $1`
	if gone {
		sql = `delete from vault.files f where f.file = $1`
	}
	if _, err := f.pool.Exec(ctx, sql, id); err != nil {
		return fmt.Errorf("discard a file: %w", err)
	}
	return nil
}

// Coming lists files in a state to which nothing was added since a moment.
func (f *Files) Coming(ctx context.Context, state State, before time.Time) ([]uuid.UUID, error) {
	rows, err := f.pool.Query(ctx, `
		select f.file
		  from vault.files f
		 where f.state = $1
		   and f.uploaded_at < $2
		   and not exists (select from vault.file_parts p where p.file = f.file and p.made_at >= $2)
		 order by f.uploaded_at
		 limit 1000`, string(state), before)
	if err != nil {
		return nil, fmt.Errorf("look for uploads: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// Erased lists files whose key is destroyed and whose ciphertext is still there.
func (f *Files) Erased(ctx context.Context) ([]uuid.UUID, error) {
	rows, err := f.pool.Query(ctx, `
		select f.file
		  from vault.files f
		  join vault.erasures e on e.owner = f.owner
		 where exists (select from vault.file_parts p where p.file = f.file)
		 limit 1000`)
	if err != nil {
		return nil, fmt.Errorf("look for erased files: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// keptError remembers how a reader ended and ends quietly: a part that was cut short is a part all the same.
type keptError struct {
	r   io.Reader
	err error
}

func (k *keptError) Read(p []byte) (int, error) {
	if k.err != nil {
		return 0, io.EOF
	}
	n, err := k.r.Read(p)
	if k.err = err; err != nil {
		return n, io.EOF
	}
	return n, nil
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// CommitmentTo is what an event would say of the file if its content had that hash.
func (n File) CommitmentTo(sum []byte) string {
	return about{SHA256: sum, Salt: n.about.Salt}.commitment()
}

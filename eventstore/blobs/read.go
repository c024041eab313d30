package blobs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"dossier/eventstore/vault"
)

// Content is that of one file, decrypted. It is read from the front (Read) or at places (ReadAt); one part at most is in memory. Not for
// concurrent use.
type Content struct {
	File
	ctx   context.Context
	files *Files
	key   dataKey

	next   int // of parts, for Read
	blob   io.Closer
	plain  io.Reader
	left   int64
	cached int // number of the part in memory, for ReadAt
	memory []byte
}

// Open opens the content of a file, in whatever state it is.
func (f *Files) Open(ctx context.Context, id uuid.UUID) (*Content, error) {
	n, key, err := f.get(ctx, id)
	if err != nil {
		return nil, err
	}
	if n.parts, err = f.partsOf(ctx, id); err != nil {
		return nil, err
	}
	at := int64(0)
	for _, p := range n.parts {
		if p.Begins != at {
			return nil, fmt.Errorf("file %s lacks bytes from %d on: %w", id, at, ErrAltered)
		}
		at += p.Size
	}
	return &Content{File: n, ctx: ctx, files: f, key: key}, nil
}

func (c *Content) Read(p []byte) (int, error) {
	for c.left == 0 {
		c.Close()
		if c.next == len(c.parts) {
			return 0, io.EOF
		}
		if err := c.begin(c.parts[c.next]); err != nil {
			return 0, err
		}
		c.next++
	}
	n, err := c.plain.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	switch {
	case err == io.EOF && c.left > 0:
		return n, fmt.Errorf("file %s is shorter than it was: %w", c.ID, ErrAltered)
	case err == io.EOF:
		return n, nil
	}
	return n, err
}

func (c *Content) begin(p part) error {
	blob, err := c.files.store.Get(c.ctx, p.Blob)
	if errors.Is(err, ErrNone) {
		return fmt.Errorf("part %d of file %s: %w", p.Number, c.ID, err)
	}
	if err != nil {
		return err
	}
	c.blob, c.left = blob, p.Size
	c.plain, err = c.key.opening(blob, p.place(c.ID))
	return err
}

// Close lets go of what is open. It may be called again.
func (c *Content) Close() {
	if c.blob != nil {
		c.blob.Close()
		c.blob = nil
	}
}

// ReadAt reads at a place.
func (c *Content) ReadAt(b []byte, at int64) (n int, err error) {
	for n < len(b) {
		p, found := c.partAt(at + int64(n))
		if !found {
			return n, io.EOF
		}
		if err := c.hold(p); err != nil {
			return n, err
		}
		n += copy(b[n:], c.memory[at+int64(n)-p.Begins:])
	}
	return n, nil
}

func (c *Content) partAt(at int64) (part, bool) {
	for _, p := range c.parts {
		if at >= p.Begins && at < p.Begins+p.Size {
			return p, true
		}
	}
	return part{}, false
}

func (c *Content) hold(p part) error {
	if c.cached == p.Number {
		return nil
	}
	blob, err := c.files.store.Get(c.ctx, p.Blob)
	if err != nil {
		return err
	}
	defer blob.Close()
	plain, err := c.key.opening(blob, p.place(c.ID))
	if err != nil {
		return err
	}
	c.cached, c.memory = 0, nil
	memory := make([]byte, p.Size)
	if _, err := io.ReadFull(plain, memory); err != nil {
		return err
	}
	c.cached, c.memory = p.Number, memory
	return nil
}

// Expected is the hash that the content must have, empty where nobody said one.
func (c *Content) Expected() []byte { return c.about.SHA256 }

// held is how much a copy keeps back until the hash is known.
const held = 64 << 10

// CopyTo writes the content and keeps the end of it back until all was read and its hash is the right one (ErrAltered), so that a file that
// was altered never arrives whole.
func (c *Content) CopyTo(w io.Writer) error {
	sum := sha256.New()
	var back bytes.Buffer
	buf := make([]byte, held)
	for {
		n, err := c.Read(buf)
		sum.Write(buf[:n])
		back.Write(buf[:n])
		if over := back.Len() - held; over > 0 && err == nil {
			if _, err := w.Write(back.Next(over)); err != nil {
				return err
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	if !bytes.Equal(sum.Sum(nil), c.about.SHA256) {
		return fmt.Errorf("file %s has another hash than when it was taken in: %w", c.ID, ErrAltered)
	}
	_, err := w.Write(back.Bytes())
	return err
}

// Report is what a look through all files found.
type Report struct {
	Files, Erased    int
	Altered, Missing []uuid.UUID
}

// Verify reads every clean file of the store from end to end and compares its hash and its commitment.
func (f *Files) Verify(ctx context.Context, commitments map[uuid.UUID]string, progress func(done int64)) (r Report, err error) {
	after, seen := uuid.Nil, map[uuid.UUID]bool{}
	for {
		rows, err := f.pool.Query(ctx, `select f.file from vault.files f where f.file > $1 and f.state = 'clean' order by f.file limit 500`, after)
		if err != nil {
			return r, fmt.Errorf("list files: %w", err)
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if err != nil {
			return r, fmt.Errorf("list files: %w", err)
		}
		for _, id := range ids {
			seen[id], after = true, id
			r.Files++
			if err := f.verify(ctx, id, commitments[id], &r); err != nil {
				return r, err
			}
			if progress != nil {
				progress(int64(r.Files))
			}
		}
		if len(ids) == 0 {
			break
		}
	}
	for id := range commitments {
		if !seen[id] {
			r.Missing = append(r.Missing, id)
		}
	}
	return r, nil
}

func (f *Files) verify(ctx context.Context, id uuid.UUID, commitment string, r *Report) error {
	c, err := f.Open(ctx, id)
	if err == nil {
		defer c.Close()
		if err = c.CopyTo(io.Discard); err == nil && commitment != "" && (c.about.commitment() != commitment || c.Commitment != commitment) {
			err = ErrAltered
		}
	}
	switch {
	case err == nil:
	case errors.Is(err, ErrNone):
		r.Missing = append(r.Missing, id)
	case errors.Is(err, ErrAltered):
		r.Altered = append(r.Altered, id)
	case errors.Is(err, vault.ErrErased):
		r.Erased++
	default:
		return err
	}
	return nil
}

package blobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

type folder struct{ root string }

func openFolder(root string) (Store, error) {
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of files: %w", err)
	}
	return folder{root}, nil
}

// Put writes beside the place, syncs, links into place and syncs the folders: after a power cut the blob is whole or not there.
func (f folder) Put(ctx context.Context, name string, r io.Reader) error {
	below, err := place(name)
	if err != nil {
		return err
	}
	path := filepath.Join(f.root, below)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the folder of a blob: %w", err)
	}
	if err := f.write(ctx, path, r); err != nil {
		return fmt.Errorf("put blob %s: %w", name, err)
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if err := syncFolder(dir); err != nil {
			return fmt.Errorf("put blob %s: %w", name, err)
		}
		if dir == f.root {
			return nil
		}
	}
}

func (f folder) write(ctx context.Context, path string, r io.Reader) error {
	if _, err := os.Lstat(path); err == nil {
		return fs.ErrExist
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "coming-*")
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name())
	defer temp.Close()
	if _, err := io.Copy(temp, within{ctx, r}); err != nil {
		return err
	}
	if err := temp.Sync(); err != nil {
		return err
	}
	if err := temp.Close(); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func (f folder) Get(_ context.Context, name string) (io.ReadCloser, error) {
	below, err := place(name)
	if err != nil {
		return nil, err
	}
	blob, err := os.Open(filepath.Join(f.root, below))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("blob %s: %w", name, ErrNone)
	}
	return blob, err
}

func (f folder) Delete(_ context.Context, name string) error {
	below, err := place(name)
	if err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(f.root, below)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete blob %s: %w", name, err)
	}
	return nil
}

// within ends a copy when its context does.
type within struct {
	ctx context.Context
	r   io.Reader
}

func (w within) Read(p []byte) (int, error) {
	if err := context.Cause(w.ctx); err != nil {
		return 0, err
	}
	return w.r.Read(p)
}

// Package blobs keeps attachments as encrypted parts under random names, in a folder or in S3: whoever reads the store learns nothing but sizes.
package blobs

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
)

// A Store holds blobs. What is put is there whole and durable, or not at all; a name is put once.
type Store interface {
	Put(ctx context.Context, name string, r io.Reader) error
	Get(ctx context.Context, name string) (io.ReadCloser, error) // ErrNone
	Delete(ctx context.Context, name string) error               // nothing there is no error
}

// ErrNone says that the store has no blob of that name.
var ErrNone = errors.New("no such blob")

// OpenStore opens what BLOB_URL names: file:///folder, or s3://KEY:SECRET@host:port/bucket (?tls=false, ?region=R). The bucket must be there.
func OpenStore(ctx context.Context, address string) (Store, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("BLOB_URL is no URL: say file:///folder or s3://KEY:SECRET@host:port/bucket") // never the URL: it holds a secret
	}
	switch u.Scheme {
	case "file":
		if u.Host != "" || u.Path == "" {
			return nil, fmt.Errorf("BLOB_URL %q: a folder has three slashes, file:///folder", address)
		}
		return openFolder(u.Path)
	case "s3":
		return openS3(ctx, u)
	}
	return nil, fmt.Errorf("BLOB_URL with %q: say file:///folder or s3://KEY:SECRET@host:port/bucket", u.Scheme)
}

// newName is a name that says nothing.
func newName() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

var nameForm = regexp.MustCompile(`^[0-9a-f]{32}$`)

// place is where a blob lies below the root of its store: 65,536 folders.
func place(name string) (string, error) {
	if !nameForm.MatchString(name) {
		return "", fmt.Errorf("blob name %q is not one of ours", name)
	}
	return name[:2] + "/" + name[2:4] + "/" + name, nil
}

package blobs

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"
	"github.com/tink-crypto/tink-go/v2/streamingaead/subtle"
)

// Wrapper encrypts the key of a file under that of its owner, so that whoever destroys the owner's key erases the file (*vault.Vault).
type Wrapper interface {
	Wrap(ctx context.Context, owner uuid.UUID, plain, associated []byte) ([]byte, error)
	Unwrap(ctx context.Context, owner uuid.UUID, wrapped, associated []byte) ([]byte, error)
}

// segment is what is encrypted at a time, and so what one stream holds in memory.
const segment = 1 << 20

// dataKey encrypts the parts of one file and what is known of it.
type dataKey struct{ stream *subtle.AESGCMHKDF }

func newDataKey() (raw []byte, key dataKey, err error) {
	raw = make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	key, err = openDataKey(raw)
	return raw, key, err
}

func openDataKey(raw []byte) (dataKey, error) {
	stream, err := subtle.NewAESGCMHKDF(raw, "SHA256", 32, segment, 0)
	if err != nil {
		return dataKey{}, fmt.Errorf("open the key of a file: %w", err)
	}
	return dataKey{stream}, nil
}

// sealing reads what plain holds, encrypted for one place: it opens at that place only. Close ends it early.
func (k dataKey) sealing(plain io.Reader, place string) io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		box, err := k.stream.NewEncryptingWriter(w, []byte(place))
		if err == nil {
			if _, err = io.CopyBuffer(struct{ io.Writer }{box}, struct{ io.Reader }{plain}, make([]byte, 64<<10)); err == nil {
				err = box.Close()
			}
		}
		w.CloseWithError(err)
	}()
	return r
}

// ErrAltered says that what the store gives is not what was put there.
var ErrAltered = errors.New("the stored file was altered")

// opening is the inverse of sealing. It gives nothing out that is not authentic (ErrAltered).
func (k dataKey) opening(sealed io.Reader, place string) (io.Reader, error) {
	plain, err := k.stream.NewDecryptingReader(sealed, []byte(place))
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrAltered, err)
	}
	return authentic{plain}, nil
}

type authentic struct{ r io.Reader }

func (a authentic) Read(p []byte) (int, error) {
	n, err := a.r.Read(p)
	if err != nil && err != io.EOF && !errors.Is(err, context.Canceled) {
		err = fmt.Errorf("%w: %v", ErrAltered, err)
	}
	return n, err
}

func (k dataKey) seal(plain []byte, place string) ([]byte, error) {
	r := k.sealing(bytes.NewReader(plain), place)
	defer r.Close()
	return io.ReadAll(r)
}

func (k dataKey) open(sealed []byte, place string) ([]byte, error) {
	r, err := k.opening(bytes.NewReader(sealed), place)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

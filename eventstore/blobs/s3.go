package blobs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

type bucket struct {
	client *minio.Client
	name   string
}

// partSize is what one upload to S3 holds in memory.
const partSize = 5 << 20

func openS3(ctx context.Context, u *url.URL) (Store, error) {
	secret, _ := u.User.Password()
	b := bucket{name: strings.Trim(u.Path, "/")}
	if u.Host == "" || b.name == "" || secret == "" {
		return nil, errors.New("BLOB_URL for S3 needs key, secret, host and bucket: s3://KEY:SECRET@host:port/bucket")
	}
	var err error
	b.client, err = minio.New(u.Host, &minio.Options{
		Creds: credentials.NewStaticV4(u.User.Username(), secret, ""), Secure: u.Query().Get("tls") != "false", Region: u.Query().Get("region"),
	})
	if err != nil {
		return nil, fmt.Errorf("open S3 at %s: %w", u.Host, err)
	}
	there, err := b.client.BucketExists(ctx, b.name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("reach bucket %s at %s: %w", b.name, u.Host, err)
	case !there:
		return nil, fmt.Errorf("there is no bucket %s at %s: make it first", b.name, u.Host)
	}
	return b, nil
}

func (b bucket) Put(ctx context.Context, name string, r io.Reader) error {
	key, err := place(name)
	if err != nil {
		return err
	}
	_, err = b.client.PutObject(ctx, b.name, key, r, -1, minio.PutObjectOptions{ContentType: "application/octet-stream", PartSize: partSize})
	if err != nil {
		return fmt.Errorf("put blob %s: %w", name, err)
	}
	return nil
}

func (b bucket) Get(ctx context.Context, name string) (io.ReadCloser, error) {
	key, err := place(name)
	if err != nil {
		return nil, err
	}
	object, err := b.client.GetObject(ctx, b.name, key, minio.GetObjectOptions{})
	if err == nil {
		_, err = object.Stat() // GetObject asks nothing yet
	}
	if err == nil {
		return object, nil
	}
	if minio.ToErrorResponse(err).Code == minio.NoSuchKey {
		err = ErrNone
	}
	return nil, fmt.Errorf("blob %s: %w", name, err)
}

func (b bucket) Delete(ctx context.Context, name string) error {
	key, err := place(name)
	if err != nil {
		return err
	}
	if err := b.client.RemoveObject(ctx, b.name, key, minio.RemoveObjectOptions{}); err != nil {
		return fmt.Errorf("delete blob %s: %w", name, err)
	}
	return nil
}

package blobs

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"pgregory.net/rapid"

	"dossier/domain"
	"dossier/eventstore/vault"
	"dossier/migrations/dbtest"
)

// stores are those that every promise is held to.
var stores = map[string]func(*testing.T) Store{
	"folder": func(t *testing.T) Store { return opened(t, "file://"+t.TempDir()) },
	"s3":     func(t *testing.T) Store { return opened(t, s3Server(t)) },
}

func opened(t *testing.T, address string) Store {
	t.Helper()
	s, err := OpenStore(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// s3Server starts a real S3 server over a folder and makes a bucket. The program is $DOSSIER_TEST_S3, or found in the path or in .bin.
func s3Server(t *testing.T) string {
	t.Helper()
	program := os.Getenv("DOSSIER_TEST_S3")
	for _, at := range []string{"versitygw", "../../.bin/versitygw"} {
		if path, err := exec.LookPath(at); err == nil && program == "" {
			program = path
		}
	}
	if program == "" {
		t.Skip("NO S3 SERVER: `make versitygw` builds one (Apache licence, a minute); without it nothing shows that S3 works")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	dir, out := t.TempDir(), &bytes.Buffer{}
	server := exec.Command(program, "--port", addr, "posix", dir)
	server.Env = append(os.Environ(), "ROOT_ACCESS_KEY=tester", "ROOT_SECRET_KEY=not-a-secret")
	server.Stdout, server.Stderr = out, out
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill(); _ = server.Wait() })
	client, err := minio.New(addr, &minio.Options{Creds: credentials.NewStaticV4("tester", "not-a-secret", ""), Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if err = client.MakeBucket(t.Context(), "dossiers", minio.MakeBucketOptions{Region: "us-east-1"}); err == nil {
			break
		}
		if time.Now().After(until) {
			t.Fatalf("the S3 server does not come up: %v\n%s", err, out)
		}
	}
	return "s3://tester:not-a-secret@" + addr + "/dossiers?tls=false&region=us-east-1"
}

func overEachStore(t *testing.T, test func(*testing.T, Store)) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func TestABlobIsThereWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	overEachStore(t, func(t *testing.T, s Store) {
		ctx := t.Context()
		content := make([]byte, 11<<20) // more than one part of an S3 upload
		_, _ = rand.Read(content)
		name := newName()
		if _, err := s.Get(ctx, name); !errors.Is(err, ErrNone) {
			t.Errorf("what is not there: %v", err)
		}
		if err := s.Put(ctx, name, bytes.NewReader(content)); err != nil {
			t.Fatal(err)
		}
		if got := read(t, s, name); !bytes.Equal(got, content) {
			t.Errorf("%d bytes came back, of %d", len(got), len(content))
		}
		cut := newName()
		if err := s.Put(ctx, cut, io.MultiReader(bytes.NewReader(content), broken{})); err == nil {
			t.Error("a blob that was cut short was taken")
		}
		if _, err := s.Get(ctx, cut); !errors.Is(err, ErrNone) {
			t.Errorf("of a blob that was cut short there is: %v", err)
		}
		for range 2 {
			if err := s.Delete(ctx, name); err != nil {
				t.Error(err)
			}
		}
		if _, err := s.Get(ctx, name); !errors.Is(err, ErrNone) {
			t.Errorf("after deleting: %v", err)
		}
		for _, bad := range []string{"", "../../../etc/passwd", "A" + name[1:]} {
			if err := s.Put(ctx, bad, strings.NewReader("x")); err == nil {
				t.Errorf("taken under the name %q", bad)
			}
		}
	})
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the line broke") }

func read(t *testing.T, s Store, name string) []byte {
	t.Helper()
	r, err := s.Get(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAnAddressOfAStoreThatIsNotUnderstoodSaysWhatWouldBeAndKeepsItsSecret(t *testing.T) {
	for _, address := range []string{"", "ftp://host/x", "file://folder", "s3://host/bucket", "s3://key:hush@/bucket", "s3://key:hush@host", "s3://key:hush@host:port/bucket", "::hush"} {
		_, err := OpenStore(t.Context(), address)
		if err == nil || !strings.Contains(err.Error(), "BLOB_URL") || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestWhatIsSealedOpensAtItsPlaceOnlyAndWholeOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOfN(rapid.Byte(), 0, 5000).Draw(t, "plain")
		_, key, err := newDataKey()
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := key.seal(plain, "here")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := key.open(sealed, "here"); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%d bytes came back of %d: %v", len(got), len(plain), err)
		}
		if _, err := key.open(sealed, "there"); !errors.Is(err, ErrAltered) {
			t.Fatalf("at another place: %v", err)
		}
		if _, err := key.open(sealed[:len(sealed)-1], "here"); !errors.Is(err, ErrAltered) {
			t.Fatalf("cut short: %v", err)
		}
		at := rapid.IntRange(0, len(sealed)-1).Draw(t, "at")
		sealed[at] ^= 1
		if _, err := key.open(sealed, "here"); !errors.Is(err, ErrAltered) {
			t.Fatalf("altered at %d of %d: %v", at, len(sealed), err)
		}
	})
}

// shelf is files with all that belongs to them.
type shelf struct {
	*Files
	db    *dbtest.DB
	vault *vault.Vault
	keys  string
	store Store
}

func newShelf(t *testing.T, store Store) shelf {
	t.Helper()
	db := dbtest.New(t)
	var raw [32]byte
	_, _ = rand.Read(raw[:])
	keys := base64.StdEncoding.EncodeToString(raw[:])
	v, err := vault.Open(t.Context(), db.App, keys, nil)
	if err != nil {
		t.Fatal(err)
	}
	return shelf{NewFiles(db.App, store, v), db, v, keys, store}
}

func (s shelf) create(t *testing.T, content []byte) File {
	t.Helper()
	n := File{ID: uuid.New(), Dossier: uuid.New(), Name: "Giấy khai sinh Đỗ Thị Nghĩa.pdf", Size: int64(len(content)), By: domain.Actor{Account: "applicant-1", Role: domain.Applicant}}
	if err := s.Create(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	return n
}

// kept uploads content and finds it clean.
func (s shelf) kept(t *testing.T, content []byte) File {
	t.Helper()
	n := s.create(t, content)
	if _, err := s.Append(t.Context(), n.ID, 0, bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	n, err := s.Judge(t.Context(), n.ID, Clean, "", "pdf", sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

func TestAnUploadGoesOnWhereItWasCut(t *testing.T) {
	t.Parallel()
	overEachStore(t, func(t *testing.T, store Store) {
		s, content := newShelf(t, store), noise(2*PartSize+PartSize/2)
		n := s.create(t, content)
		at, rounds := int64(0), 0
		for cut := PartSize + 4711; at < int64(len(content)); rounds++ {
			end := min(int(at)+cut, len(content))
			got, err := s.Append(t.Context(), n.ID, at, io.MultiReader(bytes.NewReader(content[at:end]), broken{}))
			if got < int64(len(content)) && (err == nil || got != int64(end)) {
				t.Fatalf("cut at %d: kept up to %d, %v", end, got, err)
			}
			at = got
			if _, err := s.Append(t.Context(), n.ID, at+1, bytes.NewReader(content)); !errors.As(err, new(*OffsetError)) {
				t.Fatalf("from another byte on: %v", err)
			}
		}
		if rounds < 2 {
			t.Fatal("nothing was cut")
		}
		sum := sha256.Sum256(content)
		kept, err := s.Judge(t.Context(), n.ID, Clean, "", "pdf", sum[:])
		if err != nil || kept.State != Clean || kept.Name != n.Name || kept.SHA256 != hex.EncodeToString(sum[:]) || kept.Commitment == "" {
			t.Fatalf("kept %+v, %v", kept, err)
		}
		c, err := s.Open(t.Context(), n.ID)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		var out bytes.Buffer
		if err := c.CopyTo(&out); err != nil || !bytes.Equal(out.Bytes(), content) {
			t.Errorf("%d bytes came back, %v", out.Len(), err)
		}
		piece := make([]byte, 9000)
		if _, err := c.ReadAt(piece, PartSize-4000); err != nil || !bytes.Equal(piece, content[PartSize-4000:PartSize+5000]) {
			t.Errorf("across two parts: %v", err)
		}
	})
}

func TestMoreThanWasAnnouncedIsNotTaken(t *testing.T) {
	t.Parallel()
	s := newShelf(t, stores["folder"](t))
	n := s.create(t, noise(1000))
	if at, err := s.Append(t.Context(), n.ID, 0, bytes.NewReader(noise(1001))); !errors.Is(err, ErrTooLong) || at != 1000 {
		t.Errorf("at %d, %v", at, err)
	}
	if _, err := s.Append(t.Context(), uuid.New(), 0, strings.NewReader("x")); !errors.Is(err, ErrUnknown) {
		t.Errorf("a file that nobody announced: %v", err)
	}
}

func TestTwoWhoSendTheSamePartKeepOne(t *testing.T) {
	t.Parallel()
	s, content := newShelf(t, stores["folder"](t)), noise(100_000)
	n := s.create(t, content)
	results := make(chan error, 8)
	for range cap(results) {
		go func() {
			_, err := s.Append(context.Background(), n.ID, 0, bytes.NewReader(content))
			results <- err
		}()
	}
	won := 0
	for range cap(results) {
		if err := <-results; err == nil {
			won++
		} else if !errors.As(err, new(*OffsetError)) {
			t.Error(err)
		}
	}
	parts, err := s.partsOf(t.Context(), n.ID)
	if won != 1 || len(parts) != 1 || err != nil {
		t.Errorf("%d won, %d parts, %v", won, len(parts), err)
	}
}

func TestNothingOfAFileStandsInClearInStoreOrDatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newShelf(t, opened(t, "file://"+dir))
	content := bytes.Repeat([]byte("chim-chích-chòe "), 5000)
	n := s.kept(t, content)
	for _, table := range []string{"vault.files", "vault.file_parts"} {
		var rows string
		if err := s.db.Owner.QueryRow(t.Context(), "select coalesce(string_agg(t::text || encode(convert_to(t::text, 'UTF8'), 'escape'), ''), '') from "+table+" t").Scan(&rows); err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"chim", "Nghĩa", n.SHA256, hex.EncodeToString([]byte("Nghĩa"))} {
			if strings.Contains(rows, secret) {
				t.Errorf("%s holds %q", table, secret)
			}
		}
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte("chim")) || strings.Contains(path, n.ID.String()) {
			t.Errorf("%s tells something", path)
		}
		return err
	})
	if err != nil || files != 1 {
		t.Errorf("%d files, %v", files, err)
	}
}

func TestAnAlteredBlobIsNeverGivenOutWholeAndVerifyNamesIt(t *testing.T) {
	t.Parallel()
	overEachStore(t, func(t *testing.T, store Store) {
		s, content := newShelf(t, store), noise(3<<20)
		good, altered, swapped, missing := s.kept(t, content), s.kept(t, content), s.kept(t, content), s.kept(t, content)
		blob := func(n File) string {
			parts, err := s.partsOf(t.Context(), n.ID)
			if err != nil || len(parts) != 1 {
				t.Fatal(len(parts), err)
			}
			return parts[0].Blob
		}
		replace := func(n File, sealed []byte) {
			name := blob(n)
			if err := store.Delete(t.Context(), name); err != nil {
				t.Fatal(err)
			}
			if sealed == nil {
				return
			}
			if err := store.Put(t.Context(), name, bytes.NewReader(sealed)); err != nil {
				t.Fatal(err)
			}
		}
		sealed := read(t, store, blob(altered))
		sealed[len(sealed)-20] ^= 1
		replace(altered, sealed)
		replace(swapped, read(t, store, blob(good)))
		replace(missing, nil)
		for _, n := range []File{altered, swapped} {
			c, err := s.Open(t.Context(), n.ID)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := c.CopyTo(&out); !errors.Is(err, ErrAltered) || out.Len() >= len(content) {
				t.Errorf("%d of %d bytes went out, %v", out.Len(), len(content), err)
			}
			c.Close()
		}
		gone := uuid.New()
		r, err := s.Verify(t.Context(), map[uuid.UUID]string{good.ID: good.Commitment, gone: "9f"}, nil)
		want := Report{Files: 4, Missing: []uuid.UUID{missing.ID, gone}}
		if err != nil || r.Files != want.Files || len(r.Altered) != 2 || fmt.Sprint(r.Missing) != fmt.Sprint(want.Missing) {
			t.Errorf("report %+v, %v", r, err)
		}
		if r, err = s.Verify(t.Context(), map[uuid.UUID]string{good.ID: "another"}, nil); err != nil || len(r.Altered) != 3 {
			t.Errorf("against another commitment: %+v, %v", r, err)
		}
	})
}

func TestAFileGoesWithTheKeyOfItsOwner(t *testing.T) {
	t.Parallel()
	s := newShelf(t, stores["folder"](t))
	n := s.kept(t, noise(1000))
	if _, err := s.db.Owner.Exec(t.Context(), `insert into vault.erasures (owner, person, persons, texts) select owner, owner, 0, 0 from vault.keys where owner = $1`, n.Dossier); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.Owner.Exec(t.Context(), `delete from vault.keys where owner = $1`, n.Dossier); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), n.ID); !errors.Is(err, vault.ErrErased) {
		t.Errorf("opened: %v", err)
	}
	if r, err := s.Verify(t.Context(), map[uuid.UUID]string{n.ID: n.Commitment}, nil); err != nil || r.Erased != 1 || len(r.Altered)+len(r.Missing) != 0 {
		t.Errorf("report %+v, %v", r, err)
	}
	if all, err := s.OfDossier(t.Context(), n.Dossier); err != nil || len(all) != 1 || all[0].Name != "" {
		t.Errorf("list %+v, %v", all, err)
	}
}

func TestWhatWasNeverFinishedIsSweptWithItsBlobs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newShelf(t, opened(t, "file://"+dir))
	n := s.create(t, noise(1000))
	if _, err := s.Append(t.Context(), n.ID, 0, io.MultiReader(bytes.NewReader(noise(500)), broken{})); err == nil {
		t.Fatal("not cut")
	}
	if ids, err := s.Coming(t.Context(), Uploading, time.Now().Add(-time.Hour)); err != nil || len(ids) != 0 {
		t.Errorf("a fresh one would go: %v, %v", ids, err)
	}
	ids, err := s.Coming(t.Context(), Uploading, time.Now().Add(time.Hour))
	if err != nil || len(ids) != 1 {
		t.Fatal(ids, err)
	}
	if err := s.Discard(t.Context(), n.ID, true); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(t.Context(), n.ID); !errors.Is(err, ErrUnknown) {
		t.Errorf("still there: %v", err)
	}
	_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			t.Errorf("left: %s", path)
		}
		return err
	})
}

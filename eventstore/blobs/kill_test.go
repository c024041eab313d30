package blobs

import (
	"bytes"
	"crypto/sha256"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/domain"
	"dossier/eventstore/vault"
)

// An uploader is killed -9 in the middle of a part: what was durable is there, another process goes on from it, and the file is whole.
func TestKill9DuringAnUploadLosesAtMostThePartOnItsWay(t *testing.T) {
	if os.Getenv("UPLOADER") != "" {
		uploader(t)
		return
	}
	dir := t.TempDir()
	s := newShelf(t, opened(t, "file://"+dir))
	content := bytes.Repeat([]byte("0123456789abcdef"), 4*PartSize/16)
	n := s.create(t, content)
	at := int64(0)
	for range 2 {
		child := exec.Command(os.Args[0], "-test.run", "^TestKill9DuringAnUploadLosesAtMostThePartOnItsWay$")
		child.Env = append(os.Environ(), "UPLOADER="+n.ID.String(), "UPLOADER_DB="+s.db.AppURL, "UPLOADER_DIR="+dir, "UPLOADER_KEYS="+s.keys, "UPLOADER_AT="+strconv.FormatInt(at, 10))
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		for until := time.Now().Add(2 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
			now, err := s.Get(t.Context(), n.ID)
			if err != nil {
				t.Fatal(err)
			}
			if now.Offset > at {
				at = now.Offset
				break
			}
			if time.Now().After(until) {
				t.Fatal("nothing came")
			}
		}
		_ = child.Process.Kill()
		_ = child.Wait()
	}
	now, err := s.Get(t.Context(), n.ID)
	if err != nil || now.Offset%PartSize != 0 || now.Offset >= int64(len(content)) {
		t.Fatalf("after the kill at %d, %v", now.Offset, err)
	}
	if end, err := s.Append(t.Context(), n.ID, now.Offset, bytes.NewReader(content[now.Offset:])); err != nil || end != int64(len(content)) {
		t.Fatalf("went on to %d, %v", end, err)
	}
	c, err := s.Open(t.Context(), n.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got, err := io.ReadAll(c); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes came back of %d, %v", len(got), len(content), err)
	}
}

// uploader sends a part and a half at full speed and then stalls, so that a kill always meets a part on its way.
func uploader(t *testing.T) {
	pool, err := pgxpool.New(t.Context(), os.Getenv("UPLOADER_DB"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open(t.Context(), pool, os.Getenv("UPLOADER_KEYS"), nil)
	if err != nil {
		t.Fatal(err)
	}
	at, err := strconv.ParseInt(os.Getenv("UPLOADER_AT"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	content := bytes.Repeat([]byte("0123456789abcdef"), 3*PartSize/2/16)
	_, err = NewFiles(pool, opened(t, "file://"+os.Getenv("UPLOADER_DIR")), v).Append(t.Context(), uuid.MustParse(os.Getenv("UPLOADER")), at, io.MultiReader(bytes.NewReader(content), stalled{}))
	t.Fatal("not killed: ", err)
}

type stalled struct{}

func (stalled) Read([]byte) (int, error) { select {} }

// A gigabyte goes in and out again; what the process holds does not grow with it.
func TestAGigabyteGoesInAndOutInConstantMemory(t *testing.T) {
	if os.Getenv("DOSSIER_TEST_LONG") == "" {
		t.Skip("a gigabyte to disk: `make test-files` runs it")
	}
	overEachStore(t, func(t *testing.T, store Store) {
		s, size := newShelf(t, store), int64(1<<30)
		n := File{ID: uuid.New(), Dossier: uuid.New(), Name: "big", Size: size, By: domain.Actor{Account: "a", Role: domain.Applicant}}
		if err := s.Create(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		var most uint64
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			var m runtime.MemStats
			for {
				runtime.GC() // what is alive, not what a busy machine has not collected yet
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapAlloc+m.StackInuse)
				select {
				case <-stop:
					return
				case <-time.After(100 * time.Millisecond):
				}
			}
		}()
		sum := sha256.New()
		if at, err := s.Append(t.Context(), n.ID, 0, io.TeeReader(io.LimitReader(counting{}, size), sum)); at != size || err != nil {
			t.Fatalf("%d bytes in, %v", at, err)
		}
		if _, err := s.Judge(t.Context(), n.ID, Clean, "", "pdf", sum.Sum(nil)); err != nil {
			t.Fatal(err)
		}
		c, err := s.Open(t.Context(), n.ID)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.CopyTo(io.Discard); err != nil {
			t.Fatal(err)
		}
		close(stop)
		<-stopped
		t.Logf("at most %d MB alive", most>>20)
		if most > 64<<20 {
			t.Errorf("held %d MB", most>>20)
		}
	})
}

// counting never ends and is no pattern that a disk could fold.
type counting struct{}

func (counting) Read(p []byte) (int, error) {
	return copy(p, block), nil
}

var block = noise(64 << 10)

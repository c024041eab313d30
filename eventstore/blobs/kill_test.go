package blobs

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

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

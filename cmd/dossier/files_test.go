package main

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"dossier/internal/devstack"
)

// lettersPDF is one of about that many bytes.
func lettersPDF(size int) []byte {
	return []byte("%PDF-1.7\n" + strings.Repeat("% 0123456789\n", size/13) + "%%EOF\n")
}

func TestAFileIsAddedFetchedAndProvedOnTheCommandLineAndAnUploadSurvivesKill9(t *testing.T) {
	t.Setenv("CLAMD_ADDR", devstack.TestClamd(t))
	d := startDev(t, "--empty")
	id := d.submitted("k")

	content := lettersPDF(100_000)
	paper := filepath.Join(t.TempDir(), "đơn.pdf")
	if err := os.WriteFile(paper, content, 0o600); err != nil {
		t.Fatal(err)
	}
	added := must(t, "file", "add", id, paper, "--component", "tp-1", "--as", "applicant-1", "--data", d.folder, "-o", "csv")
	if again := must(t, "file", "list", id, "--data", d.folder, "-o", "csv"); !strings.Contains(again, "đơn.pdf,pdf,"+strconv.Itoa(len(content))+",clean,tp-1") {
		t.Fatalf("list %s, added %s", again, added)
	}
	lines := strings.Split(strings.TrimSpace(added), "\n")
	file := strings.Split(lines[len(lines)-1], ",")[0]
	out := filepath.Join(t.TempDir(), "out.pdf")
	must(t, "file", "get", file, "--out", out, "--data", d.folder)
	if got, err := os.ReadFile(out); err != nil || !bytes.Equal(got, content) {
		t.Fatalf("%d bytes came, %v", len(got), err)
	}
	if _, stderr, code := program(t, "file", "add", id, os.Args[0], "--as", "applicant-1", "--data", d.folder); code != 1 || !strings.Contains(stderr, "executable") && !strings.Contains(stderr, "file_too_large") {
		t.Errorf("a program: exit %d, %s", code, stderr)
	}

	// A second file is on its way when everything is killed -9.
	big := lettersPDF(20 << 20)
	uploaded := d.announce(t, id, len(big))
	body, feeding := io.Pipe()
	go func() { _, _ = feeding.Write(big[:9<<20]) }() // and then nothing more
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		if r, err := d.request(context.Background(), "PATCH", uploaded, body, 0); err == nil {
			r.Body.Close()
		}
	}()
	d.eventually("a part is durable", func() error {
		if at := d.offset(t, uploaded); at < 8<<20 {
			return errorf("%d bytes", at)
		}
		return nil
	})
	d.kill()
	_ = feeding.CloseWithError(io.ErrClosedPipe)
	<-sent
	d.start()
	at := d.offset(t, uploaded)
	if at < 8<<20 || at >= len(big) {
		t.Fatalf("after the kill %d bytes", at)
	}
	r, err := d.request(t.Context(), "PATCH", uploaded, bytes.NewReader(big[at:]), at)
	if err != nil {
		t.Fatal(err)
	}
	said, _ := io.ReadAll(r.Body)
	r.Body.Close()
	if r.StatusCode != 200 || !strings.Contains(string(said), `"clean"`) {
		t.Fatalf("gone on: %d %s", r.StatusCode, said)
	}
	if proved := must(t, "verify", "--data", d.folder); !strings.Contains(proved, "files        2 read and hashed, named by 2 events; erased with their key: 0, altered: 0, missing: 0") {
		t.Errorf("verify: %s", proved)
	}

	err = filepath.WalkDir(filepath.Join(d.folder, "files"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil || len(b) > 200_000 {
			return err
		}
		b[len(b)/2] ^= 1
		return os.WriteFile(path, b, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	out = filepath.Join(t.TempDir(), "altered.pdf")
	if _, stderr, code := program(t, "file", "get", file, "--out", out, "--data", d.folder); code != 1 || !strings.Contains(stderr, "altered") {
		t.Errorf("an altered file: exit %d, %s", code, stderr)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("an altered file was written")
	}
	if _, stderr, code := program(t, "verify", "--data", d.folder); code != exitCheck || !strings.Contains(stderr, file) {
		t.Errorf("verify: exit %d, %s", code, stderr)
	}
}

// announce announces an upload and returns its address.
func (d *dev) announce(t *testing.T, dossier string, size int) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+d.cfg.HTTP.Addr+"/v1/dossiers/"+dossier+"/files", strings.NewReader(`{"name":"big.pdf","size":`+strconv.Itoa(size)+`}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer dev:applicant-1")
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(answer.Body)
	if answer.StatusCode != 201 {
		t.Fatalf("announced: %d %s", answer.StatusCode, said)
	}
	return answer.Header.Get("Location")
}

func (d *dev) request(ctx context.Context, method, path string, body io.Reader, offset int) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+d.cfg.HTTP.Addr+path, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer dev:applicant-1")
	if body != nil {
		r.Header.Set("Content-Type", "application/offset+octet-stream")
		r.Header.Set("Upload-Offset", strconv.Itoa(offset))
	}
	return http.DefaultClient.Do(r)
}

func (d *dev) offset(t *testing.T, path string) int {
	t.Helper()
	r, err := d.request(t.Context(), "HEAD", path, nil, 0)
	if err != nil {
		return -1
	}
	r.Body.Close()
	at, _ := strconv.Atoi(r.Header.Get("Upload-Offset"))
	return at
}

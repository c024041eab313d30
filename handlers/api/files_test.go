package api_test

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"dossier/eventstore/blobs"
	"dossier/eventstore/vault"
	"dossier/handlers"
	"dossier/handlers/inspect"
	"dossier/handlers/localca"
	"dossier/internal/devstack"
)

// cabinet is where a house keeps files.
type cabinet struct {
	dir, clamd string
	files      *handlers.Files
	kept       *blobs.Files
	keys       *vault.Vault
	ca         *localca.CA // nil: nobody signs
	auth       func(*handlers.Executor) handlers.Authenticator
	clock      func() time.Time  // nil: the real one
	registry   handlers.Registry // nil: nothing is looked up
	issuer     string            // "": nobody signs in by one
}

func (c *cabinet) store(t *testing.T, pool *pgxpool.Pool) *blobs.Files {
	t.Helper()
	if c == nil {
		return nil
	}
	var key [32]byte
	_, _ = rand.Read(key[:])
	keys, err := vault.Open(t.Context(), pool, base64.StdEncoding.EncodeToString(key[:]), nil)
	if err != nil {
		t.Fatal(err)
	}
	c.keys = keys
	store, err := blobs.OpenStore(t.Context(), "file://"+c.dir)
	if err != nil {
		t.Fatal(err)
	}
	c.kept = blobs.NewFiles(pool, store, keys)
	return c.kept
}

func (c *cabinet) authenticator(x *handlers.Executor) handlers.Authenticator {
	if c == nil || c.auth == nil {
		return handlers.NewDevLogin().Follow(x)
	}
	return c.auth(x)
}

func (c *cabinet) vault() *vault.Vault {
	if c == nil {
		return nil
	}
	return c.keys
}

func (c *cabinet) handlers(x *handlers.Executor) *handlers.Files {
	if c == nil {
		return nil
	}
	o := handlers.FilesOptions{Store: c.kept, Most: 40 << 20}
	if c.clamd != "" {
		o.Scanner, _ = inspect.NewScanner(c.clamd)
	}
	c.files = handlers.NewFiles(x, o)
	return c.files
}

// blobsIn lists the stored blobs.
func (c *cabinet) blobsIn(t *testing.T) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(c.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

type fileLine struct {
	ID, State, Reason, Media, Name, SHA256 string
	Size, Offset                           int64
}

const name = "Giấy khai sinh Đỗ Thị Nghĩa.pdf"

// aPDF is one of about that many bytes.
func aPDF(size int) string {
	return "%PDF-1.7\n" + strings.Repeat("% trang giấy\n", size/14) + "trailer << >>\n%%EOF\n"
}

func announce(content string) string {
	return fmt.Sprintf(`{"name":%q,"size":%d,"component":"tp-1"}`, name, len(content))
}

// announced is a new upload for a new dossier.
func (h *house) announced(content string) (dossier string, n fileLine) {
	h.t.Helper()
	dossier = h.submitted().ID
	h.post("applicant-1", "/v1/dossiers/"+dossier+"/files", announce(content)).is(201).into(&n)
	return dossier, n
}

func (h *house) patch(id string, offset int, content string) reply {
	h.t.Helper()
	return h.send("applicant-1", "PATCH", "/v1/files/"+id, content, "Content-Type: application/offset+octet-stream", "Upload-Offset: "+strconv.Itoa(offset))
}

func scanned(t *testing.T) (*house, *cabinet) {
	c := &cabinet{dir: t.TempDir(), clamd: devstack.TestClamd(t)}
	return openHouseWith(t, nil, nil, c), c
}

func TestAFileIsUploadedInPiecesAttachedAndGivenOutWithItsReadingRecorded(t *testing.T) {
	t.Parallel()
	h, _ := scanned(t)
	content := aPDF(100_000)
	dossier, n := h.announced(content)
	if n.State != "uploading" || n.Offset != 0 {
		t.Fatalf("announced %+v", n)
	}
	h.patch(n.ID, 0, content[:40_000]).is(200).into(&n)
	head := h.send("applicant-1", "HEAD", "/v1/files/"+n.ID, "")
	if head.StatusCode >= 300 || head.Header.Get("Upload-Offset") != "40000" || head.Header.Get("Upload-Length") != strconv.Itoa(len(content)) {
		t.Errorf("HEAD %d: %v", head.StatusCode, head.Header)
	}
	if p := h.patch(n.ID, 7, content[7:]).problem(409, "wrong_offset"); !strings.Contains(p.Detail, "40000") {
		t.Errorf("detail %q", p.Detail)
	}
	h.get("auditor", "/v1/files/"+n.ID+"/content").problem(409, "file_not_clean")
	h.patch(n.ID, 40_000, content[40_000:]).is(200).into(&n)
	sum := sha256.Sum256([]byte(content))
	if n.State != "clean" || n.Media != "pdf" || n.SHA256 != hex.EncodeToString(sum[:]) || n.Name != name {
		t.Errorf("at the end %+v", n)
	}
	h.patch(n.ID, len(content), "").is(200).into(&n) // asked again: the same

	var events []struct {
		Type    string
		Subject string
		Data    map[string]any
	}
	feed := h.get("auditor", "/v1/events?limit=100").is(200).into(&events)
	attached := 0
	for _, e := range events {
		if e.Type == "dossier.file-attached.v1" {
			attached++
			if e.Subject != dossier || e.Data["file"] != n.ID || e.Data["media"] != "pdf" || e.Data["size"] != float64(len(content)) || e.Data["component"] != "tp-1" || e.Data["commitment"] == "" {
				t.Errorf("event %+v", e)
			}
		}
	}
	if attached != 1 || bytes.Contains(feed.body, []byte("Nghĩa")) || bytes.Contains(feed.body, []byte(n.SHA256)) {
		t.Errorf("%d events; name or hash in the feed: %s", attached, feed.body)
	}

	got := h.get("officer-1", "/v1/files/"+n.ID+"/content").is(200)
	if string(got.body) != content {
		t.Errorf("%d bytes came, of %d", len(got.body), len(content))
	}
	for header, want := range map[string]string{
		"Content-Type": "application/pdf", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'", "Content-Length": strconv.Itoa(len(content)),
	} {
		if is := got.Header.Get(header); is != want {
			t.Errorf("%s: %q, want %q", header, is, want)
		}
	}
	if d := got.Header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment;") {
		t.Errorf("disposition %q", d)
	}
	var list struct{ Items []fileLine }
	h.get("reception", "/v1/dossiers/"+dossier+"/files").is(200).into(&list)
	if len(list.Items) != 1 || list.Items[0].Name != name {
		t.Errorf("list %+v", list)
	}
	access := string(h.get("auditor", "/v1/access").is(200).body)
	if !strings.Contains(access, `"access.file-read"`) || !strings.Contains(access, n.ID) || !strings.Contains(access, `"access.files-listed"`) || strings.Contains(access, "Nghĩa") {
		t.Errorf("access journal: %s", access)
	}
}

func TestWhoMayNotReadADossierGetsNothingOfItsFiles(t *testing.T) {
	t.Parallel()
	h, _ := scanned(t)
	content := aPDF(1000)
	dossier, n := h.announced(content)
	h.send("applicant-2", "PATCH", "/v1/files/"+n.ID, content, "Content-Type: application/offset+octet-stream", "Upload-Offset: 0").problem(404, "no_file")
	h.patch(n.ID, 0, content).is(200)
	h.get("applicant-2", "/v1/files/"+n.ID+"/content").problem(403, "not_allowed")
	h.get("applicant-2", "/v1/dossiers/"+dossier+"/files").problem(403, "not_allowed")
	h.post("applicant-2", "/v1/dossiers/"+dossier+"/files", announce(content)).problem(403, "not_allowed")
	h.get("", "/v1/files/"+n.ID+"/content").problem(401, "unauthenticated")
	h.get("auditor", "/v1/files/"+uuid.NewString()+"/content").problem(404, "no_file")
	h.post("applicant-1", "/v1/dossiers/"+h.submitted().ID+"/attach-file", `{"file":"`+n.ID+`"}`).problem(404, "no_file") // of another dossier
}

func TestWhatIsNotWhatItSaysIsRefusedAndDeleted(t *testing.T) {
	t.Parallel()
	h, c := scanned(t)
	bomb := func() string {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, _ := z.Create("word/document.xml")
		_, _ = w.Write(make([]byte, 64<<20))
		_ = z.Close()
		return b.String()
	}()
	for _, bad := range []struct{ name, content, code string }{
		{"a program named as a PDF", "MZ\x90\x00" + aPDF(1000), "executable"},
		{"a page", "<html><script>alert(1)</script>", "active_content"},
		{"a bomb", bomb, "archive_bomb"},
		{"a text", "xin chào", "unsupported_type"},
		{"a PDF cut short", aPDF(1000)[:500], "broken_file"},
		{"a virus", "%PDF-1.7\n" + devstack.TestVirus + "\n%%EOF\n", "infected"},
	} {
		dossier, n := h.announced(bad.content)
		p := h.patch(n.ID, 0, bad.content).problem(409, bad.code)
		if len(p.Errors) != 1 || p.Errors[0].Field != "file" {
			t.Errorf("%s: %+v", bad.name, p)
		}
		h.patch(n.ID, 0, bad.content).problem(409, bad.code) // again: the same
		h.get("auditor", "/v1/files/"+n.ID+"/content").problem(409, "file_not_clean")
		h.post("applicant-1", "/v1/dossiers/"+dossier+"/attach-file", `{"file":"`+n.ID+`"}`).problem(409, "file_not_clean")
		if v := h.get("auditor", "/v1/dossiers/"+dossier+"?version=2"); v.StatusCode != 404 {
			t.Errorf("%s changed the dossier: %s", bad.name, v.body)
		}
	}
	content := aPDF(1000)
	id := h.submitted().ID
	var n fileLine
	h.post("applicant-1", "/v1/dossiers/"+id+"/files", fmt.Sprintf(`{"name":"a.pdf","size":%d,"sha256":"%064d"}`, len(content), 7)).is(201).into(&n)
	h.patch(n.ID, 0, content).problem(409, "wrong_hash")
	_, n = h.announced(content)
	h.patch(n.ID, 0, content+"x").problem(409, "longer_than_announced")
	if left := c.blobsIn(t); len(left) > 0 {
		t.Errorf("left in the store: %v", left)
	}
}

func TestAnUploadThatIsNotUnderstoodSaysWhy(t *testing.T) {
	t.Parallel()
	h, _ := scanned(t)
	id := h.submitted().ID
	for body, code := range map[string]string{
		`{"name":"","size":1}`: "bad_name", `{"name":"a/b","size":1}`: "bad_name", `{"name":"a","size":0}`: "empty_file",
		`{"name":"a","size":1,"sha256":"x"}`: "bad_hash", `{"name":"a","size":1,"component":"Đơn"}`: "bad_code",
	} {
		h.post("applicant-1", "/v1/dossiers/"+id+"/files", body).problem(422, code)
	}
	h.post("applicant-1", "/v1/dossiers/"+id+"/files", `{"name":"a","size":99999999999}`).problem(413, "file_too_large")
	_, n := h.announced(aPDF(100))
	h.send("applicant-1", "PATCH", "/v1/files/"+n.ID, "x", "Upload-Offset: 0").problem(415, "unsupported_media_type")
	h.post("applicant-1", "/v1/dossiers/"+id+"/files", `{"name":"a","size":1}`, "Idempotency-Key: k").is(201)
	h.post("applicant-1", "/v1/dossiers/"+id+"/files", `{"name":"a","size":2}`, "Idempotency-Key: k").problem(422, "key_reused")
}

func TestWithoutAScannerNothingIsTakenAndNothingIsGivenOut(t *testing.T) {
	t.Parallel()
	c := &cabinet{dir: t.TempDir()}
	h := openHouseWith(t, nil, nil, c)
	h.post("applicant-1", "/v1/dossiers/"+h.submitted().ID+"/files", announce("x")).problem(503, "no_scanner")

	c = &cabinet{dir: t.TempDir(), clamd: filepath.Join(t.TempDir(), "nobody")}
	h = openHouseWith(t, nil, nil, c)
	content := aPDF(1000)
	dossier, n := h.announced(content)
	h.patch(n.ID, 0, content).problem(503, "scanner_away")
	h.get("auditor", "/v1/files/"+n.ID+"/content").problem(409, "file_not_clean")
	h.post("applicant-1", "/v1/dossiers/"+dossier+"/attach-file", `{"file":"`+n.ID+`"}`).problem(409, "file_not_clean")

	newHouse(t).post("applicant-1", "/v1/dossiers/"+uuid.NewString()+"/files", announce("x")).problem(503, "files_off")
}

func TestWhatCouldNotBeScannedIsScannedWhenTheScannerIsBack(t *testing.T) {
	t.Parallel()
	clamd := devstack.TestClamd(t)
	c := &cabinet{dir: t.TempDir(), clamd: filepath.Join(t.TempDir(), "s")}
	h := openHouseWith(t, nil, nil, c)
	content := aPDF(1000)
	_, n := h.announced(content)
	h.patch(n.ID, 0, content).problem(503, "scanner_away")
	if err := os.Symlink(clamd, c.clamd); err != nil {
		t.Fatal(err)
	}
	if err := c.files.Sweep(t.Context(), time.Now().Add(2*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got := h.get("auditor", "/v1/files/"+n.ID+"/content").is(200); string(got.body) != content {
		t.Errorf("%d bytes", len(got.body))
	}
}

func TestAnUploadThatStandsStillIsSwept(t *testing.T) {
	t.Parallel()
	h, c := scanned(t)
	content := aPDF(1000)
	_, n := h.announced(content)
	h.patch(n.ID, 0, content[:500]).is(200)
	_, whole := h.announced(content)
	if err := c.files.Sweep(t.Context(), time.Now().Add(23*time.Hour)); err != nil || len(c.blobsIn(t)) != 1 {
		t.Fatalf("swept too early: %v, %v", c.blobsIn(t), err)
	}
	if _, err := c.kept.Append(t.Context(), uuid.MustParse(whole.ID), 0, strings.NewReader(content)); err != nil { // its process dies before it is judged
		t.Fatal(err)
	}
	if err := c.files.Sweep(t.Context(), time.Now().Add(25*time.Hour)); err != nil {
		t.Fatal(err)
	}
	h.patch(n.ID, 500, content[500:]).problem(404, "no_file")
	h.get("auditor", "/v1/files/"+whole.ID+"/content").is(200)
}

func TestAnAlteredFileNeverArrivesWhole(t *testing.T) {
	t.Parallel()
	h, c := scanned(t)
	content := aPDF(3 << 20)
	for _, at := range []int{100, -100} { // in the first segment, and in the last
		_, n := h.announced(content)
		before := c.blobsIn(t)
		h.patch(n.ID, 0, content).is(200)
		for _, path := range c.blobsIn(t) {
			if strings.Contains(strings.Join(before, " "), path) {
				continue
			}
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			b[(len(b)+at)%len(b)] ^= 1
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if at > 0 {
			h.get("auditor", "/v1/files/"+n.ID+"/content").problem(500, "file_altered")
			continue
		}
		r, err := http.NewRequestWithContext(t.Context(), "GET", h.url+"/v1/files/"+n.ID+"/content", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer dev:auditor")
		answer, err := h.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err == nil || len(got) >= len(content) {
			t.Errorf("%d of %d bytes, %v", len(got), len(content), err)
		}
	}
}

func TestErasingAPersonTakesTheFilesOfItsDossiers(t *testing.T) {
	t.Parallel()
	h, c := scanned(t)
	content := aPDF(1000)
	dossier, n := h.announced(content)
	h.patch(n.ID, 0, content).is(200)
	if _, err := c.keys.Erase(t.Context(), handlers.PersonStream("applicant-1")); err != nil {
		t.Fatal(err)
	}
	h.get("auditor", "/v1/files/"+n.ID+"/content").problem(410, "file_erased")
	h.post("applicant-1", "/v1/dossiers/"+dossier+"/files", announce(content)).problem(409, "erased")
	if err := c.files.Sweep(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if left := c.blobsIn(t); len(left) > 0 {
		t.Errorf("left in the store: %v", left)
	}
	if r, err := c.kept.Verify(t.Context(), nil, nil); err != nil || r.Erased != 1 || len(r.Altered)+len(r.Missing) > 0 {
		t.Errorf("report %+v, %v", r, err)
	}
}

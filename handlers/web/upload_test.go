package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"regexp"
	"strings"
	"testing"
	"time"

	"dossier/domain/dossier"
	"dossier/handlers"
)

const letterPDF = "%PDF-1.7\n% trang giấy\ntrailer << >>\n%%EOF\n"

var keyField = regexp.MustCompile(`name="key" value="([^"]+)"`)

// sends posts a form with a file, as a browser does: the fields first, then the file, of a length that is announced.
func (r *reader) sends(path, origin string, fields map[string]string, name string, content io.Reader, size int64) page {
	r.s.t.Helper()
	var head bytes.Buffer
	m := multipart.NewWriter(&head)
	for field, value := range fields {
		_ = m.WriteField(field, value)
	}
	if _, err := m.CreatePart(textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf(`form-data; name="file"; filename="%s"`, name)}, "Content-Type": {"application/octet-stream"}}); err != nil {
		r.s.t.Fatal(err)
	}
	tail := "\r\n--" + m.Boundary() + "--\r\n"
	q, err := http.NewRequestWithContext(r.s.t.Context(), "POST", r.s.site.URL+path, io.MultiReader(&head, content, strings.NewReader(tail)))
	if err != nil {
		r.s.t.Fatal(err)
	}
	q.ContentLength = int64(head.Len()) + size + int64(len(tail))
	q.Header.Set("Content-Type", m.FormDataContentType())
	if origin != "" {
		q.Header.Set("Sec-Fetch-Site", origin)
	}
	answer, err := r.http.Do(q)
	return r.read(answer, err)
}

func (r *reader) file(path string, fields map[string]string, name, content string) page {
	r.s.t.Helper()
	return r.sends(path, "same-origin", fields, name, strings.NewReader(content), int64(len(content)))
}

func TestAFileIsSentFromTheDossiersPageWithoutAScript(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	r := s.submit("vet-practice-cert-renew", "applicant-1")
	path := "/dossiers/" + r.ID.String()
	mine := s.as("applicant-1")
	p := mine.get(path)
	p.says(t, "Gửi tệp", `enctype="multipart/form-data"`, `name="component"`, `<option value="tp-1">tp-1: `)
	if strings.Contains(p.html, `name="kind"`) {
		t.Error("an applicant is asked whether it brings a result")
	}
	key := keyField.FindStringSubmatch(p.html)
	if key == nil {
		t.Fatal("the form has no key")
	}
	fields := map[string]string{"key": key[1], "component": "tp-1"}
	for range 2 { // pressed twice
		p = mine.file(path+"/files", fields, "Giấy khai sinh.pdf", letterPDF)
		if p.status != http.StatusOK || p.url.Path != path {
			t.Fatalf("%d at %s: %s", p.status, p.url, p.html)
		}
		p.says(t, "Đã ghi lúc", "Tải tệp 1", "Tài liệu PDF", "tp-1")
		if strings.Contains(p.html, "Tải tệp 2") {
			t.Error("pressed twice, attached twice")
		}
	}
	lines, err := s.files.List(t.Context(), s.actor("reception"), r.ID, "")
	if err != nil || len(lines) != 1 || lines[0].Name != "Giấy khai sinh.pdf" || lines[0].State != "clean" || lines[0].Size != int64(len(letterPDF)) {
		t.Fatalf("%+v, %v", lines, err)
	}
	c, err := s.files.Read(t.Context(), s.actor("reception"), lines[0].ID, "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got, err := io.ReadAll(c); err != nil || string(got) != letterPDF {
		t.Errorf("%q, %v", got, err)
	}
	staff := s.as("reception").get(path)
	staff.says(t, `name="kind"`, "Bản quét khi số hóa")
}

func TestAFileThatIsNotTakenIsToldWhyInBothLanguagesAndChangesNothing(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	r := s.submit("vet-practice-cert-renew", "applicant-1")
	path := "/dossiers/" + r.ID.String() + "/files"
	mine := s.as("applicant-1")
	for _, one := range []struct {
		name, file, content string
		fields              map[string]string
		status              int
		vi, en              string
	}{
		{"nothing chosen", "", "", nil, 422, "Chưa chọn tệp", "No file was chosen"},
		{"empty", "a.pdf", "", nil, 422, "hoặc tệp rỗng", "or it is empty"},
		{"a program", "a.pdf", "MZ\x90\x00 and so on", nil, 409, "chương trình", "program"},
		{"too large", "a.pdf", letterPDF + strings.Repeat("x", 5<<20), nil, 413, "Tệp quá lớn", "too large"},
		{"no such part", "a.pdf", letterPDF, map[string]string{"component": "Không"}, 422, "Mã thành phần", "code of a component"},
	} {
		for lang, want := range map[string]string{"vi": one.vi, "en": one.en} {
			fields := map[string]string{"key": handlers.NewKey()}
			for k, v := range one.fields {
				fields[k] = v
			}
			p := mine.file(path+"?lang="+lang, fields, one.file, one.content)
			if p.status != one.status {
				t.Errorf("%s: %d, want %d: %s", one.name, p.status, one.status, p.html)
			}
			p.says(t, want, `role="alert"`, `enctype="multipart/form-data"`)
		}
	}
	if p := mine.sends(path, "cross-site", map[string]string{"key": "k"}, "a.pdf", strings.NewReader(letterPDF), int64(len(letterPDF))); p.status != http.StatusForbidden {
		t.Errorf("from another site: %d", p.status)
	}
	if p := s.as("applicant-2").file(path, map[string]string{"key": "k"}, "a.pdf", letterPDF); p.status != http.StatusForbidden {
		t.Errorf("another's dossier: %d", p.status)
	}
	if p := mine.post(path, map[string][]string{"key": {"k"}}); p.status != http.StatusUnsupportedMediaType {
		t.Errorf("a form without a file: %d", p.status)
	}
	if p := s.as("auditor").get(path); p.status != http.StatusForbidden {
		t.Errorf("a form for who may not attach: %d", p.status)
	}
	facts, err := s.executor.Facts(t.Context(), r.ID)
	if err != nil || len(facts) != 1 {
		t.Errorf("%d facts, %v", len(facts), err)
	}
}

// What follows the file would make it longer than it is: it is refused before its last byte is taken.
func TestAFileThatIsNotTheLastPartOfItsFormIsRefused(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	r := s.submit("vet-practice-cert-renew", "applicant-1")
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	_ = m.WriteField("key", "k")
	w, _ := m.CreateFormFile("file", "a.pdf")
	_, _ = io.WriteString(w, letterPDF)
	_ = m.WriteField("component", "tp-1")
	mine := s.as("applicant-1")
	tail := "\r\n--" + m.Boundary() + "--" // and no line end, as no browser sends it
	answer, err := mine.http.Post(s.site.URL+"/dossiers/"+r.ID.String()+"/files", m.FormDataContentType(), strings.NewReader(b.String()+tail))
	if p := mine.read(answer, err); p.status != http.StatusBadRequest {
		t.Errorf("%d: %s", p.status, p.html)
	}
	state, err := s.executor.Facts(t.Context(), r.ID)
	if err != nil || len(dossier.Fold(state).Files) > 0 {
		t.Errorf("attached, %v", err)
	}
}

// A line that breaks leaves what came, and the same form sent again goes on from there.
func TestAnUploadFromAPageThatBreaksIsSentAgain(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	r := s.submit("vet-practice-cert-renew", "applicant-1")
	path := "/dossiers/" + r.ID.String()
	mine := s.as("applicant-1")
	content := letterPDF[:9] + strings.Repeat("% trang\n", 300_000) + "%%EOF\n"
	broken := io.MultiReader(strings.NewReader(content[:1<<20]), failing{})
	var head bytes.Buffer
	m := multipart.NewWriter(&head)
	_ = m.WriteField("key", "again")
	_, _ = m.CreateFormFile("file", "a.pdf")
	q, err := http.NewRequestWithContext(t.Context(), "POST", s.site.URL+path+"/files", io.MultiReader(&head, broken))
	if err != nil {
		t.Fatal(err)
	}
	q.ContentLength = int64(head.Len() + len(content) + len(m.Boundary()) + 8)
	q.Header.Set("Content-Type", m.FormDataContentType())
	if answer, err := mine.http.Do(q); err == nil {
		answer.Body.Close()
		t.Errorf("half a file: %d", answer.StatusCode)
	}
	var p page
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-time.After(20 * time.Millisecond) { // the broken one may still hold it
		if p = mine.file(path+"/files", map[string]string{"key": "again"}, "a.pdf", content); p.status == http.StatusOK {
			break
		}
	}
	p.says(t, "Tải tệp 1")
	lines, err := s.files.List(t.Context(), s.actor("reception"), r.ID, "")
	if err != nil || len(lines) != 1 || lines[0].Size != int64(len(content)) || lines[0].State != "clean" {
		t.Errorf("%+v, %v", lines, err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the line broke") }

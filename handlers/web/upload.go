package web

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"time"

	"github.com/google/uuid"

	"dossier/domain"
	"dossier/domain/dossier"
	"dossier/eventstore"
	"dossier/handlers"
)

// uploadForm is the form that sends a file: on the dossier's page, and on a page of its own with what was wrong.
type uploadForm struct {
	Action, Code, Cancel string
	Key                  string
	Inputs               []input
	Most                 string
	Errors               *problems
}

// mostUploads is how many files one process takes over its pages at once: each holds some megabytes.
const mostUploads = 16

// standstill ends an upload whose sender sends nothing.
const standstill = time.Minute

// uploadForm is nil for who may not attach a file to the dossier as it stands.
func (s *site) uploadForm(v *visit, id uuid.UUID, state dossier.State, typed map[string]string) *uploadForm {
	actor, err := v.known()
	if err != nil || s.Files.Most() == 0 || !oneOf(attachFile, v.allowed(state, actor, s.Now())) {
		return nil
	}
	if v.may(attachFile) != nil {
		return nil
	}
	parts := input{Name: "component", Kind: "select", Label: Words{"Thành phần hồ sơ", "Part of the dossier"}.In(v.lang), Hint: Words{"Tệp này là phần nào theo danh mục của thủ tục.", "Which part on the procedure’s list the file is."}.In(v.lang)}
	if version, ok := v.rules.Version(state.Procedure, state.ProcedureVersion); ok {
		for _, c := range version.Components {
			name := Words{c.NameVI, c.NameEN}
			if name.EN == "" {
				name.EN = name.VI
			}
			parts.Options = append(parts.Options, option{c.Code, c.Code + ": " + name.In(v.lang), typed["component"] == c.Code})
		}
	}
	f := &uploadForm{Action: "/dossiers/" + id.String() + "/files", Code: codeOf(id, state), Cancel: "/dossiers/" + id.String(), Key: handlers.NewKey(), Most: v.weight(int(s.Files.Most())), Inputs: []input{parts}}
	if actor.Role != domain.Applicant {
		kinds := input{Name: "kind", Kind: "select", Label: Words{"Loại tệp", "Kind of file"}.In(v.lang), Hint: Words{"Bỏ trống nếu là giấy tờ của người nộp.", "Leave it out for what the applicant gives."}.In(v.lang)}
		for _, code := range dossier.Values("file_kind") {
			kinds.Options = append(kinds.Options, option{code, label("file_kind", code, v.lang), typed["kind"] == code})
		}
		f.Inputs = append(f.Inputs, kinds)
	}
	return f
}

// uploadPage shows the form by itself.
func (s *site) uploadPage(w http.ResponseWriter, r *http.Request, v *visit) error {
	id, facts, err := s.open(r, v)
	if err != nil {
		return err
	}
	f := s.uploadForm(v, id, dossier.Fold(facts), nil)
	if f == nil {
		return errNowhere
	}
	return s.renderUpload(w, r, v, http.StatusOK, f)
}

func (s *site) renderUpload(w http.ResponseWriter, r *http.Request, v *visit, status int, f *uploadForm) error {
	title := Words{"Gửi tệp · ", "Send a file · "}.In(v.lang) + f.Code
	if f.Errors != nil {
		title = Words{"Lỗi: ", "Error: "}.In(v.lang) + title
	}
	return s.render(w, r, v, status, "upload", title, f)
}

// upload takes a file as it comes, straight into the store.
func (s *site) upload(w http.ResponseWriter, r *http.Request, v *visit) error {
	select {
	case s.uploads <- struct{}{}:
		defer func() { <-s.uploads }()
	default:
		return eventstore.ErrBusy
	}
	r.Body = &patient{r.Body, http.NewResponseController(w)}
	id, facts, err := s.open(r, v)
	if err != nil {
		return err
	}
	sent, err := readUpload(r)
	var receipt handlers.Receipt
	if err == nil {
		receipt, err = s.take(r, v, id, sent)
	}
	if err == nil {
		http.Redirect(w, r, done(receipt), http.StatusSeeOther)
		return nil
	}
	_, _ = io.CopyN(io.Discard, r.Body, s.Files.Most()+maxForm) // else the browser shows a broken line and no reason
	f := s.uploadForm(v, id, dossier.Fold(facts), sent.fields)
	if f == nil {
		return s.refused(r, v, attachFile, id, err)
	}
	status, found := v.problems(f.Inputs, err)
	if failure := (*handlers.Failure)(nil); errors.As(err, &failure) {
		status, found = failure.Status, &problems{Title: Words{"Chưa gửi được tệp", "The file was not taken"}.In(v.lang), Items: []problem{{Text: Words{failure.VI, failure.EN}.In(v.lang)}}}
	}
	if found == nil {
		return err
	}
	f.Errors = found
	return s.renderUpload(w, r, v, status, f)
}

// take announces a file and appends it. What an earlier try under the same key left there is skipped.
func (s *site) take(r *http.Request, v *visit, id uuid.UUID, sent sentFile) (receipt handlers.Receipt, err error) {
	n, err := s.Files.Create(r.Context(), *v.Actor, id, handlers.NewFile{Name: sent.name, Size: sent.size, Component: sent.fields["component"], Kind: sent.fields["kind"]}, handlers.Envelope{Key: sent.fields["key"]})
	if err != nil {
		return receipt, err
	}
	if _, err := io.CopyN(io.Discard, sent.content, n.Offset); err != nil {
		return receipt, cutUpload(err)
	}
	n, err = s.Files.Append(r.Context(), *v.Actor, n.ID, n.Offset, sent.content)
	if err == nil && n.Offset < n.Size {
		err = cutUpload(io.ErrUnexpectedEOF)
	}
	if err != nil {
		return receipt, err
	}
	facts, err := s.Executor.Facts(r.Context(), id)
	receipt.ID = id
	for _, f := range facts {
		if e, is := f.Event.(dossier.FileAttached); is && string(e.File) == n.ID.String() {
			receipt.Position = f.Position
		}
	}
	return receipt, err
}

// patient lets each read take its time, and no longer.
type patient struct {
	io.ReadCloser
	control *http.ResponseController
}

func (p *patient) Read(b []byte) (int, error) {
	_ = p.control.SetReadDeadline(time.Now().Add(standstill))
	return p.ReadCloser.Read(b)
}

// sentFile is a form with a file, read up to where the file begins.
type sentFile struct {
	fields  map[string]string
	name    string
	size    int64
	content io.Reader
}

// readUpload reads a multipart form up to its file, which must be its last part: what is left of the announced length, less the closing
// boundary, is how long the file is. So nothing of it need be kept to know that, in memory or on a disk in clear.
func readUpload(r *http.Request) (sent sentFile, err error) {
	sent.fields = map[string]string{}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return sent, badUpload(http.StatusUnsupportedMediaType, fmt.Errorf("content type %q", kind))
	}
	if r.ContentLength < 0 {
		return sent, badUpload(http.StatusLengthRequired, errors.New("no content length"))
	}
	body := bufio.NewReaderSize(r.Body, maxForm)
	head, err := body.Peek(int(min(r.ContentLength, maxForm)))
	if err != nil {
		return sent, cutUpload(err)
	}
	at, boundary := 0, []byte("--"+params["boundary"])
	for {
		begins := bytes.Index(head[at:], boundary)
		if begins < 0 {
			return sent, badUpload(http.StatusBadRequest, errors.New("no file in the first part of the form"))
		}
		at += begins + len(boundary)
		if bytes.HasPrefix(head[at:], []byte("--")) {
			return sent, noUpload()
		}
		length := bytes.Index(head[at:], []byte("\r\n\r\n"))
		if length < 0 {
			return sent, badUpload(http.StatusBadRequest, errors.New("the heads of the form are too long"))
		}
		header, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(head[at+2 : at+length+4]))).ReadMIMEHeader()
		if err != nil {
			return sent, badUpload(http.StatusBadRequest, err)
		}
		at += length + 4
		part := multipart.Part{Header: header}
		_, disposition, _ := mime.ParseMediaType(header.Get("Content-Disposition"))
		if _, file := disposition["filename"]; file {
			if sent.name = part.FileName(); !handlers.IsText(url.Values{"": {sent.name}}) {
				return sent, badUpload(http.StatusBadRequest, errors.New("the name of the file is no text"))
			}
			break
		}
		value, _, _ := bytes.Cut(head[at:], append([]byte("\r\n"), boundary...))
		sent.fields[part.FormName()] = string(value)
		if !handlers.IsText(url.Values{part.FormName(): {string(value)}}) {
			return sent, badUpload(http.StatusBadRequest, errors.New("a field is no text"))
		}
	}
	closing := "\r\n" + string(boundary) + "--\r\n"
	if sent.size = r.ContentLength - int64(at) - int64(len(closing)); sent.size < 1 || sent.name == "" {
		return sent, noUpload()
	}
	if _, err := body.Discard(at); err != nil {
		return sent, cutUpload(err)
	}
	sent.content = io.MultiReader(io.LimitReader(body, sent.size-1), &ending{r: body, closing: closing})
	return sent, nil
}

// ending gives out the last byte of a file once it was seen that the form ends behind it.
type ending struct {
	r       io.Reader
	closing string
	done    bool
}

func (e *ending) Read(b []byte) (int, error) {
	if e.done || len(b) == 0 {
		return 0, io.EOF
	}
	rest := make([]byte, 1+len(e.closing))
	if _, err := io.ReadFull(e.r, rest); err != nil {
		return 0, io.ErrUnexpectedEOF
	}
	if string(rest[1:]) != e.closing {
		return 0, errTail
	}
	e.done = true
	return copy(b, rest[:1]), nil
}

var errTail = errors.New("the file is not the last part of the form")

func badUpload(status int, err error) error {
	return &handlers.Failure{Status: status, Code: "malformed_form", Err: err,
		VI: "Biểu mẫu gửi tệp không đọc được. Mở lại trang hồ sơ và gửi từ biểu mẫu ở đó; tệp là phần cuối cùng của biểu mẫu.",
		EN: "The form with the file cannot be read. Open the dossier’s page again and send it from there; the file is the last part of the form."}
}

func noUpload() error {
	return &domain.Invalid{Code: "empty_file", Field: "file", VI: "Chưa chọn tệp, hoặc tệp rỗng. Chọn một tệp rồi gửi lại.", EN: "No file was chosen, or it is empty. Choose a file and send again."}
}

func cutUpload(err error) error {
	return &handlers.Failure{Status: http.StatusBadRequest, Code: "upload_cut", Err: err,
		VI: "Đường truyền bị ngắt trước khi gửi xong. Chọn tệp và gửi lại.", EN: "The connection was cut before all was sent. Choose the file and send it again."}
}

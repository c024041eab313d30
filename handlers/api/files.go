package api

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"dossier/domain/dossier"
	"dossier/eventstore/blobs"
	"dossier/handlers"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"
)

// The routes on which content goes, for as long as it takes.
const (
	appendRoute  = "PATCH /v1/files/{id}"
	contentRoute = "GET /v1/files/{id}/content"
)

// mostTransfers is how many uploads and downloads one process carries at once: each holds a few megabytes.
const mostTransfers = 32

// standstill ends a transfer whose other side neither sends nor takes anything.
const standstill = time.Minute

type newFileInput struct {
	ID   uuid.UUID `path:"id"`
	Key  string    `header:"Idempotency-Key" maxLength:"255" doc:"Names this upload: the same key again means the same file, and tells how far it is. Missing: made and returned."`
	Body handlers.NewFile
}

type fileOutput struct {
	Status   int
	Key      string `header:"Idempotency-Key"`
	Location string `header:"Location" doc:"Where the bytes go: PATCH."`
	Offset   string `header:"Upload-Offset" doc:"How much is there."`
	Length   string `header:"Upload-Length"`
	Body     handlers.FileLine
}

func fileAnswer(n handlers.FileLine) *fileOutput {
	return &fileOutput{Status: http.StatusOK, Location: "/v1/files/" + n.ID.String(), Offset: strconv.FormatInt(n.Offset, 10), Length: strconv.FormatInt(n.Size, 10), Body: n}
}

// createFile announces an upload.
func (s *server) createFile(ctx context.Context, in *newFileInput) (*fileOutput, error) {
	e := keyed(ctx, in.Key)
	n, err := s.Files.Create(ctx, handlers.CallOf(ctx).Actor, in.ID, in.Body, e)
	if err != nil {
		return nil, err
	}
	out := fileAnswer(n)
	out.Status, out.Key = http.StatusCreated, e.Key
	return out, nil
}

type fileInput struct {
	ID uuid.UUID `path:"id"`
}

type offsetOutput struct {
	Offset string `header:"Upload-Offset" doc:"How much is there; go on from here."`
	Length string `header:"Upload-Length"`
	State  string `header:"Upload-State" doc:"uploading, scanning, clean, infected or refused."`
}

// fileOffset tells the uploader where to go on.
func (s *server) fileOffset(ctx context.Context, in *fileInput) (*offsetOutput, error) {
	n, err := s.Files.Offset(ctx, handlers.CallOf(ctx).Actor, in.ID)
	if err != nil {
		return nil, err
	}
	return &offsetOutput{strconv.FormatInt(n.Offset, 10), strconv.FormatInt(n.Size, 10), string(n.State)}, nil
}

// appendInput keeps the body a stream: what huma reads by itself it reads whole.
type appendInput struct {
	ID     uuid.UUID `path:"id"`
	Offset int64     `header:"Upload-Offset" minimum:"0" required:"true" doc:"Where these bytes begin: what HEAD says."`
	body   io.Reader
	kind   string
}

// Resolve finds the body.
func (in *appendInput) Resolve(c huma.Context) []error {
	r, w := humago.Unwrap(c)
	in.body, in.kind = &patient{r.Body, http.NewResponseController(w)}, r.Header.Get("Content-Type")
	return nil
}

// patient lets each read take its time, and no longer.
type patient struct {
	r       io.Reader
	control *http.ResponseController
}

func (p *patient) Read(b []byte) (int, error) {
	_ = p.control.SetReadDeadline(time.Now().Add(standstill))
	return p.r.Read(b)
}

// appendFile takes bytes, and with the last of them judges the file.
func (s *server) appendFile(ctx context.Context, in *appendInput) (*fileOutput, error) {
	if in.kind != "application/offset+octet-stream" {
		return nil, &failed{&handlers.Failure{Status: http.StatusUnsupportedMediaType, Code: "unsupported_media_type", Field: "Content-Type",
			VI: "Gửi nội dung tệp với Content-Type: application/offset+octet-stream", EN: "Send the bytes with Content-Type: application/offset+octet-stream"}}
	}
	n, err := s.Files.Append(ctx, handlers.CallOf(ctx).Actor, in.ID, in.Offset, in.body)
	if err != nil {
		return nil, &failed{err}
	}
	return fileAnswer(n), nil
}

type filesOutput struct {
	Body struct {
		Items []handlers.FileLine `json:"items"`
	}
}

// files lists those of a dossier with their names.
func (s *server) files(ctx context.Context, in *fileInput) (*filesOutput, error) {
	call := handlers.CallOf(ctx)
	lines, err := s.Files.List(ctx, call.Actor, in.ID, call.Traceparent)
	if err != nil {
		return nil, err
	}
	out := &filesOutput{}
	out.Body.Items = lines
	return out, nil
}

// content gives a clean file out, always as something to be saved and never as something to be shown.
func (s *server) content(ctx context.Context, in *fileInput) (*huma.StreamResponse, error) {
	call := handlers.CallOf(ctx)
	c, err := s.Files.Read(ctx, call.Actor, in.ID, call.Traceparent)
	if err != nil {
		return nil, &failed{fileFault(err)}
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer c.Close()
		r, w := humago.Unwrap(hc)
		out := &late{w: w, control: http.NewResponseController(w), c: c}
		err := c.CopyTo(out)
		switch {
		case err == nil:
		case !out.begun:
			s.log.ErrorContext(ctx, "a file is not given out", "file", c.ID, "error", err)
			s.fail(w, r, fileFault(err))
		default:
			noted(hc.Context(), err)
			s.log.ErrorContext(ctx, "a file was cut off while it was given out", "file", c.ID, "error", err)
			panic(http.ErrAbortHandler) // the connection ends before the last byte: nobody takes it for whole
		}
	}}, nil
}

func fileFault(err error) error {
	if errors.Is(err, blobs.ErrAltered) || errors.Is(err, blobs.ErrNone) {
		return handlers.ErrFileAltered
	}
	return err
}

// late sends the headers with the first bytes, so that what fails before can still be told.
type late struct {
	w       http.ResponseWriter
	control *http.ResponseController
	c       *blobs.Content
	begun   bool
}

func (l *late) Write(b []byte) (int, error) {
	if !l.begun {
		l.begun = true
		h := l.w.Header()
		h.Set("Content-Type", dossier.MediaType(l.c.Media).ContentType())
		h.Set("Content-Length", strconv.FormatInt(l.c.Size, 10))
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": l.c.Name}))
		h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
	}
	_ = l.control.SetWriteDeadline(time.Now().Add(standstill))
	return l.w.Write(b)
}

// fileRoutes are all there is of files, beside attach-file itself.
func (s *server) fileRoutes() {
	create := s.operation(http.MethodPost, "/v1/dossiers/{id}/files", "create-file", "Announce a file of a dossier; its bytes follow with PATCH")
	create.DefaultStatus = http.StatusCreated
	register(s, create, answering(answerWithin, s.createFile))
	get(s, "/v1/dossiers/{id}/files", "list-files", "The files of a dossier with their names; recorded in the access journal", s.files)
	register(s, s.operation(http.MethodHead, "/v1/files/{id}", "file-offset", "How much of an upload is there, for who sends it"), answering(answerWithin, s.fileOffset))
	register(s, s.appendOperation(), s.appendFile)
	register(s, s.operation(http.MethodGet, "/v1/files/{id}/content", "get-file-content", "A clean file, checked against its hash while it is sent; recorded in the access journal"), s.content)
	register(s, s.operation(http.MethodPost, "/v1/files/{id}/signatures", "sign-a-file", "Sign a file of a dossier, or bring a signature that was made elsewhere; it is proved first"), answering(answerWithin, s.signFile))
	get(s, "/v1/files/{id}/signatures", "list-file-signatures", "The signatures of a file, each held against it; recorded in the access journal", s.fileSignatures)
	post(s, "/v1/signatures/verify", "verify-signature", "Hold a signature against a content that is in no dossier: who signed, when, under which certificate. Nothing is recorded", s.prove)
	get(s, "/v1/dossiers/{id}/signatures", "list-signatures", "The signatures of a dossier's result and files, each held against what it is under; recorded in the access journal", s.signatures)
}

type signInput struct {
	ID   uuid.UUID `path:"id"`
	Key  string    `header:"Idempotency-Key" maxLength:"255"`
	Body struct {
		Signature string `json:"signature,omitempty" maxLength:"65536" doc:"One that was made elsewhere; missing: the signing service signs for the account."`
	}
}

type signedOutput struct {
	Key  string `header:"Idempotency-Key"`
	Body handlers.Receipt
}

// signFile puts a signature under a file.
func (s *server) signFile(ctx context.Context, in *signInput) (*signedOutput, error) {
	e := keyed(ctx, in.Key)
	r, err := s.Files.SignFile(ctx, handlers.CallOf(ctx).Actor, in.ID, in.Body.Signature, e)
	if err != nil {
		return nil, err
	}
	return &signedOutput{e.Key, r}, nil
}

type signaturesOutput struct {
	Body struct {
		Items []handlers.SignatureLine `json:"items"`
	}
}

func signaturesAnswer(lines []handlers.SignatureLine, err error) (*signaturesOutput, error) {
	if err != nil {
		return nil, err
	}
	out := &signaturesOutput{}
	out.Body.Items = lines
	return out, nil
}

func (s *server) fileSignatures(ctx context.Context, in *fileInput) (*signaturesOutput, error) {
	call := handlers.CallOf(ctx)
	return signaturesAnswer(s.Files.Signatures(ctx, handlers.Accessor{Actor: call.Actor, Traceparent: call.Traceparent}, in.ID))
}

func (s *server) signatures(ctx context.Context, in *fileInput) (*signaturesOutput, error) {
	call := handlers.CallOf(ctx)
	return signaturesAnswer(s.Executor.Signatures(ctx, handlers.Accessor{Actor: call.Actor, Traceparent: call.Traceparent}, in.ID, uuid.Nil))
}

func (s *server) appendOperation() huma.Operation {
	op := s.operation(http.MethodPatch, "/v1/files/{id}", "append-file", "Send bytes of an upload from an offset on; the last one has the file judged, scanned and attached")
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/offset+octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
	}}
	return op
}

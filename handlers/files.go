package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"dossier/domain"
	"dossier/domain/access"
	"dossier/domain/dossier"
	"dossier/eventstore"
	"dossier/eventstore/blobs"
	"dossier/eventstore/vault"
	"dossier/handlers/inspect"
	"dossier/handlers/signing"

	"github.com/google/uuid"
)

// Files takes attachments in and gives them out: announced, uploaded piece by piece, looked at, scanned, attached. A nil *Files takes none.
type Files struct {
	x *Executor
	o FilesOptions
}

// FilesOptions of files.
type FilesOptions struct {
	Store    *blobs.Files
	Scanner  *inspect.Scanner // nil: uploads are refused
	Most     int64            // bytes of one file; default 200 MB
	Patience time.Duration    // until an upload that stands still is swept; default 24 h
	Log      *slog.Logger     // default: none
}

// NewFiles returns the files of an executor that was given the same store.
func NewFiles(x *Executor, o FilesOptions) *Files {
	if o.Most == 0 {
		o.Most = 200 << 20
	}
	if o.Patience == 0 {
		o.Patience = 24 * time.Hour
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Files{x, o}
}

// Most is how many bytes a file may have, 0 where none is taken.
func (f *Files) Most() int64 {
	if f == nil {
		return 0
	}
	return f.o.Most
}

// NewFile announces an upload.
type NewFile struct {
	Name      string `json:"name" doc:"As the person called it. It is kept encrypted and never stands in an event." example:"giay-khai-sinh.pdf"`
	Size      int64  `json:"size" doc:"Bytes of the whole file." example:"48213"`
	SHA256    string `json:"sha256,omitempty" doc:"Of the whole file, in hexadecimal. If given, what comes must have it."`
	Component string `json:"component,omitempty" doc:"Code of the part of the dossier that it stands for." example:"tp-1"`
	Kind      string `json:"kind,omitempty" enum:"scan,result" doc:"What the authority attaches: a scan made at digitising, or the result. Missing: what the applicant gives."`
	Signature string `json:"signature,omitempty" maxLength:"65536" doc:"Detached JWS (flattened JSON, x5c, header.tst) over 'sha-256=:…:', the digest of the file as RFC 9530 writes it. It is proved before the file is attached."`
}

// FileLine is a file as it is shown to those who may read the dossier.
type FileLine struct {
	ID         uuid.UUID    `json:"id"`
	Dossier    uuid.UUID    `json:"dossier"`
	Name       string       `json:"name,omitempty" doc:"Missing once the key was destroyed."`
	Size       int64        `json:"size"`
	Offset     int64        `json:"offset" doc:"How much of it is there; an upload goes on here."`
	State      blobs.State  `json:"state" enum:"uploading,scanning,clean,infected,refused"`
	Reason     string       `json:"reason,omitempty" doc:"Why it was refused: a code."`
	Media      string       `json:"media,omitempty" doc:"What it is by its content." example:"pdf"`
	SHA256     string       `json:"sha256,omitempty"`
	Component  dossier.Code `json:"component,omitempty"`
	Kind       string       `json:"kind,omitempty" doc:"scan or result; missing: what the applicant gives."`
	SignedBy   []string     `json:"signed_by,omitempty" doc:"Accounts that signed it, or brought a signature with it."`
	By         domain.Actor `json:"by"`
	UploadedAt time.Time    `json:"uploaded_at"`
}

func lineOf(n blobs.File) FileLine {
	return FileLine{ID: n.ID, Dossier: n.Dossier, Name: n.Name, Size: n.Size, Offset: n.Offset, State: n.State, Reason: n.Reason, Media: n.Media, SHA256: n.SHA256,
		Component: dossier.Code(n.Component), Kind: n.Kind, By: n.By, UploadedAt: n.UploadedAt.UTC()}
}

// FileID is the id of a file that an account announces for a dossier under a key: a repeat means the same file.
func FileID(account string, id uuid.UUID, key string) uuid.UUID {
	return eventstore.StreamIDFor("file", account, id.String()+" "+key)
}

// Create announces a file of a dossier. What the rules would refuse once it is there is refused now.
func (f *Files) Create(ctx context.Context, a domain.Actor, id uuid.UUID, n NewFile, e Envelope) (FileLine, error) {
	if err := f.open(); err != nil {
		return FileLine{}, err
	}
	if err := f.check(n); err != nil {
		return FileLine{}, err
	}
	if err := checkKey(e.Key); err != nil {
		return FileLine{}, err
	}
	file := FileID(a.Account, id, e.Key)
	try := e
	try.arriving = true
	_, err := f.x.Try(ctx, a, id, try, dossier.AttachFile{File: dossier.Ref(file.String()), Component: dossier.Code(n.Component), Kind: dossier.FileKind(n.Kind), Media: "pdf", Size: 1, Commitment: "0"})
	if err := f.x.Refused(ctx, a, e, attachFile, id, err); err != nil {
		return FileLine{}, err
	}
	if err := f.bind(ctx, id, file); err != nil {
		return FileLine{}, err
	}
	announced := blobs.File{ID: file, Dossier: id, Name: n.Name, Size: n.Size, SHA256: n.SHA256, Component: n.Component, Kind: n.Kind, Signature: n.Signature, By: a}
	if err := f.o.Store.Create(ctx, announced); err != nil {
		return FileLine{}, err
	}
	kept, err := f.o.Store.Get(ctx, file)
	if err != nil {
		return FileLine{}, err
	}
	if kept.Name != n.Name || kept.Size != n.Size || kept.Component != n.Component || kept.Kind != n.Kind || kept.Signature != n.Signature || n.SHA256 != "" && !strings.EqualFold(kept.SHA256, n.SHA256) {
		return FileLine{}, eventstore.ErrCommandReused
	}
	return lineOf(kept), nil
}

// bind makes the key of the dossier one of its applicant's, so that whoever erases the person erases the file.
func (f *Files) bind(ctx context.Context, id, file uuid.UUID) error {
	if f.x.o.Vault == nil {
		return nil
	}
	facts, err := f.x.Facts(ctx, id)
	if err != nil {
		return err
	}
	person := PersonStream(dossier.Fold(facts).Applicant)
	_, err = f.x.o.Vault.Pledge(ctx, id, &person, file, "file", "")
	if errors.Is(err, vault.ErrErased) {
		return gone()
	}
	return err
}

var attachFile = dossier.Kebab(dossier.AttachFile{}.Name())

// open says why no upload is taken.
func (f *Files) open() error {
	switch {
	case f == nil:
		return &Failure{Status: http.StatusServiceUnavailable, Code: "files_off", Retry: 3600,
			VI: "Hệ thống này chưa nhận tệp: quản trị hệ thống cần đặt BLOB_URL và VAULT_KEY.",
			EN: "This system takes no files yet: its administrator must set BLOB_URL and VAULT_KEY."}
	case f.o.Scanner == nil:
		return &Failure{Status: http.StatusServiceUnavailable, Code: "no_scanner", Retry: 3600,
			VI: "Chưa nhận tệp vì chưa có máy quét vi-rút: quản trị hệ thống cần chạy clamd và đặt CLAMD_ADDR.",
			EN: "No file is taken because there is no virus scanner: the administrator must run clamd and set CLAMD_ADDR."}
	}
	return nil
}

var hash = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)

func (f *Files) check(n NewFile) error {
	switch {
	case strings.Trim(n.Name, ". ") == "" || utf8.RuneCountInString(n.Name) > 255 || !utf8.ValidString(n.Name) || strings.ContainsAny(n.Name, `/\`) || strings.ContainsFunc(n.Name, misleads):
		return &domain.Invalid{Code: "bad_name", Field: "name",
			VI: "Tên tệp có từ 1 đến 255 ký tự, không chỉ có dấu chấm, không có / \\, ký tự điều khiển và ký tự đổi chiều chữ. Đổi tên rồi gửi lại.",
			EN: "A file name has 1 to 255 characters, not dots alone, without / \\, control characters and marks that turn the direction of writing. Rename it and send again."}
	case n.Size < 1:
		return &domain.Invalid{Code: "empty_file", Field: "size", VI: "Tệp rỗng. Kiểm tra lại tệp, ghi đúng số byte.", EN: "The file is empty. Check it and say how many bytes it has."}
	case n.Size > f.o.Most:
		return &Failure{Status: http.StatusRequestEntityTooLarge, Code: "file_too_large", Field: "size",
			VI: fmt.Sprintf("Tệp quá lớn: %d byte, nhiều nhất %d. Giảm độ phân giải khi quét, hoặc tách thành nhiều tệp.", n.Size, f.o.Most),
			EN: fmt.Sprintf("The file is too large: %d bytes, at most %d. Scan at a lower resolution, or split it.", n.Size, f.o.Most)}
	case n.SHA256 != "" && !hash.MatchString(n.SHA256):
		return &domain.Invalid{Code: "bad_hash", Field: "sha256", VI: "SHA-256 gồm 64 chữ số thập lục phân. Bỏ trống nếu không có.", EN: "A SHA-256 has 64 hexadecimal digits. Leave it out if you have none."}
	case len(n.Signature) > signing.Longest:
		return signing.Refusal(signing.Malformed)
	case n.Signature != "" && f.x.o.Verifier == nil:
		_, err := signing.Off{}.Verify(context.Background(), "", signing.Digest{}, time.Time{})
		return err
	case n.Component != "" && !dossier.Code(n.Component).Valid():
		return &domain.Invalid{Code: "bad_code", Field: "component", VI: "Mã thành phần chỉ có chữ thường, số và . _ : -", EN: "The code of a component has lower-case letters, digits and . _ : - only"}
	}
	return nil
}

// misleads says of a letter that a name with it reads as another one: "\u202efdp.exe" looks like a PDF.
func misleads(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

// ErrNoFile is answered for a file that is not there.
var ErrNoFile error = &Failure{Status: http.StatusNotFound, Code: "no_file",
	VI: "Không có tệp mang mã này, hoặc đã bị xóa vì tải lên dở dang quá lâu. Gửi lại từ đầu.",
	EN: "There is no file of this id, or its upload stood still too long and was removed. Send it anew."}

func known(err error) error {
	switch {
	case errors.Is(err, blobs.ErrUnknown):
		return ErrNoFile
	case errors.Is(err, vault.ErrErased):
		return &Failure{Status: http.StatusGone, Code: "file_erased",
			VI: "Nội dung tệp đã được xóa theo yêu cầu về dữ liệu cá nhân; lịch sử hồ sơ vẫn giữ.", EN: "The content was erased with the personal data it belongs to; the history of the dossier stays."}
	}
	return err
}

// mine finds a file that an account uploads.
func (f *Files) mine(ctx context.Context, a domain.Actor, id uuid.UUID) (blobs.File, error) {
	if f == nil {
		return blobs.File{}, f.open()
	}
	if err := May(a, Act{Kind: Command, Name: "attach-file"}); err != nil {
		return blobs.File{}, err
	}
	if err := f.x.Admits(ctx, a); err != nil {
		return blobs.File{}, err
	}
	n, err := f.o.Store.Get(ctx, id)
	if err != nil {
		return n, known(err)
	}
	if n.By.Account != a.Account || a.Account == "" {
		return n, ErrNoFile // who asks does not learn that it is there
	}
	return n, nil
}

// Offset tells an uploader how far a file is.
func (f *Files) Offset(ctx context.Context, a domain.Actor, id uuid.UUID) (FileLine, error) {
	n, err := f.mine(ctx, a, id)
	return lineOf(n), err
}

// Append takes bytes from an offset on. With the last one the file is judged and attached, and the answer says how that ended. Sending nothing
// at the end of a file that is all there asks for that again, as after a scanner was away.
func (f *Files) Append(ctx context.Context, a domain.Actor, id uuid.UUID, offset int64, r io.Reader) (FileLine, error) {
	n, err := f.mine(ctx, a, id)
	if err != nil {
		return FileLine{}, err
	}
	if n.State == blobs.Refused || n.State == blobs.Infected {
		return lineOf(n), refusedFor(n.Reason)
	}
	if n.Offset < n.Size || n.State == blobs.Uploading && offset < n.Size {
		n.Offset, err = f.o.Store.Append(ctx, id, offset, r)
		var at *blobs.OffsetError
		switch {
		case errors.Is(err, blobs.ErrTooLong):
			return lineOf(n), f.refuse(context.WithoutCancel(ctx), id, "longer_than_announced", nil)
		case errors.As(err, &at):
			return lineOf(n), wrongOffset(at.Offset)
		case err != nil && n.Offset < n.Size:
			return lineOf(n), cutShort(n.Offset, err)
		}
		if n.Offset < n.Size {
			return lineOf(n), nil
		}
	} else if offset != n.Size {
		return lineOf(n), wrongOffset(n.Offset)
	}
	return f.finish(context.WithoutCancel(ctx), id)
}

func wrongOffset(at int64) error {
	return &Failure{Status: http.StatusConflict, Code: "wrong_offset", Field: "Upload-Offset",
		VI: fmt.Sprintf("Tệp đang có %d byte: gửi tiếp từ đó (Upload-Offset: %d).", at, at), EN: fmt.Sprintf("The file has %d bytes: go on from there (Upload-Offset: %d).", at, at)}
}

func cutShort(at int64, err error) error {
	if Away(err) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return err
	}
	return &Failure{Status: http.StatusBadRequest, Code: "upload_cut", Field: "Upload-Offset",
		VI: fmt.Sprintf("Đường truyền bị ngắt; đã giữ %d byte. Gửi tiếp từ đó.", at), EN: fmt.Sprintf("The connection was cut; %d bytes are kept. Go on from there.", at)}
}

// finish looks at a file that is all there and attaches it, or refuses it. It may be called again whatever came of the last time.
func (f *Files) finish(ctx context.Context, id uuid.UUID) (FileLine, error) {
	c, err := f.o.Store.Open(ctx, id)
	if err != nil {
		return FileLine{}, known(err)
	}
	defer c.Close()
	switch {
	case c.State == blobs.Clean:
		return lineOf(c.File), nil
	case c.State == blobs.Infected || c.State == blobs.Refused:
		return lineOf(c.File), refusedFor(c.Reason)
	case f.o.Scanner == nil:
		return lineOf(c.File), f.open()
	}
	media, found, err := inspect.Look(c, c.Size)
	if err != nil {
		return lineOf(c.File), fmt.Errorf("look at file %s: %w", id, err)
	}
	if found != "" {
		return lineOf(c.File), f.refuse(ctx, id, string(found), nil)
	}
	sum := sha256.New()
	virus, err := f.o.Scanner.Scan(ctx, io.TeeReader(c, sum))
	if err != nil {
		f.o.Log.ErrorContext(ctx, "a file could not be scanned", "file", id, "error", err)
		n, bad := f.o.Store.Judge(ctx, id, blobs.Scanning, "", string(media), nil)
		if bad != nil {
			return lineOf(n), bad
		}
		return lineOf(n), notScanned(err)
	}
	if virus != "" {
		f.o.Log.WarnContext(ctx, "a file carries a virus and was deleted", "file", id, "virus", virus)
		return lineOf(c.File), f.refuse(ctx, id, "infected", nil)
	}
	got := sum.Sum(nil)
	if want := c.Expected(); len(want) > 0 && hex.EncodeToString(want) != hex.EncodeToString(got) {
		return lineOf(c.File), f.refuse(ctx, id, "wrong_hash", nil)
	}
	p, err := f.proved(ctx, c.File, signing.Digest(got))
	var unsigned *domain.Refusal
	if errors.As(err, &unsigned) {
		return lineOf(c.File), f.refuse(ctx, id, unsigned.Code, err)
	}
	if err != nil {
		f.o.Log.ErrorContext(ctx, "a signature could not be proved", "file", id, "error", err)
		if n, bad := f.o.Store.Judge(ctx, id, blobs.Scanning, "", string(media), nil); bad != nil {
			return lineOf(n), bad
		}
		return lineOf(c.File), err
	}
	return f.attach(ctx, c.File, media, got, p)
}

// proved proves the signature that came with a file; nil where none did. Who signed it may be anybody: nothing of that is told.
func (f *Files) proved(ctx context.Context, n blobs.File, sum signing.Digest) (*proof, error) {
	if n.Signature == "" {
		return nil, nil
	}
	return f.x.proves(ctx, n.Signature, sum, dossier.Code(n.CommitmentTo(sum[:])), true)
}

// attach tells the dossier first and frees the file for reading then: a crash between leaves a file that is finished again.
func (f *Files) attach(ctx context.Context, n blobs.File, media dossier.MediaType, sum []byte, p *proof) (FileLine, error) {
	_, err := f.x.Do(ctx, n.By, n.Dossier, Envelope{Key: "file-" + n.ID.String(), Body: []byte(n.ID.String()), arriving: true, proof: p}, dossier.AttachFile{
		File: dossier.Ref(n.ID.String()), Component: dossier.Code(n.Component), Kind: dossier.FileKind(n.Kind), Media: media, Size: int(n.Size), Commitment: dossier.Code(n.CommitmentTo(sum)),
	})
	var refusal *domain.Refusal
	if errors.As(err, &refusal) {
		return lineOf(n), f.refuse(ctx, n.ID, refusal.Code, err)
	}
	if err != nil {
		return lineOf(n), err
	}
	n, err = f.o.Store.Judge(ctx, n.ID, blobs.Clean, "", string(media), sum)
	return lineOf(n), err
}

// refuse keeps why and deletes the content.
func (f *Files) refuse(ctx context.Context, id uuid.UUID, reason string, why error) error {
	state := blobs.Refused
	if reason == "infected" {
		state = blobs.Infected
	}
	if _, err := f.o.Store.Judge(ctx, id, state, reason, "", nil); err != nil {
		return err
	}
	if err := f.o.Store.Discard(ctx, id, false); err != nil {
		return err
	}
	if why != nil {
		return why
	}
	return refusedFor(reason)
}

func notScanned(err error) error {
	if errors.Is(err, inspect.ErrTooLongToScan) {
		return &Failure{Status: http.StatusServiceUnavailable, Code: "scanner_limit", Retry: 3600,
			VI: "Đã giữ tệp nhưng máy quét vi-rút không nhận tệp dài như vậy: quản trị hệ thống cần tăng StreamMaxLength của clamd. Hệ thống sẽ tự quét lại.",
			EN: "The file is kept, but the virus scanner takes none that long: the administrator must raise clamd's StreamMaxLength. It is scanned again by itself."}
	}
	return &Failure{Status: http.StatusServiceUnavailable, Code: "scanner_away", Retry: 60,
		VI: "Đã giữ đủ tệp nhưng máy quét vi-rút không trả lời, nên chưa đính kèm. Không cần gửi lại: hệ thống sẽ tự quét lại.",
		EN: "All of the file is kept, but the virus scanner does not answer, so it is not attached yet. Do not send it again: it is scanned again by itself."}
}

// List shows the files of a dossier with their names, to those who may read it.
func (f *Files) List(ctx context.Context, a domain.Actor, id uuid.UUID, traceparent string) ([]FileLine, error) {
	if f == nil {
		return []FileLine{}, nil
	}
	if err := f.mayRead(ctx, a, id); err != nil {
		return nil, err
	}
	all, err := f.o.Store.OfDossier(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := f.x.Access().Record(ctx, Accessor{a, f.x.o.Origin, traceparent}, access.FilesListed{Dossier: id}); err != nil {
		return nil, fmt.Errorf("record a read: %w: %v", eventstore.ErrBusy, err)
	}
	facts, err := f.x.Facts(ctx, id)
	if err != nil {
		return nil, err
	}
	s := dossier.Fold(facts)
	lines := []FileLine{}
	for _, n := range all {
		if n.State == blobs.Clean || n.By.Account == a.Account {
			line := lineOf(n)
			if attached, is := s.FileOf(n.ID.String()); is {
				line.SignedBy = attached.SignedBy
			}
			lines = append(lines, line)
		}
	}
	return lines, nil
}

func (f *Files) mayRead(ctx context.Context, a domain.Actor, id uuid.UUID) error {
	facts, err := f.x.Facts(ctx, id)
	if err != nil {
		return err
	}
	return f.x.admitsReading(ctx, a, dossier.Fold(facts))
}

// Read opens a clean file for somebody who may read its dossier, and records it. Nothing is given out that was not recorded. The caller
// closes the content and copies it with CopyTo, which keeps the end back until the hash is the right one.
func (f *Files) Read(ctx context.Context, a domain.Actor, id uuid.UUID, traceparent string) (*blobs.Content, error) {
	if f == nil {
		return nil, f.open()
	}
	c, err := f.o.Store.Open(ctx, id)
	if err != nil {
		return nil, known(err)
	}
	if err := f.mayRead(ctx, a, c.Dossier); err != nil {
		c.Close()
		if errors.Is(err, ErrNotFound) { // of another agency: the file is not there either
			err = ErrNoFile
		}
		return nil, err
	}
	if c.State != blobs.Clean {
		c.Close()
		return nil, &Failure{Status: http.StatusConflict, Code: "file_not_clean",
			VI: "Tệp chưa được xác nhận sạch nên không mở được.", EN: "The file has not been found clean, so it is not given out."}
	}
	if err := f.x.Access().Record(ctx, Accessor{a, f.x.o.Origin, traceparent}, access.FileRead{Dossier: c.Dossier, File: id}); err != nil {
		c.Close()
		return nil, fmt.Errorf("record a read: %w: %v", eventstore.ErrBusy, err)
	}
	return c, nil
}

// ErrFileAltered is what is said of a file whose stored content is not what was taken in.
var ErrFileAltered error = &Failure{Status: http.StatusInternalServerError, Code: "file_altered",
	VI: "Tệp lưu trữ đã bị thay đổi hoặc mất, nên không được đưa ra. Đã ghi lại để xử lý; “dossier verify” cho biết các tệp hỏng.",
	EN: "The stored file was altered or lost, so it is not given out. It was logged to be mended; 'dossier verify' names the files that are broken."}

// Altered says whether an error means that a stored file is not what it was.
func Altered(err error) bool {
	return errors.Is(err, blobs.ErrAltered) || errors.Is(err, blobs.ErrNone)
}

// Run scans again what could not be scanned and sweeps uploads that stand still, until the context ends.
func (f *Files) Run(ctx context.Context) error {
	if f == nil {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		if err := f.Sweep(ctx, time.Now()); err != nil && ctx.Err() == nil {
			f.o.Log.ErrorContext(ctx, "files were not swept", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Sweep does one round of Run.
func (f *Files) Sweep(ctx context.Context, now time.Time) error {
	waiting, err := f.o.Store.Coming(ctx, blobs.Scanning, now.Add(-time.Minute))
	if err != nil {
		return err
	}
	for _, id := range waiting {
		if _, err := f.finish(ctx, id); err != nil && Away(err) {
			return err
		}
	}
	erased, err := f.o.Store.Erased(ctx)
	if err != nil {
		return err
	}
	for _, id := range erased {
		if err := f.o.Store.Discard(ctx, id, false); err != nil {
			return err
		}
	}
	old, err := f.o.Store.Coming(ctx, blobs.Uploading, now.Add(-f.o.Patience))
	if err != nil {
		return err
	}
	for _, id := range old {
		n, err := f.o.Store.Get(ctx, id)
		switch {
		case err == nil && n.Offset == n.Size: // its process died before it was judged
			_, _ = f.finish(ctx, id)
		default:
			if err := f.o.Store.Discard(ctx, id, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// attached fills a command that attaches a file with what was found of it.
func (x *Executor) attached(ctx context.Context, id uuid.UUID, c dossier.Command, e Envelope) (dossier.Command, error) {
	a, is := c.(dossier.AttachFile)
	if !is || e.arriving {
		return c, nil
	}
	if x.o.Files == nil {
		return c, (*Files)(nil).open()
	}
	file, err := uuid.Parse(string(a.File))
	if err != nil {
		return c, ErrNoFile
	}
	n, err := x.o.Files.Get(ctx, file)
	if err != nil {
		return c, known(err)
	}
	if n.Dossier != id {
		return c, ErrNoFile
	}
	said := a
	a.Media, a.Size, a.Commitment, a.Kind = "", 0, "", dossier.FileKind(n.Kind)
	if n.State == blobs.Clean {
		a.Media, a.Size, a.Commitment = dossier.MediaType(n.Media), int(n.Size), dossier.Code(n.Commitment)
	}
	if said.Media != "" && said.Media != a.Media || said.Size != 0 && said.Size != a.Size || said.Commitment != "" && said.Commitment != a.Commitment || said.Kind != "" && said.Kind != a.Kind {
		return c, &domain.Invalid{Code: "file_differs", Field: "file", VI: "Loại, độ dài hoặc cam kết không khớp với tệp đã gửi. Bỏ trống: hệ thống tự điền.", EN: "Type, length or commitment are not those of the file. Leave them out: they are filled in."}
	}
	return a, nil
}

package dossier

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"dossier/domain"
)

// A signature under a result or a file is made and proved outside; the facts hold what was found: by which certificate, since when, and that
// it was good then. The signature itself, with its chain and the names in it, lies in the vault (Law on Electronic Transactions 2023, Article
// 22; Decree 30/2020, Article 13 on who signs in whose place).

// Means is how a result is signed.
type Means string

// The means: wet ink on paper, or a signature that can be proved. Of imported history it is not known.
const (
	OnPaper      Means = "paper"
	Digital      Means = "digital"
	UnknownMeans Means = "unknown"
)

func (Means) values() []string { return []string{"paper", "digital", "unknown"} }

// FileKind is what a file is to its dossier, beside what the applicant gives.
type FileKind string

// The kinds: paper made electronic at reception (Decree 118/2025, Article 17), and what the dossier ends with.
const (
	Scan       FileKind = "scan"
	ResultFile FileKind = "result"
)

func (FileKind) values() []string { return []string{"scan", "result"} }

// SignatureAlgorithm is one of RFC 7518 or RFC 8037, in lower case.
type SignatureAlgorithm string

func (SignatureAlgorithm) values() []string {
	return []string{"es256", "es384", "es512", "eddsa", "rs256", "rs384", "rs512", "ps256", "ps384", "ps512"}
}

// TimeSource is who says when it was signed: an authority, or only the signer.
type TimeSource string

func (TimeSource) values() []string { return []string{"stamped", "claimed"} }

// CertificateState is what the issuer answered.
type CertificateState string

func (CertificateState) values() []string { return []string{"good"} }

// Evidence is what was found of an electronic signature. Serial and the certificate's own fingerprint stand in it for staff only; those of
// other people lie with the signature in the vault.
type Evidence struct {
	Signature   Text               `json:"signature"`        // with the chain and the time-stamp
	Digest      Code               `json:"digest,omitempty"` // salted commitment to the hash of the file; of a decision the facts themselves give it
	Algorithm   SignatureAlgorithm `json:"algorithm"`
	Serial      Code               `json:"serial,omitempty"` // sn:hexadecimal
	Issuer      Code               `json:"issuer"`           // ki:hexadecimal
	Chain       []Code             `json:"chain"`            // SHA-256 of the certificates, the root last
	SignedAt    time.Time          `json:"signed_at"`
	TimeBy      TimeSource         `json:"time_by"`
	Certificate CertificateState   `json:"certificate"`
	AskedAt     time.Time          `json:"asked_at"` // when that was asked
}

// SignResult puts the signature under the decision. Its evidence comes from the signer, never from the command.
type SignResult struct {
	Means Means `json:"means,omitempty"` // without it: digital where there is a signer, else paper
	File  Ref   `json:"file,omitempty"`  // the result that is signed; without it the last one attached, else the decision itself
}

// SignFile puts a signature under a file of the dossier.
type SignFile struct {
	File Ref `json:"file"`
}

// ResultSigned puts the signature under the decision.
type ResultSigned struct {
	Means    Means          `json:"means"`
	Block    SignatureBlock `json:"block,omitempty"`
	For      Code           `json:"for,omitempty"`
	File     Ref            `json:"file,omitempty"` // what was signed; none: the decision as its facts say it
	Evidence Evidence       `json:"evidence,omitzero"`
	Of
}

// FileSigned says that a file bears a signature that holds.
type FileSigned struct {
	File     Ref      `json:"file"`
	Evidence Evidence `json:"evidence"`
	Of
}

// Signature is how the result is signed.
type Signature struct {
	Means    Means          `json:"means,omitempty"` // only digital is written down: see SignedBy
	Block    SignatureBlock `json:"block,omitempty"`
	For      string         `json:"for,omitempty"` // in whose place
	File     string         `json:"file,omitempty"`
	SignedAt time.Time      `json:"signed_at,omitzero"`
	TimeBy   TimeSource     `json:"time_by,omitempty"`
	Serial   string         `json:"serial,omitempty"`
}

// means is how the result is signed, where the command leaves it open.
func (c SignResult) means(q question) Means {
	switch {
	case c.Means != "":
		return c.Means
	case q.x.Evidence != nil:
		return Digital
	case q.x.imports():
		return UnknownMeans
	}
	return OnPaper
}

func (c SignResult) signs(q question) Event {
	d, _ := q.delegated()
	e := ResultSigned{Means: c.means(q), Block: d.Block, For: Code(d.By), Of: q.of()}
	if e.Means == Digital && q.x.Evidence != nil {
		e.Evidence, e.File = *q.x.Evidence, Ref(q.s.ToBeSigned(c))
	}
	return e
}

// ToBeSigned is the file that is signed as the result, "" for the decision itself.
func (s State) ToBeSigned(c SignResult) string {
	if c.File != "" {
		return string(c.File)
	}
	for _, f := range slices.Backward(s.Files) {
		if f.Kind == ResultFile {
			return f.File
		}
	}
	return ""
}

// Decisive is the decision in the words that are signed where no file holds it: what its facts say, and after how many of them.
func (s State) Decisive(id string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "dossier result, 1\ndossier %s\nprocedure %s %d\ndecision %s\n", id, s.Procedure, s.ProcedureVersion, s.Decision)
	fmt.Fprintf(&b, "decided %s by %s\nversion %d\n", s.Decided.At.UTC().Format(time.RFC3339Nano), s.Decided.By, s.Version)
	return []byte(b.String())
}

// FileOf is a file of the dossier.
func (s State) FileOf(id string) (File, bool) {
	at := slices.IndexFunc(s.Files, func(f File) bool { return f.File == id })
	if at < 0 {
		return File{}, false
	}
	return s.Files[at], true
}

// filesSigned is how many signatures files of the dossier bear.
func (s *State) filesSigned() int {
	n := 0
	for _, f := range s.Files {
		n += len(f.SignedBy)
	}
	return n
}

func (c SignFile) already(q question) bool {
	f, known := q.s.FileOf(string(c.File))
	return known && has(f.SignedBy, q.x.Actor.Account)
}

func (c SignFile) facts(q question) []Event {
	return []Event{FileSigned{c.File, *q.x.Evidence, q.of()}}
}

func (s *State) signed(e ResultSigned, act Act) {
	s.Signed = act
	s.Signature = Signature{Block: e.Block, For: string(e.For), File: string(e.File), SignedAt: instant(e.Evidence.SignedAt), TimeBy: e.Evidence.TimeBy, Serial: string(e.Evidence.Serial)}
	if e.Means == Digital { // what was signed by hand reads as it always did
		s.Signature.Means = Digital
	}
}

// SignedBy is how the result is signed, "" while it is not.
func (s State) SignedBy() Means {
	switch {
	case !s.Signed.Done():
		return ""
	case s.Signature.Means == Digital:
		return Digital
	case s.Origin == domain.Imported:
		return UnknownMeans
	}
	return OnPaper
}

func (e FileSigned) evolve(s State, act Act) State {
	s.Files = slices.Clone(s.Files)
	for i := range s.Files {
		if f := &s.Files[i]; f.File == string(e.File) {
			f.SignedBy, f.SignedAt = with(f.SignedBy, act.By), instant(e.Evidence.SignedAt)
		}
	}
	return s
}

func (FileSigned) beside() {}

func (SignFile) Name() string { return "SignFile" }
func (SignFile) command()     {}

var signGuards = []Guard{
	{Code: "not_their_kind", Live: true, On: []string{"AttachFile"}, Field: "kind", Basis: "NĐ 118/2025, Điều 17",
		broken: func(q question) bool { return q.c.(AttachFile).Kind != "" && q.x.Actor.Role == domain.Applicant },
		VI:     "Bản quét và kết quả do cơ quan đính kèm. Bỏ trống loại tệp.",
		EN:     "Scans and results are attached by the authority. Leave the kind out."},
	{Code: "no_such_file", On: []string{"SignFile", "SignResult"}, Field: "file",
		broken: func(q question) bool {
			file := ""
			switch c := q.c.(type) {
			case SignFile:
				file = string(c.File)
			case SignResult:
				file = string(c.File)
			}
			_, known := q.s.FileOf(file)
			return file != "" && !known
		},
		VI: "Hồ sơ không có tệp mang mã này. Đính kèm tệp trước, rồi ký.",
		EN: "The dossier has no file of this id. Attach it first, then sign it."},
	{Code: "no_result_file", On: []string{"SignResult"}, Field: "file", Basis: "NĐ 118/2025, Điều 22",
		broken: func(q question) bool {
			f, known := q.s.FileOf(string(q.c.(SignResult).File))
			return known && f.Kind != ResultFile
		},
		VI: "Tệp này không phải tệp kết quả. Đính kèm kết quả với loại “result”, hoặc bỏ trống để ký chính quyết định.",
		EN: "This file is not a result. Attach the result with the kind “result”, or leave it out to sign the decision itself."},
	{Code: "no_signer", On: []string{"SignFile"}, Field: "file",
		broken: func(q question) bool { return q.x.Evidence == nil },
		VI:     "Chưa ký được: hệ thống chưa nối với dịch vụ ký số. Quản trị hệ thống cần đặt SIGNER_URL và SIGN_ROOTS.",
		EN:     "Not signed: there is no signing service here. The administrator must set SIGNER_URL and SIGN_ROOTS."},
	{Code: "no_signer", On: []string{"SignResult"}, Field: "means",
		broken: func(q question) bool { return q.c.(SignResult).Means == Digital && q.x.Evidence == nil },
		VI:     "Chưa ký số được: hệ thống chưa nối với dịch vụ ký số. Ký trên giấy (means: paper), hoặc quản trị hệ thống đặt SIGNER_URL và SIGN_ROOTS.",
		EN:     "Not signed digitally: there is no signing service here. Sign on paper (means: paper), or let the administrator set SIGNER_URL and SIGN_ROOTS."},
	{Code: "means_unknown", Live: true, On: []string{"SignResult"}, Field: "means",
		broken: func(q question) bool { return q.c.(SignResult).Means == UnknownMeans },
		VI:     "Ghi cách ký: “paper” hoặc “digital”. “unknown” chỉ dùng cho dữ liệu nhập.",
		EN:     "Say how it is signed: “paper” or “digital”. “unknown” is for imported history only."},
}

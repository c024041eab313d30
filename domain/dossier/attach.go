package dossier

import (
	"slices"
	"time"
)

// A file lies in the vault, encrypted under the key of a person. The facts say that there is one, what it is by its content, how long it is,
// which part of the dossier it stands for, and a salted commitment by which its content can be proved later. They hold no name and no hash
// of what it says. (Decree 118/2025, Articles 13 and 17: electronic components of a dossier.)

// MediaType is what a file is by its content, whatever its name says.
type MediaType string

func (MediaType) values() []string {
	return []string{"pdf", "png", "jpeg", "tiff", "docx", "xlsx", "odt"}
}

// ContentType is its name in HTTP, "" for what is no media type.
func (m MediaType) ContentType() string {
	return map[MediaType]string{
		"pdf": "application/pdf", "png": "image/png", "jpeg": "image/jpeg", "tiff": "image/tiff",
		"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
		"odt":  "application/vnd.oasis.opendocument.text",
	}[m]
}

// AttachFile makes an uploaded file part of the dossier. What was found of its content is filled in from the vault; a caller who says it must say the same.
type AttachFile struct {
	File       Ref       `json:"file"`
	Component  Code      `json:"component,omitempty"` // of the procedure: what the file stands for
	Kind       FileKind  `json:"kind,omitempty"`      // without it: what the applicant gives
	Media      MediaType `json:"media,omitempty"`
	Size       int       `json:"size,omitempty" range:"1-1099511627776"` // bytes
	Commitment Code      `json:"commitment,omitempty"`                   // hexadecimal
}

// FileAttached says that a file, found clean, belongs to the dossier.
type FileAttached struct {
	File       Ref       `json:"file"`
	Component  Code      `json:"component,omitempty"`
	Media      MediaType `json:"media"`
	Size       int       `json:"size" range:"1-1099511627776"`
	Commitment Code      `json:"commitment"`
	Kind       FileKind  `json:"kind,omitempty"`
	Of
}

// File is one that belongs to the dossier.
type File struct {
	File      string    `json:"file"`
	Component string    `json:"component,omitempty"`
	Media     MediaType `json:"media"`
	Size      int       `json:"size"`
	By        string    `json:"by"`
	At        time.Time `json:"at"`
	Kind      FileKind  `json:"kind,omitempty"`
	SignedBy  []string  `json:"signed_by,omitempty"` // accounts that signed it or brought its signature
	SignedAt  time.Time `json:"signed_at,omitzero"`  // as the last of these signatures says

	Commitment string `json:"commitment,omitempty"`
	Message    int    `json:"message,omitempty"` // the last one it was sent with
}

// mostFiles is how many files a dossier may have.
const mostFiles = 200

func (c AttachFile) already(q question) bool {
	return slices.ContainsFunc(q.s.Files, func(f File) bool { return f.File == string(c.File) })
}

func (c AttachFile) facts(q question) []Event {
	events := []Event{FileAttached{c.File, c.Component, c.Media, c.Size, c.Commitment, c.Kind, q.of()}}
	if q.x.Evidence != nil {
		events = append(events, FileSigned{c.File, *q.x.Evidence, q.of()})
	}
	return events
}

func (e FileAttached) evolve(s State, act Act) State {
	s.Files = append(slices.Clone(s.Files), File{File: string(e.File), Component: string(e.Component), Media: e.Media, Size: e.Size, By: act.By, At: act.At, Kind: e.Kind, Commitment: string(e.Commitment)})
	return s
}

func (FileAttached) beside() {}

func (AttachFile) Name() string { return "AttachFile" }
func (AttachFile) command()     {}

var attachGuards = []Guard{
	{Code: "file_not_clean", On: []string{"AttachFile"}, Field: "file",
		broken: func(q question) bool {
			c := q.c.(AttachFile)
			return c.Media == "" || c.Size == 0 || c.Commitment == ""
		},
		VI: "Chưa đính kèm được: tệp chưa được kiểm tra nội dung. Gửi đủ tệp (POST …/files rồi PATCH) và chờ quét vi-rút xong.",
		EN: "Not attached: the content of the file has not been checked. Upload all of it (POST …/files, then PATCH) and wait until it was scanned."},
	{Code: "too_many_files", Whatever: true, On: []string{"AttachFile"}, Field: "file",
		broken: func(q question) bool { return len(q.s.Files) >= mostFiles },
		VI:     "Hồ sơ đã có 200 tệp, nhiều nhất có thể. Gộp các trang vào một tệp PDF.",
		EN:     "The dossier has 200 files, as many as it can. Put pages together in one PDF."},
}

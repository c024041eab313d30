// Package inspect says what a file is by its content, whatever its name says, and why it is not taken in: what runs, what a browser would run,
// what unpacks into more than it should, and what carries a virus.
package inspect

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"path"
	"strings"

	"dossier/domain/dossier"
)

// Content is a file that can be read at places.
type Content interface {
	io.ReaderAt
}

// Finding is why a file is not taken in: a code of reasons.go.
type Finding string

// The findings.
const (
	Executable   Finding = "executable"
	Active       Finding = "active_content" // a browser or an office would run it
	Unsupported  Finding = "unsupported_type"
	Broken       Finding = "broken_file"
	Bomb         Finding = "archive_bomb"
	Nested       Finding = "nested_archive"
	TooManyParts Finding = "too_many_members"
	Encrypted    Finding = "encrypted_file"
)

// Limits of what a document may unpack to.
const (
	mostMembers  = 5_000
	mostUnpacked = 512 << 20
	mostRatio    = 200     // of a member to what is stored of it
	ratioFrom    = 4 << 20 // small members may well be very empty
)

// head is how much of a file is looked at for its kind.
const head = 4096

// Look says what a file of that many bytes is, or why it is not taken in. An error is a fault in reading it.
func Look(c Content, size int64) (dossier.MediaType, Finding, error) {
	first := make([]byte, min(size, head))
	if _, err := c.ReadAt(first, 0); err != nil && err != io.EOF {
		return "", "", err
	}
	switch {
	case runs(first):
		return "", Executable, nil
	case bytes.HasPrefix(first, []byte("%PDF-")):
		return pdf(c, size)
	case bytes.HasPrefix(first, []byte("\x89PNG\r\n\x1a\n")):
		return ending("png", c, size, []byte("IEND\xaeB`\x82"))
	case bytes.HasPrefix(first, []byte{0xff, 0xd8, 0xff}):
		return ending("jpeg", c, size, []byte{0xff, 0xd9})
	case tiff(first):
		return "tiff", "", nil
	case bytes.HasPrefix(first, []byte("PK\x03\x04")):
		return document(c, size)
	case bytes.HasPrefix(first, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return "", Unsupported, nil // Word and Excel before 2007, and whatever else: macros without end
	}
	if kind := http.DetectContentType(first); strings.HasPrefix(kind, "text/html") || strings.HasPrefix(kind, "text/xml") || markup(first) {
		return "", Active, nil
	}
	return "", Unsupported, nil
}

// runs says whether an operating system or an interpreter would run it.
func runs(first []byte) bool {
	for _, magic := range []string{
		"MZ", "\x7fELF", "#!", "\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe", "\x00asm", "dex\n",
		"L\x00\x00\x00\x01\x14\x02\x00", "!<arch>\n",
	} {
		if bytes.HasPrefix(first, []byte(magic)) {
			return true
		}
	}
	return false
}

func markup(first []byte) bool {
	text := bytes.ToLower(first)
	for _, tag := range []string{"<svg", "<html", "<script", "<!doctype", "<?xml", "<?php"} {
		if bytes.Contains(text, []byte(tag)) {
			return true
		}
	}
	return false
}

// pdf must end as one; what would run when it is opened is not taken in. What is compressed in it is the scanner's to find.
func pdf(c Content, size int64) (dossier.MediaType, Finding, error) {
	tail := make([]byte, min(size, 2048))
	if _, err := c.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return "", "", err
	}
	if !bytes.Contains(tail, []byte("%%EOF")) {
		return "", Broken, nil
	}
	active, err := contains(c, size, []byte("/JavaScript"), []byte("/Launch"), []byte("/EmbeddedFile"))
	if err != nil || active {
		return "", Active, err
	}
	return "pdf", "", nil
}

// contains looks for words in all of a file, also where they lie across two reads.
func contains(c Content, size int64, words ...[]byte) (bool, error) {
	const overlap = 32
	buf, kept := make([]byte, 256<<10), 0
	for at := int64(0); at < size; {
		n, err := c.ReadAt(buf[kept:min(int64(len(buf)), int64(kept)+size-at)], at)
		if err != nil && err != io.EOF {
			return false, err
		}
		if n == 0 {
			break
		}
		at += int64(n)
		seen := buf[:kept+n]
		for _, w := range words {
			if bytes.Contains(seen, w) {
				return true, nil
			}
		}
		kept = copy(buf, seen[max(0, len(seen)-overlap):])
	}
	return false, nil
}

// ending holds an image to its end mark: what is cut short or has something behind it is not what it says.
func ending(kind dossier.MediaType, c Content, size int64, mark []byte) (dossier.MediaType, Finding, error) {
	tail := make([]byte, min(size, 64))
	if _, err := c.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return "", "", err
	}
	if !bytes.HasSuffix(bytes.TrimRight(tail, "\x00\r\n "), bytes.TrimRight(mark, "\x00\r\n ")) {
		return "", Broken, nil
	}
	return kind, "", nil
}

func tiff(first []byte) bool {
	if len(first) < 8 {
		return false
	}
	var order binary.ByteOrder
	switch string(first[:2]) {
	case "II":
		order = binary.LittleEndian
	case "MM":
		order = binary.BigEndian
	default:
		return false
	}
	return order.Uint16(first[2:]) == 42 && order.Uint32(first[4:]) >= 8
}

// document reads an archive that an office wrote, and no other.
func document(c Content, size int64) (dossier.MediaType, Finding, error) {
	fault := &faulty{c: c}
	z, err := zip.NewReader(fault, size)
	if err != nil {
		return "", Broken, fault.err
	}
	if len(z.File) > mostMembers {
		return "", TooManyParts, nil
	}
	var kind dossier.MediaType
	total := int64(0)
	for i, m := range z.File {
		unpacked, found, err := member(m, mostUnpacked-total)
		if fault.err != nil {
			return "", "", fault.err
		}
		if err != nil {
			return "", Broken, nil
		}
		if found != "" {
			return "", found, nil
		}
		total += unpacked
		switch {
		case m.Name == "word/document.xml":
			kind = "docx"
		case m.Name == "xl/workbook.xml":
			kind = "xlsx"
		case i == 0 && m.Name == "mimetype" && m.Method == zip.Store:
			if kind, err = odt(m); err != nil {
				return "", Broken, nil
			}
		}
	}
	if kind == "" {
		return "", Unsupported, nil
	}
	return kind, "", nil
}

// member unpacks one member into nothing: what it says of its size is not believed.
func member(m *zip.File, room int64) (int64, Finding, error) {
	lower := strings.ToLower(m.Name)
	switch {
	case m.Flags&1 != 0:
		return 0, Encrypted, nil
	case strings.Contains(lower, "vbaproject") || strings.Contains(lower, "/activex/") || strings.HasPrefix(lower, "basic/") || strings.HasPrefix(lower, "scripts/"):
		return 0, Active, nil
	case path.Ext(lower) == ".zip" || path.Ext(lower) == ".jar" || path.Ext(lower) == ".7z" || path.Ext(lower) == ".rar" || path.Ext(lower) == ".gz":
		return 0, Nested, nil
	}
	r, err := m.Open()
	if err != nil {
		return 0, "", err
	}
	defer r.Close()
	first := make([]byte, 512)
	n, err := io.ReadFull(r, first)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, "", err
	}
	switch first = first[:n]; {
	case archive(first):
		return 0, Nested, nil
	case runs(first):
		return 0, Executable, nil
	}
	most := room
	if stored := int64(m.CompressedSize64); stored*mostRatio < room {
		most = max(stored*mostRatio, ratioFrom)
	}
	rest, err := io.Copy(io.Discard, io.LimitReader(r, min(most, room)-int64(n)+1))
	if unpacked := int64(n) + rest; unpacked > min(most, room) {
		return unpacked, Bomb, nil
	} else if err != nil {
		return 0, "", err
	} else {
		return unpacked, "", nil
	}
}

func archive(first []byte) bool {
	for _, magic := range []string{"PK\x03\x04", "PK\x05\x06", "\x1f\x8b", "7z\xbc\xaf\x27\x1c", "Rar!\x1a\x07", "BZh", "\xfd7zXZ\x00", "\x28\xb5\x2f\xfd"} {
		if bytes.HasPrefix(first, []byte(magic)) {
			return true
		}
	}
	return len(first) > 262 && string(first[257:262]) == "ustar"
}

func odt(m *zip.File) (dossier.MediaType, error) {
	r, err := m.Open()
	if err != nil {
		return "", err
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, 128))
	if string(text) == dossier.MediaType("odt").ContentType() {
		return "odt", err
	}
	return "", err
}

// faulty tells a store that fails from an archive that is broken.
type faulty struct {
	c   Content
	err error
}

func (f *faulty) ReadAt(p []byte, at int64) (int, error) {
	n, err := f.c.ReadAt(p, at)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}

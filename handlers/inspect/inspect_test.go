package inspect

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"dossier/domain/dossier"
	"dossier/internal/devstack"
)

// packed is an archive of members in order.
func packed(t testing.TB, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		method := zip.Deflate
		if members[i] == "mimetype" {
			method = zip.Store
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: members[i], Method: method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, members[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const aPDF = "%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"

func docx(more ...string) []string {
	return append([]string{"[Content_Types].xml", "<Types/>", "word/document.xml", "<w:document/>"}, more...)
}

func look(t testing.TB, content []byte) (dossier.MediaType, Finding) {
	t.Helper()
	media, found, err := Look(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	return media, found
}

func TestAFileIsWhatItsContentIs(t *testing.T) {
	many := make([]string, 0, 2*(mostMembers+1))
	for i := range mostMembers + 1 {
		many = append(many, fmt.Sprint(i), "")
	}
	zeros := strings.Repeat("\x00", 2*ratioFrom)
	for _, c := range []struct {
		name    string
		content []byte
		media   dossier.MediaType
		found   Finding
	}{
		{"a PDF", []byte(aPDF), "pdf", ""},
		{"a PNG", []byte("\x89PNG\r\n\x1a\n....IEND\xaeB`\x82"), "png", ""},
		{"a JPEG", []byte("\xff\xd8\xff\xe0....\xff\xd9"), "jpeg", ""},
		{"a TIFF of a PC", []byte("II*\x00\x08\x00\x00\x00...."), "tiff", ""},
		{"a TIFF of a Mac", []byte("MM\x00*\x00\x00\x00\x08...."), "tiff", ""},
		{"a Word document", packed(t, docx()...), "docx", ""},
		{"an Excel workbook", packed(t, "xl/workbook.xml", "<workbook/>"), "xlsx", ""},
		{"an OpenDocument text", packed(t, "mimetype", "application/vnd.oasis.opendocument.text", "content.xml", "<office/>"), "odt", ""},

		{"a Windows program named x.pdf", []byte("MZ\x90\x00" + aPDF), "", Executable},
		{"a Linux program", []byte("\x7fELF\x02" + aPDF), "", Executable},
		{"a script", []byte("#!/bin/sh\nrm -rf /\n"), "", Executable},
		{"a page", []byte("<!DOCTYPE html><script>alert(1)</script>"), "", Active},
		{"a page behind a remark", []byte("<!-- --><b>x</b><script>alert(1)</script>"), "", Active},
		{"an SVG", []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), "", Active},
		{"a PDF that runs a script", []byte(strings.Replace(aPDF, "/Catalog", "/Catalog /OpenAction << /S /JavaScript /JS (x) >>", 1)), "", Active},
		{"a PDF with a file in it", []byte(strings.Replace(aPDF, "/Catalog", "/Catalog /EmbeddedFiles 2 0 R", 1)), "", Active},
		{"a PDF cut short", []byte(aPDF[:40]), "", Broken},
		{"a PNG cut short", []byte("\x89PNG\r\n\x1a\n...."), "", Broken},
		{"a JPEG with something behind it", []byte("\xff\xd8\xff\xe0....\xff\xd9PK\x03\x04"), "", Broken},
		{"a text", []byte("xin chào"), "", Unsupported},
		{"one byte", []byte("x"), "", Unsupported},
		{"an old Word document", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1...."), "", Unsupported},
		{"an archive that no office wrote", packed(t, "a.txt", "a"), "", Unsupported},
		{"an archive cut short", packed(t, docx()...)[:60], "", Broken},
		{"a document with a macro", packed(t, docx("word/vbaProject.bin", "x")...), "", Active},
		{"a document with a program in it", packed(t, docx("word/media/a.png", "MZ\x90\x00")...), "", Executable},
		{"a document with an archive in it", packed(t, docx("word/embeddings/a.bin", string(packed(t, "a", "b")))...), "", Nested},
		{"a document with an archive by name", packed(t, docx("a.7z", "x")...), "", Nested},
		{"a bomb of one member", packed(t, docx("word/media/zeros.bmp", zeros)...), "", Bomb},
		{"a bomb of many members", packed(t, many...), "", TooManyParts},
		{"a bomb that lies about its size", lying(t, zeros), "", Broken},
	} {
		if media, found := look(t, c.content); media != c.media || found != c.found {
			t.Errorf("%s: %q, %q; want %q, %q", c.name, media, found, c.media, c.found)
		}
	}
}

// lying is a document whose member says that it unpacks into one byte.
func lying(t *testing.T, content string) []byte {
	var squeezed bytes.Buffer
	f, _ := flate.NewWriter(&squeezed, flate.BestCompression)
	_, _ = io.WriteString(f, content)
	_ = f.Close()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateRaw(&zip.FileHeader{Name: "word/document.xml", Method: zip.Deflate, CRC32: crc32.ChecksumIEEE([]byte("x")), CompressedSize64: uint64(squeezed.Len()), UncompressedSize64: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write(squeezed.Bytes())
	_ = z.Close()
	return b.Bytes()
}

func TestWhateverComesIsLookedAtWithoutAFault(t *testing.T) {
	heads := []string{"", "%PDF-", "\x89PNG\r\n\x1a\n", "\xff\xd8\xff", "II*\x00", "PK\x03\x04", "MZ", "<"}
	rapid.Check(t, func(t *rapid.T) {
		content := append([]byte(rapid.SampledFrom(heads).Draw(t, "head")), rapid.SliceOfN(rapid.Byte(), 1, 3000).Draw(t, "rest")...)
		media, found, err := Look(bytes.NewReader(content), int64(len(content)))
		if err != nil || (media == "") == (found == "") {
			t.Fatalf("%q, %q, %v", media, found, err)
		}
	})
}

// failing is a store that breaks.
type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, errors.New("the disk is gone") }

func TestAStoreThatFailsIsNoFindingAboutTheFile(t *testing.T) {
	if media, found, err := Look(failing{}, 100); err == nil {
		t.Errorf("%q, %q", media, found)
	}
}

func TestARealScannerFindsAVirusAndItsAbsence(t *testing.T) {
	s, err := NewScanner(devstack.TestClamd(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, content, virus string }{
		{"a clean file", aPDF, ""}, {"an infected one", aPDF + devstack.TestVirus, "Dossier.Test.UNOFFICIAL"}, {"nothing", "", ""},
		{"an infected one of megabytes", strings.Repeat("x", 5<<20) + devstack.TestVirus, "Dossier.Test.UNOFFICIAL"},
	} {
		if virus, err := s.Scan(t.Context(), strings.NewReader(c.content)); virus != c.virus || err != nil {
			t.Errorf("%s: %q, %v", c.name, virus, err)
		}
	}
	if virus, err := s.Scan(t.Context(), io.LimitReader(endless{}, 40<<20)); !errors.Is(err, ErrTooLongToScan) {
		t.Errorf("longer than it takes: %q, %v", virus, err)
	}
	if virus, err := s.Scan(t.Context(), io.MultiReader(strings.NewReader("x"), broken{})); err == nil {
		t.Errorf("a file that cannot be read: %q", virus)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the disk is gone") }

// A scanner that is away, hangs up, or says something else never lets a file pass.
func TestAScannerThatDoesNotSayCleanIsAFault(t *testing.T) {
	for _, answer := range []string{"", "stream: OK but", "INSTREAM: unknown command", "stream: Heuristic ERROR"} {
		path := filepath.Join(t.TempDir(), "s")
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			_, _ = io.ReadFull(c, make([]byte, 10))
			for n := uint32(1); n > 0; {
				if binary.Read(c, binary.BigEndian, &n) != nil {
					return
				}
				_, _ = io.CopyN(io.Discard, c, int64(n))
			}
			_, _ = io.WriteString(c, answer)
		}()
		s, err := NewScanner(path)
		if err != nil {
			t.Fatal(err)
		}
		if virus, err := s.Scan(t.Context(), strings.NewReader("x")); err == nil {
			t.Errorf("%q: %q", answer, virus)
		}
		l.Close()
		if virus, err := s.Scan(t.Context(), strings.NewReader("x")); err == nil {
			t.Errorf("away: %q", virus)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	s, _ := NewScanner("127.0.0.1:1")
	if _, err := s.Scan(gone, strings.NewReader("x")); err == nil {
		t.Error("scanned nowhere")
	}
	if _, err := NewScanner("localhost"); err == nil || !strings.Contains(err.Error(), "CLAMD_ADDR") {
		t.Errorf("an address without a port: %v", err)
	}
}

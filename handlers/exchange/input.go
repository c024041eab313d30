package exchange

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// maxElement bounds the bytes between two XML tokens: one start tag with its attributes, one run of text. Without it a
// single attribute of a gigabyte would be read whole into memory before anybody could look at its length.
const maxElement = 1 << 20

// openInput returns the XML text of r, unpacked when it is gzip. What it is says the content, not the name.
func openInput(r io.Reader) (io.Reader, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	head, err := in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read log: %w", err)
	}
	switch {
	case len(head) == 0:
		return nil, errors.New("the log is empty: no bytes to read")
	case len(head) >= 2 && head[0] == 0x1f && head[1] == 0x8b:
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("the gzip file is damaged at its start: %w", err)
		}
		return z, nil
	case len(head) == 4 && string(head) == "PK\x03\x04":
		return nil, errors.New("this is a zip archive: unpack it and import the .xes file inside")
	case len(head) >= 2 && (string(head[:2]) == "\xff\xfe" || string(head[:2]) == "\xfe\xff"):
		return nil, errors.New("the log is UTF-16: save it as UTF-8")
	case len(head) >= 3 && string(head[:3]) == "\xef\xbb\xbf":
		_, _ = in.Discard(3)
	}
	return in, nil
}

// counted tells how far the file has been read, before unpacking.
type counted struct {
	r    io.Reader
	read int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.read += int64(n)
	return n, err
}

var errElementTooLong = fmt.Errorf("one tag or text is longer than %d bytes", maxElement)

// guard refuses to hand out more than maxElement bytes until it is rearmed.
type guard struct {
	r    io.Reader
	left int
}

func (g *guard) rearm() { g.left = maxElement }

func (g *guard) Read(p []byte) (int, error) {
	if g.left <= 0 {
		return 0, errElementTooLong
	}
	if len(p) > g.left {
		p = p[:g.left]
	}
	n, err := g.r.Read(p)
	g.left -= n
	return n, err
}

// latin1 turns ISO-8859-1 into UTF-8, a byte at a time; older tools still write it.
type latin1 struct {
	r    io.Reader
	buf  [2048]byte
	rest []byte
}

func (l *latin1) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		n, err := l.r.Read(l.buf[:])
		if n == 0 {
			return 0, err
		}
		l.rest = make([]byte, 0, 2*n)
		for _, b := range l.buf[:n] {
			l.rest = append(l.rest, string(rune(b))...)
		}
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

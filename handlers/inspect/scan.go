package inspect

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Scanner asks clamd (INSTREAM) whether content carries a virus. What is no clear "no" is an error: files are given out only after one.
type Scanner struct {
	network, addr string
	patience      time.Duration // for each step, not for all of it
}

// NewScanner reads CLAMD_ADDR: host:port, or the path of a socket.
func NewScanner(addr string) (*Scanner, error) {
	s := &Scanner{network: "tcp", addr: addr, patience: 2 * time.Minute}
	if path, is := strings.CutPrefix(addr, "unix://"); is || strings.HasPrefix(addr, "/") {
		s.network, s.addr = "unix", path
		return s, nil
	}
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, fmt.Errorf("CLAMD_ADDR %q: say host:port, or the path of clamd's socket", addr)
	}
	return s, nil
}

// ErrTooLongToScan says that clamd takes less than the file is long.
var ErrTooLongToScan = errors.New("the file is longer than clamd takes: raise StreamMaxLength in clamd.conf")

// Scan sends all of r. It returns the name of the virus, "" if there is none.
func (s *Scanner) Scan(ctx context.Context, r io.Reader) (virus string, err error) {
	conn, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(ctx, s.network, s.addr)
	if err != nil {
		return "", fmt.Errorf("reach clamd: %w", err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	sent := s.send(conn, r)
	if errors.As(sent, new(sourceError)) {
		return "", sent
	}
	_ = conn.SetReadDeadline(time.Now().Add(s.patience))
	answer, err := io.ReadAll(io.LimitReader(conn, 4096)) // also after a failed send: clamd says why before it hangs up
	text := strings.TrimRight(string(answer), "\x00\n")
	switch {
	case strings.HasSuffix(text, "size limit exceeded. ERROR"):
		return "", ErrTooLongToScan
	case strings.HasSuffix(text, " FOUND"):
		return strings.TrimSuffix(strings.TrimPrefix(text, "stream: "), " FOUND"), nil
	case sent != nil:
		return "", fmt.Errorf("send to clamd: %w", sent)
	case err != nil:
		return "", fmt.Errorf("hear clamd: %w", err)
	case text == "stream: OK":
		return "", nil
	}
	return "", fmt.Errorf("clamd answered %q", text)
}

// sourceError is a fault of what is scanned, not of the scanner.
type sourceError struct{ error }

func (e sourceError) Unwrap() error { return e.error }

func (s *Scanner) send(conn net.Conn, r io.Reader) error {
	if _, err := conn.Write([]byte("zINSTREAM\x00")); err != nil {
		return err
	}
	chunk := make([]byte, 4+64<<10)
	for {
		n, err := r.Read(chunk[4:])
		if n > 0 {
			binary.BigEndian.PutUint32(chunk, uint32(n))
			_ = conn.SetWriteDeadline(time.Now().Add(s.patience))
			if _, err := conn.Write(chunk[:4+n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return sourceError{err}
		}
	}
	_, err := conn.Write(make([]byte, 4))
	return err
}

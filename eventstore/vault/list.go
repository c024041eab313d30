package vault

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Listed is one erasure as it is written down outside the database, so that a database which is restored from before it is put right.
type Listed struct {
	Person   uuid.UUID `json:"person"`
	Decision string    `json:"decision"`
	Reason   string    `json:"reason"`
	Dossiers int       `json:"dossiers"`
	Final    time.Time `json:"final"`
}

// List is a file to which erasures are appended, one line each. It belongs on another disk than the database, and into no backup of it.
type List struct {
	mu   sync.Mutex
	path string
}

// OpenList opens what ERASURE_LIST_URL names: file:///folder/erasures.jsonl.
func OpenList(address string) (*List, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "file" || u.Host != "" || u.Path == "" {
		return nil, fmt.Errorf("ERASURE_LIST_URL %q: say file:///folder/erasures.jsonl, on another disk than the database", address)
	}
	l := &List{path: u.Path}
	return l, l.append(nil) // it can be written
}

// Add writes an erasure down, on the disk before it returns.
func (l *List) Add(e Listed) error {
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode an erasure: %w", err)
	}
	return l.append(append(line, '\n'))
}

func (l *List) append(line []byte) (err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, err := os.OpenFile(l.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the list of erasures: %w", err)
	}
	defer func() {
		if e := f.Close(); err == nil && e != nil {
			err = fmt.Errorf("close the list of erasures: %w", e)
		}
	}()
	if len(line) == 0 {
		return nil
	}
	if torn, err := endsTorn(f); err != nil {
		return err
	} else if torn {
		line = append([]byte{'\n'}, line...)
	}
	if _, err := f.Write(line); err != nil {
		return fmt.Errorf("write the list of erasures: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write the list of erasures: %w", err)
	}
	return nil
}

// endsTorn says whether the last line was cut short by a crash.
func endsTorn(f *os.File) (bool, error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return false, err
	}
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, size-1); err != nil {
		return false, fmt.Errorf("read the list of erasures: %w", err)
	}
	return last[0] != '\n', nil
}

// Each goes through the erasures. A line that a crash cut short was never acted upon and is passed over; what else cannot be read is an
// error, for nobody may be served from a database that has what was erased.
func (l *List) Each(do func(Listed) error) error {
	b, err := os.ReadFile(l.path)
	if err != nil {
		return fmt.Errorf("read the list of erasures: %w", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(b))
	for n := 1; lines.Scan(); n++ {
		var e Listed
		switch err := json.Unmarshal(lines.Bytes(), &e); {
		case len(bytes.TrimSpace(lines.Bytes())) == 0:
			continue
		case err != nil && cutShort(lines.Bytes()):
			continue
		case err != nil:
			return fmt.Errorf("line %d of the list of erasures cannot be read: %w", n, err)
		case e.Person == uuid.Nil:
			return fmt.Errorf("line %d of the list of erasures names nobody", n)
		}
		if err := do(e); err != nil {
			return err
		}
	}
	return lines.Err()
}

// cutShort says whether a line is the beginning of one that was never finished.
func cutShort(line []byte) bool {
	d := json.NewDecoder(bytes.NewReader(line))
	for {
		if _, err := d.Token(); errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return true
		} else if err != nil {
			return false
		}
	}
}

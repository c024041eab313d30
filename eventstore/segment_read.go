package eventstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"

	"github.com/google/uuid"
)

// ArchiveError says which positions cannot be read because their file is missing, damaged or another one. Everything else goes on.
type ArchiveError struct {
	File     string
	From, To int64
	Err      error
}

func (e *ArchiveError) Error() string {
	return fmt.Sprintf("archive file %s (positions %d to %d): %v", e.File, e.From, e.To, e.Err)
}

func (e *ArchiveError) Unwrap() error { return e.Err }

// segment is an archive file open for reading.
type segment struct {
	f *os.File
	m *Manifest
}

func openSegment(file string) (*segment, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	m, err := readManifest(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &segment{f, m}, nil
}

var errDamaged = errors.New("is damaged")

func readManifest(f *os.File) (*Manifest, error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	const tail = 4 + len(segmentEnd)
	end := make([]byte, tail)
	if _, err := f.ReadAt(end, max(0, size-int64(tail))); err != nil || string(end[4:]) != segmentEnd {
		return nil, fmt.Errorf("%w: it does not end as an archive file does", errDamaged)
	}
	length := int64(binary.LittleEndian.Uint32(end))
	if length > size-int64(tail) {
		return nil, fmt.Errorf("%w: its manifest is longer than the file", errDamaged)
	}
	b := make([]byte, length)
	if _, err := f.ReadAt(b, size-int64(tail)-length); err != nil {
		return nil, err
	}
	var m Manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("%w: manifest: %w", errDamaged, err)
	}
	blocks := (m.Events + segmentBlock - 1) / segmentBlock
	if m.Format != segmentFormat || m.Events < 1 || m.Events != m.To-m.From+1 || int64(len(m.Blocks)) != blocks {
		return nil, fmt.Errorf("%w: its manifest contradicts itself or is of another format (%q)", errDamaged, m.Format)
	}
	return &m, nil
}

// lines returns a frame's rows as written. Zstandard's own checksum finds changed bytes.
func (s *segment) lines(block int) ([]byte, error) {
	end := s.m.Index - skipHeader
	if block+1 < len(s.m.Blocks) {
		end = s.m.Blocks[block+1]
	}
	packed := make([]byte, max(0, end-s.m.Blocks[block]))
	if _, err := s.f.ReadAt(packed, s.m.Blocks[block]); err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	b, err := unpacker.DecodeAll(packed, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return b, nil
}

// block returns a frame's events, which must stand where the frame does.
func (s *segment) block(block int) ([]Event, error) {
	b, err := s.lines(block)
	if err != nil {
		return nil, err
	}
	events := make([]Event, 0, segmentBlock)
	for line := range bytes.Lines(b) {
		e, err := decodeLine(line)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errDamaged, err)
		}
		events = append(events, e)
	}
	first := s.m.From + int64(block)*segmentBlock
	if int64(len(events)) != min(segmentBlock, s.m.To-first+1) || events[0].Position != first {
		return nil, fmt.Errorf("%w: frame %d does not hold its positions", errDamaged, block)
	}
	return events, nil
}

func (s *segment) blockOf(position int64) int { return int((position - s.m.From) / segmentBlock) }

// walk calls for each event with after < position <= upTo until it is told to stop.
func (s *segment) walk(ctx context.Context, after, upTo int64, visit func(Event) (more bool)) error {
	after, upTo = max(after, s.m.From-1), min(upTo, s.m.To)
	for at := after + 1; at <= upTo; {
		if err := ctx.Err(); err != nil {
			return err
		}
		block := s.blockOf(at)
		events, err := s.block(block)
		if err != nil {
			return err
		}
		for _, e := range events[at-events[0].Position:] {
			if e.Position > upTo || !visit(e) {
				return nil
			}
		}
		at = s.m.From + int64(block+1)*segmentBlock
	}
	return nil
}

// stream returns the events of a stream with a version above after.
func (s *segment) stream(id uuid.UUID, after int64) (events []Event, err error) {
	positions, err := s.find(id, after)
	if err != nil {
		return nil, err
	}
	var held []Event
	for _, p := range positions {
		if len(held) == 0 || held[len(held)-1].Position < p {
			if held, err = s.block(s.blockOf(p)); err != nil {
				return nil, err
			}
		}
		e := held[p-held[0].Position]
		if e.StreamID != id {
			return nil, fmt.Errorf("%w: its index does not fit position %d", errDamaged, p)
		}
		events = append(events, e)
	}
	return events, nil
}

// find looks a stream up in the index, a few small reads.
func (s *segment) find(id uuid.UUID, after int64) (positions []int64, err error) {
	var entry [indexEntry]byte
	read := func(i int) []byte {
		if _, wrong := s.f.ReadAt(entry[:], s.m.Index+int64(i)*indexEntry); wrong != nil {
			err = fmt.Errorf("%w: index: %w", errDamaged, wrong)
		}
		return entry[:]
	}
	n := int(s.m.Events)
	for i := sort.Search(n, func(i int) bool { return bytes.Compare(read(i)[:16], id[:]) >= 0 }); i < n; i++ {
		if b := read(i); !bytes.Equal(b[:16], id[:]) {
			break
		} else if int64(binary.BigEndian.Uint32(b[20:])) > after {
			positions = append(positions, s.m.From+int64(binary.BigEndian.Uint32(b[16:])))
		}
	}
	return positions, err
}

// entries returns the next page of the index of streams, in the order of ids and then of positions; none at its end.
func (s *segment) entries(from int64) ([]streamEntry, error) {
	entries := make([]streamEntry, min(segmentBlock, s.m.Events-from))
	packed := make([]byte, len(entries)*indexEntry)
	if _, err := s.f.ReadAt(packed, s.m.Index+from*indexEntry); err != nil && len(entries) > 0 {
		return nil, fmt.Errorf("%w: index: %w", errDamaged, err)
	}
	for i := range entries {
		copy(entries[i][:], packed[i*indexEntry:])
	}
	return entries, nil
}

// differs returns the first entry that only one of them has: the index, or what the file's rows say it should hold.
func (s *segment) differs(rows []streamEntry) (*streamEntry, error) {
	sortEntries(rows)
	for from := 0; from < len(rows); {
		index, err := s.entries(int64(from))
		if err != nil || len(index) == 0 {
			return nil, err
		}
		for i := range index {
			if c := bytes.Compare(index[i][:], rows[from+i][:]); c < 0 {
				return &index[i], nil
			} else if c > 0 {
				return &rows[from+i], nil
			}
		}
		from += len(index)
	}
	return nil, nil
}

// check reads the whole file and compares it with the sums in its manifest.
func (s *segment) check(ctx context.Context) error {
	content := sha256.New()
	var tree merkle
	for block := range s.m.Blocks {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := s.lines(block)
		if err != nil {
			return err
		}
		content.Write(b)
		for line := range bytes.Lines(b) {
			tree.add(line)
		}
	}
	index := sha256.New()
	if _, err := io.Copy(index, io.NewSectionReader(s.f, s.m.Index, s.m.Events*indexEntry)); err != nil {
		return err
	}
	if !bytes.Equal(content.Sum(nil), s.m.Content) || !bytes.Equal(tree.root(), s.m.Root) || !bytes.Equal(index.Sum(nil), s.m.IndexSum) {
		return fmt.Errorf("%w: its content has not the SHA-256 that its manifest names", errDamaged)
	}
	return nil
}

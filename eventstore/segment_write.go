package eventstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"os"
	"slices"

	"github.com/google/uuid"
)

// indexEntry is one event in the index of streams: 16 bytes of stream id, then position and version, counted from the segment's
// beginning and from zero, in 4 bytes each.
const indexEntry = 24

type streamEntry [indexEntry]byte

// segmentWriter writes an archive file. Rows come in the order of positions. Memory is one frame and the index, 24 bytes a row.
type segmentWriter struct {
	f       *os.File
	m       Manifest
	at      int64
	block   bytes.Buffer
	rows    int
	content hash.Hash
	tree    merkle
	index   []streamEntry
}

func newSegmentWriter(f *os.File, journal string, from, to int64, generation int) *segmentWriter {
	return &segmentWriter{f: f, content: sha256.New(),
		m: Manifest{Format: segmentFormat, Journal: journal, From: from, To: to, Generation: generation}}
}

func (w *segmentWriter) add(e *Event) error {
	if want := w.m.From + w.m.Events; e.Position != want {
		return fmt.Errorf("position %d where %d should be", e.Position, want)
	}
	line, err := encodeRow(e)
	if err != nil {
		return err
	}
	if w.m.Events == 0 {
		w.m.FirstEvent, w.m.RecordedFrom = e.ID, e.RecordedAt
	}
	w.m.LastEvent, w.m.RecordedTo, w.m.LaneEnds[e.Lane] = e.ID, e.RecordedAt, e.Position
	w.m.Events++
	w.content.Write(line)
	w.tree.add(line)
	w.block.Write(line)
	w.index = append(w.index, entryOf(e.StreamID, e.Position-w.m.From, e.Version))
	if w.rows++; w.rows == segmentBlock {
		return w.flush()
	}
	return nil
}

func entryOf(id uuid.UUID, offset, version int64) (entry streamEntry) {
	copy(entry[:], id[:])
	binary.BigEndian.PutUint32(entry[16:], uint32(offset))
	binary.BigEndian.PutUint32(entry[20:], uint32(version))
	return entry
}

// row is entryOf's inverse in a segment that begins at a position.
func (e *streamEntry) row(from int64) streamRow {
	return streamRow{
		StreamID: uuid.UUID(e[:16]), Position: from + int64(binary.BigEndian.Uint32(e[16:])), Version: int64(binary.BigEndian.Uint32(e[20:])),
	}
}

func sortEntries(index []streamEntry) {
	slices.SortFunc(index, func(a, b streamEntry) int { return bytes.Compare(a[:], b[:]) })
}

func (w *segmentWriter) flush() error {
	if w.rows == 0 {
		return nil
	}
	w.m.Blocks = append(w.m.Blocks, w.at)
	err := w.write(packer.EncodeAll(w.block.Bytes(), nil))
	w.block.Reset()
	w.rows = 0
	return err
}

func (w *segmentWriter) write(b []byte) error {
	n, err := w.f.Write(b)
	w.at += int64(n)
	return err
}

// finish writes index and manifest and makes the file durable.
func (w *segmentWriter) finish() (Manifest, error) {
	if err := w.flush(); err != nil {
		return w.m, err
	}
	if w.m.Events != w.m.To-w.m.From+1 {
		return w.m, fmt.Errorf("%d events from %d to %d", w.m.Events, w.m.From, w.m.To)
	}
	sortEntries(w.index)
	index := make([]byte, 0, len(w.index)*indexEntry)
	for i := range w.index {
		index = append(index, w.index[i][:]...)
	}
	sum := sha256.Sum256(index)
	w.m.Content, w.m.Root, w.m.Index, w.m.IndexSum = w.content.Sum(nil), w.tree.root(), w.at+skipHeader, sum[:]
	if err := w.skipped(index); err != nil {
		return w.m, err
	}
	manifest, err := json.Marshal(w.m)
	if err != nil {
		return w.m, err
	}
	end := binary.LittleEndian.AppendUint32(manifest, uint32(len(manifest)))
	if err := w.skipped(append(end, segmentEnd...)); err != nil {
		return w.m, err
	}
	return w.m, w.f.Sync()
}

// skipHeader is the length of what stands before the content of a frame that zstd skips.
const skipHeader = 8

func (w *segmentWriter) skipped(b []byte) error {
	head := binary.LittleEndian.AppendUint32([]byte{0x50, 0x2a, 0x4d, 0x18}, uint32(len(b)))
	if err := w.write(head); err != nil {
		return err
	}
	return w.write(b)
}

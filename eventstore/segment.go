package eventstore

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/klauspost/compress/zstd"
)

// segmentFormat names the layout of an archive file, which docs/adr/0011 describes: zstd frames of JSON lines, one row of the
// journal a line and segmentBlock rows a frame, then frames that zstd skips: the index of streams, and the manifest.
const (
	segmentFormat = "dossier-segment/1"
	segmentBlock  = 500
	segmentEnd    = "DOSSEG01"
)

// Manifest says what an archive file holds. It stands at the file's end.
type Manifest struct {
	Format       string       `json:"format"`
	Journal      string       `json:"journal"`
	From         int64        `json:"from"`
	To           int64        `json:"to"`
	Events       int64        `json:"events"`
	Generation   int          `json:"generation"` // that tells its last position
	FirstEvent   uuid.UUID    `json:"first_event"`
	LastEvent    uuid.UUID    `json:"last_event"`
	RecordedFrom time.Time    `json:"recorded_from"`
	RecordedTo   time.Time    `json:"recorded_to"`
	Content      []byte       `json:"content_sha256"` // over the lines
	Root         []byte       `json:"root"`           // RFC 6962 root over the lines
	Blocks       []int64      `json:"blocks"`         // where each frame begins
	LaneEnds     [Lanes]int64 `json:"lane_ends"`      // last position of each lane in this file
	Index        int64        `json:"index"`          // where the index of streams begins
	IndexSum     []byte       `json:"index_sha256"`
}

// archivedRow is one line. Data and meta are texts and not JSON, so that their bytes stay as they were written.
type archivedRow struct {
	Position    int64     `json:"position"`
	StreamID    uuid.UUID `json:"stream_id"`
	StreamKind  string    `json:"stream_kind"`
	Version     int64     `json:"version"`
	EventID     uuid.UUID `json:"event_id"`
	Type        string    `json:"type"`
	TypeVersion int       `json:"type_version"`
	Data        string    `json:"data"`
	Meta        string    `json:"meta"`
	OccurredAt  time.Time `json:"occurred_at"`
	RecordedAt  time.Time `json:"recorded_at"`
	Lane        int       `json:"lane"`
}

func encodeRow(e *Event) ([]byte, error) {
	b, err := json.Marshal(archivedRow{e.Position, e.StreamID, e.StreamKind, e.Version, e.ID, e.Type, e.TypeVersion,
		string(e.Data), string(e.Meta), e.OccurredAt.UTC(), e.RecordedAt.UTC(), e.Lane})
	if err != nil {
		return nil, fmt.Errorf("encode position %d: %w", e.Position, err)
	}
	return append(b, '\n'), nil
}

func decodeLine(b []byte) (Event, error) {
	var r archivedRow
	if err := json.Unmarshal(b, &r); err != nil {
		return Event{}, fmt.Errorf("decode row: %w", err)
	}
	return Event{r.Position, r.StreamID, r.StreamKind, r.Version, r.EventID, r.Type, r.TypeVersion,
		json.RawMessage(r.Data), json.RawMessage(r.Meta), r.OccurredAt, r.RecordedAt, r.Lane}, nil
}

// Both work on whole frames only and start no goroutines.
var (
	packer, _   = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	unpacker, _ = zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(256<<20))
)

// merkle grows an RFC 6962 tree and holds only its right edge.
type merkle struct {
	edge [][]byte // roots of whole subtrees, largest first
	size uint64
}

func (m *merkle) add(leaf []byte) {
	h := sha256.Sum256(append([]byte{0}, leaf...))
	node := h[:]
	for n := m.size; n&1 == 1; n >>= 1 {
		node = parent(m.edge[len(m.edge)-1], node)
		m.edge = m.edge[:len(m.edge)-1]
	}
	m.edge = append(m.edge, node)
	m.size++
}

func (m *merkle) root() []byte {
	if m.size == 0 {
		h := sha256.Sum256(nil)
		return h[:]
	}
	root := m.edge[len(m.edge)-1]
	for i := len(m.edge) - 2; i >= 0; i-- {
		root = parent(m.edge[i], root)
	}
	return root
}

func parent(left, right []byte) []byte {
	h := sha256.Sum256(append(append([]byte{1}, left...), right...))
	return h[:]
}

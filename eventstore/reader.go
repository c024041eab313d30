package eventstore

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Readers of one journal, and streams and bytes of one read. Two readers, so that a dossier with a very long history does not
// hold up all others.
const (
	readers     = 2
	readStreams = 64
	readBytes   = 4 << 20
)

// errLong says that streams are too long to be read together.
var errLong = errors.New("the streams are too long to be read together")

// histories reads the streams that commands are decided on. Whatever has queued while a read was on its way goes into the
// next one: under load many commands share a round trip, and alone none waits.
type histories struct {
	j    *Journal
	asks chan *ask
	done chan struct{} // closed when the journal is
}

// ask is one caller who waits for a history.
type ask struct {
	id     uuid.UUID
	err    error        // of this stream alone: its archive file cannot be read
	answer chan history // buffered, so the reader never waits for a caller who left
}

// history is a stream, and the head of the journal as it was read.
type history struct {
	events []Event
	seen   int64
	err    error
}

func newHistories(j *Journal) *histories {
	return &histories{j: j, asks: make(chan *ask, j.o.Queue), done: make(chan struct{})}
}

func (h *histories) run() {
	for range readers {
		go h.serve()
	}
}

func (h *histories) close() { close(h.done) }

// of returns a stream and the head of the journal as it was read.
func (h *histories) of(ctx context.Context, id uuid.UUID) ([]Event, int64, error) {
	a := &ask{id: id, answer: make(chan history, 1)}
	select {
	case h.asks <- a:
	case <-h.done:
		return nil, 0, ErrClosed
	default:
		return nil, 0, fmt.Errorf("read stream %s: %w", id, ErrBusy)
	}
	select {
	case got := <-a.answer:
		return got.events, got.seen, got.err
	case <-h.done:
		return nil, 0, ErrClosed
	case <-ctx.Done():
		return nil, 0, fmt.Errorf("read stream %s: %w", id, context.Cause(ctx))
	}
}

// serve is one reader.
func (h *histories) serve() {
	r := newHistoryReader(h.j)
	defer r.drop()
	for {
		select {
		case <-h.done:
			return
		case a := <-h.asks:
			r.answer(h.gather(a))
		}
	}
}

// gather takes what is queued. It never waits for more.
func (h *histories) gather(first *ask) []*ask {
	asks := []*ask{first}
	for len(asks) < readStreams {
		select {
		case a := <-h.asks:
			asks = append(asks, a)
		default:
			return asks
		}
	}
	return asks
}

// historyReader is a reader's own connection.
type historyReader struct {
	session
	j    *Journal
	ids  array
	scan scanner
}

const historiesStatement = "dossier_histories"

func newHistoryReader(j *Journal) *historyReader {
	return &historyReader{j: j, session: session{pool: j.pool, first: pinSession, prepared: map[string]string{historiesStatement: j.sql.histories}}}
}

func (r *historyReader) answer(asks []*ask) {
	byStream, seen, err := r.read(asks)
	if errors.Is(err, errLong) {
		half := len(asks) / 2
		r.answer(asks[:half])
		r.answer(asks[half:])
		return
	}
	if err != nil && fateOf(err) == lost && !isUnsent(err) {
		r.drop() // reading again does no harm: the server may have been restarted since
		byStream, seen, err = r.read(asks)
	}
	if err != nil {
		r.drop()
	}
	for _, a := range asks {
		if err := errors.Join(err, a.err); err != nil {
			a.answer <- history{err: fmt.Errorf("read stream %s: %w", a.id, err)}
			continue
		}
		a.answer <- history{events: byStream[a.id], seen: seen}
	}
	r.j.advance(seen)
}

func (r *historyReader) read(asks []*ask) (byStream map[uuid.UUID][]Event, seen int64, err error) {
	pg, err := r.wire()
	if err != nil {
		return nil, 0, err
	}
	r.ids.start(oidUUID)
	for _, a := range asks {
		r.ids.uuid(a.id)
	}
	var events []Event
	var archived int64
	bytes := 0
	rows := pg.ExecPrepared(context.Background(), historiesStatement, [][]byte{r.ids.finish()}, binary1, binary1)
	for rows.NextRow() {
		v := rows.Values()
		if len(v[0]) == 8 { // null: the journal is empty
			seen = int64(binary.BigEndian.Uint64(v[0]))
		}
		if len(v[1]) == 8 {
			archived = int64(binary.BigEndian.Uint64(v[1]))
		}
		if v[2] == nil {
			continue // no such stream
		}
		if bytes += eventOverhead + len(v[9]) + len(v[10]); bytes > readBytes && len(asks) > 1 {
			err, events = errLong, nil
			continue
		}
		events = append(events, Event{})
		if wrong := r.scan.read(v[2:], &events[len(events)-1]); wrong != nil {
			err = wrong
		}
	}
	if _, closed := rows.Close(); closed != nil {
		return nil, 0, closed
	}
	if err != nil {
		return nil, 0, err
	}
	r.used = time.Now()
	byStream = streamsOf(events)
	r.whole(asks, archived, byStream)
	return byStream, seen, nil
}

// whole reads anew, through the archive, what does not begin at version 1. The head that was seen stays the older one. A file that
// cannot be read is the fault of those streams alone that need it.
func (r *historyReader) whole(asks []*ask, archived int64, byStream map[uuid.UUID][]Event) {
	var short []*ask
	var ids []uuid.UUID
	for _, a := range asks {
		if events := byStream[a.id]; archived > 0 && (len(events) == 0 || events[0].Version > 1) {
			short, ids = append(short, a), append(ids, a.id)
		}
	}
	if len(short) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), sessionTimeout)
	defer cancel()
	all, err := r.j.Streams(ctx, ids)
	for _, a := range short {
		if byStream[a.id] = all[a.id]; err != nil {
			byStream[a.id], a.err = r.j.Stream(ctx, a.id, 0)
		}
	}
}

// streamsOf sorts events by stream. Each stream's own are in order; what stands together is not copied.
func streamsOf(events []Event) map[uuid.UUID][]Event {
	byStream := make(map[uuid.UUID][]Event)
	for start := 0; start < len(events); {
		end := start + 1
		for end < len(events) && events[end].StreamID == events[start].StreamID {
			end++
		}
		id := events[start].StreamID
		if before := byStream[id]; len(before) > 0 {
			byStream[id] = append(before, events[start:end]...)
		} else {
			byStream[id] = events[start:end:end]
		}
		start = end
	}
	return byStream
}

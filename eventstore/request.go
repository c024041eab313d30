package eventstore

import (
	"time"

	"github.com/google/uuid"
)

// Expected versions that are not numbers.
const (
	AnyVersion int64 = -1 // append whatever the stream holds (the access journal)
	NoStream   int64 = 0  // the stream must not exist yet
)

// Request asks for events at the end of one stream: all of them or none.
type Request struct {
	Stream   Stream
	Expected int64 // version the stream must be at, or AnyVersion, or NoStream
	// Seen is a head of the journal (Journal.Head) read before the stream was read, 0 if unknown. The version check looks
	// only at rows after it, so a true Seen keeps old partitions out of the append, and a false one breaks the check. It is taken
	// for 0 when the writer has connected again since.
	Seen   int64
	Events []NewEvent

	line int64     // the writer's connection that was there before the stream was read; 0: the one there is when Append is called
	read uuid.UUID // the last event that was read; nil UUID: none, or unknown
}

// Result says where the events stand now. A no-op has Events, First and Last 0 and the stream's current Version.
type Result struct {
	First, Last int64 // positions
	Version     int64 // of the stream's last event
	Events      int
	RecordedAt  time.Time
	Repeated    bool // the command had been done before; these are the stored positions
}

package eventstore

import "time"

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
	// only at rows after it, so a true Seen keeps old partitions out of the append, and a false one breaks the check.
	Seen   int64
	Events []NewEvent
}

// Result says where the events stand now. A no-op has Events, First and Last 0 and the stream's current Version.
type Result struct {
	First, Last int64 // positions
	Version     int64 // of the stream's last event
	Events      int
	RecordedAt  time.Time
	Repeated    bool // the command had been done before; these are the stored positions
}

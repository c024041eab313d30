package eventstore

import "errors"

// Delivered is what travels: an event, the position before it in its lane, and the generation that tells it.
type Delivered struct {
	Event
	Prev       int64 // position of the lane's event before this one, 0 for the first
	Generation int
}

var errEnvelope = errors.New("not built yet")

// Headers returns the event as CloudEvents 1.0 binary headers; the value is Data, byte for byte.
func (d Delivered) Headers(source string) map[string]string { return nil }

// FromHeaders is the inverse of Headers.
func FromHeaders(h map[string]string, value []byte) (Delivered, error) {
	return Delivered{}, errEnvelope
}

// CloudEvent returns the event as one line of structured JSON with the same attributes.
func (d Delivered) CloudEvent(source string) ([]byte, error) { return nil, errEnvelope }

// FromCloudEvent is the inverse of CloudEvent.
func FromCloudEvent(b []byte) (Delivered, error) { return Delivered{}, errEnvelope }

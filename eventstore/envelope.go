package eventstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Delivered is what travels: an event, the position before it in its lane, and the generation that tells it.
type Delivered struct {
	Event
	Prev       int64 // position of the lane's event before this one, 0 for the first
	Generation int
}

// Header names that are not CloudEvents attributes or are needed by those who only look at one.
const (
	HeaderPrefix  = "ce_"
	HeaderSubject = "ce_subject"
	HeaderLane    = "ce_lane"
	HeaderID      = "ce_id"
	contentType   = "content-type"
	applicationJS = "application/json"
)

// stamp is RFC 3339 with the microseconds Postgres keeps.
const stamp = "2006-01-02T15:04:05.999999Z07:00"

type attribute struct{ name, value string }

// ownAttributes are the names that meta keys cannot take.
var ownAttributes = map[string]bool{
	"specversion": true, "id": true, "source": true, "type": true, "subject": true, "time": true, "dataschema": true,
	"datacontenttype": true, "data": true, "sequence": true, "position": true, "lane": true, "prevposition": true,
	"recordedtime": true, "generation": true, "streamkind": true, "meta": true,
}

// attributes lists the CloudEvents attributes, then meta's keys as extensions.
func (d Delivered) attributes(source string) []attribute {
	typ := d.Type + ".v" + strconv.Itoa(d.TypeVersion)
	a := make([]attribute, 14, 24)
	a[0] = attribute{"specversion", "1.0"}
	a[1] = attribute{"id", d.ID.String()}
	a[2] = attribute{"source", source}
	a[3] = attribute{"type", typ}
	a[4] = attribute{"subject", d.StreamID.String()}
	a[5] = attribute{"time", d.OccurredAt.UTC().Format(stamp)}
	a[6] = attribute{"dataschema", "/schemas/" + typ}
	a[7] = attribute{"sequence", strconv.FormatInt(d.Version, 10)}
	a[8] = attribute{"position", strconv.FormatInt(d.Position, 10)}
	a[9] = attribute{"lane", strconv.Itoa(d.Lane)}
	a[10] = attribute{"prevposition", strconv.FormatInt(d.Prev, 10)}
	a[11] = attribute{"recordedtime", d.RecordedAt.UTC().Format(stamp)}
	a[12] = attribute{"generation", strconv.Itoa(d.Generation)}
	a[13] = attribute{"streamkind", d.StreamKind}
	return append(a, metaAttributes(d.Meta)...)
}

// Headers returns the event as CloudEvents 1.0 binary headers; the value that goes with them is Data, byte for byte.
func (d Delivered) Headers(source string) map[string]string {
	all := d.attributes(source)
	h := make(map[string]string, len(all)+1)
	for _, a := range all {
		h[HeaderPrefix+a.name] = a.value
	}
	h[contentType] = applicationJS
	return h
}

// FromHeaders is the inverse of Headers. It is total: whatever arrives is an event or an error.
func FromHeaders(h map[string]string, value []byte) (Delivered, error) {
	r := headerReader{h: h}
	r.mustBe("specversion", "1.0")
	d := Delivered{
		Event: Event{
			Position:   r.number("position", 1),
			StreamID:   r.id("subject"),
			StreamKind: r.text("streamkind"),
			Version:    r.number("sequence", 1),
			ID:         r.id("id"),
			OccurredAt: r.time("time"),
			RecordedAt: r.time("recordedtime"),
			Lane:       int(r.number("lane", 0)),
			Data:       value,
			Meta:       metaOf(h),
		},
		Prev:       r.number("prevposition", 0),
		Generation: int(r.number("generation", 1)),
	}
	d.Type, d.TypeVersion = r.versionedType("type")
	if r.err == nil {
		r.err = d.consistent()
	}
	if r.err != nil {
		return Delivered{}, fmt.Errorf("decode envelope: %w", r.err)
	}
	return d, nil
}

// consistent refuses what no relay of ours would send: acting on it would corrupt a checkpoint.
func (d Delivered) consistent() error {
	switch {
	case d.Prev >= d.Position:
		return fmt.Errorf("prevposition %d is not before position %d", d.Prev, d.Position)
	case d.Lane != Lane(d.StreamID):
		return fmt.Errorf("lane %d is not the lane of %s", d.Lane, d.StreamID)
	case !json.Valid(d.Data):
		return errors.New("the value is not JSON")
	}
	return nil
}

// CloudEvent returns the event as one line of structured JSON with the same attributes.
func (d Delivered) CloudEvent(source string) ([]byte, error) {
	if !json.Valid(d.Data) {
		return nil, fmt.Errorf("encode event %d: the data is not JSON", d.Position)
	}
	b := make([]byte, 0, 768+len(d.Data))
	b = append(b, '{')
	for _, a := range d.attributes(source) {
		b = append(appendPair(b, a), ',')
	}
	b = append(b, `"datacontenttype":"application/json","data":`...)
	b = append(b, oneLine(d.Data)...)
	return append(b, '}'), nil
}

// FromCloudEvent is the inverse of CloudEvent.
func FromCloudEvent(b []byte) (Delivered, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(b, &fields); err != nil {
		return Delivered{}, fmt.Errorf("decode event: %w", err)
	}
	h := make(map[string]string, len(fields))
	for name, raw := range fields {
		if name == "data" || name == "datacontenttype" {
			continue
		}
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return Delivered{}, fmt.Errorf("decode event: attribute %s: %w", name, err)
		}
		h[HeaderPrefix+name] = text
	}
	return FromHeaders(h, fields["data"])
}

// oneLine keeps a feed of lines whole. Raw line breaks in JSON are white space, never content.
func oneLine(data []byte) []byte {
	if bytes.IndexByte(data, '\n') < 0 && bytes.IndexByte(data, '\r') < 0 {
		return data
	}
	return bytes.Map(func(r rune) rune {
		if r == '\n' || r == '\r' {
			return ' '
		}
		return r
	}, data)
}

// headerReader reads attributes until the first that is missing or malformed.
type headerReader struct {
	h   map[string]string
	err error
}

func (r *headerReader) text(name string) string {
	v, ok := r.h[HeaderPrefix+name]
	if (!ok || v == "") && r.err == nil {
		r.err = fmt.Errorf("attribute %s is missing", name)
	}
	return v
}

func (r *headerReader) mustBe(name, want string) {
	if v := r.text(name); v != want && r.err == nil {
		r.err = fmt.Errorf("attribute %s is %q, not %q", name, v, want)
	}
}

func (r *headerReader) fail(name string, err error) {
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("attribute %s: %w", name, err)
	}
}

func (r *headerReader) number(name string, least int64) int64 {
	n, err := strconv.ParseInt(r.text(name), 10, 64)
	if err == nil && n < least {
		err = fmt.Errorf("%d is less than %d", n, least)
	}
	r.fail(name, err)
	return n
}

func (r *headerReader) id(name string) uuid.UUID {
	id, err := uuid.Parse(r.text(name))
	r.fail(name, err)
	return id
}

func (r *headerReader) time(name string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, r.text(name))
	r.fail(name, err)
	return t.UTC()
}

// versionedType splits "dossier.submitted.v1".
func (r *headerReader) versionedType(name string) (string, int) {
	v := r.text(name)
	at := strings.LastIndex(v, ".v")
	if at < 1 {
		r.fail(name, fmt.Errorf("%q has no version", v))
		return "", 0
	}
	n, err := strconv.Atoi(v[at+2:])
	if err == nil && n < 1 {
		err = fmt.Errorf("version %d", n)
	}
	r.fail(name, err)
	return v[:at], n
}

package eventstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unique"

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

type attribute struct{ name, value string }

// ownAttributes are the names that meta keys cannot take, each with its place in an attributeReader.
var ownAttributes = map[string]int{
	"specversion": 0, "id": 1, "source": 2, "type": 3, "subject": 4, "time": 5, "dataschema": 6, "datacontenttype": 7, "data": 8,
	"sequence": 9, "position": 10, "lane": 11, "prevposition": 12, "recordedtime": 13, "generation": 14, "streamkind": 15, "meta": 16,
}

// attributes lists the CloudEvents attributes, then meta's keys as extensions.
func (d Delivered) attributes(source string) []attribute {
	var w attributeWriter
	w.list = make([]attribute, 0, 24)
	w.b = make([]byte, 0, 384)
	w.text("specversion", "1.0")
	w.id("id", d.ID)
	w.text("source", source)
	w.wrote("type", d.appendType(w.b))
	w.id("subject", d.StreamID)
	w.instant("time", d.OccurredAt)
	w.wrote("dataschema", d.appendType(append(w.b, "/schemas/"...)))
	w.number("sequence", d.Version)
	w.number("position", d.Position)
	w.number("lane", int64(d.Lane))
	w.number("prevposition", d.Prev)
	w.instant("recordedtime", d.RecordedAt)
	w.number("generation", int64(d.Generation))
	w.text("streamkind", d.StreamKind)
	return append(w.attributes(), metaAttributes(d.Meta)...)
}

func (d Delivered) appendType(b []byte) []byte {
	return strconv.AppendInt(append(append(b, d.Type...), ".v"...), int64(d.TypeVersion), 10)
}

// attributeWriter writes all values into one buffer, of which each is a piece: the relay does this for every event.
type attributeWriter struct {
	list []attribute
	b    []byte
	ends [24]int
}

func (w *attributeWriter) wrote(name string, b []byte) {
	w.ends[len(w.list)] = len(b)
	w.list = append(w.list, attribute{name: name})
	w.b = b
}

func (w *attributeWriter) text(name, v string)         { w.wrote(name, append(w.b, v...)) }
func (w *attributeWriter) number(name string, v int64) { w.wrote(name, strconv.AppendInt(w.b, v, 10)) }

func (w *attributeWriter) id(name string, v uuid.UUID) {
	var text [36]byte
	encodeUUID(&text, v)
	w.wrote(name, append(w.b, text[:]...))
}

// instant is RFC 3339 with the microseconds Postgres keeps.
func (w *attributeWriter) instant(name string, v time.Time) {
	w.wrote(name, v.UTC().Truncate(time.Microsecond).AppendFormat(w.b, time.RFC3339Nano))
}

func (w *attributeWriter) attributes() []attribute {
	all, from := string(w.b), 0
	for i := range w.list {
		w.list[i].value, from = all[from:w.ends[i]], w.ends[i]
	}
	return w.list
}

// Headers returns the event as CloudEvents 1.0 binary headers, in an order that only depends on the event; the value that goes
// with them is Data, byte for byte.
func (d Delivered) Headers(source string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for _, a := range d.attributes(source) {
			if !yield(headerName(a.name), a.value) {
				return
			}
		}
		yield(contentType, applicationJS)
	}
}

// headerNames saves joining the names of every event's headers.
var headerNames = func() map[string]string {
	all := map[string]string{}
	for name := range ownAttributes {
		all[name] = HeaderPrefix + name
	}
	for _, name := range []string{"actor", "actorrole", "actorunit", "batch", "commandhash", "commandid", "latereason", "origin", "sandbox", "traceparent"} {
		all[name] = HeaderPrefix + name
	}
	return all
}()

func headerName(attribute string) string {
	if name, known := headerNames[attribute]; known {
		return name
	}
	return HeaderPrefix + attribute
}

// FromHeaders is the inverse of Headers. It is total: whatever arrives is an event or an error.
func FromHeaders(headers iter.Seq2[string, string], value []byte) (Delivered, error) {
	r := attributeReader{extensions: make([]attribute, 0, 8)}
	for name, value := range headers {
		if name, ours := strings.CutPrefix(name, HeaderPrefix); ours {
			r.take(name, value)
		}
	}
	r.mustBe("specversion", "1.0")
	d := Delivered{
		Event: Event{
			Position:   r.number("position", 1),
			StreamID:   r.id("subject"),
			StreamKind: one(r.text("streamkind")),
			Version:    r.number("sequence", 1),
			ID:         r.id("id"),
			OccurredAt: r.time("time"),
			RecordedAt: r.time("recordedtime"),
			Lane:       int(r.number("lane", 0)),
			Data:       value,
			Meta:       r.meta(),
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
	return FromHeaders(maps.All(h), fields["data"])
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

// attributeReader takes attributes in any order and reads them until the first that is missing or malformed.
type attributeReader struct {
	own        [17]string
	extensions []attribute
	err        error
}

func (r *attributeReader) take(name, value string) {
	if at, own := ownAttributes[name]; own {
		r.own[at] = value
	} else if extensionName(name) {
		r.extensions = append(r.extensions, attribute{name, value})
	}
}

func (r *attributeReader) text(name string) string {
	v := r.own[ownAttributes[name]]
	if v == "" && r.err == nil {
		r.err = fmt.Errorf("attribute %s is missing", name)
	}
	return v
}

// meta is the inverse of metaAttributes.
func (r *attributeReader) meta() json.RawMessage {
	if whole := r.own[ownAttributes["meta"]]; whole != "" {
		return json.RawMessage(whole)
	}
	slices.SortFunc(r.extensions, byName)
	return encodeMeta(r.extensions)
}

func (r *attributeReader) mustBe(name, want string) {
	if v := r.text(name); v != want && r.err == nil {
		r.err = fmt.Errorf("attribute %s is %q, not %q", name, v, want)
	}
}

func (r *attributeReader) fail(name string, err error) {
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("attribute %s: %w", name, err)
	}
}

func (r *attributeReader) number(name string, least int64) int64 {
	n, err := strconv.ParseInt(r.text(name), 10, 64)
	if err == nil && n < least {
		err = fmt.Errorf("%d is less than %d", n, least)
	}
	r.fail(name, err)
	return n
}

func (r *attributeReader) id(name string) uuid.UUID {
	id, err := uuid.Parse(r.text(name))
	r.fail(name, err)
	return id
}

func (r *attributeReader) time(name string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, r.text(name))
	r.fail(name, err)
	return t.UTC()
}

// versionedType splits "dossier.submitted.v1".
func (r *attributeReader) versionedType(name string) (string, int) {
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
	return one(v[:at]), n
}

// one is a text that is the same for many events, kept once: a piece of what arrived would keep all of that.
func one(v string) string { return unique.Make(v).Value() }

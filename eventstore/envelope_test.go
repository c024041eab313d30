package eventstore

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"dossier/domain"
)

func example() Delivered {
	stream := uuid.MustParse("0197c6a0-0000-7000-8000-000000000007")
	return Delivered{
		Event: Event{
			Position: 42, StreamID: stream, StreamKind: "dossier", Version: 3,
			ID: uuid.MustParse("0197c6a0-1111-7000-8000-000000000001"), Type: "dossier.supplement-requested", TypeVersion: 2,
			Data: json.RawMessage(`{"reason":"missing_paper"}`), Meta: json.RawMessage(`{"actor":"an","actorrole":"clerk"}`),
			OccurredAt: time.Date(2026, 3, 1, 9, 0, 0, 120_000, time.UTC), RecordedAt: time.Date(2026, 3, 1, 9, 0, 1, 0, time.UTC),
			Lane: Lane(stream),
		},
		Prev: 40, Generation: 1,
	}
}

func TestAnEventTravelsAsCloudEventsHeaders(t *testing.T) {
	got := maps.Collect(example().Headers("/dossier"))
	want := map[string]string{
		"ce_specversion": "1.0", "ce_id": "0197c6a0-1111-7000-8000-000000000001", "ce_source": "/dossier",
		"ce_type": "dossier.supplement-requested.v2", "ce_subject": "0197c6a0-0000-7000-8000-000000000007",
		"ce_time": "2026-03-01T09:00:00.00012Z", "ce_dataschema": "/schemas/dossier.supplement-requested.v2",
		"ce_sequence": "3", "ce_position": "42", "ce_lane": got["ce_lane"], "ce_prevposition": "40",
		"ce_recordedtime": "2026-03-01T09:00:01Z", "ce_generation": "1", "ce_streamkind": "dossier",
		"ce_actor": "an", "ce_actorrole": "clerk", "content-type": "application/json",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatal(d)
	}
}

func TestAnEventTravelsAsOneLineOfJSONWithTheSameAttributes(t *testing.T) {
	d := example()
	d.Data = json.RawMessage("{\n \"reason\": \"missing_paper\"\n}")
	line, err := d.CloudEvent("/dossier")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.ContainsAny(line, "\n\r") || !json.Valid(line) {
		t.Fatalf("not one line of JSON: %s", line)
	}
	var fields map[string]any
	if err := json.Unmarshal(line, &fields); err != nil {
		t.Fatal(err)
	}
	for name, value := range d.Headers("/dossier") {
		name = strings.TrimPrefix(name, HeaderPrefix)
		if name == "content-type" {
			name = "datacontenttype"
		}
		if fields[name] != value {
			t.Errorf("%s is %v, the header says %q", name, fields[name], value)
		}
	}
}

func TestMetaThatIsNotFlatAndSortedTravelsWhole(t *testing.T) {
	for _, meta := range []string{
		`{"b":"1","a":"2"}`, `{"a": "1"}`, `{"a":1}`, `{"a":{"b":"c"}}`, `{"id":"mine"}`, `{"meta":"mine"}`, `{"A":"1"}`, `{"":"1"}`,
		`{"a":"1","a":"2"}`, `{"a":"</b>"}`, `[]`, `null`, `{"a":"\u0061"}`,
	} {
		d := example()
		d.Meta = json.RawMessage(meta)
		h := maps.Collect(d.Headers("/dossier"))
		if h["ce_meta"] != meta {
			t.Errorf("%s: header meta is %q", meta, h["ce_meta"])
		}
		back, err := FromHeaders(maps.All(h), d.Data)
		if err != nil || string(back.Meta) != meta {
			t.Errorf("%s came back as %s (%v)", meta, back.Meta, err)
		}
	}
}

func TestMetaThatNeedsEscapesIsStillAnExtensionForEachKey(t *testing.T) {
	for _, value := range []string{`a"b`, "thiếu giấy tờ", "<&>", "\u2028", "a\\b\n"} {
		d := example()
		d.Meta, _ = domain.Meta{Actor: value, ActorRole: "clerk"}.Encode()
		h := maps.Collect(d.Headers("/dossier"))
		if h["ce_actor"] != value {
			t.Errorf("%q: header actor is %q, meta %q", value, h["ce_actor"], h["ce_meta"])
		}
		if back, err := FromHeaders(maps.All(h), d.Data); err != nil || !bytes.Equal(back.Meta, d.Meta) {
			t.Errorf("%s came back as %s (%v)", d.Meta, back.Meta, err)
		}
	}
}

func TestWhateverTravelsComesBackTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDelivered(t)
		back, err := FromHeaders(d.Headers("/x"), d.Data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(d, back); diff != "" {
			t.Fatalf("headers: %s", diff)
		}
		line, err := d.CloudEvent("/x")
		if err != nil {
			t.Fatal(err)
		}
		if back, err = FromCloudEvent(line); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(d, back); diff != "" {
			t.Fatalf("JSON: %s", diff)
		}
	})
}

func drawDelivered(t *rapid.T) Delivered {
	id := func(label string) uuid.UUID {
		return uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, label))
	}
	moment := func(label string) time.Time {
		return time.UnixMicro(rapid.Int64Range(-30e15, 250e15).Draw(t, label)).UTC()
	}
	meta, err := json.Marshal(rapid.MapOf(rapid.StringMatching(`[a-z0-9]{1,8}|[A-Z_]{2}`), rapid.String()).Draw(t, "meta"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "data"))
	if err != nil {
		t.Fatal(err)
	}
	d := Delivered{
		Event: Event{
			Position: rapid.Int64Min(1).Draw(t, "position"), StreamID: id("stream"), Version: rapid.Int64Min(1).Draw(t, "version"),
			StreamKind: rapid.StringMatching(`[a-z]{1,12}`).Draw(t, "kind"), ID: id("event"),
			Type: rapid.StringMatching(`[a-z]{1,8}\.[a-z-]{1,12}(\.v[0-9])?`).Draw(t, "type"), TypeVersion: rapid.IntRange(1, 99).Draw(t, "type version"),
			Data: data, Meta: meta, OccurredAt: moment("occurred"), RecordedAt: moment("recorded"),
		},
		Generation: rapid.IntRange(1, 9).Draw(t, "generation"),
	}
	d.Lane = Lane(d.StreamID)
	d.Prev = rapid.Int64Range(0, d.Position-1).Draw(t, "prev")
	return d
}

func TestWhateverArrivesIsAnEventOrAnError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := maps.Collect(drawDelivered(t).Headers("/x"))
		for _, name := range []string{"specversion", "id", "type", "subject", "time", "sequence", "position", "lane", "prevposition",
			"recordedtime", "generation", "streamkind", "meta"} {
			switch rapid.IntRange(0, 12).Draw(t, name) {
			case 0:
				delete(h, HeaderPrefix+name)
			case 1:
				h[HeaderPrefix+name] = rapid.String().Draw(t, name)
			}
		}
		_, _ = FromHeaders(maps.All(h), []byte(rapid.String().Draw(t, "value")))
		_, _ = FromCloudEvent([]byte(rapid.String().Draw(t, "json")))
	})
}

func TestABrokenEnvelopeSaysWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct{ header, value, says string }{
		"no id":                       {"ce_id", "", "id is missing"},
		"another version of the spec": {"ce_specversion", "0.3", "specversion"},
		"a type without version":      {"ce_type", "dossier.submitted", "no version"},
		"a position of zero":          {"ce_position", "0", "less than 1"},
		"a chain that runs backward":  {"ce_prevposition", "42", "not before"},
		"the lane of another stream":  {"ce_lane", "64", "not the lane"},
		"a time that is none":         {"ce_time", "yesterday", "time"},
	} {
		t.Run(name, func(t *testing.T) {
			h := maps.Collect(example().Headers("/dossier"))
			h[c.header] = c.value
			if _, err := FromHeaders(maps.All(h), example().Data); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v", err)
			}
		})
	}
	if _, err := FromHeaders(example().Headers("/dossier"), []byte("{")); err == nil {
		t.Fatal("a value that is not JSON passed")
	}
	if _, err := FromHeaders(maps.All[map[string]string](nil), nil); err == nil {
		t.Fatal("nothing at all passed")
	}
}

package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"dossier/eventstore"
)

func TestTheFeedPageByPageIsTheJournal(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.appraised()
	h.appraised()
	stored, err := h.journal.Page(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var got []eventstore.Delivered
	for next := "/v1/events?limit=5"; ; {
		r := h.get("auditor", next).is(200)
		if r.Header.Get("Content-Type") != "application/cloudevents-batch+json" {
			t.Fatalf("feed as %s", r.Header.Get("Content-Type"))
		}
		var batch []json.RawMessage
		r.into(&batch)
		for _, raw := range batch {
			d, err := eventstore.FromCloudEvent(raw)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, d)
		}
		if next = nextLink(r); len(batch) == 0 {
			break
		}
	}
	if len(got) != len(stored) {
		t.Fatalf("feed has %d events, journal %d", len(got), len(stored))
	}
	for i, d := range got {
		if e := stored[i]; d.Position != e.Position || d.ID != e.ID || string(d.Data) != string(e.Data) || string(d.Meta) != string(e.Meta) || !d.RecordedAt.Equal(e.RecordedAt) {
			t.Errorf("position %d: feed %+v, journal %+v", e.Position, d, e)
		}
	}
	lines := h.get("auditor", "/v1/events?after=3", "Accept: application/x-ndjson").is(200)
	if n := strings.Count(string(lines.body), "\n"); n != len(stored)-3 || lines.Header.Get("Last-Position") != fmt.Sprint(len(stored)) {
		t.Errorf("%d lines up to %s", n, lines.Header.Get("Last-Position"))
	}
	h.get("auditor", "/v1/events?after=-1").problem(422, "invalid")
}

func TestAnApplicantsFeedMovesPastWhatIsWithheld(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.post("applicant-2", "/v1/dossiers", strings.Replace(filing, "applicant-1", "applicant-2", 1)).is(201)
	mine := h.submitted()
	h.post("applicant-2", "/v1/dossiers", strings.Replace(filing, "applicant-1", "applicant-2", 1)).is(201)
	r := h.get("applicant-1", "/v1/events?limit=10").is(200)
	var batch []struct{ Subject, Position string }
	r.into(&batch)
	if len(batch) != 1 || batch[0].Subject != mine.ID || r.Header.Get("Last-Position") != "3" || !strings.Contains(nextLink(r), "after=3") {
		t.Errorf("feed %s, next %s", r.body, nextLink(r))
	}
}

func TestAFeedMayWaitForItsFirstEvent(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	got := make(chan string, 1)
	go func() { got <- string(h.get("auditor", "/v1/events?wait=30").body) }()
	for !strings.Contains(h.metrics(), `dossier_http_open{route="GET /v1/events"} 1`) {
		if t.Context().Err() != nil {
			t.Fatal("the reader never came")
		}
	}
	h.submitted()
	if body := <-got; !strings.Contains(body, "dossier.submitted") {
		t.Errorf("the waiting reader got %s", body)
	}
	if body := string(h.get("auditor", "/v1/events?after=99").body); body != "[]\n" {
		t.Errorf("an empty page is %q", body)
	}
}

func (h *house) metrics() string {
	h.t.Helper()
	return string(h.get("", "/metrics").is(200).body)
}

// sse reads server-sent events.
type sse struct {
	t       *testing.T
	lines   *bufio.Scanner
	close   func()
	lastID  string
	pending string
}

func (h *house) stream(account, query, lastID string) *sse {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", h.url+"/v1/events/stream?"+query, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer dev:"+account)
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	response, err := h.client.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/event-stream" {
		h.t.Fatalf("stream: %d as %s", response.StatusCode, response.Header.Get("Content-Type"))
	}
	s := &sse{t: h.t, lines: bufio.NewScanner(response.Body), close: func() { cancel(); response.Body.Close() }}
	h.t.Cleanup(s.close)
	return s
}

// next returns the data of the next event, and "" when the stream ended. An id without data moves lastID only.
func (s *sse) next() string {
	data := ""
	for s.lines.Scan() {
		line := s.lines.Text()
		switch name, value, _ := strings.Cut(line, ": "); name {
		case "id":
			s.lastID = value
		case "data":
			data = value
		case "":
			if data != "" {
				return data
			}
		}
	}
	return ""
}

func TestAStreamGoesOnWhereItBrokeOff(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.submitted().ID
	first := h.stream("auditor", "", "")
	if data := first.next(); !strings.Contains(data, "dossier.submitted") || first.lastID != "1" {
		t.Fatalf("first event %q, id %s", data, first.lastID)
	}
	h.done("reception", id, "accept", "")
	if data := first.next(); !strings.Contains(data, "dossier.accepted") || first.lastID != "2" {
		t.Fatalf("live event %q, id %s", data, first.lastID)
	}
	first.close()
	h.done("reception", id, "forward", `{"unit":"x"}`)
	again := h.stream("auditor", "after=0", first.lastID)
	if data := again.next(); !strings.Contains(data, "dossier.forwarded") || again.lastID != "3" {
		t.Errorf("after the break %q, id %s", data, again.lastID)
	}
	h.get("auditor", "/v1/events/stream", "Last-Event-ID: x").problem(400, "malformed_last_event_id")
}

func TestAStreamsCursorMovesPastWhatIsWithheld(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	theirs := h.post("applicant-2", "/v1/dossiers", strings.Replace(filing, "applicant-1", "applicant-2", 1)).is(201).receipt()
	h.done("reception", theirs.ID, "accept", "")
	s := h.stream("applicant-1", "", "")
	for s.lastID != "2" && s.lines.Scan() {
		if name, value, _ := strings.Cut(s.lines.Text(), ": "); name == "id" {
			s.lastID = value
		} else if name == "data" {
			t.Fatalf("the stream shows another's event: %s", value)
		}
	}
	h.submitted()
	if data := s.next(); !strings.Contains(data, "dossier.submitted") || s.lastID != "3" {
		t.Errorf("own event %q, id %s", data, s.lastID)
	}
}

func TestStreamsEndWhenTheProcessStops(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.stream("auditor", "", "")
	ended := make(chan struct{})
	go func() {
		for s.lines.Scan() {
		}
		close(ended)
	}()
	h.stop()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the stream outlives the process")
	}
}
